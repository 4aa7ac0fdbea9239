"""TMF666 v5.0.0 accounts: what the contract cannot say.

- A period ends no earlier than it starts (TMF630 TimePeriod).
- An account that something still runs on is not closed: products that have not ended, bills that are not settled, and
  for a financial account the accounts that it stands behind.
- No account contains itself (`accountRelationship` of the type `contains`, or `containedIn` from the other end).
- The bill structure is of one piece: no medium twice, and a cycle specification that is here is valid now.
- What an account is kept on, or put under, is not closed already.
- An account that owes, or is owed, is not closed.
- Balances that the ledger keeps are not patched; those that an account is created with are its opening balance.
- How it is billed and pays can be read (`preferences`). Billing is told of billing accounts that are made or changed.
- What was billed is not cut again: neither the time zone of an account that was billed is another one, nor the cycle of
  a specification that accounts were billed by.
Apart from the first, proposals: the standard has no text on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from common.component import RuleContext
from common.domain.money import money_of
from common.domain.periods import covers
from common.domain.query import AllOf, Compare, Condition, Document, FieldPath, Kind, Operator
from common.errors import Conflict
from common.rules import Link, change_in_turn, check_no_cycle, check_period, reference_id, same
from tmf666_account.ledger.journal import ACCOUNT, is_in_books, kept_balances
from tmf666_account.preferences import (
    check_cycle,
    check_cycle_in_use,
    check_cycle_patch,
    check_payment_method,
    check_preferences,
)

ACCOUNTS = ("billingAccount", "partyAccount", "settlementAccount", "financialAccount")
_PERIODS = (
    "accountBalance.validFor",
    "accountRelationship.validFor",
    "contact.validFor",
    "contact.contactMedium.validFor",
    "paymentPlan.validFor",
    "taxExemption.validFor",
    "taxExemption.taxDefinition.validFor",
)
# How many of what keeps an account open the refusal names.
_NAMED_MAX = 5


@dataclass(frozen=True)
class _User:
    """A resource that runs on an account: by which reference, and in which states it has come to its end."""

    resource: str
    reference: str
    attribute: str
    ended: tuple[str, ...]

    def open_on(self, id: str) -> tuple[str, Condition, int]:
        """What to find: those that refer to the account and have not ended."""
        refers = Compare(FieldPath((self.reference, "id"), Kind.STRING, many=False), Operator.EQ, (id,))
        runs = Compare(FieldPath((self.attribute,), Kind.STRING, many=False), Operator.NE, self.ended)
        return self.resource, AllOf((refers, runs)), _NAMED_MAX


# States: TMF637 ProductStatusType, TMF678 CustomerBillStateType, and both usual spellings of a closed account.
_USERS = {
    "billingAccount": (
        _User("product", "billingAccount", "status", ("aborted", "cancelled", "terminated")),
        _User("customerBill", "billingAccount", "state", ("settled",)),
    ),
    "financialAccount": (
        _User("customerBill", "financialAccount", "state", ("settled",)),
        *(_User(kept, "financialAccount", "state", ("Closed", "closed")) for kept in ACCOUNTS[:3]),
    ),
}


class BalanceLeft(Conflict):
    """Money is owed on an account that is to be closed."""

    code, reason = "account.balance", "The account has a balance"

    def __init__(self, resource: str, id: str, balances: list[str]) -> None:
        super().__init__(
            f"{resource} {id[:80]!r} cannot be closed: {', '.join(balances[:_NAMED_MAX])}; "
            "collect, refund or write off what is left first"
        )


def on_create_account(account: Document, context: RuleContext) -> None:
    _check_itself(None, account, context)
    _check_financial_account(account, context)
    _check_cycle_specification(account, context)
    if context.resource == ACCOUNT:
        check_cycle_in_use(account, context)
    check_payment_method(account, context)
    _tell_billing(account, context)


def on_patch_account(before: Document, after: Document, context: RuleContext) -> None:
    _check_itself(before, after, context)
    if not same(before, after, "financialAccount"):
        _check_financial_account(after, context)
    if not same(before, after, "billStructure"):
        _check_cycle_specification(after, context)
        if context.resource == ACCOUNT:
            check_cycle_in_use(after, context)
    if not same(before, after, "defaultPaymentMethod"):
        check_payment_method(after, context)
    _check_balances(before, after, context)
    billing = _billing(context) if context.resource == ACCOUNT else None
    if billing is not None:
        billing.check_zone(context, before, after)
    if is_closed(after) and not is_closed(before):
        _require_nothing_open(after, context)
        _require_no_balance(before, context)
    _tell_billing(after, context)


def on_create_cycle_specification(specification: Document, context: RuleContext) -> None:
    _check_specification(specification, context)
    if (billing := _billing(context)) is not None:
        billing.check_cycle(context, specification)


def on_patch_cycle_specification(before: Document, after: Document, context: RuleContext) -> None:
    _check_specification(after, context)
    check_cycle_patch(before, after, context)
    if (billing := _billing(context)) is not None:
        billing.check_cycle(context, after, before)


def is_closed(account: Document) -> bool:
    """The state is free text: any spelling of Closed counts."""
    return str(account.get("state", "")).casefold() == "closed"


def _check_specification(specification: Document, context: RuleContext) -> None:
    check_period(specification, "validFor", context)
    check_cycle(specification, context)


def _check_itself(before: Document | None, account: Document, context: RuleContext) -> None:
    for path in _PERIODS:
        check_period(account, path, context)
    _check_media(account, context)
    check_preferences(account, context)
    above, below = partial(_related, "containedIn", context), partial(_related, "contains", context)
    change_in_turn(before, account, context, "account", "accountRelationship")
    check_no_cycle(account, context, resource=ACCOUNTS, parents=above, children=below)


def _related(relationship: str, context: RuleContext, account: Document) -> Iterator[Link]:
    """Relationships that hold now: what contained another account until last year may be contained in it today."""
    for index, related in enumerate(account.get("accountRelationship", ())):
        id = reference_id(related, "account")
        if related.get("relationshipType") == relationship and id and covers(related.get("validFor"), context.now):
            yield Link(f"/accountRelationship/{index}/account/id", id)


def _check_media(account: Document, context: RuleContext) -> None:
    seen: set[str] = set()
    for index, medium in enumerate(_structure(account).get("presentationMedia", ())):
        id = medium.get("id")
        if isinstance(id, str) and id in seen:
            context.refuse(f"/billStructure/presentationMedia/{index}/id", "unique", "this medium is listed already")
        elif isinstance(id, str):
            seen.add(id)


def _check_cycle_specification(account: Document, context: RuleContext) -> None:
    id = reference_id(_structure(account), "cycleSpecification")
    if context.settings.reference_mode == "off" or id is None:
        return
    specification = context.library.get("billingCycleSpecification", id)
    if specification is not None and not covers(specification.get("validFor"), context.now):
        message = "this billing cycle specification is not valid now; name one that is"
        context.refuse("/billStructure/cycleSpecification/id", "validity", message)


def _check_financial_account(account: Document, context: RuleContext) -> None:
    id = reference_id(account, "financialAccount")
    if context.settings.reference_mode == "off" or id is None:
        return
    assert context.share is not None, "accounts are changed where accounts are stored"
    financial = context.share("financialAccount", id)
    if financial is not None and is_closed(financial):
        context.refuse("/financialAccount/id", "account", "the financial account is closed; name one that is open")


def _check_balances(before: Document, after: Document, context: RuleContext) -> None:
    if context.resource != ACCOUNT or context.records is None or kept_balances(before) == kept_balances(after):
        return
    if is_in_books(context.records, after["id"]):
        context.refuse("/accountBalance", "balance", "the ledger keeps these balances; leave them as they are")


def _require_no_balance(account: Document, context: RuleContext) -> None:
    """Errors: BalanceLeft."""
    left = []
    for balance in account.get("accountBalance", ()):
        stated = money_of(balance.get("amount"))
        if stated is not None and not stated.is_zero and covers(balance.get("validFor"), context.now):
            left.append(f"{balance.get('balanceType', 'balance')} is {stated.amount:f} {stated.currency}")
    if left:
        raise BalanceLeft(context.resource, account["id"], left)


def _tell_billing(account: Document, context: RuleContext) -> None:
    billing = _billing(context) if context.resource == ACCOUNT else None
    if billing is not None:
        billing.expect(context, account)


def _billing(context: RuleContext) -> Any:
    """Whoever bills, of whom nothing is asked about what is refused already."""
    return context.offered("billing") if context.offered is not None and not context.violations else None


def _structure(account: Document) -> dict[str, Any]:
    structure = account.get("billStructure")
    return structure if isinstance(structure, dict) else {}


def _require_nothing_open(account: Document, context: RuleContext) -> None:
    """Errors: Conflict naming the first few products, bills and accounts that keep the account open."""
    if context.settings.reference_mode == "off":
        return
    users: list[str] = []
    for user in _USERS.get(context.resource, ()):
        users += [f"{user.resource} {found['id']}" for found in context.library.find(*user.open_on(account["id"]))]
    if users:
        raise Conflict(
            f"{context.resource} {account['id'][:80]!r} cannot be closed: {', '.join(users[:_NAMED_MAX])} "
            f"{'is' if len(users) == 1 else 'are'} still open on it"
        )
