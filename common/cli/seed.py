"""`bss seed`: the sample operator, so that there is something to sell and somebody to bill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from common import logs
from common.cli.context import err, explained, out, print_json, settings

if TYPE_CHECKING:
    from common.installation import Installation
    from common.seed import Report, Samples


def seed(
    url: Annotated[
        str, typer.Option(help="A running server on the same database, prefix included; none: without a server.")
    ] = "",
    component: Annotated[
        list[str] | None, typer.Option(help="Only the samples of this component (tmf620_catalog); repeatable.")
    ] = None,
    api_only: Annotated[
        bool, typer.Option("--api-only", help="Leave out what the API cannot create (bills, finished orders ...).")
    ] = False,
    json: Annotated[bool, typer.Option(help="Machine-readable.")] = False,
) -> None:
    """Load the sample data: an operator, its catalogue, five customers and their bills. Safe to repeat.

    What a client may create goes through the API; bills, products and finished orders go into the database that
    BSS_DATABASE_URL names, with their events.
    """
    from common.installation import Installation
    from common.seed import Load, collect

    with explained():
        given = settings()
        logs.configure(
            "warning" if given.log_level == "info" else given.log_level
        )  # a line for each sample is too much
        installation = Installation.assemble(given)
        try:
            installation.open_store()
            samples = collect(installation, component or ())
            chosen = [part for part in samples if not (api_only and part.load is Load.STORE)]
            report = _loaded(installation, chosen, url)
        finally:
            installation.database.close()
    if json:
        print_json(report.rows())
    else:
        _print(report)


def _loaded(installation: Installation, samples: list[Samples], url: str) -> Report:
    import httpx
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from common.seed import TIMEOUT_SECONDS, in_process, load, local_url

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        bar = progress.add_task("samples", total=sum(len(part.documents) for part in samples))

        def noted(resource: str) -> None:
            progress.update(bar, advance=1, description=resource)

        if url:
            with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
                return load(installation, samples, url, client, noted)
        with in_process(installation) as client:
            return load(installation, samples, local_url(installation), client, noted)


def _print(report: Report) -> None:
    from rich.table import Table

    table = Table("resource", "created", "present", box=None)
    for row in report.rows():
        table.add_row(row["resource"], str(row["created"]), str(row["present"]))
    out.print(table)
    out.print(f"{report.created.total()} created, {report.present.total()} there already")
