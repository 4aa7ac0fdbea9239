"""Online charging: a network element opens a session, is granted quota, reports use, gets more, and ends it.

    look     the session, whose it is, by which plan, which buckets: read before anything is locked
    lock     the scopes, then the balances (as `rate` does); the session is still where it was, or all begins anew
    let go   of what the session held: free units and money
    book     what was used: usage documents, rated and paid here and now, each part once
    grant    what allowances and money pay for; it is held until it is reported, or the session lapses
    write    ratings, lines, buckets, balances, documents, holds, the session with its answer

Each request has a number. The last one again gets the answer that is kept with the session; so a client that got none
sends the same again, and nothing counts twice. What allowances and money do not cover of a report is kept as a usage of
its own, rejected, with the reason. Source: 3GPP TS 32.290 (reserve, update, release), docs/charging.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.ids import ordered_id
from common.domain.query import Document
from common.errors import ClientError, NotFound, Unavailable
from common.installation import Installation
from common.rest.actions import Actions
from common.rest.changes import record
from common.store.unit_of_work import UnitOfWork
from tmf635_usage.holds import held_by, holding, letting_go
from tmf635_usage.rate import ANY_MONEY, MESSAGES, REASON, WAITING, Batch, payer, write_onto
from tmf635_usage.rating.afford import affordable
from tmf635_usage.rating.amounts import DECIMALS, EXACT
from tmf635_usage.rating.meter import rate
from tmf635_usage.rating.values import ZERO, Grant, Rating, Reason, Rejection, Usage
from tmf635_usage.reading import Reading, fingerprint, read
from tmf635_usage.session_look import QUOTA, Look, Prepared, Report, Wish, locked_for, stamped, ungranted
from tmf635_usage.session_request import Ask, plain_number
from tmf635_usage.session_state import (
    LAPSED,
    OPEN,
    RELEASED,
    SESSION_LAPSED,
    SOURCE,
    SUCCESS,
    NoPrice,
    NotActive,
    NothingLeft,
    NotRatable,
    Service,
    Session,
    usage_of,
)
from tmf635_usage.subjects import Guided, Unguided
from tmf635_usage.tables import HOLDS, KEYS, SESSIONS

LAPSE = "usage.session"
# TMF637 v5.0.0 ProductStatusType: who is granted something new.
_SERVED = frozenset({"active", "pendingTerminate"})
_UPWARDS = Context(prec=60, rounding=ROUND_CEILING)
# How often others may have moved the session between looking at it and locking it.
_ATTEMPTS_MAX = 5


class Moved(Unavailable):
    """Others kept asking for the same session."""


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
            prepared = None if row is None else locked_for(Prepared(Session.of(row), None), self._act(uow, now))
        with self.installation.database.write(self.tenant) as uow:
            act = self._act(uow, now)
            if prepared is None or prepared.session.state != OPEN or Turn(act, prepared).lapse():
                uow.work(LAPSE).remove(id)
            else:
                uow.work(LAPSE).put(id, max(prepared.session.expires, now + timedelta(seconds=1)), {})
            uow.commit()

    # -- the parts ----------------------------------------------------------------------------------------

    def _repeatedly(self, id: str, ask: Ask) -> Document:
        for _ in range(_ATTEMPTS_MAX):
            now = datetime.fromisoformat(instant_text(self.installation.clock.now()))
            with self.installation.database.read(self.tenant) as uow:
                looked = Look(self._act(uow, now), id, ask).prepare()
            if isinstance(looked, dict):
                return looked
            with self.installation.database.write(self.tenant) as uow:
                reply = Turn(self._act(uow, now), looked).run()
                if reply is not None:
                    uow.commit()
                    return reply
        raise Moved(f"session {id[:80]!r} is asked for by several at once; repeat this")

    def _act(self, uow: UnitOfWork, now: datetime) -> Actions:
        return Actions(self.installation, uow, self.correlation_id, now)


@dataclass
class Turn:
    """One request, or the end of one session, in the transaction that holds what it may change."""

    act: Actions
    prepared: Prepared
    made: list[Document] = field(default_factory=list)
    new_holds: list[dict[str, Any]] = field(default_factory=list)
    old_holds: list[dict[str, Any]] = field(default_factory=list)
    usages: dict[str, list[Document]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session = self.prepared.session
        self.now = self.act.now
        self.context: RuleContext = self.act.context("productUsage")
        self.batch = Batch(self.act.records, self.now)

    def run(self) -> Document | None:
        """The answer; None when the session is not where it was when it was looked at."""
        ask, session = self.prepared.ask, self.session
        assert ask is not None, "a request runs"
        if not self._lock():
            return None
        if session.state == OPEN and not self.prepared.is_new and session.expires <= self.now:
            session.state = LAPSED
        is_ending = ask.is_release or session.state == LAPSED
        self._open_purse(session.services if is_ending else {one.rating_group for one in ask.services})
        for report in self.prepared.reports:
            self._book(report)
        for wish in self.prepared.wishes:
            wish.outcome = None if session.state == LAPSED else self._grant(wish)
        if self.prepared.is_new:
            failed = [one.outcome for one in self.prepared.wishes if isinstance(one.outcome, ClientError)]
            if len(failed) == len(self.prepared.wishes):
                raise failed[0]
        if is_ending:
            self._end()
        if ask.is_release:
            session.state = RELEASED
        elif session.state == OPEN:
            session.expires = self.now + self._validity
        session.sequence, session.mark = ask.sequence, ask.mark
        session.reply = self._reply(ask)
        return session.reply if self._write() else None

    def lapse(self) -> bool:
        """Let go of everything that the session holds; False when it is not to end now."""
        if not self._lock() or self.session.expires > self.now:
            return False
        self.session.state = LAPSED
        self._open_purse(self.session.services)
        self._end()
        return self._write()

    def _end(self) -> None:
        for service in self.session.services.values():
            service.granted = ZERO

    # -- before -------------------------------------------------------------------------------------------

    @property
    def _validity(self) -> timedelta:
        return timedelta(seconds=self.context.settings.session_validity_seconds)

    def _lock(self) -> bool:
        """The scopes; whether the session is where it was when it was looked at."""
        prepared = self.prepared
        known = [
            (Reading("", at, None, (), None), found)
            for at, found in (
                *((one.at, one.found) for one in prepared.reports),
                *((one.usage.at, one.found) for one in prepared.wishes),
            )
            if isinstance(found, Guided)
        ]
        first = min((one.at for one in prepared.reports), default=self.now)
        rows = self.batch.lock(known, prepared.scopes, first, (SESSIONS.name, {"id": self.session.id}))
        if prepared.is_new:
            return True
        row = rows[0] if rows else None
        if row is None or row["sequence"] != self.session.sequence:
            return False
        self.session.state, self.session.expires = row["state"], row["expires"]
        return True

    def _open_purse(self, groups: Any) -> None:
        """Hold the balances, and let go of what the session held for these services."""
        mine = [row for row in self.batch.holds if row["session"] == self.session.id and row["service"] in groups]
        letting_go(self.batch.tally, mine)
        self.batch.holds = [row for row in self.batch.holds if row not in mine]
        self.old_holds = [row for row in self.prepared.held if row["service"] in groups]
        balances = self.act.offered("balances")
        if balances is None:
            return
        names = [self.session.hold_of(group) for group in groups]
        self.batch.purse = balances.open(
            self.context, self.prepared.owners, owned=self.prepared.owned, sessions=sorted(names)
        )
        for name in sorted(names):
            self.batch.purse.release(name)

    # -- what was used ------------------------------------------------------------------------------------

    def _book(self, report: Report) -> None:
        """Rate and charge a report: what is covered, and what is not on its own."""
        for document in self._parts(report):
            one, found = read(document), report.found
            if isinstance(found, Guided):
                [outcome] = self.batch.rate([(one, found)]).values()
                write_onto(document, found, outcome)
            elif isinstance(found, Unguided):
                document["status"], document[REASON] = WAITING, {"code": found.code, "message": found.message}
            self.made.append(document)
            self.usages.setdefault(report.service.rating_group, []).append(document)
        service = report.service
        service.used, service.since, service.granted = EXACT.add(service.used, report.quantity), self.now, ZERO

    def _parts(self, report: Report) -> Iterator[Document]:
        covered = self._covered(report)
        if covered is None or not ZERO < covered < report.quantity:
            yield report.document
            return
        service, number = report.said, f"{self._sequence}/{report.service.rating_group}"
        before, rest = service.used, EXACT.subtract(report.quantity, covered)
        first = usage_of(self.session, service, report.at, covered, before, f"{number}/used")
        yield stamped(self.act, first)
        uncovered = usage_of(self.session, service, report.at, rest, EXACT.add(before, covered), f"{number}/uncovered")
        yield stamped(self.act, uncovered)

    def _covered(self, report: Report) -> Decimal | None:
        """How much of a report allowances and money pay for; None when it cannot be said."""
        usage, found = read(report.document).usage, report.found
        if not isinstance(found, Guided) or usage is None:
            return None
        grant = self._afforded(usage, found, "available")
        return grant.quantity if isinstance(grant, Grant) else None

    @property
    def _sequence(self) -> int:
        assert self.prepared.ask is not None, "who reports asks"
        return self.prepared.ask.sequence

    # -- what is granted ----------------------------------------------------------------------------------

    def _grant(self, wish: Wish) -> Grant | ClientError:
        """Hold what can be granted, units and money."""
        found, service = wish.found, wish.service
        service.granted, service.since = ZERO, self.now
        if isinstance(found, Unguided):
            return ungranted(found)
        assert found is not None, "every wish was guided"
        if found.status not in _SERVED:
            return NotActive(f"product {found.product[:80]!r} is {found.status}; resume it first")
        usage = wish.usage
        if not self._is_prepaid(found):
            usage = usage._replace(quantity=min(usage.quantity, QUOTA[service.unit]))
        grant = self._afforded(usage, found, "reservable")
        has_allowance = service.usage_type in found.plan.allowances
        if isinstance(grant, Rejection) and not (grant.reason is Reason.NO_PRICE and has_allowance):
            return _unpriced(grant)
        if isinstance(grant, Rejection) or not grant.quantity:
            return NothingLeft(f"nothing is left for {service.usage_type}; fill the balance, or wait for an allowance")
        self._hold(service, usage._replace(quantity=grant.quantity), found)
        if grant.currency is not None and self._is_prepaid(found):
            refusal = self.batch.purse.reserve(
                *payer(found),
                _kept(grant.cost_max),
                grant.currency,
                self.session.hold_of(service.rating_group),
                self.now + self._validity,
            )
            assert refusal is None, "what was affordable can be reserved"
        service.granted = grant.quantity
        return grant

    def _afforded(self, usage: Usage, found: Guided, of: str) -> Grant | Rejection:
        """What allowances and money pay for; `of` says which money: `available` or `reservable`."""
        state = self.batch.tally.state()
        asked = affordable(found.plan, found.subject, state, usage, ANY_MONEY)
        if isinstance(asked, Rejection) or asked.currency is None or not self._is_prepaid(found):
            return asked
        money = getattr(self.batch.purse, of)(*payer(found), asked.currency)
        return affordable(found.plan, found.subject, state, usage, money)

    def _hold(self, service: Service, usage: Usage, found: Guided) -> None:
        """Free units that the grant may draw, and the buckets that they are in."""
        tally = self.batch.tally
        meant = rate(found.plan, found.subject, tally.state(), usage)
        assert isinstance(meant, Rating), "what can be granted can be rated"
        for bucket in meant.opened:
            tally.open(bucket.key, bucket.unit, bucket.granted, bucket.end, bucket.expires).is_stored = True
            self.batch.buckets.add(bucket.key)
        rows = held_by(self.session.id, service.rating_group, meant.draws)
        self.batch.holds += holding(tally, rows)
        self.new_holds += rows

    def _is_prepaid(self, found: Guided) -> bool:
        return self.batch.purse is not None and self.batch.purse.is_prepaid(*payer(found))

    # -- after --------------------------------------------------------------------------------------------

    def _reply(self, ask: Ask) -> Document:
        wishes = {one.service.rating_group: one for one in self.prepared.wishes}
        validity = self.context.settings.session_validity_seconds
        listed = []
        for asked in ask.services:
            service, wish = self.session.services[asked.rating_group], wishes.get(asked.rating_group)
            answer: Document = {
                "ratingGroup": service.rating_group,
                "usageType": service.usage_type,
                "resultCode": SUCCESS,
                "usedUnit": {"amount": plain_number(service.used), "units": service.unit},
            }
            outcome = wish.outcome if wish is not None else None
            if isinstance(outcome, Grant):
                answer["grantedUnit"] = {"amount": plain_number(outcome.quantity), "units": service.unit}
                answer |= {"validityTime": validity, "finalUnit": outcome.is_final}
            elif isinstance(outcome, ClientError):
                answer |= {"resultCode": outcome.code, "message": outcome.message, "finalUnit": True}
            elif self.session.state == LAPSED:
                answer |= {"resultCode": SESSION_LAPSED, "message": "open a new session", "finalUnit": True}
            made = self.usages.get(service.rating_group, [])
            if made:
                answer["usage"] = [_shown(one) for one in made]
            listed.append(answer)
        return {**self.session.head(), "service": listed}

    def _write(self) -> bool:
        """Everything that moved; False when somebody else has just made a session with this id."""
        session, act = self.session, self.act
        if self.batch.purse is not None:
            self.batch.purse.prepare()
        self._store_usages()
        if self.prepared.is_new and not act.records(SESSIONS.name).insert_new([session.row]):
            return False
        with act.uow.together():
            self.batch.close()
            if {_place(row) for row in self.old_holds} - {_place(row) for row in self.new_holds}:
                groups = tuple(sorted({row["service"] for row in self.old_holds}))
                act.records(HOLDS.name).delete({"session": session.id, "service": groups})
            act.records(HOLDS.name).put(self.new_holds)
            act.records(KEYS.name).insert(_key(one) for one in self.made)
            if self.prepared.is_new:
                assert self.context.schedule is not None, "sessions lapse where they are stored"
                self.context.schedule(LAPSE, session.id, session.expires)
            else:
                act.records(SESSIONS.name).put([session.row])
        return True

    def _store_usages(self) -> None:
        served = self.act.installation.by_name["productUsage"]
        if self.made:
            self.act.uow.repository(served.stored.name).add_many(self.made, self.now)
        for document in self.made:
            record(self.act.uow, served, None, document, self.act.context("productUsage"))


def _unpriced(rejection: Rejection) -> ClientError:
    message = MESSAGES[rejection.reason]
    return NoPrice(message) if rejection.reason is Reason.NO_PRICE else NotRatable(message)


def _key(usage: Document) -> dict[str, Any]:
    external = usage["externalIdentifier"][0]["id"]
    return {"source": SOURCE, "external": external, "usage": usage["id"], "fingerprint": fingerprint(usage)}


def _shown(usage: Document) -> Document:
    shown: Document = {"id": usage["id"], "status": usage["status"]}
    return {**shown, REASON: usage[REASON]} if REASON in usage else shown


def _kept(cost: Decimal) -> Decimal:
    """An amount that balances can keep, no less than this one."""
    if -int(cost.as_tuple().exponent) <= DECIMALS:
        return cost
    return cost.quantize(Decimal(1).scaleb(-DECIMALS), context=_UPWARDS)


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["service"], row["scope"], row["allowance"], row["start"], row["is_rolled"]
