"""From the outbox to the listeners' queues: which listener gets which event, rendered and trimmed.

An event is rendered here once, when it is relayed, and the queue keeps the bytes: every attempt sends the same ones,
whatever was installed or configured in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

import structlog
from sqlalchemy import Connection

from common.domain.query import Document
from common.errors import ClientError
from common.events.hub_query import HubQuery, parse_hub_query
from common.events.publication import Publication, Told, extra_types
from common.events.render import href_base, render
from common.exact_json import encode
from common.settings import Settings
from common.store import outbox, subscriptions
from common.store.outbox import Delivery, Entry
from common.store.subscriptions import Subscription

_log = structlog.get_logger(__name__)

# Events relayed in one transaction. With a thousand listeners that is 25,000 rows.
BATCH = 25
_QUERIES_KEPT = 4_096


class Relay:
    """Matches events to listeners. Keeps nothing but queries it has read before."""

    def __init__(self, publications: Iterable[Publication], settings: Settings) -> None:
        self._publications = {publication.contract.key: publication for publication in publications}
        self._settings = settings
        self._query = lru_cache(maxsize=_QUERIES_KEPT)(self._read_query)

    def relay(self, connection: Connection, now: datetime) -> int:
        """Queue the first events of the outbox for their listeners and mark them; how many there were.

        Everything in the caller's transaction. 0 also when another worker relays at this moment.
        """
        if not outbox.relay_alone(connection):
            return 0
        entries = outbox.unrelayed(connection, BATCH)
        if not entries:
            return 0
        sequences = [entry.sequence for entry in entries]
        skipped = outbox.skipped(connection, sequences)
        listeners = self._listeners(connection, {entry.tenant for entry in entries})
        for entry in entries:
            waiting = [one for one in listeners[entry.tenant] if (one.id, entry.sequence) not in skipped]
            outbox.enqueue(connection, self._deliveries(entry, waiting), now)
        outbox.mark_relayed(connection, sequences, now)
        return len(entries)

    def _listeners(self, connection: Connection, tenants: set[str]) -> dict[str, list[Subscription]]:
        keys = tuple(self._publications)
        return {tenant: subscriptions.listeners(connection, tenant, keys) for tenant in tenants}

    def _deliveries(self, entry: Entry, listeners: list[Subscription]) -> list[Delivery]:
        """One event for each listener that wants it; rendered once for each contract and address."""
        told: dict[str, Told | None] = {}
        rendered: dict[tuple[str, str], Document] = {}
        deliveries = []
        for listener in listeners:
            key = listener.contract_key
            publication = self._publications[key]
            if key not in told:
                told[key] = publication.tells(entry.event)
            name = told[key]
            if name is None:
                continue
            base = href_base(self._settings, listener.origin)
            if (key, base) not in rendered:
                rendered[key, base] = render(publication, name, entry.event, base)
            body = rendered[key, base]
            query = self._query(key, listener.query)
            if query.admits(name, body):
                deliveries.append(_delivery(entry, listener, name, query.trim(body)))
        return deliveries

    def _read_query(self, contract_key: str, raw: str | None) -> HubQuery:
        try:
            return parse_hub_query(self._publications[contract_key].contract, raw, self._settings)
        except ClientError as error:
            # It was valid when it was registered; a setting or the contract is another one now. The listener gets
            # too much rather than too little, and nobody else waits for it.
            _log.warning("subscription query not understood any more", contract=contract_key, problem=error.message)
            return HubQuery(named=extra_types(self._publications[contract_key].contract))


def _delivery(entry: Entry, listener: Subscription, told: Told, body: Document) -> Delivery:
    return Delivery(
        subscription_id=listener.id,
        sequence=entry.sequence,
        tenant=entry.tenant,
        event_id=entry.event.id,
        event_type=told.event.type,
        listener_path=told.event.listener_path,
        body=encode(body).decode(),
        attempts=0,
    )
