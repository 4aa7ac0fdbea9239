"""What a v4 type and its v5 counterpart say differently, as data.

A `Shape` stands for a v4 type name; its rules are compiled against the two contracts by `common.v4.nodes`. A rule whose
members are not in the contracts at hand is left out, so that one shape serves every API that has the type.
`common.v4.shared` has the shapes of the value types all APIs share, `tmfNNN/v4.py` those of one API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.domain.query import Document

# Some members of an object, by name; a member that is not there is not in it.
Part = Mapping[str, Any]
Steps = tuple[str, ...]


@dataclass(frozen=True)
class Rename:
    """The v5 document says the same under another name."""

    old: str
    new: str


@dataclass(frozen=True)
class Nest:
    """v4 members that v5 keeps together in one object, `into`; `shape` is for that object."""

    into: str
    members: tuple[str, ...]
    shape: Shape


@dataclass(frozen=True)
class Flatten:
    """A v4 object some of whose members v5 has directly in the object around it.

    Shapes: `members` names them in v4 and in v5. What else is in the object stays in it: shown to v5 when v5 has the
            object too, kept beside otherwise.
    """

    name: str
    members: Mapping[str, str]


@dataclass(frozen=True)
class Codec:
    """Members that take computing: `up` makes the v5 members of the v4 ones, `down` the reverse.

    Both are total and may lose something. What they lose is remembered, with what it stood for, under `~` and the first
    of `v4`: `{"of": {...}, "value": {...}}`, and counts as long as the other side still says what it said then.
    Shapes: `up(part, document, beside)` gets the v4 members, the v4 document around them (to read only) and the v5
            members as they were where a v4 patch changed the v4 ones; `down(part, document)` the v5 members and the v5
            document. `paths` says where in the v5 object a v4 path of the part is found.
    """

    v4: tuple[str, ...]
    v5: tuple[str, ...]
    up: Callable[[Part, Document, Part], Document]
    down: Callable[[Part, Document], Document]
    paths: Mapping[Steps, Steps]


@dataclass(frozen=True)
class States:
    """An enumeration with other values: `up` from v4 to v5, `down` back; a value in neither is the same in both."""

    name: str
    up: Mapping[str, str]
    down: Mapping[str, str]


@dataclass(frozen=True)
class Shown:
    """A member that only v4 has and that follows from the v5 `@type`: its values by type. Another one is remembered."""

    name: str
    by_type: Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """A member that v4 demands and v5 does not: another one of the v5 object stands in where it is missing.

    Shapes: `ending` is what the other's values have at their end and this one's not. `back`: v5 demands the other one,
            and this one stands in for it in turn.
    """

    name: str
    source: str
    ending: str = ""
    back: bool = False


Rule = Rename | Nest | Flatten | Codec | States | Shown | Told
# What `@type` a v4 object has in v5, from the object.
TypeOf = Callable[[Document], str]


@dataclass(frozen=True)
class Shape:
    """How one v4 type differs from the v5 type in its place.

    Shapes: `type_of` tells the v5 `@type` where the place alone does not; `typed` False where `@type` is an ordinary
            member, which describes something else than the object it is in.
    """

    rules: tuple[Rule, ...] = ()
    type_of: TypeOf | None = None
    typed: bool = True


Shapes = Mapping[str, Shape]


@dataclass(frozen=True)
class ApiMapping:
    """What one API's `v4.py` hands over.

    Shapes: `resources` names the v4 resources whose stored resource has another name, by v4 name; a v4 resource that
            is in no v5 contract is stored as it is. `shapes` are by v4 type name and go before the shared ones.
    """

    resources: Mapping[str, str] = field(default_factory=dict)
    shapes: Shapes = field(default_factory=dict)


def inside(name: str, new: str, kind: str, *, many: bool = False) -> Codec:
    """A v4 value that v5 keeps as the id of an object of this type, or of the first one of several."""

    def up(part: Part, document: Document, beside: Part) -> Document:
        before = beside.get(new)
        if many:
            first, rest = (before[0], before[1:]) if before else ({}, [])
            first = [_identified(first, part[name], kind)] if name in part else []
            return {new: first + rest} if first or rest else {}
        return {new: _identified(before or {}, part[name], kind)} if name in part else {}

    def down(part: Part, document: Document) -> Document:
        found = part.get(new)
        if many:
            found = found[0] if isinstance(found, list) and found else None
        return {name: found["id"]} if isinstance(found, dict) and "id" in found else {}

    return Codec((name,), (new,), up, down, {(name,): (new, "id")})


def _identified(before: Document, id: Any, kind: str) -> Document:
    """The object again when it still has the id; of another one nothing else is known."""
    return dict(before) if before.get("id") == id else {"id": id, "@type": kind}
