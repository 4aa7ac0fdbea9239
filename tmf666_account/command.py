"""`bss ledger`: the books read by people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from common import exact_json
from common.cli.context import FAILED, MISUSED, opened, out, stop
from common.domain.clock import instant_text, read_instant
from tmf666_account.ledger.reading import statement, trial_balance
from tmf666_account.ledger.shown import decimals, statement_document, trial_balance_document

ledger_app = typer.Typer(name="ledger", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_JSON = typer.Option("--json", help="Machine-readable.")


@ledger_app.callback()
def _ledger() -> None:
    """Trial balances and statements of account."""


@ledger_app.command(name="trial-balance")
def show_trial_balance(
    at: Annotated[str | None, typer.Option(help="Everything before this instant; else everything.")] = None,
    json: Annotated[bool, _JSON] = False,
) -> None:
    """What every ledger account comes to, by legal entity and currency; debits positive.

    Exit code 1 when one of them does not come to zero: the books are broken.
    """
    before = _instant("--at", at)
    with opened() as installation, installation.database.read() as uow:
        told = trial_balance_document(trial_balance(uow.records, before))
    if json:
        _print(told)
    for group in told if not json else ():
        table = Table("ledger account", "debit", "credit", title=f"{group['entity']}, {group['currency']}")
        for one in group["account"]:
            debit, credit = (one["amount"], "") if one["amount"] >= 0 else ("", -one["amount"])
            table.add_row(one["name"], f"{debit}", f"{credit}")
        table.add_section()
        table.add_row("sum", "", f"{group['sum']}")
        out.print(table)
    if not told and not json:
        out.print("nothing has been posted")
    if any(group["sum"] != 0 for group in told):
        raise SystemExit(FAILED)


@ledger_app.command(name="statement")
def show_statement(
    account: Annotated[str, typer.Argument(help="The id of a billing account.")],
    since: Annotated[str | None, typer.Option(help="From this instant on; else from the beginning.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this instant; else until now.")] = None,
    json: Annotated[bool, _JSON] = False,
) -> None:
    """What an account owed at the start, every bill, payment and credit between, and what it owes at the end."""
    start, end = _instant("--since", since), _instant("--until", until)
    with opened() as installation, installation.database.read() as uow:
        told = statement(uow.records, account, start, end)
    if json:
        _print(statement_document(told, start, end))
        return
    if not told.closing:
        stop(f"nothing was ever posted on account {account[:80]!r}", FAILED)
    for currency, closing in told.closing.items():
        table = Table("date", "what", "reference", "amount", "balance", title=f"{account}, {currency}")
        table.add_row("", "opening", "", "", f"{decimals(told.opening[currency])}")
        for line in told.lines:
            if line.amount.currency == currency:
                amounts = f"{decimals(line.amount)}", f"{decimals(line.balance)}"
                table.add_row(instant_text(line.at), line.kind, line.reference, *amounts)
        table.add_row("", "closing", "", "", f"{decimals(closing)}")
        out.print(table)


def _print(value: Any) -> None:
    out.file.write(exact_json.encode(value).decode() + "\n")


def _instant(option: str, text: str | None) -> datetime | None:
    moment = None if text is None else read_instant(text)
    if text is not None and moment is None:
        stop(f"{option}: {text!r} is no date-time such as 2026-02-01T00:00:00Z", MISUSED)
    return moment
