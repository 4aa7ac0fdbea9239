"""References between resources of this installation: checked on write where the settings say so, honoured on delete."""

from __future__ import annotations

from common.domain.query import Compare, Document, Operator
from common.errors import InvalidBody, StillInUse, Violation
from common.installation import Installation, Served
from common.store.unit_of_work import UnitOfWork

USERS_NAMED_MAX = 5


def check_references(installation: Installation, uow: UnitOfWork, served: Served, document: Document) -> None:
    """In `strict` mode every reference to a resource of ours must lead somewhere: one look-up per resource.

    Errors: InvalidBody naming each dangling reference.
    """
    if installation.settings.reference_mode != "strict":
        return
    library = installation.library(uow)
    wanted: dict[str, list[tuple[str, str]]] = {}
    for reference in served.resource.fields.references(document):
        owner = library.owner_of(reference.target_type)
        if owner is not None:
            wanted.setdefault(owner, []).append((reference.pointer, reference.id))
    missing = []
    for owner, references in wanted.items():
        found = library.get_many(owner, {id for _, id in references})
        missing += [
            Violation(f"{pointer}/id", "reference", f"there is no {owner} with id {id[:80]!r}")
            for pointer, id in references
            if id not in found
        ]
    if missing:
        raise InvalidBody(missing)


def check_unused(installation: Installation, uow: UnitOfWork, served: Served, id: str) -> None:
    """Errors: StillInUse when resources that hold this one are there; the first few are named."""
    users = []
    for holder in installation.holders.get(served.name, ()):
        steps = tuple(holder.path.split("."))
        where = Compare(holder.served.resource.fields.path(steps), Operator.EQ, (id,))
        repository = uow.repository(holder.served.stored.name)
        users += [f"{holder.served.name} {user}" for user in repository.ids_where(where, USERS_NAMED_MAX)]
    if users:
        raise StillInUse(served.name, id, users[:USERS_NAMED_MAX])
