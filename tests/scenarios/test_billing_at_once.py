"""Bill runs while usage arrives and is rated again: every line is on one item, and what was taken back is credited."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from common.domain.query import Document
from common.errors import Unavailable
from common.rest.actions import acting
from tests.scenarios.billing import Office
from tests.scenarios.charging import USAGES, usage
from tmf635_usage.rerate import Moved, rerate
from tmf635_usage.tables import CLAIMS, LINES
from tmf678_bill.run import bill_now
from tmf678_bill.tables import ITEMS

_TIMES = 6


def test_usage_that_arrives_and_is_rated_again_meanwhile_is_billed_once(office: Office) -> None:
    installation = office.shop.suite.installation
    office.plan("plan", office.price("voice", "voice", "0.125", "1 min"))
    office.account("ann")
    product = office.sell("plan", account="ann")
    office.shop.clock.move(office.shop.clock.now().replace(day=20))
    is_postgresql = installation.database.dialect_name == "postgresql"
    barrier = threading.Barrier(3 if is_postgresql else 1)

    def bill() -> None:
        barrier.wait()
        for _ in range(_TIMES):
            _again(lambda: _billed(office))

    def use() -> None:
        barrier.wait()
        for number in range(_TIMES):
            sent = usage("voice", f"2026-01-{10 + number}T10:00:00Z", "60 s", product)
            _again(lambda sent=sent: _taken(office, sent))  # type: ignore[misc]

    def correct() -> None:
        barrier.wait()
        for _ in range(_TIMES):
            _again(lambda: rerate(installation, product))

    with ThreadPoolExecutor(3 if is_postgresql else 1) as pool:
        for done in [pool.submit(work) for work in (bill, use, correct)]:
            done.result()
    _billed(office)
    office.shop.run()

    lines, [claim] = office._table(LINES.name, {"state": "charged", "reverses": None}), office._table(CLAIMS.name, {})
    assert [row["claim"] < claim["number"] for row in lines] == [True] * 6
    assert sum(row["amount"] for row in office._table(ITEMS.name, {})) * 4 == 3  # six times 0.125


def _billed(office: Office) -> None:
    installation = office.shop.suite.installation
    with installation.database.write() as uow:
        bill_now(acting(installation, uow).context("billingAccount"), "ann")
        uow.commit()


def _taken(office: Office, sent: Document) -> None:
    answer = office.shop.suite.post(USAGES, sent)
    if answer.status == 503:
        raise Unavailable("others were in the way")
    assert answer.status == 201, answer.content


def _again(work: Callable[[], object]) -> None:
    """The database may say that others were in the way."""
    for _ in range(50):
        try:
            work()
        except (Unavailable, Moved):
            continue
        return
    raise AssertionError("others are always in the way")
