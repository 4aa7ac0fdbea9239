"""What the rule of one resource does to another, through the real stages."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.clock import SettableClock
from common.rest.headers import JSON_PATCH
from common.serving import delivery_worker
from common.settings import Settings
from tests.client import Suite
from tests.common.events.listeners import listening

BASE = "/tmf-api/productOrderingManagement/v5"
SPECIFICATION = {"@type": "ProductSpecificationRef", "id": "s"}


@pytest.fixture
def suite(tmp_path):
    running = Suite(Settings(database_url=f"sqlite:///{tmp_path}/bss.db", job_dir=str(tmp_path / "jobs")))
    yield running
    running.close()


def outbox(suite) -> list[str]:
    with suite.installation.database.read() as uow:
        rows = uow.connection.exec_driver_sql("select type from outbox order by sequence").fetchall()
    return [row[0] for row in rows]


def test_a_cancellation_cancels_the_order_in_the_same_transaction(suite):
    order = {
        "@type": "ProductOrder",
        "id": "o1",
        "requestedInitialState": "draft",
        "productOrderItem": [
            {
                "@type": "ProductOrderItem",
                "id": "1",
                "action": "add",
                "product": {
                    "@type": "Product",
                    "productSpecification": {"@type": "ProductSpecificationRef", "id": "s"},
                },
            }
        ],
    }
    suite.created(f"{BASE}/productOrder", order)
    task = {
        "@type": "CancelProductOrder",
        "productOrder": {"@type": "ProductOrderRef", "id": "o1", "@referredType": "ProductOrder"},
    }

    made = suite.created(f"{BASE}/cancelProductOrder", task)

    cancelled = suite.get(f"{BASE}/productOrder/o1").json
    assert made["state"] == "done"
    assert cancelled["state"] == "cancelled"
    assert "ProductOrderStateChangeEvent" in outbox(suite)
    assert "CancelProductOrderCreateEvent" in outbox(suite)


def test_a_refused_cancellation_changes_nothing(suite):
    before = outbox(suite)

    answer = suite.post(f"{BASE}/cancelProductOrder", {"@type": "CancelProductOrder"})

    assert answer.status == 400
    assert outbox(suite) == before
    assert suite.get(f"{BASE}/cancelProductOrder").json == []


def test_a_patch_of_the_version_moves_the_document_to_it(suite):
    base = "/tmf-api/productCatalogManagement/v5/category"
    suite.created(base, {"@type": "Category", "id": "c", "name": "x", "version": "1.0"})

    patched = suite.patch(f"{base}/c", [{"op": "replace", "path": "/version", "value": "2.0"}], media_type=JSON_PATCH)

    assert patched.json["version"] == "2.0"
    assert suite.get(f"{base}/c:(version=2.0)").json["version"] == "2.0"
    assert suite.get(f"{base}/c:(version=1.0)").status == 404
    assert suite.post(base, {"@type": "Category", "id": "c", "name": "x", "version": "2.0"}).status == 409
    assert suite.post(base, {"@type": "Category", "id": "c", "name": "x", "version": "1.0"}).status == 201
    assert suite.get(f"{base}/c").json["version"] == "1.0", "what was added last is the latest"


def test_replies_to_idempotency_keys_are_dropped_after_their_time(tmp_path):
    clock = SettableClock(datetime(2026, 1, 1, tzinfo=UTC))
    suite = Suite(Settings(database_url=f"sqlite:///{tmp_path}/b.db", components="tmf620_catalog"), clock)
    key = {"idempotency-key": "k"}
    base = "/tmf-api/productCatalogManagement/v5/category"
    body = {"@type": "Category", "name": "x"}
    first = suite.post(base, body, headers=key).json["id"]
    assert suite.post(base, body, headers=key).json["id"] == first

    clock.advance(timedelta(hours=suite.installation.settings.idempotency_hours, minutes=1))
    worker = delivery_worker(suite.installation)
    asyncio.run(worker.step())
    worker.close()

    assert suite.post(base, body, headers=key).json["id"] != first
    suite.close()


@pytest.mark.parametrize(
    ("hub", "body"),
    [
        ("/tmf-api/productCatalogManagement/v5/hub", {"callback": "http://example.com/"}),
        ("/tmf-api/productCatalogManagement/v4/hub", {"callback": "http://example.com/", "secret": "s" * 20}),
    ],
)
def test_a_listener_registers_once_for_an_idempotency_key(suite, hub, body):
    key = {"idempotency-key": "k1"}

    first, again, other = (suite.post(hub, one, headers=key) for one in (body, body, {**body, "query": "id=1"}))

    assert (first.status, again.status) == (201, 201)
    assert (again.content, again.headers["location"]) == (first.content, first.headers["location"])
    assert again.headers["idempotency-replayed"] == "true"
    assert b"ssss" not in again.content
    assert (other.status, other.json["code"]) == (422, "idempotency.mismatch")
    with suite.installation.database.read() as uow:
        assert uow.connection.exec_driver_sql("select id from subscription").fetchall() == [(first.json["id"],)]


def test_behind_a_prefix_probes_reach_the_process_and_the_contract_says_where_it_is(tmp_path):
    settings = Settings(database_url=f"sqlite:///{tmp_path}/b.db", components="tmf620_catalog", base_prefix="/r1")
    suite = Suite(settings)

    assert suite.get("/health/ready").status == 200
    assert suite.get("/r1/health/ready").status == 200
    published = suite.get("/r1/tmf-api/productCatalogManagement/v5/openapi.json").json
    assert published["servers"] == [{"url": "http://bss.example/r1/tmf-api/productCatalogManagement/v5"}]
    suite.close()


def test_events_behind_a_prefix_carry_it_once_in_their_links(tmp_path):
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/b.db",
        components="tmf620_catalog",
        base_prefix="/r1",
        callback_allow_private=True,
    )
    suite = Suite(settings)
    base = "/r1/tmf-api/productCatalogManagement/v5"
    with listening() as listener:
        suite.created(f"{base}/hub", {"callback": listener.url})
        made = suite.created(f"{base}/category", {"@type": "Category", "name": "x"})
        worker = delivery_worker(suite.installation)
        asyncio.run(worker.step())
        worker.close()
        (told,) = listener.bodies
    suite.close()

    assert told["event"]["category"]["href"] == made["href"] == f"http://bss.example{base}/category/{made['id']}"
