"""The rules of shapes, compiled against a pair of places: what they do to a document and where they put things."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from common.domain.query import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Document,
    Exists,
    FieldPath,
    Kind,
    Not,
    Operator,
    matches,
)
from common.spec.dialect import Schema
from common.spec.places import Place
from common.v4.routes import MARK, Route
from common.v4.shapes import Codec, Flatten, Nest, Part, Rename, Rule, Shown, States, Steps, Told

if TYPE_CHECKING:
    from common.v4.nodes import Node


class Compiled(Protocol):
    """A rule at one pair of places; `v4` and `v5` are the members it looks after.

    Shapes: `beside` are other v5 members that `project` looks at. Where an object has no memory and none of the v5
            members, v4 is shown nothing of an `idle` rule; where it has no memory, of one that is `same` what v5 has.
    """

    v4: tuple[str, ...]
    v5: tuple[str, ...]
    beside: tuple[str, ...]
    idle: bool
    same: bool

    def lift(self, document: Document, out: Document) -> None:
        """Write the v5 members of a v4 object."""

    def project(self, document: Document, out: Document, hidden: bool) -> None:
        """Write the v4 members of a v5 object."""

    def routes(self) -> dict[str, Route]:
        """The way to each v4 member."""


def compiled(rule: Rule, node: Node, left4: set[str], left5: set[str]) -> Compiled | None:
    """The rule at this node; None when its members are not here, or the node's own tables do it."""
    match rule:
        case Rename(old, new):
            if old in left4 and new in left5:
                node.rename(old, new)
                left4.discard(old)
                left5.discard(new)
            return None
        case Nest():
            return _Nested(rule, node) if rule.into in left5 and rule.into not in left4 else None
        case Flatten():
            return _Flattened(rule, node, left5) if rule.name in left4 else None
        case States(name):
            return _Translated(rule, node.children(name, name)[0].enum) if name in left4 & left5 else None
        case Told(name):
            needed = {name, rule.source} if rule.back else {name}
            return _Told(rule) if left4 >= needed and left5 >= needed else None
        case Shown(name):
            return _Shown(rule) if name in left4 and name not in left5 else None
        case Codec():
            return Coded(rule) if left4.issuperset(rule.v4) and left5.issuperset(rule.v5) else None


class _Nested:
    """Members of the v4 object in an object of their own in v5."""

    beside: tuple[str, ...] = ()
    idle, same = True, False

    def __init__(self, rule: Nest, node: Node) -> None:
        place = node.weaver.v5.child(node.v5, rule.into)
        assert place is not None, f"v5 has {rule.into}"
        self.v4 = tuple(name for name in rule.members if name in node.v4.members)
        self.v5: tuple[str, ...] = (rule.into,)
        self._into, self._rest = rule.into, MARK + rule.into
        self._inner = node.weaver.node(node.v4, place, rule.shape, frozenset(self.v4))

    def lift(self, document: Document, out: Document) -> None:
        part = {name: document[name] for name in self.v4 if name in document}
        rest = document.get(self._rest)
        if isinstance(rest, dict):
            part |= rest
        if part or rest is not None:
            out[self._into] = self._inner.lift(part)

    def project(self, document: Document, out: Document, hidden: bool) -> None:
        value = document.get(self._into)
        if not isinstance(value, dict):
            return
        inner = self._inner.project(value, hidden)
        shown = {name: inner.pop(name) for name in self.v4 if name in inner}
        out |= shown
        if hidden and (inner or not shown):
            out[self._rest] = inner

    def routes(self) -> dict[str, Route]:
        found = {}
        for name in self.v4:
            route = self._inner.route(name)
            found[name] = _below(self._into, route)
        return found


class _Flattened:
    """Members of an object in v4 that v5 has around it."""

    beside: tuple[str, ...] = ()
    idle, same = True, False

    def __init__(self, rule: Flatten, node: Node, left5: set[str]) -> None:
        place = node.weaver.v4.child(node.v4, rule.name)
        assert place is not None, f"v4 has {rule.name}"
        self._members = {old: new for old, new in rule.members.items() if old in place.members and new in left5}
        keeps = rule.name in left5
        self.v4: tuple[str, ...] = (rule.name,)
        self.v5 = (*self._members.values(), *((rule.name,) if keeps else ()))
        self._name, self._rest = rule.name, rule.name if keeps else MARK + rule.name
        self._inner: Node | None = None
        if keeps:
            kept = node.weaver.v5.child(node.v5, rule.name)
            assert kept is not None, f"v5 has {rule.name}"
            self._inner = node.weaver.node(place, kept, None, frozenset(place.members).difference(self._members))

    def lift(self, document: Document, out: Document) -> None:
        value = document.get(self._name)
        if not isinstance(value, dict):
            if value is not None:
                out[self._rest] = value
            return
        rest = dict(value)
        for old, new in self._members.items():
            if old in rest:
                out[new] = rest.pop(old)
        if rest or len(rest) == len(value):
            out[self._rest] = self._inner.lift(rest) if self._inner is not None else rest

    def project(self, document: Document, out: Document, hidden: bool) -> None:
        rest = document.get(self._rest)
        inner = {old: document[new] for old, new in self._members.items() if new in document}
        if isinstance(rest, dict):
            inner |= self._inner.project(rest, hidden) if self._inner is not None else rest
        elif rest is not None:
            out[self._name] = rest
            return
        if inner or rest is not None:
            out[self._name] = inner

    def routes(self) -> dict[str, Route]:
        return {self._name: Route((), self, whole=(self._rest,))}

    def route(self, name: str) -> Route:
        if name in self._members:
            return Route((self._members[name],))
        if self._inner is None:
            return Route((self._rest, name))
        route = self._inner.route(name)
        return _below(self._rest, route)


def _below(name: str, route: Route) -> Route:
    """The way on from an object in this member."""
    whole = (name, *route.whole) if route.whole is not None else None
    return replace(route, steps=(name, *route.steps), whole=whole, around=(name, *route.around))


class Coded:
    """Members that take computing; what the computing loses is remembered with what it stood for.

    Needs: a codec's `down` makes nothing of nothing, and looks at no more of the document than the part and `beside`.
    """

    beside: tuple[str, ...] = ()
    idle, same = True, False

    def __init__(self, rule: Codec) -> None:
        self.v4, self.v5 = rule.v4, rule.v5
        self._rule = rule
        self._memory = MARK + (*rule.v4, *rule.v5)[0]

    def lift(self, document: Document, out: Document) -> None:
        part = {name: document[name] for name in self.v4 if name in document}
        memory = document.get(self._memory)
        known = _recalled(memory, part)
        if known is None:
            known = self._rule.up(part, document, _beside(memory))
        out |= known
        if self._rule.down(known, out) != part:
            out[self._memory] = {"of": known, "value": part}

    def project(self, document: Document, out: Document, hidden: bool) -> None:
        part = {name: document[name] for name in self.v5 if name in document}
        known = _recalled(document.get(self._memory), part)
        if known is None:
            known = self._rule.down(part, document)
        out |= known
        if hidden and self._rule.up(known, out, {}) != part:
            out[self._memory] = {"of": known, "value": part}

    def routes(self) -> dict[str, Route]:
        return {name: _paths(self._rule.paths, (name,)) for name in self.v4}


def _recalled(memory: Any, part: Part) -> Document | None:
    """What is remembered, as long as it stands for this."""
    if isinstance(memory, dict) and memory.get("of") == part and isinstance(memory.get("value"), dict):
        return dict(memory["value"])
    return None


def _beside(memory: Any) -> Part:
    value = memory.get("value") if isinstance(memory, dict) else None
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class _Table:
    """The ways that a codec names, from one of its members on."""

    paths: Mapping[Steps, Steps]
    at: Steps

    def route(self, name: str) -> Route:
        return _paths(self.paths, (*self.at, name))


def _paths(paths: Mapping[Steps, Steps], at: Steps) -> Route:
    if at in paths:
        return Route(paths[at])
    remembered = (MARK + at[0], "value", *at)
    if any(steps[: len(at)] == at for steps in paths):
        return Route((), _Table(paths, at), whole=remembered)
    return Route(remembered)


class _Translated(Coded):
    """An enumeration: equal is what is shown as equal, remembered values counted."""

    def __init__(self, rule: States, listed: Iterable[str]) -> None:
        name, up, down = rule.name, dict(rule.up), dict(rule.down)

        def raised(part: Part, document: Document, beside: Part) -> Document:
            return {name: _mapped(up, part[name])} if name in part else {}

        def lowered(part: Part, document: Document) -> Document:
            return {name: _mapped(down, part[name])} if name in part else {}

        super().__init__(Codec((name,), (name,), raised, lowered, {(name,): (name,)}))
        self._name, self._up, self._down = name, up, down
        self._known = {*up, *down.values(), *listed}

    def routes(self) -> dict[str, Route]:
        return {self._name: Route((self._name,), translation=self)}

    def compare(self, operator: Operator, values: tuple[str, ...], kind: Kind) -> Condition:
        """Each v4 value that satisfies the comparison, as it is stored."""
        if operator is Operator.NE:
            return Not(self.compare(Operator.EQ, values, kind))
        probe = Compare(FieldPath((self._name,), kind, False), operator, values)
        known = self._known | (set(values) if operator is Operator.EQ else set())
        return AnyOf(tuple(self._shown(value) for value in sorted(known) if matches(probe, {self._name: value})))

    def _shown(self, value: str) -> Condition:
        """The stored objects that v4 sees with this value."""
        name, found = self._name, []
        for stored in sorted({s for s, shown in self._down.items() if shown == value} | self._same(value)):
            others = tuple(v for v, s in self._up.items() if s == stored and v != value)
            here = _equal((name,), (stored,))
            other = AllOf((self._remembers(stored), _equal(("value", name), others, below=name)))
            found.append(AllOf((here, Not(other))) if others else here)
        stored = self._up.get(value, value)
        if self._down.get(stored, stored) != value:
            here = _equal((name,), (stored,))
            found.append(AllOf((here, self._remembers(stored), _equal(("value", name), (value,), below=name))))
        return AnyOf(tuple(found))

    def _same(self, value: str) -> set[str]:
        return set() if value in self._down else {value} - (self._up.keys() - set(self._down.values()))

    def _remembers(self, stored: str) -> Condition:
        return _equal(("of", self._name), (stored,), below=self._name)


def _mapped(table: Mapping[str, str], value: Any) -> Any:
    return table.get(value, value) if isinstance(value, str) else value


def _equal(steps: Steps, values: tuple[str, ...], below: str = "") -> Condition:
    path = (MARK + below, *steps) if below else steps
    return Compare(FieldPath(path, Kind.STRING, False), Operator.EQ, values)


class _Fitted(Coded):
    """A member that admits less in v5: what does not fit is only remembered."""

    same = True

    def __init__(self, name: str, fits: Callable[[Any], bool]) -> None:
        def raised(part: Part, document: Document, beside: Part) -> Document:
            return dict(part) if name in part and fits(part[name]) else {}

        def same(part: Part, document: Document) -> Document:
            return dict(part)

        super().__init__(Codec((name,), (name,), raised, same, {(name,): (name,)}))
        self._name = name

    def routes(self) -> dict[str, Route]:
        return {self._name: Route((self._name,), translation=self)}

    def compare(self, operator: Operator, values: tuple[str, ...], kind: Kind) -> Condition:
        if operator is Operator.NE:
            return Not(self.compare(Operator.EQ, values, kind))
        remembered = (MARK + self._name, "value", self._name)
        paths = [FieldPath(steps, kind, False) for steps in ((self._name,), remembered)]
        return AnyOf(tuple(Compare(path, operator, values) for path in paths))


class _Shown(Coded):
    """A member that only v4 has, and that the v5 type tells unless v4 said it otherwise."""

    beside: tuple[str, ...] = ("@type",)
    idle = False

    def __init__(self, rule: Shown) -> None:
        name, by_type = rule.name, dict(rule.by_type)

        def nothing(part: Part, document: Document, beside: Part) -> Document:
            return {}

        def told(part: Part, document: Document) -> Document:
            kind = document.get("@type")
            return {name: by_type[kind]} if isinstance(kind, str) and kind in by_type else {}

        super().__init__(Codec((name,), (), nothing, told, {}))
        self._name, self._by_type = name, by_type

    def routes(self) -> dict[str, Route]:
        remembered = (self._memory, "value", self._name)
        return {self._name: Route(remembered, translation=self)}

    def compare(self, operator: Operator, values: tuple[str, ...], kind: Kind) -> Condition:
        if operator is Operator.NE:
            return Not(self.compare(Operator.EQ, values, kind))
        name = self._name
        probe = Compare(FieldPath((name,), kind, False), operator, values)
        kinds = tuple(kind for kind, value in self._by_type.items() if matches(probe, {name: value}))
        said = Compare(FieldPath((self._memory, "value", name), kind, False), operator, values)
        if not kinds:
            return said
        told = AllOf((_equal(("@type",), kinds), Not(Exists(FieldPath((self._memory,), many=False)))))
        return AnyOf((said, told))


class _Told(Coded):
    """A member for which another one stands in."""

    idle = False

    def __init__(self, rule: Told) -> None:
        name, source = rule.name, rule.source

        def raised(part: Part, document: Document, beside: Part) -> Document:
            return {source: part[name], **part} if rule.back and name in part else dict(part)

        def lowered(part: Part, document: Document) -> Document:
            value = document.get(source)
            if name in part or not isinstance(value, str):
                return dict(part)
            return {name: value.removesuffix(rule.ending), **part}

        names = (name, source) if rule.back else (name,)
        super().__init__(Codec(names, names, raised, lowered, {(one,): (one,) for one in names}))
        self._told = rule
        self.beside = (source,)

    def routes(self) -> dict[str, Route]:
        return super().routes() | {self._told.name: Route((self._told.name,), translation=self)}

    def compare(self, operator: Operator, values: tuple[str, ...], kind: Kind) -> Condition:
        if operator is Operator.NE:
            return Not(self.compare(Operator.EQ, values, kind))
        name, ending = self._told.name, self._told.ending
        values_there = values if not ending else (*values, *(value + ending for value in values))
        there = Compare(FieldPath((self._told.source,), kind, False), operator, values_there)
        missing = AllOf(tuple(Not(Exists(FieldPath((one,), many=False))) for one in (name, self._memory)))
        return AnyOf((Compare(FieldPath((name,), kind, False), operator, values), AllOf((missing, there))))


class TypeNames:
    """`@type` where v4 says another than is stored: what it said counts, and where it said none, the one v5 type of
    the place (`kind`) stands for all the names that v4 has there. Without such a type, the stored one counts too."""

    def __init__(self, kind: str | None, names: frozenset[str]) -> None:
        self._kind, self._names = kind, names

    def compare(self, operator: Operator, values: tuple[str, ...], kind: Kind) -> Condition:
        if operator is Operator.NE:
            return Not(self.compare(Operator.EQ, values, kind))
        memory = MARK + "@type"
        stored, said = (Compare(FieldPath((name,), kind, False), operator, values) for name in ("@type", memory))
        if self._kind is None:
            return AnyOf((stored, said))
        ours, silent = _equal(("@type",), (self._kind,)), Not(Exists(FieldPath((memory,), many=False)))
        found: list[Condition] = [AllOf((ours, said)), AllOf((Not(ours), stored))]
        if any(matches(stored, {"@type": name}) for name in self._names):
            found.append(AllOf((ours, silent)))
        return AnyOf(tuple(found))


def fit(name: str, old: Iterable[Schema], v4: Place, new: Iterable[Schema], v5: Place) -> Compiled | None:
    """The rule for a member that both contracts have and v5 restricts; None when it does not."""
    if v5.many or v4.many:
        return None
    if v5.enum and not v4.enum:
        allowed = frozenset(v5.enum)
        return _Fitted(name, lambda value: isinstance(value, str) and value in allowed)
    if _whole(new) and not _whole(old):
        return _Fitted(name, _is_whole)
    return None


def _whole(schemas: Iterable[Schema]) -> bool:
    return all(schema.get("type") == "integer" for schema in schemas)


def _is_whole(value: Any) -> bool:
    return not isinstance(value, bool) and value == value.__trunc__() if hasattr(value, "__trunc__") else False
