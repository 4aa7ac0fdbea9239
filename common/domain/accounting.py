"""What components tell the ledger (`offered("ledger")`): ledger accounts, entries, and what a bill consists of.

The ledger itself, and what each business fact is entered as, is in `tmf666_account/ledger` (docs/ledger.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from common.domain.money import Money

_ZERO = Decimal(0)

RECEIVABLE = "receivable"
REVENUE = "revenue"
DEFERRED_REVENUE = "deferredRevenue"
TAX_PAYABLE = "taxPayable"
CASH = "cash"
CUSTOMER_CREDIT = "customerCredit"
BAD_DEBT = "badDebt"
PAYMENT_FEES = "paymentFees"
PREPAID_LIABILITY = "prepaidLiability"
PREPAID_ADJUSTMENTS = "prepaidAdjustments"
PREPAID_TRANSFERS = "prepaidTransfers"
BREAKAGE = "breakage"
REFUNDS_PAYABLE = "refundsPayable"
OPENING_BALANCE = "openingBalance"

CHART = (
    RECEIVABLE,
    REVENUE,
    DEFERRED_REVENUE,
    TAX_PAYABLE,
    CASH,
    CUSTOMER_CREDIT,
    BAD_DEBT,
    PAYMENT_FEES,
    PREPAID_LIABILITY,
    PREPAID_ADJUSTMENTS,
    PREPAID_TRANSFERS,
    BREAKAGE,
    REFUNDS_PAYABLE,
    OPENING_BALANCE,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a posting. Debits are positive, credits negative."""

    ledger_account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Service:
    """The days that a charge is for, `end` not among them."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Part:
    """One item of a bill or of a credit note, as the ledger takes it.

    Shapes: `net` and `tax` have one currency, and both signs are allowed. `service` is given for recurring charges
            only, in advance or in arrears, credits of them too: while days of it are to come, it is revenue as they
            go by. None, for usage and what is charged once: revenue at once. `corrects` is the id of the billed item
            that a credit note's item credits; None when it credits none.
    """

    id: str
    net: Money
    tax: Money
    service: Service | None = None
    corrects: str | None = None


def summed(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of amounts that all have this currency, from zero on."""
    total = Money(_ZERO, currency)
    for amount in amounts:
        total += amount
    return total
