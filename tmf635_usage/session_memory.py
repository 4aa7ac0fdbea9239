"""What a process remembers of sessions and of whose they are, so that a request asks everything at once.

Nothing of it is believed: which rows a request locks and reads comes from here, and under the locks it asks again, and
compares as texts, everything that was read to learn it (`Place.asked`). What is not as it was is forgotten and looked
up anew. So another process misses nothing, and a request that finds everything remembered and unchanged costs one round
trip less.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from common.store.database import Database
from common.store.statements import Question
from tmf635_usage.subjects import Findings

Kept = TypeVar("Kept")
# A place is some kilobytes, what is known of a session some hundred bytes.
PLACES_MAX, SESSIONS_MAX = 4_000, 20_000


@dataclass(frozen=True)
class Place:
    """What the sessions of a product lock and read.

    Shapes: `accounts` are those that pay, or paid; `scopes` as `Batch.lock` takes them; `owned` the buckets of money
            (`balances.owned`); `asked` are the questions whose answers (`answers`) all this was made of; `findings`
            are None where nothing is rated; `draws` and `counts` say whether free units can be drawn, and tiers moved.
    """

    product: str
    accounts: frozenset[str | None]
    scopes: Mapping[str, str]
    owned: Sequence[Mapping[str, Any]]
    findings: Findings | None = None
    draws: bool = True
    counts: bool = True
    asked: Sequence[Question[Any]] = ()
    answers: Sequence[Any] = ()


@dataclass(frozen=True)
class Seen:
    """A session as it was last.

    Shapes: `sequence` is that of its last request, None when it is to begin; what it will report was used `since`, or
            later; `groups` are its services; `scopes` those of the free units that it holds.
    """

    product: str
    account: str | None
    sequence: int | None
    since: datetime
    groups: tuple[str, ...]
    scopes: Mapping[str, str]


class _Recent(Generic[Kept]):
    """The things that were used last."""

    def __init__(self, most: int) -> None:
        self._most, self._kept, self._lock = most, OrderedDict[Hashable, Kept](), Lock()

    def get(self, key: Hashable) -> Kept | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: Hashable, thing: Kept) -> None:
        with self._lock:
            self._kept[key] = thing
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self, key: Hashable) -> None:
        with self._lock:
            self._kept.pop(key, None)


@dataclass(frozen=True)
class Memory:
    """Of one database; places by tenant and by what leads to them, sessions by tenant and id."""

    places: _Recent[Place] = field(default_factory=lambda: _Recent(PLACES_MAX))
    sessions: _Recent[Seen] = field(default_factory=lambda: _Recent(SESSIONS_MAX))


_memories: WeakKeyDictionary[Database, Memory] = WeakKeyDictionary()
_lock = Lock()


def memory_of(database: Database) -> Memory:
    with _lock:
        return _memories.setdefault(database, Memory())
