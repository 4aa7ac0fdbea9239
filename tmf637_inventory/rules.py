"""TMF637 v5.0.0 products: what the contract cannot say.

- `aborted` has one spelling here; the official files write it with a blank at the end and both are accepted.
- Becoming active sets the start date, becoming terminated the termination date (product state diagram); a product
  ends no earlier than it starts.
- Offering and specification fit: where the offering is here, it is of the specification that the product names.
- A product is not charged to an account that is closed.
- A price of the catalogue stays the version that it was (`prices.py`).
- A price by value recurs in periods that can be billed; those of the catalogue are judged there.
- No product is a part of itself (`product`, and the relationships bundles and bundledBy).
- Only what never ran or has ended may be deleted; a proposal, the standard has no rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.cycles import PERIOD_WORDS, recurring
from common.domain.query import Document
from common.errors import Conflict
from common.rules import Link, check_no_cycle, check_order_of_dates, check_period, reference_id, same
from tmf637_inventory.history import forget, note
from tmf637_inventory.prices import keep_versions

# How priceType, free text in the standard, says that a price recurs, or lowers one that does.
_RECURRING = ("recur", "discount")
_DELETABLE = frozenset({"created", "aborted", "cancelled", "terminated"})


def on_create(product: Document, context: RuleContext) -> None:
    _spell_status(product)
    _check_itself(product, context)
    _check_periods({}, product, context)
    _check_catalog(product, context)
    _check_account(product, context)
    if not context.violations and product.get("status") == "active":
        product.setdefault("startDate", instant_text(context.now))
    if not context.violations:
        keep_versions({}, product, context)
        note(None, product, context)


def on_patch(before: Document, after: Document, context: RuleContext) -> None:
    _spell_status(after)
    _check_itself(after, context)
    _check_periods(before, after, context)
    if not (same(before, after, "productOffering") and same(before, after, "productSpecification")):
        _check_catalog(after, context)
    if not same(before, after, "billingAccount"):
        _check_account(after, context)
    if not context.violations and before.get("status") != after.get("status"):
        _stamp_move(after, context.now)
    if not context.violations:
        keep_versions(before, after, context)
        note(before, after, context)


def on_delete(product: Document, context: RuleContext) -> None:
    status = product.get("status")
    if status not in _DELETABLE:
        raise Conflict(f"product {product['id'][:80]!r} is {status}; terminate it first, then it can be deleted")
    forget(product["id"], context)


def _spell_status(product: Document) -> None:
    """In place, in the products inside as well: the official enum value is `"aborted "`."""
    status = product.get("status")
    if isinstance(status, str) and status != status.strip():
        product["status"] = status.strip()
    for part in _parts(product):
        _spell_status(part)


def _stamp_move(product: Document, now: datetime) -> None:
    moment = instant_text(now)
    if product.get("status") == "active":
        product.setdefault("startDate", moment)
    elif product.get("status") == "terminated":
        # A planned end gives way to the real one; an end that lies back (backdated) stands; what never started
        # ends where it would have started, so that its life is empty and not reversed.
        ended = min(product.get("terminationDate", moment), moment, key=_as_instant)
        product["terminationDate"] = max(product.get("startDate", ended), ended, key=_as_instant)


def _as_instant(text: str) -> str:
    """Stored date-times sort as the instants do once the `Z` is cut off (`clock.normal_instant`)."""
    return text.rstrip("Z")


def _check_itself(product: Document, context: RuleContext) -> None:
    check_order_of_dates(product, "startDate", "terminationDate", context)
    check_period(product, "productTerm.validFor", context)
    # Without a turn (`rules.change_in_turn`), or every order of a bundle would wait for all others. A cycle that two
    # changes at once might close stops nothing: whoever follows parts sees each product once.
    check_no_cycle(product, context, resource="product", parents=_wholes, children=_contents)


def _check_periods(before: Document, product: Document, context: RuleContext) -> None:
    had = before.get("productPrice", ())
    for index, entry in enumerate(product.get("productPrice", ())):
        word, kind = entry.get("recurringChargePeriod"), str(entry.get("priceType", "")).casefold()
        is_judged = word and kind.startswith(_RECURRING) and reference_id(entry, "productOfferingPrice") is None
        if is_judged and entry not in had and recurring(word) is None:
            context.refuse(f"/productPrice/{index}/recurringChargePeriod", "price", PERIOD_WORDS)


def _check_catalog(product: Document, context: RuleContext) -> None:
    offering_id, specification_id = (
        reference_id(product, "productOffering"),
        reference_id(product, "productSpecification"),
    )
    if context.settings.reference_mode == "off" or offering_id is None or specification_id is None:
        return
    offering = context.library.get("productOffering", offering_id)
    expected = reference_id(offering, "productSpecification") if offering is not None else None
    if expected is not None and expected != specification_id:
        message = f"the offering {offering_id[:80]!r} is of the specification {expected[:80]!r}; name that one or none"
        context.refuse("/productSpecification/id", "specification", message)


def _check_account(product: Document, context: RuleContext) -> None:
    id = reference_id(product, "billingAccount")
    if context.settings.reference_mode == "off" or id is None:
        return
    assert context.share is not None, "products are changed where accounts are stored"
    account = context.share("billingAccount", id)
    if account is not None and str(account.get("state", "")).casefold() == "closed":
        context.refuse("/billingAccount/id", "account", "the account is closed; name one that can be billed")


def _contents(product: Document) -> Iterator[Link]:
    """The products that this one says it consists of, at any depth of nested values."""
    yield from _related(product, "bundles")
    yield from _nested(product, "")


def _wholes(product: Document) -> Iterator[Link]:
    yield from _related(product, "bundledBy")


def _related(product: Document, relationship: str) -> Iterator[Link]:
    for index, related in enumerate(product.get("productRelationship", ())):
        if related.get("relationshipType") == relationship and isinstance(related.get("id"), str):
            yield Link(f"/productRelationship/{index}/id", related["id"])


def _nested(product: Document, pointer: str) -> Iterator[Link]:
    for index, part in enumerate(_parts(product)):
        here = f"{pointer}/product/{index}"
        if isinstance(part.get("id"), str):
            yield Link(f"{here}/id", part["id"])
        yield from _nested(part, here)


def _parts(product: Document) -> list[dict[str, Any]]:
    parts = product.get("product", ())
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
