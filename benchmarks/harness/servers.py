"""What is measured, running: a PostgreSQL that syncs, the suite as `bss serve` starts it, and others beside it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from tests.postgres import PostgresServer, running_server

# As an operator runs it: what was committed is on disk.
DURABLE = (
    "shared_buffers=512MB", "max_connections=200", "max_wal_size=4GB", "wal_compression=on",
    "checkpoint_timeout=30min", "work_mem=32MB", "maintenance_work_mem=512MB", "random_page_cost=1.1",
)  # fmt: skip
START_SECONDS_MAX = 120
_BSS = (sys.executable, "-m", "common.cli.main")


@dataclass(frozen=True)
class Running:
    """A server process that answers."""

    port: int
    pid: int
    seconds_to_ready: float


@contextmanager
def postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL of its own, durable."""
    with running_server(DURABLE, on_disk=True) as server:
        yield server


@contextmanager
def suite(database_url: str, *, workers: int = 1, **settings: str) -> Iterator[Running]:
    """`bss serve` on a migrated database. Events and jobs are not worked off unless the settings say so."""
    environment = {
        **{"BSS_DATABASE_URL": database_url, "BSS_WORKERS": str(workers), "BSS_LOG_LEVEL": "error"},
        **{"BSS_DELIVERY_INLINE": "false", **settings},
    }
    migrate(database_url)
    port = free_port()
    command = [*_BSS, "serve", "--port", str(port)]
    with running(command, port, "/health/ready", environment) as server:
        yield server


def migrate(database_url: str) -> None:
    """The tables of the suite in a database."""
    environment = {**os.environ, "BSS_DATABASE_URL": database_url}
    subprocess.run([*_BSS, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def application(
    factory: str, environment: Mapping[str, str], *, path: str = "/", workers: int = 1
) -> Iterator[Running]:
    """An ASGI application (`module:factory`) under the same server as the suite, with the same options."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "uvicorn", "--factory", factory, "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(workers), "--no-access-log", "--no-server-header", "--log-level", "error", "--ws", "none"),
    ]
    with running(command, port, path, environment) as server:
        yield server


@contextmanager
def running(
    command: list[str], port: int, path: str, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A process until it answers anything but 5xx at a path, and ended afterwards."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL)
    try:
        while not _answers(port, path):
            if process.poll() is not None or time.perf_counter() - begun > START_SECONDS_MAX:
                raise RuntimeError(f"{command} does not answer at {path}")
            time.sleep(0.01)
        yield Running(port, process.pid, time.perf_counter() - begun)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settled(url: str) -> None:
    """After loading: statistics are current and what was written is on disk, so that no later round pays for it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()
