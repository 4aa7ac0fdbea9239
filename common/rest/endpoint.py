"""The five operations of every resource of every API. A request's whole way is on this page.

    create    read body -> contract -> stamp -> rules -> store -> event -> answer
    patch     load -> precondition -> apply -> contract -> lifecycle -> rules -> store -> events -> answer
    delete    load -> precondition -> rules -> nobody uses it -> remove -> event
    list      read query -> find -> select attributes -> page
    retrieve  load -> unchanged? -> select attributes

One request is one transaction; its events are written in it. Nothing here knows a resource by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from common import exact_json
from common.component import RuleContext
from common.domain.query import Document
from common.errors import InvalidPatch, NotFound
from common.filters import Resolve
from common.installation import Installation, Served
from common.rest import headers, query, render
from common.rest.changes import record, rule_context, settle_patched, store_new
from common.rest.checking import check, refuse_marked
from common.rest.headers import PATCH_TYPES, read_object
from common.rest.messages import Request, Response
from common.rest.nesting import remove_below, rows_of
from common.rest.once import answered_once
from common.rest.patch import apply
from common.rest.references import check_unused
from common.rest.stamping import (
    ID_MAX,
    check_id,
    check_immutable,
    drop_nulls,
    drop_server_set,
)
from common.rest.telling import told_in
from common.rest.view import MappedView, NativeView, View
from common.store.repository import Repository, Row
from common.store.unit_of_work import UnitOfWork
from common.store.waiting import leave

# Items of a list that is answered between other requests and not by a thread.
SHARED_ITEMS_MAX = 100


@dataclass(frozen=True)
class Endpoint:
    """The operations of one resource of one contract."""

    installation: Installation
    served: Served
    committed: Callable[[], None] = lambda: None  # wakes the delivery of events

    @cached_property
    def view(self) -> View:
        served = self.served
        return MappedView(served.resource, served.mapping) if served.mapping else NativeView(served.resource)

    @cached_property
    def _resolve(self) -> Resolve:
        return query.resolving(self.served.resource, self.view.path, self.installation.settings)

    @property
    def kept(self) -> Served:
        return self.served.kept

    # -- reading ------------------------------------------------------------------------------------------

    def list(self, request: Request) -> Response:
        """200 with everything found, 206 with a page the client asked for."""
        headers.check_accept(request)
        asked = query.read_list(request.query, self._resolve, self.installation.settings)
        if asked.query.limit is None or asked.query.limit > SHARED_ITEMS_MAX:
            leave()
        address, partial_status = self._collection(request), self.installation.settings.partial_status
        with self.installation.database.browse(request.tenant) as uow:
            found = self._repository(uow, request).find(self.view.query(query.by_id(asked.query, address)))
        items = [self._body(row, render.href(address, row.id), asked.selection) for row in found.rows]
        return render.page(request, address, asked, found, items, partial_status)

    def retrieve(self, request: Request) -> Response:
        """200, or 304 when If-None-Match names the present ETag."""
        headers.check_accept(request)
        selection = query.read_selection(request.query, self._resolve, self.installation.settings)
        id, version = self._address(request)
        with self.installation.database.read(request.tenant) as uow:
            row = self._load(self._repository(uow, request), id, version or query.read_version(request.query))
        if headers.is_unchanged(request, row):
            return Response(304, headers=(("etag", headers.etag(row)),))
        return self._answer(200, row, request, selection)

    # -- writing ------------------------------------------------------------------------------------------

    def create(self, request: Request) -> Response:
        """201 with the stored resource; the stored reply again for an Idempotency-Key that was seen."""
        headers.check_accept(request)
        selection = query.read_selection(request.query, self._resolve, self.installation.settings)
        scope, document = self._collection(request).removeprefix(request.origin), self._read_new(request)
        with self.installation.database.write(request.tenant) as uow:

            def answer() -> Response:
                with told_in(self.served, document):
                    row = self._store_new(uow, self.view.stored(document), request)
                return self._answer(201, row, request, selection, ("location", self._href(row, request)))

            response = answered_once(self.installation, uow, request, scope, answer)
            uow.commit()
        self.committed()
        return response

    def patch(self, request: Request) -> Response:
        """200 with the whole resource after the change; unchanged when the patch changes nothing."""
        headers.check_accept(request)
        media_type = headers.media_type(request, PATCH_TYPES)
        selection = query.read_selection(request.query, self._resolve, self.installation.settings)
        patch = exact_json.decode(request.body)
        id, version = self._address(request)
        with self.installation.database.write(request.tenant) as uow:
            repository = self._repository(uow, request)
            row = self._load(repository, id, version, for_update=True)
            headers.check_if_match(request, row)
            after = self._patched(uow, media_type, patch, request, row)
            if after is not None:
                row = repository.replace(row, after, self.installation.clock.now())
                uow.commit()
        self.committed()
        return self._answer(200, row, request, selection)

    def delete(self, request: Request) -> Response:
        """204; the id is free again."""
        id, version = self._address(request)
        with self.installation.database.write(request.tenant) as uow:
            repository = self._repository(uow, request)
            row = self._load(repository, id, version, for_update=True)
            headers.check_if_match(request, row)
            document, context = row.document(), self._context(uow, request)
            if self.kept.descriptor.on_delete is not None:
                self.kept.descriptor.on_delete(document, context)
                context.settle()
            if version is None or len(repository.versions(id)) == 1:
                check_unused(self.installation, uow, self.kept, id)
                remove_below(self.installation, uow, self.kept, row, request.parents, request.correlation_id)
            repository.remove(id, version)
            record(uow, self.kept, document, None, context, request.parents)
            uow.commit()
        self.committed()
        return Response(204)

    # -- the steps ----------------------------------------------------------------------------------------

    def _read_new(self, request: Request) -> Document:
        document = read_object(request)
        refuse_marked(document, request.body)
        document.pop("href", None)
        if "id" in document and ("id" not in self.served.resource.settable):
            del document["id"]  # v4 contracts have no client id: ignored
        assert self.served.resource.creating is not None, "a contract with create has a schema for it"
        check(document, self.served.resource.creating, self.served.resource, self.installation.settings)
        check_id(document)
        drop_server_set(document, self.served.resource)
        return document

    def _store_new(self, uow: UnitOfWork, document: Document, request: Request) -> Row:
        rows, context = rows_of(self.installation, uow, self.served, request, hold=True), self._context(uow, request)
        return store_new(self.installation, uow, self.kept, rows, document, context, request.parents)

    def _patched(self, uow: UnitOfWork, media_type: str, patch: Any, request: Request, row: Row) -> Document | None:
        """The stored document after the patch, checked and recorded; None when nothing changes."""
        refuse_marked(patch, request.body)
        editable = self.view.editable(row)
        shown = render.answer(editable, self._href(row, request))
        edited = drop_nulls(apply(media_type, patch, shown, self._is_array))
        if not isinstance(edited, dict):
            raise InvalidPatch("the resource stays a JSON object")
        check_immutable(shown, edited, self.served.resource)
        edited.pop("href", None)
        if edited == editable:
            return None
        assert self.served.resource.patched is not None, "a contract with patch has a schema for the result"
        check(edited, self.served.resource.patched, self.served.resource, self.installation.settings, editable)
        after = self.view.stored(edited, editable)
        context = self._context(uow, request)
        with told_in(self.served, edited):
            settle_patched(self.installation, uow, self.kept, row.document(), after, context, request.parents)
        return after

    def _context(self, uow: UnitOfWork, request: Request) -> RuleContext:
        return rule_context(self.installation, uow, self.kept, request.correlation_id)

    def _answer(
        self, status: int, row: Row, request: Request, selection: query.Selection | None, *more: tuple[str, str]
    ) -> Response:
        tag = ("etag", headers.etag(row))
        body = self._body(row, self._href(row, request), selection)
        return Response(status, body, (render.CONTENT_TYPE, tag, *more))

    def _body(self, row: Row, link: str, selection: query.Selection | None) -> bytes:
        if selection is None:
            return self.view.whole(row, link)
        shown = render.answer(self.view.shown(row), link)
        return exact_json.encode(render.select(shown, selection, self.served.resource.typed))

    def _href(self, row: Row, request: Request) -> str:
        return render.href(self._collection(request), row.id)

    def _collection(self, request: Request) -> str:
        return request.base + self.served.resource.path_below(request.parents)

    def _address(self, request: Request) -> tuple[str, str | None]:
        assert request.id is not None, "the router gives item operations an id"
        return render.split_version(request.id) if self.served.descriptor.versioned else (request.id, None)

    def _load(self, rows: Repository, id: str, version: str | None, *, for_update: bool = False) -> Row:
        row = rows.get(id, version, for_update=for_update) if len(id) <= ID_MAX else None
        if row is None:
            raise NotFound(self.served.name, id)
        return row

    def _repository(self, uow: UnitOfWork, request: Request) -> Repository:
        return rows_of(self.installation, uow, self.served, request)

    def _is_array(self, name: str) -> bool:
        return name in self.served.resource.attributes and self.view.path((name,)).many
