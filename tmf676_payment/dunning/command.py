"""`bss dunning`: accounts in arrears."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from common.cli.context import explained, out, print_json, settings
from common.domain.clock import instant_text
from common.installation import Installation
from tmf676_payment.dunning.wake import NONE
from tmf676_payment.tables import DUNNING, STEPS

dunning_app = typer.Typer(name="dunning", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_COLUMNS = ("account", "state", "since", "step", "amount", "next", "hold")


@dunning_app.callback()
def _dunning() -> None:
    """Accounts in arrears and what is done about them."""


@dunning_app.command("list")
def listed(
    json: Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")] = False,
) -> None:
    """List the accounts in arrears: since when, the last step, how much it was about, and what is next."""
    with explained():
        installation = Installation.assemble(settings())
        try:
            rows = cases(installation)
        finally:
            installation.database.close()
    if json:
        print_json(rows)
        return
    shown = Table(box=None, pad_edge=False)
    for name in _COLUMNS:
        shown.add_column(name)
    for row in rows:
        shown.add_row(*(str(row[name] or "") for name in _COLUMNS))
    out.print(shown if rows else "no account is in arrears")


def cases(installation: Installation) -> list[dict[str, Any]]:
    """The accounts in arrears, in their order."""
    with installation.database.read() as uow:
        rows = [row for row in uow.records(DUNNING.name).find({}) if row["state"] != NONE]
        return [_case(row, _last(uow.records(STEPS.name).find({"account": row["account"]}), row)) for row in rows]


def _last(steps: list[dict[str, Any]], row: dict[str, Any]) -> dict[str, Any] | None:
    mine = [step for step in steps if step["number"] == row["number"]]
    return mine[-1] if mine else None


def _case(row: dict[str, Any], last: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "account": row["account"],
        "state": row["state"],
        "since": instant_text(row["since"]),
        "step": None if last is None else last["action"],
        "amount": None if last is None else f"{last['amount']:f} {last['currency']}",
        "next": None if row["next"] is None else instant_text(row["next"]),
        "hold": None if row["hold_until"] is None else instant_text(row["hold_until"]),
    }
