"""`bss events`: listing and replaying from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from common.cli.events import events_app
from common.settings import Settings
from common.store.database import Database
from tests.common.events.conftest import Scene, step
from tests.common.events.listeners import Answer, Listener
from tests.common.events.toys import order_event

TENANT = "default"


@pytest.fixture
def scene(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    where = Settings(database_url=f"sqlite:///{tmp_path}/events.db")

    def open_database(_: Settings) -> Database:
        return Database.open(where, ())

    monkeypatch.setattr("common.cli.events.open_database", open_database)
    database = Database.open(where, ())
    database.migrate()
    stage = Scene(database, replace(settings, delivery_attempts_max=1))
    yield stage
    for worker in stage.workers:
        worker.close()
    database.close()


def bss_events(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(events_app, list(arguments))
    return result.exit_code, result.output


def test_deliveries_are_listed_by_state_and_listener(scene: Scene, listener: Listener) -> None:
    listener.behave = lambda request: Answer(500 if request.event_id == "e1" else 204)
    subscription = scene.register(listener.url, tenant=TENANT)
    scene.record(order_event("e1"), order_event("e2"), tenant=TENANT)
    step(scene.worker())

    code, text = bss_events("list", "--json", "--state", "parked", "--subscription", subscription)

    assert code == 0
    assert json.loads(text) == [
        {
            "event_id": "e1",
            "event_type": "ProductOrderCreateEvent",
            "subscription_id": subscription,
            "callback": listener.url,
            "state": "parked",
            "attempts": 1,
            "next_at": "2026-03-01T09:00:00.000Z",
            "last_error": "answered 500",
        }
    ]
    assert [one["event_id"] for one in json.loads(bss_events("list", "--json")[1])] == ["e1", "e2"]
    assert json.loads(bss_events("list", "--json", "--subscription", "other")[1]) == []
    assert json.loads(bss_events("list", "--json", "--tenant", "other")[1]) == []


def test_the_table_names_event_state_and_error(scene: Scene, listener: Listener) -> None:
    listener.behave = lambda request: Answer(500)
    scene.register(listener.url, tenant=TENANT)
    scene.record(order_event("e1"), tenant=TENANT)
    step(scene.worker())

    code, text = bss_events("list")

    (row,) = [line for line in text.splitlines() if "e1" in line]
    assert code == 0
    assert [cell.strip() for cell in row.strip("│").split("│")][3:] == ["parked", "1", "", "answered 500"]


@pytest.mark.parametrize("by", ["--event", "--subscription", "--parked"])
def test_replaying_queues_events_again(scene: Scene, listener: Listener, by: str) -> None:
    listener.behave = lambda request: Answer(500)
    subscription = scene.register(listener.url, tenant=TENANT)
    scene.record(order_event("e1"), tenant=TENANT)
    step(scene.worker())
    arguments = {"--event": ["e1"], "--subscription": [subscription], "--parked": []}[by]

    code, text = bss_events("replay", by, *arguments)

    assert (code, text) == (0, "1 deliveries queued\n")
    # The command reads the machine's clock, which is ahead of the scene's.
    assert [one["state"] for one in json.loads(bss_events("list", "--json")[1])] == ["pending"]


@pytest.mark.parametrize("arguments", [[], ["--event", "e1", "--parked"]])
def test_replay_wants_exactly_one_choice(scene: Scene, arguments: list[str]) -> None:
    code, text = bss_events("replay", *arguments)

    assert code == 2
    assert "exactly one of" in text


def test_replaying_what_is_not_there_fails_with_a_sentence(scene: Scene) -> None:
    code, text = bss_events("replay", "--event", "e9")

    assert code == 1
    assert "there is no settled delivery of an event with id 'e9'" in " ".join(text.split())
