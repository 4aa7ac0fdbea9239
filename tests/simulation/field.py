"""What simulations share whose processes are killed: the installation looked at from outside, waiting, events heard."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from common.installation import Installation
from common.settings import Settings
from common.store.event_tables import outbox
from tests.server import Server
from tests.simulation.listener import Listener

SETTLE_SECONDS_MAX = 240


def migrate(environment: dict[str, str]) -> None:
    migration = Server(environment, "migrate")
    migration.start()
    assert migration.wait_ended() == 0


@contextmanager
def opened(environment: dict[str, str]) -> Iterator[Installation]:
    """The installation whose processes are elsewhere."""
    installation = Installation.assemble(Settings.from_environment(environment))
    yield installation
    installation.database.close()


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SETTLE_SECONDS_MAX
    while not condition():
        assert time.monotonic() < end, "it did not settle"
        time.sleep(0.05)


def written(installation: Installation, *resources: str) -> list[Any]:
    """The events of these resources, in order."""
    columns = outbox.c
    with installation.database.read() as uow:
        return list(
            uow.connection.execute(
                select(columns.event_id, columns.type, columns.resource, columns.resource_id, columns.document)
                .where(columns.resource.in_(resources))
                .order_by(columns.sequence)
            )
        )


def is_all_heard(installation: Installation, listener: Listener, *resources: str) -> bool:
    return {row.event_id for row in written(installation, *resources)} <= {
        event["eventId"] for event in list(listener.events)
    }


def check_heard(listener: Listener, rows: Mapping[tuple[str, str], list[Any]]) -> None:
    """What was written of each resource was told, all of it and nothing else, in order; repeats say the same."""
    owner = {row.event_id: key for key, of_one in rows.items() for row in of_one}
    heard: dict[tuple[str, str], list[str]] = defaultdict(list)
    bodies: dict[str, dict[str, Any]] = {}
    for event in listener.events:
        id = event["eventId"]
        assert id in owner, "an event of no change"
        if id not in bodies:
            heard[owner[id]].append(id)
        assert bodies.setdefault(id, event) == event, "a repeated event says the same"
    assert heard == {key: [row.event_id for row in of_one] for key, of_one in rows.items()}
