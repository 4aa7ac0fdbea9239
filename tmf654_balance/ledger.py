"""Balances in one transaction: locked in the order of their ids, changed in memory, written with what shows them.

    hold    what is here as a document only is taken over; the rows are locked, each waits for whoever has it
            (`take`: somebody has read and locked them together with other things)
    change  `move`, and the sums of what is reserved
    prepare the sums of accounts, unless they were read with the rows: the last that is read
    close   rows, movements, bucket documents, sums of accounts, events, that there is something to enter in the books
            (`posting`): only written, mostly

A change that is refused changes nothing: everything is asked before anything is changed.
Locks: the document of an action, then balances by id, then sums by key, then bucket documents and those of sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from common.component import RuleContext
from common.domain.clock import instant_text, normal_instant
from common.domain.cycles import midnight
from common.domain.ids import ordered_id
from common.domain.query import Document
from tmf654_balance.amounts import ZERO, Refused, added, fits, number, taken
from tmf654_balance.tables import BALANCES, MONEY, MOVEMENTS, OWNERS, TOTALS

EXPIRY, POSTING = "balance.expiry", "balance.posting"
_DAY = timedelta(days=1)
# The standard has no events of buckets; these are for listeners that ask for them by name (docs/balances.md).
LOW, STATE_CHANGED = "BucketAttributeValueChangeEvent", "BucketStateChangeEvent"


@dataclass
class Balance:
    """One bucket as it stands (`tables.BALANCES`)."""

    bucket: str
    usage_type: str
    unit: str
    account: str | None
    status: str
    granted: Decimal
    remaining: Decimal
    reserved: Decimal
    floor: Decimal
    threshold: Decimal | None
    spending_limit: Decimal | None
    spent: Decimal
    spent_in: str
    start: datetime | None
    expires: datetime | None

    @property
    def unreserved(self) -> Decimal:
        """What may still be taken out before the limit."""
        return added(self.remaining, -self.reserved, -self.floor)

    def available(self, month: str) -> Decimal:
        """What usage may still take: before the limit, and before what may be spent in a month."""
        if self.spending_limit is None:
            return self.unreserved
        spent = self.spent if self.spent_in == month else ZERO
        return min(self.unreserved, added(self.spending_limit, -spent, -self.reserved))

    def spend(self, amount: Decimal, month: str) -> None:
        self.spent = added(self.spent if self.spent_in == month else ZERO, amount)
        self.spent_in = month

    def unspend(self, amount: Decimal, month: str) -> None:
        """Usage that was taken back. What was spent in another month cannot be spent again."""
        if self.spent_in == month:
            self.spent = max(added(self.spent, -amount), ZERO)

    def is_expired(self, now: datetime) -> bool:
        return self.status == "expired" or (self.expires is not None and self.expires <= now)

    def problem(self, now: datetime) -> Refused | None:
        """Why nothing may be taken from it now."""
        if self.is_expired(now):
            return Refused("bucket.expired", f"bucket {self.bucket[:80]!r} has expired")
        if self.status != "active":
            return Refused("bucket.suspended", f"bucket {self.bucket[:80]!r} is {self.status}")
        if self.start is not None and now < self.start:
            return Refused("bucket.not-valid", f"bucket {self.bucket[:80]!r} is valid from {instant_text(self.start)}")
        return None


class Ledger:
    """The balances that one transaction holds."""

    def __init__(self, context: RuleContext) -> None:
        assert context.records is not None, "balances change where they are stored"
        self._context, self._records = context, context.records
        self._table = context.records(BALANCES.name)
        self._held: dict[str, Balance] = {}
        self._before: dict[str, Balance] = {}
        self._movements: list[dict[str, Any]] = []
        self._joining: dict[str, Decimal] = {}
        self._totals: dict[tuple[str, str, str], dict[str, Any]] | None = None
        self._taken: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.now = context.now
        self._zone = ZoneInfo(context.settings.time_zone)
        self.month = context.now.astimezone(self._zone).strftime("%Y-%m")

    def hold(self, buckets: Iterable[str]) -> dict[str, Balance]:
        """Those of these buckets that are here, locked. Called once with everything that may change."""
        wanted = sorted(set(buckets))
        missing = set(wanted) - {key[0] for key in self._table.get_many((id,) for id in wanted)}
        if missing:
            documents = self._context.library.get_many("bucket", missing)
            for id in sorted(documents):
                self._take_over(documents[id])
        return self.lock(wanted)

    def lock(self, buckets: Iterable[str]) -> dict[str, Balance]:
        """The same of buckets that are known to have rows."""
        assert not self._held, "who holds balances one after the other waits for others who do"
        return self.take(self._table.get_many(((id,) for id in buckets), for_update=True).values(), ())

    def take(self, rows: Iterable[Mapping[str, Any]], totals: Iterable[dict[str, Any]]) -> dict[str, Balance]:
        """Balances and sums of accounts that are locked already, as they were read then."""
        for row in rows:
            self._held[row["bucket"]], self._before[row["bucket"]] = Balance(**row), Balance(**row)
        self._taken = {(row["account"], row["usage_type"], row["unit"]): row for row in totals}
        return self._held

    def open(self, document: Document) -> None:
        """A new bucket, empty, unless somebody else has just made it. `hold` it then."""
        if self._insert(document, ZERO):
            assert self._context.create is not None, "buckets are made where they are stored"
            unit = document["remainingValue"]["units"]
            empty = {"amount": 0, "units": unit}
            shown = {"remainingValue": empty, "remainingValueName": f"0 {unit}", "reservedValue": empty}
            self._context.create("bucket", {**document, **shown, "status": "active"})
            self._joining[document["id"]] = ZERO

    @property
    def held(self) -> Mapping[str, Balance]:
        """The balances that are locked, by bucket."""
        return self._held

    def is_here(self, bucket: str) -> bool:
        return self._table.get(bucket) is not None or self._context.library.get("bucket", bucket) is not None

    def is_noted(self, buckets: tuple[str, ...], kind: str, cause: str) -> bool:
        """Whether it has moved one of these already, in this transaction or before."""
        if any((row["bucket"] in buckets, row["kind"], row["cause"]) == (True, kind, cause) for row in self._movements):
            return True
        return bool(self._records(MOVEMENTS.name).find({"bucket": buckets, "kind": kind, "cause": cause}, limit=1))

    def move(self, balance: Balance, amount: Decimal, kind: str, cause: str) -> None:
        """Put in or take out. Who takes out has asked whether there is enough."""
        balance.remaining = added(balance.remaining, amount)
        if amount > 0 and kind not in ("reversal", "usage"):
            balance.granted = added(balance.granted, amount)
        id = ordered_id()
        row = {"id": id, "bucket": balance.bucket, "amount": amount, "kind": kind, "cause": cause, "at": self.now}
        self._movements.append(row)

    def use(self, balance: Balance, amount: Decimal, cause: str) -> None:
        """Take out for usage."""
        self.move(balance, -amount, "usage", cause)
        balance.spend(amount, self.month)

    def prepare(self) -> None:
        """Read what `close` changes beside the rows, locked; nothing is moved any more after this."""
        for balance in self._changed():
            self._forfeit(balance)
        self._totals = {}
        for balance in self._moved():
            key = _sum_of(balance)
            if key not in self._totals:
                self._totals[key] = self._taken.get(key) or self._total(balance)

    def close(self) -> None:
        """Write everything that changed, and whoever shows it."""
        if self._totals is None:
            self.prepare()
        assert self._totals is not None, "it was prepared"
        changed = self._changed()
        self._table.put(vars(balance) for balance in changed)
        self._records(MOVEMENTS.name).insert(self._movements)
        for balance in changed:
            assert balance.remaining >= min(balance.floor, self._before[balance.bucket].remaining), "below its limit"
            self._show(balance)
        for balance in self._moved():
            self._add_up(balance, self._totals[_sum_of(balance)])
        self._records(TOTALS.name).put(self._totals[key] for key in sorted(self._totals))
        self._schedule_posting()

    def _changed(self) -> list[Balance]:
        return [balance for id, balance in sorted(self._held.items()) if balance != self._before[id]]

    def _moved(self) -> list[Balance]:
        """Those that change the sum of an account, in the order of the sums."""
        if not self._context.library.serves("accumulatedBalance"):
            return []
        ordered = sorted(self._held.values(), key=lambda one: (*_sum_of(one), one.bucket))
        return [
            one
            for one in ordered
            if one.account is not None
            and (one.remaining != self._before[one.bucket].remaining or one.bucket in self._joining)
        ]

    # -- the parts ----------------------------------------------------------------------------------------------------

    def _forfeit(self, balance: Balance) -> None:
        """What nobody holds of an expired bucket is gone."""
        left = added(balance.remaining, -balance.reserved)
        if balance.status == "expired" and left > 0:
            self.move(balance, -left, "expiry", ordered_id())

    def _schedule_posting(self) -> None:
        """What moved money is entered in the ledger when the day has gone by."""
        if self._context.schedule is not None:
            moved = {row["bucket"] for row in self._movements} | self._joining.keys()
            for bucket in sorted(moved):
                if self._held[bucket].usage_type == MONEY:
                    self._context.schedule(POSTING, bucket, _midnight_after(self.now, self._zone))

    def _show(self, balance: Balance) -> None:
        """The bucket's document as its row."""
        assert self._context.update is not None, "buckets are shown where they are stored"
        before = self._before[balance.bucket]
        changes: dict[str, Any] = {
            "remainingValue": {"amount": balance.remaining, "units": balance.unit},
            "remainingValueName": f"{balance.remaining:f} {balance.unit}",
            "reservedValue": {"amount": balance.reserved, "units": balance.unit},
        }
        if balance.status != before.status:
            changes["status"] = balance.status
        if balance.expires != before.expires:
            times = {"startDateTime": balance.start, "endDateTime": balance.expires}
            changes["validFor"] = {name: instant_text(at) for name, at in times.items() if at is not None}
            schedule_expiry(balance, self._context)
        told: tuple[str, ...] = (STATE_CHANGED,) if balance.status != before.status else ()
        if balance.threshold is not None and _is_low(balance) and not _is_low(before):
            told = (*told, LOW)
        self._context.update("bucket", balance.bucket, changes, told)

    def _take_over(self, document: Document) -> None:
        """A bucket that came as a document: what it says is its first movement."""
        value = document.get("remainingValue")
        amount = number(value.get("amount")) if isinstance(value, Mapping) else None
        remaining = amount if amount is not None and fits(amount) else ZERO
        if not self._insert(document, remaining):
            return
        row = {"id": ordered_id(), "bucket": document["id"], "amount": remaining, "kind": "opening"}
        self._records(MOVEMENTS.name).insert([{**row, "cause": document["id"], "at": self.now}])
        self._joining[document["id"]] = remaining

    def _insert(self, document: Document, remaining: Decimal) -> bool:
        row = self._row(document, remaining)
        if not self._table.insert_new([row]):
            return False
        self._records(OWNERS.name).insert_new({"owner": one, "bucket": document["id"]} for one in owners_of(document))
        if row["expires"] is not None:
            schedule_expiry(Balance(**row), self._context)
        return True

    def _row(self, document: Document, remaining: Decimal) -> dict[str, Any]:
        value = document.get("remainingValue")
        period = document.get("validFor")
        return {
            "bucket": document["id"],
            "usage_type": str(document.get("usageType", "other")),
            "unit": str(value.get("units", "")) if isinstance(value, Mapping) else "",
            "account": _account_of(document),
            "status": document.get("status", "active"),
            "granted": max(remaining, ZERO),
            "remaining": remaining,
            "reserved": ZERO,
            "floor": min(remaining, ZERO),
            "threshold": None,
            "spending_limit": None,
            "spent": ZERO,
            "spent_in": self.month,
            "start": moment(period, "startDateTime"),
            "expires": moment(period, "endDateTime"),
        }

    def _total(self, balance: Balance) -> dict[str, Any]:
        """The sum that a bucket belongs to, locked; a new one of nothing, with its document, when there is none."""
        table, create, key = self._records(TOTALS.name), self._context.create, _sum_of(balance)
        assert create is not None, "sums are shown where they are stored"
        named = dict(zip(("account", "usage_type", "unit"), key, strict=True))
        total, new = table.get(*key, for_update=True), ordered_id()
        if total is None and table.insert_new([{**named, "document": new, "total": ZERO}]):
            document = {
                "id": new,
                "name": f"{named['usage_type']} {named['unit']}",
                "partyAccount": {"id": named["account"]},
                "bucket": [{"id": balance.bucket}],
                "totalBalance": {"amount": ZERO, "units": named["unit"]},
            }
            create("accumulatedBalance", document)
        total = total or table.get(*key, for_update=True)
        assert total is not None, "what could not be inserted is there"
        return total

    def _add_up(self, balance: Balance, total: dict[str, Any]) -> None:
        """What all buckets of an account have of one kind together."""
        update, bucket = self._context.update, balance.bucket
        assert update is not None, "sums are shown where they are stored"
        moved = taken(balance.remaining, self._before[bucket].remaining)
        total["total"] = added(total["total"], moved, self._joining.get(bucket, ZERO))
        changes: dict[str, Any] = {"totalBalance": {"amount": total["total"], "units": balance.unit}}
        if bucket in self._joining and self._context.hold is not None:
            kept = self._context.hold("accumulatedBalance", total["document"]) or {}
            if bucket not in _ids(listed := kept.get("bucket", [])):
                changes["bucket"] = [*listed, {"id": bucket}]
        update("accumulatedBalance", total["document"], changes)


def owners_of(document: Document) -> list[str]:
    """Whose usage a bucket pays for (`tables.OWNERS`), by its document or that of the top-up that makes it."""
    products = [f"product/{id}" for id in _ids(document.get("product"))]
    account = _account_of(document)
    return products or ([] if account is None else [f"account/{account}"])


def _account_of(document: Document) -> str | None:
    account = document.get("partyAccount")
    return account.get("id") if isinstance(account, Mapping) else None


def schedule_expiry(balance: Balance, context: RuleContext) -> None:
    if balance.expires is not None and context.schedule is not None:
        context.schedule(EXPIRY, balance.bucket, balance.expires)


def _midnight_after(moment: datetime, zone: ZoneInfo) -> datetime:
    return midnight(moment.astimezone(zone).date() + _DAY, zone)


def moment(period: Any, name: str) -> datetime | None:
    """An end of a period."""
    text = period.get(name) if isinstance(period, Mapping) else None
    normal = normal_instant(text) if isinstance(text, str) else None
    return None if normal is None else datetime.fromisoformat(normal)


def _sum_of(balance: Balance) -> tuple[str, str, str]:
    return balance.account or "", balance.usage_type, balance.unit


def _is_low(balance: Balance) -> bool:
    return balance.threshold is not None and balance.remaining < balance.threshold


def _ids(references: Any) -> list[str]:
    listed = references if isinstance(references, list) else []
    return [one["id"] for one in listed if isinstance(one, Mapping) and isinstance(one.get("id"), str)]
