"""How often the database is asked, and what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from common.store.session import PostgresqlSession, SqliteSession


@contextmanager
def round_trips(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """What is sent to the database, by round trip: `SELECT table`, `INSERT table`. SQLite has none: each by itself."""
    sent: list[list[str]] = []

    def heard(kind: Any, name: str) -> None:
        carry_out = getattr(kind, name)

        def noted(self: Any, work: Any) -> Any:
            sent.append([_named(statement.text) for statement, _ in work])
            return carry_out(self, work)

        monkeypatch.setattr(kind, name, noted)

    with monkeypatch.context():
        heard(PostgresqlSession, "_sent")
        heard(SqliteSession, "_carry_out")
        yield sent
    monkeypatch.undo()


def _named(text: str) -> str:
    words = text.replace("(", " ").split()
    verb = words[0]
    place = {"SELECT": words.index("FROM") + 1 if "FROM" in words else 0, "UPDATE": 1}.get(verb, 2)
    return verb if verb in ("BEGIN", "COMMIT") else f"{verb} {words[place]}"
