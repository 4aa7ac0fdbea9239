"""The report as a table of rules by APIs, for a page of documentation (Markdown)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from common.conformance.check import Check, Outcome
from common.conformance.checks import CHECKS

PASSED, FAILED, NOTHING = "✓", "✗", "·"
LEGEND = f"`{PASSED}` holds on every resource it could be judged on, `{FAILED}` fails, `{NOTHING}` nothing to judge"


def cell(outcomes: Iterable[str]) -> str:
    """One rule in one API, over its resources."""
    found = set(outcomes)
    if Outcome.FAILED in found:
        return FAILED
    return PASSED if Outcome.PASSED in found else NOTHING


def column(results: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The cells of one API by check."""
    outcomes: dict[str, list[str]] = {}
    for one in results:
        outcomes.setdefault(one["check"], []).append(one["outcome"])
    return {one.name: cell(outcomes.get(one.name, ())) for one in CHECKS}


def matrix(columns: Mapping[str, Mapping[str, str]]) -> str:
    """The table. Shapes: columns by API and version (`TMF620/v5`), each with its cells by check."""
    keys = sorted(columns)
    heads = [key.removeprefix("TMF").replace("/", " ") for key in keys]
    lines = [
        f"| check | level | rule | {' | '.join(heads)} |",
        f"|---|---|---|{'---|' * len(heads)}",
    ]
    for one in CHECKS:
        cells = " | ".join(columns[key].get(one.name, NOTHING) for key in keys)
        lines.append(f"| `{one.name}` | {one.rule.level} | {_said(one)} | {cells} |")
    return "\n".join(lines) + "\n"


def of_report(report: Mapping[str, Any]) -> str:
    return matrix({api["api"]: column(api["results"]) for api in report["apis"]})


def _said(one: Check) -> str:
    text = f"{one.rule.text} ({one.rule.cited})"
    return text.replace("|", "\\|").replace("*", "\\*")
