"""Replies kept by Idempotency-Key, so that a repeated request gets the first answer and does nothing again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import delete, select

from common.domain.clock import instant_text
from common.errors import IdempotencyConflict
from common.exact_json import decode_own, encode
from common.store.keys import is_storable
from common.store.session import Session
from common.store.statements import DialectName, Insertion, Statement, compiled, given
from common.store.tables import IDEMPOTENCY, TEXT


@dataclass(frozen=True, slots=True)
class StoredReply:
    """What was answered; `fingerprint` tells whether a later request with the key is the same one."""

    fingerprint: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class IdempotencyStore:
    """The replies of one tenant; kept in the transaction of what the request did."""

    def __init__(self, session: Session, tenant: str) -> None:
        self._session = session
        self._tenant = tenant

    def find(self, scope: str, key: str) -> StoredReply | None:
        if not is_storable(key):
            return None
        rows = self._session.rows(_found(self._session.dialect), {"tenant": self._tenant, "scope": scope, "key": key})
        if not rows:
            return None
        mark, status, written, body = rows[0]
        headers = tuple((name, value) for name, value in decode_own(written))
        return StoredReply(mark, status, headers, bytes(body))

    def keep(self, scope: str, key: str, fingerprint: str, reply: StoredReply, now: datetime) -> None:
        """Keep the reply to a request; on PostgreSQL this waits for another that is keeping one for the same key.

        Errors: IdempotencyConflict when a reply is kept already; leave the unit of work without commit then.
        """
        values = {
            **{"tenant": self._tenant, "scope": scope, "key": key, "fingerprint": fingerprint},
            **{"status": reply.status, "headers": encode(reply.headers).decode(), "body": reply.body},
            "kept_at": instant_text(now),
        }
        if not self._session.insert(_insertion(self._session.dialect), [values]):
            raise IdempotencyConflict(key)

    def forget_before(self, moment: datetime) -> int:
        """Drop the tenant's replies that were kept before a moment; how many there were."""
        columns = IDEMPOTENCY.c
        old = delete(IDEMPOTENCY).where(columns.tenant == self._tenant, columns.kept_at < instant_text(moment))
        return self._session.connection.execute(old).rowcount


@cache
def _found(dialect: DialectName) -> Statement:
    columns = IDEMPOTENCY.c
    answer = columns.fingerprint, columns.status, columns.headers, columns.body
    named = (column == given(column.name, TEXT) for column in (columns.tenant, columns.scope, columns.key))
    return compiled(select(*answer).where(*named), dialect)


@cache
def _insertion(dialect: DialectName) -> Insertion:
    names = tuple(column.name for column in IDEMPOTENCY.columns)
    return Insertion(IDEMPOTENCY, dialect, names, conflict="nothing", returning=("key",))
