"""What a v4 request costs beside the v5 request of the same work: CPU time of the operation, in process.

    python -m benchmarks.majors [ROUNDS]

Both majors run in one process in alternating rounds; the ratio of the medians is the figure, absolute times wander.
`first ...` reads what no one has read in v4 before: the v4 forms kept from earlier reads are dropped before each call.
The offering is the sample `plan-m` (about 6 KB) and 20 copies of it, stored in a temporary SQLite file.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from common import exact_json
from common.installation import Installation
from common.rest import view
from common.rest.endpoint import Endpoint
from common.rest.messages import Request
from common.seed import collect, in_process, load, local_url
from common.settings import Settings

REPEATS = 10
COPIES = 20
BASE = "/tmf-api/productCatalogManagement"


def main(rounds: int) -> None:
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
        works = {major: works_of(installation, major) for major in (4, 5)}
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


def works_of(installation: Installation, major: int) -> dict[str, Callable[[], object]]:
    """The same pieces of work in one major."""
    served = installation.served[f"TMF620/v{major}", "productOffering"]
    endpoint, base = Endpoint(installation, served), f"{BASE}/v{major}"

    def request(method: str, id: str | None = None, query: str = "", body: object = None) -> Request:
        content = b"" if body is None else exact_json.encode(body)
        return Request(method, f"{base}/productOffering", base, "http://bench", id=id, query=query, body=content)

    shown = exact_json.decode_own(endpoint.retrieve(request("GET", "plan-m")).body)
    fresh = {name: value for name, value in shown.items() if name not in ("id", "href", "lastUpdate")}
    changes = iter(range(10**9))
    copies = f"limit={COPIES}&name={fresh['name']}".replace(" ", "%20")
    nested = "limit=10&prodSpecCharValueUse.productSpecCharacteristicValue.unitOfMeasure=GB&category.id=cat-plans"

    def first(work: Callable[[], object]) -> Callable[[], object]:
        return lambda: (view._projected.cache_clear(), work())

    works: dict[str, Callable[[], object]] = {
        "retrieve": lambda: endpoint.retrieve(request("GET", "plan-m")),
        "list 20": lambda: endpoint.list(request("GET", query=copies)),
        "list filtered": lambda: endpoint.list(request("GET", query=nested)),
    }
    return {
        **{f"first {name}": first(work) for name, work in works.items()},
        **works,
        "create": lambda: endpoint.create(request("POST", body=fresh)),
        "patch": lambda: endpoint.patch(request("PATCH", "plan-m", body={"description": f"{next(changes)} {major}"})),
    }


def cost(work: Callable[[], object]) -> float:
    """CPU microseconds of one call."""
    started = time.process_time()
    for _ in range(REPEATS):
        work()
    return (time.process_time() - started) / REPEATS * 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 49)
