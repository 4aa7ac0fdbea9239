"""The hub of one API: listeners register, are shown and leave; and the listener paths of the contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from common import exact_json
from common.domain.query import Document
from common.errors import InvalidBody, NotFound, Violation
from common.events import hub
from common.installation import Installation
from common.rest import headers, render
from common.rest.messages import Request, Response
from common.rest.once import answered_once
from common.spec.contract import Contract
from common.store.keys import is_storable
from common.store.subscriptions import Subscription
from common.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class HubEndpoint:
    """POST /hub, GET /hub/{id}, DELETE /hub/{id} of one contract.

    Source: TMF630 Part 1 (event management); schema Hub (v5), EventSubscription (v4).
    """

    installation: Installation
    contract: Contract
    registered: Callable[[], None] = lambda: None

    def create(self, request: Request) -> Response:
        """201 with the subscription; the stored reply again for an Idempotency-Key that was seen."""
        headers.check_accept(request)
        body = headers.read_object(request)
        with self.installation.database.write(request.tenant) as uow:
            response = answered_once(
                self.installation, uow, request, request.path, lambda: self._registered(uow, body, request)
            )
            uow.commit()
        self.registered()
        return response

    def _registered(self, uow: UnitOfWork, body: Document, request: Request) -> Response:
        subscription = hub.register(
            uow,
            self.contract,
            body,
            origin=request.origin.removesuffix(self.installation.settings.base_prefix),
            settings=self.installation.settings,
            now=self.installation.clock.now(),
        )
        location = render.href(request.base + "/hub", subscription.id)
        return Response(201, self._shown(subscription, request), (render.CONTENT_TYPE, ("location", location)))

    def retrieve(self, request: Request) -> Response:
        headers.check_accept(request)
        with self.installation.database.read(request.tenant) as uow:
            subscription = hub.find(uow, self.contract, _id(request))
        return Response(200, self._shown(subscription, request), (render.CONTENT_TYPE,))

    def delete(self, request: Request) -> Response:
        with self.installation.database.write(request.tenant) as uow:
            hub.remove(uow, self.contract, _id(request))
            uow.commit()
        return Response(204)

    def _shown(self, subscription: Subscription, request: Request) -> bytes:
        document = hub.hub_document(self.contract, subscription)
        if not self.contract.is_v4:
            document = render.answer(document, render.href(request.base + "/hub", subscription.id))
        return exact_json.encode(document)


def _id(request: Request) -> str:
    """Errors: NotFound for what is no id of any listener and no database can be asked for (U+0000)."""
    if request.id is None or not is_storable(request.id):
        raise NotFound(hub.RESOURCE, request.id or "")
    return request.id


@dataclass(frozen=True)
class ListenerEndpoint:
    """POST /listener/{event}: where another system reports its events to us.

    An event is judged by its envelope, acknowledged, and logged by the request log only; a component that acts on
    events declares a route of its own, which takes this one's place.
    """

    contract: Contract

    def receive(self, request: Request) -> Response:
        """204 (v5), 201 with the acknowledged subscription id (v4)."""
        event = read_event(request)
        return acknowledged(request, event) if self.contract.is_v4 else Response(204)


def read_event(request: Request) -> Document:
    """The event that a listener was sent. Errors: InvalidBody for what has no envelope."""
    event: Document = headers.read_object(request)
    if not isinstance(event.get("eventType", ""), str) or not isinstance(event.get("event", {}), dict):
        raise InvalidBody([Violation("/event", "type", "an event carries its payload as an object in `event`")])
    return event


def acknowledged(request: Request, event: Document) -> Response:
    """The answer of a v4 listener.

    Source: TMF622 v4.0.0 EventSubscription, which the listener paths of all v4 files answer with.
    """
    return Response(201, exact_json.encode({"id": str(event.get("eventId", "")), "callback": request.path}))
