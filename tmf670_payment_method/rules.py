"""TMF670 v4.0.0 payment methods: what the contract cannot say.

- `@type` is one of the kinds that the contract lists, and what its definition of the kind requires is there.
- A full card number is refused wherever it stands, and so are the check digits of a card: neither is ever stored, told
  in an event or logged. Cards are kept by their tokens.
- One method of an account is preferred; it is the account's `defaultPaymentMethod`.
- The kind of a method stays what it is.
"""

from __future__ import annotations

from typing import Any

from common.component import RuleContext
from common.domain.cards import card_numbers
from common.domain.clock import instant_text
from common.domain.query import AllOf, Compare, Document, FieldPath, Kind, Operator
from common.rules import check_period, reference_id, same
from tmf670_payment_method.kinds import kind_of, kinds, required

TOKENISE = "a full card number is not taken; have the card tokenised by the payment provider and send the token"
# Accounts by which bills are paid, and methods of one of them: more than anybody has.
_METHODS_MAX = 1_000
_ACCOUNT = "billingAccount"


def on_create(method: Document, context: RuleContext) -> None:
    kind = kind_of(method)
    if kind in kinds():
        method["@type"] = kind
    else:
        context.refuse("/@type", "kind", f"a payment method is one of {', '.join(kinds())}")
    for name in required(kind):
        if name not in method:
            context.refuse(f"/{name}", "required", f"a {kind} has a {name}")
    _check(method, context)
    method.setdefault("statusDate", instant_text(context.now))
    context.settle()
    _follow({}, method, context)


def on_patch(before: Document, after: Document, context: RuleContext) -> None:
    if not same(before, after, "@type"):
        context.refuse("/@type", "immutable", "the kind of a payment method stays; make another one instead")
    for name in required(kind_of(after)):
        if name not in after:
            context.refuse(f"/{name}", "required", f"a {kind_of(after)} has a {name}")
    _check(after, context)
    if not same(before, after, "status") and same(before, after, "statusDate"):
        after["statusDate"] = instant_text(context.now)
    context.settle()
    _follow(before, after, context)


def on_delete(method: Document, context: RuleContext) -> None:
    _follow(method, {}, context)


def _check(method: Document, context: RuleContext) -> None:
    for pointer in card_numbers(method):
        context.refuse(pointer, "card-number", TOKENISE)
    if "cvv" in method:
        context.refuse("/cvv", "card-number", "the check digits of a card are not taken; leave them out")
    check_period(method, "validFor", context)


def _follow(before: Document, after: Document, context: RuleContext) -> None:
    """The accounts' default methods after a change of this one."""
    if context.update is None or context.hold is None:
        return
    was, is_now = _preferred_by(before), _preferred_by(after)
    id = (after or before)["id"]
    for account in sorted(was | is_now):
        held = context.hold(_ACCOUNT, account)
        if held is None:
            continue
        if account in is_now:
            _prefer(account, held, after, context)
        elif reference_id(held, "defaultPaymentMethod") == id:
            context.update(_ACCOUNT, account, {"defaultPaymentMethod": None})


def _prefer(account: str, held: Document, method: Document, context: RuleContext) -> None:
    assert context.update is not None, "asked by the caller"
    of_account = Compare(FieldPath(("account", "id"), Kind.STRING, many=True), Operator.EQ, (account,))
    for other in context.library.find("paymentMethod", AllOf((of_account,)), _METHODS_MAX):
        if other["id"] != method["id"] and other.get("isPreferred") is True:
            context.update("paymentMethod", other["id"], {"isPreferred": False})
    reference: dict[str, Any] = {"@type": "PaymentMethodRef", "id": method["id"], "name": method["name"]}
    reference["@referredType"] = "PaymentMethod"
    if held.get("defaultPaymentMethod") != reference:
        context.update(_ACCOUNT, account, {"defaultPaymentMethod": reference})


def _preferred_by(method: Document) -> set[str]:
    """The accounts that pay by a method unless something else is said."""
    if method.get("isPreferred") is not True or str(method.get("status", "")).casefold() != "active":
        return set()
    return {one["id"] for one in method.get("account", ()) if isinstance(one.get("id"), str)}
