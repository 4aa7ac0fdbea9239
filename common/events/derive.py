"""Which TMF events a change is. Decides nothing about how they look or whom they reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from common.domain.event import Event
from common.domain.query import Document
from common.spec.contract import EventKind, ResourceContract


def derive(
    contract: ResourceContract,
    source: str,
    *,
    before: Document | None,
    after: Document | None,
    now: datetime,
    new_id: Callable[[], str],
    correlation_id: str | None,
    parents: tuple[str, ...] = (),
) -> list[Event]:
    """The events of one change, of the kinds that the contract declares.

    Shapes: `before` is None for a creation, `after` for a deletion; `source` is the stored resource's name.
            A patch of the state and of other attributes is two events: first AttributeValueChange, then
            StateChange, so that whoever hears of a state has heard of what came with it.
    """
    document = after if after is not None else before
    assert document is not None, "a change has a document before it or after it"
    return [
        Event(
            id=new_id(),
            type=contract.events[kind].type,
            occurred_at=now,
            source=source,
            resource=contract.name,
            resource_id=document["id"],
            document=_without_href(document),
            changed=changed,
            correlation_id=correlation_id,
            parents=parents,
        )
        for kind, changed in _kinds(contract, before, after)
        if kind in contract.events
    ]


def _kinds(
    contract: ResourceContract, before: Document | None, after: Document | None
) -> Iterable[tuple[EventKind, tuple[str, ...]]]:
    if before is None:
        return [(EventKind.CREATE, ())]
    if after is None:
        return [(EventKind.DELETE, ())]
    changed = _changed(contract, before, after)
    if EventKind.STATE_CHANGE in contract.events and contract.state_attribute in changed:
        rest = tuple(name for name in changed if name != contract.state_attribute)
        state = (EventKind.STATE_CHANGE, (contract.state_attribute,))
        return [(EventKind.ATTRIBUTE_VALUE_CHANGE, rest), state] if rest else [state]
    return [(EventKind.ATTRIBUTE_VALUE_CHANGE, changed)] if changed else []


def _changed(contract: ResourceContract, before: Document, after: Document) -> tuple[str, ...]:
    """The top-level attributes that differ; the server's own note of the change (`lastUpdate`) is none."""
    silent = {"id", "href", contract.updated_at}
    missing = object()
    names = (before.keys() | after.keys()) - silent
    return tuple(sorted(name for name in names if before.get(name, missing) != after.get(name, missing)))


def _without_href(document: Document) -> Mapping[str, Any]:
    return {name: value for name, value in document.items() if name != "href"}
