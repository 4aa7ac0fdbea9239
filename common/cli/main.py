"""`bss`: serve, worker, migrate, seed, spec, events, check, assure, conformance, and the commands of components.

Exit codes: 0 done, 1 it failed, 2 misused or not configured, 3 the database does not answer.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from common import logs
from common.cli.assure import assure
from common.cli.components import WithComponents
from common.cli.conformance import conformance
from common.cli.context import FAILED, MISUSED, explained, open_database, out, print_json, settings, stop
from common.cli.events import events_app
from common.cli.seed import seed
from common.component import imported

app = typer.Typer(
    name="bss",
    cls=WithComponents,
    help="A TM Forum BSS served from its contracts. Settings come from BSS_* variables (docs/settings.md).\n\n"
    "Exit codes: 0 done, 1 failed, 2 misused or not configured, 3 the database does not answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
spec_app = typer.Typer(help="The contracts in openapi/.", no_args_is_help=True)
app.add_typer(spec_app, name="spec")
app.add_typer(events_app, name="events")
app.command()(seed)
app.command()(assure)
app.command()(conformance)

SOURCES = Path(__file__).resolve().parents[2] / "openapi"
PUBLISHED = SOURCES / "published"


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    spec_dir: Annotated[Path | None, typer.Option(help="Folder of TM Forum documents to serve too.")] = None,
    samples: Annotated[bool | None, typer.Option("--samples", help="Load the sample data, as bss seed does.")] = None,
    clock: Annotated[
        str | None, typer.Option(help="Stand still at this date-time until /clock is moved: for trying things out.")
    ] = None,
) -> None:
    """Serve every API; deliver events beside it unless BSS_DELIVERY_INLINE is false."""
    from common import serving

    with explained():
        serving.export(port=port, host=host, spec_dir=spec_dir, load_samples=samples, clock=clock)
        given = settings()
        out.print(f"TMF BSS on http://{given.host}:{given.port}{given.base_prefix}/tmf-api/  (pages: /docs)")
        serving.serve(given)


@app.command()
def worker(
    role: Annotated[
        str, typer.Option(help="What it does, comma-separated, such as delivery,billing (docs/broker.md); empty: all.")
    ] = "",
) -> None:
    """Deliver events and carry out work, apart from the server (set BSS_DELIVERY_INLINE=false there).

    Any number of workers may have a role; what there is to do in it is divided among them.
    """
    from common.broker.bridge import RELAY
    from common.installation import Installation
    from common.jobs.runner import Runner
    from common.serving import DELIVERY, broker_workers, delivery_worker, roles

    with explained():
        given = settings()
        if given.clock:
            stop("BSS_CLOCK is a clock of bss serve, which does its work itself; a worker has none", MISUSED)
        logs.configure(given.log_level)
        installation = Installation.assemble(given)
        known = roles(installation)
        wanted = frozenset(name.strip() for name in role.split(",") if name.strip()) or known
        if wanted - known:
            stop(f"--role: {', '.join(sorted(wanted - known))}; there are {', '.join(sorted(known))}", MISUSED)
        if wanted == {RELAY} and not given.broker_url:
            stop("--role relay needs BSS_BROKER_URL", MISUSED)
        installation.open_store()
        delivery = delivery_worker(installation)
        jobs = Runner(installation, committed=delivery.wake, roles=wanted)
        broker = broker_workers(installation, wanted, delivery.wake)
        out.print(f"working as {', '.join(sorted(wanted))}; stop with Ctrl-C")
        jobs.start()
        broker.start()
        try:
            if DELIVERY in wanted:
                delivery.run_alone()
            else:
                threading.Event().wait()
        except KeyboardInterrupt:
            out.print("stopped")
        finally:
            broker.close()
            jobs.close()


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the bill is written, as a PDF.")] = Path("var/demo"),
    json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
    stay: Annotated[bool, typer.Option("--stay", help="Leave its suite running afterwards, to look around.")] = False,
    port: Annotated[int, typer.Option(help="Port of its own suite; 0: a free one.")] = 0,
) -> None:
    """Play a month over HTTP: sell, use, bill, pay; show a bill and where each line came from, and check the books.

    It starts a suite of its own, with another clock and database; nothing else is touched. Exit code 0 when the books
    agree.
    """
    imported("demo.command:play")(folder, json=json, stay=stay, port=port)


@app.command()
def migrate(
    recount: Annotated[bool, typer.Option("--recount", help="Count anew what counts are kept of.")] = False,
) -> None:
    """Bring the database to the schema of this version; safe to repeat."""
    with explained():
        database = open_database()
        database.migrate()
        if recount:
            database.recount()
        database.close()
        out.print("the database is up to date")


@app.command()
def check(json: Annotated[bool, typer.Option(help="Machine-readable.")] = False) -> None:
    """Compare settings, components, contracts and database; print what is served."""
    from common.installation import Installation

    with explained():
        installation = Installation.assemble(settings())
        installation.database.ping()
        installation.database.prepare()
        rows = [
            {
                "api": contract.key,
                "version": contract.version,
                "path": contract.base_path,
                "resources": sorted(contract.resources),
                "notServed": dict(contract.gaps),
            }
            for contract in installation.contracts
        ]
        installation.database.close()
    if json:
        print_json(rows)
        return
    for row in rows:
        out.print(f"{row['api']:<11} {row['version']:<7} {row['path']}  {len(row['resources'])} resources")


@app.command()
def docs() -> None:
    """Write docs/settings.md from the settings."""
    from common.cli.reference import PAGE, settings_page

    PAGE.write_text(settings_page())
    out.print(f"wrote {PAGE.name}")


@spec_app.command()
def build() -> None:
    """Write the full documents in openapi/published/ from the sources beside it."""
    from common.spec.build import write_documents
    from common.spec.build.errors import SourceError

    try:
        written = write_documents(SOURCES, PUBLISHED)
    except SourceError as error:
        stop(str(error), FAILED)
    for path in written:
        out.print(f"wrote {path.name}")


@spec_app.command("check")
def check_spec() -> None:
    """Tell whether openapi/published/ is what the sources say."""
    from common.spec.build import stale_documents
    from common.spec.build.errors import SourceError

    try:
        stale = stale_documents(SOURCES, PUBLISHED)
    except SourceError as error:
        stop(str(error), FAILED)
    if stale:
        stop("not current: " + ", ".join(stale) + "; run `bss spec build` and commit", FAILED)
    out.print("the published contracts are current")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
