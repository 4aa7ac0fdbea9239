"""Rated usage as bills take it up (`Component.offers`: ratedUsage), in their transaction.

    claim     every unbilled line of an account before an instant is billed, under a mark; the sums follow
    sums      what all billed lines come to, by product, price, version, usage type, kind and cycle period
    assign    lines of one sum that were claimed get the item that shows them
    detail    the lines behind an item

A line is claimed once. Who claims waits for whoever rates the same products (the scopes), and the other way round: a
re-rating finds lines either unbilled or billed. Lines that a balance pays for are never claimed.
Locks: whoever claims holds the account before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.component import Recording
from common.store.audit import Values
from common.store.records import Between
from tmf635_usage.rating.amounts import EXACT
from tmf635_usage.tables import BILLED, BILLED_SUMS, LINES, SCOPES, UNBILLED

# Lines in one question.
_AT_ONCE = 500
_SAID = ("product", "price", "version", "usage_type", "kind", "unit", "currency")
# The half-open period of instants that an instant lies in.
Periods = Callable[[datetime], tuple[datetime, datetime]]


@dataclass(frozen=True)
class BilledSum:
    """What the billed lines of one key come to; `claimed` of them have the mark of this bill.

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
        self._claimed: dict[tuple[Any, ...], int] = {}

    def claim(self, account: str, before: datetime, periods: Periods, mark: str) -> int:
        """Bill every unbilled line of the account before an instant; how many. `mark` stands for their item."""
        self._lock(account, before)
        claimed = 0
        while oldest := self._lines.find(self._unbilled(account, None, before), order=["at"], limit=1):
            start, end = periods(oldest[0]["at"])
            assert start <= oldest[0]["at"] < end, "an instant lies in its period"
            where = self._unbilled(account, start, min(end, before))
            self._add_up(account, start, where)
            claimed += self._lines.update(where, {"state": BILLED, "bill_item": mark})
        return claimed

    def sums(self, account: str, periods: Periods) -> list[BilledSum]:
        """Everything that was ever billed of the account's usage, by key."""
        found = []
        for row in self._sums.find({"account": account}):
            key = {name: row[name] for name in (*_SAID, "start", "quantity", "amount", "lines")}
            claimed = self._claimed.get(_key(row), 0)
            found.append(BilledSum(**key, end=periods(row["start"])[1], claimed=claimed))
        return found

    def assign(self, mark: str, one: BilledSum, item: str) -> int:
        """The claimed lines of a sum belong to an item from now on; how many."""
        said = {name: getattr(one, name) for name in _SAID} | {"currency": one.currency or None}
        where = {"bill_item": mark, "at": Between(one.start, one.end), **said}
        return self._lines.update(where, {"bill_item": item})

    def detail(self, item: str, after: str | None = None, limit: int = _AT_ONCE) -> list[BilledLine]:
        """The lines behind an item, by id, after one of them."""
        rows = self._lines.find({"bill_item": item}, limit=limit, after=None if after is None else (after,))
        return [_line(row) for row in rows]

    def lines_of(self, items: Sequence[str]) -> Iterator[BilledLine]:
        """The lines behind these items, in the order of the usages' times."""
        rows: list[BilledLine] = []
        for start in range(0, len(items), _AT_ONCE):
            part = tuple(items[start : start + _AT_ONCE])
            rows += [_line(row) for row in self._lines.find({"bill_item": part}, order=["at"])]
        yield from sorted(rows, key=lambda one: (one.at, one.id))

    # -- whether all is well ------------------------------------------------------------------------------------------

    def billed_items(self) -> Values:
        """The items that lines were billed on."""
        return Values(LINES.name, "bill_item", {"state": BILLED})

    def behind(self, items: Sequence[str]) -> dict[str, Behind]:
        """How many lines each of these items has and what they come to; those without any are left out."""
        found: dict[str, Behind] = {}
        for start in range(0, len(items), _AT_ONCE):
            part = tuple(items[start : start + _AT_ONCE])
            for one in self._lines.sum(["amount"], {"bill_item": part}, ("bill_item",)):
                found[one.group["bill_item"]] = Behind(one.count, one.sums["amount"])
        return found

    # -- the parts ----------------------------------------------------------------------------------------------------

    def _unbilled(self, account: str, since: datetime | None, before: datetime) -> Mapping[str, Any]:
        return {"account": account, "state": UNBILLED, "at": Between(since, before)}

    def _lock(self, account: str, before: datetime) -> None:
        """Whoever rates these products waits. A product that comes by its first line meanwhile is billed next time."""
        waiting = self._lines.sum((), self._unbilled(account, None, before), ["product"])
        products = [one.group["product"] for one in waiting]
        self._scopes.insert_new({"scope": id, "product": id} for id in sorted(products))
        self._scopes.get_many(((id,) for id in products), for_update=True)

    def _add_up(self, account: str, start: datetime, where: Mapping[str, Any]) -> None:
        new: dict[tuple[Any, ...], dict[str, Any]] = {}
        for one in self._lines.sum(["quantity", "amount"], where, _SAID):
            key = {"account": account, **one.group, "currency": one.group["currency"] or "", "start": start}
            new[tuple(key.values())] = {**key, **one.sums, "lines": one.count}
            self._claimed[_key(key)] = self._claimed.get(_key(key), 0) + one.count
        kept = self._sums.get_many(new)
        self._sums.put(_together(row, kept.get(key)) for key, row in sorted(new.items()))


def _together(row: Mapping[str, Any], kept: Mapping[str, Any] | None) -> dict[str, Any]:
    if kept is None:
        return dict(row)
    sums = {name: EXACT.add(kept[name], row[name]) for name in ("quantity", "amount")}
    return {**row, **sums, "lines": kept["lines"] + row["lines"]}


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in (*_SAID, "start"))


def _line(row: Mapping[str, Any]) -> BilledLine:
    return BilledLine(**{name: row[name] for name in BilledLine.__dataclass_fields__})
