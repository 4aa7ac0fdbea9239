"""How a language writes texts, amounts, quantities and dates: one YAML file each, in `languages/`.

Amounts are written exactly: with the decimals of the currency's minor unit, with more where the amount has more, never
with fewer. Nothing here rounds but `shortened`, which is for single usages and says so on the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import yaml

from common.domain.money import Money, minor_units
from common.errors import ConfigurationError
from tmf678_bill.document.view import Span

FOLDER = Path(__file__).parent / "languages"
FALLBACK = "en"
MINUS = "\N{MINUS SIGN}"
# Amounts of single usages are unrounded; this many digits beyond the minor unit are shown of them.
USAGE_DIGITS = 2
_MINUTE, _HOUR = 60, 3600
_SECONDS, _BYTES = "s", "B"
# The multiples of a byte (ISO 80000-13), by their powers of ten.
_MULTIPLES = (("TB", 12), ("GB", 9), ("MB", 6), ("kB", 3))
_MONTH_LETTERS = 3


@dataclass(frozen=True)
class Language:
    """One language.

    Shapes: `day_pattern` and `short_day_pattern` have {day}, {day2}, {month}, {mon} (three letters),
            {month2}, {year}; `money_with_sign` has {sign} and
            {amount}, `money_with_code` {code} and {amount}, for currencies that are not among `signs`; the other
            tables map what the records say to what people read, and what they do not know stays as it is.
    """

    code: str
    decimal: str
    group: str
    day_pattern: str
    short_day_pattern: str
    money_with_sign: str
    money_with_code: str
    months: tuple[str, ...]
    signs: Mapping[str, str]
    units: Mapping[str, str]
    usage_types: Mapping[str, str]
    kinds: Mapping[str, str]
    tax_categories: Mapping[str, str]
    texts: Mapping[str, str]

    def text(self, name: str, /, **facts: str) -> str:
        """A text with its facts filled in; what the facts say is never read as a pattern."""
        return self.texts[name].format(**facts)

    def number(self, value: Decimal, decimals: int) -> str:
        """The exact number with at least this many decimals."""
        exponent = value.as_tuple().exponent
        assert isinstance(exponent, int), "a number on a bill is a number"
        plain = f"{value.copy_abs():.{max(decimals, -exponent)}f}"
        whole, _, fraction = plain.partition(".")
        while len(fraction) > decimals and fraction.endswith("0"):
            fraction = fraction[:-1]
        text = f"{int(whole):,}".replace(",", self.group) + (self.decimal + fraction if fraction else "")
        return MINUS + text if value < 0 else text

    def amount(self, money: Money) -> str:
        """An amount in a column: without its currency."""
        return self.number(money.amount, minor_units(money.currency))

    def money(self, money: Money) -> str:
        """An amount by itself: with its currency, and its minus before everything."""
        shown, sign = self.amount(abs(money)), self.signs.get(money.currency)
        if sign is None:
            text = self.money_with_code.format(code=money.currency, amount=shown)
        else:
            text = self.money_with_sign.format(sign=sign, amount=shown)
        return MINUS + text if money.amount < 0 else text

    def usage_amount(self, amount: Decimal, currency: str) -> str:
        """The unrounded amount of a single usage, to a few digits beyond the minor unit."""
        decimals = minor_units(currency) + USAGE_DIGITS
        return self.number(shortened(amount, decimals), decimals)

    def quantity(self, value: Decimal, unit: str) -> str:
        """A quantity with its unit; seconds as hours, minutes and seconds, bytes in the largest unit that fits."""
        if unit == _SECONDS and value >= 0:
            return self._duration(value)
        if unit == _BYTES:
            larger = next((one for one in _MULTIPLES if abs(value) >= 10 ** one[1]), None)
            value, unit = (value, unit) if larger is None else (value.scaleb(-larger[1]), larger[0])
        name = self.units.get(unit, unit)
        number = self.number(value, 0)
        return f"{number} {name}" if name else number

    def percentage(self, rate: Decimal) -> str:
        return f"{self.number(rate, 0)} %"

    def day(self, day: date) -> str:
        return self._dated(self.day_pattern, day)

    def short_day(self, day: date) -> str:
        return self._dated(self.short_day_pattern, day)

    def span(self, span: Span) -> str:
        """The days of a span, first and last."""
        last = span.end - timedelta(days=1)
        if last <= span.start:
            return self.short_day(span.start)
        return f"{self.short_day(span.start)} – {self.short_day(last)}"

    def moment(self, moment: datetime) -> str:
        return f"{self.short_day(moment.date())} {moment:%H:%M:%S}"

    def _duration(self, seconds: Decimal) -> str:
        whole = int(seconds)
        hours, minutes, left = whole // _HOUR, whole % _HOUR // _MINUTE, whole % _MINUTE
        fraction = self.number(seconds, 0).partition(self.decimal)[2]
        text = f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
        return text + (self.decimal + fraction if fraction else "")

    def _dated(self, pattern: str, day: date) -> str:
        month = self.months[day.month - 1]
        return pattern.format(
            day=day.day,
            day2=f"{day.day:02}",
            month=month,
            month2=f"{day.month:02}",
            mon=month[:_MONTH_LETTERS],
            year=f"{day.year:04}",
        )


def shortened(amount: Decimal, decimals: int) -> Decimal:
    """To so many decimals, half-even: for the eye only, nothing is computed with it."""
    return Decimal(f"{amount:.{decimals}f}")


def language(wanted: str) -> Language:
    """The language that fits a tag (`de-AT` is written as `de` when there is no file of its own), else English."""
    tags = [wanted.lower(), wanted.lower().partition("-")[0], FALLBACK]
    return next(_loaded(tag) for tag in tags if tag in languages())


@cache
def languages() -> frozenset[str]:
    return frozenset(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def _loaded(tag: str) -> Language:
    content = yaml.safe_load((FOLDER / f"{tag}.yaml").read_text(encoding="utf-8"))
    missing = {item.name for item in fields(Language)} - {"code"} - content.keys()
    if tag != FALLBACK:
        missing |= _loaded(FALLBACK).texts.keys() - content.get("texts", {}).keys()
    if missing:
        raise ConfigurationError(f"the language file {tag}.yaml lacks {', '.join(sorted(missing))}")
    return Language(code=tag, months=tuple(content.pop("months")), **content)
