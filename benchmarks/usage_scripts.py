"""Usage as it is sent; a module of its own, so that the process that sends loads nothing else."""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.harness.load import Script, request

PATH = "/tmf-api/productUsageManagement/v5/productUsage"
# Usage is of this month, in the order of time.
BEGIN, DAYS = datetime(2026, 2, 1, tzinfo=UTC), 28


def post(connection: int, products: int) -> Script:
    """One usage after another, each of another product."""
    of = f"{os.getpid()}-{connection}"
    for number, record in enumerate(records(1_000_000, products, of, seed=connection)):
        yield request("POST", PATH, json.dumps(record | {"product": line(number * 7_919 % products)}).encode())


def records(count: int, products: int, of: str, seed: int = 7) -> Iterator[dict[str, Any]]:
    """So many calls and data sessions, as a network reports them: by number, with a number of their own at a source."""
    chance = random.Random(seed)
    step = timedelta(days=DAYS) / count
    for number in range(count):
        at = (BEGIN + number * step).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = {"msisdn": msisdn(chance.randrange(products)), "startDateTime": at}
        if chance.random() < 0.5:
            called = f"+43{chance.randrange(10**8)}"
            used = {"quantity": chance.randint(1, 600), "unit": "s", "calledNumber": called}
            yield _usage("voice", f"{of}-{number}", {**said, **used})
        else:
            yield _usage("data", f"{of}-{number}", {**said, "quantity": chance.randint(1, 9_000_000), "unit": "B"})


def msisdn(product: int) -> str:
    return f"+4367{product:08}"


def line(product: int) -> dict[str, Any]:
    return {"@type": "ProductRef", "id": f"line-{product}", "@referredType": "Product"}


def _usage(usage_type: str, external: str, said: dict[str, Any]) -> dict[str, Any]:
    specification = {"@type": "ProductUsageSpecificationRef", "id": f"usage-spec-{usage_type}"}
    return {
        "@type": "ProductUsage",
        "usageType": usage_type,
        "usageSpecification": {**specification, "@referredType": "ProductUsageSpecification"},
        "externalIdentifier": [{"@type": "ExternalIdentifier", "owner": "mediation", "id": external}],
        "usageCharacteristic": [_characteristic(name, value) for name, value in said.items()],
    }


def _characteristic(name: str, value: Any) -> dict[str, Any]:
    kind = "String" if isinstance(value, str) else "Number"
    return {"@type": f"{kind}Characteristic", "name": name, "valueType": kind.lower(), "value": value}


def numbered() -> Iterator[str]:
    """What keeps the records of one round apart from those of another."""
    return (f"{os.getpid()}-{number}" for number in itertools.count())
