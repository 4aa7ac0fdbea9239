"""`bss events`: look at what is to be delivered to listeners, and send some of it again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from common.broker.bridge import READER
from common.cli.context import explained, open_database, settings
from common.domain.clock import SystemClock
from common.events import admin
from common.events.admin import DeliveryState
from common.exact_json import encode
from common.store import outbox
from common.store.database import Database
from common.store.queues import DeliveryRecord

events_app = typer.Typer(name="events", help="Events and their delivery to listeners.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option(help="Whose events.")]
_WIDTH_PIPED = 250
_COLUMNS = ("event", "type", "subscription", "state", "attempts", "next attempt", "last error")


@events_app.command("list")
def list_deliveries(
    state: Annotated[DeliveryState | None, typer.Option(help="Only those in this state.")] = None,
    subscription: Annotated[str | None, typer.Option(help="Only those to this listener.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=admin.RECORDS_MAX, help="The newest so many.")] = 100,
    json: Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")] = False,
    tenant: Tenant = "default",
) -> None:
    """List deliveries, oldest first."""
    with _database() as database, database.read(tenant) as uow:
        records = admin.deliveries(uow, state=state, subscription=subscription, most=limit)
    if json:
        typer.echo(encode([asdict(record) for record in records]).decode())
    else:
        # In a pipe nobody sees a screen's edge: rows are not broken, so that they can be searched.
        Console(width=None if sys.stdout.isatty() else _WIDTH_PIPED, highlight=False).print(_table(records))


@events_app.command("forget-broker")
def forget_broker() -> None:
    """Keep no events for a broker any more: when BSS_BROKER_URL was taken back for good."""
    with _database() as database, database.write("") as uow:
        kept = outbox.retire(uow.connection, READER)
        uow.commit()
    typer.echo("no events are kept for the broker any more" if kept else "nothing was kept for a broker")


@events_app.command("replay")
def replay(
    event: Annotated[str | None, typer.Option(help="This event, to everyone it was for.")] = None,
    subscription: Annotated[str | None, typer.Option(help="All that is kept for this listener.")] = None,
    parked: Annotated[bool, typer.Option("--parked", help="All that was given up.")] = False,
    tenant: Tenant = "default",
) -> None:
    """Send events again, with the same event ids. Give exactly one of the three options."""
    if (event is not None) + (subscription is not None) + parked != 1:
        raise typer.BadParameter("give exactly one of --event, --subscription and --parked")
    now = SystemClock().now()
    with _database() as database, database.write(tenant) as uow:
        if event is not None:
            queued = admin.replay_event(uow, event, now)
        elif subscription is not None:
            queued = admin.replay_subscription(uow, subscription, now)
        else:
            queued = admin.replay_parked(uow, now)
        uow.commit()
    typer.echo(f"{queued} deliveries queued")


@contextmanager
def _database() -> Iterator[Database]:
    """The installation's store, closed afterwards; what goes wrong is said in a sentence."""
    with explained():
        database = open_database(settings())
        try:
            yield database
        finally:
            database.close()


def _table(records: list[DeliveryRecord]) -> Table:
    table = Table(*_COLUMNS)
    for one in records:
        table.add_row(
            one.event_id,
            one.event_type,
            one.subscription_id,
            one.state,
            str(one.attempts),
            one.next_at if one.state == DeliveryState.PENDING else "",
            one.last_error or "",
        )
    return table
