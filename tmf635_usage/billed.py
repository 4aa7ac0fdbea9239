"""Rated usage as bills take it up (`Component.offers`: ratedUsage), in their transaction.

    claim     what of the unbilled lines of accounts lies before an instant belongs to their bills; the sums follow
    sums      what all billed lines come to, by product, price, version, usage type, kind and cycle period
    assign    the lines of a sum that were claimed get the item that shows them
    settle    that is written
    lines_of  the lines behind items

A line is claimed once. Who claims waits for whoever rates the same products (the scopes), and the other way round: a
re-rating finds lines either unbilled or billed. Lines that a balance pays for are never claimed.
Locks: whoever claims holds the accounts before.

Ids of lines are in the order in which the lines came, but for what two machines' clocks and open transactions make of
it. So what is unbilled is looked for among the newest lines of an account: from the oldest on that its last bill left,
or a day before that bill. Lines change in place (no index has what a bill changes of them).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.component import Recording
from common.domain.clock import instant_text
from common.domain.ids import first_id, now_millis
from common.store.audit import Values
from common.store.records import Between
from common.store.sets import Compared, First, Joined, change, found, totals
from tmf635_usage.rating.amounts import EXACT
from tmf635_usage.tables import BILLED, BILLED_SUMS, CLAIMS, LINES, RETIRED_SUMS, SCOPES, UNBILLED

_SAID = ("product", "price", "version", "usage_type", "kind", "unit", "currency")
# What the clocks of two machines differ by, and how long a transaction is open, at most: milliseconds.
_LATE_MAX = 24 * 60 * 60 * 1000
# The half-open period of instants that an instant lies in.
Periods = Callable[[datetime], tuple[datetime, datetime]]
_NEW, _OF_TIME = Compared("id", "since"), Compared("at", "start", "end")


@dataclass(frozen=True)
class BilledSum:
    """What the billed lines of one key come to; `claimed` of them are new on this bill.

    Shapes: `amount` is unrounded and in `currency`; lines that cost nothing and name none have the currency "".
            [start, end) is the cycle period of the usage's own time.
    """

    product: str
    price: str
    version: str
    usage_type: str
    kind: str
    unit: str
    currency: str
    start: datetime
    end: datetime
    quantity: Decimal
    amount: Decimal
    lines: int
    claimed: int = 0


@dataclass(frozen=True)
class BilledLine:
    """A line behind an item of a bill."""

    id: str
    usage: str
    product: str
    at: datetime
    usage_type: str
    kind: str
    price: str
    version: str
    quantity: Decimal
    unit: str
    amount: Decimal
    currency: str | None


@dataclass(frozen=True)
class Behind:
    """The lines behind an item: how many, and their unrounded sum."""

    count: int
    amount: Decimal


class RatedUsage:
    """What bills ask."""

    def __init__(self, records: Recording) -> None:
        self._lines, self._sums, self._scopes = records(LINES.name), records(BILLED_SUMS.name), records(SCOPES.name)
        self._retired = records(RETIRED_SUMS.name)
        self._claims = records(CLAIMS.name)
        self._since: dict[str, str] = {}
        self._before: dict[str, datetime] = {}
        self._claimed: dict[str, dict[tuple[Any, ...], int]] = {}
        self._assigned: list[dict[str, str]] = []

    # -- billing ------------------------------------------------------------------------------------------------------

    def foresee(self, accounts: Sequence[str], since: datetime | None = None) -> None:
        """These accounts are billed now, and asked for sums from an instant on."""
        self._claims.foresee({"account": tuple(accounts)})
        self._sums.foresee({"account": tuple(accounts), "start": Between(since)})

    def claim(self, accounts: Mapping[str, tuple[datetime, Periods]]) -> None:
        """Every unbilled line of each account before an instant is for the bill that is made now."""
        kept = self._claims.get_many((id,) for id in accounts)
        self._before = {id: before for id, (before, _) in accounts.items()}
        self._since = {id: kept[id,]["since"] if (id,) in kept else "" for id in accounts}
        oldest = self._waiting()
        places = [
            {"account": id, "since": self._since[id], "start": instant_text(start), "end": instant_text(end)}
            for id, first in sorted(_earliest(oldest).items())
            for start, end in _periods(first, *accounts[id])
        ]
        joined = Joined(places, ("account",), (_NEW, _OF_TIME), {"state": UNBILLED})
        rows = totals(self._lines, joined, ("account", *_SAID), ("start",), ("quantity", "amount"))
        self._add_up([row for row in rows if (row["account"], row["product"]) in oldest])

    def touched(self, account: str) -> datetime | None:
        """The start of the first period in which lines were claimed now; None where there are none."""
        return min((key[-1] for key in self._claimed.get(account, ())), default=None)

    def sums(self, account: str, periods: Periods, since: datetime | None = None) -> list[BilledSum]:
        """What was ever billed of the account's usage in the periods from an instant on, by key."""
        found, claimed = [], self._claimed.get(account, {})
        for row in self._sums.find({"account": account, "start": Between(since)}):
            key = {name: row[name] for name in (*_SAID, "start", "quantity", "amount", "lines")}
            found.append(BilledSum(**key, end=periods(row["start"])[1], claimed=claimed.get(_key(row), 0)))
        return found

    def assign(self, account: str, one: BilledSum, item: str) -> int:
        """The claimed lines of a sum belong to an item; how many. `settle` writes it."""
        place = {name: getattr(one, name) for name in _SAID} | {"account": account, "since": self._since[account]}
        times = {"start": instant_text(one.start), "end": instant_text(min(one.end, self._before[account]))}
        self._assigned.append({**place, **times, "bill_item": item})
        return one.claimed

    def settle(self) -> None:
        """Write which lines belong to which items."""
        assigned, self._assigned = self._assigned, []
        joined = Joined(assigned, ("account", *_SAID), (_NEW, _OF_TIME), {"state": UNBILLED})
        change(self._lines, joined, {"state": BILLED}, ("bill_item",))

    # -- showing ------------------------------------------------------------------------------------------------------

    def lines_of(self, places: Iterable[Mapping[str, str]]) -> list[BilledLine]:
        """The lines behind items, in the order of the usages' times.

        Shapes: a place is an item (`bill_item`), its `product`, and instants `start` and `end` that its usage lies
                between, or wider.
        """
        joined = Joined(list(places), ("bill_item", "product"), (_OF_TIME,))
        rows = found(self._lines, joined)
        return sorted((_line(row) for row in rows), key=lambda one: (one.at, one.id))

    # -- whether all is well ------------------------------------------------------------------------------------------

    def billed_items(self) -> Values:
        """The items that lines were billed on."""
        return Values(LINES.name, "bill_item", {"state": BILLED})

    def behind(self, places: Iterable[Mapping[str, str]]) -> dict[str, Behind]:
        """How many lines items have and what they come to (`lines_of`), with those that were given up since; items
        without any are left out.
        """
        asked = list(places)
        of_time = Joined(asked, ("bill_item", "product"), (_OF_TIME,))
        rows = totals(self._lines, of_time, ("bill_item",), sums=("amount",))
        found = {row["bill_item"]: Behind(row["count"], row["amount"]) for row in rows}
        for row in self._retired.find({"bill_item": tuple(place["bill_item"] for place in asked)}):
            here = found.get(row["bill_item"], Behind(0, Decimal(0)))
            found[row["bill_item"]] = Behind(here.count + row["lines"], here.amount + row["amount"])
        return found

    # -- the parts ----------------------------------------------------------------------------------------------------

    def _waiting(self) -> dict[tuple[str, str], datetime]:
        """The oldest line that waits of each account and product; whoever rates these products waits from now on.

        Usage that comes by the first line of a product meanwhile is billed next time.
        """
        listed = self._before.items()
        places = [{"account": id, "since": self._since[id], "before": instant_text(at)} for id, at in listed]
        firsts = {"first": First("at", Compared("at", before="before")), "left": First("id", Compared("at", "before"))}
        joined = Joined(places, ("account",), (_NEW,), {"state": UNBILLED})
        rows = totals(self._lines, joined, ("account", "product"), firsts=firsts)
        waiting = {
            (row["account"], row["product"]): datetime.fromisoformat(row["first"]) for row in rows if row["first"]
        }
        products = sorted({product for _, product in waiting})
        held = self._scopes.get_many(((id,) for id in products), for_update=True)
        if missing := [id for id in products if (id,) not in held]:
            self._scopes.insert_new({"scope": id, "product": id} for id in missing)
            self._scopes.get_many(((id,) for id in missing), for_update=True)
        floor = first_id(now_millis() - _LATE_MAX)
        left = {id: floor for id in self._before}
        for row in rows:
            if row["left"]:
                left[row["account"]] = min(left[row["account"]], row["left"])
        self._claims.put({"account": id, "since": since} for id, since in sorted(left.items()))
        return waiting

    def _add_up(self, rows: Iterable[Mapping[str, Any]]) -> None:
        new: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in rows:
            said = {name: row[name] for name in _SAID} | {"currency": row["currency"] or ""}
            key = {"account": row["account"], **said, "start": datetime.fromisoformat(row["start"])}
            sums = {"quantity": row["quantity"], "amount": row["amount"], "lines": row["count"]}
            new[tuple(key.values())] = {**key, **sums}
            self._claimed.setdefault(row["account"], {})[_key(key)] = row["count"]
        kept = self._sums.get_many(new)
        self._sums.put(_together(row, kept.get(key)) for key, row in sorted(new.items()))


def _earliest(oldest: Mapping[tuple[str, str], datetime]) -> dict[str, datetime]:
    earliest: dict[str, datetime] = {}
    for (account, _), at in oldest.items():
        earliest[account] = min(at, earliest.get(account, at))
    return earliest


def _periods(first: datetime, before: datetime, periods: Periods) -> Iterator[tuple[datetime, datetime]]:
    """The periods from that of the first instant on, the last one until `before`."""
    at = first
    while at < before:
        start, end = periods(at)
        assert start <= at < end, "an instant lies in its period"
        yield start, min(end, before)
        at = end


def _together(row: Mapping[str, Any], kept: Mapping[str, Any] | None) -> dict[str, Any]:
    if kept is None:
        return dict(row)
    sums = {name: EXACT.add(kept[name], row[name]) for name in ("quantity", "amount")}
    return {**row, **sums, "lines": kept["lines"] + row["lines"]}


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in (*_SAID, "start"))


def _line(row: Mapping[str, Any]) -> BilledLine:
    return BilledLine(**{name: row[name] for name in BilledLine.__dataclass_fields__})
