"""200 clients at once on 10 accounts: nothing is lost, nothing is overdrawn, nobody sees a deadlock."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from common.rest.actions import acting
from tests.tmf654_balance.kit import BASE, check, of, topped_up, transfer
from tmf654_balance.tables import MOVEMENTS

CLIENTS, ACCOUNTS, ROUNDS = 200, 10, 3


@pytest.mark.long
def test_two_hundred_clients_on_ten_accounts(charged):
    seed = 7
    print(f"seed {seed}")
    for account in range(ACCOUNTS):
        for kind in ("x", "y"):
            topped_up(
                charged,
                f"{account}{kind}",
                100,
                product=[{"id": f"p{account}{kind}"}],
                partyAccount={"id": str(account)},
            )
    barrier = threading.Barrier(CLIENTS)

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(_client, charged, number, seed, barrier) for number in range(CLIENTS)]
        taken = [each.result() for each in clients]

    left = check(charged)
    assert sum(left.values()) == 100 * 2 * ACCOUNTS - sum(one["used"] for one in taken) + sum(
        one["in"] for one in taken
    )
    with charged.installation.database.read() as uow:
        [usage] = uow.records(MOVEMENTS.name).sum(["amount"], {"kind": "usage"})
    assert -usage.sums["amount"] == sum(one["used"] for one in taken)
    assert usage.count > 0
    assert sum(one["refused"] for one in taken) > 0, "there was not enough for everybody"
    assert all(Decimal(shown["reservedValue"]["amount"]) == 0 for shown in charged.get(f"{BASE}/bucket").json)


def _client(suite, number, seed, barrier):
    chance = random.Random(seed * 1000 + number)
    done = {"used": Decimal(0), "in": Decimal(0), "refused": 0}
    barrier.wait()
    for turn in range(ROUNDS):
        account, kind = chance.randrange(ACCOUNTS), chance.choice("xy")
        bucket, amount = f"{account}{kind}", Decimal(chance.randrange(1, 1200)) / 100
        step = chance.choice([_session, _session, _charge, _transfer, _top_up])
        step(suite, bucket, amount, f"{number}/{turn}", chance, done)
    return done


def _session(suite, bucket, amount, cause, chance, done):
    answer = suite.created(f"{BASE}/reserveBalance", {**of(bucket, amount), "partyAccount": {"id": bucket[0]}})
    if answer["status"] == "failed":
        assert answer["statusReason"]["code"] == "balance.insufficient"
        done["refused"] += 1
        return
    used = chance.choice([Decimal(0), amount, (amount / 2).quantize(Decimal("0.01"))])
    ending = {"status": "completed", "reason": "used", "amount": {"amount": used, "units": "EUR"}}
    if chance.random() < 0.3:
        ending, used = {"status": "cancelled", "reason": "no"}, Decimal(0)
    assert suite.patch(f"{BASE}/reserveBalance/{answer['id']}", ending).status == 200
    done["used"] += used


def _charge(suite, bucket, amount, cause, chance, done):
    other = f"{chance.randrange(ACCOUNTS)}x"
    with suite.installation.database.write() as uow:
        act = acting(suite.installation, uow)
        owners = [(f"p{id}", None) for id in {bucket, other}]
        balances = act.offered("balances")
        purse = balances.open(act.context("bucket"), balances.owned(owners))
        outcomes = [purse.charge(product, None, amount, "EUR", f"{cause}/{product}") for product, _ in owners]
        purse.close()
        uow.commit()
    assert {one.code for one in outcomes if one is not None} <= {"balance.insufficient"}
    done["used"] += amount * sum(one is None for one in outcomes)
    done["refused"] += sum(one is not None for one in outcomes)


def _transfer(suite, bucket, amount, cause, chance, done):
    other = f"{chance.randrange(ACCOUNTS)}{chance.choice('xy')}"
    answer = suite.created(f"{BASE}/transferBalance", transfer(bucket, other, amount))
    assert answer["status"] == "completed" or answer["statusReason"]["code"] in ("balance.insufficient", "bucket.same")


def _top_up(suite, bucket, amount, cause, chance, done):
    for _ in range(2):
        body = {**of(bucket, amount, externalId=cause), "partyAccount": {"id": bucket[0]}}
        assert suite.post(f"{BASE}/topupBalance", body).status in (201, 409)
    done["in"] += amount
