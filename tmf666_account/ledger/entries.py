"""What each business fact is entered as: values in, entries out. Worked tables: docs/ledger.md.

Debits are positive. Every function's entries come to zero; amounts given are positive unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from common.domain.accounting import (
    BAD_DEBT,
    BREAKAGE,
    CASH,
    CUSTOMER_CREDIT,
    DEFERRED_REVENUE,
    OPENING_BALANCE,
    PAYMENT_FEES,
    PREPAID_ADJUSTMENTS,
    PREPAID_LIABILITY,
    PREPAID_TRANSFERS,
    RECEIVABLE,
    REFUNDS_PAYABLE,
    REVENUE,
    TAX_PAYABLE,
    Entry,
    Part,
    summed,
)
from common.domain.money import Money

Entries = tuple[Entry, ...]


def bill_issued(parts: Iterable[Part], currency: str, day: date) -> Entries:
    """A bill: the customer owes the gross; tax is owed to the state; what was sold is revenue, now or later.

    Shapes: parts may be negative (corrections on the bill); `day` is the day of the bill.
    """
    listed = tuple(parts)
    tax = summed((part.tax for part in listed), currency)
    now = summed((part.net for part in listed if not is_deferred(part, day)), currency)
    later = summed((part.net for part in listed if is_deferred(part, day)), currency)
    return _balanced(
        Entry(RECEIVABLE, now + later + tax),
        Entry(REVENUE, -now),
        Entry(DEFERRED_REVENUE, -later),
        Entry(TAX_PAYABLE, -tax),
    )


def is_deferred(part: Part, day: date) -> bool:
    """Whether a part is for days of which some are to come: the whole of it is deferred, and recognised by the day."""
    return part.service is not None and day < part.service.end


def credit_issued(net: Money, tax: Money, unrecognised: Money, applied: Money) -> Entries:
    """A credit note: a bill taken back in part or whole.

    Shapes: `unrecognised` is how much of `net` is deferred revenue still; `applied` how much of the gross falls off
            the bill's open amount. The rest of the gross was paid before: it is the customer's.
    """
    return _balanced(
        Entry(REVENUE, net - unrecognised),
        Entry(DEFERRED_REVENUE, unrecognised),
        Entry(TAX_PAYABLE, tax),
        Entry(RECEIVABLE, -applied),
        Entry(CUSTOMER_CREDIT, applied - net - tax),
    )


def recognised(amount: Money) -> Entries:
    """Days went by: what was deferred is revenue. Negative for credits."""
    return _balanced(Entry(DEFERRED_REVENUE, amount), Entry(REVENUE, -amount))


def payment_received(amount: Money, fee: Money | None = None) -> Entries:
    """Money came in, of which the provider kept a fee; it is the customer's credit until it is allocated."""
    kept = fee if fee is not None else amount - amount
    return _balanced(Entry(CASH, amount - kept), Entry(PAYMENT_FEES, kept), Entry(CUSTOMER_CREDIT, -amount))


def allocated(amount: Money) -> Entries:
    """Credit of the customer pays a bill."""
    return _balanced(Entry(CUSTOMER_CREDIT, amount), Entry(RECEIVABLE, -amount))


def deallocated(amount: Money) -> Entries:
    """What paid a bill is taken off it again: the bill is open, the money is the customer's credit."""
    return _balanced(Entry(RECEIVABLE, amount), Entry(CUSTOMER_CREDIT, -amount))


def refund_promised(amount: Money) -> Entries:
    """Credit of the customer is to be paid out."""
    return _balanced(Entry(CUSTOMER_CREDIT, amount), Entry(REFUNDS_PAYABLE, -amount))


def refund_paid(amount: Money) -> Entries:
    """What was promised was paid out."""
    return _balanced(Entry(REFUNDS_PAYABLE, amount), Entry(CASH, -amount))


def refunded(amount: Money) -> Entries:
    """Credit of the customer is paid out at once."""
    return _balanced(Entry(CUSTOMER_CREDIT, amount), Entry(CASH, -amount))


def charged_back(amount: Money, fee: Money | None = None) -> Entries:
    """The customer's bank took a payment back, and the provider a fee. What it paid is deallocated besides."""
    taken = fee if fee is not None else amount - amount
    return _balanced(Entry(CUSTOMER_CREDIT, amount), Entry(PAYMENT_FEES, taken), Entry(CASH, -amount - taken))


def written_off(net: Money, tax: Money) -> Entries:
    """A debt that nobody will pay. `tax` is what the state gives back of it: zero where it gives nothing."""
    return _balanced(Entry(BAD_DEBT, net), Entry(TAX_PAYABLE, tax), Entry(RECEIVABLE, -net - tax))


def recovered(net: Money, tax: Money) -> Entries:
    """A debt that was written off is owed again, for it is being paid: the write-off the other way round."""
    return _balanced(Entry(RECEIVABLE, net + tax), Entry(BAD_DEBT, -net), Entry(TAX_PAYABLE, -tax))


# -- prepaid balances: what moved one in a day; it may be negative -----------------------------------------------------


def topped_up(amount: Money) -> Entries:
    """Money came in for a prepaid balance: owed to the customer until it is used."""
    return _filled(CASH, amount)


def prepaid_opened(amount: Money) -> Entries:
    """A balance that was there before the ledger knew of it."""
    return _filled(OPENING_BALANCE, amount)


def prepaid_adjusted(amount: Money) -> Entries:
    """A balance was given something without payment; negative when something was taken from it without use."""
    return _filled(PREPAID_ADJUSTMENTS, amount)


def prepaid_used(net: Money, tax: Money) -> Entries:
    """Usage paid from a prepaid balance."""
    return _balanced(Entry(PREPAID_LIABILITY, net + tax), Entry(REVENUE, -net), Entry(TAX_PAYABLE, -tax))


def prepaid_transferred(amount: Money, cost: Money) -> Entries:
    """A balance gave to another, and paid for that (`cost`); `amount` is negative for one that was given to."""
    return _balanced(Entry(PREPAID_LIABILITY, amount + cost), Entry(PREPAID_TRANSFERS, -amount), Entry(REVENUE, -cost))


def prepaid_expired(amount: Money) -> Entries:
    """What was left in a prepaid balance is not owed any more."""
    return _balanced(Entry(PREPAID_LIABILITY, amount), Entry(BREAKAGE, -amount))


def _filled(by: str, amount: Money) -> Entries:
    return _balanced(Entry(by, amount), Entry(PREPAID_LIABILITY, -amount))


def _balanced(*entries: Entry) -> Entries:
    """The entries that say something."""
    return tuple(entry for entry in entries if not entry.amount.is_zero)
