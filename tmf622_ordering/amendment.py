"""An order in flight amended by PATCH: what may still change, item by item.

| the item is | may change |
| --- | --- |
| acknowledged: nothing of it has begun | everything; it may also be left out |
| pending or held | how the product is configured: characteristics, place, terms |
| anything else | nothing that is delivered |

Items may be added while the order is open. What is amended is checked as on capture, and refused where it does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.component import RuleContext
from common.domain.query import Document
from common.errors import Conflict
from tmf622_ordering.capture.accept import assess
from tmf622_ordering.capture.quote import Quote, write
from tmf622_ordering.items import Item, flat
from tmf622_ordering.lifecycle import ACKNOWLEDGED, ITEM, ORDER

_CHOSEN = ("action", "quantity", "productOffering")
_CONFIGURED = ("itemTerm",)
_AGREED = ("itemPrice", "itemTotalPrice")
_AGREED_IN_ALL = "orderTotalPrice"
_CONFIGURED_PRODUCT = ("productCharacteristic", "place", "productSpecification")
_MAY_BE_CONFIGURED = frozenset({ACKNOWLEDGED, "pending", "held"})
_OPEN = frozenset({ACKNOWLEDGED, "inProgress", "inProgress.accepted", "pending", "held"})


def amend(before: Document, after: Document, context: RuleContext) -> bool:
    """Whether a patch changes what is ordered; what is new in it is acknowledged, in place.

    Problems are put into the context. Errors: Conflict naming the items that can no longer change.
    """
    old, new = ({item.id: item for item in flat(order)} for order in (before, after))
    for id in old.keys() & new.keys():
        for name in (*_AGREED, *_CONFIGURED):
            _keep(name, old[id].document, new[id].document)
    _keep(_AGREED_IN_ALL, before, after)
    changed = {id for id, item in new.items() if id not in old or _ordered(item) != _ordered(old[id])}
    gone = old.keys() - new.keys()
    if not changed and not gone:
        return False
    fixed = sorted(id for id in gone | changed if not _may_change(id, old, new, before))
    if fixed:
        raise Conflict(
            f"the productOrder is {before[ORDER.attribute]}: what it orders cannot change any more (items "
            f"{', '.join(fixed)[:200]}); send every item with its {', '.join(_CHOSEN)} and product as they are, or "
            "cancel the order"
        )
    for id in changed - old.keys():
        new[id].document[ITEM.attribute] = ACKNOWLEDGED
    _capture_again(after, changed, context)
    return True


def _capture_again(order: Document, changed: set[str], context: RuleContext) -> None:
    """What is amended is checked and priced anew; the other items keep what was agreed."""
    assessed = assess(order, context)
    for problem in assessed.problems:
        if problem.item_id in changed:
            context.refuse(problem.pointer, problem.code, problem.message)
    if not context.violations:
        lines = {id: lines for id, lines in assessed.quote.lines.items() if id in changed}
        write(order, assessed.items, Quote(lines), assessed.found)


def _keep(name: str, before: Document, after: Document) -> None:
    """What was agreed stands where a patch leaves it out. Errors: Conflict where a patch says otherwise."""
    if name not in before:
        return
    if name not in after:
        after[name] = before[name]
    elif name not in _CONFIGURED and after[name] != before[name]:
        raise Conflict(f"{name} was agreed when the order was captured and stands; amend what is ordered instead")


def _may_change(id: str, old: Mapping[str, Item], new: Mapping[str, Item], order: Document) -> bool:
    if id not in old:
        return order[ORDER.attribute] in _OPEN
    state = old[id].document.get(ITEM.attribute)
    if id not in new or _chosen(new[id]) != _chosen(old[id]):
        return state == ACKNOWLEDGED and order[ORDER.attribute] in _OPEN
    return state in _MAY_BE_CONFIGURED


def _ordered(item: Item) -> dict[str, Any]:
    product = item.document.get("product")
    configured = product if isinstance(product, dict) else {}
    return {
        **_chosen(item),
        **{name: item.document.get(name) for name in _CONFIGURED},
        **{f"product.{name}": configured.get(name) for name in _CONFIGURED_PRODUCT},
    }


def _chosen(item: Item) -> dict[str, Any]:
    return {name: item.document.get(name) for name in _CHOSEN}
