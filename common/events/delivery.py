"""The worker that carries events to listeners: in order for each, side by side, at least once.

Any number of workers may run on one store. A listener is served by one of them at a time, under a lease that a dead
worker loses; what it had sent without noting it is sent again. What was delivered is noted for a set of events at once:
sets begin with one event and grow while the listener takes them. The queue's rules are in `store/outbox.py`,
`store/queues.py` and `store/subscriptions.py`, the exchange in `sending.py`; this file decides when.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from ssl import SSLContext
from typing import TypeVar

import httpx
import structlog

from common.domain.clock import Clock
from common.domain.ids import ordered_id
from common.events.callbacks import Resolver
from common.events.publication import Publication
from common.events.relay import Relay
from common.events.sending import Sender, listener_url, open_sender, system_resolver
from common.settings import Settings
from common.store import outbox, queues, subscriptions
from common.store.database import Database
from common.store.queues import Delivery
from common.store.session import Session
from common.store.subscriptions import Subscription
from common.store.unit_of_work import UnitOfWork

# How long settled rows stay for `bss events list` and replay; parked ones longer, somebody has to look at them.
RETENTION = timedelta(days=1)
PARKED_RETENTION = timedelta(days=30)
_CLEAN_EVERY = timedelta(minutes=1)
_CLEANED_AT_ONCE = 5_000
# Listeners served at the same time by one worker; each waits for a network, not for a processor.
SIDE_BY_SIDE = 64
# Events one listener gets before another may have its place.
TURN = 1_000
# What is noted at once, and thus what a crash sends again: so many events, and what was posted in so many seconds.
NOTED_AT_ONCE = 100
NOTED_AFTER_SECONDS = 0.25
# Listeners of which a worker remembers how large their sets have grown.
PACES_KEPT = 10_000
POLL_SECONDS = 0.5
# What a lease must outlast beside the longest exchange: the transactions before and after it.
_LEASE_MARGIN = timedelta(seconds=5)
_TROUBLE_PAUSE_SECONDS_MAX = 30
_DATABASE_THREADS = 4
_RESOLVER_THREADS = 16
# The worker serves every tenant; its transactions are nobody's.
_NO_TENANT = ""

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How a set of attempts ended: the last event that was taken, and the one that was not, if any."""

    tried: int
    taken: Delivery | None
    refused: Delivery | None = None
    problem: str = ""


class DeliveryWorker:
    """Relays and delivers until told to stop.

    `run` is the worker; `step` does once, and to the end, what is due now (tests, `bss events`). Of all methods only
    `wake` and `stop` may be called from other threads.
    """

    def __init__(
        self,
        database: Database,
        publications: Iterable[Publication],
        settings: Settings,
        clock: Clock,
        *,
        resolve: Resolver | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._relay = Relay(publications, settings)
        self._owner = ordered_id()
        self._threads = ThreadPoolExecutor(_DATABASE_THREADS, "bss-delivery")
        self._resolver_threads = ThreadPoolExecutor(_RESOLVER_THREADS, "bss-resolve")
        self._resolve = resolve or system_resolver(self._resolver_threads)
        self._clean_at = clock.now()
        # How many events a listener takes at once; it falls back to one when it fails.
        self._paces: dict[str, int] = {}
        self._stopping = False
        self._signal = threading.Lock()
        self._awake = asyncio.Event()
        self._stopped = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def step(self) -> int:
        """Relay all that is there, then give every due listener one turn; the number of attempts made."""
        while await self._do(self._relay_once):
            pass
        await self._do(self._clean)
        claimed = await self._do(self._claim, SIDE_BY_SIDE)
        async with self._sender() as sender:
            turns = [asyncio.ensure_future(self._serve(sender, listener)) for listener in claimed]
            return sum(await asyncio.gather(*turns))

    async def run(self) -> None:
        """Work until `stop`; then finish the exchanges under way and give the listeners back.

        The worker edge: whatever goes wrong here is logged and tried again after a pause. Nothing is lost by it, as an
        event leaves its queue only in the transaction that notes its delivery.
        """
        with self._signal:
            self._loop, self._awake, self._stopped = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        turns: set[asyncio.Task[int]] = set()
        try:
            async with self._sender() as sender:
                try:
                    await self._rounds(sender, turns)
                    await asyncio.gather(*turns)
                finally:
                    for turn in turns:
                        turn.cancel()
                    await asyncio.gather(*turns, return_exceptions=True)
        finally:
            with self._signal:
                self._loop = None

    def run_alone(self) -> None:
        """`run` in an event loop of its own, for a thread that does nothing else."""
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            runner.run(self.run())

    def wake(self) -> None:
        """Say that there is something to do; safe from any thread, also when nothing runs."""
        with self._signal:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._awake.set)

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping = True
        with self._signal:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._stopped.set)
                self._loop.call_soon_threadsafe(self._awake.set)

    def close(self) -> None:
        """Give the threads back; the worker cannot be used any more."""
        self._threads.shutdown(wait=True)
        self._resolver_threads.shutdown(wait=False, cancel_futures=True)

    async def _rounds(self, sender: Sender, turns: set[asyncio.Task[int]]) -> None:
        troubles = 0
        while not self._stopping:
            self._awake.clear()
            try:
                more = await self._round(sender, turns)
            except Exception:
                _log.exception("delivery round failed")
                await _pause(self._stopped, min(2**troubles, _TROUBLE_PAUSE_SECONDS_MAX))
                troubles = min(troubles + 1, 10)
                continue
            troubles = 0
            if not more:
                await _pause(self._awake, POLL_SECONDS)

    async def _round(self, sender: Sender, turns: set[asyncio.Task[int]]) -> bool:
        """One look at the store; True when there may be more to do at once."""
        relayed = await self._do(self._relay_once)
        await self._do(self._clean)
        free = SIDE_BY_SIDE - len(turns)
        for listener in await self._do(self._claim, free) if free else []:
            turn = asyncio.create_task(self._serve_guarded(sender, listener))
            turns.add(turn)
            turn.add_done_callback(turns.discard)
        return relayed > 0

    async def _serve_guarded(self, sender: Sender, listener: Subscription) -> int:
        """A turn at the worker edge. After trouble the lease is left to run out, which is the pause."""
        try:
            tried = await self._serve(sender, listener)
        except Exception:
            _log.exception("delivery failed", subscription=listener.id)
            return 0
        self.wake()
        return tried

    async def _serve(self, sender: Sender, listener: Subscription) -> int:
        """One listener's turn: its events one after another, until one fails, the turn or the queue ends."""
        tried = 0
        items = await self._do(self._first, listener, self._paces.pop(listener.id, 1))
        while items:
            outcome = await self._post(sender, listener, items)
            tried += outcome.tried
            pace = min(2 * outcome.tried, NOTED_AT_ONCE)
            goes_on = not self._stopping and tried < TURN
            items = await self._do(self._settle, listener, outcome, min(pace, TURN - tried) if goes_on else 0)
            if outcome.refused is None and pace and len(self._paces) < PACES_KEPT:
                self._paces[listener.id] = pace
        return tried

    async def _post(self, sender: Sender, listener: Subscription, items: list[Delivery]) -> _Outcome:
        """Post events until one fails, or enough was posted to be noted."""
        end = time.monotonic() + NOTED_AFTER_SECONDS
        taken: Delivery | None = None
        tried = 0
        for item in items:
            if self._stopping or (tried and time.monotonic() >= end):
                break
            one, tried = item.notification, tried + 1
            url = listener_url(listener.callback, one.listener_path, self._settings)
            attempt = await sender.post(url, one.body.encode(), listener.secret, self._clock.now())
            if attempt.problem is not None:
                return _Outcome(tried, taken, item, attempt.problem)
            taken = item
        return _Outcome(tried, taken)

    # What follows runs in threads: one function, one transaction.

    def _relay_once(self) -> int:
        with self._database.read(_NO_TENANT) as uow:
            if not outbox.any_unrelayed(uow.connection):
                return 0
        with self._database.write(_NO_TENANT) as uow:
            relayed = self._relay.relay(uow, self._clock.now())
            uow.commit()
        return relayed

    def _claim(self, most: int) -> list[Subscription]:
        now = self._clock.now()
        with self._database.read(_NO_TENANT) as uow:
            if not subscriptions.any_due(uow.connection, now):
                return []
        with self._database.write(_NO_TENANT) as uow:
            claimed = subscriptions.claim_due(uow.connection, self._owner, now, self._lease_end(now), most)
            uow.commit()
        return claimed

    def _first(self, listener: Subscription, most: int) -> list[Delivery]:
        with self._database.read(_NO_TENANT) as uow:
            return queues.due(uow.session, listener.id, self._clock.now(), most)

    def _settle(self, listener: Subscription, outcome: _Outcome, most: int) -> list[Delivery]:
        """Note how attempts ended; the listener's next events, or none, and then it is given back."""
        now, items = self._clock.now(), list[Delivery]()
        with self._database.write(_NO_TENANT) as uow:
            done_to = None if outcome.taken is None else outcome.taken.notification.id
            goes_on = self._note(uow.session, listener, done_to, now)
            # A lost lease means that another worker has the queue: a failure is the other's to count.
            if goes_on and outcome.refused is not None:
                goes_on = self._note_failure(uow, listener, outcome.refused, outcome.problem, now)
            if goes_on and most:
                items = queues.due(uow.session, listener.id, now, most)
            if not items:
                subscriptions.release(uow.session, listener.id, self._owner, now)
            uow.commit()
        return items

    def _note(self, session: Session, listener: Subscription, done_to: int | None, now: datetime) -> bool:
        return queues.settle(session, listener.id, self._owner, done_to, self._lease_end(now))

    def _note_failure(
        self, uow: UnitOfWork, listener: Subscription, item: Delivery, problem: str, now: datetime
    ) -> bool:
        """Whether the listener's next event may go."""
        if item.attempts + 1 >= self._settings.delivery_attempts_max:
            one = item.notification
            queues.parked(uow.connection, item, problem, now)
            self._note(uow.session, listener, one.id, now)
            _log.warning("event parked", event_id=one.event_id, subscription=listener.id, problem=problem)
            return True
        queues.failed(uow.connection, item, problem, now + backoff(item.attempts + 1, self._settings))
        return False

    def _clean(self) -> None:
        """Drop what is past its retention: delivered and parked rows, and replies to idempotency keys."""
        now = self._clock.now()
        if now < self._clean_at:
            return
        with self._database.write(_NO_TENANT) as uow:
            gone = queues.clean(uow.connection, now - RETENTION, now - PARKED_RETENTION, _CLEANED_AT_ONCE)
            gone += outbox.clean(uow.connection, now - RETENTION, _CLEANED_AT_ONCE)
            uow.commit()
        with self._database.write() as uow:
            uow.idempotency.forget_before(now - timedelta(hours=self._settings.idempotency_hours))
            uow.commit()
        # A full load means that there is more; the next round takes it.
        self._clean_at = now if gone >= _CLEANED_AT_ONCE else now + _CLEAN_EVERY

    def _lease_end(self, now: datetime) -> datetime:
        exchange = timedelta(seconds=self._settings.delivery_timeout_seconds) + _LEASE_MARGIN
        return now + max(timedelta(seconds=self._settings.delivery_lease_seconds), exchange)

    def _sender(self) -> AbstractAsyncContextManager[Sender]:
        return open_sender(self._settings, self._tls, self._resolve)

    @cached_property
    def _tls(self) -> SSLContext:
        # SSL_CERT_FILE and SSL_CERT_DIR are honoured: the way to trust a certificate authority of one's own.
        context = httpx.create_ssl_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

    async def _do(self, work: Callable[..., _T], *arguments: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes an event loop: uvloop, which is not there on every system; None for Python's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def backoff(attempts: int, settings: Settings) -> timedelta:
    """The pause after so many failed attempts: 1, 2, 4 ... seconds, up to the setting."""
    return timedelta(seconds=min(2 ** min(attempts - 1, 30), settings.delivery_backoff_seconds_max))


async def _pause(signal: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(signal.wait(), seconds)
