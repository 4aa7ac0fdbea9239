"""Stored documents as answers: links added, attributes selected, pages announced."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from common import exact_json
from common.domain.query import Document
from common.patterns import matches
from common.rest.messages import Request, Response
from common.rest.query import ListRequest, Selection, write_cursor
from common.store.repository import Found, Row

CONTENT_TYPE = ("content-type", "application/json")
# What every partial answer keeps; `@type` where the contract makes it mandatory (v5).
_ALWAYS = ("id", "href")
# What a query string may have as it is (RFC 3986), and `%`: what came encoded stays so.
_SAFE = "%/?:@!$&'()*+,;=-._~[]"
# What a path has as it is, as nearly every id.
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*", re.ASCII)


def href(collection: str, id: str, version: str = "") -> str:
    """Where a resource is; `:(version=...)` is part of the address of a version that is not the latest."""
    suffix = f":(version={quote(version, safe='.-_~')})" if version else ""
    return f"{collection}/{id if _PLAIN.fullmatch(id) else quote(id, safe='')}{suffix}"


def whole(row: Row, link: str) -> bytes:
    """A stored document as it is, id and href in front, without parsing it."""
    return linked(row.id, link, row.text.encode())


def linked(id: str, link: str, rest: bytes) -> bytes:
    """The JSON text of an object without id and href, with both in front."""
    head = exact_json.encode({"id": id, "href": link})
    return head if rest == b"{}" else head[:-1] + b"," + rest[1:]


def answer(document: Document, link: str) -> Document:
    """A document as the client sees it."""
    return {"id": document["id"], "href": link, **{k: v for k, v in document.items() if k not in ("id", "href")}}


def select(document: Document, selection: Selection, typed: bool) -> Document:
    """The part of a document that `fields` asks for; id, href and (v5) @type always stay.

    Source: TMF630 Part 1, 4.3; Part 6 for narrowed sub-arrays. Unknown names select nothing.
    """
    chosen: Document = {name: document[name] for name in (*_ALWAYS, "@type") if name in document}
    if not typed and ("@type",) not in selection.paths:
        chosen.pop("@type", None)
    for path in selection.paths:
        _copy(document, chosen, path)
    for element in selection.narrowed:
        steps = element.path.steps
        if len(steps) == 1 and isinstance(document.get(steps[0]), list):
            chosen[steps[0]] = [item for item in document[steps[0]] if matches(element.condition, item)]
    return chosen


def _copy(source: Any, target: Any, steps: tuple[str, ...]) -> None:
    name, rest = steps[0], steps[1:]
    if not isinstance(source, dict) or name not in source:
        return
    value = source[name]
    if not rest:
        target[name] = value
    elif isinstance(value, dict):
        _copy(value, target.setdefault(name, {}), rest)
    elif isinstance(value, list):
        parts = target.setdefault(name, [{} for _ in value])
        for item, part in zip(value, parts, strict=True):
            _copy(item, part, rest)


def page(
    request: Request, address: str, asked: ListRequest, found: Found, items: list[bytes], partial_status: str
) -> Response:
    """A list answer with its counts, and links to the list's address.

    206 only when the client itself asked for a page and did not get everything (and the setting says so).
    Source: TMF630 Part 1, 4.5 and 4.6.
    """
    returned, total, query = len(items), found.total, asked.query
    partial = returned < total
    headers = [CONTENT_TYPE, ("x-total-count", str(total)), ("x-result-count", str(returned))]
    links = _links(request, address, asked, found, returned)
    if links:
        headers.append(("link", ", ".join(links)))
    if asked.paged and partial and returned and not asked.by_cursor:
        headers.append(("content-range", f"items {query.offset + 1}-{query.offset + returned}/{total}"))
    status = 206 if asked.paged and partial and returned and partial_status == "206" else 200
    return Response(status, b"[" + b",".join(items) + b"]", tuple(headers))


def _links(request: Request, address: str, asked: ListRequest, found: Found, returned: int) -> list[str]:
    kept = [
        quote(part.encode("latin-1"), safe=_SAFE)  # `>` as it came would end the address in the header
        for part in request.query.split("&")
        if part and part.partition("=")[0] not in ("offset", "limit", "after", "before")
    ]
    limit = asked.query.limit or max(returned, 1)

    def link(relation: str, *parameters: str) -> str:
        return f'<{address}?{"&".join([*kept, *parameters])}>; rel="{relation}"'

    if asked.by_cursor:
        return _cursor_links(link, asked, found, limit)
    offset, total = asked.query.offset, found.total
    if not asked.paged and returned == total:
        return []
    links = [link("self", f"offset={offset}", f"limit={limit}"), link("first", "offset=0", f"limit={limit}")]
    if offset + returned < total and returned:
        links.append(link("next", f"offset={offset + limit}", f"limit={limit}"))
    last = max(0, total - 1) // limit * limit
    if offset > 0 and total:
        links.append(link("prev", f"offset={max(0, min(offset - limit, last))}", f"limit={limit}"))
    if total:
        links.append(link("last", f"offset={last}", f"limit={limit}"))
    return links


def _cursor_links(link: Any, asked: ListRequest, found: Found, limit: int) -> list[str]:
    if not found.cursors:
        return []
    first, last, query = found.cursors[0], found.cursors[-1], asked.query
    links = []
    if query.after is not None or (query.before is not None and len(found.rows) == limit):
        links.append(link("prev", f"before={write_cursor(first)}", f"limit={limit}"))
    if len(found.rows) == limit or query.before is not None:
        links.append(link("next", f"after={write_cursor(last)}", f"limit={limit}"))
    return links


def split_version(segment: str) -> tuple[str, str | None]:
    """A decoded `VirtualStorage:(version=1.0)` as id and version (TMF630 Part 4); `:(1.0)` and `Version=` too."""
    if segment.endswith(")") and ":(" in segment:
        id, _, version = segment[:-1].rpartition(":(")
        name, equals, value = version.partition("=")
        return id, value if equals and name.lower() == "version" else version
    return segment, None
