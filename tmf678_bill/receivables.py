"""What is open of bills, and what payments, credit notes and write-offs apply to it (`Component.offers`: receivables).

    open      the open bills of an account, oldest first, held until the transaction ends
    apply     a payment to a bill, as far as something remains of it; `unapply` takes it back (a charge-back)
    credit    the same for a credit note or a write-off (`kind`), which documents do not show as a payment
    dispute   a part of it that nobody asks for meanwhile, as far as it remains
    postpone  a bill is due later than it was
    send      a validated bill is sent; what was paid on it before then shows in its state at once

A bill that is here as a document only (it was loaded) is taken over when it is first touched.
Locks: the account, then its bills by id, then records by key. Who changes bills of an account holds the account first,
and everything here does; who holds a bill without its account (a PATCH, its document's work) touches no other bill.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.component import Library, Recording, RuleContext
from common.domain.clock import normal_instant
from common.domain.money import Money, money_of
from common.domain.query import AllOf, Compare, Document, FieldPath, Kind, Operator
from common.errors import Conflict, NotFound
from common.rules import reference_id
from common.store.audit import Values
from common.store.records import Between
from tmf678_bill.tables import APPLIED, HEADS, RECEIVABLES

PAYMENT, CREDIT, WRITE_OFF = "payment", "credit", "writeOff"
# States of a bill that was sent: they follow from what was paid, and no others do.
SENT = frozenset({"sent", "partiallyPaid", "settled"})
ON_HOLD = "onHold"
# Open bills of one account: more than anybody leaves unpaid.
OPEN_MAX = 1_000
_ZERO = Decimal(0)


class OverApplied(Conflict):
    code, reason = "bill.over-applied", "More than remains of the bill"

    def __init__(self, number: str, amount: Money, remaining: Money) -> None:
        super().__init__(
            f"{amount.amount:f} {amount.currency} cannot be applied to bill {number[:80]!r}: "
            f"{remaining.amount:f} {remaining.currency} remain; apply that much at most"
        )


class NotApplied(Conflict):
    code, reason = "bill.not-applied", "More than was applied to the bill"

    def __init__(self, number: str, amount: Money, applied: Money) -> None:
        super().__init__(
            f"{amount.amount:f} {amount.currency} cannot be taken back from bill {number[:80]!r}: "
            f"{applied.amount:f} {applied.currency} were applied by this"
        )


@dataclass(frozen=True)
class OpenBill:
    """A bill as whoever collects sees it. `remaining` has what is `disputed` in it."""

    id: str
    number: str
    account: str
    due: datetime
    amount: Money
    remaining: Money
    disputed: Money
    state: str
    entity: str = ""
    issued_at: datetime | None = None

    @property
    def undisputed(self) -> Money:
        return self.remaining - self.disputed

    @property
    def payable(self) -> Money:
        """What credit of the customer pays that is told nothing else: nothing of a bill on hold."""
        return self.undisputed if self.state != ON_HOLD else self.disputed - self.disputed

    @property
    def collectable(self) -> Money:
        """What may be asked for now: of a bill that was sent."""
        return self.undisputed if self.state in SENT else self.disputed - self.disputed


class Receivables:
    """What of bills other components may read and change, in their transaction."""

    def __init__(self, records: Recording) -> None:
        self._rows, self._applied = records(RECEIVABLES.name), records(APPLIED.name)

    # -- reading ------------------------------------------------------------------------------------------------------

    def open(self, context: RuleContext, account: str) -> list[OpenBill]:
        """The bills of an account of which something remains, held: by due date, then as they were issued."""
        _hold(context, "billingAccount", account)
        documents = {one["id"]: one for one in context.library.find("customerBill", _unsettled(account), OPEN_MAX)}
        known = {row["bill"] for row in self._rows.find({"account": account, "is_open": True}, limit=OPEN_MAX)}
        bills = self._held(context, known | documents.keys())
        found = [bill for bill in bills if bill.account == account and bill.remaining.amount > 0]
        return sorted(found, key=lambda one: (one.due, one.issued_at or one.due, one.id))

    def get(self, context: RuleContext, bill_id: str) -> OpenBill:
        """One bill, held with its account. Errors: NotFound."""
        document = context.library.get("customerBill", bill_id)
        if document is None:
            raise NotFound("customerBill", bill_id)
        account = reference_id(document, "billingAccount")
        if account is not None:
            _hold(context, "billingAccount", account)
        return self._held(context, [bill_id])[0]

    def due(self, before: datetime, limit: int = OPEN_MAX) -> list[str]:
        """Ids of open bills that were due before an instant, the longest due first; nothing is held."""
        rows = self._rows.find({"is_open": True, "due": Between(None, before)}, order=["due"], limit=limit)
        return [row["bill"] for row in rows]

    def applied(self, bill_id: str, kind: str = PAYMENT) -> dict[str, Decimal]:
        """What was applied to a bill, by cause."""
        return {row["cause"]: row["amount"] for row in self._applied.find({"bill": bill_id, "kind": kind})}

    def paid_bills(self) -> Values:
        """The bills that payments were applied to."""
        return Values(APPLIED.name, "bill", {"kind": PAYMENT})

    def overdue_accounts(self, before: datetime) -> Values:
        """The accounts of open bills that were due before an instant, disputed or not."""
        return Values(RECEIVABLES.name, "account", {"is_open": True, "due": Between(None, before)})

    def overdue_amounts(self, library: Library, account: str, before: datetime) -> dict[str, Decimal]:
        """What may be asked for of bills that were due before an instant, by currency; nothing is held."""
        rows = self._rows.find({"account": account, "is_open": True, "due": Between(None, before)})
        documents = library.get_many("customerBill", {row["bill"] for row in rows})
        found: dict[str, Decimal] = {}
        for row in rows:
            amount = _open_bill(row, documents.get(row["bill"], {})).collectable.amount
            found[row["currency"]] = found.get(row["currency"], _ZERO) + amount
        return found

    # -- changing -----------------------------------------------------------------------------------------------------

    def apply(self, context: RuleContext, bill_id: str, payment: Mapping[str, Any], amount: Money) -> OpenBill:
        """A payment ({id, name?}) pays a part of a bill, or all of it; how the bill stands then.

        Errors: NotFound; OverApplied; Conflict for another currency.
        """
        return self._move(context, bill_id, PAYMENT, payment, amount)

    def unapply(self, context: RuleContext, bill_id: str, payment: Mapping[str, Any], amount: Money) -> OpenBill:
        """What a payment paid is open again. Errors: NotFound; NotApplied; Conflict for another currency."""
        return self._move(context, bill_id, PAYMENT, payment, -amount)

    def credit(self, context: RuleContext, bill_id: str, cause: str, amount: Money, kind: str = CREDIT) -> OpenBill:
        """A credit note or a write-off lowers what remains; a negative amount takes that back (a recovery).

        Errors: NotFound; OverApplied; NotApplied; Conflict for another currency.
        """
        return self._move(context, bill_id, kind, {"id": cause}, amount)

    def dispute(self, context: RuleContext, bill_id: str, amount: Money) -> OpenBill:
        """So much of a bill is disputed from now on, all in all, also of what is paid: it may be owed again.

        Errors: NotFound; OverApplied.
        """
        bill = self.get(context, bill_id)
        _same_currency(bill, amount)
        if not 0 <= amount.amount <= bill.amount.amount:
            raise OverApplied(bill.number, amount, bill.amount)
        self._rows.update({"bill": bill_id}, {"disputed": amount.amount})
        return self.get(context, bill_id)

    def postpone(self, bill_id: str, due: datetime) -> None:
        """A bill, which is held, is due later."""
        self._rows.update({"bill": bill_id}, {"due": due})

    def send(self, context: RuleContext, bill_id: str, documents: Iterable[Document] | None = None) -> str:
        """A validated bill is sent, with its documents; the state it has then: as much as is paid of it counts.

        Errors: NotFound; IllegalTransition.
        """
        assert context.update is not None, "bills are sent where they are stored"
        bill = self.get(context, bill_id)
        changes: dict[str, Any] = {} if documents is None else {"billDocument": list(documents)}
        context.update("customerBill", bill_id, {"state": "sent", **changes})
        state = state_of("sent", bill.amount, bill.remaining)
        if state != "sent":
            context.update("customerBill", bill_id, {"state": state})
        return state

    # -- the parts ----------------------------------------------------------------------------------------------------

    def _held(self, context: RuleContext, bills: Iterable[str]) -> list[OpenBill]:
        """Bills with their records, held in the order of their ids."""
        documents: dict[str, Document] = {}
        for id in sorted(bills):
            document = _hold(context, "customerBill", id)
            if document is not None:
                documents[id] = document
        missing = documents.keys() - {key[0] for key in self._rows.get_many((id,) for id in documents)}
        self._rows.insert_new(_taken_over(documents[id], context) for id in sorted(missing))
        rows = self._rows.get_many(((id,) for id in documents), for_update=True)
        return [_open_bill(row, documents[key[0]]) for key, row in rows.items()]

    def _move(self, context: RuleContext, bill_id: str, kind: str, cause: Mapping[str, Any], amount: Money) -> OpenBill:
        bill = self.get(context, bill_id)
        _same_currency(bill, amount)
        if amount.amount > bill.remaining.amount:
            raise OverApplied(bill.number, amount, bill.remaining)
        row = self._applied.get(bill_id, kind, cause["id"], for_update=True)
        before = Money(_ZERO if row is None else row["amount"], amount.currency)
        after = before + amount
        if after.amount < 0:
            raise NotApplied(bill.number, -amount, before)
        of = {"bill": bill_id, "kind": kind, "cause": cause["id"]}
        if after.is_zero:
            self._applied.delete(of)
        else:
            self._applied.put([{**of, "amount": after.amount, "currency": after.currency, "at": context.now}])
        remaining = bill.remaining - amount
        self._rows.update({"bill": bill_id}, {"remaining": remaining.amount, "is_open": remaining.amount > 0})
        self._show(context, bill, remaining, cause if kind == PAYMENT else None, after)
        return self._held(context, [bill_id])[0]

    def _show(
        self, context: RuleContext, bill: OpenBill, remaining: Money, payment: Mapping[str, Any] | None, paid: Money
    ) -> None:
        """The document as its record."""
        assert context.update is not None, "bills change where they are stored"
        changes: dict[str, Any] = {"remainingAmount": remaining.document()}
        state = state_of(bill.state, bill.amount, remaining)
        if state != bill.state:
            changes["state"] = state
        if payment is not None:
            document = context.library.get("customerBill", bill.id) or {}
            listed = [
                one for one in document.get("appliedPayment", ()) if reference_id(one, "payment") != payment["id"]
            ]
            if not paid.is_zero:
                reference = {"@type": "PaymentRef", **payment, "@referredType": "Payment"}
                listed.append({"@type": "AppliedPayment", "appliedAmount": paid.document(), "payment": reference})
            changes["appliedPayment"] = listed or None
        context.update("customerBill", bill.id, changes)


def state_of(state: str, amount: Money, remaining: Money) -> str:
    """The state that follows from what remains; a bill that was not sent, or is held, stays what it is."""
    if state not in SENT:
        return state
    if remaining.amount <= 0:
        return "settled"
    return "partiallyPaid" if remaining.amount < amount.amount else "sent"


def new_row(
    *, bill: str, account: str, entity: str, number: str, issued_at: datetime, due: datetime, amount: Money
) -> dict[str, Any]:
    """The receivable of a bill that is issued; a credit note (below zero) has nothing to be collected."""
    of = {"bill": bill, "account": account, "entity": entity, "number": number, "issued_at": issued_at, "due": due}
    open = max(amount.amount, _ZERO)
    return {
        **of,
        "currency": amount.currency,
        "amount": amount.amount,
        "remaining": open,
        "disputed": _ZERO,
        "is_open": open > 0,
    }


def _taken_over(document: Document, context: RuleContext) -> dict[str, Any]:
    """The record of a bill that was loaded: what it says is where it stands."""
    due = money_of(document.get("amountDue")) or money_of(document.get("taxIncludedAmount"))
    stated = money_of(document.get("remainingAmount"))
    amount = due or stated or Money(_ZERO, "")
    paid = [money_of(one.get("appliedAmount")) for one in document.get("appliedPayment", ())]
    rest = amount
    for one in paid:
        rest = rest - one if one is not None and one.currency == amount.currency else rest
    remaining = stated if stated is not None and stated.currency == amount.currency else rest
    open = max(remaining.amount, _ZERO) if document.get("state") != "settled" else _ZERO
    issued = _moment(document.get("billDate")) or context.now
    return {
        "bill": document["id"],
        "account": reference_id(document, "billingAccount") or "",
        "entity": context.settings.legal_entity,
        "number": str(document.get("billNo", document["id"])),
        "issued_at": issued,
        "due": _moment(document.get("paymentDueDate")) or issued,
        "currency": amount.currency,
        "amount": amount.amount,
        "remaining": open,
        "disputed": _ZERO,
        "is_open": open > 0,
    }


def _open_bill(row: Mapping[str, Any], document: Document) -> OpenBill:
    currency = row["currency"]
    remaining = Money(row["remaining"], currency)
    return OpenBill(
        id=row["bill"],
        number=row["number"],
        account=row["account"],
        due=row["due"],
        amount=Money(row["amount"], currency),
        remaining=remaining,
        disputed=Money(row["disputed"], currency).smaller(remaining),
        state=str(document.get("state")),
        entity=row["entity"],
        issued_at=row["issued_at"],
    )


def _same_currency(bill: OpenBill, amount: Money) -> None:
    if amount.currency != bill.remaining.currency:
        raise Conflict(
            f"bill {bill.number[:80]!r} is in {bill.remaining.currency} and not in {amount.currency[:20]}; "
            "apply what is in its currency"
        )


def _unsettled(account: str) -> AllOf:
    of_account = Compare(FieldPath(("billingAccount", "id"), Kind.STRING, many=False), Operator.EQ, (account,))
    return AllOf((of_account, Compare(FieldPath(("state",), Kind.STRING, many=False), Operator.NE, ("settled",))))


def opened(context: RuleContext, accounts: Sequence[str]) -> dict[str, datetime | None]:
    """Until when bills that were loaded have charged each of these accounts; None where there are none."""
    assert context.records is not None, "accounts are billed where they are stored"
    of_account = Compare(FieldPath(("billingAccount", "id"), Kind.STRING, many=False), Operator.EQ, tuple(accounts))
    loaded = {one["id"]: one for one in context.library.find("customerBill", of_account, OPEN_MAX * len(accounts))}
    issued = context.records(HEADS.name).get_many((id,) for id in loaded)
    found: dict[str, datetime | None] = dict.fromkeys(accounts)
    for id, one in loaded.items():
        period, account = one.get("billingPeriod"), reference_id(one, "billingAccount") or ""
        end = _moment(period.get("endDateTime")) if isinstance(period, Mapping) and (id,) not in issued else None
        if end is not None:
            found[account] = max(end, found[account] or end)
    return found


def _hold(context: RuleContext, resource: str, id: str) -> Document | None:
    assert context.hold is not None, "bills are held where they are stored"
    return context.hold(resource, id)


def _moment(text: Any) -> datetime | None:
    normal = normal_instant(text) if isinstance(text, str) else None
    return None if normal is None else datetime.fromisoformat(normal)
