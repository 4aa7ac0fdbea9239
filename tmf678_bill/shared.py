"""What bills of several accounts have in common in one transaction: prices, tax rates, and who is asked for what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.component import Recording, RuleContext
from common.domain.query import Document
from common.exact_json import encode
from tmf678_bill.billing.rates import RateTable
from tmf678_bill.billing.values import AgreedPrice
from tmf678_bill.prices import Terms, UsageTerms, agreed_prices, usage_terms
from tmf678_bill.taxes import rate_table


@dataclass(frozen=True)
class SpanPrices:
    """The prices of a product while its history says the same: those it is charged by, and those of its usage."""

    agreed: tuple[AgreedPrice, ...]
    usage: tuple[tuple[str, UsageTerms], ...]


@dataclass
class Shared:
    """Shapes: `usage` is what rating offers, `history` what the inventory does; None where they are not served."""

    context: RuleContext
    usage: Any = None
    history: Any = None
    terms: Terms = field(init=False)
    _prices: dict[bytes, SpanPrices] = field(default_factory=dict)
    _rates: dict[frozenset[str], RateTable] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.context.offered is not None:
            self.usage, self.history = (self.context.offered(name) for name in ("ratedUsage", "productHistory"))
        self.terms = Terms(self.context)

    @property
    def records(self) -> Recording:
        assert self.context.records is not None, "accounts are billed where they are stored"
        return self.context.records

    def prices(self, doc: Mapping[str, Any]) -> SpanPrices:
        """The prices of what a product's history keeps of it; those that say the same are read once."""
        listed = doc.get("productPrice", ())
        key = encode(listed)
        found = self._prices.get(key)
        if found is None:
            entries = entries_of(doc)
            self.terms.learn(entries)
            usage = tuple(usage_terms(entries, self.terms))
            found = self._prices[key] = SpanPrices(agreed_prices(entries, self.terms), usage)
        return found

    def rates(self, categories: Iterable[str]) -> RateTable:
        """The tax rates of these categories. Errors: RatesOverlap."""
        wanted = frozenset(categories)
        if wanted not in self._rates:
            self._rates[wanted] = rate_table(self.records, wanted)
        return self._rates[wanted]


def entries_of(doc: Mapping[str, Any]) -> list[Document]:
    """The entries of `productPrice`."""
    return [entry for entry in doc.get("productPrice", ()) if isinstance(entry, dict)]
