"""The events a document declares, by its listener paths and its event schemas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from common.spec.contract import EventContract, EventKind
from common.spec.dialect import Dialect, Schema, base_name, ref_name
from common.spec.places import Place, Places
from common.spec.well_known import MISSPELT_PAYLOAD_KEYS

_LISTENER = re.compile(r"/listener/([^/{}]+)/?")
_EVENT_SCHEMA = re.compile(r"(Event|Notification)$")
_BODY_KEYS = ("event", "payload")
# Longest first: `AttributeValueChange` also ends in `Change`. Some documents write Status for State.
_KINDS = (
    ("AttributeValueChange", EventKind.ATTRIBUTE_VALUE_CHANGE),
    ("StateChange", EventKind.STATE_CHANGE),
    ("StatusChange", EventKind.STATE_CHANGE),
    ("Create", EventKind.CREATE),
    ("Delete", EventKind.DELETE),
)
# Older documents call the attribute change plainly a change.
_OLD_CHANGE = "Change"


def event_type(name: str) -> str:
    """The eventType for a schema's or path's name: it begins with a capital and ends in `Event`."""
    stem = re.sub(r"(Event|Notification)$", "", name)
    return stem[:1].upper() + stem[1:] + "Event"


def event_contracts(
    document: Schema, dialect: Dialect, places: Places, resources: Iterable[str]
) -> dict[str, EventContract]:
    """Every declared event by its type, those with a listener path first."""
    served = sorted(resources, key=len, reverse=True)
    schemas = dialect.schemas(document)
    events: dict[str, EventContract] = {}
    for path, item in document.get("paths", {}).items():
        match = _LISTENER.fullmatch(path)
        if match is None or "post" not in item:
            continue
        schema = next(iter(dialect.body(document, item["post"]).values()), {})
        name = ref_name(schema["$ref"]) if "$ref" in schema else match.group(1)
        made = _event(event_type(base_name(name)), path.rstrip("/"), places, places.at(schema), served)
        events.setdefault(made.type, made)
    for name, schema in schemas.items():
        place = _payload_place(name, schema, places)
        if place is None or event_type(name) in events:
            continue
        kind = event_type(name)
        listener = "/listener/" + kind[:1].lower() + kind[1:]
        events[kind] = _event(kind, listener, places, place, served)
    return events


def _payload_place(name: str, schema: Schema, places: Places) -> Place | None:
    """The place of an event schema, or None when the schema is none: it has no payload (`Event`, `BaseEvent`)."""
    if not _EVENT_SCHEMA.search(name) or _EVENT_SCHEMA.fullmatch(name):
        return None
    place = places.at(schema)
    payloads = [child for key in _BODY_KEYS if (child := places.child(place, key)) is not None]
    return place if any(child.members for child in payloads) else None


def _event(kind_name: str, listener: str, places: Places, place: Place, served: list[str]) -> EventContract:
    body_key = next((key for key in _BODY_KEYS if key in place.members), _BODY_KEYS[0])
    payload = places.child(place, body_key)
    keys = list(payload.members) if payload is not None else []
    stem = kind_name.removesuffix("Event")
    stem = stem[:1].lower() + stem[1:]
    kind = EventKind.OTHER
    subject = stem
    for ending, one in (*_KINDS, (_OLD_CHANGE, EventKind.ATTRIBUTE_VALUE_CHANGE)):
        if stem.endswith(ending):
            kind, subject = one, stem.removesuffix(ending)
            break
    key = _payload_key(keys, subject)
    if subject in served:
        resource: str | None = subject
    elif kind is EventKind.OTHER:
        resource = next((name for name in served if stem.startswith(name)), None)
    else:
        resource = key if key in served else None
    return EventContract(kind_name, kind, resource, key, body_key, listener)


def _payload_key(keys: list[str], subject: str) -> str:
    """The member that carries the resource: the one named like it, else the first; without any, its name."""
    right = [MISSPELT_PAYLOAD_KEYS.get(key, key) for key in keys]
    if subject in right or not right:
        return subject
    return next((key for key in right if subject.startswith(key)), right[0])


def by_resource(
    events: Mapping[str, EventContract], resource: str
) -> tuple[dict[EventKind, EventContract], dict[str, EventContract]]:
    """The events of one resource: the generic kinds by kind, the others by type."""
    generic: dict[EventKind, EventContract] = {}
    others: dict[str, EventContract] = {}
    for name, event in events.items():
        if event.resource != resource:
            continue
        if event.kind is EventKind.OTHER:
            others[name] = event
        elif event.kind not in generic:
            generic[event.kind] = event
        else:
            others[name] = event
    return generic, others
