"""TMF676 v4.0.0 payments and refunds: what the contract cannot say.

- What is paid (`totalAmount`, and of an item its amount) is above zero and in whole minor units of one currency.
- That is the currency that the account is billed in, where one is known, or of a bill that is open on the account.
- A payment by a means that a provider collects (a card's token, a wallet, a debit) is asked of the provider, and starts
  as pendingAuthorization. One that says its authorizationCode, or is made by other means, was made already: done.
- A means that is referred to and not here pays nothing: the payment is kept as failed (reference mode `process`).
- What `paymentItem` names is paid first; the rest pays the longest due. A named bill is of the payment's account and
  currency; one that is not here leaves its part as credit.
- A `correlatorId` counts once. A full card number is refused.
- A refund pays back a payment that is done, or else credit of the account. One of more than there is fails.
Nothing of a payment or refund ever changes by a client: the contract has no patch and no delete.
"""

from __future__ import annotations

from decimal import Decimal

from common.component import RuleContext
from common.domain.cards import card_numbers
from common.domain.clock import instant_text
from common.domain.money import Money, is_currency, money_of
from common.domain.query import Document
from common.errors import Conflict
from common.rules import check_currency, reference_id
from tmf676_payment import credit, returns
from tmf676_payment.accounts import entity_of, hold, offered, table
from tmf676_payment.charges import begin
from tmf676_payment.credit import Received, Told
from tmf676_payment.dunning.wake import paid as paid_on
from tmf676_payment.items import items, told_of
from tmf676_payment.methods import means_of
from tmf676_payment.returns import NothingToRefund
from tmf676_payment.tables import KEYS, RETURNS

# Far beyond any bill, and exact on both databases.
AMOUNT_MAX = 10**15
_ITEMS_MAX = 1_000
_TOKENISE = "a full card number is not taken; have the card tokenised by the payment provider and send the token"
BILL = "customerBill"


class Duplicate(Conflict):
    """The same payment or refund of its sender, again."""

    code, reason = "payment.duplicate", "It was made already"


class OtherCurrency(Conflict):
    """Money that would pay nothing: the account has one currency."""

    code, reason = "currency.other", "Another currency"

    def __init__(self, account: str, expected: str, given: str) -> None:
        super().__init__(
            f"billingAccount {account[:80]!r} is billed in {expected}; pay it in {expected}, not in {given}"
        )


def on_create_payment(payment: Document, context: RuleContext) -> None:
    """Errors: Duplicate; OtherCurrency."""
    amount = _check(payment, context)
    told = _told(payment, amount, context)
    context.settle()
    assert amount is not None, "refused else"
    payment["statusDate"] = instant_text(context.now)
    if context.records is None:
        return
    _claim(payment, context)
    account = payment["account"]["id"]
    document = hold(context, account)
    _require_currency(account, document, amount, context)
    means = means_of(payment.get("paymentMethod") or {}, context)
    is_made = "authorizationCode" in payment or not (means.is_collected or means.problem)
    if not is_made and means.problem:
        payment["status"], payment["statusReason"] = "failed", means.problem
    elif not is_made:
        payment["status"] = "pendingAuthorization"
        begin(context, "payment", payment["id"], account, amount, means)
    else:
        entity = entity_of(document, context)
        received = Received(payment["id"], account, entity, amount, str(payment.get("name", "")))
        paid = credit.receive(context, received, told)
        payment |= {"status": "done", "paymentDate": instant_text(context.now), **items(payment, paid)}
        paid_on(context, account)


def on_create_refund(refund: Document, context: RuleContext) -> None:
    """Errors: Duplicate."""
    if context.records is not None and table(context, RETURNS.name).find({"refund": refund["id"]}, limit=1):
        return  # a charge-back, which shows itself as a refund
    amount = _check(refund, context)
    context.settle()
    assert amount is not None, "refused else"
    refund["statusDate"] = instant_text(context.now)
    if context.records is None:
        return
    _claim(refund, context)
    account = refund["account"]["id"]
    document = hold(context, account)
    try:
        returns.refund(refund, amount, entity_of(document, context), context)
    except NothingToRefund as problem:
        refund["status"], refund["statusReason"] = "failed", str(problem)


# -- the parts --------------------------------------------------------------------------------------------------------


def _check(document: Document, context: RuleContext) -> Money | None:
    """What is paid, when it can be."""
    for pointer in card_numbers(document):
        context.refuse(pointer, "card-number", _TOKENISE)
    method = document.get("paymentMethod")
    if isinstance(method, dict) and "cvv" in method:
        context.refuse("/paymentMethod/cvv", "card-number", "the check digits of a card are not taken; leave them out")
    total = _positive(document, "totalAmount", "/totalAmount", context)
    return total


def _positive(holder: Document, name: str, pointer: str, context: RuleContext) -> Money | None:
    money = money_of(holder.get(name))
    if money is None:
        context.refuse(pointer, "amount", "say how much, as in {unit: EUR, value: 10}")
        return None
    if not is_currency(money.currency):
        check_currency(money.currency, f"{pointer}/unit", context)
        return None
    if not 0 < money.amount < AMOUNT_MAX or money.rounded() != money:
        problem = f"give an amount above zero in whole minor units of {money.currency[:20]}"
        context.refuse(f"{pointer}/value", "amount", problem)
        return None
    return money


def _require_currency(account: str, document: Document, amount: Money, context: RuleContext) -> None:
    """The account is held. Errors: OtherCurrency."""
    billing, receivables = offered(context, "billing"), offered(context, "receivables")
    expected = None if billing is None else billing.currency(account, document)
    if expected is None or amount.currency == expected:
        return
    # Bills that were loaded may be in another currency than what is billed here.
    is_open = (bill.remaining.currency == amount.currency for bill in receivables.open(context, account))
    if not any(is_open):
        raise OtherCurrency(account, expected, amount.currency)


def _told(payment: Document, amount: Money | None, context: RuleContext) -> list[Told]:
    """The bills that it names, as far as they are here asked whether they fit."""
    listed = payment.get("paymentItem", ())
    if len(listed) > _ITEMS_MAX:
        context.refuse("/paymentItem", "maxItems", f"a payment names {_ITEMS_MAX} bills at most")
        return []
    told = told_of(payment)
    for index, one in enumerate(listed):
        if "amount" in one or "totalAmount" in one:
            name = "totalAmount" if "totalAmount" in one else "amount"
            part = _positive(one, name, f"/paymentItem/{index}/{name}", context)
            if part is not None and amount is not None and part.currency != amount.currency:
                problem = f"the payment is in {amount.currency[:20]}"
                context.refuse(f"/paymentItem/{index}/{name}", "currency", problem)
    stated = sum((one.amount.amount for one in told if one.amount is not None), Decimal(0))
    if amount is not None and stated > amount.amount:
        context.refuse("/paymentItem", "sum", "the items come to more than totalAmount; lower one of them")
    if context.settings.reference_mode != "off":
        _check_bills(payment, told, amount, context)
    return told


def _check_bills(payment: Document, told: list[Told], amount: Money | None, context: RuleContext) -> None:
    bills = context.library.get_many(BILL, {one.bill for one in told})
    strict = context.settings.reference_mode == "strict" and context.library.serves(BILL)
    for index, one in enumerate(payment.get("paymentItem", ())):
        id = reference_id(one, "item")
        bill = bills.get(id or "")
        pointer = f"/paymentItem/{index}/item/id"
        if bill is None:
            if strict:
                context.refuse(pointer, "reference", f"there is no {BILL} with id {str(id)[:80]!r}")
            continue
        if reference_id(bill, "billingAccount") != payment["account"]["id"]:
            context.refuse(pointer, "account", "the bill is of another account; pay it by a payment of that account")
        due = money_of(bill.get("amountDue")) or money_of(bill.get("taxIncludedAmount"))
        if due is not None and amount is not None and due.currency != amount.currency:
            context.refuse("/totalAmount/unit", "currency", f"the bill is in {due.currency}; pay it in {due.currency}")


def _claim(document: Document, context: RuleContext) -> None:
    external = document.get("correlatorId")
    if not isinstance(external, str):
        return
    keys = table(context, KEYS.name)
    row = {"resource": context.resource, "external": external, "document": document["id"]}
    if not keys.insert_new([row]):
        known = keys.get(context.resource, external)
        assert known is not None, "what could not be inserted is there"
        raise Duplicate(f"{external[:80]!r} is {context.resource} {known['document']}; it counts once")
