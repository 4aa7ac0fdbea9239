"""What other components may tell the ledger, in their own transaction (`Component.offers`: `ledger`).

    ledger = context.offered("ledger")
    ledger.bill_issued(context, bill=..., number=..., account=..., entity=..., at=..., currency=..., parts=[Part(...)])

Each answers whether it was entered: what is told twice counts once, by its cause (`bill/ID`, `payment/ID` ...). Ids are
those of the resources that the facts are about; `account` is the id of a billing account, whose document follows when
it is here; `entity` is the legal entity whose books these are. Amounts are positive and `at` is the clock's now, unless
it says otherwise (prepaid balances). What a fact is entered as: `entries`.

One transaction tells of one account, or of several in the order of their ids: the account is locked by the first call.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NotRequired, TypedDict, Unpack

from common.component import Recording, RuleContext
from common.domain.accounting import CUSTOMER_CREDIT, PREPAID_LIABILITY, RECEIVABLE, Entry, Part
from common.domain.money import Money
from common.store.audit import Values
from tmf666_account.ledger import deferrals, entries
from tmf666_account.ledger.journal import OPENING, Posting, owed, post
from tmf666_account.ledger.reading import Standing, Statement, balance, owed_by, statement, trial_balance
from tmf666_account.ledger.tables import BOOKS, DEFERRALS, ENTRIES, LINES, POSTINGS, SUMS


class Told(TypedDict):
    """On whose account, in whose books, when; `reference` is what people know the fact by, its id unless said."""

    account: str
    entity: str
    at: datetime
    reference: NotRequired[str]


class Ledger:
    """What is offered."""

    def __init__(self, records: Recording) -> None:
        self._records = records

    def foresee(self, accounts: Iterable[str]) -> None:
        """Bills of these accounts, which are held, are entered now."""
        wanted = tuple(sorted(set(accounts)))
        self._records(BOOKS.name).foresee({"account": wanted}, for_update=True)
        self._records(SUMS.name).foresee({"account": wanted}, for_update=True)
        self._records(DEFERRALS.name).foresee({"account": wanted, "is_open": True})
        for table in (POSTINGS, ENTRIES, LINES):
            self._records(table.name).foresee_new()

    def post(
        self, context: RuleContext, *, cause: str, kind: str, entries: Iterable[Entry], **told: Unpack[Told]
    ) -> bool:
        """Anything else. Debits and credits of each currency are equal (AssertionError)."""
        posting = Posting(cause, kind, told["account"], told["entity"], told["at"], told.get("reference", ""))
        return post(self._records, context, posting, entries)

    def owes(self, account: str, currency: str) -> Money:
        """What the customer owes in all: open bills less credit; negative when they have more credit."""
        totals = owed(self._records, account, currency)
        return totals[RECEIVABLE] + totals[CUSTOMER_CREDIT]

    def credit_of(self, account: str, currency: str) -> Money:
        """Credit of the customer that pays no bill yet; never negative unless something is wrong."""
        return -owed(self._records, account, currency)[CUSTOMER_CREDIT]

    def balance(self, account: str) -> dict[str, dict[str, Decimal]]:
        """What the entries of an account come to: currency -> ledger account -> amount, debits positive."""
        return balance(self._records, account)

    def owed_by(self, causes: Iterable[str]) -> dict[str, dict[str, Decimal]]:
        """What each of these causes (`bill/ID`) made the customer owe more, by currency; those not entered left out."""
        return owed_by(self._records, causes)

    def receivable_by(self, causes: Iterable[str]) -> dict[str, dict[str, Decimal]]:
        """What each of these causes entered as receivable, by currency; those not entered are left out."""
        return owed_by(self._records, causes, (RECEIVABLE,))

    def opening(self, account: str, currency: str) -> Money:
        """What was receivable of an account when its books were opened."""
        cause = f"{OPENING}/{account}"
        entered = self.receivable_by([cause]).get(cause, {})
        return Money(entered.get(currency, Decimal(0)), currency)

    def deferred(self, items: Iterable[str]) -> dict[str, Decimal]:
        """The net of each of these charges that is earned as its days go by; those earned at once are left out."""
        rows = self._records(DEFERRALS.name).get_many((item,) for item in items)
        return {row["item"]: row["net"] for row in rows.values()}

    def bill_numbers(self) -> Values:
        """The numbers of bills and credit notes that were entered."""
        return Values(POSTINGS.name, "reference", {"kind": ("bill", "credit")})

    def trial_balance(self, at: datetime | None = None) -> list[Standing]:
        """What every ledger account comes to before an instant, or now."""
        return trial_balance(self._records, at)

    def statement(self, account: str, since: datetime | None = None, until: datetime | None = None) -> Statement:
        """What an account owed at the start and the end, and every line between."""
        return statement(self._records, account, since, until)

    def bill_issued(
        self,
        context: RuleContext,
        *,
        bill: str,
        number: str,
        currency: str,
        parts: Iterable[Part],
        account: str,
        entity: str,
        at: datetime,
    ) -> bool:
        """A bill. Its parts may be negative; the sum of gross is what the customer owes.

        One whose sum is negative (a statement issued as a credit note) takes from the receivable; who issues it moves
        what no open bill takes to the customer's credit: `deallocated`.
        """
        made = Posting(f"bill/{bill}", "bill", account, entity, at, number)
        return deferrals.bill(self._records, context, made, tuple(parts), currency)

    def credit_issued(
        self,
        context: RuleContext,
        *,
        credit: str,
        number: str,
        currency: str,
        parts: Iterable[Part],
        applied: Money,
        account: str,
        entity: str,
        at: datetime,
    ) -> bool:
        """A credit note: `parts` are what is taken back (positive), each naming the billed item it `corrects`.

        `applied` is how much of its gross falls off open amounts of bills; the rest is the customer's credit.
        """
        made = Posting(f"credit/{credit}", "credit", account, entity, at, number)
        return deferrals.credit(self._records, context, made, tuple(parts), currency, applied)

    def payment_received(
        self, context: RuleContext, *, payment: str, amount: Money, fee: Money | None = None, **told: Unpack[Told]
    ) -> bool:
        """Money came in, whole with what the provider kept of it (`fee`); then say what it is `allocated` to."""
        return self._enter(context, "payment", payment, entries.payment_received(amount, fee), told)

    def allocated(self, context: RuleContext, *, allocation: str, amount: Money, **told: Unpack[Told]) -> bool:
        """Credit of the customer pays a bill (`reference`: its number). `allocation` is unique among allocations."""
        return self._enter(context, "allocation", allocation, entries.allocated(amount), told)

    def deallocated(self, context: RuleContext, *, allocation: str, amount: Money, **told: Unpack[Told]) -> bool:
        """What paid a bill is taken off it again and is the customer's credit. `allocation` is unique among these."""
        return self._enter(context, "deallocation", allocation, entries.deallocated(amount), told)

    def refunded(self, context: RuleContext, *, refund: str, amount: Money, **told: Unpack[Told]) -> bool:
        """Credit of the customer was paid out."""
        return self._enter(context, "refund", refund, entries.refunded(amount), told)

    def refund_promised(self, context: RuleContext, *, refund: str, amount: Money, **told: Unpack[Told]) -> bool:
        """Credit of the customer is to be paid out: it is none any more. `refund_paid` follows."""
        return self._enter(context, "refundPromise", refund, entries.refund_promised(amount), told)

    def refund_paid(self, context: RuleContext, *, refund: str, amount: Money, **told: Unpack[Told]) -> bool:
        """What was promised was paid out."""
        return self._enter(context, "refund", refund, entries.refund_paid(amount), told)

    def charged_back(
        self, context: RuleContext, *, payment: str, amount: Money, fee: Money | None = None, **told: Unpack[Told]
    ) -> bool:
        """The bank took a payment back, and the provider a `fee` besides. First `deallocated` what it paid."""
        return self._enter(context, "chargeback", payment, entries.charged_back(amount, fee), told)

    def written_off(
        self, context: RuleContext, *, write_off: str, net: Money, tax: Money, **told: Unpack[Told]
    ) -> bool:
        """A debt nobody will pay (`reference`: the bill's number); `tax` is what the state gives back of it."""
        return self._enter(context, "writeOff", write_off, entries.written_off(net, tax), told)

    def recovered(self, context: RuleContext, *, recovery: str, net: Money, tax: Money, **told: Unpack[Told]) -> bool:
        """A written-off debt is owed again because it is being paid; then say what is `allocated` to it."""
        return self._enter(context, "recovery", recovery, entries.recovered(net, tax), told)

    # What moved a prepaid balance in a day, of one kind: negative when more went the other way, `at` when the last did.
    # `posting` is unique.

    def topped_up(self, context: RuleContext, *, posting: str, amount: Money, **told: Unpack[Told]) -> bool:
        """Money came in for it."""
        return self._enter(context, "topUp", posting, entries.topped_up(amount), told)

    def prepaid_opened(self, context: RuleContext, *, posting: str, amount: Money, **told: Unpack[Told]) -> bool:
        """It was there before the ledger knew of it."""
        return self._enter(context, "prepaidOpening", posting, entries.prepaid_opened(amount), told)

    def prepaid_adjusted(self, context: RuleContext, *, posting: str, amount: Money, **told: Unpack[Told]) -> bool:
        """It was given something without payment."""
        return self._enter(context, "prepaidAdjustment", posting, entries.prepaid_adjusted(amount), told)

    def prepaid_used(self, context: RuleContext, *, posting: str, net: Money, tax: Money, **told: Unpack[Told]) -> bool:
        """It paid for usage."""
        return self._enter(context, "prepaidUsage", posting, entries.prepaid_used(net, tax), told)

    def prepaid_transferred(
        self, context: RuleContext, *, posting: str, amount: Money, cost: Money, **told: Unpack[Told]
    ) -> bool:
        """It gave to others, and paid for that (`cost`)."""
        return self._enter(context, "prepaidTransfer", posting, entries.prepaid_transferred(amount, cost), told)

    def prepaid_expired(self, context: RuleContext, *, posting: str, amount: Money, **told: Unpack[Told]) -> bool:
        """What was left in it is not owed any more."""
        return self._enter(context, "prepaidExpiry", posting, entries.prepaid_expired(amount), told)

    def prepaid_owed(self) -> dict[tuple[str, str], Decimal]:
        """What customers have in prepaid balances, by account and currency."""
        where = {"ledger_account": PREPAID_LIABILITY}
        found = self._records(SUMS.name).sum(["amount"], where, ("account", "currency"))
        return {(one.group["account"], one.group["currency"]): -one.sums["amount"] for one in found}

    def _enter(self, context: RuleContext, kind: str, id: str, made: entries.Entries, told: Told) -> bool:
        reference = told.get("reference") or id
        posting = Posting(f"{kind}/{id}", kind, told["account"], told["entity"], told["at"], reference)
        return post(self._records, context, posting, made)
