"""The `query` of a subscription: which events a listener wants, and which parts of them.

The grammar is the filter grammar of list operations, against the event's body as it is sent; `fields` trims that
body, `filter` is JSONPath on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from common.domain.query import (
    AllOf,
    AnyElement,
    AnyOf,
    Compare,
    Condition,
    Document,
    FieldPath,
    Kind,
    Not,
    Operator,
    all_of,
)
from common.errors import InvalidParameter
from common.events.publication import Told, extra_types
from common.filters import parse_query, read_path
from common.jsonpath import parse_jsonpath
from common.patterns import matches
from common.settings import Settings
from common.spec.contract import Contract

_MOMENTS = frozenset({"eventTime", "timeOccurred", "timeOcurred"})
# Without them a listener could neither tell a repetition nor read what it got.
_ALWAYS = (("@type",), ("eventId",), ("eventType",))
_TYPE = ("eventType",)
# v5 catalogue documents write ProductCatalog...Event where samples and v4 write Catalog...Event.
_PREFIX = "Product"


@dataclass(frozen=True)
class HubQuery:
    """A query read.

    Shapes: `fields` are the paths to keep, None for all; `named` the event types that it asks for by name; `required`
            are paths and the texts of which one has to stand there, as the condition says among other things.
    """

    condition: Condition | None = None
    fields: tuple[tuple[str, ...], ...] | None = None
    named: frozenset[str] = frozenset()
    required: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = ()

    def admits(self, told: Told, body: Document) -> bool:
        """Whether the listener gets this event. One that the contract does not declare must have been asked for."""
        if not (told.declared or told.event.type in self.named):
            return False
        # Most events are for few of many listeners, and nearly all of them are told apart here.
        return not any(_differs(body, steps, texts) for steps, texts in self.required) and matches(self.condition, body)

    def trim(self, body: Document) -> Document:
        """The parts of a body that the listener asked for, and always what identifies the event."""
        return body if self.fields is None else _keep(body, (*_ALWAYS, *self.fields))


def parse_hub_query(contract: Contract, raw: str | None, settings: Settings) -> HubQuery:
    """Read a subscription's query.

    Errors: InvalidParameter for bad syntax, a parameter that means nothing here, or an event type that the API
            cannot send; NotImplementedFeature for JSONPath beyond the subset.
    """
    if raw is None or not raw.strip():
        return HubQuery()
    names = _Names(contract)
    limits = {"terms_max": settings.filter_terms_max, "regex_length_max": settings.regex_length_max}
    parsed = parse_query(raw.strip().removeprefix("?"), names.resolve, **limits)
    for name in parsed.parameters:
        if name not in ("fields", "filter"):
            raise InvalidParameter(name, "means nothing in the query of a subscription; events come one by one")
    filters = [parse_jsonpath(text, names.resolve, **limits) for text in parsed.parameters.get("filter", [])]
    condition = all_of(parsed.condition, AnyOf(tuple(filters)) if filters else None)
    condition = None if condition is None else names.settle(condition)
    named, required = frozenset(_named(condition)), tuple(_required(condition))
    return HubQuery(condition, _fields(parsed.parameters, names), named, required)


def _fields(parameters: Mapping[str, list[str]], names: _Names) -> tuple[tuple[str, ...], ...] | None:
    if "fields" not in parameters:
        return None
    texts = [text.strip() for value in parameters["fields"] for text in value.split(",") if text.strip()]
    if not texts:
        raise InvalidParameter("fields", "names no attribute")
    return tuple(names.resolve(read_path(text)).steps for text in texts)


def _named(condition: Condition | None) -> Iterator[str]:
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _named(part)
        case Compare(path, Operator.EQ, values) if path.steps == _TYPE:
            yield from values


def _required(condition: Condition | None) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    """The equalities without which the condition does not hold."""
    match condition:
        case AllOf(parts):
            for part in parts:
                yield from _required(part)
        case Compare(FieldPath(steps, Kind.UNKNOWN), Operator.EQ, values) if steps:
            yield steps, frozenset(values)


def _differs(body: Any, steps: tuple[str, ...], texts: frozenset[str]) -> bool:
    """Whether nothing stands at a path, or a text that is none of these. Of anything else this says nothing."""
    value = body
    for step in steps:
        if type(value) is not dict:
            return value is None
        value = value.get(step)
    return value is None or (type(value) is str and value not in texts)


class _Names:
    """What clients call things, and what the contract calls them."""

    def __init__(self, contract: Contract) -> None:
        self._declared = frozenset(event.type for event in contract.events.values())
        self._extra = extra_types(contract)
        self._bodies = frozenset(event.body_key for event in contract.events.values()) or frozenset({"event"})
        keys = {event.payload_key for event in contract.events.values()}
        self._payloads = frozenset(keys | contract.resources.keys())

    def resolve(self, steps: tuple[str, ...]) -> FieldPath:
        """A place in the event's body; moments compare as moments, the rest as the client wrote it."""
        if len(steps) > 1 and steps[0] in self._bodies:
            steps = (steps[0], _variant(steps[1], self._payloads) or steps[1], *steps[2:])
        kind = Kind.INSTANT if len(steps) == 1 and steps[0] in _MOMENTS else Kind.UNKNOWN
        return FieldPath(steps, kind)

    def settle(self, condition: Condition) -> Condition:
        """The condition with every event type written as the contract writes it.

        Errors: InvalidParameter for a type that this API never sends.
        """
        match condition:
            case AllOf(parts):
                return AllOf(tuple(self.settle(part) for part in parts))
            case AnyOf(parts):
                return AnyOf(tuple(self.settle(part) for part in parts))
            case Not(part):
                return Not(self.settle(part))
            case AnyElement(path, part) if not path.steps:
                return AnyElement(path, self.settle(part))
            case Compare(path, Operator.EQ | Operator.NE, values) if path.steps == _TYPE:
                # The reader also offers the whole text of a list, for texts that have commas; types have none.
                types = tuple(self._event_type(value.strip()) for value in values if "," not in value)
                return replace(condition, values=types)
        return condition

    def _event_type(self, written: str) -> str:
        for known in (self._declared, self._extra):
            found = _variant(written, known)
            if found is not None:
                return found
        types = ", ".join(sorted(self._declared or self._extra))
        raise InvalidParameter("eventType", f"{written[:80]!r} is no event of this API; its events are {types}")


def _variant(written: str, known: frozenset[str]) -> str | None:
    """The known name meant by a written one: itself, or one that differs by a leading `Product` only."""
    if written in known:
        return written
    return next((name for name in sorted(known) if _bare(name) == _bare(written)), None)


def _bare(name: str) -> str:
    return (name[:1].upper() + name[1:]).removeprefix(_PREFIX)


def _keep(value: Any, paths: tuple[tuple[str, ...], ...]) -> Any:
    """The parts of a value at these paths; arrays are passed through, an empty path keeps all."""
    if any(not path for path in paths):
        return value
    if isinstance(value, list):
        return [_keep(element, paths) for element in value]
    if not isinstance(value, Mapping):
        return value
    kept = {}
    for name, item in value.items():
        below = tuple(path[1:] for path in paths if path[0] == name)
        if below:
            kept[name] = _keep(item, below)
    return kept
