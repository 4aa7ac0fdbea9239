"""Rated usage as bills take it up (`Component.offers`: ratedUsage), in their transaction.

    claim     what of the unbilled lines of accounts lies before an instant belongs to their bills
    sums      what all billed lines come to, by product, price, version, usage type, kind and cycle period
    assign    the lines of a sum that were claimed are charged by an item
    settle    that is written
    lines_of  the lines behind items
    paid_by   the lines behind charges of prepaid balances

A line is claimed once: who claims closes the open claim of the account (`claims`), waiting for whoever rates for it,
and the other way round. Lines that a balance pays for are never claimed. Locks: whoever claims holds the accounts
before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from common.component import Recording
from common.domain.clock import instant_text
from common.domain.exact import EXACT
from common.store.audit import Values
from common.store.records import Between
from common.store.sets import Compared, Joined, Passed, change, found, totals
from tmf635_usage.claims import Claim, claims_in
from tmf635_usage.rate import rating_of
from tmf635_usage.tables import BILLED_SUMS, CHARGED, CLAIMS, LINES

_NAMED = ("product", "price", "version", "usage_type", "kind", "unit")
_SAID = (*_NAMED, "currency")
_MOMENT = timedelta(milliseconds=1)
# Usages in one question.
_USAGES_AT_ONCE = 500
# The half-open period of instants that an instant lies in.
Periods = Callable[[datetime], tuple[datetime, datetime]]
_CHARGED = {"state": CHARGED}
_OPEN, _OF_TIME = Compared("claim", "number"), Compared("at", "start", "end")
# Nearly all that is claimed is of the period that ends or of the one before.
_STEPS = Passed("at", ("before_last", "last", "cutoff"))
_EARLIER, _BEFORE_LAST, _LAST, _LATER = range(4)


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
class PaidLine:
    """A line that a balance paid for; a reversal's is what the balance got back."""

    product: str
    account: str | None
    at: datetime
    price: str
    version: str
    amount: Decimal


@dataclass(frozen=True)
class Behind:
    """The lines behind an item: how many, and their unrounded sum."""

    count: int
    amount: Decimal


@dataclass(frozen=True)
class _Closing:
    """A claim that is closed: what it is of usage before `cutoff`, by the account's periods."""

    claim: Claim
    cutoff: datetime
    periods: Periods

    def place(self, account: str) -> dict[str, str]:
        """What `_STEPS` and restamping compare with."""
        last = self.periods(self.cutoff - _MOMENT)[0]
        before_last = self.periods(last - _MOMENT)[0]
        number = self.claim.number
        return {
            **{"account": account, "number": str(number), "next": str(number + 1)},
            **{"before_last": instant_text(before_last), "last": instant_text(last)},
            "cutoff": instant_text(self.cutoff),
        }

    @property
    def following(self) -> Claim:
        """The claim that is open afterwards."""
        return Claim(self.claim.number + 1, self.periods(self.cutoff)[1])


class RatedUsage:
    """What bills ask."""

    def __init__(self, records: Recording) -> None:
        self._lines, self._sums, self._claims = (records(one.name) for one in (LINES, BILLED_SUMS, CLAIMS))
        self._closed: dict[str, _Closing] = {}
        # What is claimed now, by account and key; `settle` writes it.
        self._new: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}

    # -- billing ------------------------------------------------------------------------------------------------------

    def foresee(self, accounts: Sequence[str], since: datetime | None = None) -> None:
        """These accounts are billed now, and asked for sums from an instant on."""
        self._claims.foresee({"account": tuple(accounts)}, for_update=True)
        self._sums.foresee({"account": tuple(accounts), "start": Between(since)})

    def claim(self, accounts: Mapping[str, tuple[datetime, Periods]]) -> None:
        """Every unbilled line of each account before an instant is for the bill that is made now.

        Whoever rates for these accounts waits from now on. An account without a claim has no usage; what comes
        meanwhile is billed next time.
        """
        held = claims_in(self._claims.get_many(((id,) for id in accounts), for_update=True))
        self._closed = {id: _Closing(claim, *accounts[id]) for id, claim in held.items() if id is not None}
        self._new = {}
        places = {id: one.place(id) for id, one in self._closed.items()}
        joined = Joined(list(places.values()), ("account",), (_OPEN,), _CHARGED)
        columns = ("quantity", "amount")
        rows = totals(self._lines, joined, ("account", *_SAID, "claim"), sums=columns, passed=_STEPS)
        earlier = {id: datetime.fromisoformat(first) for id, first in _firsts(rows).items()}
        listed = [place for id, first in sorted(earlier.items()) for place in self._places(places[id], first)]
        joined = Joined(listed, ("account",), (_OPEN, _OF_TIME), _CHARGED)
        for row in rows:
            if row["passed"] in (_BEFORE_LAST, _LAST):
                start, end = (places[row["account"]][name] for name in _STEPS.bounds[row["passed"] - 1 :][:2])
                self._add(row, start, end)
        for row in totals(self._lines, joined, ("account", *_SAID), ("start", "end"), columns):
            self._add(row, row["start"], row["end"])
        self._stamp(rows, places)
        following = ((id, self._closed[id].following) for id in sorted(self._closed))
        self._claims.put({"account": id, "number": one.number, "until": one.until} for id, one in following)

    def touched(self, account: str) -> datetime | None:
        """The start of the first period in which lines were claimed now; None where there are none."""
        return min((row["start"] for row in self._new.get(account, {}).values()), default=None)

    def sums(self, account: str, periods: Periods, since: datetime | None = None) -> list[BilledSum]:
        """What was ever billed of the account's usage in the periods from an instant on, by key."""
        found: dict[tuple[Any, ...], BilledSum] = {}
        kept = self._sums.find({"account": account, "start": Between(since)})
        new = (row for row in self._new.get(account, {}).values() if since is None or row["start"] >= since)
        told = [*((row, 0) for row in kept), *((row, row["lines"]) for row in new)]
        for row, claimed in told:
            key, said = _key(row), {name: row[name] for name in (*_SAID, "start", "quantity", "amount", "lines")}
            one = BilledSum(**said, end=periods(row["start"])[1], claimed=claimed)
            found[key] = one if key not in found else _together(found[key], one)
        return [found[key] for key in sorted(found)]

    def assign(self, account: str, one: BilledSum, item: str) -> int:
        """The claimed lines of a sum are charged by an item; how many. `settle` writes it."""
        key = tuple(getattr(one, name) for name in (*_SAID, "start"))
        self._new[account][key]["bill_item"] = item
        return one.claimed

    def settle(self) -> None:
        """Write what was claimed, and by which items it is charged."""
        rows = [row for id in sorted(self._new) for _, row in sorted(self._new[id].items())]
        assert all("bill_item" in row for row in rows), "what is claimed is charged by an item"
        self._sums.insert(rows)
        self._new = {}

    # -- showing ------------------------------------------------------------------------------------------------------

    def lines_of(self, items: Iterable[str]) -> list[BilledLine]:
        """The lines behind items, in the order of the usages' times."""
        places = [
            {name: row[name] for name in ("account", *_SAID)}
            | {"claim": str(row["claim"]), "start": instant_text(row["start"]), "end": instant_text(row["end"])}
            for row in self._sums.find({"bill_item": tuple(items)})
        ]
        rows = found(self._lines, Joined(places, ("account", *_NAMED, "claim"), (_OF_TIME,), _CHARGED, ("currency",)))
        return sorted((_line(row) for row in rows), key=lambda one: (one.at, one.id))

    def paid_by(self, charges: Iterable[str]) -> dict[str, list[PaidLine]]:
        """The priced lines behind charges of balances, by charge (`rate.charge_of`); charges without any left out."""
        ratings = {rating: charge for charge in charges if (rating := rating_of(charge)) is not None}
        usages = sorted({usage for usage, _ in ratings})
        found: dict[str, list[PaidLine]] = {}
        for start in range(0, len(usages), _USAGES_AT_ONCE):
            where = {"usage": tuple(usages[start : start + _USAGES_AT_ONCE])}
            for row in self._lines.find(where, order=["usage", "number", "place"]):
                charge = ratings.get((row["usage"], row["number"]))
                if charge is not None and row["currency"] is not None:
                    line = PaidLine(**{name: row[name] for name in PaidLine.__dataclass_fields__})
                    found.setdefault(charge, []).append(line)
        return found

    # -- whether all is well ------------------------------------------------------------------------------------------

    def billed_items(self) -> Values:
        """The items that usage was billed on."""
        return Values(BILLED_SUMS.name, "bill_item")

    def behind(self, items: Iterable[str]) -> dict[str, Behind]:
        """How many lines items charge and what these came to, as it was noted when they were claimed (the check
        `usage.sums` holds that against the lines); items without any are left out.
        """
        found: dict[str, Behind] = {}
        for row in self._sums.find({"bill_item": tuple(items)}):
            before = found.get(row["bill_item"], Behind(0, Decimal(0)))
            amount = EXACT.add(before.amount, row["amount"])
            found[row["bill_item"]] = Behind(before.count + row["lines"], amount)
        return found

    # -- the parts ----------------------------------------------------------------------------------------------------

    def _places(self, place: Mapping[str, str], first: datetime) -> Iterator[dict[str, str]]:
        """The periods from that of the first usage on that the steps do not tell apart."""
        at, closing = first, self._closed[place["account"]]
        while instant_text(at) < place["before_last"]:
            start, end = closing.periods(at)
            assert start <= at < end, "an instant lies in its period"
            times = {"start": instant_text(start), "end": min(instant_text(end), place["before_last"])}
            yield {"account": place["account"], "number": place["number"], **times}
            at = end

    def _add(self, row: Mapping[str, Any], start: str, end: str) -> None:
        """Lines that say the same are one sum, whichever number they had."""
        account, of = row["account"], self._new.setdefault(row["account"], {})
        said = {name: row[name] for name in _SAID} | {"currency": row["currency"] or ""}
        times = {"start": datetime.fromisoformat(start), "end": datetime.fromisoformat(end)}
        new = {"account": account, **said, **times, "claim": self._closed[account].claim.number}
        new |= {"quantity": row["quantity"], "amount": row["amount"], "lines": row["count"]}
        before = of.setdefault(_key(new), new)
        if before is not new:
            before |= {name: EXACT.add(before[name], new[name]) for name in ("quantity", "amount")}
            before["lines"] += new["lines"]

    def _stamp(self, rows: Iterable[Mapping[str, Any]], places: Mapping[str, Mapping[str, str]]) -> None:
        """Lines whose number was given for another cutoff than this one get the right one: few, or none."""
        too_high, too_low = set(), set()
        for row in rows:
            number = self._closed[row["account"]].claim.number
            if row["passed"] < _LATER and row["claim"] != number:
                too_high.add(row["account"])
            elif row["passed"] == _LATER and row["claim"] == number:
                too_low.add(row["account"])
        lowered = [{**places[id], "claim": places[id]["number"]} for id in sorted(too_high)]
        raised = [{**places[id], "claim": places[id]["next"]} for id in sorted(too_low)]
        before, later = Compared("at", before="cutoff"), Compared("at", "cutoff")
        change(self._lines, Joined(lowered, ("account",), (Compared("claim", "next"), before), _CHARGED), ("claim",))
        of_this = Compared("claim", "number", "next")
        change(self._lines, Joined(raised, ("account",), (of_this, later), _CHARGED), ("claim",))


def _firsts(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The earliest usage of each account that lies before the periods that are told apart."""
    firsts: dict[str, str] = {}
    for row in rows:
        if row["passed"] == _EARLIER:
            firsts[row["account"]] = min(row["first"], firsts.get(row["account"], row["first"]))
    return firsts


def _together(one: BilledSum, other: BilledSum) -> BilledSum:
    return replace(
        one,
        quantity=EXACT.add(one.quantity, other.quantity),
        amount=EXACT.add(one.amount, other.amount),
        lines=one.lines + other.lines,
        claimed=one.claimed + other.claimed,
    )


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in (*_SAID, "start"))


def _line(row: Mapping[str, Any]) -> BilledLine:
    return BilledLine(**{name: row[name] for name in BilledLine.__dataclass_fields__})
