"""How the allowances of a plan stand at an instant: what usage at that instant would draw from, and how much is left.

Nothing is moved. A grant that nobody drew from yet is there whole, as the plan says; so is what rolled over of one.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, localcontext
from typing import NamedTuple

from common.domain.exact import EXACT
from tmf635_usage.rating.buckets import Slot, slots_at
from tmf635_usage.rating.compiled import CompiledAllowance, CompiledPlan
from tmf635_usage.rating.tally import Tally
from tmf635_usage.rating.values import ZERO, Allowance, BucketKey, Subject


class Standing(NamedTuple):
    """A grant in the span in which it can be drawn from.

    Shapes: `granted` is what can be drawn in this span in all, `used` what was: granted = used + left. Of a grant that
            rolled over, the span is what follows its own period, and `granted` what came over. `start` and `end` are
            half-open; quantities in base units (`unit`).
    """

    allowance: Allowance
    key: BucketKey
    unit: str
    granted: Decimal
    used: Decimal
    left: Decimal
    start: datetime
    end: datetime
    is_rolled: bool


def standing(plan: CompiledPlan, subject: Subject, tally: Tally, at: datetime) -> list[Standing]:
    """The grants of every usage type at the instant, in drawing order within each type."""
    found = []
    with localcontext(EXACT):
        for usage_type in sorted(plan.allowances):
            valid = tuple(one for one in plan.allowances[usage_type] if _is_valid(one, at))
            found += [_standing(slot) for slot in slots_at(at, valid, subject, tally).slots]
    # What rolled over and is used up, or was never left, is nothing that anybody has.
    return [one for one in found if not one.is_rolled or one.granted]


def _is_valid(allowance: CompiledAllowance, at: datetime) -> bool:
    start, end = allowance.valid_from, allowance.valid_until
    return (start is None or start <= at) and (end is None or at < end)


def _standing(slot: Slot) -> Standing:
    held, allowance = slot.held, slot.allowance.allowance
    left = max(slot.available(), ZERO)
    if slot.is_rolled:
        return Standing(
            allowance, held.key, slot.unit, held.rolled + left, held.rolled, left, held.end, held.expires, True
        )
    # What was drawn of it after its period is used, for whoever looks back.
    used = held.used + held.rolled
    return Standing(allowance, held.key, slot.unit, used + left, used, left, held.key.start, held.end, False)
