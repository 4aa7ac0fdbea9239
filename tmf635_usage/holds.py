"""Free units that sessions hold: in a tally they count as drawn, so that nobody else draws them; in rows they are not.

Rows are those of `tables.HOLDS`. Whoever reads or writes them has locked their scopes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from common.domain.exact import EXACT
from tmf635_usage.rating.amounts import opposite
from tmf635_usage.rating.tally import Tally
from tmf635_usage.rating.values import BucketKey, Draw

Row = dict[str, Any]


def holding(tally: Tally, rows: Iterable[Row]) -> list[Row]:
    """Count what is held as drawn; the rows whose buckets are here. Of others nothing can be drawn any more."""
    counted = [row for row in rows if bucket_of(row) in tally.held]
    for row in counted:
        _draw(tally, row, row["quantity"])
    return counted


def letting_go(tally: Tally, rows: Iterable[Row]) -> None:
    """The opposite of `holding`."""
    for row in rows:
        _draw(tally, row, opposite(row["quantity"]))


def held_by(session: str, service: str, draws: Iterable[Draw]) -> list[Row]:
    """The rows that keep these draws for a service of a session."""
    of = {"session": session, "service": service}
    return [
        {
            **of,
            "scope": draw.bucket.scope,
            "allowance": draw.bucket.allowance,
            "start": draw.bucket.start,
            "is_rolled": draw.is_rolled,
            "quantity": draw.quantity,
        }
        for draw in draws
    ]


def bucket_of(row: Mapping[str, Any]) -> BucketKey:
    return BucketKey(row["allowance"], row["scope"], row["start"])


def _draw(tally: Tally, row: Mapping[str, Any], quantity: Decimal) -> None:
    bucket = tally.held[bucket_of(row)]
    if row["is_rolled"]:
        bucket.rolled = EXACT.add(bucket.rolled, quantity)
    else:
        bucket.used = EXACT.add(bucket.used, quantity)
