"""A suite on a clock of its own: told and moved over HTTP, with all work done on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from common.domain.clock import SettableClock
from common.errors import ConfigurationError
from common.settings import Settings
from tests.client import Suite
from tests.common.jobs import toy_work
from tests.server import Server

COMPONENTS = "tmf620_catalog,tests.common.jobs.toy_work"
START = "2026-01-31T12:00:00.000Z"
MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    toy_work.fresh_oven()
    running = Suite(Settings(database_url=f"sqlite:///{tmp_path}/bss.db", components=COMPONENTS, clock=START))
    yield running
    running.close()


def order(suite: Suite, key: str, due: datetime, **doc: Any) -> None:
    with suite.installation.database.write() as uow:
        uow.work("bake").put(key, due, doc)
        uow.commit()


def baked(suite: Suite, key: str) -> Any:
    with suite.installation.database.read() as uow:
        row = uow.work("bake").get(key)
    return row and row.doc.get("baked", 0)


def test_it_stands_where_it_was_set(suite: Suite) -> None:
    assert suite.get("/clock").json == {"now": START}
    assert suite.get("/clock").json == {"now": START}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"now": "2026-02-01T00:00:00Z"}, "2026-02-01T00:00:00.000Z"),
        ({"now": "2026-02-01T02:00:00.1239+02:00"}, "2026-02-01T00:00:00.123Z"),
        ({"now": START}, START),
        ({"now": "2036-01-31T12:00:00Z"}, "2036-01-31T12:00:00.000Z"),
        ({"advance": "P1M"}, "2026-02-28T12:00:00.000Z"),
        ({"advance": "P1Y2M"}, "2027-03-31T12:00:00.000Z"),
        ({"advance": "PT5M"}, "2026-01-31T12:05:00.000Z"),
        ({"advance": "P1DT12H30S"}, "2026-02-02T00:00:30.000Z"),
        ({"advance": "P2W"}, "2026-02-14T12:00:00.000Z"),
        ({"advance": "PT0S"}, START),
    ],
)
def test_it_is_moved_to_an_instant_or_by_a_duration(suite: Suite, asked: Any, expected: str) -> None:
    answer = suite.patch("/clock", asked)

    assert (answer.status, answer.json) == (200, {"now": expected})
    assert suite.get("/clock").json == {"now": expected}
    made = suite.created("/tmf-api/productCatalogManagement/v5/category", {"@type": "Category", "name": "x"})
    assert made["lastUpdate"] == expected


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        *(({"now": text}, "/now") for text in ("2026-01-31T11:59:59.999Z", "tomorrow", "2026-02-30T00:00:00Z", "")),
        *(({"now": text}, "/now") for text in ("2036-01-31T12:00:00.001Z", 5, None)),
        *(({"advance": text}, "/advance") for text in ("P", "PT", "-P1D", "P1.5D", "1D", "P1M1Y", "P1D ", 1, "P٣D")),
        *(
            ({"advance": text}, "/advance")
            for text in ("P10Y1D", "P9999Y", "P" + "9" * 30 + "D", "PT" + "9" * 30 + "S")
        ),
        *((body, "") for body in ({}, [], "P1D", {"now": START, "advance": "P1D"}, {"later": "P1D"})),
    ],
)
def test_what_it_cannot_do_is_refused_and_it_stands_still(suite: Suite, asked: Any, pointer: str) -> None:
    answer = suite.patch("/clock", asked)

    assert (answer.status, answer.json["code"]) == (400, "body.invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert suite.get("/clock").json == {"now": START}


@pytest.mark.parametrize(
    ("status", "options"),
    [(400, {"content": b"{"}), (415, {"content": b"{}", "media_type": "text/plain"}), (400, {"content": b""})],
)
def test_what_cannot_be_read_is_refused(suite: Suite, status: int, options: Any) -> None:
    assert suite.patch("/clock", **options).status == status


def test_other_methods_are_not_allowed(suite: Suite) -> None:
    answer = suite.post("/clock", {})

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, PATCH")


def test_all_that_is_due_on_the_way_is_done_at_its_time(suite: Suite) -> None:
    times = []
    toy_work.OVEN.during = lambda key: times.append((key, suite.installation.clock.now() - MOMENT))
    order(suite, "daily", MOMENT, every=24)
    order(suite, "once", MOMENT + timedelta(hours=30))

    assert suite.patch("/clock", {"advance": "PT50H"}).status == 200

    expected = [("daily", 0), ("daily", 24), ("once", 30), ("daily", 48)]
    assert times == [(key, timedelta(hours=hours)) for key, hours in expected]


def test_too_much_on_the_way_is_a_conflict_that_can_be_gone_on_from(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.jobs.moving.MOMENTS_MAX", 3)
    order(suite, "hourly", MOMENT, every=1)

    answer = suite.patch("/clock", {"advance": "PT5H"})

    assert (answer.status, answer.json["code"]) == (409, "clock.stopped")
    assert "2026-01-31T15:00:00.000Z" in answer.json["message"]
    assert suite.get("/clock").json == {"now": "2026-01-31T15:00:00.000Z"}
    assert suite.patch("/clock", {"now": "2026-01-31T17:00:00Z"}).status == 200
    assert baked(suite, "hourly") == 6


def test_of_two_moves_at_once_the_second_starts_where_the_first_ends(suite: Suite) -> None:
    order(suite, "daily", MOMENT, every=24)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(suite.patch("/clock", {"advance": "P2D"}).json["now"]))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [f"2026-02-0{day}T12:00:00.000Z" for day in (2, 4, 6)]
    assert baked(suite, "daily") == 7


def test_its_contract_is_published_and_the_directory_shows_it(suite: Suite) -> None:
    listed = suite.get("/tmf-api").json["clock"]
    assert listed == {
        "href": "http://bss.example/clock",
        "contract": "http://bss.example/clock/openapi.json",
        "now": START,
    }

    document = suite.get("/clock/openapi.json").json

    validate(document)
    assert document["servers"] == [{"url": "http://bss.example"}]
    assert sorted(document["paths"]["/clock"]) == ["get", "patch"]
    assert b"/clock/openapi.json" in suite.get("/docs").content


def test_without_a_clock_of_its_own_there_is_none(tmp_path: Path) -> None:
    suite = Suite(Settings(database_url=f"sqlite:///{tmp_path}/bss.db", components="tmf620_catalog"))

    assert [suite.get("/clock").status, suite.patch("/clock", {"advance": "P1D"}).status] == [404, 404]
    assert suite.get("/clock/openapi.json").status == 404
    assert "clock" not in suite.get("/tmf-api").json
    suite.close()


@pytest.mark.parametrize(
    "settings",
    [
        {"clock": "soon"},
        {"clock": "2026-01-01"},
        {"clock": START, "workers": 2, "database_url": "postgresql://x/y"},
        {"clock": START, "delivery_inline": False},
    ],
)
def test_a_clock_that_cannot_be_is_refused_at_the_start(settings: Any) -> None:
    with pytest.raises(ConfigurationError, match="BSS_CLOCK"):
        Settings(**settings)


def test_replies_to_idempotency_keys_are_kept_for_hours_of_the_machine(suite: Suite) -> None:
    body, key = {"@type": "Category", "name": "x"}, {"idempotency-key": "k"}
    base = "/tmf-api/productCatalogManagement/v5/category"
    first = suite.post(base, body, headers=key).json["id"]

    suite.patch("/clock", {"advance": "P1Y"})

    with suite.installation.database.write() as uow:
        assert uow.idempotency.forget_before(suite.installation.machine.now() - timedelta(hours=1)) == 0
    assert suite.post(base, body, headers=key).json["id"] == first


def test_a_story_advances_the_clock_and_settles(tmp_path: Path) -> None:
    toy_work.fresh_oven()
    settings = Settings(database_url=f"sqlite:///{tmp_path}/bss.db", components=COMPONENTS)
    suite = Suite(settings, SettableClock(MOMENT))
    order(suite, "k", MOMENT)
    order(suite, "later", MOMENT + timedelta(days=1))

    assert suite.settle() == 1
    suite.advance(timedelta(days=1))

    assert (baked(suite, "k"), baked(suite, "later")) == (1, 1)
    suite.close()


@pytest.mark.long
def test_a_server_with_a_clock_does_its_work_on_it(tmp_path: Path) -> None:
    toy_work.fresh_oven()
    url = f"sqlite:///{tmp_path}/bss.db"
    beside = Suite(Settings(database_url=url, components=COMPONENTS))
    order(beside, "daily", MOMENT, every=24)
    environment = {"BSS_DATABASE_URL": url, "BSS_COMPONENTS": COMPONENTS}

    import httpx

    with Server(environment, "serve", "--clock", START) as server:
        answer = httpx.patch(f"{server.url}/clock", json={"advance": "P2D"}, timeout=60)
        assert (answer.status_code, answer.json()) == (200, {"now": "2026-02-02T12:00:00.000Z"})
        assert baked(beside, "daily") == 3
        refused = httpx.patch(f"{server.url}/clock", json={"now": START}, timeout=60)
        assert refused.status_code == 400
        order(beside, "at-once", MOMENT)
        assert httpx.patch(f"{server.url}/clock", json={"advance": "PT0S"}, timeout=60).status_code == 200
        assert baked(beside, "at-once") == 1
    beside.close()
