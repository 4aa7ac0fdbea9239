"""`bss assure`: hold the books against each other, and tell what does not agree."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import write_to_textfile
from rich.table import Table

from common import assurance
from common.assurance import SHOWN_MAX, Result
from common.cli.context import FAILED, explained, out, print_json, settings
from common.installation import Installation


def assure(
    check: Annotated[list[str] | None, typer.Option(help="Only this check; may be given several times.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
    metrics: Annotated[
        Path | None, typer.Option(help="Write how much each check found to this file, as Prometheus reads it.")
    ] = None,
    names: Annotated[bool, typer.Option("--list", help="Tell which checks there are, and run none.")] = False,
) -> None:
    """Hold usage, ratings, balances, bills, payments and the ledger against each other.

    Every finding names the records and what to do. Exit code 1 when there is any.
    """
    with explained():
        installation = Installation.assemble(settings())
        try:
            if names:
                for one in assurance.checks_of(installation):
                    out.print(f"{one.name:<28} {one.about}", markup=False)
                return
            installation.database.prepare()
            results = list(assurance.assure(installation, check or ()))
        finally:
            installation.database.close()
    if metrics is not None:
        write_to_textfile(str(metrics), assurance.metrics(results))
    if json:
        print_json([_plain(result) for result in results])
    else:
        _print(results)
    if any(result.count for result in results):
        raise SystemExit(FAILED)


def _plain(result: Result) -> dict[str, object]:
    findings = [asdict(finding) for finding in result.findings]
    return {
        "check": result.check.name,
        "about": result.check.about,
        "count": result.count,
        "findings": findings,
        "findingsLeftOut": result.count - len(findings),
    }


def _print(results: list[Result]) -> None:
    table = Table("check", "found", "what must hold")
    for result in results:
        table.add_row(result.check.name, str(result.count), result.check.about)
    out.print(table)
    for result in results:
        for finding in result.findings:
            out.print(f"{result.check.name}: {', '.join(finding.records)}", markup=False, soft_wrap=True)
            out.print(f"    {finding.message}\n    -> {finding.remedy}", markup=False, soft_wrap=True)
        if result.count > SHOWN_MAX:
            out.print(f"{result.check.name}: {result.count - SHOWN_MAX} more", markup=False)
    out.print(f"{len(results)} checks, {sum(result.count for result in results)} findings", markup=False)
