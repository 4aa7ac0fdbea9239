"""How a legal entity bills: rounding, numbers, days to pay. From its part of the billing file, else the usual."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from common.errors import ConfigurationError
from common.legal_entities import legal_entity, legal_entity_of
from common.settings import Settings
from tmf678_bill.billing.values import Policy, Rounding, TaxRounding
from tmf678_bill.tables import BILLS, CREDIT_NOTES

PAYMENT_DAYS = 14
PAYMENT_DAYS_MAX = 366
_FORMATS = {BILLS: "B-{sequence:08}", CREDIT_NOTES: "C-{sequence:08}"}
# `{sequence}` or `{sequence:08}`, `{year}` (of issue), `{entity}`.
_FORMAT = re.compile(r"(?:[^{}]|\{(?:sequence(?::0?[1-9][0-9]?)?|year|entity)\})*")
# Who bills an account is in whose books it is.
entity_of = legal_entity_of
_Choice = TypeVar("_Choice", Rounding, TaxRounding)


@dataclass(frozen=True)
class EntityPolicy:
    """Shapes: `formats` by series; every one of them has the sequence in it."""

    entity: str
    engine: Policy
    payment_days: int
    formats: Mapping[str, str]

    def number(self, series: str, sequence: int, issued: date) -> str:
        """The number as people see it."""
        return self.formats[series].format(sequence=sequence, year=issued.year, entity=self.entity)


def policy_of(entity: str, settings: Settings) -> EntityPolicy:
    """Errors: ConfigurationError naming what of the entity's policies cannot be."""
    given = legal_entity(settings, entity)
    engine = Policy(
        _choice(given, "rounding", Rounding, Rounding.HALF_EVEN, entity),
        _choice(given, "taxRounding", TaxRounding, TaxRounding.PER_LINE, entity),
    )
    return EntityPolicy(entity, engine, _days(given, entity), _formats(given, entity))


def _choice(given: Mapping[str, Any], name: str, kind: type[_Choice], usual: _Choice, entity: str) -> _Choice:
    try:
        return kind(given.get(name, usual))
    except ValueError:
        choices = ", ".join(one.value for one in kind)
        raise ConfigurationError(f"{name} of legal entity {entity!r} is one of {choices}") from None


def _days(given: Mapping[str, Any], entity: str) -> int:
    days = given.get("paymentDays", PAYMENT_DAYS)
    if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= PAYMENT_DAYS_MAX:
        raise ConfigurationError(f"paymentDays of legal entity {entity!r} is a number from 0 to {PAYMENT_DAYS_MAX}")
    return days


def _formats(given: Mapping[str, Any], entity: str) -> Mapping[str, str]:
    formats = {**_FORMATS, **(given.get("numbers") or {})}
    for series, text in formats.items():
        is_format = isinstance(text, str) and _FORMAT.fullmatch(text) is not None and "{sequence" in text
        if series not in _FORMATS or not is_format:
            raise ConfigurationError(
                f"numbers of legal entity {entity!r}: {series} is a text with {{sequence}} in it, as in "
                f"{_FORMATS[BILLS]!r}; series are {', '.join(_FORMATS)}"
            )
    return formats
