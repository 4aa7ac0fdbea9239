"""From the outbox to the listeners' queues: which listener gets which event, rendered and trimmed.

An event is rendered here once, when it is relayed, and the bytes are kept: every attempt sends the same ones, whatever
was installed or configured in between. Listeners that ask the same of the same contract at the same address get the
same bytes, and are looked at as one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
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
from common.store import outbox, queues, subscriptions
from common.store.outbox import Entry
from common.store.queues import Notification
from common.store.subscriptions import Subscription
from common.store.unit_of_work import UnitOfWork

_log = structlog.get_logger(__name__)

# Events relayed in one transaction. With a thousand listeners that is 200,000 narrow rows.
BATCH = 200
_QUERIES_KEPT = 4_096
_NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Audience:
    """Listeners that get the same bytes: of one contract, with links to one address, and with one query."""

    publication: Publication
    base: str
    query: HubQuery
    ids: tuple[str, ...]


@dataclass
class _Published:
    """What a set of events comes to."""

    number: int
    notifications: list[Notification] = field(default_factory=list)
    queues: defaultdict[tuple[str, ...], list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, entry: Entry, told: Told, body: Document, listeners: tuple[str, ...]) -> None:
        self.number += 1
        text, path = encode(body).decode(), told.event.listener_path
        one = Notification(self.number, entry.tenant, entry.event.id, told.event.type, path, text)
        self.notifications.append(one)
        self.queues[listeners].append(self.number)


class Relay:
    """Matches events to listeners. Keeps nothing but queries it has read before."""

    def __init__(self, publications: Iterable[Publication], settings: Settings) -> None:
        self._publications = {publication.contract.key: publication for publication in publications}
        self._settings = settings
        self._query = lru_cache(maxsize=_QUERIES_KEPT)(self._read_query)

    def relay(self, uow: UnitOfWork, now: datetime) -> int:
        """Queue the first events of the outbox for their listeners and mark them; how many there were.

        Everything in the caller's transaction. 0 also when another worker relays at this moment.
        """
        connection = uow.connection
        if not outbox.relay_alone(connection):
            return 0
        entries = outbox.unrelayed(connection, BATCH)
        if not entries:
            return 0
        sequences = [entry.sequence for entry in entries]
        audiences = {tenant: self._audiences(connection, tenant) for tenant in {entry.tenant for entry in entries}}
        # After the listeners: whoever registered in between brought the marks along.
        skipped = outbox.skipped(uow.session, sequences)
        published = _Published(queues.last_number(connection))
        for entry in entries:
            without = {id for id, sequence in skipped if sequence == entry.sequence} if skipped else _NOBODY
            self._publish(entry, audiences[entry.tenant], without, published)
        queues.publish(uow.session, published.notifications, published.queues, now)
        outbox.mark_relayed(uow.session, sequences, now)
        return len(entries)

    def _audiences(self, connection: Connection, tenant: str) -> list[_Audience]:
        """The listeners of a tenant; those that get the same bytes together, in the order of registration."""
        groups: dict[tuple[str, str, str | None], list[Subscription]] = {}
        for one in subscriptions.listeners(connection, tenant, tuple(self._publications)):
            key = (one.contract_key, href_base(self._settings, one.origin), one.query)
            groups.setdefault(key, []).append(one)
        return [
            _Audience(self._publications[key], base, self._query(key, query), tuple(one.id for one in listeners))
            for (key, base, query), listeners in groups.items()
        ]

    def _publish(
        self, entry: Entry, audiences: list[_Audience], without: Collection[str], published: _Published
    ) -> None:
        """One event for each audience that wants it; rendered once for each contract and address."""
        told: dict[str, Told | None] = {}
        rendered: dict[tuple[str, str], Document] = {}
        for audience in audiences:
            key, base = audience.publication.contract.key, audience.base
            if key not in told:
                told[key] = audience.publication.tells(entry.event)
            name = told[key]
            if name is None:
                continue
            if (key, base) not in rendered:
                rendered[key, base] = render(audience.publication, name, entry.event, base)
            body = rendered[key, base]
            listeners = tuple(id for id in audience.ids if id not in without) if without else audience.ids
            if listeners and audience.query.admits(name, body):
                published.add(entry, name, audience.query.trim(body), listeners)

    def _read_query(self, contract_key: str, raw: str | None) -> HubQuery:
        try:
            return parse_hub_query(self._publications[contract_key].contract, raw, self._settings)
        except ClientError as error:
            # It was valid when it was registered; a setting or the contract is another one now. The listener gets
            # too much rather than too little, and nobody else waits for it.
            _log.warning("subscription query not understood any more", contract=contract_key, problem=error.message)
            return HubQuery(named=extra_types(self._publications[contract_key].contract))
