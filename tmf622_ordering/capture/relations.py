"""What offerings and specifications require, exclude and migrate to, against the order and what the customer has.

TMF620 v5.0.0 productOfferingRelationship and productSpecificationRelationship; their `relationshipType` is free text,
and the kinds below are those that are understood. What a customer has is known when the order names a customer or a
billing account and the inventory is served here; where it is not known, nothing is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from common.component import RuleContext
from common.domain.periods import covers
from common.domain.query import AllOf, AnyOf, Compare, Condition, Document, FieldPath, Kind, Operator
from tmf622_ordering.capture.found import Found, is_chosen
from tmf622_ordering.capture.problem import Problem
from tmf622_ordering.capture.reading import action_of, id_at, id_of, objects, offering_id, plain, product_of
from tmf622_ordering.items import Item

# TMF637 v5.0.0 ProductStatusType; the enum writes `aborted` with a space behind it.
ENDED = ("terminated", "cancelled", "aborted", "aborted ")
# Products of one customer that are looked at; of a larger one not all is known, so that nothing is surely missing.
_PRODUCTS_MAX = 500
_RELATING_MAX = 200
# Every one of these targets is needed ...
_REQUIRES = frozenset({"requires", "require", "prerequisite", "dependency", "dependson"})
# ... and of these any one.
_RELIES = frozenset({"relieson", "relyon"})
_EXCLUDES = frozenset({"excludes", "exclude", "exclusion", "exclusivity", "exclusive", "incompatible"})
_MIGRATES = frozenset({"migration", "migratesto", "migratesfrom", "substitution", "substitutes", "exchangeableto"})
_MIGRATES_MISSPELT = frozenset({"exchangableto"})  # as the description in TMF620 v5.0.0 writes it


@dataclass(frozen=True)
class Relating:
    """A kind of catalogue entity whose relationships count: where a product or item names it, and where it relates."""

    resource: str
    attribute: str
    word: str


_KINDS = (
    Relating("productOffering", "productOfferingRelationship", "offering"),
    Relating("productSpecification", "productSpecificationRelationship", "specification"),
)


@dataclass(frozen=True)
class Holding:
    """One thing that the customer will have: by which item, or (None) which kept product; and ids by resource."""

    item: Item | None
    ids: dict[str, str]
    is_new: bool


@dataclass(frozen=True)
class Outcome:
    """What the customer has when the order is done; `ended` is what the order takes away, with the item that does."""

    holdings: list[Holding]
    ended: list[Holding]
    is_all_known: bool

    def has(self, resource: str, id: str) -> bool:
        return any(one.ids.get(resource) == id for one in self.holdings)


def relations(order: Document, items: list[Item], found: Found, context: RuleContext) -> Iterator[Problem]:
    """Every requirement that the order breaks, every exclusion it runs into, every change of offering that is none."""
    for item in items:
        yield from _migration(item, found)
    entities = _related_entities(items, found, context)
    if not entities:
        return
    products = _products(order, items, found, context)
    outcome = _outcome(items, products, found)
    for kind in _KINDS:
        yield from _broken(kind, entities, outcome, found)


def _migration(item: Item, found: Found) -> Iterator[Problem]:
    """A product may become one of another offering, unless migrations are declared and this is none of them."""
    if action_of(item) != "modify" or not is_chosen(item, found):
        return
    present, wanted = found.offering_had(item), found.offering(item)
    if present is None or wanted is None:
        return
    declared = [(one, wanted) for one in _of_kind(present, _KINDS[0], _MIGRATES | _MIGRATES_MISSPELT, found)]
    declared += [(one, present) for one in _of_kind(wanted, _KINDS[0], _MIGRATES | _MIGRATES_MISSPELT, found)]
    if declared and not any(id_of(one) == target["id"] for one, target in declared):
        message = f"a product of offering {present['id']!r} does not become one of {wanted['id']!r}"
        yield Problem(f"{item.pointer}/productOffering/id", "relation.migration", message, item.id)


def _of_kind(entity: Document, kind: Relating, types: frozenset[str], found: Found) -> list[Document]:
    related = objects(entity, kind.attribute)
    return [one for one in related if plain(one.get("relationshipType")) in types and covers_now(one, found)]


def covers_now(one: Document, found: Found) -> bool:
    return covers(one.get("validFor"), found.now)


def _related_entities(items: list[Item], found: Found, context: RuleContext) -> dict[tuple[str, str], Document]:
    """The catalogue entities that have or are the target of a relationship that may matter; few orders have any."""
    entities: dict[tuple[str, str], Document] = {}
    is_ending = any(action_of(item) in ("modify", "delete") for item in items)
    for kind in _KINDS:
        ids = {id for item in items for one in _ids_around(item, found) if (id := one.get(kind.resource)) is not None}
        for id in sorted(ids):
            entity = found.get(kind.resource, id)
            if entity is not None and objects(entity, kind.attribute):
                entities[kind.resource, id] = entity
        if ids and kind.resource in found.looked_at:
            target = Compare(FieldPath((kind.attribute, "id"), Kind.STRING), Operator.EQ, tuple(sorted(ids)))
            for entity in context.library.find(kind.resource, target, _RELATING_MAX):
                # What others require is asked for only where something ends.
                if is_ending or _of_kind(entity, kind, _EXCLUDES, found):
                    entities.setdefault((kind.resource, entity["id"]), entity)
    return entities


def _ids_around(item: Item, found: Found) -> Iterator[dict[str, str]]:
    """What an item is about: what it makes of the product, and what the product is."""
    yield _ids(item.document, product_of(item), found)
    product = found.product(item)
    if product is not None:
        yield _ids(product, product, found)


def _ids(holder: Document, product: Document, found: Found) -> dict[str, str]:
    """The offering and the specification, named or the offering's, of a product or item."""
    offering = id_at(holder, "productOffering")
    offered = found.get("productOffering", offering) or {}
    specification = id_at(product, "productSpecification") or id_at(offered, "productSpecification")
    ids = {"productOffering": offering, "productSpecification": specification}
    return {resource: id for resource, id in ids.items() if id is not None}


def _products(order: Document, items: list[Item], found: Found, context: RuleContext) -> list[Document] | None:
    """What the customer has and has not ended; None when it is not, or not wholly, known."""
    parties = {party.id for party in found.parties if party.is_customer}
    parties |= {one["id"] for one in found.customers()}
    engaged = {id_at(one, "engagedParty") for one in found.customers()}
    parties |= {id for id in engaged if id is not None}
    accounts = {id_at(holder, "billingAccount") for holder in (order, *(item.document for item in items))} - {None}
    owned: list[Condition] = []
    if parties:
        path = FieldPath(("relatedParty", "partyOrPartyRole", "id"), Kind.STRING)
        owned.append(Compare(path, Operator.EQ, tuple(sorted(parties))))
    if accounts:
        path = FieldPath(("billingAccount", "id"), Kind.STRING, False)
        owned.append(Compare(path, Operator.EQ, tuple(sorted(id for id in accounts if id is not None))))
    if not owned or not context.library.serves("product"):
        return None
    running = Compare(FieldPath(("status",), Kind.STRING, False), Operator.NE, ENDED)
    listed = context.library.find("product", AllOf((running, AnyOf(tuple(owned)))), _PRODUCTS_MAX)
    return listed if len(listed) < _PRODUCTS_MAX else None


def _outcome(items: list[Item], products: list[Document] | None, found: Found) -> Outcome:
    """What is had after the order; products that items name are known whoever's they are."""
    kept = {one["id"]: one for one in products or []}
    holdings, ended = [], []
    for item in items:
        action, product = action_of(item), found.product(item)
        if product is not None:
            kept.pop(product["id"], None)
        before = Holding(item, _ids(product, product, found), False) if product is not None else None
        after = {**(before.ids if before else {}), **_ids(item.document, product_of(item), found)}
        if action == "delete":
            ended += [before] if before else []
            continue
        is_new = is_chosen(item, found)
        if is_new and before is not None:
            ended.append(before)
            # The specification follows the offering that is chosen, unless that says none.
            after |= _ids(item.document, product_of(item), found)
        if action != "noChange" or product is not None:
            holdings.append(Holding(item, after, is_new))
    holdings += [Holding(None, _ids(one, one, found), False) for one in kept.values()]
    return Outcome(holdings, ended, products is not None)


def _broken(
    kind: Relating, entities: dict[tuple[str, str], Document], outcome: Outcome, found: Found
) -> Iterator[Problem]:
    for holding in outcome.holdings:
        id = holding.ids.get(kind.resource)
        entity = entities.get((kind.resource, id)) if id is not None else None
        if entity is None or id is None:
            continue
        if outcome.is_all_known:
            yield from _missing(kind, entity, holding, outcome, found)
        for one in _of_kind(entity, kind, _EXCLUDES, found):
            yield from _excluded(kind, id, str(one.get("id")), holding, outcome)


def _missing(kind: Relating, entity: Document, holding: Holding, outcome: Outcome, found: Found) -> Iterator[Problem]:
    """What a holding needs and nothing gives: its item's fault when it is new, else of the item that ends it."""
    needs = [[str(one.get("id"))] for one in _of_kind(entity, kind, _REQUIRES, found)]
    relied = [str(one.get("id")) for one in _of_kind(entity, kind, _RELIES, found)]
    needs += [relied] if relied else []
    for targets in needs:
        if any(outcome.has(kind.resource, id) for id in targets):
            continue
        names = " or ".join(repr(id[:80]) for id in targets)
        message = f"{kind.word} {str(entity['id'])[:80]!r} requires {names}"
        if holding.is_new and holding.item is not None:
            yield Problem(_pointer(holding.item, kind), "relation.required", message, holding.item.id)
            continue
        causes = [one.item for one in outcome.ended if one.ids.get(kind.resource) in targets and one.item is not None]
        for item in causes[:1]:
            yield Problem(f"{item.pointer}/product/id", "relation.needed", f"{message}, and it stays", item.id)


def _excluded(kind: Relating, id: str, target: str, holding: Holding, outcome: Outcome) -> Iterator[Problem]:
    """Two that exclude each other, at the item that is new; declared by either of them."""
    for other in outcome.holdings:
        if other is holding or other.ids.get(kind.resource) != target or not (holding.is_new or other.is_new):
            continue
        at = holding if holding.is_new else other
        assert at.item is not None, "what is new is an item"
        message = f"{kind.word} {id[:80]!r} and {target[:80]!r} exclude each other"
        yield Problem(_pointer(at.item, kind), "relation.excluded", message, at.item.id)
        return


def _pointer(item: Item, kind: Relating) -> str:
    """Where an item says what it is of; the specification may be its offering's."""
    if kind.resource == "productOffering" or id_at(product_of(item), "productSpecification") is None:
        return f"{item.pointer}/productOffering/id" if offering_id(item) is not None else item.pointer
    return f"{item.pointer}/product/{kind.resource}/id"
