"""Writes revision 0001: every table of the installation, as Alembic compares an empty database with the tables.

    python -m common.store.migrations.generate package.module:function

The function, called without arguments, gives what is stored; without one only the system tables are written.
Once an installation holds data the first revision is history: later changes are revisions of their own.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateIndexOp, OpContainer, UpgradeOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.dialects import registry

from common.store.description import RecordTable, StoredResource
from common.store.postgresql import INSTANT_FUNCTION
from common.store.tables import DOCUMENT, TEXT, ExactDecimal, ExactDocument, ExactNumber, Instant, full_metadata

FIRST_REVISION = Path(__file__).parent / "versions" / "0001_first_tables.py"

_HEAD = '''\
"""The first tables. Written by common.store.migrations.generate; not edited by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
DOCUMENT = sa.Text().with_variant(JSONB(), "postgresql")
NUMBER = sa.Text().with_variant(sa.Numeric(), "postgresql")

INSTANT_FUNCTION = r"""{function}"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(INSTANT_FUNCTION)
'''


def revision_text(stored: Iterable[StoredResource | RecordTable]) -> str:
    """The text of revision 0001 for what an installation stores."""
    with create_engine("sqlite://").connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"render_item": _rendered_type, "user_module_prefix": None, "alembic_module_prefix": "op."}
        )
        script = produce_migrations(context, full_metadata(stored))
        assert isinstance(script.upgrade_ops, UpgradeOps)
        _write_out_conditions(script.upgrade_ops)
        body = render_python_code(script.upgrade_ops, render_item=_rendered_type, migration_context=context)
    lines = [line for line in body.splitlines() if not line.strip().startswith("#") and line.strip() != "pass"]
    indented = [line if line.startswith("    ") else f"    {line}" for line in lines if line.strip()]
    return _HEAD.replace("{function}", INSTANT_FUNCTION) + "\n".join(indented) + "\n"


def _rendered_type(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Our column types by the names that the head of the revision gives them."""
    if kind != "type":
        return False
    if isinstance(item, ExactNumber | ExactDecimal):
        return "NUMBER"
    if isinstance(item, ExactDocument):
        return "sa.Text()"
    if isinstance(item, Instant):
        return "TEXT"
    return "TEXT" if item is TEXT else "DOCUMENT" if item is DOCUMENT else False


def _write_out_conditions(operations: OpContainer) -> None:
    """The conditions of partial indexes in each database's words (a boolean is 0 on one and false on the other)."""
    for operation in operations.ops:
        if isinstance(operation, OpContainer):
            _write_out_conditions(operation)
        if isinstance(operation, CreateIndexOp):
            for option in {"postgresql_where", "sqlite_where"} & set(operation.kw):
                dialect = registry.load(option.removesuffix("_where"))()
                written = {"literal_binds": True, "include_table": False}
                operation.kw[option] = text(str(operation.kw[option].compile(dialect=dialect, compile_kwargs=written)))


def main(arguments: list[str]) -> None:
    stored: Iterable[StoredResource | RecordTable] = ()
    if arguments:
        module, _, function = arguments[0].partition(":")
        stored = getattr(importlib.import_module(module), function)()
    FIRST_REVISION.write_text(revision_text(stored), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", str(FIRST_REVISION)], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
