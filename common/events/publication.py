"""One contract as a sender of events: which changes it tells of, and under which names.

The stored resources are shared by the majors of an API, and the majors name things differently
(`CatalogCreateEvent` and `ProductCatalogCreateEvent` are one event). An event is stored once, as it was derived;
here it is found again in every contract that serves its resource.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from common.domain.event import Event
from common.domain.query import Document
from common.spec.contract import Contract, EventContract, EventKind, ResourceContract

_GENERIC = (EventKind.CREATE, EventKind.DELETE, EventKind.STATE_CHANGE, EventKind.ATTRIBUTE_VALUE_CHANGE)
# The last two are how older documents write StateChange and AttributeValueChange.
_ENDINGS = (
    *((kind.value, kind) for kind in _GENERIC),
    ("StatusChange", EventKind.STATE_CHANGE),
    ("Change", EventKind.ATTRIBUTE_VALUE_CHANGE),
)


@dataclass(frozen=True)
class Told:
    """An event as one contract names it; not `declared` when the contract's document does not list it."""

    resource: ResourceContract
    event: EventContract
    declared: bool


def _as_stored(resource: ResourceContract, document: Document) -> Document:
    return document


@dataclass(frozen=True)
class Publication:
    """A contract and the stored resources behind it.

    Shapes: `resources` by stored name (`Event.source`); `project` gives a stored document as this contract shows
            it (the v4 mapping of an API; the document itself by default) and does not change what it is given.
    """

    contract: Contract
    resources: Mapping[str, ResourceContract]
    project: Callable[[ResourceContract, Document], Document] = _as_stored

    def tells(self, event: Event) -> Told | None:
        """What this contract calls the event; None when it is none of its business."""
        resource = self.resources.get(event.source)
        if resource is None:
            return None
        other = resource.other_events.get(event.type)
        if other is not None:
            return Told(resource, other, declared=True)
        kind = kind_of(event.type)
        if kind is EventKind.OTHER:
            return None
        generic = resource.events.get(kind)
        if generic is not None:
            return Told(resource, generic, declared=True)
        return Told(resource, extra_event(resource, kind), declared=False)


def publication(
    contract: Contract,
    sources: Mapping[str, str],
    project: Callable[[ResourceContract, Document], Document] = _as_stored,
) -> Publication:
    """A publication from the stored name of each of the contract's resources (by resource name)."""
    resources = {source: contract.resources[name] for name, source in sources.items()}
    return Publication(contract, resources, project)


def kind_of(event_type: str) -> EventKind:
    """The kind that a type's name says: every declared type is resource, kind, `Event`."""
    stem = event_type.removesuffix("Event")
    return next((kind for ending, kind in _ENDINGS if stem.endswith(ending)), EventKind.OTHER)


def extra_event(resource: ResourceContract, kind: EventKind) -> EventContract:
    """The generic event that a contract could have declared for its resource, named by the standard's rule."""
    event_type = f"{resource.type_name}{kind.value}Event"
    return EventContract(
        type=event_type,
        kind=kind,
        resource=resource.name,
        payload_key=resource.name,
        body_key="event",
        listener_path=f"/listener/{event_type[0].lower()}{event_type[1:]}",
    )


def extra_types(contract: Contract) -> frozenset[str]:
    """The types of the generic events that the contract does not declare; sent to whoever asks for them by name."""
    return frozenset(
        extra_event(resource, kind).type
        for resource in contract.resources.values()
        for kind in _GENERIC
        if kind not in resource.events
    )
