"""A history of migrations that makes only what a test asks for: the suite's own makes the tables of every component."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from common.store import migrations
from common.store.description import RecordTable, StoredResource
from common.store.migrations.generate import revision_text


@contextmanager
def history_of(stored: Iterable[StoredResource | RecordTable], folder: Path) -> Iterator[None]:
    """`Database.migrate` makes the tables of the suite itself and these, as long as this is open."""
    assert migrations.__file__ is not None
    versions = folder / "history" / "versions"
    if not versions.exists():
        versions.mkdir(parents=True)
        (versions / "0001_first_tables.py").write_text(revision_text(stored), encoding="utf-8")
        environment = (Path(migrations.__file__).parent / "env.py").read_text(encoding="utf-8")
        (folder / "history" / "env.py").write_text(environment, encoding="utf-8")
    before = migrations._FOLDER
    migrations._FOLDER = folder / "history"
    try:
        yield
    finally:
        migrations._FOLDER = before
