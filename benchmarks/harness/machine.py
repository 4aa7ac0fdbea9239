"""The machine that figures were measured on, in words that are no address of it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg


def description() -> dict[str, str]:
    """Processor, cores, memory, kernel family and Python, as the page of results states them."""
    return {
        "processor": _first("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def resident_mib(pid: int) -> float:
    """Memory that a process has to itself or shares, in MiB (Linux)."""
    return int((_first(f"/proc/{pid}/status", "VmRSS") or "0 kB").split()[0]) / 1024


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and its ended children have used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[place]) for place in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")


def family_cpu_seconds(pid: int) -> float:
    """The same of a process with the processes below it; one that ends meanwhile counts for nothing."""
    try:
        return cpu_seconds(pid) + sum(family_cpu_seconds(child) for child in _children(pid))
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


@dataclass
class Meter:
    """Processor time of a worker (with what is below it) and of a database for each piece of work, in microseconds."""

    pid: int
    postmaster: int
    worker: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)

    @contextmanager
    def measuring(self) -> Iterator[list[int]]:
        """Measures what is done inside, which puts into the list how many pieces of work it was."""
        before, done = self._spent(), list[int]()
        yield done
        for kept, then, now in zip((self.worker, self.database), before, self._spent(), strict=True):
            kept.append((now - then) / sum(done) * 1e6)

    def _spent(self) -> tuple[float, float]:
        return family_cpu_seconds(self.pid), family_cpu_seconds(self.postmaster)


def postmaster_of(url: str) -> int:
    """The first process of a PostgreSQL server on this machine, below which are all its others."""
    with psycopg.connect(url) as connection:
        return parent_of(connection.info.backend_pid)


def parent_of(pid: int) -> int:
    """The process that started a process (Linux)."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def _first(file: str, label: str) -> str | None:
    for line in Path(file).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == label:
            return value.strip()
    return None
