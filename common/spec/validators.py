"""A compiled schema, and its complaints in words that say what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

import jsonschema_rs

from common.domain.pointers import pointer_token
from common.errors import ConfigurationError, Violation
from common.spec.instants import is_instant
from common.spec.schemas import INSTANT_FORMAT, JsonSchema

# What one answer may list; somebody with more to mend starts with these.
VIOLATIONS_MAX = 100
# Array elements that are looked at for what is wrong with them. The library collects every error before it hands
# out the first: an array of 200,000 wrong elements kept it busy for 20 seconds.
_ELEMENTS_MAX = 500
# Rules that an array may break only because its end was not looked at.
_WHOLE_ARRAY_RULES = frozenset({"minItems", "contains"})
_SHOWN_VALUES_MAX = 30

_TYPE_WORDS = {
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}

_LIMITS = {
    "minimum": "must be {} or more",
    "maximum": "must be {} or less",
    "exclusiveMinimum": "must be more than {}",
    "exclusiveMaximum": "must be less than {}",
}


class CompiledValidator:
    """A schema, compiled at its first use and once."""

    def __init__(self, schema: Callable[[], JsonSchema], origin: str, registry: Any = None) -> None:
        """Shapes: `registry` (of jsonschema-rs) has the schemas that this one refers to; nothing is fetched."""
        self._schema = schema
        self._origin = origin
        self._registry = registry

    def compile(self) -> None:
        """Compile now. Errors: ConfigurationError naming the origin, when the schema cannot be used."""
        assert self._compiled is not None

    @cached_property
    def _compiled(self) -> Any:
        try:
            schema = self._schema()
            kind = jsonschema_rs.validator_cls_for(schema)
            return kind(
                schema,
                validate_formats=True,
                formats={INSTANT_FORMAT: is_instant},
                registry=self._registry,
                retriever=_refuse,
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            raise ConfigurationError(f"{self._origin}: not a usable schema: {error}") from error

    def violations(self, document: Any) -> list[Violation]:
        """Everything wrong with the document, in its order, without repetition, at most `VIOLATIONS_MAX`."""
        if self._compiled.is_valid(document):
            return []
        excerpt = _Excerpt(document)
        found = dict.fromkeys(
            violation
            for error in self._compiled.iter_errors(excerpt.document)
            for violation in _violations(error)
            if violation.pointer not in excerpt.cut or violation.rule not in _WHOLE_ARRAY_RULES
        )
        return in_document_order(found, document)[:VIOLATIONS_MAX] if found else self._first(document)

    def _first(self, document: Any) -> list[Violation]:
        """The first thing wrong, which stands so far back that the excerpt does not have it."""
        try:
            self._compiled.validate(document)
        except jsonschema_rs.ValidationError as error:
            return list(_violations(error))[:VIOLATIONS_MAX]
        raise AssertionError("valid only the second time")


class _Excerpt:
    """A document with as many array elements, from the top, as are worth looking at."""

    def __init__(self, document: Any) -> None:
        self._left = _ELEMENTS_MAX
        self.cut: set[str] = set()
        self.document = self._taken(document, ())

    def _taken(self, node: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(node, dict):
            return {name: self._taken(value, (*path, name)) for name, value in node.items()}
        if not isinstance(node, list):
            return node
        taken = []
        for index, element in enumerate(node):
            if self._left == 0:
                self.cut.add(pointer_of(path))
                break
            self._left -= 1
            taken.append(self._taken(element, (*path, index)))
        return taken


class JoinedValidator:
    """Several judges of one document; what more than one finds is said once."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def violations(self, document: Any) -> list[Violation]:
        found: dict[Violation, None] = {}
        for part in self.parts:
            found |= dict.fromkeys(part.violations(document))
        return in_document_order(found, document)[:VIOLATIONS_MAX] if found else []


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is not registered, and nothing is fetched")


def pointer_of(path: Iterable[str | int]) -> str:
    """The RFC 6901 JSON Pointer of a path."""
    return "".join("/" + pointer_token(str(step)) for step in path)


def in_document_order(found: Iterable[Violation], document: Any) -> list[Violation]:
    """The violations as somebody reading the document from the top meets them."""
    orders: dict[int, dict[str, int]] = {}

    def place(violation: Violation) -> tuple[int, ...]:
        at, position = document, []
        for escaped in violation.pointer.split("/")[1:]:
            step = escaped.replace("~1", "/").replace("~0", "~")
            if isinstance(at, list):
                position.append(int(step))
                at = at[int(step)]
            else:
                order = orders.setdefault(id(at), {name: index for index, name in enumerate(at)})
                position.append(order[step])
                at = at[step]
        return tuple(position)

    return sorted(found, key=place)


def _violations(error: Any) -> Iterator[Violation]:
    kind = error.kind
    if kind.name in ("anyOf", "oneOf") and getattr(kind, "context", None):
        yield from _of_branches(error)
    else:
        yield Violation(pointer_of(error.instance_path), kind.name, _message(kind))


def _of_branches(error: Any) -> Iterator[Violation]:
    """The complaints of the branch that the value comes nearest to; of unlike types, one that names them all."""
    here = list(error.instance_path)
    branches: list[list[Any]] = [branch for branch in error.kind.context if branch]
    fitting = [b for b in branches if not any(e.kind.name == "type" and e.instance_path == here for e in b)]
    if not fitting:
        types = list(dict.fromkeys(t for b in branches for e in b if e.kind.name == "type" for t in e.kind.types))
        yield Violation(pointer_of(here), "type", _type_message(types))
        return
    for nearest in min(fitting, key=lambda b: sum(1 for _ in _leaves(b))):
        yield from _violations(nearest)


def _leaves(errors: Iterable[Any]) -> Iterator[Violation]:
    for error in errors:
        yield from _violations(error)


def _message(kind: Any) -> str:
    """What to change, by the rule that was broken."""
    match kind.name:
        case "required":
            return f"{kind.property} is required"
        case "type":
            return _type_message(kind.types)
        case "enum":
            return _enum_message(kind.options)
        case "const":
            return f"must be {_shown(kind.expected_value)}"
        case "format":
            return _format_message(kind.format)
        case "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties":
            return _size_message(kind.name, kind.limit)
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            return _LIMITS[kind.name].format(kind.limit)
        case "multipleOf":
            return f"must be a multiple of {kind.multiple_of}"
        case "pattern":
            return f"must match the pattern {kind.pattern}"
        case "uniqueItems":
            return "must not have the same element twice"
        case "additionalProperties" | "unevaluatedProperties":
            return f"must not have {', '.join(str(name)[:80] for name in kind.unexpected[:_SHOWN_VALUES_MAX])}"
        case other:
            return f"breaks the contract's rule {other}"


def _type_message(types: Iterable[str]) -> str:
    known = [_TYPE_WORDS.get(name, name) for name in types]
    return "must be " + " or ".join(known)


def _enum_message(options: Iterable[Any]) -> str:
    clean = list(dict.fromkeys(_shown(value) for value in options))
    listed = ", ".join(clean[:_SHOWN_VALUES_MAX])
    return f"must be one of: {listed}{' ...' if len(clean) > _SHOWN_VALUES_MAX else ''}"


def _shown(value: Any) -> str:
    return value.strip() if isinstance(value, str) else str(value)


def _format_message(name: str) -> str:
    if name == INSTANT_FORMAT:
        return "must be a date and time such as 2026-01-31T12:00:00Z"
    return "must be a date such as 2026-01-31" if name == "date" else f"must be a valid {name}"


def _size_message(rule: str, limit: int) -> str:
    bound = "at least" if rule.startswith("min") else "at most"
    unit, units = {
        "Items": ("element", "elements"),
        "Length": ("character", "characters"),
        "Properties": ("attribute", "attributes"),
    }[rule[3:]]
    return f"must have {bound} {limit} {unit if limit == 1 else units}"
