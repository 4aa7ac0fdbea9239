"""The query string of a list or retrieve operation, as one value."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, unquote

from common.domain.query import (
    AllOf,
    AnyElement,
    AnyOf,
    Compare,
    Condition,
    Cursor,
    FieldPath,
    Kind,
    Not,
    Operator,
    Query,
    SortKey,
    all_of,
)
from common.errors import InvalidParameter
from common.filters import ParsedQuery, Resolve, parse_query, read_path
from common.jsonpath import narrowing, parse_jsonpath
from common.settings import Settings
from common.spec.contract import ResourceContract
from common.store.keys import is_storable

SORT_KEYS_MAX = 8
OFFSET_MAX = 2**53
_NONE = "none"
_ID = FieldPath(("id",), Kind.STRING, many=False)
_NOBODY = ("",)  # no id is empty


@dataclass(frozen=True)
class Selection:
    """Which attributes an answer carries: dotted paths, and sub-arrays narrowed to matching elements."""

    paths: tuple[tuple[str, ...], ...]
    narrowed: tuple[AnyElement, ...] = ()


@dataclass(frozen=True)
class ListRequest:
    """What a list operation asks. `paged` is True when the client itself asked for a page."""

    query: Query
    selection: Selection | None
    paged: bool
    by_cursor: bool


def read_list(raw: str, resolve: Resolve, settings: Settings) -> ListRequest:
    """Errors: InvalidParameter, NotImplementedFeature."""
    parsed = _parse(raw, resolve, settings)
    parameters = parsed.parameters
    limits = {"terms_max": settings.filter_terms_max, "regex_length_max": settings.regex_length_max}
    jsonpaths = [parse_jsonpath(text, resolve, **limits) for text in parameters.get("filter", [])]
    where: Condition | None = all_of(
        parsed.condition, (jsonpaths[0] if len(jsonpaths) == 1 else AnyOf(tuple(jsonpaths))) if jsonpaths else None
    )
    sort = _read_sort(parameters.get("sort", []), resolve)
    by_cursor = "after" in parameters or "before" in parameters
    if by_cursor and "offset" in parameters:
        raise InvalidParameter("offset", "cannot be combined with after or before")
    limit = _whole_number(parameters, "limit", minimum=1)
    query = Query(
        where=where,
        sort=sort,
        offset=_whole_number(parameters, "offset", minimum=0) or 0,
        limit=min(limit or settings.page_items_max, settings.page_items_max),
        after=_read_cursor(parameters, "after", len(sort)),
        before=_read_cursor(parameters, "before", len(sort)),
    )
    paged = by_cursor or limit is not None or "offset" in parameters
    return ListRequest(query, _read_fields(parameters, resolve, settings), paged, by_cursor)


def resolving(contract: ResourceContract, resolve: Resolve, settings: Settings) -> Resolve:
    """The places that parameters name; one that the contract does not have is refused where the settings say so."""
    if settings.unknown_attributes == "keep":
        return resolve

    def found(steps: tuple[str, ...]) -> FieldPath:
        if not contract.fields.declares(steps):
            raise InvalidParameter(".".join(steps)[:80], f"the contract of {contract.name} has no such attribute")
        return resolve(steps)

    return found


def by_id(asked: Query, address: str) -> Query:
    """The question on stored documents, which have no `href`: a link of this collection (`address`) says an id."""
    return replace(asked, where=_by_id(asked.where, address)) if asked.where is not None else asked


def _by_id(asked: Condition, address: str) -> Condition:
    match asked:
        case AllOf(parts):
            return AllOf(tuple(_by_id(part, address) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_by_id(part, address) for part in parts))
        case Not(part):
            return Not(_by_id(part, address))
        case Compare(FieldPath(("href",)), (Operator.EQ | Operator.NE) as operator, links):
            start = f"{address}/"
            ids = tuple(unquote(link.removeprefix(start)) for link in links if link.startswith(start))
            return Compare(_ID, operator, ids or _NOBODY)
    return asked


def read_selection(raw: str, resolve: Resolve, settings: Settings) -> Selection | None:
    """The `fields` of an operation on one resource; other parameters are not its business."""
    if not raw:
        return None
    return _read_fields(_parse(raw, resolve, settings).parameters, resolve, settings)


def read_version(raw: str) -> str | None:
    """`?version=` on a retrieve (TMF630 Part 4): one version of a catalogue entity."""
    return parse_qs(raw).get("version", [None])[-1] if "version=" in raw else None


def _parse(raw: str, resolve: Resolve, settings: Settings) -> ParsedQuery:
    if len(raw) > settings.query_bytes_max:
        raise InvalidParameter("(query)", f"the query string is longer than {settings.query_bytes_max} bytes")
    return parse_query(raw, resolve, terms_max=settings.filter_terms_max, regex_length_max=settings.regex_length_max)


def _whole_number(parameters: dict[str, list[str]], name: str, *, minimum: int) -> int | None:
    return read_whole_number(parameters[name][-1], name, minimum) if name in parameters else None


def read_whole_number(text: str, name: str, minimum: int) -> int:
    """The value of a parameter. Errors: InvalidParameter."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or not minimum <= int(text[:20]) <= OFFSET_MAX:
        raise InvalidParameter(name, f"is a whole number from {minimum} to {OFFSET_MAX}")
    return int(text)


def _read_sort(values: list[str], resolve: Resolve) -> tuple[SortKey, ...]:
    keys = []
    for name in (piece.strip() for value in values for piece in value.split(",")):
        bare = name.lstrip("+- ")
        if not bare:
            raise InvalidParameter("sort", "names attributes, as in sort=name,-lastUpdate")
        path = resolve(read_path(bare))
        if path.kind is Kind.UNKNOWN and path.many and len(path.steps) == 1 and not path.steps[0].startswith("@"):
            raise InvalidParameter("sort", f"{bare!r} is no attribute that can be sorted by")
        keys.append(SortKey(path, name.startswith("-")))
    if len(keys) > SORT_KEYS_MAX:
        raise InvalidParameter("sort", f"at most {SORT_KEYS_MAX} attributes")
    return tuple(keys)


def _read_fields(parameters: dict[str, list[str]], resolve: Resolve, settings: Settings) -> Selection | None:
    if "fields" not in parameters:
        return None
    paths, narrowed = [], []
    for name in (piece.strip() for value in parameters["fields"] for piece in _split_fields(value)):
        if not name or name == _NONE:
            continue
        if "[?" in name:
            element = narrowing(
                name,
                resolve,
                terms_max=settings.filter_terms_max,
                regex_length_max=settings.regex_length_max,
            )
            if element is None:
                raise InvalidParameter("fields", f"{name[:80]!r} selects no sub-array; write attribute[?(...)]")
            narrowed.append(element)
            continue
        paths.append(read_path(name))
    return Selection(tuple(paths), tuple(narrowed))


def _split_fields(value: str) -> list[str]:
    """Split at commas outside brackets."""
    pieces, depth, start = [], 0, 0
    for position, character in enumerate(value):
        depth += (character in "[(") - (character in "])")
        if character == "," and depth == 0:
            pieces.append(value[start:position])
            start = position + 1
    return [*pieces, value[start:]]


def write_cursor(cursor: Cursor) -> str:
    """A cursor as the opaque text that `after` and `before` take."""
    text = json.dumps([list(cursor.keys), cursor.position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(parameters: dict[str, list[str]], name: str, keys: int) -> Cursor | None:
    text = parameters.get(name, [""])[-1]
    if not text and (name == "after" or name not in parameters):  # `after=` with nothing starts paging by cursor
        return None
    try:
        read = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        values, position = read
        texts = [position, *(value for value in values if value is not None)]
        valid = len(values) == keys and all(isinstance(text, str) and is_storable(text) for text in texts)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        valid = False
    if not valid:
        raise InvalidParameter(name, "is a cursor of a Link header, for the same sort")
    return Cursor(tuple(values), position)
