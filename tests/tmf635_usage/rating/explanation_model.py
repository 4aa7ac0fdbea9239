"""A slow and obvious model of explanations: one member after the other, from the rating and its price."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.domain.clock import instant_text
from common.domain.exact import DECIMALS, EXACT
from common.domain.units import UNITS
from tmf635_usage.rating.amounts import base, is_rounded, tariff, total
from tmf635_usage.rating.values import DESTINATION, Line, LineKind, Rate, Rating, TierModel, UsagePrice


def explain(rating: Rating) -> dict[str, Any]:
    """What matched, which increments, which buckets and tiers, what was rounded and where.

    Shapes: names are as documents have them; numbers are decimals; instants are aware datetimes. Parts that do not
            apply are left out.
    """
    usage, price = rating.usage, rating.price
    found: dict[str, Any] = {
        "usage": {"type": usage.type, "at": usage.at, "quantity": usage.quantity, "unit": usage.unit},
        "charged": {"quantity": rating.charged, "unit": rating.unit},
        "lines": [_line(rating, line) for line in rating.lines],
        "total": total(line.amount for line in rating.lines),
    }
    if price is not None:
        found["price"] = {"id": price.id, "version": price.version, "currency": price.currency}
        found["matched"] = _matched(rating, price)
        found["charged"] |= _counting(rating, rate_of(price, rating.prefix))
    if usage.before:
        found["charged"]["before"] = usage.before
    if rating.opened:
        found["opened"] = [
            {"allowance": bucket.key.allowance, "scope": bucket.key.scope, "start": bucket.key.start, "end": bucket.end}
            for bucket in rating.opened
        ]
    if rating.is_reversal:
        found["isReversal"] = True
    return found


def plain(value: Any) -> Any:
    """The same with instants as texts."""
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, Mapping):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    return value


def rate_of(price: UsagePrice, prefix: str) -> Rate:
    """What applies to a destination that matched by this prefix."""
    return price.table[prefix] if price.table else price.rate


def _matched(rating: Rating, price: UsagePrice) -> dict[str, Any]:
    match, attributes = price.match, rating.usage.attributes
    found: dict[str, Any] = {"usageType": match.usage_type}
    if rating.prefix:
        found |= {"prefix": rating.prefix, DESTINATION: attributes[DESTINATION]}
    found |= {name: attributes[name] for name in sorted(match.attributes)}
    if match.windows:
        found["windows"] = [
            {
                "weekdays": sorted(window.weekdays),
                "start": window.start.isoformat(),
                "end": window.end.isoformat(),
                "calendars": sorted(window.calendars),
                "exceptCalendars": sorted(window.except_calendars),
            }
            for window in match.windows
        ]
    return found


def _counting(rating: Rating, rate: Rate) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if rate.minimum is not None:
        found["minimum"] = base(rate.minimum)
    if rate.increment is not None:
        found["increment"] = base(rate.increment)
    usage = rating.usage
    measured = EXACT.multiply(usage.quantity, UNITS[usage.unit].factor)
    found["measured"] = EXACT.minus(measured) if rating.is_reversal else measured
    return found


def _line(rating: Rating, line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": line.kind.value,
        "price": line.price,
        "version": line.version,
        "quantity": line.quantity,
        "unit": line.unit,
        "amount": line.amount,
        "currency": line.currency,
    }
    if line.bucket is not None:
        drawn = next((draw for draw in rating.draws if draw.bucket == line.bucket), None)
        found["bucket"] = {"start": line.bucket.start, "scope": line.bucket.scope}
        found["bucket"]["isRolledOver"] = drawn is not None and drawn.is_rolled
    price = rating.price
    if price is None or line.kind not in (LineKind.USAGE, LineKind.CORRECTION):
        return found
    if line.tier is not None:
        tier = price.tiers[line.tier]
        found["tier"] = {"index": line.tier, "start": tier.start, "model": price.tier_model}
        if price.tier_model is TierModel.PACKAGE:
            return found | {"rate": {"amount": tier.amount, "size": tier.size, "unit": price.per.unit}}
    amount = rate_of(price, rating.prefix).amount if line.tier is None else price.tiers[line.tier].amount
    found["rate"] = {"amount": amount, "per": price.per.amount, "unit": price.per.unit}
    if _is_rounded(price, amount, line.quantity):
        found["rounded"] = {"decimals": DECIMALS, "mode": "half-even"}
    return found


def _is_rounded(price: UsagePrice, amount: Decimal, quantity: Decimal) -> bool:
    return is_rounded(tariff(amount, base(price.per)), quantity)
