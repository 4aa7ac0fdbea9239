"""A bill run: every account that is due, some together in one transaction, several groups at once on PostgreSQL.

An account that cannot be billed is noted with its reason and stops nobody else: its group is billed one by one. A run
that was broken off is done by the next one: what it billed is not due any more. Several runs may go on at once, on
several machines: accounts that one holds are left alone by the others. SQLite has one writer, and one group at a time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import structlog

from common.assurance import in_parts
from common.collecting import seldom_collecting
from common.domain.cycles import midnight
from common.domain.ids import ordered_id
from common.domain.money import Money
from common.errors import ClientError, ConfigurationError, ServerError, Unavailable
from common.installation import Installation
from common.rest.actions import acting
from common.store.records import Between
from common.store.unit_of_work import UnitOfWork
from tmf678_bill.issue import Issued
from tmf678_bill.run import Billed, bill_next_cycle
from tmf678_bill.tables import BILLING, OUTCOMES, RUNS
from tmf678_bill.together import bill_together

WORKERS = 4
# Accounts in one transaction.
TOGETHER = 50
# Times that a transaction is tried which the database refuses because of others.
ATTEMPTS_MAX = 5
# Cycles of one account in one run: ten years of months.
CYCLES_MAX = 120
_AT_ONCE = 500
# Instants are kept in milliseconds.
_MOMENT = timedelta(milliseconds=1)
# A local day begins within so long of the day in UTC.
_ZONES = timedelta(hours=15)

# An account, and the instant until which it is billed.
_Wanted = tuple[str, datetime]

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


class _Left(NamedTuple):
    """An account that others held: the instant until which it is billed, and its bills of this run so far."""

    until: datetime
    bills: list[Issued]


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
    together: int = TOGETHER
    progress: Callable[[int, int], None] = lambda done, total: None

    def run(self) -> Report:
        """Errors: ConfigurationError; Unavailable."""
        started = self.installation.clock.now()
        report = Report(ordered_id())
        self._note_run(report.run, started, None)
        workers = self.workers if self.installation.database.dialect_name == "postgresql" else 1
        left: dict[str, _Left] = {}
        with seldom_collecting(), ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
            for page in self._pages(started):
                groups = [page[start : start + self.together] for start in range(0, len(page), self.together)]
                # Somebody else may be at the same run: where both begin is a matter of chance.
                first = random.randrange(len(groups))
                futures = [pool.submit(self._group, report.run, group) for group in (*groups[first:], *groups[:first])]
                for future in futures:
                    outcomes, others = future.result()
                    report.outcomes += outcomes
                    left |= others
                    self.progress(len(report.outcomes), 0)
        still = self._still({account: one.until for account, one in left.items()})
        report.outcomes += [self._account(report.run, one, until, left.pop(one).bills) for one, until in still.items()]
        report.outcomes += [Outcome(id, Result.BILLED, tuple(one.bills)) for id, one in left.items() if one.bills]
        report.outcomes.sort(key=lambda one: one.account)
        self._note_run(report.run, started, self.installation.clock.now())
        return report

    # -- which accounts -----------------------------------------------------------------------------------------------

    def _pages(self, now: datetime) -> Iterator[list[_Wanted]]:
        """Accounts, each with the instant until which it is billed, some at a time."""
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
            found |= {row["account"] for row in rows}
            untils = [(row, self._until(row, now)) for row in rows]
            page = [(row["account"], at) for row, at in untils if self.accounts or _is_due(row, at)]
            if page:
                yield page
            if len(rows) < _AT_ONCE:
                break
            after = (rows[-1]["account"],)
        missing = sorted(set(self.accounts) - found)
        if missing:
            yield [(one, now) for one in missing]

    def _still(self, untils: Mapping[str, datetime]) -> dict[str, datetime]:
        """Those of them that nobody else has billed meanwhile."""
        found = {}
        for part in in_parts(sorted(untils)):
            with self.installation.database.read() as uow:
                rows = uow.records(BILLING.name).get_many((account,) for account in part)
            for account in part:
                row = rows.get((account,))
                if self.accounts or row is None or _is_due(row, untils[account]):
                    found[account] = untils[account]
        return found

    def _latest(self, now: datetime) -> datetime:
        if isinstance(self.until, datetime):
            return self.until
        return now if self.until is None else midnight(self.until, ZoneInfo("UTC")) + _ZONES

    def _until(self, row: dict[str, Any], now: datetime) -> datetime:
        if isinstance(self.until, datetime):
            return self.until
        return now if self.until is None else midnight(self.until, ZoneInfo(row["zone"]))

    # -- accounts ------------------------------------------------------------------------------------------------------

    def _group(self, run: str, group: list[_Wanted]) -> tuple[list[Outcome], dict[str, _Left]]:
        """Accounts in transactions together, as long as all goes well; else each by itself.

        Shapes: what came of them, and those that others held, at the first of their cycles or later.
        """
        if self.dry_run or len(group) == 1:
            return [self._account(run, account, until) for account, until in group], {}
        bills: dict[str, list[Issued]] = {account: [] for account, _ in group}
        pending, left, ended = dict(group), dict[str, _Left](), set[str]()
        for _ in range(CYCLES_MAX):
            if not pending:
                break
            try:
                found = self._together(run, pending, bills)
            except (ConfigurationError, KeyboardInterrupt):
                raise
            except Exception as error:
                # One of them, or the database: whoever it is fails by itself, and costs nobody else anything.
                _log.info("accounts are billed one by one", accounts=len(pending), why=type(error).__name__)
                each = [self._account(run, account, until, bills[account]) for account, until in pending.items()]
                return [*self._outcomes(bills, ended), *each], left
            left |= {id: _Left(until, bills[id]) for id, until in pending.items() if id not in found}
            ended |= {account for account, one in found.items() if one is None}
            billed = {account: one.next for account, one in found.items() if one is not None}
            pending = {id: pending[id] for id, next in billed.items() if next is not None and next <= pending[id]}
            ended |= billed.keys() - pending.keys()
        return self._outcomes(bills, ended | pending.keys()), left

    def _outcomes(self, bills: Mapping[str, list[Issued]], accounts: Collection[str]) -> list[Outcome]:
        return [
            Outcome(account, Result.BILLED if issued else Result.NOTHING, tuple(issued))
            for account, issued in bills.items()
            if account in accounts
        ]

    def _together(
        self, run: str, pending: Mapping[str, datetime], bills: Mapping[str, list[Issued]]
    ) -> dict[str, Billed | None]:
        """One cycle of each in one transaction; `bills` gets those that were issued."""
        with self.installation.database.group() as uow:
            found = bill_together(self.installation, uow, pending, run)
            issued = {account: one.bill for account, one in found.items() if one is not None and one.bill is not None}
            for account, billed in found.items():
                if billed is not None or not bills[account]:
                    count = len(bills[account]) + (account in issued)
                    _note(uow, run, account, Result.BILLED if count else Result.NOTHING, count)
            uow.commit()
        for account, bill in issued.items():
            bills[account].append(bill)
        return found

    def _account(self, run: str, account: str, until: datetime, issued: Iterable[Issued] = ()) -> Outcome:
        """One account by itself, of which bills may have been `issued` before in this run."""
        bills = list(issued)
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


def _is_due(row: Mapping[str, Any], until: datetime) -> bool:
    return row["next"] is not None and row["next"] <= until


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
