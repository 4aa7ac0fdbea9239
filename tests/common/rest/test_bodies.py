"""What of a body is read as it is written: the mark of the other major, null members."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.settings import Settings
from tests.client import Answer, Suite

CATEGORIES = "/tmf-api/productCatalogManagement/v5/category"


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    made = Suite(Settings(database_url=f"sqlite:///{tmp_path}/bss.db", components="tmf620_catalog"))
    yield made
    made.close()


def rule_of(answer: Answer) -> str:
    assert answer.status == 400, answer.json
    return str(answer.json["errors"][0]["rule"])


@pytest.mark.parametrize("name", ["~name", "\\u007ename", "\\u007E"])
def test_the_mark_is_refused_however_it_is_written(suite: Suite, name: str) -> None:
    kept = suite.created(CATEGORIES, {"@type": "Category", "name": "kept"})["id"]
    top, below = (f'"{name}": 1', f'"parent": {{"@type": "CategoryRef", "id": "1", "{name}": 1}}')

    for member in (top, below):
        made = suite.post(CATEGORIES, content=f'{{"@type": "Category", "name": "a", {member}}}'.encode())
        changed = suite.patch(f"{CATEGORIES}/{kept}", content=f"{{{member}}}".encode())
        assert (rule_of(made), rule_of(changed)) == ("reserved", "reserved")


def test_a_value_may_have_the_mark_and_a_backslash(suite: Suite) -> None:
    made = suite.post(CATEGORIES, content=rb'{"@type": "Category", "name": "~a\\b", "description": "null"}')

    assert (made.status, made.json["name"], made.json["description"]) == (201, "~a\\b", "null")


def test_a_member_that_is_null_is_absent(suite: Suite) -> None:
    whole = {"@type": "Category", "name": "a", "description": None, "validFor": {"startDateTime": None}}

    made = suite.created(CATEGORIES, whole)

    assert "description" not in made
    assert made["validFor"] == {}
    assert suite.post(CATEGORIES, {**whole, "name": None}).status == 400
