"""Usage from a stream, rated and charged: every record once, whoever is killed in between."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from common import exact_json
from common.broker.streams import partition_of
from common.cli.main import app
from common.domain.query import Document
from tests.common.broker.conftest import kept
from tests.common.broker.servers import NatsServer
from tests.scenarios.charging import ANNA, Network, usage
from tests.scenarios.kit import Shop
from tests.scenarios.test_usage_recycle import AT, calls, sold
from tests.server import Server
from tmf635_usage.stream import UsageTaker, message, routed_by
from tmf635_usage.tables import KEYS, RATINGS

_SECONDS_MAX = 150


@pytest.fixture
def network(shop: Shop) -> Network:
    network = Network(shop)
    sold(network)
    return network


@pytest.fixture
def publish(nats: NatsServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """`bss usage publish`."""
    monkeypatch.setenv("BSS_BROKER_URL", nats.url)
    monkeypatch.setenv("BSS_BROKER_PARTITIONS", "2")

    def run(path: Path) -> None:
        result = CliRunner().invoke(app, ["usage", "publish", str(path)])
        assert result.exit_code == 0, result.output

    return run


def rows(shop: Shop, table: str) -> int:
    with shop.suite.installation.database.read() as uow:
        return len(uow.records(table).find({}))


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)


def environment(shop: Shop, nats: NatsServer) -> dict[str, str]:
    return {
        "BSS_DATABASE_URL": shop.suite.installation.settings.database_url,
        "BSS_BROKER_URL": nats.url,
        "BSS_BROKER_PARTITIONS": "2",
        "BSS_BROKER_REDELIVERY_SECONDS": "1",
    }


@pytest.mark.long
def test_a_worker_that_is_killed_in_the_middle_loses_nothing_and_charges_nothing_twice(
    shop: Shop, network: Network, publish: Callable[[Path], None], nats: NatsServer, tmp_path: Path
) -> None:
    count = 1_200
    publish(calls(tmp_path / "sms.csv", count))

    worker = Server(environment(shop, nats), "worker", "--role", "rating")
    worker.start()
    until(lambda: rows(shop, KEYS.name) > 0)
    worker.kill()
    taken = rows(shop, KEYS.name)
    worker.start()
    until(lambda: rows(shop, KEYS.name) == count)
    worker.kill()

    assert 0 < taken < count, "it was killed in the middle"
    assert rows(shop, RATINGS.name) == count
    # Of each three records the numbers of messages are 0, 1 and 2, at 0.10 each.
    assert network.charged("line") == {"EUR": "120"}


def test_what_is_published_again_is_kept_once(
    publish: Callable[[Path], None], nats: NatsServer, tmp_path: Path
) -> None:
    path = calls(tmp_path / "sms.csv", 20)
    publish(path)
    publish(path)

    found = kept(nats, "usage")
    assert len(found) == 20
    assert {one.subject for one in found} == {f"usage.{partition_of(ANNA, 2)}"}
    assert json.loads(found[0].data)["externalIdentifier"][0]["id"] == "0"


def test_a_record_without_a_key_is_named_and_not_published(nats: NatsServer, tmp_path: Path) -> None:
    path = tmp_path / "usage.ndjson"
    path.write_text('{"@type": "ProductUsage", "usageType": "sms"}\nno json\n{"externalId": "1", "usageType": "sms"}\n')

    result = CliRunner().invoke(app, ["usage", "publish", str(path)], env={"BSS_BROKER_URL": nats.url})

    assert result.exit_code == 1
    assert [line[:16] for line in result.stderr.splitlines()[:2]] == ["usage.ndjson:1: ", "usage.ndjson:2: "]
    assert len(kept(nats, "usage")) == 1


def test_publishing_needs_a_broker(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("externalId\n")

    assert CliRunner().invoke(app, ["usage", "publish", str(path)]).exit_code == 2


def test_records_that_cannot_be_used_say_why(shop: Shop, network: Network) -> None:
    taker = UsageTaker(shop.suite.installation, lambda: None)
    good, other = (
        {**usage("sms", AT, quantity, "line"), "externalIdentifier": [_key("1")]} for quantity in ("2 event", "3 event")
    )

    bodies = [_body(good), _body(good), _body(other), b"no json", b"[]", _body(usage("sms", AT, "1 event", "line"))]
    refusals = taker.take(bodies)

    codes = [None if refusal is None else refusal["code"] for refusal in refusals]
    assert codes == [None, None, "usage.other-content", "body.malformed", "body.invalid", "body.invalid"]
    assert refusals[5] is not None
    assert refusals[5]["errors"][0]["pointer"] == "/externalIdentifier"
    assert (rows(shop, KEYS.name), network.charged("line")) == (1, {"EUR": "0.2"})


@pytest.mark.parametrize(
    ("changes", "route"),
    [
        ({"billingAccount": {"id": "acc"}, "product": {"id": "p"}}, "acc"),
        ({"product": {"id": "p"}}, "p"),
        ({"product": {"id": "unknown"}, "usageCharacteristic": [{"name": "imsi", "value": 7}]}, "7"),
        ({"product": "p", "usageCharacteristic": "x"}, "switch"),
        ({"externalIdentifier": []}, ""),
    ],
)
def test_usage_goes_where_its_account_is(changes: Document, route: str) -> None:
    record = {"externalIdentifier": [{"id": "1", "owner": "switch"}], **changes}

    assert routed_by(record) == route


def test_the_id_of_a_message_follows_from_the_key_of_its_record() -> None:
    first, again, other = (
        message({"externalIdentifier": [{"id": id, "owner": owner}], "n": n}).id
        for id, owner, n in (("1", "ab", 1), ("1", "ab", 2), ("b1", "a", 1))
    )

    assert first == again
    assert first != other


def _key(id: str) -> Document:
    return {"@type": "ExternalIdentifier", "id": id, "owner": "smsc"}


def _body(document: Document) -> bytes:
    return exact_json.encode(document)


@pytest.mark.soak
def test_workers_and_the_broker_are_killed_again_and_again(
    shop: Shop, network: Network, publish: Callable[[Path], None], nats: NatsServer, tmp_path: Path
) -> None:
    count = 6_000
    publish(calls(tmp_path / "sms.csv", count))
    on_postgresql = shop.suite.installation.database.dialect_name == "postgresql"
    workers = [Server(environment(shop, nats), "worker", "--role", "rating") for _ in range(2 if on_postgresql else 1)]
    for worker in workers:
        worker.start()
    turn, seen = 0, 0
    while seen < count:
        until(lambda: rows(shop, KEYS.name) >= min(count, seen + 500))  # noqa: B023
        seen = rows(shop, KEYS.name)
        if turn % 3 == 2:
            nats.kill()
            nats.start()
        else:
            workers[turn % len(workers)].kill()
            workers[turn % len(workers)].start()
        turn += 1
    for worker in workers:
        worker.kill()

    assert turn > 4, "somebody was killed in the middle"
    assert (rows(shop, KEYS.name), rows(shop, RATINGS.name)) == (count, count)
    assert network.charged("line") == {"EUR": "600"}
