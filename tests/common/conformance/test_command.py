"""`bss conformance` as it is typed: exit codes, reports, and a server left clean when it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from typer.testing import CliRunner

from common.cli.main import app
from tests.server import Server, free_port
from tests.test_architecture import ROOT

CUSTOMERS = "/tmf-api/customerManagement/v5/customer"
SECONDS_MAX = 60


class Nothing(BaseHTTPRequestHandler):
    """Answers 404 to everything, and remembers what it was told."""

    told: list[str]

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        type(self).told.append(self.headers.get("x-key", ""))
        self.send_response(404)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _answer

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def nothing() -> Iterator[str]:
    handler = type("Handler", (Nothing,), {"told": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    assert set(handler.told) <= {"s3cret", ""}
    server.shutdown()
    server.server_close()


def run(*arguments: str):
    return CliRunner().invoke(app, ["conformance", *arguments])


def test_a_server_of_nothing_fails_and_has_nothing_passed(nothing, tmp_path):
    reports = [tmp_path / name for name in ("a.json", "a.html", "a.xml", "a.md")]
    done = run(
        nothing,
        "--api",
        "TMF629",
        "--version",
        "v5",
        "--no-events",
        "--header",
        "X-Key: s3cret",
        *(word for path in reports for word in ("--report", str(path))),
    )

    assert done.exit_code == 1, done.output
    told = json.loads(reports[0].read_text())
    assert (told["verdict"], told["counts"]["passed"]) == ("failed", 0)
    assert told["counts"]["notRun"] > told["counts"]["failed"] > 0
    assert ElementTree.fromstring(reports[2].read_text()).tag == "testsuites"
    assert "operations.list" in reports[1].read_text()
    assert "`operations.list` | MUST" in reports[3].read_text()
    assert not [path for path in reports if "s3cret" in path.read_text()]
    assert "wrote" in done.output

    again = run(nothing, "--api", "TMF629", "--version", "v5", "--no-events", "--compare", str(reports[0]))
    assert "0 broken, 0 mended" in again.output


def test_a_server_that_is_not_there_is_3():
    done = run(f"http://127.0.0.1:{free_port()}", "--api", "TMF629", "--no-events")
    assert (done.exit_code, "does not answer" in done.output) == (3, True)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("ftp://server.example",),
        ("http://server.example", "--profile", "some"),
        ("http://server.example", "--header", "no value"),
        ("http://server.example", "--api", "TMF999"),
        ("http://server.example", "--version", "v9"),
        ("http://server.example", "--report", "out.pdf"),
        ("http://server.example", "--report", "no/such/folder/out.html"),
        ("http://server.example", "--config", "no-such-file.yaml"),
        ("http://server.example", "--compare", "no-such-file.json"),
        ("http://server.example", "--spec", "no-such-file.yaml"),
        ("http://server.example", "--listen", "127.0.0.1:many"),
    ],
)
def test_misuse_is_2_and_says_what_to_change(arguments):
    done = run(*arguments)
    assert done.exit_code == 2
    assert "bss: " in done.output


def test_the_checks_are_listed_with_their_rules():
    done = run("--list", "--only", "paging.limit")
    assert done.exit_code == 0
    said = "paging.limit MUST limit is how many there are at most (TMF630 Part 1, 4.5)"
    assert " ".join(done.output.split()) == said


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    environment = {
        "BSS_DATABASE_URL": f"sqlite:///{tmp_path}/bss.db",
        "BSS_JOB_DIR": str(tmp_path / "jobs"),
        "BSS_CALLBACK_ALLOW_PRIVATE": "true",
    }
    with Server(environment) as running:
        yield running


def kit(server: Server, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "common.cli.main", "conformance", server.url, "--api", "TMF629", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )


@pytest.mark.long
def test_a_process_of_ours_is_judged_over_the_network_and_left_clean(server):
    process = kit(server, "--profile", "full", "--config", "openapi/conformance.yaml")
    output, _ = process.communicate(timeout=2 * SECONDS_MAX)

    assert process.returncode == 0, output
    assert output.count(" 0 failed") == 2, output
    assert httpx.get(server.url + CUSTOMERS).json() == []


@pytest.mark.long
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_who_stops_it_finds_the_server_clean(server, sign):
    process = kit(server, "--profile", "full", "--config", "openapi/conformance.yaml")
    while not httpx.get(server.url + CUSTOMERS).json():
        assert process.poll() is None

    process.send_signal(sign)
    output, _ = process.communicate(timeout=SECONDS_MAX)

    assert process.returncode == 130, output
    assert "stopped" in output
    assert httpx.get(server.url + CUSTOMERS).json() == []
