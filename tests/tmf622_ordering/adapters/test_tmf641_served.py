"""Tasks at a real HTTP server: our own, with the official TMF641 file and nothing else in its `--spec-dir`."""

from __future__ import annotations

import json
import queue
import shutil
import threading
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from common.settings import Settings
from tests import official
from tests.server import Server
from tests.tmf622_ordering.adapters.calls import NOW, call
from tmf622_ordering.adapters.hint import hint
from tmf622_ordering.adapters.oss import Oss
from tmf622_ordering.adapters.port import Operation, Outcome
from tmf622_ordering.adapters.subscription import subscribe
from tmf622_ordering.adapters.tmf641 import Tmf641

FILE = [path for path in official.files() if path.name.startswith("TMF641")]
EVENT_SECONDS_MAX = 30
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not FILE, reason="TM Forum's files are not beside the project"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("oss")
    (folder / "spec").mkdir()
    shutil.copy(FILE[0], folder / "spec")
    environment = {
        "BSS_DATABASE_URL": f"sqlite:///{folder}/oss.db",
        "BSS_COMPONENTS": "",
        "BSS_SPEC_DIR": str(folder / "spec"),
        "BSS_CALLBACK_ALLOW_PRIVATE": "true",
    }
    with Server(environment) as server:
        yield f"{server.url}/tmf-api/serviceOrdering/v4"


@pytest.fixture
def fulfilment(url):
    found = Tmf641(Oss(Settings(oss_url=url)), 60)
    yield found
    found.close()


@pytest.fixture
def listener():
    """Where events arrive: a queue of their bodies, and the address to register."""
    events: queue.Queue = queue.Queue()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self):
            events.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield events, f"http://127.0.0.1:{server.server_address[1]}/listener"
        server.shutdown()
        thread.join()


def move(url, reference, **changes):
    answer = httpx.patch(f"{url}/serviceOrder/{reference}", json=changes, trust_env=False)
    assert answer.status_code == 200, answer.text


def orders(url, key):
    found = httpx.get(f"{url}/serviceOrder", params={"externalId": key}, trust_env=False).json()
    return [one["id"] for one in found]


def test_a_task_is_carried_out_and_taken_back(url, fulfilment):
    one = call(key="o-1/1/provision/cfs-1")
    asked = fulfilment.perform(one, NOW)
    assert asked.outcome is Outcome.ACCEPTED

    item = {"id": "1", "action": "add", "state": "completed", "service": {"id": "s-1", "name": "Access"}}
    move(url, asked.reference, state="completed", serviceOrderItem=[item])
    done = fulfilment.perform(replace(one, operation=Operation.CHECK, reference=asked.reference), NOW)
    assert (done.outcome, [service["id"] for service in done.services]) == (Outcome.DONE, ["s-1"])

    undo = replace(one, key=one.key + "/undo", operation=Operation.UNDO, reference=asked.reference)
    back = fulfilment.perform(undo, NOW)
    assert (back.outcome, orders(url, undo.key)) == (Outcome.ACCEPTED, [back.reference])
    move(url, back.reference, state="completed")
    check = replace(undo, operation=Operation.CHECK_UNDO, reference=back.reference)
    assert fulfilment.perform(check, NOW).outcome is Outcome.DONE


@pytest.mark.parametrize("key", ["o-2/1/ship", "o-2/a,b;c/ship", "o-2/50 % é*/ship"])
def test_a_call_made_twice_makes_one_order(url, fulfilment, key):
    one = call(key=key)
    first = fulfilment.perform(one, NOW)
    other_process = Tmf641(Oss(Settings(oss_url=url)), 60)
    again = other_process.perform(replace(one, attempt=2), NOW)
    other_process.close()

    assert first == again
    everything = httpx.get(f"{url}/serviceOrder?limit=1000", trust_env=False).json()
    assert [each["id"] for each in everything if hint({"serviceOrder": each}).key == key] == [first.reference]


def test_an_order_under_way_is_cancelled(url, fulfilment):
    one = call(key="o-3/1/activate", kind="activate")
    asked = fulfilment.perform(one, NOW)
    undo = replace(one, key=one.key + "/undo", operation=Operation.UNDO, reference=asked.reference)

    assert fulfilment.perform(undo, NOW).outcome is Outcome.ACCEPTED
    tasks = httpx.get(f"{url}/cancelServiceOrder", trust_env=False).json()
    assert [task["serviceOrder"]["id"] for task in tasks] == [asked.reference]
    move(url, asked.reference, state="cancelled")
    check = replace(undo, operation=Operation.CHECK_UNDO)
    assert fulfilment.perform(check, NOW).outcome is Outcome.DONE


def test_an_order_that_was_deleted_is_lost(url, fulfilment):
    one = call(key="o-4/1/ship", kind="ship")
    asked = fulfilment.perform(one, NOW)
    httpx.delete(f"{url}/serviceOrder/{asked.reference}", trust_env=False).raise_for_status()

    check = replace(one, operation=Operation.CHECK, reference=asked.reference)
    assert fulfilment.perform(check, NOW).outcome is Outcome.FAILED
    assert orders(url, one.key) == []


def test_events_are_hints_of_what_the_check_then_says(url, fulfilment, listener):
    events, callback = listener
    with closing(Oss(Settings(oss_url=url))) as oss:
        assert subscribe(oss, callback).problem == ""
    one = call(key="o-5/1/provision/cfs-1")

    asked = fulfilment.perform(one, NOW)
    move(url, asked.reference, state="completed")

    seen = []
    while not seen or seen[-1].event_type != "ServiceOrderStateChangeEvent":
        seen.append(hint(events.get(timeout=EVENT_SECONDS_MAX)))
    assert {(one.reference, one.key) for one in seen} == {(asked.reference, one.key)}
    check = replace(one, operation=Operation.CHECK, reference=seen[0].reference)
    assert fulfilment.perform(check, NOW).outcome is Outcome.DONE
