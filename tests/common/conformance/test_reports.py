"""Reports say the same thing to everybody: a person, CI, and the next run."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from common.conformance.report.compare import compared, read_report
from common.conformance.report.html import html
from common.conformance.report.junit import junit
from common.conformance.report.matrix import of_report
from common.conformance.report.summary import summarised
from common.conformance.run import Plan, Run
from common.conformance.target import Target
from common.errors import ConfigurationError
from tests.common.conformance.broken import Broken
from tests.common.conformance.in_process import ADDRESS, InProcess
from tests.common.conformance.test_mutants import CONTRACT, backend, oracle, shared

__all__ = ["backend", "oracle", "shared"]
PLAN = Plan(only=("paging", "concurrency"), resources=("category",))


async def miscounting(asked, forward):
    answer = await forward(asked)
    answer = answer.with_header("etag", None)
    return answer.with_header("x-total-count", "1<b>") if asked.is_list and answer.ok else answer


@pytest.fixture
def report(backend, oracle):
    """Of a server that counts wrongly (MUST) and has no ETag (SHOULD)."""
    transport = InProcess(Broken(backend.suite().application, miscounting))
    target = Target(ADDRESS + CONTRACT.base_path, headers={"X-Key": "s3cret"}, transport=transport)
    run = Run(target, CONTRACT, tag="report", plan=PLAN, oracle=oracle)
    list(run.go())
    return summarised([run], server=ADDRESS, profile="core", at="2026-11-28T00:00:00.000Z")


def test_the_summary_counts_and_decides(report):
    (api,) = report["apis"]
    outcomes = {one["check"]: one["outcome"] for one in api["results"]}

    assert report["verdict"] == "failed"
    assert (outcomes["paging.total_count"], outcomes["concurrency.etag"]) == ("failed", "failed")
    assert outcomes["concurrency.stale_patch"] == "notRun"
    assert report["counts"] == {name: list(outcomes.values()).count(name) for name in ("passed", "failed", "notRun")}
    (failing,) = [one for one in api["results"] if one["check"] == "paging.total_count"]
    assert failing["got"] == "1<b>"
    (exchange,) = failing["exchanges"]
    assert exchange["request"] == f"GET {ADDRESS}{CONTRACT.base_path}/category?limit=2"
    assert exchange["curl"].startswith("curl -i -X GET")


def test_secrets_are_in_no_report(report):
    assert "s3cret" not in json.dumps(report) + html(report) + junit(report)
    assert "X-Key: ***" in html(report)


def test_the_page_is_whole_and_escaped(report):
    opened: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            assert not [value for name, value in attributes if name in ("src", "href")], "nothing is fetched"
            if tag != "meta":
                opened.append(tag)

        def handle_endtag(self, tag):
            if tag != "br":
                while opened and opened[-1] == "br":
                    opened.pop()
                assert opened.pop() == tag

    page = html(report)
    Reader().feed(page)

    assert opened == []
    assert "X-Total-Count is how many there are in all" in page
    assert "1&lt;b&gt;" in page
    assert "<strong>2 checks of rules that bind (MUST) fail.</strong>" in page
    assert "the server gives no ETag" in page


def test_junit_fails_for_a_must_and_skips_what_did_not_run(report):
    (suite,) = ElementTree.fromstring(junit(report))
    cases = {case.get("name"): case for case in suite}

    assert suite.get("failures") == "2"
    assert cases["paging.total_count"].find("failure") is not None
    assert cases["concurrency.etag"].find("failure") is None, "a SHOULD does not fail a build"
    assert cases["concurrency.etag"].find("system-out") is not None
    assert cases["concurrency.stale_patch"].find("skipped").get("message") == "the server gives no ETag"
    assert suite.get("skipped") == str(report["counts"]["notRun"])


def test_the_table_has_a_row_for_a_rule(report):
    rows = {line.split(" | ")[0]: line.rstrip(" |").split(" | ")[-1] for line in of_report(report).splitlines()}

    assert rows["| `paging.total_count`"] == "✗"
    assert rows["| `paging.limit`"] == "✓"
    assert rows["| `operations.list`"] == "·"


def test_a_run_is_compared_with_an_earlier_one(report):
    earlier = json.loads(json.dumps(report))
    outcomes = {one["check"]: one for one in earlier["apis"][0]["results"]}
    outcomes["paging.total_count"]["outcome"] = "passed"
    outcomes["paging.limit"]["outcome"] = "failed"
    outcomes["concurrency.stale_patch"]["outcome"] = "passed"
    earlier["apis"][0]["results"].remove(outcomes["paging.offset"])

    told = compared(report, earlier)

    assert told.broken == ("TMF620/v5 category paging.total_count",)
    assert told.mended == ("TMF620/v5 category paging.limit",)
    assert told.silenced == ("TMF620/v5 category concurrency.stale_patch",)
    assert told.added == ("TMF620/v5 category paging.offset",)
    assert told.gone == ()
    assert "Broken since: 1" in html(report, told)
    assert "Nothing has changed." in html(report, compared(report, report))


@pytest.mark.parametrize("text", ["", "[]", '{"format": 0, "apis": []}'])
def test_what_is_no_report_is_not_compared(tmp_path, text):
    path = tmp_path / "earlier.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError):
        read_report(path)
