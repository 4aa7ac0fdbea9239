"""Charging sessions over HTTP (`component.Route`, `openapi/extensions/charging-sessions.yaml`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common import exact_json
from common.installation import Installation
from common.rest.headers import JSON, MERGE_PATCH, check_accept, media_type
from common.rest.messages import Request, Response
from common.rest.render import CONTENT_TYPE, href
from tmf635_usage.session_request import read_create, read_update
from tmf635_usage.sessions import Charging


class _Sessions:
    """What the operations have in common."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._installation, self._committed = installation, committed

    def _charging(self, request: Request) -> Charging:
        return Charging(self._installation, request.tenant, request.correlation_id)

    def _body(self, request: Request, *types: str) -> Any:
        check_accept(request)
        media_type(request, types)
        return exact_json.decode(request.body)


class CreateSession(_Sessions):
    """POST: 201 with what is granted; nothing is kept of a session that is granted nothing."""

    def __call__(self, request: Request) -> Response:
        """Errors: InvalidBody; those of `Charging.create`."""
        ask = read_create(self._body(request, JSON))
        answer = self._charging(request).create(ask)
        self._committed()
        location = href(request.origin + request.path, answer["id"])
        return Response(201, exact_json.encode(answer), (CONTENT_TYPE, ("location", location)))


class UpdateSession(_Sessions):
    """PATCH: what was used is charged, more is granted; `released` ends it."""

    def __call__(self, request: Request) -> Response:
        """Errors: InvalidBody; those of `Charging.update`."""
        ask = read_update(self._body(request, JSON, MERGE_PATCH))
        answer = self._charging(request).update(request.id or "", ask)
        self._committed()
        return Response(200, exact_json.encode(answer), (CONTENT_TYPE,))


class RetrieveSession(_Sessions):
    """GET: the session as it stands."""

    def __call__(self, request: Request) -> Response:
        """Errors: NotFound."""
        check_accept(request)
        return Response(200, exact_json.encode(self._charging(request).retrieve(request.id or "")), (CONTENT_TYPE,))
