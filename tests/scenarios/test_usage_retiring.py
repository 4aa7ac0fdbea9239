"""Usage of old months is given up; what bills charge, and that it agrees, stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from common.store.database import Database
from common.store.partitions import Month
from tests.scenarios.billing import Office
from tests.scenarios.charging import usage
from tests.simulation.field import wait_until
from tmf635_usage.rate import horizon
from tmf635_usage.retire import NotRetirable, Retire, Retired, read_month
from tmf635_usage.tables import BILLED_SUMS, HORIZON, KEYS, LINES, RATINGS, RETIRED_SUMS

FEBRUARY, MARCH = Month(2026, 2), Month(2026, 3)
USAGE = "/tmf-api/productUsageManagement/v5/productUsage"


def retire(office: Office, before: Month, *, keep: bool = False) -> Retired:
    return Retire.run(office.shop.suite.installation, before, keep=keep)


def count(office: Office, table: str) -> int:
    with office.shop.suite.installation.database.read() as uow:
        return len(uow.records(table).find({}))


def called(office: Office, *days: str) -> list[str]:
    return [office.use("voice", f"2026-{day}T10:00:00Z", "60 s", record=f"call-{day}").id for day in days]


@pytest.fixture
def billed(office: Office) -> Office:
    """Two calls in January and one in February, on bills."""
    office.plan("plan", office.price("voice", "voice", 0.1, "1 min"))
    office.account("ann")
    office.sell("plan", account="ann")
    called(office, "01-05", "01-06")
    office.shop.wait_until("2026-02-01T00:00:00Z")
    called(office, "02-05")
    office.shop.wait_until("2026-03-01T00:00:00Z")
    return office


def test_an_old_month_goes_and_its_bills_stay(billed: Office) -> None:
    bills = [billed.items(bill) for bill in billed.bills("ann")]

    gone = retire(billed, FEBRUARY)

    assert (gone.usages, gone.ratings, gone.lines, gone.numbers) == (2, 2, 2, 2)
    assert [len(billed.shop.suite.get(f"{USAGE}?status={status}").json) for status in ("rated", "rejected")] == [1, 0]
    assert (count(billed, RATINGS.name), count(billed, LINES.name), count(billed, KEYS.name)) == (1, 1, 1)
    assert [billed.items(bill) for bill in billed.bills("ann")] == bills
    billed.assured()


def test_the_sums_of_what_went_add_up_over_several_times(billed: Office) -> None:
    retire(billed, FEBRUARY)
    retire(billed, MARCH)

    with billed.shop.suite.installation.database.read() as uow:
        retired, charged = (uow.records(name).find({}) for name in (RETIRED_SUMS.name, BILLED_SUMS.name))
    assert sum(row["amount"] for row in retired) == sum(row["amount"] for row in charged)
    assert sum(row["lines"] for row in retired) == 3
    assert count(billed, LINES.name) == 0
    billed.assured()


def test_what_is_sent_again_is_too_old_and_costs_nothing(billed: Office) -> None:
    retire(billed, FEBRUARY)

    again = billed.use("voice", "2026-01-05T10:00:00Z", "60 s", record="call-01-05")

    assert (again.status, again.reason[0]) == ("rejected", "usage.too-old")
    billed.amiss.add("usage.waiting")  # nobody has looked at it
    billed.shop.wait_until("2026-04-01T00:00:00Z")
    assert len(billed.bills("ann")) == 2
    billed.assured()


def test_late_usage_that_is_on_no_bill_keeps_its_month(billed: Office) -> None:
    called(billed, "01-20")

    with pytest.raises(NotRetirable, match="not billed yet"):
        retire(billed, FEBRUARY)

    assert count(billed, LINES.name) == 4
    assert count(billed, HORIZON.name) == 0


def test_late_usage_goes_with_the_month_it_tells_of(billed: Office) -> None:
    late = called(billed, "01-20")
    billed.shop.wait_until("2026-04-01T00:00:00Z")

    gone = retire(billed, FEBRUARY)

    assert (gone.usages, gone.lines) == (3, 3)
    assert billed.shop.suite.get(f"{USAGE}/{late[0]}").status == 404
    billed.assured()


def test_trying_keeps_everything(billed: Office) -> None:
    assert retire(billed, FEBRUARY, keep=True).lines == 2

    assert (count(billed, LINES.name), count(billed, HORIZON.name)) == (3, 0)


def test_an_id_that_a_client_chose_is_taken_once_in_all_months(billed: Office) -> None:
    document = {**usage("voice", "2026-02-28T10:00:00Z", "60 s", "nobody"), "id": "mine"}

    assert [billed.shop.suite.post(USAGE, document).status for _ in range(2)] == [201, 409]


def test_who_takes_usage_in_meanwhile_is_waited_for(billed: Office) -> None:
    """It has looked whether the usage is too old, and has not written yet."""
    database = billed.shop.suite.installation.database
    with ThreadPoolExecutor(1) as pool:
        with database.write() as uow:
            assert horizon(uow.records) is None
            retiring = pool.submit(retire, billed, FEBRUARY)
            wait_until(lambda: is_waiting(database))
            assert not retiring.done()
            uow.commit()
        assert retiring.result(timeout=30).lines == 2


def is_waiting(database: Database) -> bool:
    if database.dialect_name == "sqlite":  # its writers wait in this process, which does not tell
        return True
    with database.engine.connect() as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


@pytest.mark.parametrize(
    ("written", "month"), [("2026-01", Month(2026, 1)), ("2026-13", None), ("26-01", None), ("x", None)]
)
def test_months_are_read(written: str, month: Month | None) -> None:
    assert read_month(written) == month
