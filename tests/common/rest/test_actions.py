"""What a work of ours does to resources: the same as requests do, with rules, lifecycle and events, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from common.component import RuleContext
from common.domain.clock import SettableClock
from common.errors import IdTaken, IllegalTransition, InvalidBody, NotFound
from common.installation import Installation
from common.rest.actions import Actions, acting
from common.rest.changes import rule_context
from common.settings import Settings
from tests.client import Suite

START = datetime(2026, 1, 1, tzinfo=UTC)
BASE = "/tmf-api/productCatalogManagement/v5/category"


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/bss.db", components="tmf620_catalog,tests.common.jobs.toy_work"
    )
    running = Suite(settings, SettableClock(START))
    yield running
    running.close()


@contextmanager
def acted(suite: Suite) -> Iterator[Actions]:
    with suite.installation.database.write() as uow:
        yield acting(suite.installation, uow, "because")
        uow.commit()


def events(suite: Suite) -> list[tuple[str, str, str]]:
    with suite.installation.database.read() as uow:
        rows = uow.connection.execute(text("SELECT type, resource_id, correlation_id FROM outbox ORDER BY sequence"))
        return [(row[0], row[1], row[2]) for row in rows]


def test_what_it_creates_is_what_a_post_creates(suite: Suite) -> None:
    with acted(suite) as actions:
        made = actions.create("category", {"id": "a", "name": "x", "description": None})

    posted = suite.created(BASE, {"@type": "Category", "id": "b", "name": "x"})
    read = suite.get(f"{BASE}/a").json
    assert {**read, "id": "b", "href": posted["href"]} == posted
    assert {**made, "href": read["href"]} == read
    assert events(suite)[0] == ("CategoryCreateEvent", "a", "because")


def test_what_it_changes_is_what_a_patch_changes(suite: Suite) -> None:
    made = suite.post(BASE, {"@type": "Category", "id": "a", "name": "x", "description": "y"})
    suite.installation.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]

    with acted(suite) as actions:
        changed = actions.update("category", "a", {"name": "z", "description": None})
        same = actions.update("category", "a", {"name": "z"})

    read = suite.get(f"{BASE}/a")
    assert (read.json["name"], read.json["lastUpdate"]) == ("z", "2026-01-01T01:00:00.000Z")
    assert "description" not in read.json
    assert read.headers["etag"] == made.headers["etag"].replace('-1"', '-2"')
    assert changed == same == {name: value for name, value in read.json.items() if name != "href"}
    assert [event[0] for event in events(suite)] == ["CategoryCreateEvent", "CategoryAttributeValueChangeEvent"]


def test_rules_and_lifecycles_are_asked(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.created(BASE, {"@type": "Category", "id": "a", "name": "x"})
    served = suite.installation.by_name["category"]

    def refuse(*arguments: Any) -> None:
        arguments[-1].refuse("/name", "toy", "not this one")

    strict = replace(served, descriptor=replace(served.descriptor, on_create=refuse, on_patch=refuse))
    monkeypatch.setitem(suite.installation.by_name, "category", strict)

    with suite.installation.database.write() as uow:
        actions = acting(suite.installation, uow)
        with pytest.raises(InvalidBody):
            actions.create("category", {"name": "y"})
        with pytest.raises(InvalidBody):
            actions.update("category", "a", {"name": "y"})
        with pytest.raises(IllegalTransition):
            actions.update("category", "a", {"lifecycleStatus": "Retired"})
        actions.change("category", "a", {"name": "z"})
        uow.commit()

    assert suite.get(f"{BASE}/a").json["name"] == "z"
    assert len(events(suite)) == 2


def test_what_is_not_there_cannot_be_acted_on(suite: Suite) -> None:
    suite.created(BASE, {"@type": "Category", "id": "a", "name": "x"})

    with acted(suite) as actions:
        assert actions.hold("category", "absent") is None
        assert actions.hold("absent", "a") is None
        held = actions.hold("category", "a")
        assert held is not None
        assert held["name"] == "x"
        with pytest.raises(NotFound):
            actions.update("category", "absent", {})
        with pytest.raises(NotFound):
            actions.create("absent", {})
        with pytest.raises(IdTaken):
            actions.create("category", {"id": "a", "name": "y"})

    assert len(events(suite)) == 1


def context(installation: Installation, uow: Any) -> RuleContext:
    return rule_context(installation, uow, installation.by_name["category"], None)


def test_a_rule_schedules_work_with_the_change_of_the_request(suite: Suite) -> None:
    installation = suite.installation
    with installation.database.write() as uow:
        schedule = context(installation, uow).schedule
        assert schedule is not None
        schedule("bake", "lost", START)
    with installation.database.write() as uow:
        schedule = context(installation, uow).schedule
        assert schedule is not None
        schedule("bake", "kept", START)
        uow.commit()

    with installation.database.read() as uow:
        assert [(one.kind, one.key, one.due) for one in uow.agenda.due(START, 10)] == [("bake", "kept", START)]
    assert suite.settle() == 1


def test_work_that_no_component_has_cannot_be_scheduled(suite: Suite) -> None:
    with suite.installation.database.write() as uow:
        schedule = context(suite.installation, uow).schedule
        assert schedule is not None
        with pytest.raises(AssertionError):
            schedule("sell", "a", START)
