"""Whether what is kept agrees with itself: checks that components declare (`Component.checks`), run over one moment.

A check looks at the whole store and tells each thing that is not as it must be: which records, what is wrong, and what
to do. It changes nothing and may be run at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Gauge

from common.component import Library, imported
from common.errors import NotFound
from common.events import admin
from common.events.admin import DeliveryState
from common.installation import Installation
from common.settings import Settings
from common.store.audit import Audit
from common.store.records import Records
from common.store.unit_of_work import UnitOfWork

# Findings of one check that are shown; the others are counted.
SHOWN_MAX = 100
# Work that is this late is not being done.
LATE = timedelta(hours=1)
# Occasions in a row that failed; fewer come right by themselves.
FAILURES_MAX = 5
# Records that are looked at together.
_AT_ONCE = 500
_Part = TypeVar("_Part")


@dataclass(frozen=True)
class Finding:
    """Something that is not as it must be.

    Shapes: `records` name what it is about (`customerBill 7`); `remedy` says what to do about it.
    """

    records: tuple[str, ...]
    message: str
    remedy: str


@dataclass(frozen=True)
class Check:
    """One reconciliation. `name` is stable (`bill.items`); `find` reads `Books` and yields what is wrong, in order."""

    name: str
    about: str
    find: Callable[[Books], Iterable[Finding]]


@dataclass(frozen=True)
class Result:
    """What one check found; `count` is all of it, `findings` the first of them."""

    check: Check
    count: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Books:
    """What checks read: everything as it was at one moment."""

    installation: Installation
    uow: UnitOfWork
    now: datetime

    @property
    def settings(self) -> Settings:
        return self.installation.settings

    @property
    def audit(self) -> Audit:
        return self.uow.audit

    @cached_property
    def library(self) -> Library:
        return self.installation.library(self.uow)

    def stored(self, resource: str) -> str:
        """The table of a resource, for `audit`."""
        return self.installation.by_name[resource].stored.name

    def serves(self, resource: str) -> bool:
        return resource in self.installation.by_name

    def records(self, table: str) -> Records:
        return self.uow.records(table)

    def offered(self, name: str) -> Any:
        """What a component offers; None when no component does."""
        return self.installation.offered(name, self.uow)


def checks_of(installation: Installation) -> tuple[Check, ...]:
    """Every check there is: the suite's own, then those of the components."""
    listed = [*CHECKS]
    for component in installation.components:
        if component.checks is not None:
            listed += imported(component.checks)
    names = [check.name for check in listed]
    assert len(names) == len(set(names)), "checks have names of their own"
    return tuple(listed)


def assure(installation: Installation, names: Iterable[str] = (), tenant: str = "default") -> Iterator[Result]:
    """Run all checks, or those named, over one moment; the result of each as it is there.

    Errors: NotFound when a check is named that there is none of.
    """
    wanted, known = set(names), checks_of(installation)
    for name in sorted(wanted - {check.name for check in known}):
        raise NotFound("check", name)
    with installation.database.snapshot(tenant) as uow:
        books = Books(installation, uow, installation.clock.now())
        for check in known:
            if not wanted or check.name in wanted:
                yield _run(check, books)


def in_parts(listed: Iterable[_Part]) -> Iterator[list[_Part]]:
    """Some at a time, so that questions about them are few and a large store does not fill the memory."""
    rest = iter(listed)
    while part := list(islice(rest, _AT_ONCE)):
        yield part


def metrics(results: Iterable[Result]) -> CollectorRegistry:
    """How much each check found, for a dashboard."""
    registry = CollectorRegistry()
    found = Gauge("bss_assurance_findings", "Things that are not as they must be", ["check"], registry=registry)
    for result in results:
        found.labels(result.check.name).set(result.count)
    return registry


def _run(check: Check, books: Books) -> Result:
    count, shown = 0, []
    for finding in check.find(books):
        count += 1
        if count <= SHOWN_MAX:
            shown.append(finding)
    return Result(check, count, tuple(shown))


# -- the suite's own --------------------------------------------------------------------------------------------------


def _parked(books: Books) -> Iterator[Finding]:
    for one in admin.deliveries(books.uow, state=DeliveryState.PARKED, subscription=None, most=admin.RECORDS_MAX):
        yield Finding(
            (f"event {one.event_id}", f"subscription {one.subscription_id}"),
            f"{one.event_type} was not delivered in {one.attempts} attempts: {one.last_error}",
            "mend the listener, then `bss events replay --parked`; or remove the subscription",
        )


def _late(books: Books) -> Iterator[Finding]:
    for one in books.uow.agenda.late(books.now - LATE, FAILURES_MAX):
        told = f"failed {one.failures} times in a row" if one.failures >= FAILURES_MAX else f"was due at {one.due}"
        yield Finding(
            (f"work {one.kind} {one.key}",),
            f"it {told} and is not done",
            "see that a worker runs (bss serve or bss worker); its log names the failure of this work",
        )


def _miscounted(books: Books) -> Iterator[Finding]:
    for one in books.audit.miscounted():
        yield Finding(
            (f"{one.resource} {one.parent} {one.path}{one.value or ' (none)'}",),
            f"{one.kept} are kept and there are {one.counted}",
            "bss migrate --recount; tell us",
        )


CHECKS = (
    Check("events.delivered", "Every event reached its listeners, or is on its way.", _parked),
    Check("work.done", "What fell due was done.", _late),
    Check("lists.counted", "Lists have as many entries as they say.", _miscounted),
)
