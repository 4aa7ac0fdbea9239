"""A pair of places, v4 and v5, compiled to two tables: where each member of a document goes.

The walk is the same for every API: a member that both contracts have at a place is the same member; one that only v4
has is stored under its name with `~`; one that only v5 has is carried so in a view made for patching and not shown; one
that neither has is an extension and passes. Shapes change this for the types that need it. A node's tables are made
when the node is first met; there is one node per pair of places, so there are finitely many.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock
from typing import Any

from common.domain.query import Document
from common.spec.fields import ContractFields
from common.spec.places import Place
from common.v4 import rules
from common.v4.routes import MARK, Route
from common.v4.shapes import Shape, Shapes, TypeOf

_NO_SHAPE = Shape()
# Members that an object may have and still only refer.
REFERRING = frozenset({"id", "href", "name", "version", "isRef", "description", "url"})

# Where a member goes and what is done to its value; to no place when a rule looks after it.
Entry = tuple[str | None, "Node | None"]


@dataclass(frozen=True)
class Downward:
    """What `project` does at a node to a stored object without extensions and marked members.

    Shapes: `members` are shown under a v4 name, their value by a node where there is one; `lost` are not shown;
            `ruled` are the members that `rules` make something else of. `@type` is not shown where it is `kind`, or
            what `kind_of` finds; where both are None it is a member like the others. `kinds` are the known types.
    """

    members: dict[str, tuple[str, Node | None]]
    lost: tuple[str, ...]
    ruled: tuple[str, ...]
    rules: tuple[rules.Compiled, ...]
    kind: str | None
    kind_of: TypeOf | None
    kinds: frozenset[str]
    reference: str | None  # the type of those that name the type they refer to, where that makes a reference


class Weaver:
    """Makes the nodes of two contracts and keeps them."""

    def __init__(self, v4: ContractFields, v5: ContractFields, shapes: Shapes) -> None:
        self.v4, self.v5, self.shapes = v4, v5, shapes
        self.lock = RLock()  # requests run on many threads, and each may be the first to meet a node
        self._made: dict[tuple[int, int, int, frozenset[str] | None], Node] = {}

    def node(self, v4: Place, v5: Place, shape: Shape | None = None, members: frozenset[str] | None = None) -> Node:
        """The node of a pair; `shape` and `members` for a part of an object that v5 has as an object of its own."""
        key = (id(v4), id(v5), id(shape), members)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = Node(self, v4, v5, shape or self._shape(v4), members)
        return found

    def below(self, v4: Place, v5: Place) -> Node | None:
        """The node of a member's value; None where there is nothing to walk into."""
        return self.node(v4, v5) if v4.members and v5.members else None

    def _shape(self, place: Place) -> Shape:
        return next((self.shapes[name] for name in sorted(types_of(place)) if name in self.shapes), _NO_SHAPE)


def types_of(place: Place) -> frozenset[str]:
    """The names of the types that may stand at a place."""
    return frozenset(place.values) | frozenset(place.references)


class Node:
    """One pair of places."""

    def __init__(self, weaver: Weaver, v4: Place, v5: Place, shape: Shape, members: frozenset[str] | None) -> None:
        self.weaver, self.v4, self.v5, self.shape = weaver, v4, v5, shape
        self.v4_names = frozenset(v4.members) if members is None else members & frozenset(v4.members)
        self.v5_names = frozenset(v5.members)
        self.up: dict[str, Entry] = {}
        self.down: dict[str, Entry] = {}
        self.hidden: dict[str, Entry] = {}
        self.routes: dict[str, Route] = {}
        self._rules: list[rules.Compiled] = []
        self._types = types_of(v5)
        self._aliases = types_of(v4) - self._types
        self._kind: str | None = None
        self._kind_of: TypeOf | None = None
        self._bare: str | None = None
        self._ready = False

    # -- documents ----------------------------------------------------------------------------------------

    def lift(self, document: Document) -> Document:
        """The stored object of a v4 object."""
        if not self._ready:
            self._make_ready()
        table = self.up
        out: Document = {}
        if self._kind_of is not None or self._kind is not None:
            self._type_lifted(document, out)
        for name, value in document.items():
            entry = table.get(name)
            if entry is None:
                if name[:1] != MARK:
                    out[name] = value
                elif name[1:] not in table:
                    out[name[1:]] = value
                continue
            new, child = entry
            if new is None:
                continue
            if child is None:
                out[new] = value
            elif type(value) is dict:
                out[new] = child.lift(value)
            elif type(value) is list:
                out[new] = [child.lift(one) if type(one) is dict else one for one in value]
            else:
                out[new] = value
        for rule in self._rules:
            rule.lift(document, out)
        return out

    def project(self, document: Document, hidden: bool) -> Document:
        """The v4 object of a stored object; `hidden` carries what v4 cannot say, for a patch."""
        if not self._ready:
            self._make_ready()
        table = self.hidden if hidden else self.down
        out: Document = {}
        for name, value in document.items():
            entry = table.get(name)
            if entry is None:
                if name[:1] != MARK:
                    out[name] = value
                elif name[1:] not in table:
                    out[name[1:]] = value
                continue
            new, child = entry
            if new is None:
                continue
            if child is None:
                out[new] = value
            elif type(value) is dict:
                out[new] = child.project(value, hidden)
            elif type(value) is list:
                out[new] = [child.project(one, hidden) if type(one) is dict else one for one in value]
            else:
                out[new] = value
        for rule in self._rules:
            rule.project(document, out, hidden)
        if self._kind_of is not None or self._kind is not None:
            self._type_projected(document, out, hidden)
        return out

    def _type_lifted(self, document: Document, out: Document) -> None:
        sent, memory = document.get("@type"), document.get("~@type")
        kind = self._lifted_type(sent, document)
        if not isinstance(memory, dict):
            memory = {}
        # A patch may have made something else of the object: what was remembered counts while this still holds.
        out["@type"] = memory["value"] if memory.get("of") == kind else kind
        if sent is not None and sent != memory.get("shown"):
            out["~@type"] = sent

    def _type_projected(self, document: Document, out: Document, hidden: bool) -> None:
        """`@type` is shown to v4 when v4 sent it, or when it says more than we would infer."""
        kind, sent = document.get("@type"), document.get("~@type")
        if sent is not None and kind == self._lifted_type(sent, out):
            out["@type"] = sent
        elif kind is not None and kind != self._lifted_type(None, out):
            out["@type"] = kind
            if hidden:
                out["~@type"] = {"of": self._lifted_type(kind, out), "value": kind, "shown": kind}

    def _lifted_type(self, sent: Any, document: Document) -> Any:
        """The v5 type of a v4 object: an extension's own, else what the place or the object says."""
        if isinstance(sent, str) and sent not in self._aliases and (self._kind_of is None or sent not in self._types):
            return sent
        if self._kind_of is None:
            return self._kind
        return self._kind_of(document)

    def downward(self) -> Downward:
        """What `project` does, for those who do it to other forms of an object; members as in the contract."""
        if not self._ready:
            self._make_ready()
        looked_after = {name: rule for rule in self._rules for name in rule.v5}
        members: dict[str, tuple[str, Node | None]] = {}
        lost = []
        order = {name: index for index, name in enumerate(self.v5.members)}
        for name in sorted(self.down, key=lambda name: (order.get(name, len(order)), name)):
            shown, child = self.down[name]
            if name in looked_after:
                members |= {name: (name, None)} if looked_after[name].same else {}
            elif shown is not None:
                members |= {name: (shown, child)} if name[:1] != MARK else {}
            elif name[:1] != MARK:
                lost.append(name)
        if self._kind is not None or self._kind_of is not None:
            lost.remove("@type")
        made = tuple(rule for rule in self._rules if not rule.same)
        ruled = tuple(name for rule in made for name in rule.v5)
        bare = self._bare if "@referredType" in members and all(rule.idle for rule in made) else None
        reference = bare + "Ref" if bare is not None else None
        return Downward(members, tuple(lost), ruled, made, self._kind, self._kind_of, self._types, reference)

    # -- paths --------------------------------------------------------------------------------------------

    def route(self, name: str) -> Route:
        """The way to a member; one that the contract does not have is where it is."""
        if not self._ready:
            self._make_ready()
        found = self.routes.get(name)
        return found if found is not None else Route((name,))

    # -- making -------------------------------------------------------------------------------------------

    def root(self, type_name: str, aliases: frozenset[str]) -> None:
        """Make this the node of a resource, whose type is known."""
        self._kind, self._aliases = type_name, aliases - {type_name}
        self._types = self._types | {type_name}

    def _make_ready(self) -> None:
        with self.weaver.lock:
            if not self._ready:
                self._make_tables()
                self._ready = True

    def _make_tables(self) -> None:
        left4, left5 = set(self.v4_names), set(self.v5_names)
        if self.shape.typed and "@type" in left5 and (self._kind is not None or self._types):
            self._choose_type()
            self._claim(("@type",), ("@type",))
            left4.discard("@type")
            left5.discard("@type")
        for rule in self.shape.rules:
            compiled = rules.compiled(rule, self, left4, left5)
            if compiled is not None:
                self.add(compiled, left4, left5)
        for name in left4 & left5:
            self._share(name)
        for name in left4 - left5:
            self._move(name, MARK + name, None)
            self.routes[name] = Route((MARK + name,))
        for name in left5 - left4:
            self.up.setdefault(MARK + name, (name, None))
            self.up.setdefault(name, (MARK + name, None))
            self.down.setdefault(name, (None, None))
            self.hidden.setdefault(name, (MARK + name, None))
            self.down.setdefault(MARK + name, (name, None))
            self.hidden.setdefault(MARK + name, (name, None))
            self.routes.setdefault(name, Route((MARK + name,)))
        self._keep_strangers()

    def _keep_strangers(self) -> None:
        """An extension whose name the other major has for something else: kept apart, under two marks."""
        for name in self.v5_names - self.up.keys():
            self.up[name] = (MARK * 2 + name, None)
            self.down[MARK * 2 + name] = self.hidden[MARK * 2 + name] = (name, None)
            self.routes.setdefault(name, Route((MARK * 2 + name,)))
        for name in self.v4_names - self.down.keys():
            self.down[name], self.hidden[name] = (None, None), (MARK * 2 + name, None)
            self.up[MARK * 2 + name] = (name, None)

    def _share(self, name: str) -> None:
        v4, v5 = self.children(name, name)
        fit = rules.fit(name, self.v4.members[name], v4, self.v5.members[name], v5)
        if fit is not None:
            self.add(fit, set(), set())
        elif bool(v4.members) != bool(v5.members) and not v4.free and not v5.free:
            # The two have nothing in common but the name.
            self._move(name, MARK + name, None)
            self.down[name], self.hidden[name] = (None, None), (MARK + name, None)
            self.up[MARK + name] = (name, None)
            self.routes[name] = Route((MARK + name,))
        else:
            child = self.weaver.below(v4, v5)
            self._move(name, name, child)
            self.routes[name] = Route((name,), child)

    def rename(self, old: str, new: str) -> None:
        """A member under another name."""
        child = self.weaver.below(*self.children(old, new))
        self._move(old, new, child)
        self.routes[old] = Route((new,), child)

    def add(self, rule: rules.Compiled, left4: set[str], left5: set[str]) -> None:
        """A rule looks after these members, and after what is beside them."""
        self._rules.append(rule)
        self._claim(rule.v4, rule.v5)
        self.routes |= rule.routes()
        left4.difference_update(rule.v4)
        left5.difference_update(rule.v5)

    def children(self, old: str, new: str) -> tuple[Place, Place]:
        """The places of a v4 member and of a v5 one."""
        v4, v5 = self.weaver.v4.child(self.v4, old), self.weaver.v5.child(self.v5, new)
        assert v4 is not None, f"v4 has {old}"
        assert v5 is not None, f"v5 has {new}"
        return v4, v5

    def _move(self, old: str, new: str, child: Node | None) -> None:
        self.up[old] = (new, child)
        self.down[new] = self.hidden[new] = (old, child)

    def _claim(self, v4: tuple[str, ...], v5: tuple[str, ...]) -> None:
        for name in v4:
            self.up[name] = self.up[MARK + name] = (None, None)
        for name in v5:
            self.down[name] = self.hidden[name] = (None, None)
            self.down[MARK + name] = self.hidden[MARK + name] = (None, None)
            self.up[MARK + name] = (None, None)
        for name in v4:
            self.down.setdefault(MARK + name, (None, None))
            self.hidden.setdefault(MARK + name, (None, None))

    def _choose_type(self) -> None:
        if self._kind is None:
            self._infer_type()
        if self._kind_of is not None or self._aliases:
            self.routes["@type"] = Route(("@type",), translation=rules.TypeNames(self._kind, self._aliases))

    def _infer_type(self) -> None:
        types, names = self._types, types_of(self.v4)
        bare = next((name.removesuffix("RefOrValue") for name in sorted(names) if name.endswith("RefOrValue")), None)
        if self.shape.type_of is not None:
            self._kind_of = self.shape.type_of
        elif bare is not None and {bare, bare + "Ref"} <= types:
            self._bare, self._kind_of = bare, _ref_or_value(bare)
        else:
            self._kind = _nearest(names, types)


def _nearest(names: frozenset[str], types: frozenset[str]) -> str:
    """The v5 type of a v4 one: the one of that name, else the one that the others' names add to."""
    same = sorted(names & types)
    return same[0] if same else min(types, key=lambda name: (len(name), name))


def _ref_or_value(bare: str) -> TypeOf:
    def type_of(document: Document) -> str:
        if "@referredType" in document or document.get("isRef") is True:
            return bare + "Ref"
        refers = "id" in document and all(name in REFERRING or name[:1] in "@~" for name in document)
        return bare + "Ref" if refers and document.get("isRef") is not False else bare

    return type_of
