"""Lists and creations at paths beside the contracts (`component.Route`): asked and answered as the standard's are.

Pages by `offset` and `limit`, with the same counts and links (TMF630 Part 1, 4.5 and 4.6); unknown parameters are
refused. A POST with an Idempotency-Key that was seen gets the stored reply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from common import exact_json
from common.domain.clock import read_instant
from common.domain.query import Query
from common.errors import InvalidParameter
from common.installation import Installation
from common.rest import render
from common.rest.messages import Request, Response
from common.rest.once import answered_once
from common.rest.query import ListRequest, read_whole_number
from common.settings import Settings
from common.store.repository import Found
from common.store.unit_of_work import UnitOfWork

_PAGING = ("offset", "limit")


@dataclass(frozen=True)
class Asked:
    """The query of a list: its parameters by name, and the page."""

    values: Mapping[str, str]
    offset: int
    limit: int

    def instant(self, name: str) -> datetime | None:
        """A parameter that is a date-time. Errors: InvalidParameter."""
        if name not in self.values:
            return None
        moment = read_instant(self.values[name])
        if moment is None:
            raise InvalidParameter(name, "is a date-time such as 2026-02-01T00:00:00Z")
        return moment


def read_page(request: Request, settings: Settings, names: Sequence[str] = ()) -> Asked:
    """Errors: InvalidParameter for one that is not in `names`, that comes twice, or that is no whole number."""
    values: dict[str, str] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        if name not in (*names, *_PAGING):
            raise InvalidParameter(name[:80], f"is not known here; there are {', '.join((*names, *_PAGING))}")
        if name in values:
            raise InvalidParameter(name, "is given once")
        values[name] = value
    offset = read_whole_number(values["offset"], "offset", 0) if "offset" in values else 0
    limit = read_whole_number(values["limit"], "limit", 1) if "limit" in values else settings.page_items_max
    return Asked(values, offset, min(limit, settings.page_items_max))


def page(
    request: Request, settings: Settings, asked: Asked, total: int, items: Sequence[Mapping[str, Any]]
) -> Response:
    """A page of a list, with its counts and links."""
    paged = any(name in asked.values for name in _PAGING)
    listed = ListRequest(Query(offset=asked.offset, limit=asked.limit), None, paged, by_cursor=False)
    texts = [exact_json.encode(item) for item in items]
    address = request.origin + request.path
    return render.page(request, address, listed, Found((), total, ()), texts, settings.partial_status)


def created_once(
    installation: Installation, uow: UnitOfWork, request: Request, create: Callable[[], Mapping[str, Any]]
) -> Response:
    """201 with what `create` makes, or the stored reply for an Idempotency-Key that was seen.

    Errors: those of `answered_once`; what `create` raises.
    """

    def answer() -> Response:
        body = create()
        return Response(201, exact_json.encode(body), (render.CONTENT_TYPE, ("location", str(body["href"]))))

    return answered_once(installation, uow, request, request.path, answer)
