"""Corrections over HTTP (`openapi/extensions/billing-corrections.yaml`): made, listed, shown, ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common import exact_json
from common.component import RuleContext
from common.domain.query import Document
from common.errors import InvalidBody, NotFound, Violation
from common.installation import Installation
from common.rest.actions import acting
from common.rest.headers import JSON, MERGE_PATCH, check_accept, media_type, read_object
from common.rest.messages import Request, Response
from common.rest.own_lists import created_once, page, read_page
from common.rest.render import CONTENT_TYPE
from tmf678_bill.corrections.adjustments import adjust, cancel
from tmf678_bill.corrections.credit import credit_bill
from tmf678_bill.corrections.disputes import decide, open_dispute
from tmf678_bill.corrections.kept import shown
from tmf678_bill.corrections.paths import BASE
from tmf678_bill.corrections.requests import (
    read_adjustment,
    read_cancellation,
    read_decision,
    read_recovery,
    read_selection,
    read_write_off,
)
from tmf678_bill.corrections.tables import ADJUSTMENT, CORRECTIONS, CREDIT_NOTE, DISPUTE, KINDS
from tmf678_bill.corrections.write_offs import recover, write_off

_FILTERS = {"billingAccount.id": "account", "bill.id": "bill", "state": "state", "externalId": "external"}


class _Operation:
    """What all of them do (`component.Route`). The kind is said by the path."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._installation, self._committed = installation, committed

    def _kind(self, request: Request) -> str:
        return next(part for part in reversed(request.path.split("/")) if part in KINDS)

    def _linked(self, request: Request, kind: str, document: Document) -> Document:
        head, _, _ = request.path.partition(BASE)
        return {**document, "href": f"{request.origin}{head}{BASE}/{kind}/{document['id']}"}


class Create(_Operation):
    """POST: what is decided; the same again for an externalId or an Idempotency-Key that was seen."""

    def __call__(self, request: Request) -> Response:
        check_accept(request)
        kind, body = self._kind(request), read_object(request)
        with self._installation.database.write(request.tenant) as uow:
            context = acting(self._installation, uow, request.correlation_id).context("customerBill")
            response = created_once(
                self._installation, uow, request, lambda: self._linked(request, kind, _made(context, kind, body))
            )
            uow.commit()
        self._committed()
        return response


class Change(_Operation):
    """PATCH: how a dispute ends, a recovery, an adjustment that is not to be."""

    def __call__(self, request: Request) -> Response:
        check_accept(request)
        media_type(request, (JSON, MERGE_PATCH))
        kind, id, body = self._kind(request), request.id or "", exact_json.decode(request.body)
        if not isinstance(body, dict):
            raise InvalidBody([Violation("", "type", "the body is a JSON object")])
        with self._installation.database.write(request.tenant) as uow:
            context = acting(self._installation, uow, request.correlation_id).context("customerBill")
            document = _ended(context, kind, id, body)
            uow.commit()
        self._committed()
        return Response(200, exact_json.encode(self._linked(request, kind, document)), (CONTENT_TYPE,))


class Retrieve(_Operation):
    """GET of one."""

    def __call__(self, request: Request) -> Response:
        check_accept(request)
        kind, id = self._kind(request), request.id or ""
        with self._installation.database.read(request.tenant) as uow:
            row = uow.records(CORRECTIONS.name).get(id)
        if row is None or row["kind"] != kind:
            raise NotFound(kind, id)
        return Response(200, exact_json.encode(self._linked(request, kind, shown(row))), (CONTENT_TYPE,))


class ListMany(_Operation):
    """GET of many, the first decided first."""

    def __call__(self, request: Request) -> Response:
        check_accept(request)
        kind, settings = self._kind(request), self._installation.settings
        asked = read_page(request, settings, tuple(_FILTERS))
        where: dict[str, Any] = {"kind": kind}
        where |= {column: asked.values[name] for name, column in _FILTERS.items() if name in asked.values}
        with self._installation.database.read(request.tenant) as uow:
            table = uow.records(CORRECTIONS.name)
            [counted] = table.sum([], where)
            rows = table.find(where, limit=asked.offset + asked.limit)[asked.offset :]
        items = [self._linked(request, kind, shown(row)) for row in rows]
        return page(request, settings, asked, counted.count, items)


def _made(context: RuleContext, kind: str, body: dict[str, Any]) -> Document:
    if kind == CREDIT_NOTE:
        return credit_bill(context, *read_selection(body))
    if kind == DISPUTE:
        return open_dispute(context, *read_selection(body))
    if kind == ADJUSTMENT:
        return adjust(context, *read_adjustment(body))
    return write_off(context, *read_write_off(body))


def _ended(context: RuleContext, kind: str, id: str, body: dict[str, Any]) -> Document:
    if kind == DISPUTE:
        return decide(context, id, read_decision(body))
    if kind == ADJUSTMENT:
        read_cancellation(body)
        return cancel(context, id)
    return recover(context, id, read_recovery(body))
