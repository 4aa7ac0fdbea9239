"""Listeners: the rows of the hubs, and the leases by which several workers share the deliveries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, ScalarSelect, and_, func, insert, literal, or_, select, update

from common.domain.clock import instant_text
from common.store.event_tables import UNRELAYED, delivery, outbox, skip, subscription
from common.store.session import Session
from common.store.statements import DialectName, Statement, compiled, given
from common.store.tables import TEXT

_LIVE = subscription.c.is_removed.is_(False)


@dataclass(frozen=True, slots=True)
class Subscription:
    """One registered listener.

    Shapes: `contract_key` names the API and major whose events it gets; `origin` is scheme and host under which
            it registered; `secret` signs what it is sent and is never shown.
    """

    id: str
    tenant: str
    contract_key: str
    callback: str
    query: str | None
    secret: str | None = field(repr=False)
    origin: str
    created_at: datetime


def add(connection: Connection, new: Subscription) -> None:
    """Store a listener; it gets the events that become visible after this transaction's view of the outbox.

    What is visible now and not yet relayed is marked as skipped, which is exact on both databases: neither a
    clock nor the sequence would do, because a transaction that began earlier may commit later, and its events
    belong to the listener that was there by then.
    """
    connection.execute(
        insert(subscription).values(
            id=new.id,
            tenant=new.tenant,
            contract_key=new.contract_key,
            callback=new.callback,
            query=new.query,
            secret=new.secret,
            origin=new.origin,
            created_at=instant_text(new.created_at),
        )
    )
    waiting = select(outbox.c.sequence, literal(new.id)).where(UNRELAYED, outbox.c.tenant == new.tenant)
    marks = insert(skip).from_select(["sequence", "subscription_id"], waiting, include_defaults=False)
    connection.execute(marks)


def find(connection: Connection, tenant: str, contract_key: str, id: str) -> Subscription | None:
    """One listener of one hub."""
    row = connection.execute(select(subscription).where(_one(tenant, contract_key, id))).one_or_none()
    return None if row is None else _read(row)


def remove(connection: Connection, tenant: str, contract_key: str, id: str) -> bool:
    """End a listener and what was still to be delivered to it; False when there is none.

    Its queue may be long; `queues.clean` deletes it in parts.
    """
    statement = update(subscription).where(_one(tenant, contract_key, id)).values(is_removed=True)
    return bool(connection.execute(statement).rowcount)


def count(connection: Connection, tenant: str, contract_key: str) -> int:
    """How many listeners a hub has."""
    statement = select(func.count()).select_from(subscription)
    statement = statement.where(subscription.c.tenant == tenant, subscription.c.contract_key == contract_key, _LIVE)
    return connection.execute(statement).scalar_one()


def listeners(connection: Connection, tenant: str, contract_keys: Collection[str]) -> list[Subscription]:
    """Every listener of these hubs, in the order of registration."""
    statement = select(subscription).where(
        subscription.c.tenant == tenant, subscription.c.contract_key.in_(contract_keys), _LIVE
    )
    return [_read(row) for row in connection.execute(statement.order_by(subscription.c.created_at, subscription.c.id))]


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether a listener that nobody serves has an event to be tried now. Only reads."""
    return connection.execute(select(subscription.c.id).where(_due(now)).limit(1)).first() is not None


def claim_due(connection: Connection, owner: str, now: datetime, until: datetime, most: int) -> list[Subscription]:
    """Take up to `most` listeners with an event to be tried now, the longest unserved first, for `owner` alone."""
    free = (
        select(subscription.c.id)
        .where(_due(now))
        .order_by(subscription.c.lease_until.asc().nulls_first(), subscription.c.id)
        .limit(most)
        .with_for_update(skip_locked=True, of=subscription)
    )
    ids = list(connection.execute(free).scalars())
    if not ids:
        return []
    connection.execute(
        update(subscription)
        .where(subscription.c.id.in_(ids))
        .values(lease_owner=owner, lease_until=instant_text(until))
    )
    rows = connection.execute(select(subscription).where(subscription.c.id.in_(ids)).order_by(subscription.c.id))
    return [_read(row) for row in rows]


def release(session: Session, id: str, owner: str, now: datetime) -> None:
    """Give a listener back. `lease_until` stays as the time it was last served."""
    session.write([(_releasing(session.dialect), {"listener": id, "owner": owner, "now": instant_text(now)})])


@cache
def _releasing(dialect: DialectName) -> Statement:
    mine = (subscription.c.id == given("listener", TEXT)) & (subscription.c.lease_owner == given("owner", TEXT))
    statement = update(subscription).where(mine).values(lease_owner=None, lease_until=given("now", TEXT))
    return compiled(statement, dialect)


def _due(now: datetime) -> Any:
    moment = instant_text(now)
    free = or_(subscription.c.lease_until.is_(None), subscription.c.lease_until <= moment)
    return and_(free, _LIVE, _head() <= moment)


def _head() -> ScalarSelect[str]:
    """When the listener's next event is due. Only the first pending one counts: order before speed."""
    first = select(func.coalesce(delivery.c.next_at, "")).where(
        delivery.c.subscription_id == subscription.c.id, delivery.c.notification_id > subscription.c.done_to
    )
    return first.order_by(delivery.c.notification_id).limit(1).scalar_subquery()


def _one(tenant: str, contract_key: str, id: str) -> Any:
    ours = and_(subscription.c.tenant == tenant, subscription.c.contract_key == contract_key)
    return and_(subscription.c.id == id, ours, _LIVE)


def _read(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        tenant=row.tenant,
        contract_key=row.contract_key,
        callback=row.callback,
        query=row.query,
        secret=row.secret,
        origin=row.origin,
        created_at=datetime.fromisoformat(row.created_at),
    )
