"""Whether the records of payments agree: credits with what they paid and what went back, payments with both, dunning
with its work (`bss assure`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from common.assurance import Books, Check, Finding, in_parts
from common.legal_entities import legal_entity_of
from common.store.audit import Values
from common.store.records import Between
from tmf676_payment import charges, credit, returns
from tmf676_payment.accounts import ACCOUNT
from tmf676_payment.dunning import wake
from tmf676_payment.policy import policy_of
from tmf676_payment.providers.port import Outcome
from tmf676_payment.tables import ALLOCATIONS, CHARGES, COLLECTIONS, CREDITS, DUNNING, RETURNS, SANDBOX

# What a provider did not answer for so long, nobody knows.
_DOUBT = timedelta(days=1)
_LOOK = "hold its dunning and let it go on (PATCH /tmf-api/collections/v1/account/ID), which has it looked at"
_RESTORE = "compare with the bank's statement, hold the account, and tell us: this must not happen"


def _left(books: Books) -> Iterator[Finding]:
    paid = _sums(books, ALLOCATIONS.name, {})
    gone = _sums(books, RETURNS.name, {"state": (returns.OPEN, returns.DONE)})
    columns = ["id", "amount", "left", "currency"]
    for row in books.audit.rows(CREDITS.name, columns, ["id"]):
        id = row["id"]
        rest = row["amount"] - paid.pop(id, Decimal(0)) - gone.pop(id, Decimal(0))
        if rest != row["left"] or rest < 0:
            told = f"{row['left']:f} {row['currency']} are left, and what it paid and returned leaves {rest:f}"
            yield Finding((f"credit {id}",), told, _RESTORE)
    for id in sorted(paid.keys() | gone.keys()):
        yield Finding((f"credit {id}",), "it paid or returned something, and is not here", _RESTORE)


def _received(books: Books) -> Iterator[Finding]:
    collected = {"resource": "payment", "state": charges.DONE}
    for id in books.audit.missing(Values(CHARGES.name, "id", collected), Values(CREDITS.name, "id")):
        yield Finding((f"payment {id}",), "the provider took it, and no money came in", _RESTORE)
    made = Values(CREDITS.name, "id", {"kind": credit.PAYMENT})
    shown = Values(books.stored("payment"), "id", {"status": "done"})
    for id in books.audit.missing(made, shown):
        yield Finding((f"payment {id}",), "its money came in, and it is not shown as done", _RESTORE)


def _returned(books: Books) -> Iterator[Finding]:
    done = Values(RETURNS.name, "refund", {"state": returns.DONE})
    for id in books.audit.missing(done, Values(books.stored("refund"), "id", {"status": "done"})):
        yield Finding((f"refund {id}",), "its money went back, and it is not shown as done", _RESTORE)


def _owned(books: Books) -> Iterator[Finding]:
    """Money that nobody can spend: it was paid on an account that is not here."""
    if not books.serves(ACCOUNT):
        return
    kept = Values(CREDITS.name, "account", {"is_left": True})
    for id in books.audit.missing(kept, Values(books.stored(ACCOUNT), "id")):
        remedy = "create the account with this id, or refund the payment"
        yield Finding((f"{ACCOUNT} {id}",), "money was received for it, and it is not here", remedy)


def _asked(books: Books) -> Iterator[Finding]:
    """A bill that is being asked for has a payment under way."""
    under_way = Values(CHARGES.name, "bill", {"state": charges.OPEN})
    for id in books.audit.missing(Values(COLLECTIONS.name, "bill", {"state": "asked"}), under_way):
        remedy = "take the payment by hand, or change its due date, and tell us: this must not happen"
        yield Finding((f"customerBill {id}",), "it is being collected, and no payment is under way", remedy)


def _credited(books: Books) -> Iterator[Finding]:
    """Credit of each account, as the ledger has it."""
    ledger = books.offered("ledger")
    if ledger is None or not books.serves(ACCOUNT):
        return
    for one in books.audit.sums(CREDITS.name, ["left"], ["account", "currency"]):
        account, currency = one.group["account"], one.group["currency"]
        entered: Any = ledger.credit_of(account, currency).amount
        if entered != one.sums["left"]:
            told = f"{one.sums['left']:f} {currency} of credit are left, and the ledger has {entered:f}"
            yield Finding((f"billingAccount {account}",), told, _RESTORE)


def _applied(books: Books) -> Iterator[Finding]:
    """What bills show as paid is what was allocated to them, and the ledger has it."""
    receivables, ledger = books.offered("receivables"), books.offered("ledger")
    if receivables is None:
        return
    paid = receivables.paid_bills()
    for bill in books.audit.missing(paid, Values(ALLOCATIONS.name, "bill")):
        yield Finding((f"customerBill {bill}",), "it counts as paid, and no money was allocated to it", _RESTORE)
    allocated = books.audit.sums(ALLOCATIONS.name, ["amount"], ["bill", "credit"])
    for bill, of_bill in groupby(allocated, key=lambda one: one.group["bill"]):
        told = {one.group["credit"]: one.sums["amount"] for one in of_bill if one.sums["amount"]}
        shown = receivables.applied(bill)
        for credit_id in sorted(told.keys() | shown.keys()):
            one, other = told.get(credit_id, Decimal(0)), shown.get(credit_id, Decimal(0))
            if one != other:
                message = f"{one:f} of credit {credit_id} were allocated to it, and {other:f} applied"
                yield Finding((f"customerBill {bill}",), message, _RESTORE)
    if ledger is not None:
        yield from _entered(books, ledger)


def _entered(books: Books, ledger: Any) -> Iterator[Finding]:
    rows = books.audit.rows(ALLOCATIONS.name, ["id", "bill", "credit", "amount"], ["id"])
    for part in in_parts(rows):
        causes = {_cause(row): row for row in part}
        entered = ledger.receivable_by(causes)
        for cause, row in causes.items():
            amount = -sum(entered.get(cause, {}).values(), Decimal(0))
            if amount != row["amount"]:
                told = f"allocation {row['id']} is of {row['amount']:f}, and {amount:f} are entered in the ledger"
                yield Finding((f"customerBill {row['bill']}", f"credit {row['credit']}"), told, _RESTORE)


def _cause(row: Mapping[str, Any]) -> str:
    return f"{'allocation' if row['amount'] > 0 else 'deallocation'}/{row['id']}"


def _at_provider(books: Books) -> Iterator[Finding]:
    """What the built-in provider took is what we think it took; what is being asked for is not decided yet."""
    if books.settings.payment_provider != "sandbox":
        return
    taken = Values(SANDBOX.name, "key", {"operation": "capture", "outcome": Outcome.CAPTURED.value})
    known = Values(CHARGES.name, "id", {"resource": "payment", "state": (charges.OPEN, charges.DONE)})
    for id in books.audit.missing(taken, known):
        yield Finding((f"payment {id}",), "the provider took it, and we do not count it", _RESTORE)
    done = Values(CHARGES.name, "id", {"resource": "payment", "state": charges.DONE, "operation": "capture"})
    for id in books.audit.missing(done, taken):
        yield Finding((f"payment {id}",), "we count it, and the provider did not take it", _RESTORE)


def _doubtful(books: Books) -> Iterator[Finding]:
    """What the provider was asked and did not answer."""
    where = {"state": charges.OPEN, "is_pending": False, "at": Between(end=books.now - _DOUBT)}
    for row in books.audit.rows(CHARGES.name, ["id", "resource", "tries", "at"], ["id"], where):
        told = f"it was asked of the provider on {row['at']:%Y-%m-%d}, {row['tries']} times, without an answer"
        remedy = "ask the provider what became of it; see that a worker runs"
        yield Finding((f"{row['resource']} {row['id']}",), told, remedy)


def _dunned(books: Books) -> Iterator[Finding]:
    """Who is dunned has debts, and who has debts that were due is dunned, or looked at soon."""
    receivables = books.offered("receivables")
    if receivables is None or books.settings.dunning == wake.OFF:
        return
    dunned = Values(DUNNING.name, "account", {"state": wake.ARREARS})
    for account in books.audit.missing(dunned, receivables.overdue_accounts(books.now)):
        yield Finding((f"billingAccount {account}",), "it is dunned, and nothing is due", _LOOK)
    before = books.now - wake.GRACE
    for account in books.audit.missing(receivables.overdue_accounts(before), dunned):
        is_owing = _owes_enough(books, account, receivables.overdue_amounts(books.library, account, before))
        if is_owing and books.uow.agenda.get(wake.WORK, account) is None:
            yield Finding((f"billingAccount {account}",), "it has overdue bills, and nobody will look at it", _LOOK)


def _owes_enough(books: Books, account: str, amounts: Mapping[str, Decimal]) -> bool:
    """Whether the policy pursues it."""
    document = books.library.get(ACCOUNT, account) or {}
    entity = legal_entity_of(document, books.settings)
    minimum = policy_of(books.settings, entity, str(document.get("accountType", ""))).dunning.minimum
    return any(amount > 0 and amount >= minimum for amount in amounts.values())


def _sums(books: Books, table: str, where: dict[str, Any]) -> dict[str, Decimal]:
    return {one.group["credit"]: one.sums["amount"] for one in books.audit.sums(table, ["amount"], ["credit"], where)}


CHECKS = (
    Check("payment.left", "What is left of money is what came in, less what it paid and what went back.", _left),
    Check("payment.received", "What the provider took came in once, and is shown.", _received),
    Check("payment.returned", "What went back is shown as a refund.", _returned),
    Check("payment.credit", "Credit of customers is what the ledger has.", _credited),
    Check("payment.account", "Money that is left belongs to an account that is here.", _owned),
    Check("payment.applied", "Bills are paid by what was allocated to them, and the ledger has it.", _applied),
    Check("payment.provider", "What the provider took is what we count.", _at_provider),
    Check("payment.doubt", "What the provider was asked, it answered within a day.", _doubtful),
    Check("payment.dunned", "Who is dunned has debts, and who has debts is dunned.", _dunned),
    Check("payment.collection", "A bill that is being collected has a payment under way.", _asked),
)
