"""What is sent to product offerings; a module of its own, so that the process that sends loads nothing else."""

from __future__ import annotations

import itertools
import json
import os

from benchmarks.harness.load import Script, request

OFFERINGS = 10_000
PATH = "/tmf-api/productCatalogManagement/v5/productOffering"


def get(connection: int) -> Script:
    """One after another, spread over all of them."""
    for number in itertools.count(connection):
        yield request("GET", f"{PATH}/offering-{number * 7_919 % OFFERINGS}")


def list(connection: int) -> Script:
    """The first page of a filter, over again."""
    while True:
        yield request("GET", f"{PATH}?lifecycleStatus=Retired&limit=20")


def post(connection: int, body: str) -> Script:
    """New offerings, each with a name of its own."""
    document = json.loads(body)
    for number in itertools.count():
        document["name"] = f"Plan {os.getpid()}-{connection}-{number}"
        yield request("POST", PATH, json.dumps(document).encode())


def same(connection: int, path: str) -> Script:
    """One path, over again."""
    while True:
        yield request("GET", path)
