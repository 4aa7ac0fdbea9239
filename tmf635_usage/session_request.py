"""What a network element asks of an online charging session, read strictly (extension `charging-sessions`).

Source: the shapes follow 3GPP TS 32.291 Nchf_ConvergedCharging (multiple unit usage per rating group, requested and
used units, invocation sequence number); the names are TM Forum's style.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.domain.clock import normal_instant
from common.domain.exact import EXACT
from common.domain.numbers import whole_number
from common.domain.units import UNITS
from common.errors import InvalidBody, Violation
from tmf635_usage.reading import digest

SERVICES_MAX = 20
ATTRIBUTES_MAX = 30
TEXT_MAX = 64
SESSION_ID_MAX = 128
SEQUENCE_MAX = 2**31 - 1
# More of a base unit in one request is a mistake of whoever measured.
AMOUNT_END = Decimal(10) ** 18
SUBSCRIBER_NAMES = ("product", "msisdn", "imsi", "ipAddress")
RELEASED = "released"


@dataclass(frozen=True)
class Amount:
    """So much of a base unit (`s`, `B`, `event`); `amount` None: whoever asks leaves it to us."""

    amount: Decimal | None
    unit: str


@dataclass(frozen=True)
class Asked:
    """One service in a request.

    Shapes: `rating_group` names it within its session; `usage_type` is said when it begins; `attributes` then, and
            when they change, for what is granted from now on;
            `started` is when what was `used` began, None: when the service was reported last.
    """

    rating_group: str
    usage_type: str | None
    attributes: Mapping[str, str]
    requested: Amount | None
    used: Amount | None
    started: datetime | None


@dataclass(frozen=True)
class Ask:
    """A request. `mark` tells the same request again from another one."""

    sequence: int
    services: tuple[Asked, ...]
    mark: str
    id: str | None = None
    subscriber: Mapping[str, str] = field(default_factory=dict)
    is_release: bool = False


def read_create(body: Any) -> Ask:
    """Errors: InvalidBody with everything that is wrong."""
    reader = _Reader(body, ("id", "sequence", "subscriber", "service"))
    ask = Ask(
        reader.sequence(default=0),
        reader.services(is_new=True),
        digest(body),
        reader.session_id(),
        reader.subscriber(),
    )
    reader.settle()
    return ask


def read_update(body: Any) -> Ask:
    """Errors: InvalidBody with everything that is wrong."""
    reader = _Reader(body, ("sequence", "status", "service"))
    status = reader.body.get("status")
    if status not in (None, RELEASED):
        reader.refuse("/status", "enum", f"leave it out, or say {RELEASED} to end the session")
    ask = Ask(
        reader.sequence(),
        reader.services(is_new=False, is_release=status == RELEASED),
        digest(body),
        is_release=status == RELEASED,
    )
    reader.settle()
    return ask


class _Reader:
    """One body, and what is wrong with it."""

    def __init__(self, body: Any, names: tuple[str, ...]) -> None:
        if not isinstance(body, dict):
            raise InvalidBody([Violation("", "type", "the body is a JSON object")])
        self.body: dict[str, Any] = body
        self._wrong: list[Violation] = []
        self._known("", body, names)

    def refuse(self, pointer: str, rule: str, message: str) -> None:
        self._wrong.append(Violation(pointer, rule, message))

    def settle(self) -> None:
        if self._wrong:
            raise InvalidBody(self._wrong)

    def sequence(self, default: int | None = None) -> int:
        value = whole_number(self.body.get("sequence", default))
        if value is None or not 0 <= value <= SEQUENCE_MAX:
            self.refuse("/sequence", "required", f"a whole number from 0 to {SEQUENCE_MAX}, one more each time")
            return 0
        return value

    def session_id(self) -> str | None:
        value = self.body.get("id")
        if value is not None and not (
            isinstance(value, str)
            and 0 < len(value) <= SESSION_ID_MAX
            and value.isprintable()
            and "/" not in value
            and value not in (".", "..")
        ):
            self.refuse("/id", "format", f"1 to {SESSION_ID_MAX} printable characters without /, not . or ..")
            return None
        return value

    def subscriber(self) -> dict[str, str]:
        value = self.body.get("subscriber")
        if not isinstance(value, dict) or not value:
            self.refuse("/subscriber", "required", f"say whose session it is by {', '.join(SUBSCRIBER_NAMES)}")
            return {}
        self._known("/subscriber", value, SUBSCRIBER_NAMES)
        for name in value:
            self._text(value, name, "/subscriber")
        return {name: value[name] for name in SUBSCRIBER_NAMES if isinstance(value.get(name), str)}

    def services(self, *, is_new: bool, is_release: bool = False) -> tuple[Asked, ...]:
        listed = self.body.get("service", [] if is_release else None)
        if not isinstance(listed, list) or not (is_release or listed) or len(listed) > SERVICES_MAX:
            self.refuse("/service", "required", f"a list of 1 to {SERVICES_MAX} services")
            return ()
        found = [self._service(f"/service/{place}", one) for place, one in enumerate(listed)]
        names = [one.rating_group for one in found]
        for place, one in enumerate(found):
            pointer = f"/service/{place}"
            if names.index(one.rating_group) < place:
                self.refuse(f"{pointer}/ratingGroup", "unique", "each service stands once in a request")
            if is_new and (one.requested is None or one.usage_type is None):
                self.refuse(pointer, "required", "a service begins with its usageType and a requestedUnit")
            if is_new and one.used is not None:
                self.refuse(f"{pointer}/usedUnit", "unknown", "nothing was used of a session that begins")
            if is_release and one.requested is not None:
                self.refuse(f"{pointer}/requestedUnit", "unknown", "a session that ends is granted nothing")
        return tuple(found)

    def _service(self, pointer: str, given: Any) -> Asked:
        if not isinstance(given, dict):
            self.refuse(pointer, "type", "a service is an object")
            return Asked("", None, {}, None, None, None)
        self._known(pointer, given, ("ratingGroup", "usageType", "attributes", "requestedUnit", "usedUnit"))
        group = self._text(given, "ratingGroup", pointer)
        if "/" in group:
            self.refuse(f"{pointer}/ratingGroup", "format", "a name without /")
        usage_type = self._text(given, "usageType", pointer) if "usageType" in given else None
        requested = self._amount(given, "requestedUnit", pointer, ("amount", "units"))
        used = self._amount(given, "usedUnit", pointer, ("amount", "units", "startDateTime"))
        if used is not None and used.amount is None:
            self.refuse(f"{pointer}/usedUnit/amount", "required", "say how much was used")
        if requested is not None and requested.amount == 0:
            self.refuse(
                f"{pointer}/requestedUnit/amount", "amount", "a number above 0; leave it out for the usual quota"
            )
        if requested is not None and used is not None and requested.unit != used.unit:
            self.refuse(f"{pointer}/usedUnit/units", "units", "what is used is measured as what is requested")
        return Asked(
            group, usage_type, self._attributes(pointer, given), requested, used, self._started(pointer, given)
        )

    def _amount(self, given: dict[str, Any], name: str, pointer: str, names: tuple[str, ...]) -> Amount | None:
        value, at = given.get(name), f"{pointer}/{name}"
        if value is None:
            return None
        if not isinstance(value, dict) or not isinstance(value.get("units"), str):
            self.refuse(at, "type", "an object such as {amount: 10, units: MB}")
            return None
        self._known(at, value, names)
        unit = UNITS.get(value["units"])
        if unit is None:
            self.refuse(f"{at}/units", "units", f"one of {', '.join(UNITS)}")
            return None
        amount = value.get("amount")
        if amount is None:
            return Amount(None, unit.base)
        if not isinstance(amount, int | Decimal) or isinstance(amount, bool) or not 0 <= amount < AMOUNT_END:
            self.refuse(f"{at}/amount", "amount", "a number from 0 on")
            return Amount(Decimal(1), unit.base)
        return Amount(plain_number(EXACT.multiply(Decimal(amount), unit.factor)), unit.base)

    def _started(self, pointer: str, given: dict[str, Any]) -> datetime | None:
        used = given.get("usedUnit")
        text = used.get("startDateTime") if isinstance(used, dict) else None
        if text is None:
            return None
        normal = normal_instant(text) if isinstance(text, str) else None
        if normal is None:
            self.refuse(f"{pointer}/usedUnit/startDateTime", "format", "a date-time such as 2026-02-01T00:00:00Z")
            return None
        return datetime.fromisoformat(normal)

    def _attributes(self, pointer: str, given: dict[str, Any]) -> dict[str, str]:
        value, at = given.get("attributes", {}), f"{pointer}/attributes"
        if not isinstance(value, dict) or len(value) > ATTRIBUTES_MAX:
            self.refuse(at, "type", f"an object of {ATTRIBUTES_MAX} attributes at most")
            return {}
        found = {}
        for name, each in value.items():
            if isinstance(each, bool):
                found[name] = "true" if each else "false"
            elif isinstance(each, str | int | Decimal) and 0 < len(str(each)) <= TEXT_MAX and name:
                found[name] = str(each)
            else:
                self.refuse(f"{at}/{name}", "type", f"a text of 1 to {TEXT_MAX} characters, a number, true or false")
        return found

    def _text(self, given: dict[str, Any], name: str, pointer: str) -> str:
        value = given.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= TEXT_MAX or not value.isprintable():
            self.refuse(f"{pointer}/{name}", "format", f"a text of 1 to {TEXT_MAX} printable characters")
            return ""
        return value

    def _known(self, pointer: str, given: dict[str, Any], names: tuple[str, ...]) -> None:
        for name in sorted(given.keys() - {*names}):
            self.refuse(f"{pointer}/{name}", "unknown", f"known here: {', '.join(names)}")


def plain_number(number: Decimal) -> Decimal:
    """The number without zeros that say nothing, and without an exponent."""
    return Decimal(f"{number.normalize(EXACT):f}")
