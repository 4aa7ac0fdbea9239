"""Orders taken and carried out by processes that are killed with SIGKILL fifty times, at moments that a seed decides.

Every order that was acknowledged ends as its shape says, with each product once; its events arrive, in order.

How: customers send orders of every shape and repeat, with the same Idempotency-Key, what was not acknowledged. A kill
comes while requests arrive, after work was seen to be done, or after some seconds (DBOS takes two to begin, so
that this hits its recovery). On SQLite one process does everything; on PostgreSQL the worker is killed, and the server
with it where requests arrive, and now and then.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from common.domain.query import Query
from common.installation import Installation
from common.store.event_tables import outbox
from tests.postgres import postgres_server, postgres_url  # noqa: F401
from tests.server import Server
from tests.simulation.field import check_heard, is_all_heard, migrate, opened, wait_until, written
from tests.simulation.listener import Listener
from tests.simulation.order_shapes import (
    COMPONENTS,
    INVENTORY,
    ORDERING,
    SHAPES,
    SLOW,
    Document,
    Shape,
    check_moves,
    product_states,
    script,
    stock,
    told,
)
from tmf622_ordering.orchestration import engine
from tmf622_ordering.orchestration.plain import of_plain
from tmf622_ordering.orchestration.plan import Plan
from tmf622_ordering.works import FULFILMENT

KILLS = 50
CUSTOMERS = 2
# Orders that a customer sends between two kills: the backlog stays small, so that kills hit every part of an order.
ORDERS_AT_ONCE = 2
SEED = 20261123
WORK_SECONDS_MAX = 3
RESOURCES = ("productOrder", "cancelProductOrder", "product")


@dataclass
class Customer:
    """Sends what there is to send, one after the other; what was not acknowledged is sent again."""

    name: str
    orders: dict[str, Shape] = field(default_factory=dict)
    waiting: list[tuple[str, Document]] = field(default_factory=list)
    late: list[tuple[str, Document]] = field(default_factory=list)
    repeated: int = 0

    def plan(self, count: int, chance: random.Random) -> None:
        """Some more orders, and the cancellations of those sent before."""
        self.waiting += self.late
        self.late.clear()
        for _ in range(count):
            shape = chance.choice(SHAPES)
            id = f"{self.name}-{len(self.orders)}-{shape.name}"
            self.orders[id] = shape
            self.waiting += [(f"{INVENTORY}/product", product) for product in shape.before(id)]
            self.waiting.append((f"{ORDERING}/productOrder", shape.order(id)))
            if shape.is_cancelled:
                cancellation = (f"{ORDERING}/cancelProductOrder", shape.cancellation(id))
                (self.late if chance.random() < 0.7 else self.waiting).append(cancellation)

    def send(self, url: str) -> None:
        """Until everything is acknowledged, or the server is gone."""
        with httpx.Client(base_url=url, timeout=30) as client:
            while self.waiting:
                path, body = self.waiting[0]
                try:
                    answer = client.post(path, json=body, headers={"idempotency-key": f"{path}/{body['id']}"})
                except httpx.TransportError:
                    self.repeated += 1
                    return
                assert answer.status_code == 201, answer.text
                del self.waiting[0]


class Field:
    """The processes of one installation, and what they are killed by."""

    def __init__(self, environment: dict[str, str], installation: Installation, chance: random.Random) -> None:
        self.environment, self.installation, self.chance = environment, installation, chance
        self.has_worker = environment["BSS_DELIVERY_INLINE"] == "false"
        self.server, self.worker = Server(environment), Server(environment, "worker")
        self.customers = [Customer(f"c{number}") for number in range(CUSTOMERS)]
        self.threads: list[threading.Thread] = []
        self.kills: Counter[str] = Counter()

    def start(self) -> None:
        if not self.server.is_running:
            self.server = Server(self.environment)
            self.server.start()
        if self.has_worker and not self.worker.is_running:
            self.worker = Server(self.environment, "worker")
            self.worker.start()
        self.server.wait_ready()

    def send(self) -> None:
        self.threads = [threading.Thread(target=customer.send, args=(self.server.url,)) for customer in self.customers]
        for thread in self.threads:
            thread.start()

    def wait(self) -> str:
        """Until the moment of the next kill; which phase it is to hit."""
        phase = self.chance.choices(["request", "work", "recovery"], [1, 3, 1])[0]
        self.kills[phase] += 1
        if phase == "request":
            time.sleep(self.chance.uniform(0, 0.15))
        elif phase == "recovery":
            time.sleep(self.chance.uniform(0.3, 2))
        else:
            wanted, end = self._moved() + self.chance.randint(1, 20), time.monotonic() + WORK_SECONDS_MAX
            while self._moved() < wanted and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(self.chance.uniform(0, 0.05))
        return phase

    def _moved(self) -> int:
        """How many states have changed: only work does that here."""
        moved = select(func.count()).where(outbox.c.type.like("%StateChangeEvent"))
        with self.installation.database.read() as uow:
            return uow.connection.scalar(moved) or 0

    def kill(self, phase: str) -> None:
        if self.has_worker:
            self.worker.kill()
        if not self.has_worker or phase == "request" or self.chance.random() < 1 / 4:
            self.server.kill()

    def join(self) -> None:
        for thread in self.threads:
            thread.join()


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    is_sqlite = request.param == "sqlite"
    file = tmp_path / "script.json"
    file.write_text(json.dumps(script("PT0.4S")))
    return {
        "BSS_DATABASE_URL": f"sqlite:///{tmp_path}/bss.db" if is_sqlite else request.getfixturevalue("postgres_url"),
        "BSS_COMPONENTS": COMPONENTS,
        "BSS_SIMULATOR_FILE": str(file),
        "BSS_JOB_DIR": str(tmp_path / "jobs"),
        "BSS_DELIVERY_INLINE": str(is_sqlite).lower(),
        "BSS_CALLBACK_ALLOW_PRIVATE": "true",
        "BSS_DELIVERY_LEASE_SECONDS": "1",
        "BSS_DELIVERY_TIMEOUT_SECONDS": "1",
        "BSS_DELIVERY_BACKOFF_SECONDS_MAX": "1",
    }


@pytest.fixture
def listener() -> Iterator[Listener]:
    running = Listener()
    yield running
    running.close()


@pytest.mark.soak
def test_fifty_kills_leave_every_order_as_it_should_be(environment: dict[str, str], listener: Listener) -> None:
    chance = random.Random(SEED)
    migrate(environment)
    with opened(environment) as installation:
        _kill_and_check(Field(environment, installation, chance), listener, chance)


def _kill_and_check(field: Field, listener: Listener, chance: random.Random) -> None:
    began = time.monotonic()
    try:
        field.start()
        stock(lambda path, body: httpx.post(field.server.url + path, json=body).raise_for_status())
        for api in (ORDERING, INVENTORY):
            listener.subscribe(field.server.url + api)
        for _ in range(KILLS):
            field.start()
            for customer in field.customers:
                customer.plan(ORDERS_AT_ONCE, chance)
            field.send()
            field.kill(field.wait())
            field.join()
        field.start()
        for customer in field.customers:
            customer.plan(0, chance)
        field.send()
        field.join()
        _wait_until_settled(field.installation, listener)
        print(field.kills, [customer.repeated for customer in field.customers], f"{time.monotonic() - began:.0f} s")
        _check_orders(field.installation, {id: shape for one in field.customers for id, shape in one.orders.items()})
        _check_events(field.installation, listener)
    finally:
        field.server.kill()
        field.worker.kill()


@pytest.mark.long
@pytest.mark.parametrize("environment", ["postgresql"], indirect=True)
def test_of_two_servers_one_goes_on_where_the_other_died(environment: dict[str, str]) -> None:
    environment["BSS_DELIVERY_INLINE"] = "true"
    migrate(environment)

    def ordered(server: Server, id: str) -> None:
        order = replace(SLOW, items=SLOW.items[:1]).order(id)
        httpx.post(f"{server.url}{ORDERING}/productOrder", json=order).raise_for_status()

    def state(server: Server, id: str) -> str:
        return str(httpx.get(f"{server.url}{ORDERING}/productOrder/{id}").json()["state"])

    with Server(environment) as first:
        stock(lambda path, body: httpx.post(first.url + path, json=body).raise_for_status())
        ordered(first, "before")
        wait_until(lambda: state(first, "before") == "completed")
        with Server(environment) as second:
            ordered(second, "left-behind")
            wait_until(lambda: state(second, "left-behind") == "inProgress")
            first.kill()

            wait_until(lambda: state(second, "left-behind") == "completed")


def _wait_until_settled(installation: Installation, listener: Listener) -> None:
    """Until no work is due at any time, and every event has come."""

    def is_settled() -> bool:
        with installation.database.read() as uow:
            if uow.agenda.next_due() is not None:
                return False
        return is_all_heard(installation, listener, *RESOURCES)

    wait_until(is_settled)


def _check_orders(installation: Installation, orders: dict[str, Shape]) -> None:
    kept = {resource: _kept(installation, resource) for resource in RESOURCES}
    assert kept["productOrder"].keys() == orders.keys()
    assert len(orders) == KILLS * CUSTOMERS * ORDERS_AT_ONCE
    of_order: dict[str, list[Document]] = defaultdict(list)
    for product in kept["product"].values():
        for id in {one["orderId"] for one in product.get("productOrderItem", ())} or {product["id"].rpartition("-")[0]}:
            of_order[id].append(product)
    assert of_order.keys() <= orders.keys(), "a product of no order"
    for id, shape in orders.items():
        order = kept["productOrder"][id]
        states = {item["id"]: item["state"] for item in order["productOrderItem"]}
        assert (order["state"], states) == (shape.end, shape.states), id
        made = product_states(order, of_order[id])
        # One that is cancelled before anything began has made no product.
        assert made == shape.products or (shape.is_cancelled and not any(made.values())), (id, made)
        assert told(order) == (shape.milestones, shape.errors), id
        assert engine.is_ended(_plan(installation, id)), id
    cancellations = {one["productOrder"]["id"]: one["state"] for one in kept["cancelProductOrder"].values()}
    assert cancellations == {id: "done" for id, shape in orders.items() if shape.is_cancelled}


def _kept(installation: Installation, resource: str) -> dict[str, Document]:
    stored = installation.by_name[resource].stored.name
    with installation.database.read() as uow:
        found = uow.repository(stored).find(Query(limit=10_000))
        return {row.id: row.document() for row in found.rows}


def _plan(installation: Installation, id: str) -> Plan:
    with installation.database.read() as uow:
        row = uow.work(FULFILMENT).get(id)
    assert row is not None, id
    return of_plain(Plan, row.doc) if row.doc else Plan(id)


def _check_events(installation: Installation, listener: Listener) -> None:
    """What was written was told, all of it and nothing else, in order for each resource; repeats say the same."""
    rows_of: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in written(installation, *RESOURCES):
        rows_of[row.resource, row.resource_id].append(row)
    for (resource, _), rows in rows_of.items():
        documents = [json.loads(row.document) for row in rows]
        states = [document.get("state") or document["status"] for document in documents]
        check_moves(resource, [(row.type, state) for row, state in zip(rows, states, strict=True)])
    check_heard(listener, rows_of)
