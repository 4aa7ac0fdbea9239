"""200 clients at once on 10 accounts: sessions that compete for money and free units, repeated, abandoned, ended."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from tests.client import Answer, Suite
from tests.scenarios.charging import Network
from tests.scenarios.kit import Shop
from tests.scenarios.sessions import SESSIONS_PATH, Element, checked, records, service, session_of
from tests.tmf654_balance.kit import topped_up
from tmf635_usage.tables import BUCKETS, HOLDS, LINES, SESSIONS
from tmf654_balance.tables import HELD, MOVEMENTS, RESERVATIONS

CLIENTS, ACCOUNTS, ROUNDS, SEED = 200, 10, 3, 11


@dataclass
class Client:
    """One network element with one session; what it reported, and what it was told."""

    suite: Suite
    number: int
    product: str
    chance: random.Random
    reported: Decimal = Decimal(0)
    codes: list[str] = field(default_factory=list)
    is_open: bool = False

    @property
    def id(self) -> str:
        return f"crowd-{self.number}"

    def run(self, barrier: threading.Barrier) -> None:
        barrier.wait()
        opened = self._sent("POST", session_of(self.product, service("voice", want="120 s"), id=self.id))
        if opened.status != 201:
            self.codes.append(opened.json["code"])
            assert opened.status == 403, opened.content
            return
        self.is_open = True
        for sequence in range(1, ROUNDS + 1):
            amount = self.chance.randrange(0, 120)
            asked = service("", used=f"{amount} s", want=f"{self.chance.randrange(1, 240)} s")
            answer = self._sent("PATCH", {"sequence": sequence, "service": [asked]})
            assert answer.status == 200, answer.content
            self.reported += amount
            self.codes.append(answer.json["service"][0]["resultCode"])
        if self.chance.random() < 0.8:
            answer = self._sent("PATCH", {"sequence": ROUNDS + 1, "status": "released"})
            assert (answer.status, answer.json["status"]) == (200, "released")

    def _sent(self, method: str, body: Any) -> Answer:
        """Sent once, or twice as by a client that got no answer."""
        path = SESSIONS_PATH if method == "POST" else f"{SESSIONS_PATH}/{self.id}"
        answers = [self.suite.request(method, path, body) for _ in range(self.chance.choice((1, 1, 2)))]
        if answers[0].status < 400:
            assert {one.content for one in answers} == {answers[0].content}
        return answers[-1]


@pytest.mark.long
def test_two_hundred_clients_on_ten_accounts(shop: Shop) -> None:
    print(f"seed {SEED}")
    network, chance = Network(shop), random.Random(SEED)
    network.price("voice", "voice", "0.10", "1 min")
    network.allowance("month", "voice", "20 min", sharing="home")
    products = []
    for number in range(ACCOUNTS):
        account = network.account(f"acc-{number}")
        ref = {"@type": "BillingAccountRef", "id": account, "@referredType": "BillingAccount"}
        products += [network.product(f"line-{number}-{n}", "voice", "month", billingAccount=ref) for n in (0, 1)]
        topped_up(shop.suite, f"purse-{number}", 3, partyAccount={"id": account})
    clients = [
        Client(shop.suite, number, products[number % len(products)], random.Random(chance.random()))
        for number in range(CLIENTS)
    ]
    barrier = threading.Barrier(CLIENTS)

    with ThreadPoolExecutor(CLIENTS) as pool:
        for ended in [pool.submit(client.run, barrier) for client in clients]:
            ended.result(timeout=300)
    checked(shop.suite)
    shop.wait(minutes=31)

    left = checked(shop.suite)
    found = records(shop.suite)
    told = {code for client in clients for code in client.codes}
    assert told == {"success", "charging.nothing-left"}, "there was something for many and not enough for all"
    used = {row["id"]: Decimal(row["doc"]["services"][0]["used"]) for row in found[SESSIONS.name]}
    assert used == {client.id: client.reported for client in clients if client.is_open}
    assert {row["state"] for row in found[SESSIONS.name]} == {"released", "lapsed"}
    assert found[HOLDS.name] == []
    charged = -sum(row["amount"] for row in found[MOVEMENTS.name] if row["kind"] == "usage")
    assert charged == sum(row["amount"] for row in found[LINES.name])
    assert sum(left.values()) == 3 * ACCOUNTS - charged
    assert all(amount >= 0 for amount in left.values())
    free = sum(row["quantity"] for row in found[LINES.name] if row["kind"] == "allowance")
    assert free == sum(row["used"] for row in found[BUCKETS.name])
    assert {row["granted"] for row in found[BUCKETS.name]} == {Decimal(1200)}
    assert Element(network).reserved() == 0
    with shop.suite.installation.database.read() as uow:
        assert uow.records(RESERVATIONS.name).find({"state": HELD}) == []
