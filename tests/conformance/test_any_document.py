"""Every resource of every official file, v4 and v5, served from its file alone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from common.settings import Settings
from common.spec.contract import Verb
from tests import official
from tests.client import Suite
from tests.conformance.documents import Generator

START_SECONDS_MAX = 20
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("any")
    started = time.monotonic()
    suite = Suite(Settings(database_url=f"sqlite:///{folder}/bss.db", components="", spec_dir=str(official.FOLDER)))
    assert suite.get("/tmf-api").status == 200
    suite.start_seconds = time.monotonic() - started
    yield suite
    suite.close()


def cases():
    return [pytest.param(path, id=path.stem) for path in official.files()]


@pytest.mark.parametrize("folder", {path.parent.name for path in official.files()})
def test_all_files_start_soon_enough(everything, folder):
    assert everything.start_seconds < START_SECONDS_MAX
    served = {contract.key for contract in everything.installation.contracts}
    assert len(served) == 74, "77 files, three of them older documents of an API and major that another has"


@pytest.mark.parametrize("path", cases())
def test_round_trip_of_every_resource(everything, path):
    contracts = [c for c in everything.installation.contracts if c.api == path.name[:6]]
    assert contracts, "the file's API is served"
    for contract in contracts:
        generator = Generator(contract.document)
        for resource in contract.resources.values():
            _round_trip(everything, contract, resource, generator)


def _round_trip(suite, contract, resource, generator):
    collection = contract.base_path + resource.path
    if Verb.LIST in resource.operations:
        assert suite.get(collection + "?limit=1").status in (200, 206)
    create = resource.operations.get(Verb.CREATE)
    if create is None:
        return
    schema = generator.body_schema(contract.document["paths"][create.path]["post"])
    for body in (generator.minimal(schema), generator.full(schema)):
        body.pop("id", None)
        made = suite.created(collection, body)
        item = f"{collection}/{made['id']}"
        if Verb.RETRIEVE in resource.operations:
            assert suite.get(item).json == made
        if Verb.LIST in resource.operations:
            found = suite.get(f"{collection}?id={made['id']}&limit=1")
            assert (found.status, found.json) == (200, [made])
            assert found.headers["x-total-count"] == "1"
        if Verb.PATCH in resource.operations:
            patched = suite.patch(item, {"x-note": "n"}, media_type="application/merge-patch+json")
            assert patched.status == 200, patched.json
            assert patched.json["x-note"] == "n"
        if Verb.DELETE in resource.operations:
            assert suite.delete(item).status == 204
            assert suite.get(item).status == (404 if Verb.RETRIEVE in resource.operations else 405)


@pytest.mark.parametrize("path", cases())
def test_hub_of_every_file(everything, path):
    for contract in (c for c in everything.installation.contracts if c.api == path.name[:6]):
        if contract.hub is None or not contract.hub.creatable:
            continue
        made = everything.created(f"{contract.base_path}/hub", {"callback": "https://listener.example/events"})
        assert made["callback"] == "https://listener.example/events"
        assert everything.delete(f"{contract.base_path}/hub/{made['id']}").status == 204
        assert everything.delete(f"{contract.base_path}/hub/{made['id']}").status == 404
