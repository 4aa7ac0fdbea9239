"""A suite and an OSS as two real servers: our own on the official TMF641 file, of which only the events are heard."""

from __future__ import annotations

import json
import queue
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import official
from tests.common.events.listeners import Answer, Received, listening
from tests.scenarios.catalogue import stock
from tests.scenarios.kit import ORDERS, add, order_of
from tests.server import Server

FILE = [path for path in official.files() if path.name.startswith("TMF641")]
SECONDS_MAX = 60
ORDERING = ORDERS.rpartition("/")[0]
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not FILE, reason="TM Forum's files are not beside the project"),
]


class Remote:
    """What `stock` needs of a suite, at a server."""

    def __init__(self, url: str) -> None:
        self._url = url

    def created(self, path: str, body: Any) -> Any:
        answer = httpx.post(self._url + path, json=body, trust_env=False)
        assert answer.status_code == 201, answer.text
        return answer.json()


@contextmanager
def told(hub: str) -> Iterator[queue.Queue[Any]]:
    """The events of one API, as they come."""
    events: queue.Queue[Any] = queue.Queue()
    with listening() as listener:

        def keep(request: Received) -> Answer:
            events.put(json.loads(request.body))
            return Answer()

        listener.behave = keep
        Remote(hub).created("/hub", {"callback": listener.url})
        yield events


def await_listener(database: Path) -> None:
    """Until the suite's listener is registered at the OSS."""
    end = time.monotonic() + SECONDS_MAX
    while time.monotonic() < end:
        with closing(sqlite3.connect(database)) as connection:
            if connection.execute("SELECT 1 FROM work WHERE kind = 'listening' AND due IS NULL").fetchone():
                return
        time.sleep(0.05)
    raise AssertionError("the listener was not registered in time")


def test_an_order_is_carried_out_by_an_oss_that_reports_what_it_did(tmp_path: Path) -> None:
    (tmp_path / "spec").mkdir()
    shutil.copy(FILE[0], tmp_path / "spec")
    private = {"BSS_CALLBACK_ALLOW_PRIVATE": "true"}
    oss_environment = {
        **private,
        "BSS_DATABASE_URL": f"sqlite:///{tmp_path}/oss.db",
        "BSS_COMPONENTS": "",
        "BSS_SPEC_DIR": str(tmp_path / "spec"),
    }
    with Server(oss_environment) as oss:
        service_orders = f"{oss.url}/tmf-api/serviceOrdering/v4"
        environment = {
            **private,
            "BSS_DATABASE_URL": f"sqlite:///{tmp_path}/bss.db",
            "BSS_FULFILMENT": "tmf641",
            "BSS_OSS_URL": service_orders,
            "BSS_OSS_POLL_SECONDS": "86400",
            "BSS_BASE_URL": "{url}",
        }
        with (
            Server(environment) as bss,
            told(service_orders) as made,
            told(bss.url + ORDERS.rpartition("/")[0]) as heard,
        ):
            remote = Remote(bss.url)
            stock(remote)  # type: ignore[arg-type]
            order = remote.created(ORDERS, order_of([add("data", "data")]))
            await_listener(tmp_path / "bss.db")
            tasks = [carried_out(service_orders, made) for _ in range(2)]
            state = ""
            while state != "completed":
                event = heard.get(timeout=SECONDS_MAX)
                state = event["event"].get("productOrder", {}).get("state", "")

            shown = httpx.get(f"{bss.url}{ORDERS}/{order['id']}", trust_env=False).json()
    assert tasks == [f"{order['id']}/data/provision/svc-data", f"{order['id']}/data/activate"]
    assert (shown["state"], [item["state"] for item in shown["productOrderItem"]]) == ("completed", ["completed"])


def carried_out(service_orders: str, made: queue.Queue[Any]) -> str:
    """The key of the next service order that is made, which the OSS then completes."""
    while True:
        event = made.get(timeout=SECONDS_MAX)
        if event["eventType"] == "ServiceOrderCreateEvent":
            order = event["event"]["serviceOrder"]
            answer = httpx.patch(
                f"{service_orders}/serviceOrder/{order['id']}", json={"state": "completed"}, trust_env=False
            )
            assert answer.status_code == 200, answer.text
            return str(order["externalId"])
