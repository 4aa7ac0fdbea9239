"""Every event of every API to the broker: in order for each resource, at least once, with the same id each time.

Events are read in the places that the relay gave them (`store.outbox`). How far the broker has them is a row beside
them, moved on after the broker said that it keeps them; a process that dies in between publishes the same messages
again. One process at a time does so. What the broker does not have is not cleaned away.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import structlog

from common.broker.port import Broker, BrokerUnavailable, Outgoing
from common.broker.streams import EVENTS
from common.errors import Unavailable
from common.events.publication import Publication, Told
from common.events.render import href_base, render
from common.exact_json import encode
from common.settings import Settings
from common.store import outbox
from common.store.database import Database
from common.store.outbox import Entry
from common.store.shares import Share, shares_of

# The role of who does it, and the name under which it reads the outbox.
RELAY = "relay"
READER = "broker"
# Events in one publication: a round trip to the broker and a transaction for so many.
BATCH = 500
POLL_SECONDS = 0.2
_PAUSE_SECONDS_MAX = 30
_NO_TENANT = ""

_log = structlog.get_logger(__name__)


class Bridge:
    """Publishes what the outbox has until told to stop. `start` and `close` are for a thread of its own."""

    def __init__(
        self, database: Database, publications: Iterable[Publication], settings: Settings, broker: Broker
    ) -> None:
        self._database, self._settings, self._broker = database, settings, broker
        # An event is told once, as the newest major of its API has it.
        self._publications = sorted(publications, key=lambda each: -each.contract.major)
        self._shares = shares_of(database, {RELAY: 1})
        self._is_prepared = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Work in a thread; returns at once."""
        self._thread = threading.Thread(target=self.run, name="bss-relay", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, when what is under way has ended."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._shares.leave()

    def run(self) -> None:
        """Work until `close`. The worker edge: trouble is logged and tried again after a pause."""
        troubles = 0
        while not self._stopping.is_set():
            try:
                published = self.step() if self._is_ours() else 0
            except Exception as error:
                if isinstance(error, BrokerUnavailable | Unavailable):
                    _log.warning("events wait for the broker", problem=error.message)
                else:
                    _log.exception("publishing failed")
                self._stopping.wait(min(2**troubles, _PAUSE_SECONDS_MAX))
                troubles = min(troubles + 1, 5)
                continue
            troubles = 0
            if not published:
                self._stopping.wait(POLL_SECONDS)

    def step(self) -> int:
        """Publish the next events; how many there were.

        Errors: BrokerUnavailable; Unavailable.
        """
        if not self._is_prepared:
            # Before the broker is asked: what happens until it answers is kept for it too.
            with self._database.write(_NO_TENANT) as uow:
                outbox.enrol(uow.connection, READER)
                uow.commit()
            self._broker.prepare(EVENTS)
            self._is_prepared = True
        with self._database.read(_NO_TENANT) as uow:
            place = outbox.reader_place(uow.connection, READER)
            entries = outbox.relayed_after(uow.connection, place, BATCH)
        if not entries:
            return 0
        self._broker.publish(EVENTS, [message for entry in entries for message in self.messages(entry)])
        last = entries[-1].place
        assert last is not None, "what was relayed has its place"
        with self._database.write(_NO_TENANT) as uow:
            outbox.advance(uow.connection, READER, last)
            uow.commit()
        return len(entries)

    def _is_ours(self) -> bool:
        """Whether this process is the one to publish."""
        if not self._shares.join():
            return False
        self._shares.balance(self._shares.held)
        return Share(RELAY, 0) in self._shares.held

    def messages(self, entry: Entry) -> list[Outgoing]:
        """The event as the newest API that has its resource tells it; nothing when no API that is served does."""
        for publication in self._publications:
            told = publication.tells(entry.event)
            if told is not None:
                return [self._message(entry, publication, told)]
        return []

    def _message(self, entry: Entry, publication: Publication, told: Told) -> Outgoing:
        event, contract = entry.event, publication.contract
        body: dict[str, Any] = render(publication, told, event, href_base(self._settings, ""))
        # A resource below another goes the way of that one.
        key = event.parents[0] if event.parents else event.resource_id
        topic = f"{EVENTS.name}.{contract.api.removeprefix('TMF').lower()}.v{contract.major}"
        return Outgoing(topic, told.event.type, key, event.id, encode(body), (("Bss-Tenant", entry.tenant),))
