"""Usage in batches: an outcome for each record, none counts twice, what is refused stops nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from common import exact_json
from common.domain.query import Document
from common.errors import IdTaken
from common.store.bulk import Written
from common.store.unit_of_work import UnitOfWork
from tests.client import Answer
from tests.scenarios.charging import ANNA, Network, usage
from tests.scenarios.kit import Shop
from tmf635_usage import batch, ingest
from tmf635_usage.ingest import UNKNOWN_PRODUCT, Ingest
from tmf635_usage.tables import KEYS, LINES, RATINGS

BATCH = "/tmf-api/productUsageManagement/v5/productUsageBatch"
BATCH_V4 = "/tmf-api/usageManagement/v4/usageBatch"
NDJSON = "application/x-ndjson"
AT = "2026-01-01T08:00:00Z"


@pytest.fixture
def network(shop: Shop) -> Network:
    """A product, used from before the story on, with ten free text messages and then 0.10 EUR each."""
    told = Network(shop)
    told.price("sms", "sms", "0.10", "1 event")
    told.allowance("ten", "sms", "10 event")
    told.product("line", "sms", "ten", msisdn=ANNA, startDate="2025-06-01T00:00:00Z")
    shop.told()
    return told


def send(shop: Shop, *records: Document | bytes, path: str = BATCH, **options: Any) -> Answer:
    content = b"\n".join(one if isinstance(one, bytes) else exact_json.encode(one) for one in records)
    return shop.suite.post(path, content=content, media_type=NDJSON, **options)


def told(answer: Answer) -> list[tuple[Any, ...]]:
    """Line, result, status and code of each outcome."""
    assert (answer.status, answer.headers["content-type"]) == (200, NDJSON), answer.content
    lines = [exact_json.decode(line) for line in answer.content.splitlines()]
    return [(one["line"], one["result"], one.get("status"), one.get("code")) for one in lines]


def ids(answer: Answer) -> list[str | None]:
    return [exact_json.decode(line).get("id") for line in answer.content.splitlines()]


def sms(record: str | None, used: str = "1 event", product: str | None = "line", **attributes: Any) -> Document:
    return usage("sms", AT, used, product, record=record, **attributes)


def rows(shop: Shop, table: str) -> int:
    with shop.suite.installation.database.read() as uow:
        return len(uow.records(table).find({}))


def usages(shop: Shop) -> int:
    return len(shop.suite.get("/tmf-api/productUsageManagement/v5/productUsage?fields=id").json)


@pytest.mark.parametrize("path", [BATCH, BATCH_V4])
def test_a_batch_takes_no_idempotency_key_and_says_what_counts_once(shop: Shop, network: Network, path: str) -> None:
    answer = send(shop, sms(None), path=path, headers={"idempotency-key": "k2"})

    assert (answer.status, answer.json["code"]) == (400, "header.invalid")
    assert "a record counts once by its externalIdentifier" in answer.json["message"]
    assert usages(shop) == 0


def test_every_outcome_stands_in_its_line(shop: Shop, network: Network) -> None:
    first = send(shop, sms("1"))
    answer = send(
        shop,
        sms("1"),
        b"",
        sms("2", "11 event"),
        b'{"@type": "ProductUsage", ',
        sms("1", "3 event"),
        {**sms("3"), "usageType": 5},
        b"  ",
        sms("2", "11 event"),
        {**sms("4"), "usageType": "fax"},
        sms("5", product="nobody"),
        b"[1]",
        b"\xff",
        sms("6"),
        {**sms("7"), "id": ids(first)[0]},
        sms("8" * 256),
    )

    assert told(first) == [(1, "created", "rated", None)]
    assert told(answer) == [
        (1, "duplicate", None, "usage.duplicate"),
        (3, "created", "rated", None),
        (4, "refused", None, "body.malformed"),
        (5, "refused", None, "usage.other-content"),
        (6, "refused", None, "body.invalid"),
        (8, "duplicate", None, "usage.duplicate"),
        (9, "created", "rejected", "no.price"),
        (10, "created", "initialized", "product.unknown"),
        (11, "refused", None, "body.invalid"),
        (12, "refused", None, "body.malformed"),
        (13, "created", "rated", None),
        (14, "refused", None, "resource.id-taken"),
        (15, "refused", None, "body.invalid"),
    ]
    made = ids(answer)
    assert made[0] == made[3] == ids(first)[0]
    assert made[1] == made[5]
    assert network.shown(str(made[1])).lines == ["allowance 9 event 0", "usage 2 event 0.2"]
    assert network.shown(str(made[10])).lines == ["usage 1 event 0.1"]
    assert (usages(shop), rows(shop, KEYS.name), rows(shop, RATINGS.name)) == (5, 5, 3)
    assert network.charged("line") == {"EUR": "0.3"}


def test_wrong_attributes_are_named_and_the_href_leads_to_the_usage(shop: Shop, network: Network) -> None:
    answer = send(shop, {**sms("1"), "usageType": 5}, sms("2"))

    wrong, made = (exact_json.decode(line) for line in answer.content.splitlines())
    assert wrong["errors"] == [{"pointer": "/usageType", "rule": "type", "message": "must be a string"}]
    assert shop.suite.get(made["href"]).json["id"] == made["id"]


def test_the_same_batch_again_changes_nothing(shop: Shop, network: Network) -> None:
    records = [sms(str(number), "4 event") for number in range(5)]
    first = send(shop, *records)
    before = (network.buckets(), network.charged("line"), rows(shop, LINES.name))

    again = send(shop, *records)

    assert [line[1] for line in told(first)] == ["created"] * 5
    assert [line[1] for line in told(again)] == ["duplicate"] * 5
    assert ids(first) == ids(again)
    assert (network.buckets(), network.charged("line"), rows(shop, LINES.name)) == before
    assert before[:2] == (["ten 2026-01-01T00:00:00.000Z 10 of 10 event"], {"EUR": "1"})


def test_a_batch_costs_what_its_records_cost_one_by_one(shop: Shop, network: Network) -> None:
    """In the order of their own times, whatever order they come in."""
    records = [
        usage("sms", f"2026-01-01T08:00:0{second}Z", "4 event", "line", record=str(second)) for second in range(5)
    ]
    send(shop, *reversed(records))
    lines = {one["externalIdentifier"][0]["id"]: one["ratingExplanation"]["total"] for one in all_usages(shop)}

    assert lines == {"0": 0, "1": 0, "2": Decimal("0.2"), "3": Decimal("0.4"), "4": Decimal("0.4")}


def all_usages(shop: Shop) -> list[Document]:
    return list(shop.suite.get("/tmf-api/productUsageManagement/v5/productUsage").json)


def test_each_usage_is_announced_once(shop: Shop, network: Network) -> None:
    send(shop, sms("1"), sms("1"), sms("2", product="nobody"), b"{")

    assert shop.told() == ["productUsage created: rated", "productUsage created: initialized"]


def test_a_record_without_a_key_is_new_every_time(shop: Shop, network: Network) -> None:
    send(shop, sms(None), sms(None))

    assert (usages(shop), rows(shop, KEYS.name)) == (2, 0)


def test_usage_posted_alone_is_a_duplicate_in_a_batch(shop: Shop, network: Network) -> None:
    single = shop.suite.created("/tmf-api/productUsageManagement/v5/productUsage", sms("1"))

    answer = send(shop, sms("1"))

    assert (told(answer), ids(answer)) == ([(1, "duplicate", None, "usage.duplicate")], [single["id"]])


def test_v4_usage_comes_in_batches_too(shop: Shop, network: Network) -> None:
    document = {
        "usageType": "sms",
        "usageDate": AT,
        "usageCharacteristic": [
            {"name": "servedNumber", "value": ANNA},
            {"name": "messages", "value": 12},
        ],
        "externalIdentifier": [{"id": "1", "owner": "mediation"}],
    }
    answer = send(shop, document, {"usageDate": "today"}, document, path=BATCH_V4)

    assert [line[1] for line in told(answer)] == ["created", "refused", "duplicate"]
    made = exact_json.decode(answer.content.splitlines()[0])
    assert made["href"] == f"http://bss.example/tmf-api/usageManagement/v4/usage/{made['id']}"
    assert shop.suite.get(made["href"]).json["status"] == "rated"
    assert network.charged("line") == {"EUR": "0.2"}


def test_what_is_no_ndjson_is_not_read(shop: Shop, network: Network) -> None:
    assert shop.suite.post(BATCH, sms("1")).status == 415
    assert send(shop, sms("1"), headers={"accept": "text/html"}).status == 406
    assert send(shop, sms("1"), headers={"accept": NDJSON}).status == 200
    assert send(shop, b"{}\n" * 20_001).json["code"] == "usage.too-many"
    assert send(shop, b"x" * 4_000_001).status == 413
    assert shop.suite.get(BATCH).status == 405
    assert (usages(shop), send(shop).content) == (1, b"")


def test_the_paths_are_described(shop: Shop) -> None:
    document = shop.suite.get(f"{BATCH}/openapi.json").json

    assert [*document["paths"]] == [path.removeprefix("/tmf-api") for path in (BATCH, BATCH_V4)]
    assert document["servers"] == [{"url": "http://bss.example/tmf-api"}]


def test_one_that_cannot_be_stored_does_not_stop_the_others(
    shop: Shop, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when somebody else takes its id in this very moment."""
    add_written = UnitOfWork.add_written

    def taken(uow: UnitOfWork, name: str, made: list[Written], now: datetime) -> None:
        for one in made:
            if one.document["externalIdentifier"][0]["id"] == "2":
                raise IdTaken("productUsage", one.id)
        add_written(uow, name, made, now)

    monkeypatch.setattr(UnitOfWork, "add_written", taken)
    answer = send(shop, *(sms(str(number), "4 event") for number in range(5)))

    assert [line[1] for line in told(answer)] == ["created", "created", "refused", "created", "created"]
    assert (usages(shop), rows(shop, KEYS.name), rows(shop, RATINGS.name)) == (4, 4, 4)
    assert (network.charged("line"), network.buckets()) == (
        {"EUR": "0.6"},
        ["ten 2026-01-01T00:00:00.000Z 10 of 10 event"],
    )
    assert shop.told() == ["productUsage created: rated"] * 4


def test_where_references_must_lead_somewhere_usage_of_nobody_is_refused(shop: Shop, network: Network) -> None:
    installation = replace(
        shop.suite.installation, settings=replace(shop.suite.installation.settings, reference_mode="strict")
    )
    unknown = usage("sms", AT, "1 event", None, record="2", msisdn="+431")
    outcomes = Ingest.of(installation, assumed=UNKNOWN_PRODUCT).take([sms("1"), unknown, sms("3", product="nobody")])

    assert [(one.result, [each.pointer for each in one.violations]) for one in outcomes] == [
        ("created", []),
        ("refused", ["/product/id"]),
        ("refused", ["/product/id"]),
    ]
    assert (usages(shop), rows(shop, KEYS.name)) == (1, 1)


def test_a_process_that_dies_between_chunks_leaves_whole_chunks(
    shop: Shop, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [sms(str(number)) for number in range(25)]
    whole = Ingest.of(shop.suite.installation)
    first, second, _ = ingest.chunks(records, 10)
    whole.take(first)
    with monkeypatch.context() as dying:
        dying.setattr(UnitOfWork, "commit", die)
        with pytest.raises(Died):
            whole.take(second)
    assert (usages(shop), rows(shop, KEYS.name), network.charged("line")) == (10, 10, {"EUR": "0"})

    monkeypatch.setattr(batch, "chunks", lambda lines: ingest.chunks(lines, 10))
    answer = send(shop, *records)

    assert [line[1] for line in told(answer)] == ["duplicate"] * 10 + ["created"] * 15
    assert (usages(shop), network.charged("line")) == (25, {"EUR": "1.5"})


class Died(Exception):
    """Stands for the end of a process."""


def die(*_: Any) -> None:
    raise Died


def test_who_loses_a_race_for_a_key_looks_again(shop: Shop, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the writing somebody else took some of the records."""
    send(shop, sms("1", "4 event"), sms("2", "4 event"))
    known = ingest._known
    looks: list[int] = []

    def blind(table: Any, keys: list[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
        looks.append(len(keys))
        return {} if len(looks) == 1 else known(table, keys)

    monkeypatch.setattr(ingest, "_known", blind)
    answer = send(shop, *(sms(str(number), "4 event") for number in range(4)))

    assert [line[1] for line in told(answer)] == ["created", "duplicate", "duplicate", "created"]
    assert looks == [4, 4]
    assert (usages(shop), rows(shop, KEYS.name), rows(shop, RATINGS.name)) == (4, 4, 4)
