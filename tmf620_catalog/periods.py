"""Periods of validity in the catalogue: which are checked, and how two of them compare."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common.component import RuleContext
from common.domain.clock import instant_text, normal_instant
from common.domain.periods import END, START
from common.domain.query import Document
from common.rules import check_period

# Where TMF620 v5.0.0 has a TimePeriod that a catalogue's owner writes.
_PLACES = (
    "validFor",
    "productOfferingTerm.validFor",
    "productOfferingRelationship.validFor",
    "productOfferingPrice.validFor",
    "prodSpecCharValueUse.validFor",
    "productSpecCharacteristic.validFor",
    "productSpecCharacteristic.characteristicValueSpecification.validFor",
    "productSpecificationRelationship.validFor",
    "pricingLogicAlgorithm.validFor",
)


def check_periods(document: Document, context: RuleContext) -> None:
    """Refuse every period of a catalogue entity that ends before it starts."""
    for place in _PLACES:
        check_period(document, place, context)


def has_ended(document: Document, now: datetime) -> bool:
    """Whether the validity of an entity is over; periods are half-open."""
    _, end = _bounds(document.get("validFor"))
    return bool(end) and end <= _sortable(instant_text(now))


def overlap(left: Document, right: Document) -> bool:
    """Whether two entities are ever valid together."""
    left_start, left_end = _bounds(left.get("validFor"))
    right_start, right_end = _bounds(right.get("validFor"))
    is_after = bool(left_end) and right_start >= left_end
    is_before = bool(right_end) and left_start >= right_end
    return not (is_after or is_before)


def is_narrowed(before: Document, after: Document) -> bool:
    """Whether an entity was valid at a time at which it is not any more."""
    start_before, end_before = _bounds(before.get("validFor"))
    start, end = _bounds(after.get("validFor"))
    return start > start_before or (bool(end) and (not end_before or end < end_before))


def _bounds(period: Any) -> tuple[str, str]:
    """Start and end as texts that sort as instants do; empty where the period is open."""
    if not isinstance(period, dict):
        return "", ""
    return _sortable(period.get(START)), _sortable(period.get(END))


def _sortable(value: Any) -> str:
    text = normal_instant(value) if isinstance(value, str) else None
    return text.rstrip("Z") if text else ""
