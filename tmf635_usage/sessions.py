"""Online charging: a network element opens a session, is granted quota, reports what was used, gets more, and ends it.

    place    what the session locks and reads: remembered, or looked up without a lock
    turn     everything is locked and read at once, decided, and written with the commit (`session_turn`)

Each request has a number. The last one again gets the answer that is kept with the session; so a client that got none
sends the same again, and nothing counts twice. Source: 3GPP TS 32.290 (reserve, update, release), docs/charging.md.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.domain.clock import instant_text
from common.domain.ids import ordered_id
from common.domain.query import Document
from common.errors import NotFound, Unavailable
from common.installation import Installation
from common.rest.actions import Actions
from common.store.records import Between
from common.store.unit_of_work import UnitOfWork
from tmf635_usage.claims import insert_missing
from tmf635_usage.rate import payer
from tmf635_usage.reading import Reading
from tmf635_usage.session_look import Prepared, prepared, ungranted, whose
from tmf635_usage.session_memory import Memory, Place, Seen, memory_of
from tmf635_usage.session_request import Ask
from tmf635_usage.session_state import LAPSED, OPEN, RELEASED, SOURCE, Session
from tmf635_usage.session_turn import LAPSE, Turn
from tmf635_usage.subjects import Guide, Guided, Unguided
from tmf635_usage.tables import HOLDS, KEYS, SCOPES, SESSIONS

RETENTION = "usage.session-retention"
# The one piece of that work.
_EVERY = "sessions"
# Sessions that go in one transaction; how long after it the next ones are looked for.
_RETIRED_AT_ONCE, _PAUSE = 500, timedelta(days=1)
# How often others may have changed what a request found before it has it locked.
_ATTEMPTS_MAX = 5


class Moved(Unavailable):
    """Others kept changing what the session is charged by."""


@dataclass(frozen=True)
class Charging:
    """The sessions of an installation."""

    installation: Installation
    tenant: str = "default"
    correlation_id: str | None = None

    def create(self, ask: Ask) -> Document:
        """A session with what it was granted; the same request again gets the same answer.

        Errors: UserUnknown, NotActive, NoPrice, NotRatable, NothingLeft when no service is granted anything, and then
                there is no session; OtherRequest and its like when the id is another session's; Moved.
        """
        return self._repeatedly(ask.id or ordered_id(), ask)

    def update(self, id: str, ask: Ask) -> Document:
        """What was booked and what is granted from now on.

        Errors: NotFound; OtherRequest; SequenceOld; SequenceGap; SessionEnded; InvalidBody; Moved.
        """
        return self._repeatedly(id, ask)

    def retrieve(self, id: str) -> Document:
        """Errors: NotFound."""
        with self.installation.database.read(self.tenant) as uow:
            row = uow.records(SESSIONS.name).get(id)
        if row is None:
            raise NotFound("session", id)
        return Session.of(row).shown()

    def lapse(self, id: str) -> None:
        """End a session that nobody updated in time; one that is to be looked at later is."""
        now = self.installation.clock.now()
        with self.installation.database.read(self.tenant) as uow:
            row = uow.records(SESSIONS.name).get(id)
            found = None if row is None else self._held_by(Session.of(row), self._act(uow, now))
        with self.installation.database.write(self.tenant) as uow:
            again = None if found is None else Turn(self._act(uow, now), id, *found).lapse()
            if again is not None:
                uow.work(LAPSE).put(id, again, {})
            else:
                uow.work(LAPSE).remove(id)
            if again is None and row is not None:
                uow.work(RETENTION).wake(_EVERY, row["started"] + self._retention)
            uow.commit()

    def retire(self, key: str) -> bool:
        """Remove the first sessions that ended and began long ago; whether there may be more.

        The numbers of their usages go with them, so that their ids may be used again.
        """
        now = self.installation.clock.now()
        ended, old = (LAPSED, RELEASED), Between(end=now - self._retention)
        with self.installation.database.write(self.tenant) as uow:
            uow.work(RETENTION).get(key, for_update=True)
            table = uow.records(SESSIONS.name)
            gone = table.find(
                {"state": ended, "started": old, "expires": old}, order=["started"], limit=_RETIRED_AT_ONCE
            )
            for row in gone:
                # "0" follows "/" where texts are compared.
                numbers = Between(f"{row['id']}/", f"{row['id']}0")
                uow.records(KEYS.name).delete({"source": SOURCE, "external": numbers})
            if gone:
                table.delete({"id": tuple(row["id"] for row in gone)})
            left = table.find({"state": ended}, order=["started"], limit=1)
            if left:
                uow.work(RETENTION).put(key, max(left[0]["started"] + self._retention, now + _PAUSE), {})
            else:
                uow.work(RETENTION).remove(key)
            uow.commit()
        return len(gone) == _RETIRED_AT_ONCE

    # -- the parts ----------------------------------------------------------------------------------------

    def _repeatedly(self, id: str, ask: Ask) -> Document:
        for _ in range(_ATTEMPTS_MAX):
            now = datetime.fromisoformat(instant_text(self.installation.clock.now()))
            found = self._remembered(id, ask, now) or self._look(id, ask, now)
            if isinstance(found, dict):
                return found
            with self.installation.database.write(self.tenant) as uow:
                turn = Turn(self._act(uow, now), id, *found)
                reply = turn.run(ask)
                if reply is not None and not turn.is_changed:
                    return reply
                if reply is not None and uow.commit_unless_there():
                    self._memory.sessions.keep((self.tenant, id), turn.seen)
                    return reply
            self._learn(id, turn)
        raise Moved(f"session {id[:80]!r} is asked for while what it is charged by changes; repeat this")

    @property
    def _retention(self) -> timedelta:
        return timedelta(days=self.installation.settings.session_retention_days)

    @property
    def _memory(self) -> Memory:
        return memory_of(self.installation.database)

    def _key(self, product: str, subscriber: Any) -> Hashable:
        return self.tenant, *whose(product, subscriber)

    def _remembered(self, id: str, ask: Ask, now: datetime) -> tuple[Place, Seen] | None:
        if ask.subscriber:
            place = self._memory.places.get(self._key("", ask.subscriber))
            if place is None or place.findings is None:
                return None
            found = place.findings.guided(Reading("", now, *whose("", ask.subscriber), None))
            if not isinstance(found, Guided) or found.product != place.product:
                return None
            return place, Seen(*payer(found), None, now, tuple(one.rating_group for one in ask.services), {})
        seen = self._memory.sessions.get((self.tenant, id))
        place = None if seen is None else self._memory.places.get(self._key(seen.product, {}))
        return None if seen is None or place is None or seen.account not in place.accounts else (place, seen)

    def _look(self, id: str, ask: Ask, now: datetime) -> tuple[Place, Seen] | Document:
        """What a request needs, at one moment and without a lock, or what was answered already."""
        with self.installation.database.snapshot(self.tenant) as uow:
            act = self._act(uow, now)
            row = act.records(SESSIONS.name).get(id)
            found = prepared(row, id, ask, now)
            if isinstance(found, dict):
                return found
            place = self._place(found, act)
            groups = tuple(found.session.services)
            held = [] if row is None else act.records(HOLDS.name).find({"session": id})
        session = found.session
        since = min((one.since for one in session.services.values()), default=now)
        scopes = {one["scope"]: session.product for one in held}
        sequence = None if found.is_new else session.sequence
        return place, Seen(session.product, session.account, sequence, since, groups, scopes)

    def _place(self, found: Prepared, act: Actions) -> Place:
        session, context = found.session, act.context("productUsage")
        key = self._key(session.product, session.subscriber)
        readings = [reading for _, reading in found.readings()]
        readings.append(Reading("now", act.now, *whose(session.product, session.subscriber), None))
        # Plans are made first: rates of tariff tables never change and are not to be asked for again.
        Guide(context).guide(readings)
        with act.uow.session.listening() as heard:
            guide = Guide(context)
            guided = guide.guide(readings)
            if found.is_new:
                first = guided["wish/0"]
                if isinstance(first, Unguided):
                    raise ungranted(first)
                session.product, session.account = payer(first)
            known = guide.findings.known.values()
            accounts = frozenset({session.account, *(one.account for one in known)})
            balances, product = act.offered("balances"), session.product
            owned = [] if balances is None else balances.owned({(product, account) for account in accounts})
        asked = heard.again()
        scopes = {product: product, **{scope: product for one in known for scope in one.subject.groups.values()}}
        place = Place(
            product,
            accounts,
            scopes,
            owned,
            guide.findings,
            draws=any(one.plan.allowances for one in known),
            counts=any(price.tiers for one in known for price in one.plan.plan.prices),
            asked=asked,
            answers=act.uow.answers(*asked),
        )
        if heard.is_whole:
            self._memory.places.keep(key, place)
        return place

    def _held_by(self, session: Session, act: Actions) -> tuple[Place, Seen] | None:
        """What is to be locked to let go of what a session holds; None when it has ended."""
        if session.state != OPEN:
            return None
        product, account = session.product, session.account
        scopes = {row["scope"]: product for row in act.records(HOLDS.name).find({"session": session.id})}
        balances = act.offered("balances")
        owned = [] if balances is None else balances.owned({(product, account)})
        place = Place(product, frozenset({account}), {product: product}, owned)
        return place, Seen(product, account, session.sequence, act.now, tuple(session.services), scopes)

    def _learn(self, id: str, turn: Turn) -> None:
        """Before a request is tried again."""
        if turn.lacking:
            with self.installation.database.write(self.tenant) as uow:
                uow.records(SCOPES.name).insert_new(turn.lacking)
                insert_missing(uow.records, turn.place.accounts)
                uow.commit()
            return
        memory, seen = self._memory, turn.place
        memory.sessions.forget((self.tenant, id))
        memory.places.forget(self._key(seen.product, {}))
        if turn.ask is not None and turn.ask.subscriber:
            memory.places.forget(self._key("", turn.ask.subscriber))

    def _act(self, uow: UnitOfWork, now: datetime) -> Actions:
        return Actions(self.installation, uow, self.correlation_id, now)
