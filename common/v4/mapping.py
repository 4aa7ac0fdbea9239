"""The v4 documents of a resource and the stored v5 ones: two pure functions, and the way of a question.

`project` and `lift` are inverse to each other; `path`, `condition` and `query` say on stored documents what was asked
in v4 terms. What is done to which member is compiled from the two contracts and from shapes (`common.v4.nodes`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from common import exact_json
from common.domain.query import (
    AllOf,
    AnyElement,
    AnyOf,
    Compare,
    Condition,
    Document,
    Exists,
    FieldPath,
    Kind,
    Not,
    Query,
    SortKey,
)
from common.spec.contract import Contract, ResourceContract
from common.spec.fields import ContractFields
from common.v4.nodes import Weaver
from common.v4.reading import Readers
from common.v4.routes import MARK, Routed, Translation
from common.v4.shapes import ApiMapping, Shapes, Steps
from common.v4.shared import SHARED


@dataclass(frozen=True)
class _Way:
    """The stored steps of a v4 path: up to the object around the last member, and all of them."""

    steps: Steps
    around: Steps
    further: Routed | None
    translation: Translation | None


class Mapping:
    """One v4 resource over one stored v5 resource."""

    def __init__(self, weaver: Weaver, v4: ResourceContract, v5: ResourceContract) -> None:
        self._v4, self._v5 = v4.fields, v5.fields
        self._root = weaver.node(weaver.v4.root, weaver.v5.root)
        self._root.root(v5.type_name, frozenset({v4.type_name}))
        self._reader = Readers().of(self._root)

    @classmethod
    def between(cls, v4: ResourceContract, v5: ResourceContract, shapes: Shapes | None = None) -> Mapping:
        """The mapping between two contracts of one resource; `shapes` by v4 type name, before the shared ones."""
        old, new = v4.fields, v5.fields
        assert isinstance(old, ContractFields), "contracts are read from documents"
        assert isinstance(new, ContractFields), "contracts are read from documents"
        return cls(Weaver(old, new, {**SHARED, **(shapes or {})}), v4, v5)

    # -- documents ----------------------------------------------------------------------------------------

    def project(self, stored: Document, *, hidden: bool = False) -> Document:
        """A stored document as v4 shows it; `hidden`: with what only v5 can say under `~name`, to be patched.

        Does not: change what it is given; the result may share parts with it.
        """
        return self._root.project(stored, hidden)

    def shown(self, text: str) -> bytes:
        """The JSON of what `project` makes of a stored text, sooner than by decoding all of it."""
        return exact_json.encode(self._reader.read(text))

    def lift(self, document: Document) -> Document:
        """The stored document of a v4 one: `lift(project(stored, hidden=True)) == stored`.

        Does not: change what it is given, or check it; the result may share parts with it.
        """
        return self._root.lift(document)

    # -- questions ----------------------------------------------------------------------------------------

    def path(self, steps: Steps) -> FieldPath:
        """Where the stored document has what v4 has at these steps."""
        return self._stored(self._way(self._root, steps), self._v4.path(steps))

    def condition(self, asked: Condition) -> Condition:
        """The condition on stored documents that a condition on v4 documents is."""
        return self._condition(asked, self._root, top=True)

    def query(self, asked: Query) -> Query:
        """The query on stored documents that a query on v4 documents is; cursors stay."""
        where = self.condition(asked.where) if asked.where is not None else None
        return replace(
            asked, where=where, sort=tuple(SortKey(self.path(k.path.steps), k.descending) for k in asked.sort)
        )

    def _condition(self, asked: Condition, node: Routed | None, *, top: bool) -> Condition:
        match asked:
            case AllOf(parts):
                return AllOf(tuple(self._condition(part, node, top=top) for part in parts))
            case AnyOf(parts):
                return AnyOf(tuple(self._condition(part, node, top=top) for part in parts))
            case Not(part):
                return Not(self._condition(part, node, top=top))
            case Exists(path):
                return Exists(self._place(self._way(node, path.steps), path, top=top))
            case AnyElement(path, inner):
                way = self._way(node, path.steps)
                return AnyElement(self._place(way, path, top=top), self._condition(inner, way.further, top=False))
            case Compare(path, operator, values):
                way = self._way(node, path.steps)
                if way.translation is None:
                    return Compare(self._place(way, path, top=top), operator, values)
                told = way.translation.compare(operator, values, path.kind)
                return AnyElement(FieldPath(way.around), told) if way.around else told

    def _place(self, way: _Way, asked: FieldPath, *, top: bool) -> FieldPath:
        return self._stored(way, asked) if top else FieldPath(way.steps, asked.kind, asked.many or bool(way.steps))

    def _stored(self, way: _Way, asked: FieldPath) -> FieldPath:
        """The kind is that of the v4 contract, which the texts of a condition follow, where it says one."""
        found = self._v5.path(way.steps)
        if found.kind is asked.kind or asked.kind is Kind.UNKNOWN:
            return found
        many = asked.many if any(step.startswith(MARK) for step in way.steps) else found.many
        return FieldPath(way.steps, asked.kind, many)

    def _way(self, node: Routed | None, steps: Steps) -> _Way:
        out: Steps = ()
        around: Steps = ()
        translation: Translation | None = None
        for index, step in enumerate(steps):
            if node is None:
                return _Way((*out, *steps[index:]), around, None, None)
            route = node.route(step)
            around, translation = (*out, *route.around), route.translation
            last = index == len(steps) - 1
            out += route.whole if last and route.whole is not None else route.steps
            node = route.further
        return _Way(out, around, node, translation)


@dataclass(frozen=True)
class Mappings:
    """The mappings of one API, by v4 resource name; and by the same the name of the stored resource.

    A v4 resource that v5 does not have is in neither: it is stored as it is.
    """

    by_name: dict[str, Mapping]
    stored: dict[str, str]

    @classmethod
    def of(cls, api: ApiMapping, v4: Contract, v5: Contract) -> Mappings:
        """The mappings between two contracts of one API."""
        stored = {name: api.resources.get(name, name) for name in v4.resources}
        stored = {name: other for name, other in stored.items() if other in v5.resources}
        made = {
            name: Mapping.between(v4.resources[name], v5.resources[other], api.shapes) for name, other in stored.items()
        }
        return cls(made, stored)


def shown_in_v5(document: Document) -> Document:
    """A stored document without what is only kept for v4, at any depth."""
    kept: Document = unmarked(document)
    return kept


def unmarked(value: Any) -> Any:
    """A value without the members that start with the mark, at any depth: what a client sees of it."""
    if isinstance(value, dict):
        return {name: unmarked(one) for name, one in value.items() if name[:1] != MARK}
    if isinstance(value, list):
        return [unmarked(one) for one in value]
    return value


def rejoin(before: Document, after: Document) -> Document:
    """The hidden members again that a patch of whole arrays lost: elements are known by id, else by what they show.

    A merge patch replaces arrays, and a v4 client sends elements without what v4 does not see. Both are views made
    with `hidden=True`; `after` is not changed.
    """
    joined: Document = _rejoined(before, after)
    return joined


def _rejoined(before: Any, after: Any) -> Any:
    if before is after or before == after:
        return after
    if isinstance(before, dict) and isinstance(after, dict):
        return {name: _rejoined(before.get(name), value) for name, value in after.items()}
    if isinstance(before, list) and isinstance(after, list):
        return [_element(before, index, one) for index, one in enumerate(after)]
    return after


def _element(before: list[Any], index: int, element: Any) -> Any:
    """The element with what was hidden in the one that it was; of several alike the one at its position."""
    if not isinstance(element, dict) or any(name[:1] == MARK for name in element):
        return element
    elements = [*before[index : index + 1], *before]
    same = next((one for one in elements if unmarked(one) == element), None)
    if same is not None:
        return same
    same = next((one for one in elements if isinstance(one, dict) and _has_key_of(one, element)), None)
    if same is None:
        return element
    joined: Document = _rejoined(same, element)
    return joined | {name: value for name, value in same.items() if name[:1] == MARK}


def _has_key_of(one: Document, other: Document) -> bool:
    """Whether two elements stand for the same thing: by id, or by name where there is none."""
    key = "id" if "id" in one or "id" in other else "name"
    return key in one and bool(one[key] == other.get(key))


_NESTED = (dict, list)


def marked(value: Any) -> Iterator[str]:
    """The names of the members that start with the mark, at any depth: no client may send one."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name[:1] == MARK:
                yield name
            if isinstance(one, _NESTED):
                yield from marked(one)
    elif isinstance(value, list):
        for one in value:
            if isinstance(one, _NESTED):
                yield from marked(one)
