"""Records out of a stream: taken once settled, again when not, shared by workers, and buried when they are no good."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from common.broker.intake import IntakeWorker
from common.broker.opening import open_broker
from common.broker.port import Broker, BrokerUnavailable, Outgoing
from common.broker.streams import intake_stream
from common.errors import Unavailable
from common.installation import Installation
from common.settings import Settings
from tests.common.broker import toy_intake
from tests.common.broker.conftest import kept
from tests.common.broker.servers import KafkaCluster, NatsServer
from tests.common.broker.toy_intake import Shelf

PARTITIONS = 4
_SECONDS_MAX = 30


class Depot:
    """An installation with the toy, a broker, and workers on them."""

    def __init__(self, url: str, database_url: str) -> None:
        settings = Settings(
            database_url=database_url,
            components=toy_intake.__name__,
            broker_url=url,
            broker_partitions=PARTITIONS,
            broker_redelivery_seconds=1,
        )
        self.installation = Installation.assemble(settings)
        self.installation.database.migrate()
        self.stream = intake_stream(toy_intake.STREAM, settings)
        broker = open_broker(settings)
        assert broker is not None
        self.broker: Broker = broker
        self.workers: list[IntakeWorker] = []
        Shelf.shelves.clear()

    def worker(self) -> IntakeWorker:
        (intake,) = self.installation.intakes
        one = IntakeWorker(self.installation, intake, self.broker)
        self.workers.append(one)
        return one

    @property
    def shelf(self) -> Shelf:
        return Shelf.shelves[-1]

    def send(self, *bodies: str, key: str | None = None) -> None:
        self.broker.prepare(self.stream)
        self.broker.publish(
            self.stream,
            [Outgoing(self.stream.name, "thing", key or body, f"id-{body}", body.encode()) for body in bodies],
        )

    def close(self) -> None:
        for one in self.workers:
            one.close()
        self.broker.close()
        self.installation.database.close()


@pytest.fixture
def depot(nats: NatsServer, tmp_path: Path) -> Iterator[Depot]:
    one = Depot(nats.url, f"sqlite:///{tmp_path}/bss.db")
    yield one
    one.close()


@pytest.fixture
def shared_depot(nats: NatsServer, postgres_url: str) -> Iterator[Depot]:
    one = Depot(nats.url, postgres_url)
    yield one
    one.close()


def until(condition: Callable[[], object], doing: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + _SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        doing()
        time.sleep(0.01)


def names(count: int, stem: str = "t") -> list[str]:
    return [f"{stem}{number}" for number in range(count)]


def encoded(bodies: Sequence[str]) -> set[bytes]:
    return {body.encode() for body in bodies}


def test_everything_is_taken_once_and_in_the_order_of_its_key(depot: Depot) -> None:
    depot.send(*names(20))
    depot.send(*names(5, "same"), key="one")
    worker = depot.worker()

    until(lambda: depot.shelf.given.total() == 25, worker.step)

    assert worker.step() == 0
    assert set(depot.shelf.given) == encoded(names(20)) | encoded(names(5, "same"))
    same = [body for batch in depot.shelf.batches for body in batch if body.startswith(b"same")]
    assert same == [name.encode() for name in names(5, "same")]


def test_what_was_taken_and_not_settled_comes_again(depot: Depot) -> None:
    depot.send(*names(3), key="k")
    worker = depot.worker()

    def go_away(_: Sequence[bytes]) -> None:
        depot.shelf.after = lambda bodies: None
        raise Unavailable("gone before it was said to be done")

    depot.shelf.after = go_away
    with pytest.raises(Unavailable):
        until(lambda: False, worker.step)
    until(lambda: depot.shelf.given.total() >= 6, worker.step)

    assert worker.step() == 0
    assert depot.shelf.given == {name.encode(): 2 for name in names(3)}


def test_what_is_no_good_is_buried_once_with_its_reason(depot: Depot, nats: NatsServer) -> None:
    depot.send("good", "bad\xff", key="k")
    worker = depot.worker()

    def come_again(_: Sequence[bytes]) -> None:
        depot.shelf.after = lambda bodies: None
        raise Unavailable("once")

    until(lambda: depot.shelf.given.total() == 2, worker.step)
    depot.send("bad2", key="k")
    depot.shelf.after = come_again
    with pytest.raises(Unavailable):
        until(lambda: False, worker.step)
    until(lambda: depot.shelf.given[b"bad2"] == 2, worker.step)

    dead = [json.loads(message.data) for message in kept(nats, "dead")]
    assert [(one["code"], one["message"], one["record"]) for one in dead] == [
        ("toy.bad", "it is bad", "bad\xff"),
        ("toy.bad", "it is bad", "bad2"),
    ]
    assert [message.subject for message in kept(nats, "dead")] == ["dead.things", "dead.things"]


def test_a_fault_with_one_record_stops_none_of_the_others(depot: Depot, nats: NatsServer) -> None:
    depot.send("a", "trap", "b", key="k")
    worker = depot.worker()

    def trip(bodies: Sequence[bytes]) -> None:
        if b"trap" in bodies:
            raise RuntimeError("a mistake of ours")

    depot.shelf.before = trip
    until(lambda: depot.shelf.given.total() == 2, worker.step)

    assert (worker.step(), set(depot.shelf.given)) == (0, {b"a", b"b"})
    (dead,) = [json.loads(message.data) for message in kept(nats, "dead")]
    assert (dead["code"], dead["record"], "a mistake of ours" in dead["message"]) == ("fault", "trap", True)


def test_it_goes_on_when_the_broker_was_killed(depot: Depot, nats: NatsServer) -> None:
    depot.send(*names(50))
    worker = depot.worker()
    worker.start()
    until(lambda: depot.shelf.given.total() > 0)

    nats.kill()
    nats.start()
    until(lambda: _sent(depot, names(50, "u")))
    until(lambda: set(depot.shelf.given) == encoded(names(50)) | encoded(names(50, "u")))


def test_two_workers_share_the_partitions_and_one_takes_over_all(shared_depot: Depot) -> None:
    depot = shared_depot
    depot.send(*names(40))
    first, second = depot.worker(), depot.worker()

    def both() -> None:
        first.step()
        second.step()

    shelves = Shelf.shelves
    until(lambda: sum(shelf.given.total() for shelf in shelves) == 40, both)
    depot.send(*names(40, "u"))
    until(lambda: sum(shelf.given.total() for shelf in shelves) == 80, both)
    given = shelves[0].given + shelves[1].given
    assert (set(given.values()), len(given)) == ({1}, 80)
    assert shelves[0].given
    assert shelves[1].given

    first.close()
    depot.send(*names(40, "v"))
    until(lambda: encoded(names(40, "v")) <= set(shelves[1].given), second.step)


def test_kafka_has_its_records_taken_too(kafka: KafkaCluster, tmp_path: Path) -> None:
    kafka.make(toy_intake.STREAM)
    depot = Depot(kafka.url, f"sqlite:///{tmp_path}/bss.db")
    depot.send(*names(20), "bad")
    worker = depot.worker()

    until(lambda: depot.shelf.given.total() == 21, worker.step)
    worker.close()

    successor = depot.worker()
    depot.send("more")
    until(lambda: b"more" in depot.shelf.given, successor.step)
    assert set(depot.shelf.given) == {b"more"}
    depot.close()


def _sent(depot: Depot, bodies: list[str]) -> bool:
    try:
        depot.send(*bodies)
    except BrokerUnavailable:
        return False
    return True
