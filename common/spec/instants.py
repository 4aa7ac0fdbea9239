"""Date-times as the contract sees them: read once, remembered for the rest of the request."""

from __future__ import annotations

from functools import lru_cache

from common.domain.clock import normal_instant

# Longer texts are no date-time that any system writes; they are judged, but not remembered.
_LENGTH_MAX = 48


def stored_form(text: str) -> str | None:
    """`clock.normal_instant`, at little cost for a text that was met just before."""
    return _remembered(text) if len(text) <= _LENGTH_MAX else normal_instant(text)


def is_instant(text: str) -> bool:
    """Whether a text is a date-time as the suite reads it."""
    return stored_form(text) is not None


# A request meets each of its date-times twice (judged, then rewritten), a client many of them again and again.
_remembered = lru_cache(maxsize=4096)(normal_instant)
