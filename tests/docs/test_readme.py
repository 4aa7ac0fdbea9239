"""What the README and the walk through a month say, pasted into a shell against a running server."""

from __future__ import annotations

import re

import pytest

from tests.docs.pasted import walk
from tests.test_architecture import ROOT

README = (ROOT / "README.md").read_text()
WALKTHROUGH = (ROOT / "docs" / "walkthrough.md").read_text()


def test_the_readme_has_the_commands():
    assert re.search(r"^    make run ", README, flags=re.MULTILINE)
    assert re.search(r"^    make test ", README, flags=re.MULTILINE)
    assert ".venv/bin/bss demo" in README


@pytest.mark.long
def test_the_walk_through_of_the_readme_works_when_pasted(tmp_path):
    walked = walk(README, 8080, tmp_path / "bss.db", {})

    assert walked.code == 0, walked.complaints
    assert walked.printed == walked.expected


@pytest.mark.long
def test_the_month_works_when_pasted(tmp_path):
    begin, zone = "2026-12-10T08:00:00Z", "Europe/Berlin"
    assert f"BSS_DATABASE_URL=sqlite:///var/walk.db BSS_TIME_ZONE={zone} .venv/bin/bss serve" in WALKTHROUGH
    assert f"--port 8090 --samples --clock {begin}" in WALKTHROUGH

    settings = {"BSS_CLOCK": begin, "BSS_TIME_ZONE": zone}
    walked = walk(WALKTHROUGH, 8090, tmp_path / "walk.db", settings, "sqlite:///var/walk.db")

    assert walked.code == 0, walked.complaints
    assert walked.printed == walked.expected
