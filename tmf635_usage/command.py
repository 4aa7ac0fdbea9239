"""`bss usage`: files of usage taken in, usage rated that could not be, usage rated again, and added up."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from common.cli.context import FAILED, MISUSED, err, opened, out, print_json, stop
from common.collecting import seldom_collecting
from common.domain.clock import instant_text, read_instant
from common.installation import Installation
from tmf635_usage.feed import Begin, Feed, OtherFile, Taken
from tmf635_usage.ingest import CHUNK, CREATED, DUPLICATE, REFUSED, UNKNOWN_PRODUCT, Ingest
from tmf635_usage.parallel import Processes, ProcessLost
from tmf635_usage.publish_command import publish
from tmf635_usage.recycle import Recycle, Recycled
from tmf635_usage.rerate import Change, Proof, Sums
from tmf635_usage.rerate import rerate as rated_again
from tmf635_usage.retire import Retire, read_month
from tmf635_usage.sources import Columns, MappingRefused
from tmf635_usage.summary import GROUPINGS, Asked, Summary, summary
from tmf635_usage.summary_route import plain, read_asked, shown

usage_app = typer.Typer(name="usage", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

usage_app.command()(publish)

PROCESSES_MAX = 64
REJECTS, CHECKPOINT = ".rejects.ndjson", ".checkpoint"
_JSON = typer.Option("--json", help="Machine-readable.")
_DRY_RUN = typer.Option("--dry-run", help="Do the same and keep nothing.")


@usage_app.callback()
def _usage() -> None:
    """Usage from files, and rating done over."""


@usage_app.command()
def ingest(
    files: Annotated[list[Path], typer.Argument(help="CSV (*.csv) or NDJSON.", exists=True, dir_okay=False)],
    mapping: Annotated[Path | None, typer.Option(help="YAML: what the columns are (docs/usage.md).")] = None,
    folder: Annotated[Path | None, typer.Option(help="For reject files and checkpoints; else beside the file.")] = None,
    from_start: Annotated[bool, typer.Option("--from-start", help="Pay no attention to checkpoints.")] = False,
    processes: Annotated[int, typer.Option(min=1, max=PROCESSES_MAX, help="Processes that share the records.")] = 1,
    json: Annotated[bool, _JSON] = False,
) -> None:
    """Take in files of usage. One that was broken off goes on where it stopped; no record counts twice.

    Exit code 1 when records were refused: FILE.rejects.ndjson has them with the reasons.
    """
    told: dict[str, Taken] = {}
    with opened() as installation, _refusals():
        columns = Columns() if mapping is None else Columns.load(mapping)
        take = Ingest.of(installation, assumed=UNKNOWN_PRODUCT).take
        total = sum(file.stat().st_size for file in files)
        with seldom_collecting(), _sharing(installation, processes) as begin, _progress(total) as advance:
            done = 0
            for file in files:
                beside = (folder or file.parent) / file.name
                rejects, checkpoint = (beside.with_name(beside.name + suffix) for suffix in (REJECTS, CHECKPOINT))
                feed = Feed(file, rejects, checkpoint, take, columns, CHUNK * processes, begin)
                for taken in feed.run(from_start=from_start):
                    told[str(file)] = taken
                    advance(done + taken.offset, f"{taken.received} records of {file.name}")
                done += file.stat().st_size
    if json:
        print_json({file: _counts(taken) for file, taken in told.items()})
    for name, taken in told.items() if not json else ():
        counts = [f"{taken.results.get(result, 0)} {result}" for result in (CREATED, DUPLICATE, REFUSED)]
        out.print(f"{name}: {taken.received} received = {' + '.join(counts)}", markup=False, soft_wrap=True)
        for state, count in sorted(taken.states.items()):
            out.print(f"  {count} {state}", markup=False)
    if any(taken.results.get(REFUSED) for taken in told.values()):
        raise SystemExit(FAILED)


@usage_app.command()
def recycle(
    reason: Annotated[str | None, typer.Option(help="Only with this reason: no.price, product.unknown ...")] = None,
    product: Annotated[str | None, typer.Option(help="Only of the product with this id.")] = None,
    dry_run: Annotated[bool, _DRY_RUN] = False,
    json: Annotated[bool, _JSON] = False,
) -> None:
    """Rate usage that waits or was rejected, now that the cause is mended."""
    with opened() as installation, err.status("recycling") as status:

        def progress(recycled: Recycled) -> None:
            status.update(f"{recycled.taken} taken up, {recycled.rated} rated")

        recycled = Recycle(installation, reason, product, dry_run, progress=progress).run()
    if json:
        print_json({"taken": recycled.taken, "rated": recycled.rated, "left": dict(sorted(recycled.left.items()))})
        return
    out.print(f"{'would be ' if dry_run else ''}rated: {recycled.rated} of {recycled.taken}")
    for code, count in sorted(recycled.left.items()):
        out.print(f"  {count} {code}", markup=False)


@usage_app.command()
def retire(
    before: Annotated[str, typer.Argument(help="The first month that stays, as in 2026-01.")],
    dry_run: Annotated[bool, _DRY_RUN] = False,
    json: Annotated[bool, _JSON] = False,
) -> None:
    """Give up usage of earlier months with its ratings and lines. Bills, and what they came to, stay.

    Exit code 1 when something of that time is still needed: lines that no bill has, usage that waits.
    """
    month = read_month(before)
    if month is None:
        stop(f"{before!r} is no month; write it as 2026-01", MISUSED)
    with opened() as installation:
        gone = Retire.run(installation, month, keep=dry_run)
    if json:
        print_json({**asdict(gone), "before": instant_text(gone.before)})
        return
    told = f"{gone.usages} usages, {gone.ratings} ratings, {gone.lines} lines, {gone.numbers} numbers of sources"
    out.print(f"{'would give up' if dry_run else 'given up'}: {told}")


@usage_app.command()
def rerate(
    product: Annotated[list[str], typer.Option(help="The id of a product; may be given several times.")],
    since: Annotated[str | None, typer.Option(help="From when on, by the usage's own time; else all of it.")] = None,
    dry_run: Annotated[bool, _DRY_RUN] = False,
    json: Annotated[bool, _JSON] = False,
) -> None:
    """Take ratings back exactly and rate again, with the plan that was valid then; show what changed."""
    start = None if since is None else _instant(since)
    with opened() as installation:
        proofs = [rated_again(installation, id, start, dry_run=dry_run) for id in dict.fromkeys(product)]
    if json:
        print_json([_proof(one) for one in proofs])
        return
    for one in proofs:
        if one.changes:
            out.print(proof_table(one))
        out.print(f"{one.product}: {len(one.changes)} of {one.looked_at} usages changed", markup=False)
        for currency in sorted(one.before.keys() | one.after.keys()):
            before, after = one.before.get(currency, Decimal(0)), one.after.get(currency, Decimal(0))
            out.print(f"  {currency} {_plain(before)} -> {_plain(after)} ({_plain(after - before)})", markup=False)
        for currency, amount in sorted(one.corrections.items()):
            out.print(f"  {currency} {_plain(amount)} of what was billed is taken back on the next bill", markup=False)
    if dry_run:
        out.print("nothing was kept")


@usage_app.command("sum")
def sum_up(
    product: Annotated[str | None, typer.Option(help="Of the product with this id.")] = None,
    account: Annotated[str | None, typer.Option(help="Of what is charged to the account with this id.")] = None,
    customer: Annotated[str | None, typer.Option(help="Of the customer or party with this id.")] = None,
    since: Annotated[str | None, typer.Option(help="Usage that began then or later.")] = None,
    until: Annotated[str | None, typer.Option(help="Usage that began before.")] = None,
    by: Annotated[str, typer.Option(help=f"Group by these, with commas between: {', '.join(GROUPINGS)}.")] = "",
    json: Annotated[bool, _JSON] = False,
) -> None:
    """Count rated usage, and add up quantities and unrounded amounts."""
    given = {"product": product, "account": account, "customer": customer, "from": since, "until": until, "by": by}
    with opened() as installation:
        asked = read_asked(urlencode({name: value for name, value in given.items() if value}))
        with installation.database.read() as uow:
            found = summary(asked, uow.records, installation.library(uow))
    if json:
        print_json(shown(asked, found))
        return
    out.print(summary_table(asked, found))


def summary_table(asked: Asked, found: Summary) -> Table:
    """A line for each group, and one for all of them together."""
    table = Table(*asked.by, "usages", "quantity", "of it free", "amount", show_footer=bool(asked.by))
    whole = found.whole
    for group in found.groups if asked.by else (whole,):
        sums = (_money(group.quantities), _money(group.free), _money(group.amounts))
        table.add_row(*group.key, str(group.usages), *sums)
    footers = ["" for _ in asked.by] + [str(whole.usages), *map(_money, (whole.quantities, whole.free, whole.amounts))]
    for column, footer in zip(table.columns, footers, strict=True):
        column.footer = footer
    return table


def proof_table(proof: Proof) -> Table:
    """A line for each usage that changed."""
    table = Table("usage", "at", "before", "after", "why not rated")
    for one in proof.changes:
        table.add_row(one.usage, instant_text(one.at), _money(one.before), _money(one.after), one.reason or "")
    return table


def _proof(proof: Proof) -> dict[str, Any]:
    whole = asdict(proof)
    return {**whole, "changes": [_change(one) for one in proof.changes]}


def _change(one: Change) -> dict[str, Any]:
    return {**asdict(one), "at": instant_text(one.at)}


def _counts(taken: Taken) -> dict[str, Any]:
    none = dict.fromkeys((CREATED, DUPLICATE, REFUSED), 0)
    return {"received": taken.received, **none, **taken.results, "states": taken.states}


def _money(sums: Sums) -> str:
    return ", ".join(f"{_plain(amount)} {currency}" for currency, amount in sorted(sums.items()))


def _plain(amount: Decimal) -> str:
    return f"{plain(amount):f}"


def _instant(text: str) -> datetime:
    moment = read_instant(text)
    if moment is None:
        stop(f"--since: {text!r} is no date-time such as 2026-02-01T00:00:00Z", MISUSED)
    return moment


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (MappingRefused, OtherFile, ProcessLost) as error:
        stop(str(error), FAILED)
    except OSError as error:
        stop(f"a file cannot be read or written: {error}", FAILED)


@contextmanager
def _sharing(installation: Installation, processes: int) -> Iterator[Begin | None]:
    """What has records taken by several processes; None for one, which is this one."""
    if processes == 1:
        yield None
        return
    if installation.database.dialect_name == "sqlite":
        stop("--processes: SQLite has one writer; several processes need PostgreSQL", MISUSED)
    with Processes(installation.settings, processes, UNKNOWN_PRODUCT) as sharing:
        yield sharing.begin


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    """A bar over the bytes of all files, where somebody looks at it."""
    text = TextColumn("{task.description}", markup=False)
    shown = Progress(text, BarColumn(), TimeRemainingColumn(), console=err, disable=not sys.stderr.isatty())
    with shown:
        task = shown.add_task("reading", total=total)
        yield lambda completed, description: shown.update(task, completed=completed, description=description)
