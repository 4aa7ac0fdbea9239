"""A server that charges sessions is killed with SIGKILL fifty times, at moments that a seed decides.

Network elements repeat, with the same number, what was not acknowledged, and now and then what was. In the end every
acknowledged report counted once, what was charged is what left the balances, and nothing is held any more.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from common import exact_json
from common.installation import Installation
from common.settings import Settings
from tests.postgres import postgres_server, postgres_url  # noqa: F401
from tests.scenarios.charging import Network
from tests.scenarios.sessions import SESSIONS_PATH, checked, records, service, session_of
from tests.server import Server
from tests.tmf654_balance.kit import BASE, of
from tmf635_usage.tables import BUCKETS, HOLDS, LINES, SESSIONS
from tmf654_balance.ledger import POSTING
from tmf654_balance.tables import MOVEMENTS

KILLS, ELEMENTS, ACCOUNTS = 50, 5, 3
SEED = 20261128
ROUND_SECONDS_MAX = 3
# Sessions lapse while the server is killed and started, so that reports come in time, late, and never.
VALIDITY_SECONDS = 6
SETTLE_SECONDS_MAX = 60
DUE_MAX = 1_000
COMPONENTS = "tmf620_catalog,tmf635_usage,tmf637_inventory,tmf654_balance,tmf666_account"

Sent = tuple[str, str, dict[str, Any]]


@dataclass
class Element:
    """Sends its requests one after the other; one that was not acknowledged comes again."""

    name: str
    chance: random.Random
    waiting: list[Sent] = field(default_factory=list)
    late: list[Sent] = field(default_factory=list)
    acknowledged: dict[str, Decimal] = field(default_factory=dict)
    answered: tuple[Sent, bytes] | None = None
    topped_up: Decimal = Decimal(0)
    sessions: int = 0
    repeated: int = 0
    requests: int = 0
    codes: Counter[str] = field(default_factory=Counter)

    def plan(self) -> None:
        """What it does next: fill a balance, or a session of some reports, which ends or is left alone."""
        account = self.chance.randrange(ACCOUNTS)
        self.sessions += 1
        id = f"{self.name}-{self.sessions}"
        if self.chance.random() < 0.2:
            body = {**of(f"purse-{account}", Decimal("0.5"), externalId=id), "partyAccount": {"id": f"acc-{account}"}}
            self.waiting.append(("POST", f"{BASE}/topupBalance", body))
            return
        first = session_of(f"line-{account}", service("voice", want="60 s"), id=id)
        self.waiting.append(("POST", SESSIONS_PATH, first))
        reports = self.chance.randrange(1, 5)
        for sequence in range(1, reports + 1):
            asked = service("", used=f"{self.chance.randrange(1, 90)} s", want="60 s")
            self.waiting.append(("PATCH", f"{SESSIONS_PATH}/{id}", {"sequence": sequence, "service": [asked]}))
        if self.chance.random() < 0.7:
            ending = {"sequence": reports + 1, "status": "released"}
            self.waiting.append(("PATCH", f"{SESSIONS_PATH}/{id}", ending))

    def send(self, url: str) -> None:
        """Until the server is gone."""
        with httpx.Client(base_url=url, timeout=30) as client:
            try:
                if self.answered is not None and self.chance.random() < 0.5:
                    self._repeat(client, *self.answered)
                while True:
                    if not self.waiting:
                        self.plan()
                    self._take(self.waiting[0], _ask(client, self.waiting[0]))
            except httpx.TransportError:
                self.repeated += 1

    def _repeat(self, client: httpx.Client, sent: Sent, content: bytes) -> None:
        """What was acknowledged is answered the same, unless the next request was carried out before the kill."""
        again = _ask(client, sent)
        id = exact_json.decode(content)["id"]
        if again.status_code == 409 and self.waiting and self.waiting[0][1] == f"{SESSIONS_PATH}/{id}":
            assert again.json()["code"] == "charging.sequence-old"
            return
        assert again.content == content, "an answer is repeated to the byte"
        self.codes["repeated"] += 1

    def send_late(self, url: str) -> None:
        """What it kept back until its sessions had lapsed."""
        self.waiting, self.late = self.late, []
        self.finish(url)

    def finish(self, url: str) -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            while self.waiting:
                self._take(self.waiting[0], _ask(client, self.waiting[0]))

    def _take(self, sent: Sent, answer: httpx.Response) -> None:
        method, path, body = sent
        del self.waiting[0]
        self.requests += 1
        if path.endswith("topupBalance"):
            assert answer.status_code in (201, 409), answer.text
            self.topped_up += body["amount"]["amount"]
            return
        if answer.status_code == 403:
            assert method == "POST", answer.text
            self.codes[answer.json()["code"]] += 1
            while self.waiting and self.waiting[0][1].startswith(SESSIONS_PATH + "/"):
                del self.waiting[0]
            return
        assert answer.status_code in (200, 201), answer.text
        self.answered = sent, answer.content
        if method == "POST" and self.chance.random() < 0.1:
            self.late += self.waiting
            self.waiting.clear()
        shown = exact_json.decode(answer.content)
        used = self.acknowledged.setdefault(shown["id"], Decimal(0))
        for one in body.get("service", ()):
            self.acknowledged[shown["id"]] = used + one.get("usedUnit", {}).get("amount", 0)
        self.codes[shown["status"]] += 1
        self.codes.update(one["resultCode"] for one in shown["service"])


def _ask(client: httpx.Client, sent: Sent) -> httpx.Response:
    method, path, body = sent
    return client.request(method, path, content=exact_json.encode(body), headers={"content-type": "application/json"})


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    is_sqlite = request.param == "sqlite"
    return {
        "BSS_DATABASE_URL": f"sqlite:///{tmp_path}/bss.db" if is_sqlite else request.getfixturevalue("postgres_url"),
        "BSS_COMPONENTS": COMPONENTS,
        "BSS_JOB_DIR": str(tmp_path / "jobs"),
        "BSS_SESSION_VALIDITY_SECONDS": str(VALIDITY_SECONDS),
    }


@pytest.mark.soak
def test_fifty_kills_leave_every_report_charged_once(environment: dict[str, str]) -> None:
    chance, began = random.Random(SEED), time.monotonic()
    migration = Server(environment, "migrate")
    migration.start()
    assert migration.wait_ended() == 0
    elements = [Element(f"e{number}", random.Random(chance.random())) for number in range(ELEMENTS)]
    server = Server(environment)
    try:
        with _opened(environment) as installation:
            server.start()
            server.wait_ready()
            _stock(server.url)
            for _ in range(KILLS):
                _until_killed(server, elements, chance)
                server.start()
                server.wait_ready()
            for element in elements:
                element.finish(server.url)
            _wait(lambda: _is_settled(installation))
            for element in elements:
                element.send_late(server.url)
            codes = sum((element.codes for element in elements), Counter[str]())
            print(f"seed {SEED}", dict(codes), [one.repeated for one in elements], f"{time.monotonic() - began:.0f} s")
            assert {"open", "released", "lapsed", "success", "charging.nothing-left", "repeated"} <= codes.keys()
            assert sum(element.repeated for element in elements) == KILLS * ELEMENTS
            _check(installation, elements)
    finally:
        server.kill()


def _stock(url: str) -> None:
    def created(path: str, body: Any) -> Any:
        with httpx.Client(base_url=url, timeout=30) as client:
            answer = _ask(client, ("POST", path, body))
        assert answer.status_code == 201, answer.text
        return exact_json.decode(answer.content)

    network = Network(SimpleNamespace(suite=SimpleNamespace(created=created), now="2026-01-01T00:00:00Z"))  # type: ignore[arg-type]
    network.price("voice", "voice", "0.10", "1 min")
    network.allowance("month", "voice", "10 min")
    for number in range(ACCOUNTS):
        account = network.account(f"acc-{number}")
        ref = {"@type": "BillingAccountRef", "id": account, "@referredType": "BillingAccount"}
        network.product(f"line-{number}", "voice", "month", billingAccount=ref)
        created(f"{BASE}/topupBalance", {**of(f"purse-{number}", 1), "partyAccount": {"id": account}})


def _until_killed(server: Server, elements: list[Element], chance: random.Random) -> None:
    """A kill comes soon after the first requests, or after some were acknowledged."""
    failures: list[BaseException] = []

    def sent(element: Element) -> None:
        try:
            element.send(server.url)
        except BaseException as failure:
            failures.append(failure)

    def acknowledged() -> int:
        return sum(element.requests for element in elements)

    threads = [threading.Thread(target=sent, args=(element,)) for element in elements]
    wanted, end = acknowledged() + chance.randrange(1, 25), time.monotonic() + ROUND_SECONDS_MAX
    for thread in threads:
        thread.start()
    if chance.random() < 0.2:
        time.sleep(chance.uniform(0, 0.3))
    else:
        while acknowledged() < wanted and not failures and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.03))
    server.kill()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@contextmanager
def _opened(environment: dict[str, str]) -> Iterator[Installation]:
    installation = Installation.assemble(Settings.from_environment(environment))
    yield installation
    installation.database.close()


def _is_settled(installation: Installation) -> bool:
    """Nothing is open, and what is due soon is only that balances are entered in the ledger, at midnight."""
    soon = installation.clock.now() + timedelta(days=1)
    with installation.database.read() as uow:
        due = {one.kind for one in uow.agenda.due(soon, DUE_MAX)}
        return not uow.records(SESSIONS.name).find({"state": "open"}) and due <= {POSTING}


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SETTLE_SECONDS_MAX
    while not condition():
        assert time.monotonic() < end, "it did not settle"
        time.sleep(0.1)


def _check(installation: Installation, elements: list[Element]) -> None:
    suite: Any = SimpleNamespace(installation=installation)
    left, found = checked(suite), records(suite)
    used = {row["id"]: Decimal(row["doc"]["services"][0]["used"]) for row in found[SESSIONS.name]}
    assert used == {id: amount for element in elements for id, amount in element.acknowledged.items()}
    assert found[HOLDS.name] == []
    with installation.database.read() as uow:
        balances = uow.records("tmf654_balance").find({})
    assert {row["reserved"] for row in balances} == {0}
    charged = sum(row["amount"] for row in found[LINES.name])
    assert charged == -sum(row["amount"] for row in found[MOVEMENTS.name] if row["kind"] == "usage")
    filled = ACCOUNTS + sum(element.topped_up for element in elements)
    assert sum(left.values()) == filled - charged
    assert all(amount >= 0 for amount in left.values())
    assert charged > 0
    free = sum(row["quantity"] for row in found[LINES.name] if row["kind"] == "allowance")
    assert free == sum(row["used"] for row in found[BUCKETS.name])
