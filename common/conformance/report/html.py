"""The report as one HTML page that needs nothing else: a summary to read, and each failure to act on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from common.conformance.check import Level, Outcome
from common.conformance.report.compare import Comparison
from common.conformance.report.summary import counted

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
h1{font-size:1.6rem}h2{margin-top:2.5rem}table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d5dae0;vertical-align:top}
td.n{text-align:right}.passed{color:#146c2e}.failed{color:#b3261e}.notRun{color:#6a5200}
.verdict{padding:1rem;border-radius:.4rem;background:#eef7f0}.verdict.failed{background:#fdeceb}
details{border:1px solid #d5dae0;border-radius:.4rem;padding:.5rem .8rem;margin:.6rem 0}
summary{cursor:pointer}pre{background:#f5f6f8;padding:.6rem;overflow:auto;font-size:.85rem;white-space:pre-wrap}
.level{font-size:.75rem;font-weight:600;border:1px solid;border-radius:.3rem;padding:0 .3rem}
@media(prefers-color-scheme:dark){body{background:#15181c;color:#e4e7eb}pre{background:#20252b}
.verdict{background:#16301e}.verdict.failed{background:#3a1a18}.passed{color:#6fd18b}.failed{color:#ff8a80}
.notRun{color:#e3c25c}th,td,details{border-color:#3a414a}}
"""
_WORDS = {"passed": "passed", "failed": "failed", "notRun": "did not run"}


def html(report: Mapping[str, Any], comparison: Comparison | None = None) -> str:
    """The page."""
    results = [{**one, "api": api["api"]} for api in report["apis"] for one in api["results"]]
    parts = [
        f"<h1>Conformance of {escape(report['server'])}</h1>",
        _verdict(report, results),
        _per_api(report),
        _per_area(results),
        _comparison(comparison) if comparison else "",
        _failures(results),
        _not_run(results),
        _left(report),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Conformance of {escape(report['server'])}</title><style>{_STYLE}</style></head>\n<body>"
        + "\n".join(part for part in parts if part)
        + "</body></html>\n"
    )


def _verdict(report: Mapping[str, Any], results: list[dict[str, Any]]) -> str:
    failing = [one for one in results if one["outcome"] == Outcome.FAILED]
    by_level = {level: sum(one["level"] == level for one in failing) for level in Level}
    counts = report["counts"]
    if by_level[Level.MUST]:
        said = f"{by_level[Level.MUST]} checks of rules that bind (MUST) fail."
    else:
        said = "No check of a rule that binds (MUST) fails."
    return (
        f'<div class="verdict {report["verdict"]}"><strong>{said}</strong> Of rules that advise (SHOULD) '
        f"{by_level[Level.SHOULD]} fail, of options (MAY) {by_level[Level.MAY]}. "
        f"{counts['passed']} checks passed; {counts['notRun']} could not run and count as neither. "
        f"Profile {escape(report['profile'])}, {escape(report['at'])}.</div>"
    )


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join("<tr>" + "".join(row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _counts(counts: Mapping[str, int]) -> list[str]:
    return [f'<td class="n {name if counts[name] else ""}">{counts[name]}</td>' for name in _WORDS]


def _per_api(report: Mapping[str, Any]) -> str:
    rows = [
        [
            f"<td>{escape(api['api'])}</td><td>{escape(api['title'])} {escape(api['version'])}</td>",
            *_counts(api["counts"]),
            f'<td class="n">{api["requests"]}</td><td class="n">{api["seconds"]} s</td>',
        ]
        for api in report["apis"]
    ]
    return "<h2>APIs</h2>" + _table(("API", "Contract", *_WORDS.values(), "requests", "time"), rows)


def _per_area(results: list[dict[str, Any]]) -> str:
    areas = list(dict.fromkeys(one["area"] for one in results))
    rows = [
        [f"<td>{escape(area.replace('_', ' '))}</td>", *_counts(counted(one for one in results if one["area"] == area))]
        for area in areas
    ]
    return "<h2>Areas of rules</h2>" + _table(("Area", *_WORDS.values()), rows)


def _comparison(comparison: Comparison) -> str:
    lists = [
        ("Broken since", comparison.broken),
        ("Mended since", comparison.mended),
        ("Passed then, could not run now", comparison.silenced),
        ("New checks", comparison.added),
        ("No longer run", comparison.gone),
    ]
    parts = [f"<h2>Since {escape(comparison.earlier)}</h2>"]
    for title, keys in lists:
        if keys:
            items = "".join(f"<li>{escape(key)}</li>" for key in keys)
            parts.append(f"<details><summary>{title}: {len(keys)}</summary><ul>{items}</ul></details>")
    return "".join(parts) if len(parts) > 1 else parts[0] + "<p>Nothing has changed.</p>"


def _failures(results: list[dict[str, Any]]) -> str:
    failing = [one for one in results if one["outcome"] == Outcome.FAILED]
    order = list(Level)
    failing.sort(key=lambda one: order.index(Level(one["level"])))
    return f"<h2>Failures: {len(failing)}</h2>" + "".join(_failure(one) for one in failing)


def _failure(one: Mapping[str, Any]) -> str:
    exchanges = "".join(_exchange(each) for each in one["exchanges"])
    return (
        f'<details><summary><span class="level failed">{one["level"]}</span> {escape(one["key"])}: '
        f"{escape(one['text'])}</summary><p>Rule: {escape(one['rule'])}</p>"
        f"<p><strong>Expected</strong> {escape(one['expected'])}<br><strong>Got</strong> {escape(one['got'])}</p>"
        f"{exchanges}</details>"
    )


def _exchange(each: Mapping[str, Any]) -> str:
    sent = "\n".join([each["request"], *each["requestHeaders"], "", each["requestBody"]]).rstrip()
    answer = "\n".join([f"{each['status']}  ({each['milliseconds']} ms)", *each["headers"], "", each["body"]]).rstrip()
    return (
        f"<p>Request</p><pre>{escape(sent)}</pre><p>Answer</p><pre>{escape(answer)}</pre>"
        f"<p>To repeat it</p><pre>{escape(each['curl'])}</pre>"
    )


def _not_run(results: list[dict[str, Any]]) -> str:
    reasons: dict[str, list[str]] = {}
    for one in results:
        if one["outcome"] == Outcome.NOT_RUN:
            reasons.setdefault(one["reason"], []).append(one["key"])
    parts = [
        f"<details><summary>{len(keys)}: {escape(reason)}</summary><ul>"
        + "".join(f"<li>{escape(key)}</li>" for key in keys)
        + "</ul></details>"
        for reason, keys in sorted(reasons.items(), key=lambda entry: -len(entry[1]))
    ]
    return "<h2>What could not run, and why</h2>" + ("".join(parts) or "<p>Everything ran.</p>")


def _left(report: Mapping[str, Any]) -> str:
    left = [one for api in report["apis"] for one in api["leftBehind"]]
    untested = [f"{api['api']} {name}: {why}" for api in report["apis"] for name, why in api["untested"].items()]
    parts = []
    if untested:
        parts.append(
            "<h2>Resources without checks</h2><ul>" + "".join(f"<li>{escape(one)}</li>" for one in untested) + "</ul>"
        )
    if left:
        items = "".join(f"<li>{escape(one)}</li>" for one in left)
        parts.append(
            f"<h2>Left behind</h2><details><summary>{len(left)} could not be deleted</summary>"
            f"<ul>{items}</ul></details>"
        )
    return "".join(parts)
