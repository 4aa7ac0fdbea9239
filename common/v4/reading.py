"""Stored JSON read as v4 shows it, with few Python objects for what is the same in both majors.

Encoding what is read here gives what decoding the text, `Node.project` and encoding give, sooner: the first v4 read of
a document is to cost little more than the v5 one, which parses nothing. Objects are read into structs: members that v4
shows as they are stay JSON text, those that v4 does not have and a `@type` that it infers are defaults, which the
encoder leaves out, and only what rules make something else of is looked at. What no struct admits (an extension, a
member that is kept for v4, a type that no contract knows) is projected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from sys import intern
from threading import RLock
from typing import Any, ClassVar, Literal

import msgspec

from common.domain.query import Document
from common.exact_json import decode_own
from common.v4.nodes import REFERRING, Downward, Node

Text = str | bytes | msgspec.Raw


class _Lost:
    """A member that v4 does not have."""


_LOST = _Lost()


class _Object(msgspec.Struct):
    """An object as v4 shows it. Its attributes have names of their own: not every name in JSON may be one.

    For those who infer its type it looks as a dict does.
    Shapes: `attributes` are those of the members that v4 may be shown, by their v4 names.
    """

    attributes: ClassVar[dict[str, str]] = {}

    def get(self, name: str, default: Any = None) -> Any:
        attribute = self.attributes.get(name)
        found = msgspec.UNSET if attribute is None else getattr(self, attribute)
        return default if found is msgspec.UNSET or found is _LOST else found

    def __contains__(self, name: str) -> bool:
        return self.get(name, _LOST) is not _LOST

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.attributes if name in self)


class Readers:
    """The readers of one mapping, made when first needed."""

    def __init__(self) -> None:
        self.lock = RLock()  # requests run on many threads, and each may be the first to need a reader
        self._made: dict[Node, Reader] = {}

    def of(self, node: Node) -> Reader:
        """The reader of a node."""
        return self._made.setdefault(node, Reader(node, self))


class Reader:
    """Reads the values of one node: an object, an array of objects, or what has no business there."""

    def __init__(self, node: Node, readers: Readers) -> None:
        self._node, self._readers = node, readers
        self._attempts: list[Callable[[Text], Any]] | None = None

    def read(self, text: Text) -> Any:
        """What a stored value is in v4, to be encoded: structs, texts of JSON and plain values, mixed."""
        attempts = self._attempts if self._attempts is not None else self._made_ready()
        for attempt in attempts:
            try:
                return attempt(text)
            except msgspec.ValidationError:
                continue
        value = decode_own(text)
        if isinstance(value, list):
            return [self._node.project(one, False) if isinstance(one, dict) else one for one in value]
        return self._node.project(value, False) if isinstance(value, dict) else value

    def _made_ready(self) -> list[Callable[[Text], Any]]:
        with self._readers.lock:
            if self._attempts is None:
                kinds: list[Any] = [_Struct(self._node, self._readers, (self._node,)).made()]
                if self._node.downward().reference is not None:
                    kinds.insert(0, _Struct(self._node, self._readers, (self._node,), referring=True).made())
                self._attempts = [_decoding(kind) for kind in kinds]
            return self._attempts


def _decoding(struct: Any) -> Callable[[Text], Any]:
    return msgspec.json.Decoder(struct | list[struct], dec_hook=_lose, float_hook=Decimal).decode


def _lose(kind: type, value: Any) -> _Lost:
    return _LOST


class _Struct:
    """The struct type for the objects of a node, in the making.

    Shapes: `around` are the nodes that it is to be part of, it included. `referring`: only for those that are
            references because they name the type they refer to, and have no more than what most of these have.
    """

    def __init__(self, node: Node, readers: Readers, around: tuple[Node, ...], *, referring: bool = False) -> None:
        self._readers, self._around, self._referring = readers, around, referring
        self._down = node.downward()
        self._attributes: dict[str, str] = {}  # by name in JSON, which may be none that an attribute can have
        self._fields: list[Any] = []
        self._later: list[tuple[str, Reader]] = []

    def made(self) -> Any:
        down = self._down
        for name, (shown, child) in down.members.items():
            if not self._referring or (shown == name and (name in REFERRING or name[:1] == "@")):
                self._add_member(name, child)
        if not self._referring:
            for name in down.lost:
                self._add(name, _Lost, _LOST)
            for name in down.ruled:
                self._add(name, Any, msgspec.UNSET)
        self._add_type()
        shown_names = [shown for shown, _ in down.members.values()] + [n for rule in down.rules for n in rule.v4]
        for name in () if self._referring else shown_names:
            self._add(name, _Lost, _LOST)  # where v5 has one of that name it is an extension, which v4 cannot see
        finish = self._finish()
        return msgspec.defstruct(
            "Shown",
            self._fields,
            bases=(_Object,),
            namespace={"attributes": {name: self._attributes[name] for name in shown_names if name in self._attributes}}
            | ({"__post_init__": finish} if finish is not None else {}),
            rename={attribute: name for name, attribute in self._attributes.items()},
            omit_defaults=True,
            forbid_unknown_fields=True,
            kw_only=True,
            gc=False,
        )

    def _add_member(self, name: str, child: Node | None) -> None:
        kind: Any = msgspec.Raw
        if child is not None:
            kind = self._below(name, child)
        elif not self._referring and (self._down.rules or self._down.kind_of is not None):
            kind = Any  # somebody looks at it
        if self._referring and name == "@referredType":
            self._add(name, kind)
        else:
            self._add(name, kind | msgspec.UnsetType, msgspec.UNSET)

    def _add(self, name: str, kind: Any, *default: Any) -> None:
        if name not in self._attributes:
            self._attributes[name] = f"m{len(self._fields)}"
            self._fields.append((self._attributes[name], kind, *default))

    def _below(self, name: str, child: Node) -> Any:
        """The type of a member that is walked into; of its own reader where it may be a part of itself, or refer."""
        if child in self._around or child.downward().reference is not None:
            self._later.append((f"m{len(self._fields)}", self._readers.of(child)))
            return msgspec.Raw
        inner: Any = _Struct(child, self._readers, (*self._around, child)).made()
        return inner | list[inner]

    def _add_type(self) -> None:
        kind = self._down.reference if self._referring else self._down.kind
        if kind is not None:
            # The encoder knows a default by identity, and the decoder gives the very texts of the literal.
            kinds = (kind, *sorted(self._down.kinds - {kind}))
            self._add("@type", Literal[tuple(intern(one) for one in kinds)], intern(kind))
        elif self._down.kind_of is not None:
            self._add("@type", Any, msgspec.UNSET)

    def _finish(self) -> Callable[[Any], None] | None:
        """What decoding alone does not do; None where that is nothing."""
        down, steps = self._down, []
        if self._later:
            steps.append(_reading(self._later))
        if self._referring:
            return steps[0] if steps else None
        if down.rules or any(name != shown for name, (shown, _) in down.members.items()):
            steps.append(_applying(down, self._attributes))
        if down.kind_of is not None:
            steps.append(_inferring(down.kind_of, self._attributes["@type"]))
        return _all(steps) if len(steps) > 1 else steps[0] if steps else None


def _all(steps: list[Callable[[Any], None]]) -> Callable[[Any], None]:
    def finish(made: Any) -> None:
        for step in steps:
            step(made)

    return finish


def _reading(later: list[tuple[str, Reader]]) -> Callable[[Any], None]:
    """The members that have readers of their own."""

    def finish(made: Any) -> None:
        for attribute, reader in later:
            raw = getattr(made, attribute)
            if raw is not msgspec.UNSET:
                setattr(made, attribute, reader.read(raw))

    return finish


def _applying(down: Downward, attributes: dict[str, str]) -> Callable[[Any], None]:
    """Members renamed, and what the rules make of others in their place."""
    moved = [(attributes[name], attributes[shown]) for name, (shown, _) in down.members.items() if name != shown]
    looked_at = [name for rule in down.rules for name in (*rule.v5, *rule.beside) if name in attributes]
    stored = [(name, attributes[name]) for name in dict.fromkeys(looked_at)]
    taken = [attribute for attribute, _ in moved] + [attributes[name] for name in down.ruled]

    def finish(made: Any) -> None:
        document = {
            name: value for name, attribute in stored if (value := getattr(made, attribute)) is not msgspec.UNSET
        }
        out: Document = {}
        for rule in down.rules:
            if not rule.idle or not document.keys().isdisjoint(rule.v5):
                rule.project(document, out, False)
        new = [(attribute, getattr(made, before)) for before, attribute in moved]
        for attribute in taken:
            setattr(made, attribute, msgspec.UNSET)
        for attribute, value in new:
            if value is not msgspec.UNSET:
                setattr(made, attribute, value)
        for name, value in out.items():
            setattr(made, attributes[name], value)

    return finish


def _inferring(kind_of: Any, kind: str) -> Callable[[Any], None]:
    """A type that v4 infers is not shown to it."""

    def finish(made: Any) -> None:
        if getattr(made, kind) == kind_of(made):
            setattr(made, kind, msgspec.UNSET)

    return finish
