"""What a contract says of the attributes of one resource: kinds, date-times, references."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from common.domain.pointers import pointer_token
from common.domain.query import Document, FieldPath, Kind
from common.spec.contract import ReferenceAt
from common.spec.instants import stored_form
from common.spec.places import Place, Places
from common.spec.well_known import ABSTRACT_TYPES, ANY_TYPE

# What an object that only refers may carry where a whole entity may stand too.
_REFERRING = frozenset({"id", "href", "@type", "@baseType", "@schemaLocation", "@referredType"})
# What any object may say of its type (TMF630 Part 2), also where a schema does not list it.
_EXTENDING = frozenset({"@type", "@baseType", "@schemaLocation"})


class ContractFields:
    """The attributes of one resource, at any depth; places are looked up, never computed per request."""

    def __init__(self, places: Places, root: Place) -> None:
        self._places = places
        self.root = root

    def path(self, steps: tuple[str, ...]) -> FieldPath:
        """The place with its kind; unknown attributes are UNKNOWN and many. All subtypes of a place count."""
        place, many = self.root, False
        for step in steps:
            child = self.child(place, step)
            if child is None:
                return FieldPath(steps)
            place, many = child, many or child.many
        return FieldPath(steps, place.kind, many)

    def declares(self, steps: tuple[str, ...]) -> bool:
        """Whether something may stand at a place; anything may below what the contract leaves open."""
        place = self.root
        for step in steps:
            child = self.child(place, step)
            if child is None:
                return place.free
            place = child
        return True

    def undeclared(self, document: Document) -> list[str]:
        """Pointers to the members, at any depth, that the contract does not have.

        An object that names its own schema (`@schemaLocation`) has what that one says.
        """
        return list(self._undeclared(self.root, document, ""))

    def normalise(self, document: Document) -> None:
        """Rewrite every declared date-time in place to the stored form (`clock.normal_instant`)."""
        self._normalise(self.root, document)

    @cached_property
    def instants(self) -> frozenset[str]:
        """The names of all members, at any depth, that are declared as date-times."""
        names: set[str] = set()
        met, rest = {id(self.root)}, [self.root]
        while rest:
            place = rest.pop()
            for name in place.members:
                child = self.child(place, name)
                if child is None:
                    continue
                if child.kind is Kind.INSTANT:
                    names.add(name)
                if id(child) not in met:
                    met.add(id(child))
                    rest.append(child)
        return frozenset(names)

    def references(self, document: Document) -> list[ReferenceAt]:
        """Every reference in the document, in document order (objects whose schema is a ...Ref with an id)."""
        return list(self._references(self.root, document, "", ()))

    def target_types(self, steps: tuple[str, ...]) -> frozenset[str]:
        """The type names that a reference at `steps` may lead to by its schemas; empty when none stands there."""
        place: Place | None = self.root
        for step in steps:
            place = self.child(place, step) if place is not None else None
        named = set(place.references.values()) - {"", ANY_TYPE} if place is not None else set()
        return frozenset(named.union(*(ABSTRACT_TYPES.get(name, ()) for name in named)))

    def child(self, place: Place, name: str) -> Place | None:
        """The place of a member, or None when the contract does not declare it."""
        return place.children.get(name) or self._places.child(place, name)

    def _normalise(self, place: Place, node: Document) -> None:
        children = place.children
        for name, value in node.items():
            if not value or isinstance(value, bool):
                continue
            if isinstance(value, str | dict | list):
                child = children.get(name) or self._places.child(place, name)
                if child is not None:
                    if isinstance(value, str):
                        if child.kind is Kind.INSTANT:
                            node[name] = stored_form(value) or value
                    else:
                        self._normalise_below(child, value)

    def _normalise_below(self, place: Place, value: Any) -> None:
        if isinstance(value, dict):
            self._normalise(place, value)
            return
        for index, element in enumerate(value):
            if isinstance(element, dict):
                self._normalise(place, element)
            elif isinstance(element, list):
                self._normalise_below(place, element)
            elif isinstance(element, str) and place.kind is Kind.INSTANT:
                value[index] = stored_form(element) or element

    def _undeclared(self, place: Place, node: Any, pointer: str) -> Iterator[str]:
        if isinstance(node, list):
            for index, element in enumerate(node):
                yield from self._undeclared(place, element, f"{pointer}/{index}")
        elif isinstance(node, dict) and not place.free and "@schemaLocation" not in node:
            for name, value in sorted(node.items()):
                child = self.child(place, name)
                if child is not None:
                    yield from self._undeclared(child, value, f"{pointer}/{name}")
                elif name not in _EXTENDING:
                    yield f"{pointer}/{pointer_token(name)}"

    def _references(self, place: Place, node: Any, pointer: str, steps: tuple[str, ...]) -> Iterator[ReferenceAt]:
        if isinstance(node, list):
            for index, element in enumerate(node):
                if isinstance(element, dict | list):
                    yield from self._references(place, element, f"{pointer}/{index}", steps)
            return
        if place.references and steps and (target := _target(place, node)):
            yield ReferenceAt(pointer, steps, target, node["id"])
        for name, value in node.items():
            if isinstance(value, dict | list):
                child = self.child(place, name)
                if child is not None:
                    yield from self._references(child, value, f"{pointer}/{name}", (*steps, name))


def _target(place: Place, node: Document) -> str:
    """The type that an object refers to; empty when it is no reference.

    `@referredType` says it, else the schema that `@type` names. Where an entity itself may stand as well, an
    object is a reference when it says so by either, or when it has nothing but an id and a link.
    """
    if not isinstance(node.get("id"), str):
        return ""
    referred = node.get("@referredType")
    if isinstance(referred, str) and referred:
        return referred
    declared = place.references.get(str(node.get("@type")))
    if declared is not None:
        return declared
    if place.values and not _REFERRING.issuperset(node):
        return ""
    return next(iter(place.references.values()))
