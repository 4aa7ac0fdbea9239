"""A suite of the demo's own: process, clock, database and letterhead. Nothing of another suite is touched."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from common import exact_json
from common.domain.clock import read_instant
from common.errors import BssError

READY_SECONDS_MAX = 120
_STOP_SECONDS_MAX = 20
_PAUSE_SECONDS = 0.05
_OURS = "BSS_"
_BILLING_FILE = """\
legalEntities:
  main:
    name: Larkwing Mobile GmbH
    address: [Hafenstraße 12, 20457 Hamburg]
    taxNumber: DE811234567
    register: Amtsgericht Hamburg HRB 12345
    contact: [www.larkwing.example, +49 40 555 0100]
    bank: {holder: Larkwing Mobile GmbH, iban: DE75512108001245126199, bic: SOLADEST600, name: Musterbank}
    numbers: {bill: "LW-{year}-{sequence:05}", creditNote: "LWC-{year}-{sequence:05}"}
    paymentDays: 14
"""


class NotStarted(BssError):
    code, reason = "demo.not-started", "The demo's own suite did not start"

    def __init__(self, log: Path, last: str) -> None:
        super().__init__(f"{last or 'it said nothing'} (the rest is in {log})")


class PortTaken(BssError):
    code, reason = "demo.port-taken", "The port is taken"

    def __init__(self, port: int) -> None:
        super().__init__(f"something listens on 127.0.0.1:{port} already; choose another --port, or none")


class NotRun(BssError):
    code, reason = "demo.not-run", "A command of the suite failed"

    def __init__(self, command: str, said: str) -> None:
        super().__init__(f"bss {command}: {said.strip()[:500]}")


@dataclass
class Server:
    """`bss serve` on a free port, with a clock that stands still until it is moved, in an empty folder.

    Entering it loads the sample data and starts it; leaving it ends it. Errors: PortTaken; NotStarted.
    """

    folder: Path
    now: str
    port: int = 0

    def __post_init__(self) -> None:
        self.port = _free_port(self.port)
        self._log = self.folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Settings of its own only: what the shell says is about another suite."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        own = {
            "DATABASE_URL": f"sqlite:///{self.folder / 'demo.db'}",
            "JOB_DIR": str(self.folder / "jobs"),
            "BILLING_FILE": str(self.folder / "billing.yaml"),
            "BASE_URL": self.url,
            "PORT": str(self.port),
            "CLOCK": self.now,
            "TIME_ZONE": "Europe/Berlin",
            "LOG_LEVEL": "warning",
        }
        return kept | {f"{_OURS}{name}": value for name, value in own.items()}

    def run(self, now: str, *arguments: str) -> Any:
        """What a command of the suite says (`--json`) on this suite's database, at the time that its clock says."""
        done = self._command(*arguments, "--json", now=now)
        try:
            return exact_json.decode(done.stdout.encode())
        except BssError as error:
            raise NotRun(" ".join(arguments), done.stderr) from error

    def __enter__(self) -> Server:
        (self.folder / "billing.yaml").write_text(_BILLING_FILE, encoding="utf-8")
        seeded = self._command("seed", "--json")
        if seeded.returncode != 0:
            self._log.write_text(seeded.stderr)
            raise self._not_started()
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "common.cli.main", "serve"]
            self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        try:
            self._wait_ready()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    # -- the parts ----------------------------------------------------------------------------------------------------

    def _command(self, *arguments: str, now: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "common.cli.main", *arguments]
        environment = {**self.environment, f"{_OURS}CLOCK": now or self.now}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def _wait_ready(self) -> None:
        end = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < end:
            assert self._process is not None, "it was started"
            if self._process.poll() is not None:
                break
            try:
                answer = httpx.get(f"{self.url}/clock")
                if answer.is_success and read_instant(answer.json()["now"]) == read_instant(self.now):
                    return
                break
            except httpx.TransportError:
                time.sleep(_PAUSE_SECONDS)
        raise self._not_started()

    def _not_started(self) -> NotStarted:
        lines = self._log.read_text(errors="replace").splitlines()
        return NotStarted(self._log, lines[-1] if lines else "")

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _free_port(wanted: int) -> int:
    """The port, or any when it is 0. Another server on it would be told the story as if it were the demo's own."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise PortTaken(wanted) from error
        return int(probe.getsockname()[1])
