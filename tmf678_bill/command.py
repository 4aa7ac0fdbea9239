"""`bss bill`: accounts billed, and their bills looked at. `bss tax`: the tax table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from common import exact_json
from common.cli.context import FAILED, MISUSED, err, opened, out, stop
from common.domain.clock import instant_text, read_instant
from common.domain.money import Money, minor_units
from common.store.records import Between
from tmf678_bill import taxes
from tmf678_bill.batch import WORKERS, BillRun, Report, Result
from tmf678_bill.document.command import document
from tmf678_bill.issue import Issued
from tmf678_bill.tables import HEADS, ITEMS, OUTCOMES, RECEIVABLES

bill_app = typer.Typer(name="bill", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
tax_app = typer.Typer(name="tax", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_JSON = typer.Option("--json", help="Machine-readable.")
bill_app.command(name="document")(document)


@bill_app.callback()
def _bills() -> None:
    """Bill runs, bills and their documents."""


@tax_app.callback()
def _taxes() -> None:
    """Tax rates by category, place and day."""


@bill_app.command()
def run(
    due: Annotated[bool, typer.Option("--due", help="Every account whose cycle has ended.")] = False,
    account: Annotated[list[str] | None, typer.Option(help="The id of an account; may be given several times.")] = None,
    cycle: Annotated[str | None, typer.Option(help="Those on the billing cycle specification with this id.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Cycles that ended by this day (each account's own) or instant; else by now.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do the same and keep nothing.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Accounts at once (PostgreSQL).")] = WORKERS,
    json: Annotated[bool, _JSON] = False,
) -> None:
    """Bill the accounts that are due; one bill for each cycle that ended. Again: nothing more.

    Exit code 1 when accounts could not be billed: the report has them with the reasons.
    """
    if (due, bool(account), cycle is not None).count(True) != 1:
        stop("say which accounts: --due, --account ID or --cycle SPECIFICATION", MISUSED)
    end = None if until is None else _end(until)
    with opened() as installation, _progress() as advance:
        now = installation.clock.now()
        if isinstance(end, datetime) and end > now and not dry_run:
            stop("--until is not in the future; use --dry-run to see what would be billed then", MISUSED)
        report = BillRun(installation, tuple(account or ()), cycle, end, dry_run, workers, progress=advance).run()
    if json:
        _print(_plain_report(report, is_dry=dry_run))
    else:
        _show_report(report, is_dry=dry_run)
    if report.of(Result.FAILED):
        raise SystemExit(FAILED)


@bill_app.command(name="list")
def list_bills(
    account: Annotated[str | None, typer.Option(help="Only of the account with this id.")] = None,
    run: Annotated[str | None, typer.Option(help="Only those of the run with this id.")] = None,
    days: Annotated[int, typer.Option(min=1, max=36_600, help="Issued in so many days until now.")] = 31,
    json: Annotated[bool, _JSON] = False,
) -> None:
    """Show bills, the newest first."""
    where: dict[str, Any] = {name: one for name, one in (("account", account), ("run", run)) if one is not None}
    with opened() as installation, installation.database.read() as uow:
        since = installation.clock.now() - timedelta(days=days)
        heads = uow.records(HEADS.name).find({**where, "issued_at": Between(since)}, order=["issued_at"])[::-1]
        open_rows = uow.records(RECEIVABLES.name).get_many((row["bill"],) for row in heads)
    remaining = {key[0]: row["remaining"] for key, row in open_rows.items()}
    if json:
        _print([{**_plain_head(row), "remaining": remaining[row["bill"]]} for row in heads])
        return
    table = Table()
    for name in ("number", "issued"):
        table.add_column(name, no_wrap=True)
    for name in ("account", "gross", "remaining", "currency"):
        table.add_column(name, overflow="fold")
    for row in heads:
        amounts = (_decimals(row["gross"], row["currency"]), _decimals(remaining[row["bill"]], row["currency"]))
        what = row["number"], f"{row['issued_at']:%Y-%m-%d %H:%MZ}", row["account"]
        table.add_row(*what, *amounts, row["currency"])
    out.print(table)


@bill_app.command()
def show(
    number: Annotated[str, typer.Argument(help="The bill's number, or its id.")],
    json: Annotated[bool, _JSON] = False,
) -> None:
    """Show a bill's items, and why they are what they are (--json)."""
    with opened() as installation, installation.database.read() as uow:
        heads = uow.records(HEADS.name)
        found = [heads.get(number) or {}, *heads.find({"number": number})] if number else []
        head = next((row for row in found if row), None)
        if head is None:
            told = f"no bill has the number or id {number[:80]!r} of those that were issued here"
            stop(f"{told}; GET customerBill shows those that were loaded, too", FAILED)
        items = uow.records(ITEMS.name).find({"bill": head["bill"]}, order=["place"])
    if json:
        _print({**_plain_head(head), "items": [_plain_item(row) for row in items]})
        return
    title = f"{head['number']}, {head['account']}, {head['currency']}"
    table = Table("item", "days", "net", "tax", "gross", title=title)
    for row in items:
        amounts = [_decimals(row[name], row["currency"]) for name in ("net", "tax", "gross")]
        table.add_row(f"{row['kind']} {row['name']}", f"{row['first']} - {row['last']}", *amounts)
    table.add_section()
    table.add_row("", "", *(_decimals(head[name], head["currency"]) for name in ("net", "tax", "gross")))
    out.print(table)


@bill_app.command()
def report(
    run: Annotated[str, typer.Argument(help="The id of a bill run.")],
    json: Annotated[bool, _JSON] = False,
) -> None:
    """Show what came of a run: billed, nothing to bill, failed with the reason."""
    with opened() as installation, installation.database.read() as uow:
        rows = uow.records(OUTCOMES.name).find({"run": run})
    if json:
        _print(rows)
        return
    for row in rows:
        reason = f": {row['reason']}" if row["reason"] else ""
        out.print(f"{row['account']} {row['outcome']} {row['bills']}{reason}", markup=False, soft_wrap=True)


@tax_app.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV: category, place, since, until, rate.")],
) -> None:
    """Add rates to the tax table, whole or not at all; rates that begin on the same day are replaced."""
    with opened() as installation:
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                rates = taxes.read_rates(lines)
            with installation.database.write() as uow:
                loaded = taxes.load(rates, uow.records)
                uow.commit()
        except taxes.TaxesRefused as error:
            stop(f"{file}: {error}", FAILED)
        except (OSError, UnicodeDecodeError) as error:
            stop(f"{file} cannot be read: {error}", FAILED)
    out.print(f"loaded {loaded} rates")


# -- what is shown ----------------------------------------------------------------------------------------------------


def _show_report(report: Report, *, is_dry: bool) -> None:
    counts = ", ".join(f"{len(report.of(result))} {result.value}" for result in Result)
    out.print(f"{'dry run' if is_dry else f'run {report.run}'}: {counts}", markup=False, soft_wrap=True)
    for money in report.totals().values():
        out.print(f"  {_decimals(money.amount, money.currency)} {money.currency}", markup=False)
    for outcome in report.outcomes:
        for bill in outcome.bills:
            number = "" if is_dry else f"{bill.number} "
            gross = f"{_decimals(bill.gross.amount, bill.gross.currency)} {bill.gross.currency}"
            out.print(f"{outcome.account}: {number}{gross}", markup=False, soft_wrap=True)
        if outcome.reason is not None:
            out.print(f"{outcome.account}: {': '.join(outcome.reason)}", style="red", markup=False, soft_wrap=True)
    if is_dry:
        out.print("nothing was kept")


def _plain_report(report: Report, *, is_dry: bool) -> dict[str, Any]:
    return {
        "run": None if is_dry else report.run,
        "isDryRun": is_dry,
        **{result.value: len(report.of(result)) for result in Result},
        "totals": [money.document() for money in report.totals().values()],
        "accounts": [
            {
                "account": one.account,
                "result": one.result.value,
                "bills": [_plain_bill(bill, is_dry=is_dry) for bill in one.bills],
                **({} if one.reason is None else dict(zip(("code", "message"), one.reason, strict=True))),
            }
            for one in report.outcomes
        ],
    }


def _plain_bill(bill: Issued, *, is_dry: bool) -> dict[str, Any]:
    return {
        **({} if is_dry else {"id": bill.bill, "billNo": bill.number}),
        "billingPeriod": {"startDateTime": instant_text(bill.start), "endDateTime": instant_text(bill.cutoff)},
        "taxExcludedAmount": bill.net.document(),
        "taxIncludedAmount": bill.gross.document(),
    }


def _plain_head(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: instant_text(one) if isinstance(one, datetime) else one for name, one in row.items() if name != "doc"}


def _plain_item(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: one for name, one in row.items() if name not in ("doc", "bill", "account")}
    return {**shown, "explanation": row["doc"]["explanation"]}


def _decimals(amount: Any, currency: str) -> str:
    return f"{Money(amount, currency).amount:.{minor_units(currency)}f}"


def _print(value: Any) -> None:
    sys.stdout.write(exact_json.encode(value).decode() + "\n")


def _end(text: str) -> datetime | date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        moment = read_instant(text)
    if moment is None:
        stop(f"--until: {text!r} is no day such as 2026-02-01 and no date-time", MISUSED)
    return moment


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar over the accounts, where somebody looks at it."""
    text = TextColumn("{task.description}", markup=False)
    shown = Progress(text, BarColumn(), MofNCompleteColumn(), console=err, disable=not sys.stderr.isatty())
    with shown:
        task = shown.add_task("billing", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
