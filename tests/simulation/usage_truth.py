"""What must be true of usage at any time, whatever happened: each record once, and counters that say what lines say.

received   = rated + rejected + waiting + corrected, each key once
ratings    one current one for each rated usage, none for the others; its lines are those of the document
counters   buckets and counters are the sums of all draws and counts, reversals among them
balances   what was taken from them is what the current ratings of prepaid products cost
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from common.domain.query import Document, Query
from common.installation import Installation
from common.store.event_tables import outbox
from tests.tmf654_balance.kit import check as check_balances
from tmf635_usage.rate import moved
from tmf635_usage.reading import source_key
from tmf635_usage.tables import BUCKETS, COUNTERS, KEYS, LINES, RATINGS
from tmf654_balance.tables import MOVEMENTS, OWNERS

Row = dict[str, Any]
_USAGES_MAX = 100_000


@dataclass(frozen=True)
class Told:
    """All that is known of usage, with the keys of records in place of ids that differ from run to run."""

    usages: dict[str, Document]
    lines: dict[str, list[tuple[Any, ...]]]
    buckets: list[tuple[Any, ...]]
    counters: list[tuple[Any, ...]]
    balances: dict[str, Decimal]
    events: dict[str, list[tuple[str, str]]]

    def statuses(self) -> Counter[str]:
        return Counter(one["status"] for one in self.usages.values())

    def costs(self) -> dict[str, tuple[str, Decimal]]:
        """Status of each usage, and what it costs now."""
        return {
            key: (self.usages[key]["status"], sum((line[-1] for line in self.lines[key]), Decimal(0)))
            for key in self.usages
        }


@dataclass(frozen=True)
class _Of:
    """The form in which the tests of balances take an installation."""

    installation: Any


def told(installation: Installation) -> Told:
    """Everything, after it was held against what must be true of it."""
    kept = documents(installation)
    with installation.database.read() as uow:
        rows = {table.name: uow.records(table.name).find({}) for table in (KEYS, RATINGS, LINES, BUCKETS, COUNTERS)}
        paid, owners = uow.records(MOVEMENTS.name).find({}), uow.records(OWNERS.name).find({})
    keys = _keys(kept, rows[KEYS.name])
    owned = {row["owner"] for row in owners}
    _check_ratings(kept, rows[RATINGS.name], rows[LINES.name], owned)
    _check_counters(rows)
    balances = check_balances(_Of(installation))  # type: ignore[arg-type]
    _check_paid(rows, paid, owned)
    return Told(
        {keys[id]: document for id, document in kept.items()},
        {keys[id]: lines for id, lines in _present(kept, rows[LINES.name]).items()},
        sorted(
            (r["scope"], r["allowance"], r["start"], r["granted"], r["used"], r["rolled"]) for r in rows[BUCKETS.name]
        ),
        sorted((r["scope"], r["price"], r["start"], r["quantity"]) for r in rows[COUNTERS.name]),
        balances,
        {keys[id]: moves for id, moves in _events(installation, keys).items()},
    )


def _sorted(rows: Iterable[Row], names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[name] for name in names) for row in rows)


def documents(installation: Installation) -> dict[str, Document]:
    with installation.database.read() as uow:
        stored = installation.by_name["productUsage"].stored.name
        return {row.id: row.document() for row in uow.repository(stored).find(Query(limit=_USAGES_MAX)).rows}


def _keys(kept: dict[str, Document], rows: Iterable[Row]) -> dict[str, str]:
    """The key of each usage: one each, as the documents say and as was noted."""
    said = {id: source_key(document) for id, document in kept.items()}
    noted = {row["usage"]: (row["source"], row["external"]) for row in rows}
    assert said == noted
    assert len(set(said.values())) == len(said)
    return {id: external for id, (_, external) in noted.items()}


def _check_ratings(kept: dict[str, Document], ratings: Iterable[Row], lines: Iterable[Row], owners: set[str]) -> None:
    current = {(row["usage"], row["number"]) for row in ratings if row["is_current"]}
    rated = [id for id, document in kept.items() if document["status"] == "rated"]
    assert sorted(usage for usage, _ in current) == sorted(rated), "each rated usage has one current rating"
    assert all("statusReason" in one for one in kept.values() if one["status"] != "rated"), "what waits says why"
    of: dict[str, list[Row]] = defaultdict(list)
    for row in lines:
        of[row["usage"]].append(row)
    for id in kept:
        now = sorted((row for row in of[id] if (id, row["number"]) in current), key=lambda row: row["place"])
        shown = [
            (price["name"], price.get("price", {}).get("dutyFreeAmount", {}).get("value", Decimal(0)))
            for price in kept[id].get("usageProductPrice", ())
        ]
        assert [(row["kind"], row["amount"]) for row in now] == shown, id
        assert sum(row["amount"] for row in of[id]) == sum(row["amount"] for row in now), id
        assert sum(row["quantity"] for row in of[id]) == sum(row["quantity"] for row in now), id
        assert all(row["state"] == ("prepaid" if _payers(row) & owners else "charged") for row in now), id
        assert all(row["state"] == "void" for row in of[id] if row not in now), id


def _check_counters(rows: dict[str, list[Row]]) -> None:
    used: dict[Any, Decimal] = defaultdict(Decimal)
    counted: dict[Any, Decimal] = defaultdict(Decimal)
    for row in rows[RATINGS.name]:
        draws, counts = moved(row["doc"])
        for draw in draws:
            used[(*draw.bucket, draw.is_rolled)] += draw.quantity
        for count in counts:
            counted[tuple(count.counter)] += count.quantity
    buckets: dict[Any, Decimal] = {}
    for row in rows[BUCKETS.name]:
        key = (row["allowance"], row["scope"], row["start"])
        assert row["used"] + row["rolled"] <= row["granted"], row
        buckets |= {(*key, False): row["used"], (*key, True): row["rolled"]}
    assert _something(used) == _something(buckets)
    counters = {(row["price"], row["scope"], row["start"]): row["quantity"] for row in rows[COUNTERS.name]}
    assert _something(counted) == _something(counters)


def _something(sums: dict[Any, Decimal]) -> dict[Any, Decimal]:
    return {key: quantity for key, quantity in sums.items() if quantity}


def _check_paid(rows: dict[str, list[Row]], movements: Iterable[Row], owners: set[str]) -> None:
    """What is not given back was taken for a current rating, and is what it costs."""
    costs: dict[str, Decimal] = defaultdict(Decimal)
    current = {(row["usage"], row["number"]) for row in rows[RATINGS.name] if row["is_current"]}
    for row in rows[LINES.name]:
        if (row["usage"], row["number"]) in current and _payers(row) & owners:
            costs[row["usage"]] += row["amount"]
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for row in movements:
        if row["kind"] in ("usage", "reversal"):
            paid[row["cause"].rpartition("/")[0]] -= row["amount"]
    assert _something(paid) == _something(costs)


def _payers(row: Row) -> set[str]:
    return {f"product/{row['product']}", f"account/{row['account']}"}


def _present(kept: dict[str, Document], lines: Iterable[Row]) -> dict[str, list[tuple[Any, ...]]]:
    """The lines of each usage that stand."""
    found: dict[str, list[tuple[Any, ...]]] = {id: [] for id in kept}
    for row in sorted(lines, key=lambda row: (row["number"], row["place"])):
        if row["state"] in ("charged", "prepaid"):
            said = (row["kind"], row["product"], row["price"], row["version"], row["currency"])
            found[row["usage"]].append((*said, row["quantity"], row["amount"]))
    return found


def _events(installation: Installation, keys: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    columns = outbox.c
    with installation.database.read() as uow:
        rows = uow.connection.execute(
            select(columns.resource_id, columns.type, columns.document, columns.event_id)
            .where(columns.resource == "productUsage")
            .order_by(columns.sequence)
        ).all()
    assert len({row.event_id for row in rows}) == len(rows)
    found: dict[str, list[tuple[str, str]]] = {id: [] for id in keys}
    for row in rows:
        found[row.resource_id].append((row.type, json.loads(row.document)["status"]))
    return found
