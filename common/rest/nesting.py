"""Resources below others: whose rows a request is about, and what goes when a parent goes.

The rows of a nested resource are stored below the `position` of their parent's row, which is never given out again:
a parent that is deleted and made anew under its old id begins without children.
"""

from __future__ import annotations

from common.errors import NotFound
from common.installation import Installation, Served
from common.rest.changes import record, rule_context
from common.rest.messages import Request
from common.store.repository import Repository, Row
from common.store.unit_of_work import UnitOfWork


def rows_of(
    installation: Installation, uow: UnitOfWork, served: Served, request: Request, *, hold: bool = False
) -> Repository:
    """The documents that a request is about. `hold` keeps the parents there until the transaction ends.

    Errors: NotFound naming the parent that is not there.
    """
    position = ""
    for name, id in zip(served.resource.parents, request.parents, strict=True):
        parent = installation.served[served.contract.key, name]
        row = uow.repository(parent.stored.name, position).get(id, for_update=hold)
        if row is None:
            raise NotFound(name, id)
        position = row.position
    return uow.repository(served.stored.name, position)


def remove_below(
    installation: Installation,
    uow: UnitOfWork,
    served: Served,
    row: Row,
    parents: tuple[str, ...],
    correlation_id: str | None,
) -> None:
    """Delete everything below a resource that is being deleted, the innermost first, each with its events.

    A part has no life of its own: nothing is asked but the rule of its component, which may refuse.
    """
    for child in installation.children(served):
        for below in uow.repository(child.stored.name, row.position).clear():
            ids = (*parents, row.id)
            document, context = below.document(), rule_context(installation, uow, child, correlation_id)
            if child.descriptor.on_delete is not None:
                child.descriptor.on_delete(document, context)
                context.settle()
            remove_below(installation, uow, child, below, ids, correlation_id)
            record(uow, child, document, None, context, ids)
