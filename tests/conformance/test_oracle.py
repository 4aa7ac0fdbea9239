"""openapi-core, which knows nothing of us, judges the answers of every operation of every contract.

The contracts are those of both majors, made fit (`fitted.py`).
"""

from __future__ import annotations

import copy
import json
from functools import cache
from urllib.parse import parse_qsl

import pytest
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.validation.response.exceptions import InvalidData

from common.domain.ids import ordered_id
from common.spec.contract import Verb
from tests.conformance.documents import Generator
from tests.conformance.fitted import CONTRACTS, fitted, fitted_contract

ORIGIN = "http://bss.example"
LISTENER = {"callback": "https://listener.example/events", "@type": "Hub"}


# Attributes whose values are judged by rules beyond the contract, which texts like "text" break.
RULED = {
    "/productOfferingPrice": ("price", "percentage"),
    "/importJob": ("path", "query", "contentType"),
    "/exportJob": ("path", "query", "contentType"),
    "/billingAccount": ("billStructure",),
}


# What may still be changed when an order is rejected, as one of an unknown offering is.
CHANGE = {"/productOrder": {"priority": "2"}}


class Asked:
    """A request in openapi-core's words."""

    host_url = ORIGIN
    content_type = "application/json"
    body = b""

    def __init__(self, method, path):
        self.path, _, query = path.partition("?")
        self.method = method.lower()
        self.parameters = RequestParameters(query=dict(parse_qsl(query)))


class Answered:
    """A response in openapi-core's words."""

    def __init__(self, answer):
        self.status_code = answer.status
        self.data = answer.content
        self.headers = dict(answer.headers)
        self.content_type = answer.headers.get("content-type", "")


@cache
def oracle(key, base_path):
    document = json.loads(json.dumps(fitted_contract(key), default=str))
    return OpenAPI.from_dict(document | {"servers": [{"url": ORIGIN + base_path}]})


class Judge:
    """Sends requests to one API in one major and has every answer judged."""

    def __init__(self, suite, key):
        self._suite = suite
        self.contract = next(c for c in suite.installation.contracts if c.key == key)
        self._oracle = oracle(key, self.contract.base_path)

    def __call__(self, expected, method, path, body=None, **options):
        answer = self._suite.request(method, self.contract.base_path + path, body, **options)
        assert answer.status == expected, (method, path, answer.content)
        self._oracle.validate_response(Asked(method, self.contract.base_path + path), Answered(answer))
        return answer


@pytest.fixture
def judge(suite, key):
    return Judge(suite, key)


def bodies(contract, path):
    """The least and the most that a create says."""
    generator = Generator(contract.document)
    schema = generator.body_schema(contract.document["paths"][path]["post"])
    for number, body in enumerate((generator.minimal(schema), generator.full(schema))):
        _name(body, f"{path}-{number}")
        for name in ("id", *RULED.get(path, ())):
            body.pop(name, None)
        if path.endswith("Job"):
            body["url"] = "products.ndjson"  # a file in the folder of the jobs
        yield body


def _name(node, name):
    """Give every reference and part an id of its own: the generator's are all alike, which reads as cycles."""
    if isinstance(node, dict):
        if "id" in node or str(node.get("@type", "")).endswith("Ref"):
            node["id"] = name
        for key, child in node.items():
            _name(child, f"{name}.{key}")
        node.pop("productOrderItemRelationship", None)  # it leads to another item of the order
    elif isinstance(node, list):
        for position, child in enumerate(node):
            _name(child, f"{name}.{position}")


def stored(suite, contract, resource):
    """A document of a resource that has no create, written as a bill run would."""
    served = suite.installation.served[contract.key, resource.name]
    schemas = "definitions" if contract.is_v4 else "components/schemas"
    document = Generator(contract.document).full({"$ref": f"#/{schemas}/{resource.type_name}"})
    if served.mapping:
        document = served.mapping.lift(document)
    id = ordered_id()
    with suite.installation.database.write() as uow:
        uow.repository(served.stored.name).add(id, {**document, "id": id}, suite.installation.clock.now())
        uow.commit()
    return id


@pytest.mark.parametrize("key", CONTRACTS)
def test_every_answer_of_every_resource_is_what_its_contract_says(suite, judge, key):
    for resource in judge.contract.resources.values():
        verbs, path = resource.operations, resource.path
        there = len(judge(200, "GET", path).json)  # what other resources of the contract gave rise to
        if Verb.CREATE in verbs:
            ids = [judge(201, "POST", path, body).json["id"] for body in bodies(judge.contract, path)]
        else:
            ids = [stored(suite, judge.contract, resource) for _ in range(2)]
        assert len(judge(200, "GET", path).json) == there + 2
        assert len(judge(206, "GET", f"{path}?limit=1").json) == 1
        for id in ids:
            judge(200, "GET", f"{path}/{id}")
            if Verb.PATCH in verbs:
                judge(200, "PATCH", f"{path}/{id}", CHANGE.get(path, {"x-note": "n"}))
                judge(200, "GET", f"{path}/{id}")


@pytest.mark.parametrize("key", CONTRACTS)
def test_every_refusal_of_every_operation_is_declared(judge, key):
    for resource in judge.contract.resources.values():
        verbs, path = resource.operations, resource.path
        judge(400, "GET", f"{path}?limit=0")
        judge(406, "GET", path, headers={"accept": "text/html"})
        judge(404, "GET", f"{path}/nobody")
        if Verb.CREATE in verbs:
            judge(400, "POST", path, content=b"{")
            judge(415, "POST", path, content=b"{}", media_type="text/plain")
            body, key = next(bodies(judge.contract, path)), {"idempotency-key": resource.name}
            made = judge(201, "POST", path, body, headers=key).json
            judge(422, "POST", path, {**body, "x-other": 1}, headers=key)
            if "id" in resource.settable:
                judge(409, "POST", path, {**body, "id": made["id"], "version": made.get("version", "")})
        if Verb.PATCH in verbs:
            judge(404, "PATCH", f"{path}/nobody", {})
        if Verb.PATCH in verbs and Verb.CREATE in verbs:
            judge(400, "PATCH", f"{path}/{made['id']}", {"id": "other"})
            judge(412, "PATCH", f"{path}/{made['id']}", {}, headers={"if-match": '"7"'})
            judge(415, "PATCH", f"{path}/{made['id']}", {}, media_type="text/plain")
        if Verb.DELETE in verbs:
            judge(404, "DELETE", f"{path}/nobody")
            judge(412, "DELETE", f"{path}/{made['id']}", headers={"if-match": '"7"'})


@pytest.mark.parametrize("key", CONTRACTS)
def test_every_operation_of_the_published_document_is_served(suite, judge, key):
    """Also those of hub and listeners: each answers with a status that its own document declares."""
    documented = fitted(judge.contract.document)["paths"]
    heard = 201 if judge.contract.is_v4 else 204
    for path, item in judge.contract.document["paths"].items():
        for method in item.keys() & {"get", "post", "patch", "delete", "put"}:
            if path.startswith("/listener"):
                answer = judge(heard, "POST", path, {"eventType": path.rsplit("/")[-1], "event": {}})
            elif path == "/hub":
                made = judge(201, "POST", path, LISTENER).json
                judge(204, "DELETE", f"/hub/{made['id']}")
                continue
            elif path == "/hub/{id}":
                answer = judge(404, "DELETE", "/hub/nobody")
            else:
                answer = suite.request(
                    method.upper(),
                    judge.contract.base_path + path.replace("{id}", "nobody"),
                    {} if method in ("post", "patch") else None,
                )
            declared = documented[path][method]["responses"].keys()
            assert str(answer.status) in declared or "default" in declared, (method, path, answer.content)
            assert answer.status not in (405, 500, 501)


@pytest.mark.parametrize(("key", "type_name"), [("TMF629/v5", "Nonsense"), ("TMF629/v4", 5)])
def test_the_oracle_can_tell(judge, key, type_name):
    """A judge that accepts anything would prove nothing. v4 has no list of types."""
    good = judge(201, "POST", "/customer", next(bodies(judge.contract, "/customer")))
    asked = Asked("POST", f"{judge.contract.base_path}/customer")
    for spoil in ({"name": 5}, {"@type": type_name}, {"engagedParty": []}, {"status": ["x"]}):
        document = copy.deepcopy(good.json) | spoil
        spoilt = Answered(good)
        spoilt.data = json.dumps(document, default=str).encode()
        with pytest.raises(InvalidData):
            judge._oracle.validate_response(asked, spoilt)
