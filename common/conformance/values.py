"""Comparing what a server says with what was said to it, and with a filter or an order computed here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from common.domain.query import Document, Kind


def instant(text: Any) -> datetime | None:
    """A date-time as an instant; one without a zone is read as UTC. None for anything else."""
    if not isinstance(text, str) or len(text) < 19:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON values: 1 is 1.0, and two texts of one instant are equal; true is no number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str) and one != other:
        return instant(one) is not None and instant(one) == instant(other)
    return bool(one == other)


def difference(expected: Any, got: Any, place: str = "") -> str | None:
    """The first place where two documents differ, in words; None when they are the same."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for name in sorted(expected.keys() - got.keys()):
            return f"{place}/{name} is missing"
        for name in sorted(got.keys() - expected.keys()):
            return f"{place}/{name} is new"
        return next(
            (told for name in expected if (told := difference(expected[name], got[name], f"{place}/{name}"))), None
        )
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        pairs = enumerate(zip(expected, got, strict=True))
        return next((told for at, (a, b) in pairs if (told := difference(a, b, f"{place}/{at}"))), None)
    return None if same(expected, got) else f"{place or 'the document'} is {got!r}, not {expected!r}"


def lost(sent: Any, got: Any, place: str = "") -> str | None:
    """The first thing that was sent and is not in the answer, which may have more; null means nothing was said."""
    if isinstance(sent, dict) and isinstance(got, dict):
        for name, value in sent.items():
            if value is None:
                continue
            if name not in got:
                return f"{place}/{name} is missing"
            if told := lost(value, got[name], f"{place}/{name}"):
                return told
        return None
    if isinstance(sent, list) and isinstance(got, list) and len(sent) == len(got):
        pairs = enumerate(zip(sent, got, strict=True))
        return next((told for at, (a, b) in pairs if (told := lost(a, b, f"{place}/{at}"))), None)
    return None if same(sent, got) else f"{place or 'the document'} is {got!r}, not {sent!r}"


def values(node: Any, steps: tuple[str, ...]) -> Iterator[Any]:
    """Every value at a path, through arrays."""
    if isinstance(node, list):
        for child in node:
            yield from values(child, steps)
    elif not steps:
        if node is not None:
            yield node
    elif isinstance(node, dict) and steps[0] in node:
        yield from values(node[steps[0]], steps[1:])


def as_text(value: Any) -> str:
    """A value as a query writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def comparable(value: Any, kind: Kind) -> Any:
    """A value as its kind compares; None when it is not of its kind."""
    match kind:
        case Kind.INSTANT:
            return instant(value)
        case Kind.NUMBER:
            is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
            return Decimal(value) if is_number else None
        case Kind.BOOLEAN:
            return value if isinstance(value, bool) else None
        case _:
            return as_text(value) if not isinstance(value, dict | list) else None


def ids(documents: list[Document]) -> list[str]:
    return [str(one.get("id")) for one in documents]
