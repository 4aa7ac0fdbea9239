"""Registering a listener at the hub of a TMF641 API."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from tmf622_ordering.adapters.oss import Oss, OssTrouble
from tmf622_ordering.adapters.service_order import is_id


@dataclass(frozen=True)
class Subscription:
    """What came of it: the id that the OSS gave the listener (empty: it said none), or why it is not registered."""

    id: str = ""
    problem: str = ""


def subscribe(oss: Oss, callback_url: str, former: str = "") -> Subscription:
    """Register a listener, in place of the one that was registered with the id `former`.

    Without success the former one may or may not be there; events then come twice or not at all, which both do no harm.
    """
    if former:
        with suppress(OssTrouble):
            oss.delete(f"hub/{quote(former, safe='')}")
    try:
        reply = oss.post("hub", {"callback": callback_url})
    except OssTrouble as trouble:
        return Subscription(problem=trouble.reason)
    if reply.status == 409:  # it is there already
        return Subscription()
    if not reply.is_success:
        return Subscription(problem=reply.problem)
    document = reply.document if isinstance(reply.document, dict) else {}
    return Subscription(document["id"] if is_id(document.get("id")) else "")
