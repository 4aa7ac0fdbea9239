"""JSON Pointers (RFC 6901)."""

from __future__ import annotations


def pointer_token(name: str) -> str:
    """The name of a member as a pointer has it."""
    return name.replace("~", "~0").replace("/", "~1")
