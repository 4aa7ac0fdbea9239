"""Many clients, the provider and dunning at once on two accounts: nothing is lost, paid twice or deadlocked."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from common.assurance import assure
from tests.tmf676_payment.kit import PAYMENTS, REFUNDS, account, by_card, card, check, issue, item, paying, script, tell
from tmf676_payment.providers.sandbox import captured

CLIENTS, ROUNDS, ACCOUNTS = 8, 6, ("a1", "a2")


@pytest.mark.long
def test_a_crowd_on_two_accounts(paid):
    seed = 11
    print(f"seed {seed}")
    script(paid, {"when": {"operation": "capture", "token": "lost"}, "lost": 1})
    now = paid.installation.clock.now()
    for name in ACCOUNTS:
        account(paid, name)
        card(paid, account=name)
        for number in range(3):
            due = (now - timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
            issue(paid, f"{name}-b{number}", "40.00", due, account=name)
    barrier = threading.Barrier(CLIENTS)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda number: _client(paid, number, seed, barrier), range(CLIENTS)))
    paid.advance(timedelta(days=1))

    check(paid)
    results = list(assure(paid.installation))
    assert {one.check.name: one.findings for one in results if one.count and one.check.name.startswith("payment")} == {}
    taken = sum((money.amount for money in captured(paid.installation).values()), Decimal(0))
    shown = paid.get(f"{PAYMENTS}?limit=1000").json
    by_provider = [one for one in shown if "sandbox-capture" in one.get("authorizationCode", "")]
    assert sum(one["totalAmount"]["value"] for one in by_provider) == taken > 0
    assert {one["status"] for one in shown} == {"done"}


def _client(suite, number, seed, barrier):
    chance = random.Random(seed * 1000 + number)
    barrier.wait()
    for turn in range(ROUNDS):
        name = chance.choice(ACCOUNTS)
        amount = f"{chance.randrange(100, 2000) / 100:.2f}"
        step = chance.choice([_pay, _pay_by_card, _refund, _charge_back, _settle, _settle])
        step(suite, name, amount, f"{number}-{turn}", chance)


def _pay(suite, name, amount, cause, chance):
    named = {"paymentItem": [item(f"{name}-b{chance.randrange(3)}")]} if chance.random() < 0.5 else {}
    suite.created(PAYMENTS, paying(amount, name, correlatorId=cause, **named))


def _pay_by_card(suite, name, amount, cause, chance):
    by_card(suite, amount, chance.choice(["tok-1", "lost"]), account=name)


def _refund(suite, name, amount, cause, chance):
    done = suite.get(f"{PAYMENTS}?account.id={name}&status=done").json
    named = {"payment": {"id": chance.choice(done)["id"]}} if done and chance.random() < 0.7 else {}
    suite.created(REFUNDS, {**paying(amount, name), **named})


def _charge_back(suite, name, amount, cause, chance):
    done = suite.get(f"{PAYMENTS}?account.id={name}&status=done").json
    taken = [one for one in done if "sandbox-capture" in one.get("authorizationCode", "")]
    if taken:
        told = {"id": f"n-{cause}", "key": chance.choice(taken)["id"], "type": "chargeBack"}
        assert tell(suite, told).status == 204


def _settle(suite, name, amount, cause, chance):
    type(suite.work)(suite.installation).run_due()
