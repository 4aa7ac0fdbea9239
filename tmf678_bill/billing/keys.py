"""The keys of items. They are stored and compared for ever: what is written here never changes.

A key tells what the amount is for and in which terms it is written. It does not tell the amount, nor how it is taxed: a
price that is lowered for the past is charged the difference; a tax rate that changes says nothing of what was billed.
"""

from __future__ import annotations

from common.domain.cycles import Span
from tmf678_bill.billing.values import AgreedPrice, Kind, Recurrence, TaxClass, UsageSum


def recurring_key(product: str, price: AgreedPrice, recurrence: Recurrence, currency: str, period: Span) -> str:
    terms = f"{recurrence.count} {recurrence.unit} {recurrence.anchor}"
    return _key(Kind.RECURRING, product, price.key, _written(currency, price.tax), terms, period.start.isoformat())


def one_time_key(product: str, price: AgreedPrice, currency: str, time: int = 1) -> str:
    """Shapes: `time` counts from 1 how often the product was given the price, went without it and was charged."""
    again = () if time == 1 else (str(time),)
    return _key(Kind.ONE_TIME, product, price.key, _written(currency, price.tax), *again)


def usage_key(usage: UsageSum) -> str:
    price = f"{usage.price or usage.name}:{usage.version or ''}"
    written = _written(usage.amount.currency, usage.tax)
    start = usage.period_start.isoformat()
    return _key(Kind.USAGE, usage.product, price, written, usage.usage_type, usage.line_kind, start)


def usage_key_in(currency: str, key: str) -> str:
    """The key of the same usage in another currency."""
    parts = key.split("/")
    parts[3] = f"{currency} {parts[3].split()[-1]}"
    return "/".join(parts)


def discount_key(product: str, price: AgreedPrice, currency: str, tax: TaxClass, period: Span) -> str:
    """A discount of a bill has an item for each way in which the charges are taxed that it lowers."""
    rate = "" if tax.rate is None else f"{tax.rate.normalize():f}"
    start = period.start.isoformat()
    return _key(Kind.DISCOUNT, product, price.key, _written(currency, tax), tax.category or "", rate, start)


def commitment_key(product: str, price: AgreedPrice, currency: str, period: Span) -> str:
    return _key(Kind.COMMITMENT, product, price.key, _written(currency, price.tax), period.start.isoformat())


def _written(currency: str, tax: TaxClass) -> str:
    return f"{currency} {'gross' if tax.is_inclusive else 'net'}"


def _key(*parts: str) -> str:
    key = "/".join(parts)
    if "%" not in key and key.count("/") == len(parts) - 1:
        return key
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)
