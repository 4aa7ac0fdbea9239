"""The suite as a process of its own, on a free port, for tests of what only processes show."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from types import TracebackType

from tests.test_architecture import ROOT

READY_SECONDS_MAX = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`bss serve` (or another command) with the given environment, where `{url}` is its own; killed on leaving."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.port = free_port()
        self._command = [sys.executable, "-m", "common.cli.main", *(arguments or ("serve",))]
        given = {name: value.replace("{url}", self.url) for name, value in environment.items()}
        self._environment = {**os.environ, **given, "BSS_PORT": str(self.port), "BSS_LOG_LEVEL": "error"}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def wait_ready(self) -> None:
        """Until the server says it is ready; the test fails when it dies first or takes too long."""
        end = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < end:
            assert self._process is not None
            assert self._process.poll() is None, "the server ended by itself"
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/health/ready")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.05)
            finally:
                connection.close()
        raise AssertionError("the server was not ready in time")

    def wait_ended(self) -> int:
        """The exit code of a command that ends by itself."""
        assert self._process is not None
        return self._process.wait(READY_SECONDS_MAX)

    def kill(self) -> None:
        """SIGKILL: nothing in the process gets to run after this."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def __enter__(self) -> Server:
        self.start()
        self.wait_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
