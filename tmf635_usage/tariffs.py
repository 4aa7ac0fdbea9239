"""Tariff tables: what a destination costs, by prefix, in versions with a validity each; and calendars, which are days.

A version is never changed: what is loaded again is the same or refused. From its start on it replaces the one before.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from common.component import Recording
from common.domain.money import is_currency
from common.store.description import Of, RecordTable
from tmf635_usage.prices import TableRate, TableVersion, filled
from tmf635_usage.rating.checks import problems
from tmf635_usage.rating.values import Match, Plan, Quantity, Rate, UsagePrice

TARIFFS = RecordTable(
    "tmf635_tariff",
    {
        "tariff": Of.TEXT,
        "version": Of.TEXT,
        "currency": Of.TEXT,
        "valid_from": Of.INSTANT,
        "valid_until": Of.INSTANT,
        "rates": Of.INTEGER,
        "fingerprint": Of.TEXT,
        "loaded_at": Of.INSTANT,
    },
    key=("tariff", "version"),
    optional=frozenset({"valid_until"}),
)
RATES = RecordTable(
    "tmf635_tariff_rate",
    {
        "tariff": Of.TEXT,
        "version": Of.TEXT,
        "prefix": Of.TEXT,
        "amount": Of.NUMBER,
        "setup_fee": Of.NUMBER,
        "minimum": Of.NUMBER,
        "increment": Of.NUMBER,
        "unit": Of.TEXT,
    },
    key=("tariff", "version", "prefix"),
    optional=frozenset({"setup_fee", "minimum", "increment", "unit"}),
)
CALENDARS = RecordTable("tmf635_calendar_day", {"calendar": Of.TEXT, "day": Of.TEXT}, key=("calendar", "day"))
TABLES = (TARIFFS, RATES, CALENDARS)

RATES_MAX = 10_000
_PREFIX_DIGITS_MAX = 15
_PROBLEMS_SHOWN_MAX = 10
_COLUMNS = ("prefix", "amount", "setupFee", "minimum", "increment", "units")
_NEEDED = ("prefix", "amount")


class TariffRefused(ValueError):
    """A table or calendar that cannot be loaded, and why; nothing of it was.

    Shapes: `lines` has what is wrong with each line of a file that can be read; `read` is how many it has.
    """

    def __init__(self, message: str, lines: tuple[str, ...] = (), read: int = 0) -> None:
        super().__init__(message)
        self.lines, self.read = lines, read


@dataclass(frozen=True)
class Heading:
    """What is said of a version as a whole; `valid_until` None is until the next one.

    Shapes: `fingerprint` is that of all it says with its rates, once it is loaded.
    """

    tariff: str
    version: str
    currency: str
    valid_from: datetime
    valid_until: datetime | None = None
    fingerprint: str = ""


def read_rates(lines: Iterable[str]) -> dict[str, TableRate]:
    """The rates of a CSV file with a first line of names: prefix, amount, and setupFee, minimum, increment, units.

    Errors: TariffRefused with all that is wrong, by line.
    """
    reader = csv.DictReader(lines)
    names = reader.fieldnames or []
    if not set(_NEEDED) <= set(names) <= set(_COLUMNS):
        raise TariffRefused(f"the first line names the columns: {', '.join(_COLUMNS)}; the first two are needed")
    rates: dict[str, TableRate] = {}
    wrong: list[str] = []
    for line in reader:
        try:
            prefix, rate = _rate(line)
            if prefix in rates:
                raise TariffRefused(f"prefix {prefix} is there twice")
        except TariffRefused as error:
            wrong.append(f"line {reader.line_num}: {error}")
            continue
        rates[prefix] = rate
        if len(rates) + len(wrong) > RATES_MAX:
            raise TariffRefused(f"a table has {RATES_MAX} prefixes at most")
    if wrong:
        more = len(wrong) - _PROBLEMS_SHOWN_MAX
        shown = "\n".join(wrong[:_PROBLEMS_SHOWN_MAX])
        told = shown + (f"\nand {more} more" if more > 0 else "")
        raise TariffRefused(told, tuple(wrong), len(rates) + len(wrong))
    if not rates:
        raise TariffRefused("there is no rate in it")
    return rates


def _rate(line: Mapping[str, Any]) -> tuple[str, TableRate]:
    prefix = (line.get("prefix") or "").strip()
    if not (prefix.isascii() and prefix.isdecimal() and len(prefix) <= _PREFIX_DIGITS_MAX):
        raise TariffRefused(f"{prefix[:40]!r} is no prefix; it has 1 to {_PREFIX_DIGITS_MAX} digits")
    if line.get(None) is not None:  # type: ignore[call-overload]
        raise TariffRefused("it has more columns than the first line")
    amount = _number(line, "amount")
    if amount is None:
        raise TariffRefused("it has no amount")
    unit = (line.get("units") or "").strip()
    minimum, increment = _number(line, "minimum"), _number(line, "increment")
    if not unit and (minimum is not None or increment is not None):
        raise TariffRefused("minimum and increment need units")
    fee = _number(line, "setupFee")
    return prefix, TableRate(amount, fee, _quantity(minimum, unit), _quantity(increment, unit))


def _number(line: Mapping[str, Any], name: str) -> Decimal | None:
    text = (line.get(name) or "").strip()
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise TariffRefused(f"{name} {text[:40]!r} is no number") from None
    if not number.is_finite() or number < 0:
        raise TariffRefused(f"{name} {text[:40]!r} is not 0 or more")
    return number


def _quantity(amount: Decimal | None, unit: str | None) -> Quantity | None:
    return None if amount is None or unit is None else Quantity(amount, unit)


def wrong_currency(currency: str) -> str | None:
    """Why this is no currency."""
    return (
        None if is_currency(currency) else f"{currency[:40]!r} is no currency; it has three capital letters: EUR, USD"
    )


def load(heading: Heading, rates: Mapping[str, TableRate], records: Recording, now: datetime) -> bool:
    """Add a version of a table; False when it is there already, exactly so.

    Errors: TariffRefused when another version of that name, or one with that start, is there.
    """
    if problem := wrong_currency(heading.currency):
        raise TariffRefused(problem)
    if heading.valid_until is not None and heading.valid_until <= heading.valid_from:
        raise TariffRefused("its validity ends before it begins")
    wrong = _problems(heading, rates)
    if wrong:
        raise TariffRefused("\n".join(wrong[:_PROBLEMS_SHOWN_MAX]))
    tariffs, kept = records(TARIFFS.name), records(RATES.name)
    fingerprint = _fingerprint(heading, rates)
    for row in tariffs.find({"tariff": heading.tariff}):
        if row["version"] == heading.version:
            if row["fingerprint"] == fingerprint:
                return False
            raise TariffRefused(f"version {heading.version} is here with other rates; load these as another version")
        if row["valid_from"] == heading.valid_from:
            raise TariffRefused(f"version {row['version']} begins then too; two versions begin at different times")
    whole = {**vars(heading), "rates": len(rates), "fingerprint": fingerprint, "loaded_at": now}
    tariffs.insert([whole])
    kept.insert(_row(heading, prefix, rate) for prefix, rate in rates.items())
    return True


def _problems(heading: Heading, rates: Mapping[str, TableRate]) -> list[str]:
    """What the engine could not rate by, whatever price names the table."""
    sizes = [size for rate in rates.values() for size in (rate.minimum, rate.increment) if size is not None]
    per = Quantity(Decimal(1), sizes[0].unit if sizes else "s")
    none = Rate(Decimal(0))
    table = {prefix: filled(rate, none) for prefix, rate in rates.items()}
    price = UsagePrice(heading.tariff, heading.version, Match("any"), heading.currency, per, none, table=table)
    return [f"{each.where}: {each.message}" for each in problems(Plan(prices=(price,)))]


def _fingerprint(heading: Heading, rates: Mapping[str, TableRate]) -> str:
    return hashlib.sha256(repr((heading, sorted(rates.items()))).encode()).hexdigest()


def _row(heading: Heading, prefix: str, rate: TableRate) -> dict[str, Any]:
    sizes = [size for size in (rate.minimum, rate.increment) if size is not None]
    return {
        "tariff": heading.tariff,
        "version": heading.version,
        "prefix": prefix,
        "amount": rate.amount,
        "setup_fee": rate.setup_fee,
        "minimum": None if rate.minimum is None else rate.minimum.amount,
        "increment": None if rate.increment is None else rate.increment.amount,
        "unit": sizes[0].unit if sizes else None,
    }


def read_days(lines: Iterable[str]) -> frozenset[date]:
    """The days of a file with one ISO date in each line. Errors: TariffRefused."""
    days = set()
    for number, line in enumerate(lines, 1):
        text = line.strip()
        try:
            days |= {date.fromisoformat(text)} if text else set()
        except ValueError:
            raise TariffRefused(f"line {number}: {text[:40]!r} is no day such as 2026-12-25") from None
    return frozenset(days)


def add_days(calendar: str, days: Iterable[date], records: Recording) -> int:
    """Add days to a calendar; how many were not in it."""
    rows = [{"calendar": calendar, "day": day.isoformat()} for day in sorted(days)]
    return len(records(CALENDARS.name).insert_new(rows))


class Tariffs:
    """The tables and calendars that are loaded, in a transaction."""

    def __init__(self, records: Recording) -> None:
        self._tariffs, self._rates = records(TARIFFS.name), records(RATES.name)
        self._calendars = records(CALENDARS.name)

    def headings(self, tariffs: Iterable[str]) -> dict[str, list[Heading]]:
        """The versions of each table that is here, from the first to the last; each ends where the next begins."""
        found: dict[str, list[Heading]] = {}
        wanted = tuple(sorted(set(tariffs)))
        for row in self._tariffs.find({"tariff": wanted}, order=["tariff", "valid_from"]) if wanted else ():
            heading = Heading(**{name: row[name] for name in Heading.__dataclass_fields__})
            found.setdefault(heading.tariff, []).append(heading)
        return {tariff: list(_joined(versions)) for tariff, versions in found.items()}

    def table(self, heading: Heading) -> TableVersion:
        """A version with its rates."""
        rows = self._rates.find({"tariff": heading.tariff, "version": heading.version})
        rates = {
            row["prefix"]: TableRate(
                row["amount"],
                row["setup_fee"],
                _quantity(row["minimum"], row["unit"]),
                _quantity(row["increment"], row["unit"]),
            )
            for row in rows
        }
        return TableVersion(
            heading.tariff, heading.version, heading.currency, heading.valid_from, heading.valid_until, rates
        )

    def calendars(self, names: Iterable[str]) -> dict[str, frozenset[date]]:
        """The days of each calendar that has any."""
        wanted = tuple(sorted(set(names)))
        days: dict[str, set[date]] = {}
        for row in self._calendars.find({"calendar": wanted}) if wanted else ():
            days.setdefault(row["calendar"], set()).add(date.fromisoformat(row["day"]))
        return {name: frozenset(found) for name, found in days.items()}


def _joined(versions: list[Heading]) -> Iterator[Heading]:
    for heading, following in pairwise([*versions, None]):
        assert heading is not None, "only the last has none after it"
        ends = [heading.valid_until, following.valid_from if following else None]
        given = [moment for moment in ends if moment is not None]
        yield replace(heading, valid_until=min(given) if given else None)
