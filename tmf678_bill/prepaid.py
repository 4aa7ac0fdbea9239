"""What bills know of usage that prepaid balances pay for (`Component.offers`: prepaidUsage): its tax and discounts.

No bill shows such usage. What a balance pays for it is the whole price: the tax is in it, and no discount is taken off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from common.component import Recording, RuleContext
from common.domain.query import Document
from tmf678_bill.billing.rates import tax_on
from tmf678_bill.billing.values import Exemption, TaxClass
from tmf678_bill.cycles import zone_of
from tmf678_bill.facts import ENDED
from tmf678_bill.parties import customers_of, place_of_account, place_of_product
from tmf678_bill.prices import UsageTerms
from tmf678_bill.shared import Shared
from tmf678_bill.taxes import exemptions_of


class PrepaidUsage:
    """What balances ask."""

    def __init__(self, records: Recording) -> None:
        """Records of others are asked, by way of what they offer."""

    def tax_shares(self, context: RuleContext, charges: Iterable[str]) -> dict[str, Fraction]:
        """What part of each charge of a balance is tax (19/119 of one at 19 %); those of no rated usage are left out.

        It is taxed as it would be on a bill: by the price as the product had it, by place, certificate and the day on
        which it was used. Errors: RatesOverlap.
        """
        asked = _Asked(context)
        if asked.shared.usage is None:
            return {}
        paid = asked.shared.usage.paid_by(charges)
        lines = [line for listed in paid.values() for line in listed]
        asked.learn(lines)
        found = {}
        for charge, listed in paid.items():
            whole = sum((Fraction(line.amount) for line in listed), Fraction(0))
            if whole:
                found[charge] = sum((asked.tax_in(line) for line in listed), Fraction(0)) / whole
        return found

    def discounted(self, context: RuleContext, products: set[str], accounts: set[str]) -> str | None:
        """The first of these products, and of those that these accounts have, with a discount on usage."""
        shared = Shared(context)
        if shared.history is None:
            return None
        named = {*products, *(one for listed in shared.history.of_account(accounts).values() for one in listed)}
        for product, spans in sorted(shared.history.spans(named).items()):
            now = spans[-1]
            is_meant = product in products or now.account in accounts
            has_discount = any(one.discounts for _, one in shared.prices(now.doc).usage)
            if is_meant and now.status not in ENDED and has_discount:
                return str(product)
        return None


@dataclass(frozen=True)
class _Payer:
    """Where and when an account's usage is, and what it need not pay."""

    document: Document
    place: str | None
    exemptions: tuple[Exemption, ...]


class _Asked:
    """Products and accounts of charges, each read once."""

    def __init__(self, context: RuleContext) -> None:
        self.shared = Shared(context)
        self._context = context
        self._spans: dict[str, list[Any]] = {}
        self._places: dict[str, str | None] = {}
        self._payers: dict[str | None, _Payer] = {}
        self._taxes: dict[Any, TaxClass] = {}

    def learn(self, lines: Iterable[Any]) -> None:
        """Read what these lines are taxed by."""
        listed, library = list(lines), self._context.library
        products = {line.product for line in listed}
        self._spans = self.shared.history.spans(products) if self.shared.history is not None else {}
        self._places = {id: place_of_product(one) for id, one in library.get_many("product", products).items()}
        accounts = library.get_many("billingAccount", {line.account for line in listed if line.account is not None})
        self._payers = {id: self._payer(document) for id, document in accounts.items()}
        self._taxes = {line: self._tax(line) for line in listed}
        self._rates = self.shared.rates({one.category for one in self._taxes.values() if one.category is not None})

    def tax_in(self, line: Any) -> Fraction:
        """The tax that is in the amount of a line."""
        payer = self._payers.get(line.account, _Payer({}, None, ()))
        place = self._places.get(line.product) or payer.place
        tax = tax_on(self._taxes[line], place, self._day(line.at, payer), self._rates, payer.exemptions)
        return Fraction(line.amount) * Fraction(tax.rate) / (100 + Fraction(tax.rate))

    def _payer(self, document: Document) -> _Payer:
        customers = customers_of(document, self._context.library)
        exemptions = exemptions_of([document, *customers], zone_of(document, self._context.settings))
        return _Payer(document, place_of_account(document, customers), exemptions)

    def _day(self, at: datetime, payer: _Payer) -> date:
        return at.astimezone(zone_of(payer.document, self._context.settings)).date()

    def _tax(self, line: Any) -> TaxClass:
        """How the price was taxed as the product had it then."""
        spans = self._spans.get(line.product, ())
        span = next((one for one in reversed(spans) if one.since <= line.at), spans[0] if spans else None)
        terms: dict[str, UsageTerms] = {} if span is None else dict(self.shared.prices(span.doc).usage)
        return terms[line.price].tax if line.price in terms else TaxClass()
