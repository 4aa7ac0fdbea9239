"""One request of a charging session in the transaction that holds what it may change, in two round trips.

    lock     scopes, claims, balances and sums, with the session, counters and held units; is all as remembered?
    let go   of what the session held: free units and money
    book     what was used: usage documents, rated and paid here and now, each part once
    grant    what allowances and money pay for; it is held until it is reported, or the session lapses
    write    ratings, lines, buckets, balances, documents, holds, the session with its answer; sent with the commit

What allowances and money do not cover of a report is kept as a usage of its own, rejected, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any

from common.component import RuleContext
from common.domain.exact import DECIMALS, EXACT
from common.domain.query import Document
from common.errors import ClientError
from common.rest.actions import Actions
from common.rest.changes import record
from common.store.records import Between
from common.store.statements import Question
from tmf635_usage.claims import asking_claims, claims_in
from tmf635_usage.holds import held_by, holding, letting_go
from tmf635_usage.rate import ANY_MONEY, MESSAGES, REASON, WAITING, Batch, is_kept, payer, state_of, write_onto
from tmf635_usage.rating.afford import affordable
from tmf635_usage.rating.meter import rate
from tmf635_usage.rating.tally import Tally
from tmf635_usage.rating.values import ZERO, Grant, Rating, Reason, Rejection, Usage
from tmf635_usage.reading import Reading, fingerprint
from tmf635_usage.session_look import QUOTA, Prepared, Report, Wish, prepared, stamped, ungranted
from tmf635_usage.session_memory import Place, Seen
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
    usage_as,
    usage_of,
)
from tmf635_usage.subjects import Guided, Unguided
from tmf635_usage.tables import BUCKETS, COUNTERS, HOLDS, KEYS, SCOPES, SESSIONS

LAPSE = "usage.session"
# TMF637 v5.0.0 ProductStatusType: who is granted something new.
_SERVED = frozenset({"active", "pendingTerminate"})
_UPWARDS = Context(prec=60, rounding=ROUND_CEILING)
# Of what is not asked there are no rows.
NOTHING: Question[list[Any]] = Question((), lambda outcomes: [])


@dataclass
class Turn:
    """One request, or the end of one session.

    Shapes: `lacking` are scopes that are to be made, and claims of the accounts, before anything can be locked;
            `is_changed` when there is something to commit.
    """

    act: Actions
    id: str
    place: Place
    expected: Seen
    ask: Ask | None = None
    session: Session = field(init=False)
    lacking: list[dict[str, str]] = field(default_factory=list)
    is_changed: bool = False
    _made: list[Document] = field(default_factory=list)
    _new_holds: list[dict[str, Any]] = field(default_factory=list)
    _old_holds: list[dict[str, Any]] = field(default_factory=list)
    _kept_holds: list[dict[str, Any]] = field(default_factory=list)
    _usages: dict[str, list[Document]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.now = self.act.now
        self.context: RuleContext = self.act.context("productUsage")
        self.batch = Batch(self.act.records, self.now)
        self._row: dict[str, Any] | None = None
        self._balances = self.act.offered("balances") if self.place.owned else None
        self._money: tuple[list[str], list[Any]] = ([], [])

    def run(self, ask: Ask) -> Document | None:
        """The answer; None when what is locked is not what it was when it was looked at (`lacking`)."""
        self.ask = ask
        if not self._lock({one.rating_group for one in ask.services}):
            return None
        found = prepared(self._row, self.id, ask, self.now)
        if isinstance(found, dict):
            return found
        if not self._is_found(found):
            return None
        session = self.session = found.session
        if session.state == OPEN and not found.is_new and session.expires <= self.now:
            session.state = LAPSED
        is_ending = ask.is_release or session.state == LAPSED
        self._open_purse(session.services if is_ending else {one.rating_group for one in ask.services})
        for report in found.reports:
            self._book(report)
        for wish in found.wishes:
            wish.outcome = None if session.state == LAPSED else self._grant(wish)
        if found.is_new:
            failed = [one.outcome for one in found.wishes if isinstance(one.outcome, ClientError)]
            if len(failed) == len(found.wishes):
                raise failed[0]
        if is_ending:
            self._end()
        if ask.is_release:
            session.state = RELEASED
        elif session.state == OPEN:
            session.expires = self.now + self._validity
        session.sequence, session.mark = ask.sequence, ask.mark
        session.reply = self._reply(ask, found)
        self._write(is_new=found.is_new)
        self.is_changed = True
        return session.reply

    def lapse(self) -> datetime | None:
        """Let go of everything that the session holds; when to look again, where it is not to end now."""
        if not self._lock(()) or self._row is None:
            return self.now + timedelta(seconds=1)
        self.session = Session.of(self._row)
        if self.session.state != OPEN:
            return None
        if self.session.expires > self.now:
            return self.session.expires
        self.session.state = LAPSED
        self._open_purse(self.session.services)
        self._end()
        self._write(is_new=False)
        return None

    @property
    def seen(self) -> Seen:
        """The session as it is now, for its next request."""
        session, services = self.session, self.session.services.values()
        since = min((one.since for one in services), default=self.now)
        scopes = {row["scope"]: session.product for row in (*self._kept_holds, *self._new_holds)}
        return Seen(session.product, session.account, session.sequence, since, tuple(session.services), scopes)

    def _end(self) -> None:
        for service in self.session.services.values():
            service.granted = ZERO

    # -- before -------------------------------------------------------------------------------------------

    @property
    def _validity(self) -> timedelta:
        return timedelta(seconds=self.context.settings.session_validity_seconds)

    def _lock(self, groups: Collection[str]) -> bool:
        """Lock and read everything at once; whether it is what was expected."""
        place, records = self.place, self.act.records
        scopes = {**place.scopes, **self.expected.scopes}
        names, since = tuple(sorted(scopes)), self._since()
        payers = () if place.findings is None else place.accounts - {None}
        asked: list[Any] = [
            records(SCOPES.name).asking_many([(scope,) for scope in names], for_update=True),
            asking_claims(records, payers),
            records(SESSIONS.name).asking({"id": self.id}),
            records(BUCKETS.name).asking({"scope": names, "expires": Between(since)}) if place.draws else NOTHING,
            records(COUNTERS.name).asking({"scope": names, "end": Between(since)}) if place.counts else NOTHING,
            records(HOLDS.name).asking({"scope": names}) if place.draws or self.expected.scopes else NOTHING,
        ]
        sessions = sorted(f"{self.id}/{group}" for group in {*groups, *self.expected.groups})
        if self._balances is not None:
            accounts = {account for account in place.accounts if account is not None}
            asked += self._balances.asking(place.owned, sessions, accounts)
        first = len(asked)
        locked, claims, rows, buckets, counters, holds, *rest = self.act.uow.answers(*asked, *place.asked)
        self._money = sessions, rest[: first - 6]
        if len(locked) < len(names) or len(claims) < len(payers):
            self.lacking = [{"scope": scope, "product": scopes[scope]} for scope in names]
            return False
        self._row = rows[0] if rows else None
        mine = [row for row in holds if row["session"] == self.id]
        if self._row is not None and self._row["sequence"] != self.expected.sequence:
            mine = records(HOLDS.name).find({"session": self.id})  # another process was asked meanwhile
        if rest[first - 6 :] != list(place.answers) or not {row["scope"] for row in mine} <= scopes.keys():
            return False
        self._old_holds = mine
        self.batch.tally = Tally(state_of(buckets, counters))
        self.batch.holds = holding(self.batch.tally, holds)
        self.batch.claims = claims_in(claims)
        return True

    def _since(self) -> datetime:
        """Before everything that this request may be about."""
        services = () if self.ask is None else self.ask.services
        return min([self.now, self.expected.since, *(one.started for one in services if one.started is not None)])

    def _is_found(self, found: Prepared) -> bool:
        """Whose everything is; False when more has to be read for that."""
        assert self.place.findings is not None, "what is asked for is rated"
        for one, reading in found.readings():
            one.found = self.place.findings.guided(reading)
            if one.found is None:
                return False
        session = found.session
        if found.is_new:
            first = found.wishes[0].found
            if not isinstance(first, Guided):
                return False
            session.product, session.account = payer(first)
        return session.product == self.place.product and session.account in self.place.accounts

    def _open_purse(self, groups: Collection[str]) -> None:
        """Hold the balances, and let go of what the session held for these services."""
        mine = [row for row in self.batch.holds if row["session"] == self.id and row["service"] in groups]
        letting_go(self.batch.tally, mine)
        self.batch.holds = [row for row in self.batch.holds if row not in mine]
        self._kept_holds = [row for row in self._old_holds if row["service"] not in groups]
        self._old_holds = [row for row in self._old_holds if row["service"] in groups]
        sessions, answers = self._money
        if self._balances is not None:
            self.batch.purse = self._balances.opened(self.context, self.place.owned, answers, sessions)
            for name in sorted(self.session.hold_of(group) for group in groups):
                self.batch.purse.release(name)

    # -- what was used ------------------------------------------------------------------------------------

    def _book(self, report: Report) -> None:
        """Rate and charge a report: what is covered, and what is not on its own."""
        service, found = report.service, report.found
        covered = self._covered(report)
        is_paid = isinstance(covered, Grant) and not covered.is_final and is_kept(covered.cost)
        for usage, values, number in self._parts(report, covered):
            document = stamped(self.act, usage_of(self.session, service, values, number))
            if isinstance(found, Guided):
                one = Reading(document["id"], usage.at, found.product, (), usage)
                [outcome] = self.batch.rate([(one, found)], is_paid=is_paid).values()
                write_onto(document, found, outcome, self.batch.explained.get(one.id))
            elif isinstance(found, Unguided):
                document["status"], document[REASON] = WAITING, {"code": found.code, "message": found.message}
            self._made.append(document)
            self._usages.setdefault(service.rating_group, []).append(document)
        service.used, service.since = EXACT.add(service.used, report.usage.quantity), self.now
        service.granted = ZERO

    def _parts(self, report: Report, covered: Grant | None) -> Iterator[tuple[Usage, Mapping[str, Any], str]]:
        usage, values = report.usage, report.values
        assert self.ask is not None, "who reports asks"
        number = f"{self.ask.sequence}/{report.service.rating_group}"
        if covered is None or not ZERO < covered.quantity < usage.quantity:
            yield usage, values, f"{number}/used"
            return
        rest, before = EXACT.subtract(usage.quantity, covered.quantity), EXACT.add(usage.before, covered.quantity)
        for quantity, begun, name in ((covered.quantity, usage.before, "used"), (rest, before, "uncovered")):
            said = {**values, "quantity": plain_number(quantity), "usedBefore": plain_number(begun)}
            yield usage_as(report.service, usage.at, said), said, f"{number}/{name}"

    def _covered(self, report: Report) -> Grant | None:
        """How much of a report allowances and money pay for; None when it cannot be said."""
        if not isinstance(report.found, Guided):
            return None
        grant = self._afforded(report.usage, report.found, "available")
        return grant if isinstance(grant, Grant) else None

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
        plan, subject, tally = found.plan, found.subject, self.batch.tally
        asked = affordable(plan, subject, tally, usage, ANY_MONEY)
        if isinstance(asked, Rejection) or asked.currency is None or not self._is_prepaid(found):
            return asked
        money = getattr(self.batch.purse, of)(*payer(found), asked.currency)
        # Where the most that any part costs is there, all of it is.
        return asked if asked.cost_max <= money else affordable(plan, subject, tally, usage, money)

    def _hold(self, service: Service, usage: Usage, found: Guided) -> None:
        """Free units that the grant may draw, and the buckets that they are in."""
        if service.usage_type not in found.plan.allowances:
            return
        tally = self.batch.tally
        meant = rate(found.plan, found.subject, tally.state(), usage)
        assert isinstance(meant, Rating), "what can be granted can be rated"
        for bucket in meant.opened:
            tally.open(bucket.key, bucket.unit, bucket.granted, bucket.end, bucket.expires).is_stored = True
            self.batch.buckets.add(bucket.key)
        rows = held_by(self.session.id, service.rating_group, meant.draws)
        self.batch.holds += holding(tally, rows)
        self._new_holds += rows

    def _is_prepaid(self, found: Guided) -> bool:
        return self.batch.purse is not None and self.batch.purse.is_prepaid(*payer(found))

    # -- after --------------------------------------------------------------------------------------------

    def _reply(self, ask: Ask, found: Prepared) -> Document:
        wishes = {one.service.rating_group: one for one in found.wishes}
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
            made = self._usages.get(service.rating_group, [])
            if made:
                answer["usage"] = [_shown(one) for one in made]
            listed.append(answer)
        return {**self.session.head(), "service": listed}

    def _write(self, *, is_new: bool) -> None:
        """Everything that moved. A new session's id is refused with the commit when somebody has just taken it."""
        session, records = self.session, self.act.records
        self._store_usages()
        self.batch.close()
        if {_place(row) for row in self._old_holds} - {_place(row) for row in self._new_holds}:
            groups = tuple(sorted({row["service"] for row in self._old_holds}))
            records(HOLDS.name).delete({"session": session.id, "service": groups})
        records(HOLDS.name).put(self._new_holds)
        records(KEYS.name).insert(_key(one) for one in self._made)
        if is_new:
            assert self.context.schedule is not None, "sessions lapse where they are stored"
            self.context.schedule(LAPSE, session.id, session.expires)
            records(SESSIONS.name).insert([session.row])
        else:
            records(SESSIONS.name).put([session.row])

    def _store_usages(self) -> None:
        served = self.act.installation.by_name["productUsage"]
        self.act.uow.repository(served.stored.name).add_new(self._made, self.now)
        for document in self._made:
            record(self.act.uow, served, None, document, self.context)


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
    if is_kept(cost):
        return cost
    return cost.quantize(Decimal(1).scaleb(-DECIMALS), context=_UPWARDS)


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["service"], row["scope"], row["allowance"], row["start"], row["is_rolled"]
