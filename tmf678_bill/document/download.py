"""A bill's document over HTTP (`openapi/extensions/billing-documents.yaml`): the bytes that were kept, as they are."""

from __future__ import annotations

from collections.abc import Callable

from common import exact_json
from common.errors import NotAcceptable, NotFound
from common.installation import Installation, extension
from common.rest.headers import is_unchanged_text
from common.rest.messages import Request, Response
from common.rest.routes import ROOT
from common.store.keys import is_storable
from tmf678_bill.document.kept import DOCUMENTS

DESCRIPTION = "openapi.json"
# A document never changes; it is of one customer, so no shared cache keeps it.
_CACHE = "private, max-age=31536000, immutable"


class Download:
    """GET of a document (`component.Route`)."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._installation = installation

    def __call__(self, request: Request) -> Response:
        """200 with the bytes; 304 when the client has them. Errors: NotFound; NotAcceptable."""
        id = request.id or ""
        if id == DESCRIPTION:
            server = {"url": request.origin + ROOT}
            return Response(200, exact_json.encode({**extension("billing-documents"), "servers": [server]}))
        with self._installation.database.read(request.tenant) as uow:
            row = uow.records(DOCUMENTS.name).get(id) if is_storable(id) else None
        if row is None:
            raise NotFound("document", id)
        _check_accept(request, row["media_type"])
        tag = f'"{row["sha256"]}"'
        cached = (("etag", tag), ("cache-control", _CACHE))
        if is_unchanged_text(request, tag):
            return Response(304, b"", cached)
        named = (
            ("content-type", row["media_type"]),
            ("content-disposition", f'inline; filename="{row["name"]}"'),
            ("content-language", row["language"]),
        )
        return Response(200, row["content"], (*named, *cached))


def _check_accept(request: Request, media_type: str) -> None:
    """Errors: NotAcceptable for a client that names what it reads, and this is not among it."""
    accept = request.headers.get("accept", "")
    names = [part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()]
    family = media_type.partition("/")[0] + "/*"
    if names and not {"*/*", family, media_type} & set(names):
        raise NotAcceptable(accept)
