"""Periods of validity: half-open, either end may be missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from common.component import RuleContext
from common.domain.clock import instant_text, normal_instant
from common.domain.query import Document


def check_periods(document: Document, context: RuleContext) -> None:
    """Refuse every `validFor`, at any depth, that is over before it begins.

    Source: TMF620 v5.0.0 TimePeriod; half-open, so that a period ending where it starts holds nothing.
    """
    for pointer, period in _periods(document, ""):
        start, end = _bounds(period)
        if start and end and start >= end:
            context.refuse(f"{pointer}/endDateTime", "period", "a period ends after it starts")


def has_ended(document: Document, now: datetime) -> bool:
    """Whether the validity of an entity is over."""
    _, end = _bounds(document.get("validFor"))
    return bool(end) and end <= _sortable(instant_text(now))


def overlap(left: Document, right: Document) -> bool:
    """Whether two entities are ever valid together."""
    left_start, left_end = _bounds(left.get("validFor"))
    right_start, right_end = _bounds(right.get("validFor"))
    is_after = bool(left_end) and right_start >= left_end
    is_before = bool(right_end) and left_start >= right_end
    return not (is_after or is_before)


def _bounds(period: Any) -> tuple[str, str]:
    """Start and end as texts that sort as instants do; empty where the period is open."""
    if not isinstance(period, dict):
        return "", ""
    return _sortable(period.get("startDateTime")), _sortable(period.get("endDateTime"))


def _sortable(value: Any) -> str:
    text = normal_instant(value) if isinstance(value, str) else None
    return text.rstrip("Z") if text else ""


def _periods(node: Any, pointer: str) -> Iterator[tuple[str, Document]]:
    if isinstance(node, list):
        for index, element in enumerate(node):
            yield from _periods(element, f"{pointer}/{index}")
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "validFor" and isinstance(value, dict):
                yield f"{pointer}/validFor", value
            elif isinstance(value, dict | list):
                step = name.replace("~", "~0").replace("/", "~1")
                yield from _periods(value, f"{pointer}/{step}")
