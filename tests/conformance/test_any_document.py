"""Every resource of every official file, v4 and v5, served from its file alone."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import quote

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
    started = time.process_time()  # what it costs, whatever else the machine does
    suite = Suite(Settings(database_url=f"sqlite:///{folder}/bss.db", components="", spec_dir=str(official.FOLDER)))
    assert suite.get("/tmf-api").status == 200
    suite.start_seconds = time.process_time() - started
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
    above = _parents(suite, contract, resource, generator)
    collection = contract.base_path + resource.path_below(above)
    if Verb.LIST in resource.operations:
        assert suite.get(collection + "?limit=1").status in (200, 206)
    if Verb.CREATE in resource.operations:
        for body in _bodies(contract, resource, generator):
            answer = suite.post(collection, body)
            assert answer.status == 201, answer.json
            assert answer.headers["location"] == answer.json["href"]
            _use(suite, resource, collection, answer.json)
    elif resource.parents:
        _use(suite, resource, collection, _stored(suite, contract, resource, above, "stored"))
    if resource.parents:
        _nobody_elses(suite, contract, resource, generator, above)


def _bodies(contract, resource, generator):
    schema = generator.body_schema(contract.document["paths"][resource.operations[Verb.CREATE].path]["post"])
    for body in (generator.minimal(schema), generator.full(schema)):
        body.pop("id", None)
        yield body


def _use(suite, resource, collection, made):
    """Everything but the creation of one document."""
    item = f"{collection}/{made['id']}"
    assert made["href"] == "http://bss.example" + item
    if Verb.RETRIEVE in resource.operations:
        assert suite.get(item).json == made
    if Verb.LIST in resource.operations:
        found = suite.get(f"{collection}?id={made['id']}&limit=1")
        assert (found.status, found.json) == (200, [made])
        assert found.headers["x-total-count"] == "1"
        assert f"<http://bss.example{collection}?id=" in found.headers["link"]
    if Verb.PATCH in resource.operations:
        patched = suite.patch(item, {"x-note": "n"}, media_type="application/merge-patch+json")
        assert patched.status == 200, patched.json
        assert patched.json["x-note"] == "n"
    if Verb.DELETE in resource.operations:
        assert suite.delete(item).status == 204
        assert suite.get(item).status == (404 if Verb.RETRIEVE in resource.operations else 405)


def _parents(suite, contract, resource, generator):
    """New documents that a nested resource can lie below: their ids, outermost first."""
    ids = ()
    for name in resource.parents:
        parent = contract.resources[name]
        if Verb.CREATE in parent.operations:
            body = next(_bodies(contract, parent, generator))
            made = suite.created(contract.base_path + parent.path_below(ids), body)
        else:
            made = _stored(suite, contract, parent, ids, f"parent {time.monotonic_ns()}/ü")
        ids = (*ids, made["id"])
    return ids


def _stored(suite, contract, resource, above, id):
    """A document put into the store, as a component does it, and as it is answered."""
    installation, position = suite.installation, ""
    with installation.database.write() as uow:
        for name, parent_id in zip(resource.parents, above, strict=True):
            position = (
                uow.repository(installation.served[contract.key, name].stored.name, position).get(parent_id).position
            )
        stored = installation.served[contract.key, resource.name].stored.name
        uow.repository(stored, position).add(id, {"x-above": list(above)}, installation.clock.now())
        uow.commit()
    collection = contract.base_path + resource.path_below(above)
    return suite.get(f"{collection}/{quote(id, safe='')}").json


def _nobody_elses(suite, contract, resource, generator, above):
    """A second parent with a child of the same id: neither list nor item shows the other's; without parent 404."""
    other = _parents(suite, contract, resource, generator)
    for ids in (above, other):
        made = _stored(suite, contract, resource, ids, "twin")
        assert (made["id"], made["x-above"]) == ("twin", list(ids))
        found = suite.get(contract.base_path + resource.path_below(ids) + "?id=twin")
        assert found.json == [made]
    nowhere = contract.base_path + resource.path_below([*above[:-1], "nowhere"])
    for verb, operation in resource.operations.items():
        path = nowhere if verb in (Verb.LIST, Verb.CREATE) else f"{nowhere}/twin"
        body = next(_bodies(contract, resource, generator)) if verb is Verb.CREATE else {}
        answer = suite.request(operation.method, path, body if verb in (Verb.CREATE, Verb.PATCH) else None)
        assert answer.status == 404
        assert f"there is no {resource.parents[-1]} with id 'nowhere'" in answer.json["message"]
    parent = contract.resources[resource.parents[-1]]
    if Verb.DELETE in parent.operations:
        assert suite.delete(f"{contract.base_path}{parent.path_below(other[:-1])}/{other[-1]}").status == 204
        assert suite.get(contract.base_path + resource.path_below(other)).status == 404
        kept = suite.get(contract.base_path + resource.path_below(above) + "?id=twin")
        assert kept.headers["x-total-count"] == "1"


_EMPTY = "no operation of the document creates one: the list is empty until a component stores some; what a "


def test_what_no_file_is_served_as_it_says(everything):
    """The whole list: beside older documents of an API and major there is no operation that is not served."""
    found = {
        (contract.key, what): reason
        for contract in everything.installation.contracts
        for what, reason in contract.gaps.items()
        if not reason.endswith(f"is the newer document of {contract.key}")
    }
    assert found == {
        ("TMF673/v4", "/geographicAddress/{geographicAddressId}/geographicSubAddress"): _EMPTY
        + "geographicAddress has in its attribute geographicSubAddress is shown there only",
        (
            "TMF688/v4",
            "/topic/{topicId}/hub",
        ): "registrations are kept and shown; events are sent only to those at /hub",
        ("TMF701/v4", "/processFlow/{processFlowId}/taskFlow"): _EMPTY
        + "processFlow has in its attribute taskFlow is shown there only",
    }


@pytest.mark.parametrize("path", cases())
def test_hub_of_every_file(everything, path):
    for contract in (c for c in everything.installation.contracts if c.api == path.name[:6]):
        if contract.hub is None or not contract.hub.creatable:
            continue
        made = everything.created(f"{contract.base_path}/hub", {"callback": "https://listener.example/events"})
        assert made["callback"] == "https://listener.example/events"
        assert everything.delete(f"{contract.base_path}/hub/{made['id']}").status == 204
        assert everything.delete(f"{contract.base_path}/hub/{made['id']}").status == 404
