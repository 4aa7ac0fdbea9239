"""`bss conformance URL`: judge a server, ours or anybody's, by TM Forum contracts and the rules of TMF630.

Exit codes: 0 no MUST failed, 1 a MUST failed, 2 misused, 3 the server does not answer.
"""

from __future__ import annotations

import json
import signal
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.cli.context import FAILED, MISUSED, UNAVAILABLE, err, explained, out, stop
from common.domain.clock import SystemClock, instant_text

if TYPE_CHECKING:
    from common.conformance.check import Result
    from common.conformance.config import Config
    from common.conformance.listener import HttpListener
    from common.conformance.run import Plan, Run
    from common.spec.contract import Contract

_STYLES = {"passed": "green", "failed": "red", "notRun": "yellow"}
_LOOPBACK = "127.0.0.1"
# What shells say of a command that was interrupted.
STOPPED = 130


def conformance(
    url: Annotated[str, typer.Argument(help="The server, or one API of it.")] = "",
    api: Annotated[
        list[str] | None, typer.Option(help="TMF620; repeatable. Without it: all that the server has.")
    ] = None,
    version: Annotated[str | None, typer.Option(help="v4 or v5.")] = None,
    spec: Annotated[list[Path] | None, typer.Option(help="A TM Forum document to judge by, instead of ours.")] = None,
    header: Annotated[
        list[str] | None, typer.Option(help="'Name: value' for every request; masked in reports.")
    ] = None,
    profile: Annotated[str, typer.Option(help="core, or full.")] = "core",
    only: Annotated[list[str] | None, typer.Option(help="An area or a check; repeatable.")] = None,
    resource: Annotated[list[str] | None, typer.Option(help="A resource; repeatable.")] = None,
    config: Annotated[Path | None, typer.Option(help="Payloads, ids and exceptions of the server (YAML).")] = None,
    report: Annotated[
        list[Path] | None, typer.Option(help="Where to: .html, .xml (JUnit), .json, .md (a table); repeatable.")
    ] = None,
    compare: Annotated[Path | None, typer.Option(help="An earlier .json report to compare with.")] = None,
    events: Annotated[bool, typer.Option("--events/--no-events", help="Listen to events.")] = True,
    listen: Annotated[str, typer.Option(help="Where the kit listens: HOST or HOST:PORT.")] = _LOOPBACK,
    listener_url: Annotated[str | None, typer.Option(help="How the server reaches the listener, if otherwise.")] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Do not check the server's certificate.")] = False,
    ca: Annotated[Path | None, typer.Option(help="Certificates to trust.")] = None,
    list_checks: Annotated[
        bool, typer.Option("--list", help="List the checks and their rules; no server needed.")
    ] = False,
) -> None:
    """Judge a server by TM Forum contracts and the rules of TMF630.

    Exit codes: 0 no MUST failed, 1 a MUST failed, 2 misused, 3 the server does not answer.
    """
    _installed()
    from common.conformance.check import Profile
    from common.conformance.config import Config, read_config
    from common.conformance.discovery import chosen
    from common.conformance.report.compare import read_report
    from common.conformance.run import Plan

    if profile not in list(Profile):
        stop(f"--profile is core or full, not {profile!r}", MISUSED)
    plan = Plan(Profile(profile), tuple(only or ()), tuple(resource or ()))
    if list_checks:
        _list(plan)
        return
    if not url.startswith(("http://", "https://")):
        stop("give the address of a server, as in bss conformance http://127.0.0.1:8080", MISUSED)
    with explained():
        given = read_config(config) if config else Config()
        contracts = chosen(api or (), version, spec or ())
        earlier = read_report(compare) if compare else None
    headers = {**given.headers, **_headers(header or ())}
    for path in report or ():
        _writable(path)
    listener = _listener(listen, listener_url) if events else None
    asked = _Asked(url, headers, str(ca) if ca else not insecure, given, plan, listener, _stopped_gently())
    runs: list[Run] = []
    code = _judged(asked, contracts, runs, everything=not (api or spec))
    if runs:
        told = _finished(runs, url, plan, report or (), earlier)
        code = code or (FAILED if told["verdict"] == "failed" else 0)
    raise SystemExit(code)


@dataclass(frozen=True)
class _Asked:
    """What is judged, and how."""

    url: str
    headers: dict[str, str]
    verify: bool | str
    config: Config
    plan: Plan
    listener: HttpListener | None
    stopping: threading.Event


def _judged(asked: _Asked, contracts: list[Contract], runs: list[Run], *, everything: bool) -> int:
    """Run what is asked for into `runs`; the exit code of what went wrong on the way, else 0."""
    from common.conformance.target import Unreachable

    try:
        for contract, base in _served(asked, contracts, everything=everything):
            runs.append(_run(asked, contract, base))
            _progress(runs[-1])
    except Unreachable as error:
        err.print(f"bss: the server does not answer: {error}", style="red", markup=False)
        return UNAVAILABLE
    except KeyboardInterrupt:
        err.print("bss: stopped; what was created has been deleted", style="yellow", markup=False)
        return STOPPED
    finally:
        if asked.listener is not None:
            asked.listener.close()
    return 0


def _installed() -> None:
    if find_spec("openapi_core") is None or find_spec("schemathesis") is None:
        stop("the conformance kit needs more libraries: pip install 'tmf-bss[conformance]'", MISUSED)


def _stopped_gently() -> threading.Event:
    """Set by the first SIGTERM or Ctrl-C: the request under way is finished. A second one stops at once."""
    stopping = threading.Event()

    def stop_soon(sign: int, _: Any) -> None:
        stopping.set()
        signal.signal(sign, signal.default_int_handler)

    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, stop_soon)
    return stopping


def _headers(given: Any) -> dict[str, str]:
    found = {}
    for one in given:
        name, mark, value = one.partition(":")
        if not mark or not name.strip():
            stop(f"--header is 'Name: value', not {one!r}", MISUSED)
        found[name.strip()] = value.strip()
    return found


def _writable(path: Path) -> None:
    if path.suffix not in (".html", ".xml", ".json", ".md"):
        stop(f"{path}: a report is written as .html, .xml, .json or .md", MISUSED)
    if not path.parent.is_dir():
        stop(f"{path}: there is no folder {path.parent}", MISUSED)


def _listener(listen: str, url: str | None) -> HttpListener:
    from common.conformance.listener import HttpListener

    host, _, port = listen.partition(":")
    if port and not port.isdecimal():
        stop(f"--listen is HOST or HOST:PORT, not {listen!r}", MISUSED)
    try:
        return HttpListener(host, int(port or 0), url)
    except OSError as error:
        stop(f"nobody can listen on {listen}: {error.strerror}", MISUSED)


def _served(asked: _Asked, contracts: list[Contract], *, everything: bool) -> list[tuple[Contract, str]]:
    """The contracts with the address of each; when nothing was asked for by name, only those that the server has.

    Errors: Unreachable.
    """
    from common.conformance.discovery import locate
    from common.conformance.target import Target

    target = Target(asked.url, headers=asked.headers, verify=asked.verify, stopping=asked.stopping)
    try:
        places = [(contract, locate(target, asked.url, contract)) for contract in contracts]
    finally:
        target.close()
    found = [(contract, place.base) for contract, place in places if place.answers or not everything]
    # Somebody who serves none of them is told so by every check of the first.
    return found or [(contract, place.base) for contract, place in places[:1]]


def _run(asked: _Asked, contract: Contract, base: str) -> Run:
    from common.conformance.run import Run
    from common.conformance.target import Target
    from common.domain.ids import ordered_id

    target = Target(base, headers=asked.headers, verify=asked.verify, stopping=asked.stopping)
    out.print(f"{contract.key} at {base}")
    tag = ordered_id()[-8:]
    return Run(target, contract, tag=tag, config=asked.config, plan=asked.plan, listener=asked.listener)


def _progress(run: Run) -> None:
    """Run it, and say what fails as it comes."""
    with closing(run.go()) as results:  # whoever stops it here has what was created deleted first
        for result in results:
            _tell(result)
    counts = Counter(result.outcome for result in run.results)
    told = ", ".join(f"[{_STYLES[name]}]{counts[name]} {word}[/]" for name, word in _counted())
    out.print(f"  {told} ({len(run.target.exchanges)} requests, {run.seconds:.1f} s)")
    if run.ledger.left:
        out.print(f"  {len(run.ledger.left)} of what was created could not be deleted; the reports name them")


def _tell(result: Result) -> None:
    if result.finding is None:
        return
    rule = result.check.rule
    out.print(f"  {rule.level:<6} {result.resource} {result.check.name}: {rule.text}", markup=False)
    out.print(f"         expected {result.finding.expected}", markup=False)
    out.print(f"         got {result.finding.got}", markup=False)


def _counted() -> list[tuple[Any, str]]:
    from common.conformance.check import Outcome

    return [(Outcome.PASSED, "passed"), (Outcome.FAILED, "failed"), (Outcome.NOT_RUN, "could not run")]


def _finished(runs: list[Run], url: str, plan: Plan, paths: Any, earlier: dict[str, Any] | None) -> dict[str, Any]:
    """Write the reports and say what has changed."""
    from common.conformance.report.compare import compared
    from common.conformance.report.html import html
    from common.conformance.report.junit import junit
    from common.conformance.report.matrix import of_report
    from common.conformance.report.summary import summarised

    told = summarised(runs, server=url, profile=str(plan.profile), at=instant_text(SystemClock().now()))
    comparison = compared(told, earlier) if earlier is not None else None
    for path in paths:
        match path.suffix:
            case ".html":
                text = html(told, comparison)
            case ".xml":
                text = junit(told)
            case ".md":
                text = of_report(told)
            case _:
                text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")
        out.print(f"wrote {path}", markup=False)
    if comparison is not None:
        out.print(f"since {comparison.earlier}: {len(comparison.broken)} broken, {len(comparison.mended)} mended")
        for key in comparison.broken:
            out.print(f"  broken: {key}", markup=False)
    return told


def _list(plan: Plan) -> None:
    from common.conformance.check import selected
    from common.conformance.checks import CHECKS

    for one in selected(CHECKS, plan.profile, plan.only):
        rule = one.rule
        out.print(f"{one.name:<34} {rule.level:<6} {rule.text} ({rule.cited})", markup=False, soft_wrap=True)
