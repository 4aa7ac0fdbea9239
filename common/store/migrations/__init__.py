"""The schema's history: one line of Alembic revisions, the same for both databases.

Revisions are found beside this file, wherever the suite is installed; there is no alembic.ini to lose.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_FOLDER = Path(__file__).parent


def upgrade(connection: Connection) -> None:
    """Run every revision that this database has not seen, in the transaction of the connection."""
    configuration = _configuration()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def missing_revisions(connection: Connection) -> list[str]:
    """The revisions that this database has not seen, oldest first."""
    current = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(_configuration())
    return [revision.revision for revision in reversed(list(script.iterate_revisions("heads", current or "base")))]


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    return configuration
