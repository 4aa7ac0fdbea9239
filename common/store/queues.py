"""The listeners' queues: what each is still to get, what it got, and what was given up.

An event is stored as it is posted once for all listeners that get the same bytes (`notification`), and a narrow row
puts it into a listener's queue (`delivery`). A queue is worked off from the front, so that one number per listener says
how far it is: what lies behind `subscription.done_to` is pending, what does not is delivered, unless the row says that
it was parked. A delivered event costs no change of its row, and a set of them one change of the listener's.

Numbers ascend in the order in which they become visible, because whoever gives them out is alone (`outbox.relay_alone`,
`await_relay`). A listener that is done to 7 will not see a 6 appear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy import tuple_ as row_of

from common.domain.clock import instant_text
from common.store import outbox
from common.store.event_tables import PARKED, delivery, notification, subscription
from common.store.lists import listed, members
from common.store.session import Session
from common.store.statements import DialectName, Insertion, Statement, compiled, given
from common.store.tables import TEXT

_ERROR_LENGTH_MAX = 500
_REPLAYED_AT_ONCE = 1_000
_NOTIFICATION = ("id", "tenant", "event_id", "event_type", "listener_path", "body")
# Parameters of one statement: SQLite takes 32,766.
_PARAMETERS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Notification:
    """An event as it is posted. Shapes: `body` to the byte; `listener_path` is the contract's path of the event."""

    id: int
    tenant: str
    event_id: str
    event_type: str
    listener_path: str
    body: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification in one listener's queue; `attempts` are those that failed."""

    subscription_id: str
    notification: Notification
    attempts: int


def last_number(connection: Connection) -> int:
    """The highest number of a notification that was given out and still means something. The caller is alone."""
    stored = connection.execute(select(func.max(notification.c.id))).scalar() or 0
    done = connection.execute(select(func.max(subscription.c.done_to))).scalar() or 0
    return max(stored, done)


def publish(
    session: Session,
    notifications: Sequence[Notification],
    queues: Mapping[tuple[str, ...], Sequence[int]],
    now: datetime,
) -> None:
    """Put notifications into queues, to be tried at once. It is written with whatever is asked next.

    Shapes: `queues` has the numbers that are for these listeners, by the listeners' ids.
    """
    moment = instant_text(now)
    rows = [{"queued_at": moment} | {name: getattr(one, name) for name in _NOTIFICATION} for one in notifications]
    session.write(_insertion(session.dialect).steps(rows) if rows else [])
    for listeners, numbers in queues.items():
        values = {"listeners": listed(session, listeners), "numbers": listed(session, numbers)}
        session.write([(_enqueuing(session.dialect), values)])


def due(session: Session, subscription_id: str, now: datetime, most: int) -> list[Delivery]:
    """The events at the head of a listener's queue that may be tried now, in order; none when the first may not."""
    moment, attempts = instant_text(now), dict[int, int]()
    for number, failures, next_at in session.rows(_head(session.dialect), {"id": subscription_id, "most": most}):
        if next_at is not None and next_at > moment:
            break
        attempts[number] = failures or 0
    if not attempts:
        return []
    found = session.rows(_numbered(session.dialect), {"numbers": listed(session, list(attempts))})
    return [Delivery(subscription_id, Notification(*row), attempts[row[0]]) for row in found]


def settle(session: Session, subscription_id: str, owner: str, done_to: int | None, until: datetime) -> bool:
    """Note how far a listener's queue is done, and keep its lease for longer.

    False when the lease is another's by now or the listener is gone; what was delivered is noted all the same.
    """
    done = 0 if done_to is None else done_to
    values = {"listener": subscription_id, "owner": owner, "done": done, "until": instant_text(until)}
    if session.change(_settling(session.dialect), values):
        return True
    session.write([(_reaching(session.dialect), {"listener": subscription_id, "done": done})])
    return False


@cache
def _insertion(dialect: DialectName) -> Insertion:
    return Insertion(notification, dialect, (*_NOTIFICATION, "queued_at"))


@cache
def _enqueuing(dialect: DialectName) -> Statement:
    """Every pair of some listeners and some numbers."""
    listeners, numbers = members("listeners", TEXT, dialect), members("numbers", BigInteger(), dialect)
    pairs = select(listeners.c.value, numbers.c.value).select_from(listeners.join(numbers, true()))
    key = ["subscription_id", "notification_id"]
    return compiled(insert(delivery).from_select(key, pairs, include_defaults=False).inline(), dialect)


@cache
def _head(dialect: DialectName) -> Statement:
    done = select(subscription.c.done_to).where(subscription.c.id == given("id", TEXT)).scalar_subquery()
    statement = select(delivery.c.notification_id, delivery.c.attempts, delivery.c.next_at).where(
        delivery.c.subscription_id == given("id", TEXT), delivery.c.notification_id > done
    )
    return compiled(statement.order_by(delivery.c.notification_id).limit(given("most", BigInteger())), dialect)


@cache
def _numbered(dialect: DialectName) -> Statement:
    """Notifications by number, and not joined to the queue: a plan that began here would read all that is kept."""
    chosen = members("numbers", BigInteger(), dialect)
    columns = [notification.c[name] for name in _NOTIFICATION]
    statement = select(*columns).where(notification.c.id.in_(select(chosen.c.value)))
    return compiled(statement.order_by(notification.c.id), dialect)


@cache
def _settling(dialect: DialectName) -> Statement:
    done = given("done", BigInteger())
    statement = update(subscription).where(
        subscription.c.id == given("listener", TEXT),
        subscription.c.lease_owner == given("owner", TEXT),
        subscription.c.is_removed.is_(False),
    )
    reached = case((subscription.c.done_to < done, done), else_=subscription.c.done_to)
    return compiled(statement.values(lease_until=given("until", TEXT), done_to=reached), dialect)


@cache
def _reaching(dialect: DialectName) -> Statement:
    done = given("done", BigInteger())
    mine = (subscription.c.id == given("listener", TEXT)) & (subscription.c.done_to < done)
    return compiled(update(subscription).where(mine).values(done_to=done), dialect)


def failed(connection: Connection, item: Delivery, problem: str, next_at: datetime) -> None:
    """An attempt failed; the next is not before `next_at`."""
    connection.execute(_row(item).values(**_failure(item, problem), next_at=instant_text(next_at)))


def parked(connection: Connection, item: Delivery, problem: str, now: datetime) -> None:
    """The last attempt failed; the event waits for somebody to replay it. The caller settles it as done."""
    connection.execute(_row(item).values(**_failure(item, problem), parked_at=instant_text(now)))


def _row(item: Delivery) -> Any:
    return update(delivery).where(
        delivery.c.subscription_id == item.subscription_id, delivery.c.notification_id == item.notification.id
    )


def _failure(item: Delivery, problem: str) -> dict[str, Any]:
    return {"attempts": item.attempts + 1, "last_error": problem[:_ERROR_LENGTH_MAX]}


def clean(connection: Connection, queued_before: datetime, parked_before: datetime, most: int) -> int:
    """Delete up to `most` rows of each sort that nobody needs any more, and the notifications that go with them.

    Delivered events that were queued so long ago; those parked so long ago; queues of listeners that were removed,
    and at last their rows. How many went; 0 also when a relay is at work.
    """
    if not outbox.relay_alone(connection):
        return 0
    newest = select(notification.c.id).where(notification.c.queued_at < instant_text(queued_before))
    newest = newest.order_by(notification.c.queued_at.desc(), notification.c.id.desc()).limit(1)
    old = connection.execute(newest).scalar() or 0
    mine = delivery.c.subscription_id == subscription.c.id
    done = (
        _keys()
        .join(subscription, mine)
        .where(delivery.c.notification_id <= subscription.c.done_to, delivery.c.notification_id <= old, ~PARKED)
    )
    given_up = _keys().where(delivery.c.parked_at < instant_text(parked_before), PARKED)
    removed = _keys().join(subscription, mine).where(subscription.c.is_removed.is_(True))
    gone = sum(_drop(connection, keys.limit(most)) for keys in (done, given_up, removed))
    left = exists().where(mine)
    connection.execute(delete(subscription).where(subscription.c.is_removed.is_(True), ~left))
    return gone


def _keys() -> Select[Any]:
    return select(delivery.c.subscription_id, delivery.c.notification_id).select_from(delivery)


def _drop(connection: Connection, keys: Select[Any]) -> int:
    """Delete deliveries, and notifications that are in no queue any more."""
    key = row_of(delivery.c.subscription_id, delivery.c.notification_id)
    statement = delete(delivery).where(key.in_(keys)).returning(delivery.c.notification_id)
    numbers = list(connection.execute(statement).scalars())
    _drop_unused(connection, sorted(set(numbers)))
    return len(numbers)


def _drop_unused(connection: Connection, numbers: Sequence[int]) -> None:
    used = exists().where(delivery.c.notification_id == notification.c.id)
    for start in range(0, len(numbers), _PARAMETERS_MAX):
        some = notification.c.id.in_(numbers[start : start + _PARAMETERS_MAX])
        connection.execute(delete(notification).where(some, ~used))


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A delivery as an operator sees it."""

    event_id: str
    event_type: str
    subscription_id: str
    callback: str
    state: str
    attempts: int
    next_at: str
    last_error: str | None


def records(
    connection: Connection, tenant: str, state: str | None, subscription_id: str | None, most: int
) -> list[DeliveryRecord]:
    """Deliveries of a tenant in the order of their queues, the newest `most` of them."""
    pending = delivery.c.notification_id > subscription.c.done_to
    shown = case((pending, "pending"), (PARKED, "parked"), else_="delivered")
    statement = (
        select(
            notification.c.event_id,
            notification.c.event_type,
            delivery.c.subscription_id,
            subscription.c.callback,
            shown.label("state"),
            func.coalesce(delivery.c.attempts, 0).label("attempts"),
            func.coalesce(delivery.c.next_at, notification.c.queued_at).label("next_at"),
            case((shown == "delivered", None), else_=delivery.c.last_error).label("last_error"),
        )
        .select_from(delivery)
        .join(subscription, subscription.c.id == delivery.c.subscription_id)
        .join(notification, notification.c.id == delivery.c.notification_id)
        .where(subscription.c.tenant == tenant, subscription.c.is_removed.is_(False))
        .order_by(delivery.c.notification_id.desc(), delivery.c.subscription_id.desc())
        .limit(most)
    )
    if state is not None:
        statement = statement.where({"pending": pending, "parked": PARKED, "delivered": ~pending & ~PARKED}[state])
    if subscription_id is not None:
        statement = statement.where(delivery.c.subscription_id == subscription_id)
    return [DeliveryRecord(**row._asdict()) for row in reversed(connection.execute(statement).all())]


def replay_event(connection: Connection, tenant: str, event_id: str, now: datetime) -> int:
    """Queue an event again for every listener it had; for how many."""
    numbers = select(notification.c.id).where(notification.c.event_id == event_id)
    return _replay(connection, tenant, delivery.c.notification_id.in_(numbers), now)


def replay_subscription(connection: Connection, tenant: str, subscription_id: str, now: datetime) -> int:
    """Queue everything again that a listener got or should have got and that is still kept; how many events."""
    return _replay(connection, tenant, delivery.c.subscription_id == subscription_id, now)


def replay_parked(connection: Connection, tenant: str, now: datetime) -> int:
    """Queue every parked event of a tenant again; how many."""
    return _replay(connection, tenant, PARKED, now)


def _replay(connection: Connection, tenant: str, which: ColumnElement[bool], now: datetime) -> int:
    """Move settled deliveries to the end of their queues, under new numbers: a queue is only worked off forwards."""
    outbox.await_relay(connection)
    begun = last = last_number(connection)
    settled = exists().where(
        subscription.c.id == delivery.c.subscription_id,
        subscription.c.tenant == tenant,
        subscription.c.is_removed.is_(False),
        delivery.c.notification_id <= subscription.c.done_to,
    )
    chosen = which & settled & (delivery.c.notification_id <= begun)
    first = select(delivery.c.notification_id).where(chosen).distinct()
    first = first.order_by(delivery.c.notification_id).limit(_REPLAYED_AT_ONCE)
    queued = 0
    while numbers := list(connection.execute(first).scalars()):
        copied = _copy(connection, numbers, last, now)
        moved = update(delivery).where(chosen, delivery.c.notification_id == copied.c.id)
        fresh = {"attempts": None, "next_at": None, "last_error": None, "parked_at": None}
        queued += connection.execute(moved.values(notification_id=copied.c.number, **fresh)).rowcount
        _drop_unused(connection, numbers)
        last += len(numbers)
    return queued


def _copy(connection: Connection, numbers: Sequence[int], last: int, now: datetime) -> Any:
    """Write notifications again under the numbers behind `last`; old and new numbers as a table."""
    number = (literal(last) + func.row_number().over(order_by=notification.c.id)).label("number")
    copied = select(notification.c.id, number).where(notification.c.id.in_(numbers)).subquery("copied")
    names = [name for name in _NOTIFICATION if name != "id"]
    source = select(copied.c.number, *(notification.c[name] for name in names), literal(instant_text(now)))
    source = source.select_from(copied.join(notification, notification.c.id == copied.c.id))
    connection.execute(insert(notification).from_select(["id", *names, "queued_at"], source, include_defaults=False))
    return copied
