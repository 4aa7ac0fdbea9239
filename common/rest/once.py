"""POSTs that are carried out once: the reply to an Idempotency-Key is kept, and given again when the key comes back."""

from __future__ import annotations

from collections.abc import Callable

from common.errors import IdempotencyMismatch
from common.installation import Installation
from common.rest.headers import fingerprint, idempotency_key
from common.rest.messages import Request, Response
from common.store.idempotency import StoredReply
from common.store.unit_of_work import UnitOfWork


def answered_once(
    installation: Installation, uow: UnitOfWork, request: Request, scope: str, answer: Callable[[], Response]
) -> Response:
    """What `answer` says, or the stored reply for an Idempotency-Key that was seen: then it is not called.

    Shapes: keys are told apart by `scope`, the path that is posted to.
    Errors: InvalidHeader; IdempotencyMismatch when the key came with another request; IdempotencyConflict when another
            with the key is being served, and then the unit of work is left without commit.
    """
    key = idempotency_key(request)
    if key is None:
        return answer()
    mark, reply = fingerprint(request), uow.idempotency.find(scope, key)
    if reply is not None:
        if reply.fingerprint != mark:
            raise IdempotencyMismatch(key)
        return Response(reply.status, reply.body, (*reply.headers, ("idempotency-replayed", "true")))
    response = answer()
    reply = StoredReply(mark, response.status, response.headers, response.body)
    uow.idempotency.keep(scope, key, mark, reply, installation.machine.now())
    return response
