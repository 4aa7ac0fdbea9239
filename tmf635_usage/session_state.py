"""A charging session as it stands, and the usage documents that become of what it reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.domain.clock import instant_text
from common.domain.ids import ordered_id
from common.domain.query import Document
from common.errors import ClientError, Conflict, InvalidBody, Violation
from tmf635_usage.rating.values import RATING_GROUP, ZERO, Usage
from tmf635_usage.reading import attributes_of
from tmf635_usage.session_request import Ask, Asked, plain_number

OPEN, RELEASED, LAPSED = "open", "released", "lapsed"
# The source of the usage that sessions report (`externalIdentifier.owner`).
SOURCE = "charging-session"


class UserUnknown(ClientError):
    code, status, reason = "charging.user-unknown", 404, "Nobody has this identifier"


class NotActive(ClientError):
    code, status, reason = "charging.not-active", 403, "The product is not active"


class NoPrice(ClientError):
    code, status, reason = "charging.no-price", 403, "No price is for this use"


class NotRatable(ClientError):
    code, status, reason = "charging.not-ratable", 403, "The use cannot be rated"


class NothingLeft(ClientError):
    code, status, reason = "charging.nothing-left", 403, "Neither allowance nor money is left"


class SessionEnded(Conflict):
    code, reason = "charging.session-ended", "The session has ended"


class SequenceOld(Conflict):
    code, reason = "charging.sequence-old", "The request was answered long ago"


class SequenceGap(Conflict):
    code, reason = "charging.sequence-gap", "A request before this one is missing"


class OtherRequest(Conflict):
    code, reason = "charging.other-request", "The number was another request's"


# What a service's `resultCode` says when nothing was granted because the session lapsed before.
SESSION_LAPSED = "charging.session-lapsed"
SUCCESS = "success"


@dataclass
class Service:
    """One service of a session. Quantities are in base units; `since` is when it was reported or granted last."""

    rating_group: str
    usage_type: str
    attributes: dict[str, str]
    unit: str
    since: datetime
    used: Decimal = ZERO
    granted: Decimal = ZERO

    @property
    def plain(self) -> Document:
        return {**vars(self), "since": instant_text(self.since)}


@dataclass
class Session:
    """A session (`tables.SESSIONS`). `mark` and `reply` are of the request with its `sequence`."""

    id: str
    product: str
    account: str | None
    state: str
    sequence: int
    started: datetime
    expires: datetime
    subscriber: Mapping[str, str]
    services: dict[str, Service] = field(default_factory=dict)
    mark: str = ""
    reply: Document = field(default_factory=dict)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Session:
        doc = row["doc"]
        services = {
            one["rating_group"]: Service(
                **{
                    **one,
                    "since": datetime.fromisoformat(one["since"]),
                    "used": Decimal(one["used"]),
                    "granted": Decimal(one["granted"]),
                }
            )
            for one in doc["services"]
        }
        named = {name: row[name] for name in ("id", "product", "state", "sequence", "started", "expires")}
        kept = {name: doc[name] for name in ("account", "subscriber", "mark", "reply")}
        return cls(**named, **kept, services=services)

    @property
    def row(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in ("id", "product", "state", "sequence", "started", "expires")},
            "doc": {
                **{name: getattr(self, name) for name in ("account", "subscriber", "mark", "reply")},
                "services": [one.plain for one in self.services.values()],
            },
        }

    def hold_of(self, group: str) -> str:
        """What money that is held for a service is known by."""
        return f"{self.id}/{group}"

    def answered(self, ask: Ask) -> Document | None:
        """What was answered to this request, when it is the last one again; None when it is the next one.

        Errors: OtherRequest; SequenceOld; SequenceGap; SessionEnded.
        """
        named = f"request {ask.sequence} of session {self.id[:80]!r}"
        if ask.sequence == self.sequence:
            if ask.mark != self.mark:
                raise OtherRequest(f"{named} said something else before; the next one is {self.sequence + 1}")
            return self.reply
        if ask.sequence < self.sequence:
            raise SequenceOld(f"{named} was answered, and others after it; the next one is {self.sequence + 1}")
        if self.state == RELEASED:
            raise SessionEnded(f"session {self.id[:80]!r} was released; open a new one")
        if ask.sequence > self.sequence + 1:
            raise SequenceGap(f"{named} comes before {self.sequence + 1}; send that one first")
        return None

    def join(self, asked: Asked, place: int, now: datetime) -> Service:
        """The service that is asked about; a new one when the session did not have it.

        Errors: InvalidBody.
        """
        known = self.services.get(asked.rating_group)
        amount = asked.requested or asked.used
        if known is None:
            if asked.usage_type is None or asked.requested is None or asked.used is not None:
                told = "the session has no such service; one begins with its usageType and a requestedUnit"
                raise InvalidBody([Violation(f"/service/{place}/ratingGroup", "unknown", told)])
            unit = asked.requested.unit
            known = Service(asked.rating_group, asked.usage_type, dict(asked.attributes), unit, now)
            self.services[asked.rating_group] = known
        elif amount is not None and amount.unit != known.unit:
            told = f"the service is measured in {known.unit}"
            raise InvalidBody([Violation(f"/service/{place}", "units", told)])
        elif asked.usage_type not in (None, known.usage_type):
            told = f"the service is {known.usage_type}; another one has a ratingGroup of its own"
            raise InvalidBody([Violation(f"/service/{place}/usageType", "immutable", told)])
        return known

    def shown(self) -> Document:
        """The session as whoever looks at it sees it."""
        return {
            **self.head(),
            "startDateTime": instant_text(self.started),
            "service": [
                {
                    "ratingGroup": one.rating_group,
                    "usageType": one.usage_type,
                    "grantedUnit": {"amount": plain_number(one.granted), "units": one.unit},
                    "usedUnit": {"amount": plain_number(one.used), "units": one.unit},
                }
                for one in self.services.values()
            ],
        }

    def head(self) -> Document:
        return {
            "id": self.id,
            "@type": "ChargingSession",
            "status": self.state,
            "sequence": self.sequence,
            "product": {"id": self.product},
            "validUntil": instant_text(self.expires),
        }


def values_of(
    session: Session, service: Service, at: datetime, quantity: Decimal, before: Decimal
) -> dict[str, str | Decimal]:
    """What is said of a part of what a session used, or asks for, by the names of characteristics."""
    return {
        **{name: value for name, value in session.subscriber.items() if name != "product"},
        **service.attributes,
        RATING_GROUP: service.attributes.get(RATING_GROUP, service.rating_group),
        "session": session.id,
        "startDateTime": instant_text(at),
        "quantity": plain_number(quantity),
        "unit": service.unit,
        "usedBefore": plain_number(before),
    }


def usage_as(service: Service, at: datetime, values: Mapping[str, Any]) -> Usage:
    """What `reading.read` makes of a usage document with these values; `at` is to the millisecond."""
    return Usage(service.usage_type, at, values["quantity"], service.unit, attributes_of(values), values["usedBefore"])


def usage_of(session: Session, service: Service, values: Mapping[str, Any], number: str) -> Document:
    """The usage document of a part of what a session used. `number` is the part's own within the session."""
    return {
        "id": ordered_id(),
        "@type": "ProductUsage",
        "usageType": service.usage_type,
        "externalIdentifier": [
            {
                "@type": "ExternalIdentifier",
                "owner": SOURCE,
                "externalIdentifierType": "session",
                "id": f"{session.id}/{number}",
            }
        ],
        "product": {"@type": "ProductRef", "id": session.product, "@referredType": "Product"},
        "usageSpecification": {
            "@type": "ProductUsageSpecificationRef",
            "id": f"usage-spec-{service.usage_type}",
        },
        "usageCharacteristic": [_characteristic(name, value) for name, value in values.items()],
    }


def _characteristic(name: str, value: str | Decimal) -> Document:
    kind = "Number" if isinstance(value, Decimal) else "String"
    return {"@type": f"{kind}Characteristic", "name": name, "valueType": kind.lower(), "value": value}
