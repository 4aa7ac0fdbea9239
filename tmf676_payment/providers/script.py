"""What the built-in provider is told to do: rules in a JSON file, described in docs/payments.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from common import exact_json
from common.domain.durations import Duration, read_duration
from common.errors import ConfigurationError, MalformedJson
from common.spec.validators import CompiledValidator
from tmf676_payment.providers.port import Question

RULES_MAX = 1_000
_TEXT = {"type": "string", "minLength": 1}
_COUNT = {"type": "integer", "minimum": 0, "maximum": 100}
_RULE = {
    "type": "object",
    "properties": {
        "when": {
            "type": "object",
            "properties": {
                "operation": {"enum": ["authorise", "capture", "refund"]},
                "token": _TEXT,
                "method": _TEXT,
                "amount": {"type": "number"},
            },
            "additionalProperties": False,
        },
        "outcome": {"enum": ["done", "declined"]},
        "code": _TEXT,
        "reason": _TEXT,
        "times": _COUNT,
        "unheard": _COUNT,
        "lost": _COUNT,
        "delay": _TEXT,
        "webhooks": _COUNT,
        "isEarly": {"type": "boolean"},
        "chargeBack": _TEXT,
    },
    "additionalProperties": False,
}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["rules"],
    "properties": {"rules": {"type": "array", "items": _RULE, "maxItems": RULES_MAX}},
    "additionalProperties": False,
}
_VALIDATOR = CompiledValidator(lambda: SCHEMA, "the schema of the payment sandbox's script")


@dataclass(frozen=True)
class Rule:
    """One rule: for which questions, and what is answered.

    Shapes: `times` is how many questions it is for (0: all), by different keys; the first `unheard` times that a
            question is asked it does not arrive, the next `lost` answers are lost; the decision falls after `delay`
            and is told in so many `webhooks`, before the answer when `is_early`; `charge_back` is how long after the
            capture the customer's bank takes the money back.
    """

    when: Mapping[str, Any]
    is_declined: bool = False
    code: str = "declined"
    reason: str = "the sandbox was told so"
    times: int = 0
    unheard: int = 0
    lost: int = 0
    delay: Duration | None = None
    webhooks: int = 0
    is_early: bool = False
    charge_back: Duration | None = None

    def fits(self, question: Question) -> bool:
        known = {"operation": question.operation.value, "token": question.token, "method": question.method}
        if any(self.when.get(name, value) != value for name, value in known.items()):
            return False
        return "amount" not in self.when or Decimal(self.when["amount"]) == question.amount.amount


AT_ONCE = Rule({})


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules in a file, as they stand.

    Errors: ConfigurationError naming every place that cannot be used.
    """
    try:
        document = exact_json.decode(path.read_bytes())
    except (OSError, MalformedJson) as error:
        raise ConfigurationError(f"BSS_PAYMENT_SANDBOX_FILE: {path}: {error}") from error
    found = [f"{violation.pointer}: {violation.message}" for violation in _VALIDATOR.violations(document)]
    if found:
        raise ConfigurationError(f"BSS_PAYMENT_SANDBOX_FILE: {path}: {'; '.join(found)}")
    return tuple(_rule(one) for one in document["rules"])


def _rule(given: Mapping[str, Any]) -> Rule:
    return Rule(
        when=given.get("when", {}),
        is_declined=given.get("outcome") == "declined",
        code=given.get("code", Rule.code),
        reason=given.get("reason", Rule.reason),
        times=given.get("times", 0),
        unheard=given.get("unheard", 0),
        lost=given.get("lost", 0),
        delay=_span(given, "delay"),
        webhooks=given.get("webhooks", 0),
        is_early=given.get("isEarly", False),
        charge_back=_span(given, "chargeBack"),
    )


def _span(given: Mapping[str, Any], name: str) -> Duration | None:
    if name not in given:
        return None
    span = read_duration(given[name])
    if span is None:
        raise ConfigurationError(
            f"BSS_PAYMENT_SANDBOX_FILE: {name} {given[name]!r}: give a duration such as PT5M or P3D"
        )
    return span
