"""Why a rating is as it is, as JSON text, put together from texts that a price has ready.

Whoever stores or shows explanations needs their text, and needs one for every usage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import NamedTuple

from common.domain.clock import instant_text
from common.domain.exact import DECIMALS, EXACT
from common.domain.units import UNITS
from tmf635_usage.rating.amounts import Tariff, base, is_exact, is_rounded, sum_of, tariff, total
from tmf635_usage.rating.values import (
    DESTINATION,
    ONE,
    ZERO,
    Bucket,
    Draw,
    Line,
    LineKind,
    Rate,
    Rating,
    TierModel,
    Usage,
    UsagePrice,
    Window,
)

# Looking up a member of an enumeration costs as much as two multiplications; this runs for every usage.
_USAGE, _ALLOWANCE, _SETUP = LineKind.USAGE, LineKind.ALLOWANCE, LineKind.SETUP
_AS_IS = frozenset(name for name, unit in UNITS.items() if unit.factor == ONE)
_ROUNDED = f',"rounded":{{"decimals":{DECIMALS},"mode":"half-even"}}}}'
# Periods of all customers begin and end at a few instants.
_edge_text = lru_cache(maxsize=1024)(instant_text)


@dataclass(frozen=True, slots=True)
class RateText:
    """What a line says of its rate, from the currency on; and the tariff of an amount that may have been rounded."""

    text: str
    rounding: Tariff | None


@dataclass(frozen=True, slots=True)
class Words:
    """What explanations by a price, or by a rate of its table, have in common.

    Shapes: `start` up to the usage's instant; `counting` up to what was measured; `usage`, `correction` of a line up to
            its quantity, `to_amount` from there to its amount; `setup` the whole line and `setup_fee` its amount;
            `rates` without a tier, then of each tier; `matched` has texts and the attribute whose value follows each
            (None: the prefix); `end` follows the last of them.
    """

    start: str
    counting: str
    usage: str
    correction: str
    to_amount: str
    setup: str
    setup_fee: Decimal
    rates: tuple[RateText, ...]
    matched: tuple[tuple[str, str | None], ...]
    end: str


def explained(rating: Rating) -> str:
    """A JSON object: instants in UTC, numbers exact; what does not apply is left out."""
    usage, _, prefix, charged, unit, lines, draws, _, opened, is_reversal, words = rating
    usage_type, at, quantity, unit_name, attributes, before = usage
    if words is None:
        words = _words_without_price(usage_type)
    quantity_text = str(quantity)
    charged_text = quantity_text if charged is quantity else str(charged)
    measured = before_text = ""
    if words.counting:
        is_as_is = unit_name in _AS_IS and not is_reversal
        measured = quantity_text if is_as_is else _measured(usage, is_reversal)
    if before:
        before_text = f',"before":{before!s}'

    line = lines[-1]
    kind, units, amount = line.kind, line.quantity, line.amount
    has_setup = len(lines) == 2 and lines[0].kind is _SETUP and not is_reversal
    if kind is _USAGE and (has_setup or len(lines) == 1):
        tier = line.tier
        rate = words.rates[0 if tier is None else tier + 1]
        units_text, amount_text = charged_text if units is charged else str(units), str(amount)
        end_of_line, rounding = "}", rate.rounding
        # What was rounded has all the decimals that there are.
        if rounding is not None and (len(amount_text) > DECIMALS or "E" in amount_text):
            end_of_line = "}" if is_exact(rounding, units, amount) else _ROUNDED
        told = f"{words.usage}{units_text}{words.to_amount}{amount_text}{rate.text}{end_of_line}"
        if has_setup:
            told, total_text = f"{words.setup},{told}", str(sum_of(words.setup_fee, amount))
        else:
            # A sum is written as its one amount is, unless that has an exponent or is a zero with a sign.
            is_sum = "E" in amount_text or amount_text[0] == "-"
            total_text = str(sum_of(ZERO, amount)) if is_sum else amount_text
    elif kind is _ALLOWANCE and len(lines) == 1:
        told, total_text = _of_allowance(line, charged_text if units is charged else str(units), draws), "0"
    else:
        told = ",".join([_told(line, words, draws, is_reversal) for line in lines])
        total_text = str(total([line.amount for line in lines]))

    for before_value, name in words.matched:
        total_text = f"{total_text}{before_value}{quoted(prefix if name is None else attributes[name])}"
    end = words.end
    if opened or is_reversal:
        end += _opened(opened) + (',"isReversal":true' if is_reversal else "")
    return (
        f'{words.start}{instant_text(at)}","quantity":{quantity_text},"unit":"{unit_name}"}},"charged":{{'
        f'"quantity":{charged_text},"unit":"{unit}"{words.counting}{measured}{before_text}}},'
        f'"lines":[{told}],"total":{total_text}{end}}}'
    )


def _told(line: Line, words: Words, draws: tuple[Draw, ...], is_reversal: bool) -> str:
    kind, _, _, units, _, amount, _, tier, _ = line
    if kind is _ALLOWANCE:
        return _of_allowance(line, str(units), draws)
    if kind is _SETUP:
        return _start_of_line(line) + "}" if is_reversal else words.setup
    rate = words.rates[0 if tier is None else tier + 1]
    start = words.usage if kind is _USAGE else words.correction
    end = _ROUNDED if rate.rounding is not None and is_rounded(rate.rounding, units) else "}"
    return f"{start}{units!s}{words.to_amount}{amount!s}{rate.text}{end}"


def _words_without_price(usage_type: str) -> Words:
    return Words(_start(usage_type), "", "", "", "", "", ZERO, (), (), "")


def words_of(price: UsagePrice, rate: Rate, *, has_prefix: bool) -> Words:
    """For the price's own rate, or for one of its table."""
    named = f'"price":{quoted(price.id)},"version":{quoted(price.version)},"quantity":'
    setup = Line(_SETUP, price.id, price.version, ONE, "event", rate.setup_fee, price.currency)
    *matched, (end, _) = _matched(price, has_prefix)
    return Words(
        _start(price.match.usage_type),
        _counting(rate),
        f'{{"kind":"usage",{named}',
        f'{{"kind":"correction",{named}',
        f',"unit":"{UNITS[price.per.unit].base}","amount":',
        _start_of_line(setup) + "}",
        sum_of(ZERO, rate.setup_fee),
        tuple(_rates(price, rate)),
        tuple(matched),
        end,
    )


def _start(usage_type: str) -> str:
    return f'{{"usage":{{"type":{quoted(usage_type)},"at":"'


def _counting(rate: Rate) -> str:
    minimum = "" if rate.minimum is None else f',"minimum":{base(rate.minimum)!s}'
    increment = "" if rate.increment is None else f',"increment":{base(rate.increment)!s}'
    return f'{minimum}{increment},"measured":'


def _measured(usage: Usage, is_reversal: bool) -> str:
    measured = EXACT.multiply(usage.quantity, UNITS[usage.unit].factor)
    return str(EXACT.minus(measured) if is_reversal else measured)


def _rates(price: UsagePrice, rate: Rate) -> Iterator[RateText]:
    currency, per = f',"currency":{quoted(price.currency)}', base(price.per)
    unit = f'"per":{price.per.amount!s},"unit":"{price.per.unit}"}}'
    yield RateText(f'{currency},"rate":{{"amount":{rate.amount!s},{unit}', _rounding(tariff(rate.amount, per)))
    for index, tier in enumerate(price.tiers):
        told = f'{currency},"tier":{{"index":{index},"start":{tier.start!s},"model":"{price.tier_model}"}}'
        told = f'{told},"rate":{{"amount":{tier.amount!s},'
        if price.tier_model is TierModel.PACKAGE:
            size = "null" if tier.size is None else str(tier.size)
            yield RateText(f'{told}"size":{size},"unit":"{price.per.unit}"}}', None)
        else:
            yield RateText(told + unit, _rounding(tariff(tier.amount, per)))


def _rounding(tariff: Tariff) -> Tariff | None:
    return tariff if tariff.unit is None else None


def _matched(price: UsagePrice, has_prefix: bool) -> Iterator[tuple[str, str | None]]:
    """Texts, each with the name of the attribute whose value comes behind it (None: the prefix); the last ends all."""
    match = price.match
    # A dictionary, because an attribute may have the name of another member: then its value stands in that place.
    members: dict[str, _Member] = {"usageType": _Member(quoted(match.usage_type))}
    if has_prefix:
        members |= {"prefix": _Member(None), DESTINATION: _Member(None, DESTINATION)}
    members |= {name: _Member(None, name) for name in sorted(match.attributes)}
    if match.windows:
        members["windows"] = _Member(f"[{','.join(map(_window, match.windows))}]")
    named = f'"id":{quoted(price.id)},"version":{quoted(price.version)},"currency":{quoted(price.currency)}'
    text = f',"price":{{{named}}},"matched":{{'
    for place, (name, member) in enumerate(members.items()):
        text += f"{',' if place else ''}{quoted(name)}:"
        if member.text is None:
            yield text, member.attribute
            text = ""
        else:
            text += member.text
    yield text + "}", None


class _Member(NamedTuple):
    """A member's text, or else the attribute whose value it is (None: the prefix)."""

    text: str | None
    attribute: str | None = None


def _window(window: Window) -> str:
    weekdays = ",".join(map(str, sorted(window.weekdays)))
    return (
        f'{{"weekdays":[{weekdays}],"start":"{window.start.isoformat()}","end":"{window.end.isoformat()}",'
        f'"calendars":{_texts(window.calendars)},"exceptCalendars":{_texts(window.except_calendars)}}}'
    )


def _texts(texts: Iterable[str]) -> str:
    return f"[{','.join(map(quoted, sorted(texts)))}]"


def _start_of_line(line: Line) -> str:
    """A line without its end."""
    kind, id, version, quantity, unit, amount, currency, _, _ = line
    paid = "null" if currency is None else quoted(currency)
    return (
        f'{{"kind":"{kind}","price":{quoted(id)},"version":{quoted(version)},"quantity":{quantity!s},"unit":"{unit}",'
        f'"amount":{amount!s},"currency":{paid}'
    )


def _of_allowance(line: Line, quantity_text: str, draws: tuple[Draw, ...]) -> str:
    _, id, version, _, unit, amount, currency, _, key = line
    assert key is not None, "what is free was drawn from a bucket"
    _, scope, start = key
    is_rolled = "false"
    for bucket, _, was_rolled in draws:
        if was_rolled and bucket == key:
            is_rolled = "true"
    paid = "null" if currency is None else quoted(currency)
    return (
        f'{{"kind":"allowance","price":{quoted(id)},"version":{quoted(version)},"quantity":{quantity_text},'
        f'"unit":"{unit}","amount":{amount!s},"currency":{paid},'
        f'"bucket":{{"start":"{_edge_text(start)}","scope":{quoted(scope)},"isRolledOver":{is_rolled}}}}}'
    )


def _opened(buckets: tuple[Bucket, ...]) -> str:
    if not buckets:
        return ""
    told = (
        f'{{"allowance":{quoted(bucket.key.allowance)},"scope":{quoted(bucket.key.scope)},'
        f'"start":"{_edge_text(bucket.key.start)}","end":"{_edge_text(bucket.end)}"}}'
        for bucket in buckets
    )
    return f',"opened":[{",".join(told)}]'
