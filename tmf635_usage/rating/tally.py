"""Counters while they move: what one transaction or batch works on. The values they come from and become are `State`.

A tally is shared by the meters of everyone who draws from the same buckets.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, MutableMapping
from datetime import datetime
from decimal import Decimal

from common.domain.exact import EXACT
from tmf635_usage.rating.amounts import opposite
from tmf635_usage.rating.values import ZERO, Bucket, BucketKey, CounterKey, Rating, State


class Held:
    """A bucket while it moves. `is_stored` is false until a rating has said that it was opened."""

    __slots__ = ("end", "expires", "granted", "is_stored", "key", "rolled", "unit", "used")

    def __init__(self, bucket: Bucket, *, is_stored: bool) -> None:
        self.key, self.unit, self.granted, self.used, self.rolled, self.end, self.expires = bucket
        self.is_stored = is_stored

    def bucket(self) -> Bucket:
        return Bucket(self.key, self.unit, self.granted, self.used, self.rolled, self.end, self.expires)


class Tally:
    """Buckets and counters by key."""

    __slots__ = ("counters", "held")

    def __init__(self, state: State) -> None:
        buckets = state.buckets.items()
        self.held: MutableMapping[BucketKey, Held] = {key: Held(bucket, is_stored=True) for key, bucket in buckets}
        self.counters: dict[CounterKey, Decimal] = dict(state.counters)

    def state(self) -> State:
        """As it stands now, without buckets that nobody drew from yet."""
        buckets = {key: held.bucket() for key, held in self.held.items() if held.is_stored}
        return State(buckets, dict(self.counters))

    def looked_at(self) -> Tally:
        """The same counters for who moves nothing: the buckets that are opened there are not opened here."""
        looked = Tally(State())
        looked.held, looked.counters = ChainMap({}, self.held), self.counters
        return looked

    def open(self, key: BucketKey, unit: str, granted: Decimal, end: datetime, expires: datetime) -> Held:
        """The bucket with this key; a new one with this grant when there is none."""
        held = self.held.get(key)
        if held is None:
            held = Held(Bucket(key, unit, granted, ZERO, ZERO, end, expires), is_stored=False)
            self.held[key] = held
        return held


def applied(state: State, ratings: Iterable[Rating]) -> State:
    """The counters after these ratings, reversals among them."""
    buckets, counters = dict(state.buckets), dict(state.counters)
    for rating in ratings:
        for bucket in rating.opened:
            buckets.setdefault(bucket.key, bucket)
        for draw in rating.draws:
            bucket = buckets[draw.bucket]
            buckets[draw.bucket] = (
                bucket._replace(rolled=EXACT.add(bucket.rolled, draw.quantity))
                if draw.is_rolled
                else bucket._replace(used=EXACT.add(bucket.used, draw.quantity))
            )
        for count in rating.counts:
            counters[count.counter] = EXACT.add(counters.get(count.counter, ZERO), count.quantity)
    return State(buckets, counters)


def reverse(rating: Rating) -> Rating:
    """The exact opposite: applied after the rating it leaves the counters as they were, and both sum to nothing.

    Lines, draws and counts keep their order, so that a proof can show both side by side. What a bucket was opened
    for is given back to it; the bucket stays open.
    """
    return rating._replace(
        charged=opposite(rating.charged),
        lines=tuple(
            line._replace(quantity=opposite(line.quantity), amount=opposite(line.amount)) for line in rating.lines
        ),
        draws=tuple(draw._replace(quantity=opposite(draw.quantity)) for draw in rating.draws),
        counts=tuple(count._replace(quantity=opposite(count.quantity)) for count in rating.counts),
        opened=(),
        is_reversal=not rating.is_reversal,
    )
