"""A run as plain values: what every report is written from, and what is compared with the next run.

Shapes: the JSON report has `server`, `profile`, `apis` (each with its `results`), `verdict`; a result has `check`,
`area`, `level`, `rule`, `outcome`, and for a failure `expected`, `got` and the `exchanges` that show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from common.conformance.check import Level, Outcome, Result
from common.conformance.run import Run
from common.conformance.target import Exchange, pretty

FORMAT = 1
# A body in a report; the rest is cut off and said so.
_SHOWN_MAX = 6_000


def summarised(runs: Iterable[Run], *, server: str, profile: str, at: str) -> dict[str, Any]:
    """Everything of some runs that a report says."""
    apis = [_api(run) for run in runs]
    results = [result for api in apis for result in api["results"]]
    return {
        "format": FORMAT,
        "server": server,
        "profile": profile,
        "at": at,
        "verdict": "failed" if must_failed(results) else "passed",
        "counts": counted(results),
        "apis": apis,
    }


def must_failed(results: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the server breaks a rule that binds."""
    return any(one["outcome"] == Outcome.FAILED and one["level"] == Level.MUST for one in results)


def counted(results: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    outcomes = [one["outcome"] for one in results]
    return {str(outcome): outcomes.count(outcome) for outcome in Outcome}


def _api(run: Run) -> dict[str, Any]:
    results = [_result(run, result) for result in run.results]
    return {
        "api": run.contract.key,
        "version": run.contract.version,
        "title": run.contract.title,
        "base": run.target.base,
        "seconds": f"{run.seconds:.1f}",
        "requests": len(run.target.exchanges),
        "counts": counted(results),
        "untested": run.untested,
        "leftBehind": run.ledger.left,
        "results": results,
    }


def _result(run: Run, result: Result) -> dict[str, Any]:
    rule = result.check.rule
    said: dict[str, Any] = {
        "key": result.key,
        "resource": result.resource,
        "check": result.check.name,
        "area": result.check.area,
        "level": str(rule.level),
        "rule": rule.cited,
        "text": rule.text,
        "outcome": str(result.outcome),
    }
    if result.finding is not None:
        known = run.target.exchanges
        shown = [known[number] for number in result.exchanges if number < len(known)]
        said |= {
            "expected": result.finding.expected,
            "got": result.finding.got,
            "exchanges": [_exchange(one) for one in shown],
        }
    if result.reason:
        said["reason"] = result.reason
    return said


def _exchange(one: Exchange) -> dict[str, Any]:
    return {
        "request": f"{one.method} {one.url}",
        "requestHeaders": [f"{name}: {value}" for name, value in one.sent_headers],
        "requestBody": _shown(one.sent),
        "status": one.status,
        "headers": [f"{name}: {value}" for name, value in one.headers.items()],
        "body": _shown(one.content),
        "milliseconds": int(one.seconds * 1000),
        "curl": one.curl(),
    }


def _shown(content: bytes) -> str:
    text = pretty(content)
    return text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + f"\n... {len(text) - _SHOWN_MAX} characters more"
