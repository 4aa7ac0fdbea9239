"""Where a v4 document has what a rule says of the stored one, so that an error names a member the client knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.domain.query import Document
from common.v4.mapping import Mapping
from common.v4.routes import MARK
from common.v4.shapes import Steps


def shown_pointer(mapping: Mapping, shown: Document, pointer: str) -> str:
    """The JSON Pointer into a v4 document of a pointer into the stored one; the same where v4 has no such member."""
    steps = pointer.split("/")[1:]
    names = tuple(step for step in steps if not step.isdecimal())
    indices = tuple(int(step) for step in steps if step.isdecimal())
    found = _found(mapping, shown, (), "", names, indices) if names else None
    return pointer if found is None else found


def shown_name(mapping: Mapping, known: Iterable[str], name: str) -> str:
    """The v4 name of a top-level member of the stored document; `known` are those that the v4 contract has."""
    own = name.removeprefix(MARK)
    return next((one for one in known if mapping.path((one,)).steps[:1] == (name,)), own)


def shown_state(mapping: Mapping, attribute: str, state: str) -> str:
    """What v4 calls a state."""
    return str(mapping.project({attribute: state}).get(attribute, state))


def shown_states(mapping: Mapping, attribute: str, states: Iterable[str]) -> list[str]:
    """What v4 says to move to one of these states; those that it has no word of its own for are left out."""
    words = {state: shown_state(mapping, attribute, state) for state in states}
    return sorted({word for state, word in words.items() if mapping.lift({attribute: word}).get(attribute) == state})


def _found(
    mapping: Mapping, value: Any, steps: Steps, pointer: str, names: Steps, indices: tuple[int, ...]
) -> str | None:
    """The pointer to what is stored under these names and array positions, at or below a v4 value."""
    if isinstance(value, list):
        if not indices or indices[0] >= len(value):
            return None
        return _found(mapping, value[indices[0]], steps, f"{pointer}/{indices[0]}", names, indices[1:])
    stored = mapping.path(steps).steps if steps else ()
    if stored == names and not indices:
        return pointer
    if not isinstance(value, dict) or stored[:1] != names[: len(stored[:1])]:
        return None
    below = (_found(mapping, one, (*steps, name), f"{pointer}/{name}", names, indices) for name, one in value.items())
    return next((one for one in below if one is not None), None)
