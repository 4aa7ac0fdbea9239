"""An event as the body that one contract's listeners receive. One function per major, chosen by table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import quote

from marshmallow import Schema, fields

from common.domain.clock import instant_text
from common.domain.event import Event
from common.domain.query import Document
from common.events.publication import Publication, Told
from common.settings import Settings
from common.spec.contract import EventKind, ResourceContract

_SENTENCES: Mapping[EventKind, str] = {
    EventKind.CREATE: "{} {} was created",
    EventKind.DELETE: "{} {} was deleted",
    EventKind.STATE_CHANGE: "The state of {} {} changed",
    EventKind.ATTRIBUTE_VALUE_CHANGE: "Attributes of {} {} changed",
    EventKind.OTHER: "Something happened to {} {}",
}
# The standard gives the attribute no scale; its samples print 1, and all our events weigh the same.
_PRIORITY = "1"
# More than all contracts have types of events.
_FRAMES_KEPT = 4_096


def href_base(settings: Settings, origin: str) -> str:
    """What stands before `/tmf-api` in the hrefs of an event: the configured address, or where the listener came in."""
    return (settings.base_url or origin).rstrip("/") + settings.base_prefix


def render(publication: Publication, told: Told, event: Event, base: str) -> Document:
    """The body of one event for one contract; the same arguments give the same body.

    Shapes: `base` is `href_base`'s answer; `told` is `publication.tells(event)`.
    """
    major = publication.contract.major
    renderer = _RENDERERS[min(max(major, min(_RENDERERS)), max(_RENDERERS))]
    return renderer(publication, told, event, base)


class _Envelope(Schema):
    """What stands around the payload in both majors."""

    event_id = fields.String(data_key="eventId")
    event_time = fields.String(data_key="eventTime")
    event_type = fields.String(data_key="eventType")
    correlation_id = fields.String(data_key="correlationId")
    domain = fields.String()
    title = fields.String()
    description = fields.String()
    priority = fields.String()

    def __init__(self) -> None:
        super().__init__()
        self.names = {name: field.data_key or name for name, field in self.fields.items()}


class _EnvelopeV5(_Envelope):
    type = fields.String(data_key="@type")
    base_type = fields.Constant("Event", data_key="@baseType")
    time_occurred = fields.String(data_key="timeOccurred")


class _EnvelopeV4(_Envelope):
    """No `@type`, and the name of the time as v4 documents spell it."""

    time_occurred = fields.String(data_key="timeOcurred")


_ENVELOPE_V5, _ENVELOPE_V4 = _EnvelopeV5(), _EnvelopeV4()


def _render_v5(publication: Publication, told: Told, event: Event, base: str) -> Document:
    payload = _PAYLOADS_V5[told.event.kind](publication, told, event, base)
    return _envelope(_ENVELOPE_V5, publication, told, event) | {told.event.body_key: {told.event.payload_key: payload}}


def _render_v4(publication: Publication, told: Told, event: Event, base: str) -> Document:
    """v4 has the full resource in every event, and beside it what that does not say."""
    payload = dict(event.extra) | _whole(publication, told, event, base)
    return _envelope(_ENVELOPE_V4, publication, told, event) | {told.event.body_key: {told.event.payload_key: payload}}


def _envelope(schema: _Envelope, publication: Publication, told: Told, event: Event) -> Document:
    moment = instant_text(event.occurred_at)
    sentence = _SENTENCES[told.event.kind].format(told.resource.type_name, event.resource_id) + "."
    own = {
        schema.names["time_occurred"]: moment,
        schema.names["event_id"]: event.id,
        schema.names["event_time"]: moment,
        schema.names["correlation_id"]: event.correlation_id,
        schema.names["description"]: sentence,
    }
    envelope = _frame(schema, told.event.type, publication.contract.title) | own
    return {name: value for name, value in envelope.items() if value is not None}


@lru_cache(maxsize=_FRAMES_KEPT)
def _frame(schema: _Envelope, event_type: str, title: str) -> Document:
    """What all events of a type have in common, and places for the rest. Nobody changes it."""
    same = {"type": event_type, "event_type": event_type, "title": event_type, "domain": title, "priority": _PRIORITY}
    places = dict.fromkeys(("time_occurred", "event_id", "event_time", "correlation_id", "description"))
    frame: Document = schema.dump(same | places)
    return frame


def _whole(publication: Publication, told: Told, event: Event, base: str) -> Document:
    document = publication.project(told.resource, dict(event.document))
    rest = {name: value for name, value in document.items() if name not in ("id", "href")}
    return _identity(publication, told.resource, event, base) | rest


def _identified(publication: Publication, told: Told, event: Event, base: str) -> Document:
    """id, href and @type: enough to ask for the rest."""
    identity = _identity(publication, told.resource, event, base)
    kind = event.document.get("@type")
    return identity if kind is None else identity | {"@type": kind}


def _selected(publication: Publication, told: Told, event: Event, base: str) -> Document:
    """Identity and what changed. An attribute that the change removed is absent here too: it has no value to send,
    and null is no valid value of most attributes."""
    document = publication.project(told.resource, dict(event.document))
    changed = {name: document[name] for name in event.changed if name in document}
    return _identified(publication, told, event, base) | changed | dict(event.extra)


def _identity(publication: Publication, resource: ResourceContract, event: Event, base: str) -> Document:
    path = f"{publication.contract.base_path}{resource.path_below(event.parents)}/{quote(event.resource_id, safe='')}"
    return {"id": event.resource_id, "href": base + path}


_Renderer = Callable[[Publication, Told, Event, str], Document]

# TMF630's samples differ by kind; 1.14 of the rules digest has the table.
_PAYLOADS_V5: Mapping[EventKind, _Renderer] = {
    EventKind.CREATE: _whole,
    EventKind.DELETE: _identified,
    EventKind.STATE_CHANGE: _selected,
    EventKind.ATTRIBUTE_VALUE_CHANGE: _selected,
    EventKind.OTHER: _selected,
}
_RENDERERS: Mapping[int, _Renderer] = {4: _render_v4, 5: _render_v5}
