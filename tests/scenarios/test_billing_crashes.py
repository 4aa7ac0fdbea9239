"""Bill runs by a process that dies at every commit in turn: one bill for each account and period, no number missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from common.domain.cycles import midnight, months_later
from common.errors import Unavailable
from common.jobs.inline import Inline
from common.jobs.patience import Stopped
from common.rest.actions import acting
from common.store.unit_of_work import UnitOfWork
from tests.scenarios.billing import Office
from tmf678_bill.batch import BillRun
from tmf678_bill.numbers import next_number
from tmf678_bill.run import bill_next_cycle
from tmf678_bill.tables import HEADS, NUMBERS

# The commits that the work of one account and month has.
_COMMITS = 5


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, at: int, *, is_before: bool) -> Iterator[list[int]]:
    """The process dies at one commit, before or after it is made; how many there were."""
    passed, commit = [0], UnitOfWork.commit

    def commit_or_die(uow: UnitOfWork) -> None:
        number, passed[0] = passed[0], passed[0] + 1
        if number == at and is_before:
            raise Stopped
        commit(uow)
        if number == at:
            raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(UnitOfWork, "commit", commit_or_die)
        yield passed


@pytest.mark.long
@pytest.mark.parametrize("is_before", [True, False])
def test_a_run_that_dies_at_any_commit_leaves_one_bill_for_each_period(
    office: Office, monkeypatch: pytest.MonkeyPatch, is_before: bool
) -> None:
    office.plan("plan", office.recurring("base", "31"), office.price("voice", "voice", "0.1", "1 min"))
    office.account("ann")
    office.sell("plan", account="ann")
    office.use("voice", "2026-01-05T10:00:00Z", "60 s")
    months, deaths = 0, 0
    for at in range(_COMMITS + 1):
        months += 1
        next_month = months_later(office.shop.clock.now().date().replace(day=1), 1)
        target = midnight(next_month, ZoneInfo("UTC")) + timedelta(hours=1)
        try:
            with dying(monkeypatch, at, is_before=is_before):
                office.shop.carrier.move(office.shop.clock, target)
        except Stopped:
            deaths += 1
        # Another process, which remembers nothing, goes on.
        office.shop.carrier = Inline(office.shop.suite.installation)
        office.shop.carrier.move(office.shop.clock, target)
        if deaths < months:
            break

    assert (deaths, months) == (_COMMITS, _COMMITS + 1)
    bills = office.bills("ann")
    ends = [bill["billingPeriod"]["endDateTime"] for bill in bills]
    assert len(ends) == len(set(ends)) == months
    assert {bill["state"] for bill in bills} == {"sent"}
    office.check()


def test_a_run_by_hand_that_is_broken_off_is_done_by_the_next(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    installation = office.shop.suite.installation
    office.plan("plan", office.recurring("base", "31"))
    for number in range(6):
        office.account(f"acc-{number}")
        office.sell("plan", f"+4917{number}", f"acc-{number}")
    office.shop.clock.move(office.shop.clock.now().replace(month=2, day=2))

    # The last group dies, which has accounts that are charged.
    monkeypatch.setattr("tmf678_bill.batch.random.randrange", lambda _: 1)
    with pytest.raises(Stopped), dying(monkeypatch, 3, is_before=True):
        BillRun(installation, workers=1, together=2).run()
    rest = BillRun(installation).run()
    office.shop.run()

    assert sorted(len(office.bills(f"acc-{number}")) for number in range(6)) == [1] * 6
    assert 0 < len(rest.outcomes) < 8
    assert BillRun(installation).run().outcomes == []


def test_accounts_that_are_billed_at_once_and_fail_leave_no_gap(office: Office) -> None:
    installation = office.shop.suite.installation
    office.plan("plan", office.recurring("base", "31"))
    accounts = [f"acc-{number}" for number in range(8)]
    for account in accounts:
        office.account(account)
        office.sell("plan", f"+4917{account[4:]}", account)
    office.shop.clock.move(office.shop.clock.now().replace(month=4, day=2))
    is_postgresql = installation.database.dialect_name == "postgresql"
    barrier = threading.Barrier(8 if is_postgresql else 1)

    def bill(account: str) -> None:
        """Three months, each of which fails once after it was numbered."""
        barrier.wait()
        while True:
            for commits in (False, True):
                billed = _again(lambda commits=commits: _bill(office, account, commits))  # type: ignore[misc]
                if billed is None:
                    return

    with ThreadPoolExecutor(8 if is_postgresql else 1) as pool:
        for done in [pool.submit(bill, account) for account in accounts]:
            done.result()
    office.shop.run()

    assert {row["account"]: row["place"] for row in office._table(HEADS.name, {})} == dict.fromkeys(accounts, 3)
    assert [row["last"] for row in office._table(NUMBERS.name, {})] == [24]


def test_numbers_of_each_legal_entity_and_series_are_their_own(office: Office) -> None:
    with office.shop.suite.installation.database.write() as uow:
        given = [next_number(uow.records, entity, series) for entity, series in _SERIES]
    with office.shop.suite.installation.database.write() as uow:
        again = [next_number(uow.records, entity, series) for entity, series in _SERIES]

    assert given == again == [1, 2, 1, 1, 3]


_SERIES = [("main", "bill"), ("main", "bill"), ("main", "creditNote"), ("other", "bill"), ("main", "bill")]


def _bill(office: Office, account: str, commits: bool) -> bool | None:
    installation = office.shop.suite.installation
    with installation.database.write() as uow:
        act = acting(installation, uow)
        billed = bill_next_cycle(act.context("billingAccount"), account, act.now)
        if billed is None:
            return None
        if commits:
            uow.commit()
        return True


def _again(work: Callable[[], bool | None]) -> bool | None:
    """The database may say that others were in the way."""
    for _ in range(20):
        try:
            return work()
        except Unavailable:
            continue
    raise AssertionError("others are always in the way")
