"""Every check, in the order in which they run: what reads, what changes, what listens."""

from __future__ import annotations

from common.conformance.check import Check
from common.conformance.checks import (
    concurrency,
    echo,
    errors,
    events,
    filters,
    generated,
    idempotency,
    operations,
    paging,
    patches,
    polymorphism,
    read_only,
    schema,
    selection,
    sorting,
)

CHECKS: tuple[Check, ...] = (
    *operations.CHECKS,
    *schema.CHECKS,
    *echo.CHECKS,
    *read_only.CHECKS,
    *paging.CHECKS,
    *filters.CHECKS,
    *sorting.CHECKS,
    *selection.CHECKS,
    *patches.CHECKS,
    *concurrency.CHECKS,
    *idempotency.CHECKS,
    *polymorphism.CHECKS,
    *errors.CHECKS,
    *events.CHECKS,
    *generated.CHECKS,
)
assert len({one.name for one in CHECKS}) == len(CHECKS), "a check's name is its own"
