"""`bss tariff`: tables of destinations and calendars, from files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from common.cli.context import FAILED, MISUSED, explained, out, print_json, settings, stop
from common.domain.clock import instant_text, read_instant
from common.installation import Installation
from tmf635_usage import tariffs

tariff_app = typer.Typer(name="tariff", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@tariff_app.callback()
def _tariffs() -> None:
    """Tariff tables and calendars, which usage prices name."""


@tariff_app.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV: prefix, amount, setupFee, minimum, increment, units.")],
    table: Annotated[str, typer.Option(help="The table's id, as tariffTable names it.")],
    valid_from: Annotated[str, typer.Option(help="From when on it holds: a date-time, as in 2026-02-01T00:00:00Z.")],
    currency: Annotated[str, typer.Option(help="Of all its amounts, as ISO 4217 names it.")],
    valid_until: Annotated[str | None, typer.Option(help="Until when; else until the next version.")] = None,
    version: Annotated[str | None, typer.Option(help="The version's name; else its start.")] = None,
) -> None:
    """Add a version of a tariff table, whole or not at all; the same file again changes nothing."""
    start = _instant(valid_from, "--valid-from")
    end = None if valid_until is None else _instant(valid_until, "--valid-until")
    heading = tariffs.Heading(table, version or instant_text(start), currency, start, end)
    with explained():
        installation = _installation()
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                rates = tariffs.read_rates(lines)
            with installation.database.write() as uow:
                is_new = tariffs.load(heading, rates, uow.records, installation.clock.now())
                uow.commit()
        except tariffs.TariffRefused as error:
            stop(f"{file}: {error}", FAILED)
        except (OSError, UnicodeDecodeError) as error:
            stop(f"{file} cannot be read: {error}", FAILED)
        finally:
            installation.database.close()
    what = f"{len(rates)} rates of {table} {heading.version}"
    out.print(f"loaded {what}" if is_new else f"{what} were here already")


@tariff_app.command()
def calendar(
    file: Annotated[Path, typer.Argument(help="A day in each line: 2026-12-25.")],
    name: Annotated[str, typer.Option(help="The calendar's name, as time bands name it.")],
) -> None:
    """Add days to a calendar (public holidays ...)."""
    with explained():
        installation = _installation()
        try:
            days = tariffs.read_days(file.read_text(encoding="utf-8-sig").splitlines())
            with installation.database.write() as uow:
                added = tariffs.add_days(name, days, uow.records)
                uow.commit()
        except tariffs.TariffRefused as error:
            stop(f"{file}: {error}", FAILED)
        except (OSError, UnicodeDecodeError) as error:
            stop(f"{file} cannot be read: {error}", FAILED)
        finally:
            installation.database.close()
    out.print(f"added {added} of {len(days)} days to {name}")


@tariff_app.command("list")
def list_versions(
    table: Annotated[str, typer.Argument(help="The table's id.")],
    json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Show the versions of a table."""
    with explained():
        installation = _installation()
        try:
            with installation.database.read() as uow:
                versions = tariffs.Tariffs(uow.records).headings([table]).get(table, [])
        finally:
            installation.database.close()
    if json:
        print_json([vars(one) for one in versions])
        return
    for one in versions:
        end = "" if one.valid_until is None else instant_text(one.valid_until)
        out.print(f"{one.version}  {one.currency}  {instant_text(one.valid_from)} - {end}", markup=False)


def _instant(text: str, option: str) -> datetime:
    moment = read_instant(text)
    if moment is None:
        stop(f"{option}: {text!r} is no date-time such as 2026-02-01T00:00:00Z", MISUSED)
    return moment


def _installation() -> Installation:
    installation = Installation.assemble(settings())
    installation.open_store()
    return installation
