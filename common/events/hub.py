"""The hub of an API: registering, finding and removing listeners."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common.domain.ids import ordered_id
from common.domain.pointers import pointer_token
from common.domain.query import Document
from common.errors import Conflict, InvalidBody, NotFound, Violation
from common.events.callbacks import callback_violations
from common.events.hub_query import parse_hub_query
from common.settings import Settings
from common.spec.contract import Contract
from common.store import subscriptions
from common.store.subscriptions import Subscription
from common.store.unit_of_work import UnitOfWork

RESOURCE = "hub"
SECRET_LENGTH_MIN, SECRET_LENGTH_MAX = 16, 256
QUERY_LENGTH_MAX = 4_000
_KNOWN = frozenset({"callback", "query", "secret", "id", "href", "@type", "@baseType", "@schemaLocation"})


def register(
    uow: UnitOfWork, contract: Contract, body: Document, *, origin: str, settings: Settings, now: datetime
) -> Subscription:
    """Register the listener that a POST on the hub describes. It gets the events of later transactions.

    Shapes: `body` has `callback`, and may have `query` and `secret` (signs the deliveries; write-only). `origin` is
            scheme and host of the request, used in hrefs when no base_url is set.
    Errors: InvalidBody; InvalidParameter and NotImplementedFeature for the query; Conflict at the limit.
    Does not: commit, or keep an `id` that the client sent.
    """
    violations = _violations(body, settings)
    if violations:
        raise InvalidBody(violations)
    query = body.get("query") or None
    parse_hub_query(contract, query, settings)
    # Two registrations at the same moment may pass the limit together; it is a guard, and one more does no harm.
    if subscriptions.count(uow.connection, uow.tenant, contract.key) >= settings.subscriptions_max:
        raise Conflict(f"the hub has {settings.subscriptions_max} listeners, which is its limit; remove one first")
    new = Subscription(
        id=ordered_id(),
        tenant=uow.tenant,
        contract_key=contract.key,
        callback=body["callback"],
        query=query,
        secret=body.get("secret"),
        origin=origin,
        created_at=now,
    )
    subscriptions.add(uow.connection, new)
    return new


def find(uow: UnitOfWork, contract: Contract, id: str) -> Subscription:
    """One listener of this API.

    Errors: NotFound, also for a listener of another API or major.
    """
    found = subscriptions.find(uow.connection, uow.tenant, contract.key, id)
    if found is None:
        raise NotFound(RESOURCE, id)
    return found


def remove(uow: UnitOfWork, contract: Contract, id: str) -> None:
    """Remove a listener and everything still to be delivered to it.

    Errors: NotFound.
    """
    if not subscriptions.remove(uow.connection, uow.tenant, contract.key, id):
        raise NotFound(RESOURCE, id)


def hub_document(contract: Contract, subscription: Subscription) -> Document:
    """A listener as the hub shows it; the secret is never shown."""
    document: Document = {"id": subscription.id, "callback": subscription.callback}
    if subscription.query is not None:
        document["query"] = subscription.query
    return document if contract.is_v4 else {"@type": "Hub"} | document


def _violations(body: Document, settings: Settings) -> list[Violation]:
    callback = body.get("callback")
    if callback is None:
        violations = [Violation("/callback", "required", "say where the events are to be posted")]
    elif not isinstance(callback, str):
        violations = [Violation("/callback", "type", "is a text: the URL of the listener")]
    else:
        violations = callback_violations(callback, settings)
    violations += _text_violations("query", body.get("query"), 0, QUERY_LENGTH_MAX)
    violations += _text_violations("secret", body.get("secret"), SECRET_LENGTH_MIN, SECRET_LENGTH_MAX)
    if settings.unknown_attributes == "refuse":
        unknown = sorted(body.keys() - _KNOWN)
        violations += [
            Violation(f"/{pointer_token(name)}", "unknown", "a hub has no such attribute") for name in unknown
        ]
    return violations


def _text_violations(name: str, value: Any, least: int, most: int) -> list[Violation]:
    if value is None:
        return []
    if not isinstance(value, str):
        return [Violation(f"/{name}", "type", "is a text")]
    if not least <= len(value) <= most:
        return [Violation(f"/{name}", "length", f"has between {least} and {most} characters")]
    return []
