"""What the server itself writes into a document: dates, the first state, defaults."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common.component import Resource
from common.domain.clock import instant_text
from common.domain.query import Document
from common.errors import IllegalTransition, InvalidBody, Violation
from common.spec.contract import ResourceContract

# The state of a resource that has one by its contract and no lifecycle of ours, when the contract lists no
# states either (TMF620 user guide's first catalogue state).
FREE_INITIAL_STATE = "In Study"
ID_MAX = 255
_NESTED = (dict, list)


def check_id(document: Document) -> None:
    """Errors: InvalidBody for an id that a client may not give."""
    id = document.get("id")
    if id is None:
        return
    if not 0 < len(id) <= ID_MAX or id in (".", "..") or ":(" in id or not id.isprintable():
        raise InvalidBody([Violation("/id", "format", f"an id is 1 to {ID_MAX} printable characters, not . or ..")])


def drop_nulls(value: Any) -> Any:
    """A null member of an object means absent (TMF630); elements of arrays are left for the contract to judge."""
    if isinstance(value, dict):
        return {
            name: drop_nulls(item) if isinstance(item, _NESTED) else item
            for name, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [drop_nulls(item) if isinstance(item, _NESTED) else item for item in value]
    return value


def drop_server_set(document: Document, contract: ResourceContract) -> None:
    """What the contract says the client does not set is ignored, in place."""
    for name in contract.attributes - contract.settable - {"id", "href"}:
        document.pop(name, None)


def stamp_created(document: Document, contract: ResourceContract, descriptor: Resource, now: datetime) -> None:
    """Fill what the client left out and overwrite what is the server's, in place.

    Errors: InvalidBody when the client asks to start in a state that the lifecycle has no start in.
    """
    for name, value in descriptor.defaults.items():
        document.setdefault(name, value)
    moment = instant_text(now)
    if contract.created_at is not None:
        document.setdefault(contract.created_at, moment)
    if contract.updated_at is not None:
        document[contract.updated_at] = moment
    _stamp_state(document, contract, descriptor)


def _stamp_state(document: Document, contract: ResourceContract, descriptor: Resource) -> None:
    lifecycle, name = descriptor.lifecycle, contract.state_attribute
    if lifecycle is not None:
        state = document.setdefault(lifecycle.attribute, lifecycle.initial)
        if not lifecycle.may_create(state):
            states = ", ".join(sorted({lifecycle.initial, *lifecycle.created}))
            raise InvalidBody(
                [Violation(f"/{lifecycle.attribute}", "lifecycle", f"a new {contract.name} starts as one of: {states}")]
            )
    elif name is not None and name not in document and (name in contract.fillable or name not in contract.settable):
        document[name] = contract.states[0] if contract.states else FREE_INITIAL_STATE


def stamp_patched(document: Document, contract: ResourceContract, now: datetime) -> None:
    """The date of the last change, in place."""
    if contract.updated_at is not None:
        document[contract.updated_at] = instant_text(now)


def check_immutable(before: Document, after: Document, contract: ResourceContract) -> None:
    """Refuse a patch that touches what a patch may not touch; the same value is accepted.

    Errors: InvalidBody naming each attribute.
    Source: attributes that the contract's update schema leaves out; id and href.
    """
    changed = [name for name in sorted(contract.immutable) if before.get(name) != after.get(name)]
    if changed:
        raise InvalidBody(
            Violation(f"/{name}", "immutable", f"{name} cannot be changed; leave it out or send its present value")
            for name in changed
        )


def check_move(before: Document, after: Document, contract: ResourceContract, descriptor: Resource) -> None:
    """Errors: IllegalTransition when the lifecycle table has no such move."""
    lifecycle = descriptor.lifecycle
    if lifecycle is None:
        return
    old, new = before.get(lifecycle.attribute), after.get(lifecycle.attribute)
    if new is None:
        after[lifecycle.attribute] = old
    elif old is not None and not lifecycle.may_move(old, new):
        allowed = lifecycle.moves.get(old, frozenset())
        raise IllegalTransition(contract.name, lifecycle.attribute, old, new, allowed)
