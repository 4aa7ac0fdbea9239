"""Server and worker killed with SIGKILL again and again, in the middle of writes and deliveries.

What was acknowledged is there; its events arrive at least once, in order for each resource; none is invented.
"""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from tests.postgres import PostgresServer, postgres_server, postgres_url  # noqa: F401
from tests.server import Server
from tests.simulation.listener import Listener

KILLS = 20
WRITERS = 3
SEED = 20261122
CATALOG = "/tmf-api/productCatalogManagement/v5"
ARRIVAL_SECONDS_MAX = 90


@dataclass
class Writer:
    """Creates categories and changes them, one request after the other; notes what was sent and acknowledged.

    `sent` and `acknowledged` hold, for each id, the number of the last change (0 is the creation).
    """

    name: str
    sent: dict[str, int] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    made: int = 0

    def write(self, url: str) -> None:
        """Until the server is gone: what was sent last may or may not have happened."""
        with httpx.Client(base_url=url + CATALOG, timeout=5) as client:
            while True:
                self.made += 1
                id = f"{self.name}-{self.made}"
                body = {"@type": "Category", "id": id, "name": "change-0"}
                try:
                    self._send(id, 0, lambda body=body: client.post("/category", json=body), 201)
                    for number in (1, 2):
                        patch = {"name": f"change-{number}"}
                        self._send(id, number, lambda i=id, p=patch: client.patch(f"/category/{i}", json=p), 200)
                except httpx.TransportError:
                    return

    def _send(self, id: str, number: int, request, status: int) -> None:
        self.sent[id] = number
        answer = request()
        assert answer.status_code == status, answer.text
        self.acknowledged[id] = number


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request, tmp_path) -> dict[str, str]:
    url = f"sqlite:///{tmp_path}/bss.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    return {
        "BSS_DATABASE_URL": url,
        "BSS_COMPONENTS": "tmf620_catalog",
        "BSS_JOB_DIR": str(tmp_path / "jobs"),
        "BSS_DELIVERY_INLINE": "false",
        "BSS_CALLBACK_ALLOW_PRIVATE": "true",
        "BSS_DELIVERY_LEASE_SECONDS": "1",
        "BSS_DELIVERY_BACKOFF_SECONDS_MAX": "1",
    }


@pytest.fixture
def listener() -> Iterator[Listener]:
    running = Listener()
    yield running
    running.close()


@pytest.mark.soak
def test_twenty_kills_lose_nothing_and_invent_nothing(environment, listener):
    chance = random.Random(SEED)
    writers = [Writer(f"w{number}") for number in range(WRITERS)]
    migration = Server(environment, "migrate")
    migration.start()
    assert migration.wait_ended() == 0

    for kill in range(KILLS):
        server, worker = Server(environment), Server(environment, "worker")
        worker.start()
        with server:
            if kill == 0:
                listener.subscribe(server.url + CATALOG)
            threads = [threading.Thread(target=writer.write, args=(server.url,)) for writer in writers]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.05, 0.6))  # the moment of the kill is what the test is about
            server.kill()
            worker.kill()
            for thread in threads:
                thread.join()

    with Server(environment) as server:
        worker = Server(environment, "worker")
        worker.start()
        try:
            stored = _stored(server.url)
            _check_stored(stored, writers)
            _wait_for(lambda: _told(listener) >= {(i, n) for i, last in stored.items() for n in range(last + 1)})
        finally:
            worker.kill()
    _check_events(listener, stored)


def _stored(url: str) -> dict[str, int]:
    """The number of the last change of each stored category."""
    found: dict[str, int] = {}
    address = f"{url}{CATALOG}/category?limit=1000&after=&fields=name"
    while address:
        answer = httpx.get(address, timeout=30)
        page = answer.json()
        found |= {item["id"]: int(item["name"].removeprefix("change-")) for item in page}
        address = answer.links.get("next", {}).get("url", "") if page else ""
    return found


def _check_stored(stored: dict[str, int], writers: list[Writer]) -> None:
    acknowledged = {id: number for writer in writers for id, number in writer.acknowledged.items()}
    sent = {id: number for writer in writers for id, number in writer.sent.items()}
    assert len(acknowledged) > KILLS, "the writers got something done between the kills"
    lost = {id: number for id, number in acknowledged.items() if stored.get(id, -1) < number}
    assert lost == {}
    invented = {id: number for id, number in stored.items() if sent.get(id, -1) < number}
    assert invented == {}


def _told(listener: Listener) -> set[tuple[str, int]]:
    return {_change(event) for event in list(listener.events)}


def _change(event: dict) -> tuple[str, int]:
    category = event["event"]["category"]
    return category["id"], int(category["name"].removeprefix("change-"))


def _wait_for(condition) -> None:
    end = time.monotonic() + ARRIVAL_SECONDS_MAX
    while not condition():
        assert time.monotonic() < end, "events stayed out"
        time.sleep(0.1)


def _check_events(listener: Listener, stored: dict[str, int]) -> None:
    changes = [_change(event) for event in listener.events]
    assert {(id, number) for id, number in changes if stored.get(id, -1) < number} == set(), "an event of no change"
    first_seen: dict[str, list[int]] = defaultdict(list)
    identities: dict[tuple[str, int], set[str]] = defaultdict(set)
    for event, (id, number) in zip(listener.events, changes, strict=True):
        if number not in first_seen[id]:
            first_seen[id].append(number)
        identities[id, number].add(event["eventId"])
    assert all(numbers == sorted(numbers) for numbers in first_seen.values()), "order for each resource"
    assert all(len(ids) == 1 for ids in identities.values()), "a repeated event keeps its eventId"
