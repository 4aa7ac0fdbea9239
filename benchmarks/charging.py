"""Online charging over HTTP beside its floor: 200 network elements on 50 accounts, each with session after session.

A session is six requests: it begins with a grant, reports 60 s and asks for 60 s four times, and ends with a report.
Every request is one transaction that locks, charges, holds, writes and commits.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.floors import charging as floor
from benchmarks.harness.figures import Figure, Scale, ratios, rounds
from benchmarks.harness.load import Load, Script, drive, request
from benchmarks.harness.machine import Meter, postmaster_of
from benchmarks.harness.servers import application, postgresql, settled, suite
from tests.postgres import programs

CLIENTS, ACCOUNTS, REPORTS = 200, 50, 4
PATH = floor.PATH
_SCRIPT = "benchmarks.charging:elements"
_SECONDS = {"units": "s"}


def measure(scale: Scale) -> list[Figure]:
    """Rates of the suite and of the floor side by side, and the slowest of a hundred answers at half of ours."""
    with (
        postgresql() as server,
        server.database() as ours,
        server.empty_database() as theirs,
        server.empty_database() as bare,
    ):
        floor.stock(theirs, [_product(number) for number in range(ACCOUNTS)])
        with (
            suite(ours) as running,
            application("benchmarks.floors.charging:application", {"FLOOR_DATABASE_URL": theirs}) as beside,
        ):
            _stock(running.port)
            names = _names()
            # PostgreSQL plans for tables as they are: of empty ones it reads all, until it learns that they have grown.
            for port, url in ((running.port, ours), (beside.port, theirs)):
                _load(port, next(names), 1.0)
                settled(url)
            meter = Meter(running.pid, postmaster_of(ours))
            found = rounds(
                {
                    "ours": lambda: _metered(meter, lambda: _load(running.port, next(names), scale.seconds)),
                    "floor": lambda: _load(beside.port, next(names), scale.seconds).rate,
                    "transfer": _transfers(bare, scale.seconds),
                },
                scale.rounds,
            )
            half = Figure.of("", found["ours"], "/s").value / 2
            paced = [
                [_load(port, next(names), 2 * scale.seconds, half) for port in (running.port, beside.port)]
                for _ in range(scale.rounds)
            ]
    return [
        Figure.of("charging of floor", ratios(found["ours"], found["floor"]), "ratio", target=0.5),
        Figure.of("charging p99 at half rate", [one.p99 for one, _ in paced], "ms", better="less", target=20.0),
        Figure.of("charging p50 at half rate", [one.p50 for one, _ in paced], "ms", better="less"),
        Figure.of("charging p99 of the floor at that rate", [one.p99 for _, one in paced], "ms", better="less"),
        Figure.of("charging requests", found["ours"], "/s", about="200 elements on 50 accounts, one worker"),
        Figure.of(
            "charging: processor time of the server", meter.worker[1:], "us", better="less", about="for a request"
        ),
        Figure.of("charging: processor time of the database", meter.database[1:], "us", better="less"),
        Figure.of("charging requests of the floor", found["floor"], "/s"),
        Figure.of("two-row transfers", found["transfer"], "/s", about="`pgbench`, 8 clients on 50 pairs of rows"),
    ]


def elements(connection: int, name: str) -> Script:
    """What one network element sends: session after session, each request once the one before was answered."""
    session = 0
    while True:
        session += 1
        id = f"{name}-{connection}-{session}"
        wanted = {"amount": 60, **_SECONDS}
        service = {"ratingGroup": "1", "usageType": "voice", "requestedUnit": wanted}
        yield _sent("POST", PATH, {"id": id, "subscriber": {"product": _product(connection)}, "service": [service]})
        for sequence in range(1, REPORTS + 1):
            service = {"ratingGroup": "1", "usedUnit": {"amount": 60, **_SECONDS}, "requestedUnit": wanted}
            yield _sent("PATCH", f"{PATH}/{id}", {"sequence": sequence, "service": [service]})
        service = {"ratingGroup": "1", "usedUnit": {"amount": 30, **_SECONDS}}
        body = {"sequence": REPORTS + 1, "status": "released", "service": [service]}
        yield _sent("PATCH", f"{PATH}/{id}", body)


def _load(port: int, name: str, seconds: float, rate: float | None = None) -> Load:
    return drive(_SCRIPT, {"name": name}, port=port, connections=CLIENTS, seconds=seconds, rate=rate)


def _metered(meter: Meter, run: Callable[[], Load]) -> float:
    with meter.measuring() as measured:
        load = run()
        measured.append(load.answers)
    return load.rate


def _names() -> Iterator[str]:
    """A name for each run: a session's id is its own."""
    number = 0
    while True:
        number += 1
        yield f"run-{number}"


def _sent(method: str, path: str, body: Any) -> bytes:
    return request(method, path, json.dumps(body).encode())


def _product(number: int) -> str:
    return f"line-{number % ACCOUNTS}"


def _stock(port: int) -> None:
    """A price, and accounts with a product and money each, over the suite's own APIs."""
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def created(path: str, body: Any) -> None:
        headers = {"content-type": "application/json"}
        connection.request("POST", f"/tmf-api/{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        told = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"{path}: {answer.status} {told[:500]!r}")

    since = "2025-01-01T00:00:00Z"
    ref = {"@type": "ProductOfferingPriceRef", "id": "voice", "version": "1.0"}
    price = {"@type": "ProductPrice", "name": "voice", "priceType": "usage", "price": {"@type": "Price"}}
    created(
        "productCatalogManagement/v5/productOfferingPrice",
        {
            **{"@type": "UsagePrice", "@baseType": "ProductOfferingPrice", "id": "voice", "name": "voice"},
            **{"priceType": "usage", "isBundle": False, "lifecycleStatus": "Active", "version": "1.0"},
            **{"validFor": {"startDateTime": since}, "usageType": "voice", "price": {"unit": "EUR", "value": 0.06}},
            "unitOfMeasure": {"amount": 1, "units": "min"},
        },
    )
    for number in range(ACCOUNTS):
        account = {"@type": "BillingAccountRef", "id": f"acc-{number}", "@referredType": "BillingAccount"}
        person = {"@type": "PartyRef", "id": "anna", "name": "Anna", "@referredType": "Individual"}
        owner = {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner", "partyOrPartyRole": person}
        named = {"@type": "BillingAccount", "id": f"acc-{number}", "name": f"acc-{number}", "state": "Active"}
        created("accountManagement/v5/billingAccount", {**named, "accountType": "billing", "relatedParty": [owner]})
        created(
            "productInventory/v5/product",
            {
                **{"@type": "Product", "id": _product(number), "name": "line", "status": "active", "startDate": since},
                **{"productPrice": [{**price, "productOfferingPrice": ref}], "billingAccount": account},
            },
        )
        created(
            "prepayBalanceManagement/v4/topupBalance",
            {
                **{
                    "bucket": {"id": f"purse-{number}"},
                    "usageType": "monetary",
                    "partyAccount": {"id": f"acc-{number}"},
                },
                "amount": {"amount": 1_000_000, "units": "EUR"},
            },
        )


def _transfers(url: str, seconds: float) -> Any:
    """`pgbench` with a script of its own: two rows of one of fifty pairs change by the same amount."""
    script = Path(__file__).with_name("transfer.sql")
    floor.stock(url, [_product(number) for number in range(ACCOUNTS)])
    command = [
        *(str(programs() / "pgbench"), "-n", "-M", "prepared", "-c", "8", "-T", str(max(1, round(seconds)))),
        *("-f", str(script), url),
    ]

    def run() -> float:
        ran = subprocess.run(command, check=True, capture_output=True, text=True)
        found = re.search(r"tps = ([\d.]+)", ran.stdout)
        if found is None:
            raise RuntimeError(ran.stdout)
        return float(found[1])

    return run
