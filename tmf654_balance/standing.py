"""What balances hold, for whoever shows them to a customer (`offer.Balances.standing`); read and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.component import Recording, RuleContext
from common.domain.query import AnyOf, Compare, Condition, Document, FieldPath, Kind, Operator
from common.errors import ClientError
from tmf654_balance.amounts import ZERO, added, number
from tmf654_balance.ledger import moment
from tmf654_balance.tables import BALANCES, MOVEMENTS

BUCKETS_MAX = 1_000
# Values in one question to the database.
_AT_ONCE = 500
_EXPIRED = "expired"
_OF_PRODUCT = FieldPath(("product", "id"), Kind.STRING, many=True)
_OF_ACCOUNT = FieldPath(("partyAccount", "id"), Kind.STRING, many=False)


class TooManyBuckets(ClientError):
    code, status, reason = "balance.too-many", 400, "Too many buckets"

    def __init__(self) -> None:
        super().__init__(f"one answer has {BUCKETS_MAX} buckets at most; ask for fewer products or accounts")


@dataclass(frozen=True)
class Standing:
    """One bucket as it stands.

    Shapes: `used` is what usage took from it since it was opened; `remaining` has what is `reserved` in it; `products`
            are those that alone may use it (none: every product of the account may); `unit` is a currency where
            `usage_type` is monetary.
    """

    bucket: str
    name: str
    usage_type: str
    unit: str
    account: str | None
    products: tuple[str, ...]
    used: Decimal
    remaining: Decimal
    reserved: Decimal
    status: str
    start: datetime | None
    expires: datetime | None


def standing(
    context: RuleContext, records: Recording, products: Iterable[str], accounts: Iterable[str]
) -> list[Standing]:
    """The buckets of these products and accounts that have not expired, by id. Errors: TooManyBuckets."""
    documents = _documents(context, sorted(set(products)), sorted(set(accounts)))
    rows = _rows(records, documents)
    used = _used(records, sorted(rows))
    found = [_standing(document, rows.get(id), used.get(id, ZERO)) for id, document in sorted(documents.items())]
    now = context.now
    return [one for one in found if one.status != _EXPIRED and (one.expires is None or now < one.expires)]


def _documents(context: RuleContext, products: list[str], accounts: list[str]) -> dict[str, Document]:
    """Also buckets that nobody moved yet, which are documents only."""
    asked = [(_OF_PRODUCT, products), (_OF_ACCOUNT, accounts)]
    parts: list[Condition] = [
        Compare(path, Operator.EQ, tuple(part)) for path, ids in asked for part in _parts(ids) if part
    ]
    if not parts:
        return {}
    found = context.library.find("bucket", AnyOf(tuple(parts)), BUCKETS_MAX + 1)
    if len(found) > BUCKETS_MAX:
        raise TooManyBuckets
    return {one["id"]: one for one in found}


def _rows(records: Recording, documents: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    return {key[0]: row for key, row in records(BALANCES.name).get_many((id,) for id in documents).items()}


def _used(records: Recording, buckets: list[str]) -> dict[str, Decimal]:
    found = {}
    for part in _parts(buckets):
        where = {"bucket": tuple(part), "kind": ("usage", "reversal")}
        for one in records(MOVEMENTS.name).sum(["amount"], where, by=["bucket"]):
            found[one.group["bucket"]] = added(-one.sums["amount"])
    return found


def _standing(document: Document, row: Mapping[str, Any] | None, used: Decimal) -> Standing:
    account, value, period = (document.get(name) for name in ("partyAccount", "remainingValue", "validFor"))
    stated = value if isinstance(value, Mapping) else {}
    listed = document.get("product")
    return Standing(
        bucket=document["id"],
        name=str(document.get("name", "")),
        usage_type=str(document.get("usageType", "other")),
        unit=str(stated.get("units", "")) if row is None else row["unit"],
        account=account.get("id") if isinstance(account, Mapping) else None,
        products=tuple(one["id"] for one in listed if "id" in one) if isinstance(listed, list) else (),
        used=used,
        remaining=(number(stated.get("amount")) or ZERO) if row is None else row["remaining"],
        reserved=ZERO if row is None else row["reserved"],
        status=str(document.get("status", "active")) if row is None else row["status"],
        start=moment(period, "startDateTime") if row is None else row["start"],
        expires=moment(period, "endDateTime") if row is None else row["expires"],
    )


def _parts(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
