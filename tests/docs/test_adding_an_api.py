"""docs/adding-an-api.md, followed to the letter with a toy contract."""

from __future__ import annotations

import json
import re
import shutil
import sys

import pytest

from common.settings import Settings
from common.spec.build import write_documents
from tests.client import Suite
from tests.test_architecture import ROOT

PAGE = (ROOT / "docs" / "adding-an-api.md").read_text()
BASE = "/tmf-api/loyaltyManagement/v5"


def files_of_the_page() -> dict[str, str]:
    return dict(re.findall(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)```$", PAGE, flags=re.MULTILINE | re.DOTALL))


@pytest.fixture
def suite(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "openapi", tmp_path / "openapi")
    for name, text in files_of_the_page().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    write_documents(tmp_path / "openapi", tmp_path / "published")
    for published in (tmp_path / "published").glob("*"):
        if not published.name.startswith("TMF999"):
            published.unlink()
    monkeypatch.syspath_prepend(tmp_path)
    running = Suite(
        Settings(
            database_url=f"sqlite:///{tmp_path}/bss.db",
            components="tmf999_loyalty",
            spec_dir=str(tmp_path / "published"),
        )
    )
    yield running
    running.close()
    for module in [name for name in sys.modules if name.startswith("tmf999_loyalty")]:
        del sys.modules[module]


def test_the_page_has_the_files_it_talks_about():
    assert sorted(files_of_the_page()) == [
        "openapi/tmf999.yaml",
        "tmf999_loyalty/__init__.py",
        "tmf999_loyalty/lifecycle.py",
        "tmf999_loyalty/rules.py",
    ]


def test_the_new_api_is_served_with_rules_lifecycle_and_events(suite):
    card = suite.created(f"{BASE}/loyaltyCard", {"@type": "LoyaltyCard", "name": "Ada"})
    assert (card["points"], card["state"]) == (0, "active")

    found = suite.get(f"{BASE}/loyaltyCard?name=Ada&points.lte=0&fields=points")
    assert [item["points"] for item in found.json] == [0]

    item = f"{BASE}/loyaltyCard/{card['id']}"
    assert suite.patch(item, {"state": "closed"}).json["state"] == "closed"
    assert suite.patch(item, {"state": "active"}).json["code"] == "lifecycle.illegal"

    refused = suite.post(f"{BASE}/loyaltyCard", {"@type": "LoyaltyCard", "name": "B", "points": -1})
    assert refused.status == 400
    assert refused.json["errors"] == [
        {"pointer": "/points", "rule": "minimum", "message": "a card starts with 0 points or more"}
    ]

    assert suite.post(f"{BASE}/hub", {"callback": "https://listener.example/"}).status == 201
    assert suite.delete(item).status == 204
    assert suite.get(item).status == 404
    assert json.loads(suite.get(f"{BASE}/openapi.json").content)["info"]["x-api-id"] == "TMF999"
