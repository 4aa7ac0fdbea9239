"""What the steps of dunning do: tell, restrict, order a suspension or an end, write off; and take a suspension back.

Products are changed by product orders only (TMF622), one for each product, so that one that cannot be carried out
stops no other. The account shows the step (`dunningStep`), and its event tells whoever writes to customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.query import AllOf, Compare, Document, FieldPath, Kind, Operator
from tmf676_payment.accounts import ACCOUNT, offered
from tmf676_payment.policy import REMINDER, RESTRICT, SUSPEND, TERMINATE, WRITE_OFF

# What the account shows of the last step; an attribute of ours.
SHOWN = "dunningStep"
ORDER, PRODUCT = "productOrder", "product"
# Products of one account: more than anybody has.
PRODUCTS_MAX = 10_000
_STATUS = {
    REMINDER: "inArrears",
    RESTRICT: "restricted",
    SUSPEND: "suspended",
    TERMINATE: "terminated",
    WRITE_OFF: "writtenOff",
}
# States of an account in which it may be suspended, or made active again (TMF666).
_ACTIVE, _SUSPENDED = "Active", "Suspended"
_UNDER_WAY = frozenset(
    {"acknowledged", "inProgress", "held", "pending", "assessingCancellation", "pendingCancellation"}
)
_SUSPENDABLE, _ENDABLE = ("active",), ("active", "suspended")


def take(
    context: RuleContext, account: str, document: Document, bills: Sequence[Any], action: str, cause: str
) -> list[dict[str, str]]:
    """Take a step; the orders that it made, each with its product."""
    orders: list[dict[str, str]] = []
    changes: dict[str, Any] = {"paymentStatus": _STATUS[action]}
    if action == SUSPEND:
        orders = _order(context, account, _products(context, account, _SUSPENDABLE), "suspended", cause)
        if document.get("state") == _ACTIVE:
            changes["state"] = _SUSPENDED
    elif action == TERMINATE:
        orders = _order(context, account, _products(context, account, _ENDABLE), None, cause)
    elif action == WRITE_OFF:
        _write_off(context, bills, cause)
    total = sum((one.collectable.amount for one in bills), bills[0].collectable.amount * 0)
    shown = {
        "step": action,
        "at": instant_text(context.now),
        "amount": {"unit": bills[0].remaining.currency, "value": total},
        "bill": [{"id": one.id, "billNo": one.number} for one in bills],
    }
    show(context, account, document, {**changes, SHOWN: shown})
    return orders


def resume(
    context: RuleContext, account: str, document: Document, taken: Iterable[Mapping[str, Any]], cause: str
) -> bool:
    """Order that what the steps of a case suspended is active again; False while that has to wait."""
    suspended = [order for step in taken if step["action"] == SUSPEND for order in step["orders"]]
    orders = context.library.get_many(ORDER, {one["order"] for one in suspended})
    if any(one.get("state") in _UNDER_WAY for one in orders.values()):
        return False
    products = context.library.get_many(PRODUCT, {one["product"] for one in suspended})
    asleep = [products[id] for id in sorted(products) if products[id].get("status") == "suspended"]
    _order(context, account, asleep, "active", cause)
    if document.get("state") == _SUSPENDED and any(step["action"] == SUSPEND for step in taken):
        show(context, account, document, {"state": _ACTIVE})
    return True


def show(context: RuleContext, account: str, document: Document, changes: Mapping[str, Any]) -> None:
    """The account's document, when it is here."""
    assert context.update is not None, "accounts change where they are stored"
    if document:
        context.update(ACCOUNT, account, changes)


# -- the parts --------------------------------------------------------------------------------------------------------


def _products(context: RuleContext, account: str, states: tuple[str, ...]) -> list[Document]:
    of_account = Compare(FieldPath(("billingAccount", "id"), Kind.STRING, many=False), Operator.EQ, (account,))
    in_state = Compare(FieldPath(("status",), Kind.STRING, many=False), Operator.EQ, states)
    found = context.library.find(PRODUCT, AllOf((of_account, in_state)), PRODUCTS_MAX)
    return sorted(found, key=lambda one: str(one["id"]))


def _order(
    context: RuleContext, account: str, products: Sequence[Document], status: str | None, cause: str
) -> list[dict[str, str]]:
    """An order for each product that it be in this status; None: that it end."""
    assert context.create is not None, "orders are made where they are stored"
    if not context.library.serves(ORDER):
        return []
    made = []
    for product in products:
        id = product["id"]
        item = {
            "@type": "ProductOrderItem",
            "id": "1",
            "action": "delete" if status is None else "modify",
            "quantity": 1,
            "product": {"@type": "ProductRef", "id": id} if status is None else _wanted(id, status),
        }
        order = context.create(
            ORDER,
            {
                "description": f"Dunning of account {account}: {'terminate' if status is None else status}",
                "category": "dunning",
                "externalId": [_external(f"{cause}/{id}")],
                "billingAccount": {"@type": "BillingAccountRef", "id": account, "@referredType": "BillingAccount"},
                "productOrderItem": [item],
            },
        )
        made.append({"order": order["id"], "product": id})
    return made


def _external(id: str) -> dict[str, str]:
    return {"@type": "ExternalIdentifier", "id": id, "externalIdentifierType": "dunning"}


def _wanted(id: str, status: str) -> dict[str, str]:
    return {"@type": "Product", "id": id, "status": status}


def _write_off(context: RuleContext, bills: Sequence[Any], cause: str) -> None:
    corrections = offered(context, "corrections")
    if corrections is None:
        return
    for bill in bills:
        corrections.write_off(context, bill.id, bill.collectable, reason=f"dunning {cause}")
