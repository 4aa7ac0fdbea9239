"""What the idle suite needs: memory, and the time from its start until it is ready.

All APIs in both majors, one process, on PostgreSQL. `ready` is beside an empty Python that imports the server's
libraries (uvicorn, connexion, SQLAlchemy, DBOS) and ends: the floor of every application made of them.
"""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.harness.figures import Figure, Scale, ratios
from benchmarks.harness.machine import resident_mib
from benchmarks.harness.servers import postgresql, suite

LIBRARIES = "import uvicorn, connexion, sqlalchemy, psycopg, msgspec, jsonschema_rs, structlog, dbos"


def measure(scale: Scale) -> list[Figure]:
    ready: list[float] = []
    memory: list[float] = []
    imports: list[float] = []
    with postgresql() as database, database.database() as url:
        for _ in range(scale.rounds + 1):  # the first one fills the caches of files and is not counted
            imports.append(_imports())
            with suite(url, BSS_DELIVERY_INLINE="true") as server:
                ready.append(server.seconds_to_ready)
                memory.append(resident_mib(server.pid))
    return [
        Figure.of("footprint.memory idle", memory[1:], "MiB", better="less", target=250),
        Figure.of("footprint.ready", ready[1:], "s", better="less", target=3),
        Figure.of("footprint.ready of imports", ratios(ready[1:], imports[1:]), "ratio", better="less"),
    ]


def _imports() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", LIBRARIES], check=True)
    return time.perf_counter() - begun
