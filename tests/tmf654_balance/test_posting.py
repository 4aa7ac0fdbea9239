"""What moved money is entered in the ledger once, whatever moves meanwhile; on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

from common.assurance import assure
from common.jobs.inline import Inline
from tests.tmf654_balance.kit import BASE, bucket_document, of, topped_up
from tmf654_balance.assure import CHECKS
from tmf654_balance.ledger import POSTING
from tmf654_balance.tables import MOVEMENTS
from tmf654_balance.works import BucketPosting

TELLERS, ROUNDS = 6, 10


def next_day(suite):
    clock = suite.installation.clock
    Inline(suite.installation).move(clock, clock.now() + timedelta(days=1))


def owed(suite):
    with suite.installation.database.read() as uow:
        ledger = suite.installation.offered("ledger", uow)
        return ledger.prepaid_owed(), ledger.balance("a1").get("EUR", {})


def unposted(suite):
    with suite.installation.database.read() as uow:
        return uow.records(MOVEMENTS.name).find({"posting": None})


def findings(suite):
    return [one for result in assure(suite.installation) if result.check in CHECKS for one in result.findings]


def test_a_bucket_that_came_as_a_document_is_entered_as_the_opening_balance(charged):
    bucket_document(charged, "b1", "12.5")

    adjusted = charged.created(f"{BASE}/adjustBalance", of("b1", -2))
    next_day(charged)

    assert adjusted["status"] == "completed"
    assert owed(charged)[1] == {
        "openingBalance": Decimal("12.5"),
        "prepaidLiability": Decimal("-10.5"),
        "prepaidAdjustments": Decimal("-2"),
    }
    assert findings(charged) == []


def test_a_bucket_without_an_account_is_entered_on_one_of_its_own(charged):
    bucket_document(charged, "b1", "12.5", partyAccount=None)

    charged.created(f"{BASE}/adjustBalance", of("b1", 1))
    next_day(charged)

    assert owed(charged)[0] == {("bucket/b1", "EUR"): Decimal("13.5")}
    assert findings(charged) == []


def test_what_moves_while_it_is_entered_is_entered_later(charged):
    """Those who fill a bucket, and one who enters it all the time: nothing is entered twice, and no wake is lost."""
    topped_up(charged, "b1", 1)
    begin, is_over = threading.Barrier(TELLERS + 1), threading.Event()

    def fill():
        begin.wait()
        for _ in range(ROUNDS):
            topped_up(charged, "b1", 1)

    def enter():
        begin.wait()
        entered = 0
        while not is_over.is_set():
            with charged.installation.database.write() as uow:
                uow.work(POSTING).wake("b1", charged.installation.clock.now())
                uow.commit()
            BucketPosting(charged.installation).prepare("b1")
            entered += 1
        return entered

    with ThreadPoolExecutor(TELLERS + 1) as pool:
        bookkeeper = pool.submit(enter)
        for each in [pool.submit(fill) for _ in range(TELLERS)]:
            each.result()
        is_over.set()
        assert bookkeeper.result() > 0

    if unposted(charged):
        with charged.installation.database.read() as uow:
            assert uow.work(POSTING).get("b1") is not None
    next_day(charged)
    assert unposted(charged) == []
    assert owed(charged)[0] == {("a1", "EUR"): Decimal(1 + TELLERS * ROUNDS)}
    assert findings(charged) == []
