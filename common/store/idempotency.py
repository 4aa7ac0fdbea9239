"""Replies kept by Idempotency-Key, so that a repeated request gets the first answer and does nothing again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from common.domain.clock import instant_text
from common.errors import IdempotencyConflict
from common.exact_json import decode_own, encode
from common.store.keys import is_storable
from common.store.tables import IDEMPOTENCY


@dataclass(frozen=True, slots=True)
class StoredReply:
    """What was answered; `fingerprint` tells whether a later request with the key is the same one."""

    fingerprint: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class IdempotencyStore:
    """The replies of one tenant; kept in the transaction of what the request did."""

    def __init__(self, connection: Connection, tenant: str) -> None:
        self._connection = connection
        self._tenant = tenant

    def find(self, scope: str, key: str) -> StoredReply | None:
        if not is_storable(key):
            return None
        columns = IDEMPOTENCY.c
        statement = select(columns.fingerprint, columns.status, columns.headers, columns.body).where(
            columns.tenant == self._tenant, columns.scope == scope, columns.key == key
        )
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            return None
        headers = tuple((name, value) for name, value in decode_own(row.headers))
        return StoredReply(row.fingerprint, row.status, headers, bytes(row.body))

    def keep(self, scope: str, key: str, fingerprint: str, reply: StoredReply, now: datetime) -> None:
        """Keep the reply to a request; on PostgreSQL this waits for another that is keeping one for the same key.

        Errors: IdempotencyConflict when a reply is kept already; leave the unit of work without commit then.
        """
        values = {
            **{"tenant": self._tenant, "scope": scope, "key": key, "fingerprint": fingerprint},
            **{"status": reply.status, "headers": encode(reply.headers).decode(), "body": reply.body},
            "kept_at": instant_text(now),
        }
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(IDEMPOTENCY).values(values).on_conflict_do_nothing().returning(IDEMPOTENCY.c.key)
        if self._connection.scalar(statement) is None:
            raise IdempotencyConflict(key)

    def forget_before(self, moment: datetime) -> int:
        """Drop the tenant's replies that were kept before a moment; how many there were."""
        columns = IDEMPOTENCY.c
        old = delete(IDEMPOTENCY).where(columns.tenant == self._tenant, columns.kept_at < instant_text(moment))
        return self._connection.execute(old).rowcount
