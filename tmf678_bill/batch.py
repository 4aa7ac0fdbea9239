"""A bill run: every account that is due, each in transactions of its own, several at once where the database can.

An account that cannot be billed is noted with its reason and stops nobody else. A run that was broken off is done by
the next one: what it billed is not due any more. On SQLite, which has one writer, accounts are billed one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog

from common.domain.cycles import midnight
from common.domain.ids import ordered_id
from common.domain.money import Money
from common.errors import ClientError, ServerError, Unavailable
from common.installation import Installation
from common.rest.actions import acting
from common.store.records import Between
from common.store.unit_of_work import UnitOfWork
from tmf678_bill.issue import Issued
from tmf678_bill.run import bill_next_cycle
from tmf678_bill.tables import BILLING, OUTCOMES, RUNS

WORKERS = 4
# Times that a transaction is tried which the database refuses because of others.
ATTEMPTS_MAX = 5
# Cycles of one account in one run: ten years of months.
CYCLES_MAX = 120
_AT_ONCE = 500
# Instants are kept in milliseconds.
_MOMENT = timedelta(milliseconds=1)
# A local day begins within so long of the day in UTC.
_ZONES = timedelta(hours=15)

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Result(StrEnum):
    BILLED = "billed"
    NOTHING = "nothing"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """What came of an account. Shapes: `reason` is (code, message) of a failure."""

    account: str
    result: Result
    bills: tuple[Issued, ...] = ()
    reason: tuple[str, str] | None = None


@dataclass
class Report:
    """What came of a run, in the order of accounts."""

    run: str
    outcomes: list[Outcome] = field(default_factory=list)

    def of(self, result: Result) -> list[Outcome]:
        return [one for one in self.outcomes if one.result is result]

    def totals(self) -> dict[str, Money]:
        """The sum of what was billed, by currency."""
        sums: dict[str, Money] = {}
        for outcome in self.outcomes:
            for bill in outcome.bills:
                currency = bill.gross.currency
                sums[currency] = sums[currency] + bill.gross if currency in sums else bill.gross
        return dict(sorted(sums.items()))


@dataclass(frozen=True)
class BillRun:
    """Which accounts: those with these ids, or on this cycle specification; else all that are due.

    Shapes: `until` is an instant, or a day that begins at each account's own midnight; None: now.
    """

    installation: Installation
    accounts: tuple[str, ...] = ()
    specification: str | None = None
    until: datetime | date | None = None
    dry_run: bool = False
    workers: int = WORKERS
    progress: Callable[[int, int], None] = lambda done, total: None

    def run(self) -> Report:
        """Errors: ConfigurationError; Unavailable."""
        started = self.installation.clock.now()
        report = Report(ordered_id())
        self._note_run(report.run, started, None)
        due = list(self._due(started))
        workers = self.workers if self.installation.database.dialect_name == "postgresql" else 1
        with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
            futures = [pool.submit(self._account, report.run, account, until) for account, until in due]
            for done, future in enumerate(futures, 1):
                report.outcomes.append(future.result())
                self.progress(done, len(due))
        self._note_run(report.run, started, self.installation.clock.now())
        return report

    # -- which accounts -----------------------------------------------------------------------------------------------

    def _due(self, now: datetime) -> Iterator[tuple[str, datetime]]:
        """Accounts, each with the instant until which it is billed."""
        where: dict[str, Any] = {}
        if self.accounts:
            where["account"] = tuple(sorted(set(self.accounts)))
        else:
            where["next"] = Between(None, self._latest(now) + _MOMENT)
        if self.specification is not None:
            where["specification"] = self.specification
        after: tuple[str] | None = None
        found: set[str] = set()
        while True:
            with self.installation.database.read() as uow:
                rows = uow.records(BILLING.name).find(where, limit=_AT_ONCE, after=after)
            for row in rows:
                found.add(row["account"])
                until = self._until(row, now)
                if self.accounts or (row["next"] is not None and row["next"] <= until):
                    yield row["account"], until
            if len(rows) < _AT_ONCE:
                break
            after = (rows[-1]["account"],)
        yield from ((one, now) for one in sorted(set(self.accounts) - found))

    def _latest(self, now: datetime) -> datetime:
        if isinstance(self.until, datetime):
            return self.until
        return now if self.until is None else midnight(self.until, ZoneInfo("UTC")) + _ZONES

    def _until(self, row: dict[str, Any], now: datetime) -> datetime:
        if isinstance(self.until, datetime):
            return self.until
        return now if self.until is None else midnight(self.until, ZoneInfo(row["zone"]))

    # -- one account --------------------------------------------------------------------------------------------------

    def _account(self, run: str, account: str, until: datetime) -> Outcome:
        bills: list[Issued] = []
        try:
            if self.dry_run:
                bills = _again(lambda: self._dry(run, account, until))
            else:
                self._cycles(run, account, until, bills)
        except ClientError as error:
            return self._failed(run, account, bills, error.code, error.message)
        except ServerError:
            raise  # no database, no policies: that is so for everybody
        except Exception as error:
            # The worker edge: a fault of ours in one account stops no other.
            _log.exception("an account was not billed", account=account)
            return self._failed(run, account, bills, "internal", type(error).__name__)
        return Outcome(account, Result.BILLED if bills else Result.NOTHING, tuple(bills))

    def _cycles(self, run: str, account: str, until: datetime, bills: list[Issued]) -> None:
        """Every cycle that has ended; `bills` gets those that were issued, also when a later one fails."""
        for _ in range(CYCLES_MAX):
            before = len(bills)
            went_on, bill = _again(lambda before=before: self._cycle(run, account, until, before))  # type: ignore[misc]
            bills += [bill] if bill is not None else []
            if not went_on:
                return

    def _cycle(self, run: str, account: str, until: datetime, before: int) -> tuple[bool, Issued | None]:
        """One cycle in its transaction: whether there was one, and its bill."""
        with self.installation.database.write() as uow:
            act = acting(self.installation, uow, account)
            billed = bill_next_cycle(act.context("billingAccount"), account, until, run)
            if billed is None:
                if not before:
                    _note(uow, run, account, Result.NOTHING, 0)
                    uow.commit()
                return False, None
            bills = before + (billed.bill is not None)
            _note(uow, run, account, Result.BILLED if bills else Result.NOTHING, bills)
            uow.commit()
        return True, billed.bill

    def _dry(self, run: str, account: str, until: datetime) -> list[Issued]:
        """The same, one cycle after the other in one transaction that is not committed."""
        bills = []
        with self.installation.database.write() as uow:
            context = acting(self.installation, uow, account).context("billingAccount")
            for _ in range(CYCLES_MAX):
                billed = bill_next_cycle(context, account, until, run)
                if billed is None:
                    break
                bills += [billed.bill] if billed.bill is not None else []
        return bills

    # -- what is noted ------------------------------------------------------------------------------------------------

    def _failed(self, run: str, account: str, bills: list[Issued], code: str, message: str) -> Outcome:
        if not self.dry_run:
            with self.installation.database.write() as uow:
                _note(uow, run, account, Result.FAILED, len(bills), f"{code}: {message}")
                uow.records(BILLING.name).update({"account": account}, {"problem": f"{code}: {message}"})
                uow.commit()
        return Outcome(account, Result.FAILED, tuple(bills), (code, message))

    def _note_run(self, run: str, started: datetime, ended: datetime | None) -> None:
        if self.dry_run:
            return
        asked = ", ".join(self.accounts) or self.specification or "due"
        row = {"id": run, "asked": asked[:1000], "until": self._latest(started)}
        with self.installation.database.write() as uow:
            uow.records(RUNS.name).put([{**row, "started_at": started, "ended_at": ended}])
            uow.commit()


def _again(work: Callable[[], _T]) -> _T:
    """Do it, and again when the database says that others were in the way. Errors: Unavailable in the end."""
    for _ in range(ATTEMPTS_MAX - 1):
        try:
            return work()
        except Unavailable:
            continue
    return work()


def _note(uow: UnitOfWork, run: str, account: str, result: Result, bills: int, reason: str | None = None) -> None:
    row = {"run": run, "account": account, "outcome": result.value, "bills": bills, "reason": reason}
    uow.records(OUTCOMES.name).put([row])
