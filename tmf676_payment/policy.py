"""How a legal entity collects and duns, by segment: from its part of the billing file, else the usual way.

An account's segment is its `accountType`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from common.component import RuleContext
from common.domain.query import Document
from common.errors import ConfigurationError
from common.legal_entities import legal_entity
from common.settings import Settings
from tmf676_payment.accounts import entity_of

REMINDER, RESTRICT, SUSPEND, TERMINATE, WRITE_OFF = "reminder", "restrict", "suspend", "terminate", "writeOff"
ACTIONS = (REMINDER, RESTRICT, SUSPEND, TERMINATE, WRITE_OFF)
DAYS_MAX, STEPS_MAX = 3_660, 50
_STEPS = (
    {"afterDays": 3, "action": REMINDER},
    {"afterDays": 10, "action": REMINDER},
    {"afterDays": 17, "action": RESTRICT},
    {"afterDays": 24, "action": SUSPEND},
    {"afterDays": 54, "action": TERMINATE},
    {"afterDays": 90, "action": WRITE_OFF},
)
_DUNNING = {"minimum": 1, "steps": _STEPS}
# What a provider says of a means of paying that will not do another day either.
_FINAL = ("accountClosed", "cardExpired", "cardStolen", "fraud", "invalidAccount", "invalidCard", "mandateRevoked")
_COLLECTION = {"retryAfterDays": [3, 7, 14], "finalDeclines": list(_FINAL)}


@dataclass(frozen=True)
class Step:
    """What is done so many days after the due date of the bill that has been open for longest."""

    after_days: int
    action: str


@dataclass(frozen=True)
class Dunning:
    """Shapes: accounts that owe less than `minimum`, in their currency, are left alone; `steps` by their days."""

    minimum: Decimal
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Collection:
    """Shapes: after a decline the bill is asked for again so many days later, once for each number."""

    retry_after_days: tuple[int, ...]
    final_declines: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    dunning: Dunning
    collection: Collection


def policy_for(context: RuleContext, account: Document) -> Policy:
    """The policy of an account. Errors: ConfigurationError."""
    return policy_of(context.settings, entity_of(account, context), str(account.get("accountType", "")))


def policy_of(settings: Settings, entity: str, segment: str) -> Policy:
    """Errors: ConfigurationError naming what of the entity's policies cannot be."""
    given = legal_entity(settings, entity)
    where = f"of legal entity {entity!r}"
    dunning = _for_segment(_DUNNING, given.get("dunning"), segment, f"dunning {where}")
    collection = _for_segment(_COLLECTION, given.get("collection"), segment, f"collection {where}")
    return Policy(_dunning(dunning, f"dunning {where}"), _collection(collection, f"collection {where}"))


def _for_segment(usual: Mapping[str, Any], given: Any, segment: str, where: str) -> dict[str, Any]:
    """The usual, what the entity says instead, and what it says of the segment."""
    own = {} if given is None else given
    if not isinstance(own, Mapping) or not isinstance(own.get("segments", {}), Mapping):
        raise ConfigurationError(f"{where} is a mapping, and so are its segments")
    of_segment = own.get("segments", {}).get(segment, {})
    found = {**usual, **{name: value for name, value in own.items() if name != "segments"}, **of_segment}
    if unknown := sorted(found.keys() - usual.keys()):
        raise ConfigurationError(f"{where} has {', '.join(usual)} and segments; not {', '.join(map(str, unknown))}")
    return found


def _dunning(given: Mapping[str, Any], where: str) -> Dunning:
    minimum, steps = given["minimum"], given["steps"]
    if isinstance(minimum, bool) or not isinstance(minimum, int | str | Decimal):
        raise ConfigurationError(f"minimum of {where} is a whole number, or a text such as '2.50'")
    try:
        amount = Decimal(minimum)
    except ArithmeticError:
        raise ConfigurationError(f"minimum of {where} is {minimum!r}; give a number") from None
    if not isinstance(steps, list | tuple) or len(steps) > STEPS_MAX:
        raise ConfigurationError(f"steps of {where} are a list of {STEPS_MAX} at most")
    found = tuple(_step(one, where) for one in steps)
    if any(later.after_days < earlier.after_days for earlier, later in pairwise(found)):
        raise ConfigurationError(f"steps of {where} come in the order of their afterDays")
    return Dunning(amount, found)


def _step(given: Any, where: str) -> Step:
    days = given.get("afterDays") if isinstance(given, Mapping) else None
    action = given.get("action") if isinstance(given, Mapping) else None
    if not _is_days(days) or action not in ACTIONS:
        choices = ", ".join(ACTIONS)
        raise ConfigurationError(f"a step of {where} has afterDays, 0 to {DAYS_MAX}, and an action of {choices}")
    assert isinstance(days, int)
    return Step(days, str(action))


def _collection(given: Mapping[str, Any], where: str) -> Collection:
    days, final = given["retryAfterDays"], given["finalDeclines"]
    if not isinstance(days, list) or not all(_is_days(one) for one in days):
        raise ConfigurationError(f"retryAfterDays of {where} is a list of days, as in [3, 7, 14]")
    if not isinstance(final, list) or not all(isinstance(one, str) for one in final):
        raise ConfigurationError(f"finalDeclines of {where} is a list of codes")
    return Collection(tuple(days), tuple(final))


def _is_days(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= DAYS_MAX
