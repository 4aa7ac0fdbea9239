"""What a product's usage costs, worked out again: exact reversal, then rating in time order with the plan valid then.

All of a product from an instant on is one transaction, under the locks of its scopes. What comes out as it was is left
as it was: no line, no event. Of the rest

    rating    the one that was current is followed by its reversal and the new one, by number
    lines     what no bill saw, and what a balance paid, is void with its reversal; of what was billed the reversal is
              unbilled, a correction
    buckets   give back what this product drew; what others drew from a shared one stays theirs
    balances  get back what was paid from them, from the first usage on that comes out otherwise; the new ratings are
              paid anew, in their order
    document  corrected, then rated; what cannot be rated any more stays corrected, with the reason

Usage that stayed corrected is taken up again when its product is rated again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.domain.exact import EXACT
from common.domain.ids import ordered_id
from common.domain.query import AllOf, Compare, Document, FieldPath, Kind, Operator
from common.errors import Conflict, Unavailable
from common.installation import Installation
from common.rest.actions import Actions, acting
from common.store.records import Between
from tmf635_usage.rate import EXPLANATION, RATED, REASON, Batch, balances_of, charge_of, moved, payer, write_onto
from tmf635_usage.rating.amounts import opposite
from tmf635_usage.rating.values import ZERO, BucketKey, Rating, Rejection
from tmf635_usage.reading import Reading, read
from tmf635_usage.subjects import Guide, Guided, Unguided
from tmf635_usage.tables import BUCKETS, CHARGED, LINES, PREPAID, RATINGS, VOID

CORRECTED = "corrected"
# Usages of one product in one transaction: years of a person's, a month of a machine's.
USAGES_MAX = 200_000
# How often somebody else may have rated usage of the product just before its scopes were locked.
_ATTEMPTS_MAX = 5
_IDS_AT_ONCE = 500
# Lines that stand.
_STANDING = (CHARGED, PREPAID)
# What makes two lines the same, whichever rating they are of.
_SAID = ("account", "kind", "price", "version", "quantity", "unit", "amount", "currency")

Key = tuple[str, int]
Sums = dict[str, Decimal]


class Moved(Unavailable):
    """Usage of the product kept arriving while its scopes were about to be locked."""


class TooMany(Conflict):
    code, reason = "usage.too-many-to-rerate", "Too much usage for one transaction"

    def __init__(self, product: str) -> None:
        super().__init__(f"product {product[:80]!r} has more than {USAGES_MAX} usages since then; say a later instant")


@dataclass(frozen=True)
class Change:
    """One usage: what it cost and costs, by currency; `reason` is why it is not rated now."""

    usage: str
    at: datetime
    before: Sums
    after: Sums
    reason: str | None = None


@dataclass(frozen=True)
class Proof:
    """What came of it: all that was looked at, and what changed, in time order.

    Shapes: `before` and `after` are the sums of all that was looked at, by currency; `corrections` what reversals of
            billed lines come to, which is on the next bill.
    """

    product: str
    looked_at: int = 0
    changes: tuple[Change, ...] = ()
    before: Sums = field(default_factory=dict)
    after: Sums = field(default_factory=dict)
    corrections: Sums = field(default_factory=dict)


def rerate(installation: Installation, product: str, since: datetime | None = None, *, dry_run: bool = False) -> Proof:
    """Rate the usage of a product again. A dry run does the same and keeps nothing.

    Errors: Moved; TooMany.
    """
    for _ in range(_ATTEMPTS_MAX):
        with installation.database.write() as uow:
            proof = _Rerating(acting(installation, uow), product, since).run()
            if proof is not None:
                if not dry_run:
                    uow.commit()
                return proof
    raise Moved(f"usage of product {product[:80]!r} keeps arriving; repeat this later")


@dataclass
class _Rerating:
    """One product in one transaction."""

    act: Actions
    product: str
    since: datetime | None

    def run(self) -> Proof | None:
        """None when what was read before the locks is not what is there."""
        everything = self._current()
        documents = self._documents(everything)
        current = {id: row for id, row in everything.items() if id in documents}
        readings = {id: read(document) for id, document in documents.items()}
        guided = Guide(self.act.context("productUsage")).guide(readings.values())
        known = [
            (one, found)
            for one in readings.values()
            if isinstance(found := guided[one.id], Guided) and one.usage is not None
        ]
        batch = Batch(self.act.records, self.act.now)
        times = [row["at"] for row in current.values()] + [one.at for one in readings.values()]
        accounts = [row["account"] for row in current.values()]
        batch.lock(known, self._scopes(current), min(times, default=None), accounts=accounts)
        if self._keys(self._current()) != self._keys(everything) or self._held(documents) != documents:
            return None
        emptied = _take_back(batch, current.values())
        numbers, lines = self._numbers(readings), self._lines(current)
        rated = {id for id in current if documents[id]["status"] == RATED}
        batch, outcomes, same = self._rated(batch, known, current, lines, rated, numbers)
        after = {id: copy.deepcopy(document) for id, document in documents.items()}
        for id, document in after.items():
            _outcome_onto(document, readings[id], guided[id], outcomes)
        batch.ratings = [row for row in batch.ratings if row["usage"] not in same]
        batch.lines = [row for row in batch.lines if row["usage"] not in same]
        changed = {id: document for id, document in documents.items() if id not in same}
        corrections = self._reverse(batch, current, lines, changed, numbers)
        self._close(batch, emptied)
        for id in sorted(changed):
            self._move(documents[id], after[id])
        return self._proof(readings, after, lines, batch.lines, same, corrections)

    # -- what is there ------------------------------------------------------------------------------------

    def _current(self) -> dict[str, dict[str, Any]]:
        """The current rating of each usage."""
        where = {"product": self.product, "is_current": True, "at": Between(self.since)}
        rows = self.act.records(RATINGS.name).find(where, order=["at"], limit=USAGES_MAX + 1)
        assert len(rows) <= USAGES_MAX, (
            f"a product has {USAGES_MAX} usages at most that are rated again; say since when"
        )
        return {row["usage"]: row for row in rows}

    def _keys(self, current: Mapping[str, dict[str, Any]]) -> set[Key]:
        return {(row["usage"], row["number"]) for row in current.values()}

    def _documents(self, current: Mapping[str, dict[str, Any]]) -> dict[str, Document]:
        """The usages that are rated, and those that could not be when that was tried last; by id, in time order."""
        kept = self.act.library.get_many("productUsage", set(current))
        waiting = AllOf((_equals("status", CORRECTED), _equals("product.id", self.product)))
        for one in self.act.library.find("productUsage", waiting, limit=USAGES_MAX):
            if one["id"] not in current and REASON in one and (self.since is None or read(one).at >= self.since):
                kept[one["id"]] = one
        return {id: one for id, one in kept.items() if one["status"] in (RATED, CORRECTED)}

    def _held(self, documents: Mapping[str, Document]) -> dict[str, Document | None]:
        return {id: self.act.hold("productUsage", id) for id in sorted(documents)}

    def _scopes(self, current: Mapping[str, dict[str, Any]]) -> dict[str, str]:
        """Every scope that something is given back to, and the product's own."""
        scopes = {self.product}
        for row in current.values():
            draws, counts = moved(row["doc"])
            scopes |= {draw.bucket.scope for draw in draws} | {count.counter.scope for count in counts}
        return dict.fromkeys(scopes, self.product)

    def _numbers(self, usages: Mapping[str, Reading]) -> dict[str, int]:
        """The highest number of a rating that each usage had."""
        numbers: dict[str, int] = {}
        for part in _parts(sorted(usages)):
            for row in self.act.records(RATINGS.name).find({"usage": tuple(part)}):
                numbers[row["usage"]] = max(row["number"], numbers.get(row["usage"], 0))
        return numbers

    def _lines(self, current: Mapping[str, dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        """The lines of the current ratings."""
        lines: dict[str, list[dict[str, Any]]] = {id: [] for id in current}
        for part in _parts(sorted(current)):
            for row in self.act.records(LINES.name).find({"usage": tuple(part)}, order=["usage", "number", "place"]):
                if row["number"] == current[row["usage"]]["number"]:
                    lines[row["usage"]].append(row)
        return lines

    # -- what changes -------------------------------------------------------------------------------------

    def _rated(
        self,
        batch: Batch,
        known: Sequence[tuple[Reading, Guided]],
        current: Mapping[str, dict[str, Any]],
        lines: Mapping[str, list[dict[str, Any]]],
        rated: Set[str],
        numbers: Mapping[str, int],
    ) -> tuple[Batch, dict[str, Rating | Rejection], Set[str]]:
        """Everything rated and paid for: the batch, the outcomes, and the usages that are left as they are.

        All is rated first as if what is rated were paid for: what was refused takes what money there is. That shows the
        first rated usage that comes out otherwise. What is before it stays as it is then, paid or refused; from there
        on what balances paid goes back to them and is paid anew. What a bill charges stays there while it costs the
        same.
        """
        context = self.act.context("productUsage")
        balances = balances_of(context)
        owned = [] if balances is None else balances.owned(payer(found) for _, found in known)
        paid = {id for id in current if any(line["state"] == PREPAID for line in lines[id])}
        causes = [charge_of(id, current[id]["number"]) for id in sorted(paid)]
        next_numbers = {id: number + (2 if id in current else 1) for id, number in numbers.items()}
        times = {id: row["at"] for id, row in current.items()} | {one.id: one.at for one, _ in known}
        kept: Set[str] = rated if owned or paid else frozenset()
        passed: dict[str, Rejection] = {}
        while True:
            now = batch.again(None if balances is None else balances.open(context, owned, causes))
            for id in sorted(paid - kept):
                now.purse.reverse(charge_of(id, current[id]["number"]), charge_of(id, numbers[id] + 1))
            outcomes = now.rate([pair for pair in known if pair[0].id not in passed], next_numbers, settled=kept)
            paid_anew = {line["usage"] for line in now.lines if line["state"] == PREPAID}
            same = rated & self._same(current, lines, now) - ((paid | paid_anew) - kept)
            if kept <= same:
                return now, outcomes | passed, same
            if kept is rated:
                first = min((times[id], id) for id in kept - same)
                before = {id for id in times if (times[id], id) < first}
                passed = {id: one for id, one in outcomes.items() if id in before and isinstance(one, Rejection)}
                kept = {id for id in kept & same if id in before or id not in paid}
            else:  # what a bill charges, after what is refused now
                kept = kept & same

    def _same(
        self, current: Mapping[str, dict[str, Any]], lines: Mapping[str, list[dict[str, Any]]], batch: Batch
    ) -> set[str]:
        """The usages whose new rating has the lines, draws and counts of the current one."""
        new: dict[str, list[dict[str, Any]]] = {}
        for line in batch.lines:
            new.setdefault(line["usage"], []).append(line)
        return {
            row["usage"]
            for row in batch.ratings
            if row["usage"] in current
            and moved(row["doc"]) == moved(current[row["usage"]]["doc"])
            and _said(new.get(row["usage"], ())) == _said(lines[row["usage"]])
        }

    def _reverse(
        self,
        batch: Batch,
        current: Mapping[str, dict[str, Any]],
        lines: Mapping[str, list[dict[str, Any]]],
        documents: Mapping[str, Document],
        numbers: Mapping[str, int],
    ) -> Sums:
        """Reversals of ratings and lines are written beside them; the sums of what was billed."""
        ratings, rated = self.act.records(RATINGS.name), self.act.records(LINES.name)
        corrections: Sums = {}
        for id in documents:
            if id not in current:
                continue
            row, number = current[id], numbers[id] + 1
            # The usage says why its rating is as it is until it has another one.
            why = documents[id].get(EXPLANATION, {})
            past = {"is_current": False, "doc": {**row["doc"], "explanation": why}}
            ratings.update({"usage": id, "number": row["number"]}, past)
            reversal = {"number": number, "rated_at": self.act.now, "is_current": False, "doc": _reversed(row, why)}
            batch.ratings.append({**row, **reversal})
            # All of a rating are of one account and one instant: on one bill, or on none.
            claim = batch.claim_of(row["account"])
            was_billed = any(claim.is_billed(line) for line in lines[id])
            for line in lines[id]:
                if was_billed and line["currency"] is not None:
                    _add(corrections, line["currency"], opposite(line["amount"]))
                batch.lines.append(
                    {
                        **line,
                        "id": ordered_id(),
                        "number": number,
                        "quantity": opposite(line["quantity"]),
                        "amount": opposite(line["amount"]),
                        "state": CHARGED if was_billed else VOID,
                        "claim": claim.number_at(line["at"]),
                        "reverses": line["id"],
                    }
                )
            if not was_billed:
                rated.update({"usage": id, "number": row["number"], "state": _STANDING}, {"state": VOID})
        return corrections

    def _close(self, batch: Batch, emptied: set[BucketKey]) -> None:
        """Write what moved; a bucket that nobody draws from any more is not there."""
        kept = batch.tally.state().buckets
        for key in sorted(emptied - kept.keys()):
            batch.buckets.discard(key)
            self.act.records(BUCKETS.name).delete({"scope": key.scope, "allowance": key.allowance, "start": key.start})
        batch.close()

    def _move(self, before: Document, after: Document) -> None:
        """To corrected, and on to rated where it could be rated."""
        written = {name: after.get(name) for name in ("usageProductPrice", EXPLANATION, REASON)}
        self.act.change("productUsage", before["id"], {"status": CORRECTED})
        self.act.change("productUsage", before["id"], {"status": after["status"], **written})

    def _proof(
        self,
        readings: Mapping[str, Reading],
        after: Mapping[str, Document],
        lines: Mapping[str, list[dict[str, Any]]],
        new: Sequence[dict[str, Any]],
        same: Set[str],
        corrections: Sums,
    ) -> Proof:
        costs: dict[str, Sums] = {id: {} for id in readings}
        for line in new:
            if line.get("reverses") is None and line["currency"] is not None:
                _add(costs[line["usage"]], line["currency"], line["amount"])
        changes, before, now = [], Sums(), Sums()
        for one in sorted(readings.values(), key=lambda one: (one.at, one.id)):
            was = _sums(lines.get(one.id, ()))
            costs_now = was if one.id in same else costs[one.id]
            for total, part in ((before, was), (now, costs_now)):
                for currency, amount in part.items():
                    _add(total, currency, amount)
            if one.id not in same:
                reason = after[one.id].get(REASON)
                changes.append(Change(one.id, one.at, was, costs_now, reason["code"] if reason else None))
        return Proof(self.product, len(readings), tuple(changes), before, now, corrections)


def _take_back(batch: Batch, ratings: Any) -> set[BucketKey]:
    """Draws and counts out of the tally; the buckets that are as if nobody had ever drawn from them.

    Those are opened anew when they are drawn from, with what the plan grants now.
    """
    held, counters = batch.tally.held, batch.tally.counters
    touched: set[BucketKey] = set()
    for row in ratings:
        draws, counts = moved(row["doc"])
        for draw in draws:
            bucket = held[draw.bucket]
            if draw.is_rolled:
                bucket.rolled = EXACT.subtract(bucket.rolled, draw.quantity)
            else:
                bucket.used = EXACT.subtract(bucket.used, draw.quantity)
            touched.add(draw.bucket)
        for count in counts:
            counters[count.counter] = EXACT.subtract(counters[count.counter], count.quantity)
            batch.counters[count.counter] = count.end
    batch.buckets |= touched
    emptied = {key for key in touched if held[key].used == held[key].rolled == ZERO}
    for key in emptied:
        del held[key]
    return emptied


def _outcome_onto(document: Document, one: Reading, found: Guided | Unguided, outcomes: Mapping[str, Any]) -> None:
    """As rating writes it; what cannot be rated is corrected and costs nothing."""
    if isinstance(found, Guided) and one.usage is not None:
        write_onto(document, found, outcomes[one.id])
    elif isinstance(found, Unguided):
        document[REASON] = {"code": found.code, "message": found.message}
    else:
        document[REASON] = {"code": "usage.unreadable", "message": one.problem}
    if REASON in document:
        document["status"] = CORRECTED
        document.pop("usageProductPrice", None)
        document.pop(EXPLANATION, None)


def _reversed(row: Mapping[str, Any], why: Document) -> Document:
    doc = row["doc"]
    return {
        "draws": [[*place, opposite(quantity), is_rolled] for *place, quantity, is_rolled in doc["draws"]],
        "counts": [[*place, opposite(quantity), end] for *place, quantity, end in doc["counts"]],
        "reverses": row["number"],
        "explanation": why,
    }


def _said(lines: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(line[name] for name in _SAID) for line in sorted(lines, key=lambda line: int(line["place"]))]


def _sums(lines: Sequence[Mapping[str, Any]]) -> Sums:
    sums: Sums = {}
    for line in lines:
        if line["currency"] is not None:
            _add(sums, line["currency"], line["amount"])
    return sums


def _add(sums: Sums, currency: str, amount: Decimal) -> None:
    sums[currency] = EXACT.add(sums.get(currency, ZERO), amount)


def _equals(name: str, value: str) -> Compare:
    return Compare(FieldPath(tuple(name.split(".")), Kind.STRING, many=False), Operator.EQ, (value,))


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _IDS_AT_ONCE):
        yield ids[start : start + _IDS_AT_ONCE]
