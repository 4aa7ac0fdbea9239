"""What a v4 request costs beside the v5 request of the same work: CPU time from the ASGI server's call to its answer.

    python -m benchmarks.majors [ROUNDS]

Both majors run in one process in alternating rounds; the ratio of the medians is the figure, absolute times wander.
`first ...` reads what no one has read in v4 before: the v4 forms kept from earlier reads are dropped before each call.
The offering is the sample `plan-m` (about 6 KB) and 20 copies of it, stored in a temporary SQLite file.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import exact_json, logs
from common.installation import Installation
from common.rest import view
from common.rest.app import build
from common.seed import collect, in_process, load, local_url
from common.settings import Settings

REPEATS = 10
COPIES = 20
BASE = "/tmf-api/productCatalogManagement"


def main(rounds: int) -> None:
    logs.configure("error")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite:///{folder}/bss.db",
            job_dir=str(Path(folder) / "jobs"),
            components="tmf620_catalog",
            log_level="error",
        )
        installation = Installation.assemble(settings)
        installation.open_store()
        with in_process(installation) as client:
            load(installation, collect(installation), local_url(installation), client)
        call = Caller(build(installation))
        works = {major: works_of(call, major) for major in (4, 5)}
        for _ in range(COPIES):
            works[5]["create"]()
        print(f"{'work':20} {'v5 us':>8} {'v4 us':>8} {'ratio':>6}   (CPU, medians of {rounds} rounds of {REPEATS})")
        for name in works[5]:
            times: dict[int, list[float]] = {4: [], 5: []}
            for _ in range(rounds):
                for major in (4, 5):
                    times[major].append(cost(works[major][name]))
            old, new = (statistics.median(times[major]) for major in (4, 5))
            print(f"{name:20} {new:8.0f} {old:8.0f} {old / new:6.2f}")
        installation.database.close()


class Caller:
    """Calls the application as the ASGI server does, without a network."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._loop = asyncio.new_event_loop()

    def __call__(self, method: str, path: str, query: str = "", body: object = None) -> bytes:
        content = b"" if body is None else exact_json.encode(body)
        scope = {
            **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": ""},
            **{"method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode()},
            "headers": [(b"host", b"bench"), (b"content-type", b"application/json")],
            "server": ("bench", 80),
            "client": ("bench", 1),
        }
        answer: list[Any] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            answer.append(message)

        self._loop.run_until_complete(self._application(scope, receive, send))
        assert answer[0]["status"] < 300, answer
        return b"".join(message.get("body", b"") for message in answer[1:])


def works_of(call: Caller, major: int) -> dict[str, Callable[[], object]]:
    """The same pieces of work in one major."""
    offerings = f"{BASE}/v{major}/productOffering"
    shown = exact_json.decode_own(call("GET", f"{offerings}/plan-m"))
    fresh = {name: value for name, value in shown.items() if name not in ("id", "href", "lastUpdate")}
    changes = iter(range(10**9))
    copies = f"limit={COPIES}&name={fresh['name']}".replace(" ", "%20")
    nested = "limit=10&prodSpecCharValueUse.productSpecCharacteristicValue.unitOfMeasure=GB&category.id=cat-plans"

    def first(work: Callable[[], object]) -> Callable[[], object]:
        def anew() -> object:
            view._projected.cache_clear()
            return work()

        return anew

    def description() -> dict[str, str]:
        return {"description": f"{next(changes)} {major}"}

    works: dict[str, Callable[[], object]] = {
        "retrieve": lambda: call("GET", f"{offerings}/plan-m"),
        "list 20": lambda: call("GET", offerings, copies),
        "list filtered": lambda: call("GET", offerings, nested),
    }
    return {
        **{f"first {name}": first(work) for name, work in works.items()},
        **works,
        "create": lambda: call("POST", offerings, body=fresh),
        "patch": lambda: call("PATCH", f"{offerings}/plan-m", body=description()),
    }


def cost(work: Callable[[], object]) -> float:
    """CPU microseconds of one call."""
    started = time.process_time()
    for _ in range(REPEATS):
        work()
    return (time.process_time() - started) / REPEATS * 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 49)
