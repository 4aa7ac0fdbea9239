"""Whatever comes when: each line is claimed once, by the first bill that it is before the cutoff of, and found behind
its item. Against a model that keeps a list, on both databases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from common.domain.clock import SettableClock
from common.settings import Settings
from tests.client import Suite
from tests.postgres import postgres_server, postgres_url  # noqa: F401
from tests.tmf635_usage.kit import DATABASES, suite_on
from tmf635_usage.billed import RatedUsage
from tmf635_usage.claims import NOBODYS, insert_missing, read_claims
from tmf635_usage.tables import CHARGED, CLAIMS, LINES, PREPAID, VOID

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NUMBERS = count()


def month_at(at: datetime) -> tuple[datetime, datetime]:
    start = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start, (start + timedelta(days=32)).replace(day=1)


def tens_at(at: datetime) -> tuple[datetime, datetime]:
    """Another cycle: periods of ten days, whatever the month."""
    start = BEGIN + timedelta(days=(at - BEGIN) // timedelta(days=10) * 10)
    return start, start + timedelta(days=10)


@pytest.fixture(scope="module", params=DATABASES)
def suite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with suite_on(request, tmp_path_factory.mktemp("claims"), BEGIN) as suite:
        yield suite


@dataclass
class Account:
    """One account in the store, and beside it what a list would say."""

    suite: Suite
    id: str = field(default_factory=lambda: f"account-{next(NUMBERS)}")
    open: dict[str, datetime] = field(default_factory=dict)
    cutoff: datetime = BEGIN
    billed: dict[str, list[str]] = field(default_factory=dict)

    def use(self, at: datetime, state: str = CHARGED) -> None:
        """A line, as rating stamps it."""
        with self.suite.installation.database.write() as uow:
            insert_missing(uow.records, [self.id])
            claim = read_claims(uow.records, [self.id]).get(self.id, NOBODYS)
            row = line(f"line-{next(NUMBERS)}", self.id, at, claim.number_at(at), state)
            uow.records(LINES.name).insert([row])
            uow.commit()
        if state == CHARGED:
            self.open[row["id"]] = at

    def bill(self, cutoff: datetime, periods: Any) -> None:
        """Everything before the cutoff is on this bill, by period."""
        expected: dict[datetime, list[str]] = {}
        for id, at in sorted(self.open.items()):
            if at < cutoff:
                expected.setdefault(periods(at)[0], []).append(id)
                del self.open[id]
        with self.suite.installation.database.write() as uow:
            usage = RatedUsage(uow.records)
            usage.claim({self.id: (cutoff, periods)})
            assert usage.touched(self.id) == min(expected, default=None)
            claimed = {one.start: one for one in usage.sums(self.id, periods) if one.claimed}
            assert {start: one.claimed for start, one in claimed.items()} == {
                start: len(ids) for start, ids in expected.items()
            }
            items = {start: f"item-{next(NUMBERS)}" for start in claimed}
            assert [usage.assign(self.id, one, items[start]) for start, one in claimed.items()] == [
                one.claimed for one in claimed.values()
            ]
            usage.settle()
            uow.commit()
        self.billed |= {items[start]: ids for start, ids in expected.items()}
        self.cutoff = cutoff

    def check(self) -> None:
        """Every item has its lines, and what is on none is open."""
        with self.suite.installation.database.read() as uow:
            usage, claim = RatedUsage(uow.records), read_claims(uow.records, [self.id]).get(self.id, NOBODYS)
            for item, ids in self.billed.items():
                assert sorted(one.id for one in usage.lines_of([item])) == ids
            assert {item: one.count for item, one in usage.behind(self.billed).items()} == {
                item: len(ids) for item, ids in self.billed.items()
            }
            rows = uow.records(LINES.name).find({"account": self.id, "state": CHARGED})
            assert {row["id"] for row in rows if not claim.is_billed(row)} == self.open.keys()
            sums = usage.sums(self.id, month_at)
            assert sum(one.lines for one in sums) == sum(len(ids) for ids in self.billed.values())
            assert sum(one.amount for one in sums) == sum((row["amount"] for row in rows if claim.is_billed(row)), 0)


def line(id: str, account: str, at: datetime, claim: int, state: str) -> dict[str, Any]:
    said = {"product": "p", "usage_type": "voice", "kind": "usage", "price": "voice", "version": "1.0"}
    sums = {"quantity": Decimal(60), "unit": "s", "amount": Decimal("0.01"), "currency": "EUR"}
    return {"id": id, "usage": id, "number": 0, "place": 0, "account": account, "at": at, **said, **sums} | {
        "state": state,
        "claim": claim,
    }


def day(number: float) -> datetime:
    return BEGIN + timedelta(days=number)


# Hours before and after the cutoff of the last bill.
HOURS = st.integers(-24 * 50, 24 * 70)
STEPS = st.one_of(
    st.tuples(st.just("use"), HOURS),
    st.tuples(st.just("use"), HOURS),
    st.tuples(st.just("cycle"), st.sampled_from([month_at, tens_at])),
    st.tuples(st.just("now"), st.integers(0, 24 * 40)),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=25))
def test_whatever_comes_when_is_on_one_bill(suite: Suite, steps: list[tuple[str, Any]]) -> None:
    account, periods = Account(suite), month_at
    for kind, value in steps:
        if kind == "use":
            account.use(account.cutoff + timedelta(hours=value))
        elif kind == "cycle":
            periods = value
            account.bill(periods(account.cutoff)[1], periods)
        else:
            account.bill(account.cutoff + timedelta(hours=value), periods)
    account.check()
    account.bill(account.cutoff + timedelta(days=80), month_at)
    account.check()
    assert account.open == {}


def test_usage_after_the_cutoff_has_the_next_number_from_the_second_bill_on(suite: Suite) -> None:
    """Nobody knows the cycle of an account before its first bill, which so changes lines; later ones need not."""
    account = Account(suite)
    for number in (10, 40):
        account.use(day(number))
    account.bill(day(31), month_at)
    for number in (45, 20, 70):
        account.use(day(number))

    assert stamped(account) == [(10, 0), (20, 1), (40, 1), (45, 1), (70, 2)]
    account.bill(day(59), month_at)
    assert stamped(account) == [(10, 0), (20, 1), (40, 1), (45, 1), (70, 2)]
    account.check()


def stamped(account: Account) -> list[tuple[int, int]]:
    """The day and the claim of each line."""
    with account.suite.installation.database.read() as uow:
        rows = uow.records(LINES.name).find({"account": account.id}, order=["at"])
    return [((row["at"] - BEGIN).days, row["claim"]) for row in rows]


def test_what_is_not_charged_is_never_claimed(suite: Suite) -> None:
    account = Account(suite)
    account.use(day(1), PREPAID)
    account.use(day(2), VOID)
    account.use(day(3))

    account.bill(day(31), month_at)

    assert [len(ids) for ids in account.billed.values()] == [1]
    account.check()


def test_an_account_that_never_used_anything_has_nothing_to_claim(suite: Suite) -> None:
    account = Account(suite)
    account.bill(day(31), month_at)

    with suite.installation.database.read() as uow:
        assert uow.records(CLAIMS.name).get(account.id) is None
    account.use(day(3))
    account.bill(day(59), month_at)
    account.check()


def test_what_is_claimed_is_charged_by_an_item(suite: Suite) -> None:
    account = Account(suite)
    account.use(day(1))

    with suite.installation.database.write() as uow:
        usage = RatedUsage(uow.records)
        usage.claim({account.id: (day(31), month_at)})
        with pytest.raises(AssertionError, match="charged by an item"):
            usage.settle()


def test_a_bill_that_goes_further_than_expected_takes_up_what_was_for_the_next_one(suite: Suite) -> None:
    account = Account(suite)
    account.use(day(1))
    account.bill(day(31), month_at)
    account.use(day(70))

    account.bill(day(80), month_at)

    assert stamped(account) == [(1, 0), (70, 1)]
    account.check()


def test_a_large_table_is_read_by_its_index_alone(postgres_url: str) -> None:  # noqa: F811
    """Whatever is asked of some accounts' lines among those of many: nothing reads the table."""
    suite = Suite(Settings(database_url=postgres_url), SettableClock(BEGIN))
    database = suite.installation.database
    accounts = [f"large-{number}" for number in range(400)]
    with database.write() as uow:
        insert_missing(uow.records, accounts)
        uow.records(LINES.name).load(
            line(f"large-{next(NUMBERS)}", account, day(number), 0, CHARGED)
            for number in range(100)
            for account in accounts
        )
        uow.commit()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE tmf635_rated_line"))

    with database.write() as uow:
        usage = RatedUsage(uow.records)
        usage.claim({id: (day(59), month_at) for id in accounts[:20]})
        for id in accounts[:20]:
            for one in usage.sums(id, month_at):
                assert usage.assign(id, one, f"item-{id}-{one.start.month}") == one.lines
        usage.settle()
        # Usage after the first cutoff of an account gets another number: what was stamped wrongly is found as well.
        assert len(usage.lines_of([f"item-{id}-1" for id in accounts[:20]])) == 20 * 31
        read = uow.connection.execute(text(_ROWS_READ)).one()
    suite.close()
    assert (read.by_scan, read.by_index > 0) == (0, True)


# Of the transaction that asks.
_ROWS_READ = """
SELECT sum(seq_tup_read) AS by_scan, sum(idx_scan) AS by_index
FROM pg_stat_xact_user_tables WHERE relname LIKE 'tmf635_rated_line%'
"""
