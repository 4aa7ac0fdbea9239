"""The statement of an account over HTTP (`openapi/extensions/ledger.yaml`)."""

from __future__ import annotations

from collections.abc import Callable

from common import exact_json
from common.errors import InvalidParameter, NotFound
from common.installation import Installation
from common.rest.headers import check_accept
from common.rest.messages import Request, Response
from common.rest.own_lists import page, read_page
from tmf666_account.ledger.journal import ACCOUNT
from tmf666_account.ledger.reading import statement
from tmf666_account.ledger.shown import statement_document


class RetrieveStatement:
    """GET: what an account owed, owes, and every line between, a page of them."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._installation = installation

    def __call__(self, request: Request) -> Response:
        """Errors: NotFound when neither the account nor anything on it is here; InvalidParameter."""
        check_accept(request)
        settings, id = self._installation.settings, request.id or ""
        asked = read_page(request, settings, ("since", "until"))
        since, until = asked.instant("since"), asked.instant("until")
        if since is not None and until is not None and until < since:
            raise InvalidParameter("until", "is not before since")
        with self._installation.database.read(request.tenant) as uow:
            told = statement(uow.records, id, since, until, offset=asked.offset, limit=asked.limit)
            if not told.closing and self._installation.library(uow).get(ACCOUNT, id) is None:
                raise NotFound(ACCOUNT, id)
        document = statement_document(told, since, until)
        counted = page(request, settings, asked, told.total, document["line"])
        return Response(counted.status, exact_json.encode(document), counted.headers)
