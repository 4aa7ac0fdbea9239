"""A bill as a document shows it: plain values, complete, in the order they are shown.

Whoever fills a view has decided everything; what renders it decides only how it looks. Amounts are as on the bill,
rounded there; days are half-open and in the account's time zone; the texts are as people wrote them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from common.domain.money import Money


@dataclass(frozen=True)
class Bank:
    """Where a bill is paid to. `iban` and `bic` have no blanks; `reference_prefix` stands before the bill's number."""

    holder: str = ""
    iban: str = ""
    bic: str = ""
    name: str = ""
    reference_prefix: str = ""


@dataclass(frozen=True)
class Issuer:
    """The legal entity that issues the bill (its part of the billing file)."""

    id: str
    name: str
    address: tuple[str, ...] = ()
    tax_number: str = ""
    register: str = ""
    contact: tuple[str, ...] = ()
    bank: Bank | None = None


@dataclass(frozen=True)
class Recipient:
    """Who gets the bill. `address` are the lines below the name, as an envelope has them."""

    name: str
    address: tuple[str, ...] = ()
    tax_number: str = ""


@dataclass(frozen=True)
class Span:
    """Days from `start` on and before `end`."""

    start: date
    end: date


# What an item is, as its record says; one that is not known here is shown as a charge.
ItemKind = str
RECURRING, ONE_TIME, USAGE = "recurring", "oneTime", "usage"
DISCOUNT, CREDIT, COMMITMENT = "discount", "credit", "commitment"


@dataclass(frozen=True)
class Less:
    """What an agreed discount took off the price of a whole period."""

    name: str
    amount: Decimal


@dataclass(frozen=True)
class Part:
    """So many of the `of` days of a period at a price (before tax, or with it as it is written), `less` discounts."""

    days: int
    of: int
    price: Decimal | None = None
    less: tuple[Less, ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.days == self.of


@dataclass(frozen=True)
class Item:
    """One line of the bill. net + tax = gross.

    Shapes: `quantity`, `unit` and `unit_price` are shown when all are there (usage with more than one price has none);
            `tax_rate` is in percent; `usages` is how many usages are behind it; `parts` are of a charge for days,
            where it is not for a whole period without a discount.
    """

    id: str
    name: str
    kind: ItemKind
    net: Money
    tax: Money
    gross: Money
    description: str = ""
    span: Span | None = None
    quantity: Decimal | None = None
    unit: str = ""
    unit_price: Decimal | None = None
    tax_category: str = ""
    tax_rate: Decimal | None = None
    usages: int = 0
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class ProductItems:
    """What one product comes to; `label` is what the customer knows it by (a phone number), next to its name.

    A product with the id "" has what belongs to no product.
    """

    id: str
    name: str
    items: tuple[Item, ...]
    label: str = ""


@dataclass(frozen=True)
class TaxGroup:
    """All items of one tax category and rate; `exemption` is the number of the certificate that frees them."""

    category: str
    rate: Decimal
    net: Money
    tax: Money
    gross: Money
    exemption: str = ""


@dataclass(frozen=True)
class AppliedPayment:
    """What was paid or credited of the bill when the document was made."""

    amount: Money
    on: date | None = None
    reference: str = ""


@dataclass(frozen=True)
class UsageRow:
    """One rated usage behind an item: `at` in the account's time zone, `amount` unrounded, in the bill's currency."""

    product: str
    at: datetime
    usage_type: str
    quantity: Decimal
    unit: str
    amount: Decimal
    description: str = ""


@dataclass(frozen=True)
class PaymentSlip:
    """How to pay by transfer; `amount` is what remains."""

    bank: Bank
    reference: str
    amount: Money
    due: date | None = None


def _no_usage() -> Iterable[UsageRow]:
    return ()


@dataclass(frozen=True)
class BillView:
    """A bill or credit note with everything a document shows.

    Shapes: `language` as in BCP 47 (`de`, `en-GB`); `currency` is that of every amount; `products` in the order they
            are shown; `usage()` gives the detail by product in the order of `products`, then by time, each time anew;
            a product of it that has no items is shown by its id;
            `corrects` is the number of the bill that a credit note is about; `direct_debit` is the name of the payment
            method that will be charged at the due date, "" when the customer pays by transfer (then `slip` says how).
    """

    id: str
    number: str
    kind: Literal["bill", "creditNote"]
    issued: date
    period: Span | None
    due: date | None
    issuer: Issuer
    recipient: Recipient
    account: str
    account_name: str
    language: str
    currency: str
    products: tuple[ProductItems, ...]
    tax_groups: tuple[TaxGroup, ...]
    net: Money
    tax: Money
    gross: Money
    remaining: Money
    payments: tuple[AppliedPayment, ...] = ()
    corrects: str = ""
    direct_debit: str = ""
    slip: PaymentSlip | None = None
    usage: Callable[[], Iterable[UsageRow]] = _no_usage
