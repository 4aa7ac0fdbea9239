"""The published documents: current, valid, complete in their sentences, and at the agreed addresses."""

from __future__ import annotations

import json

import pytest
from openapi_spec_validator import validate

from common.spec.build import stale_documents
from tests.common.spec.build.folders import OPENAPI, PUBLISHED, PUBLISHED_NAMES

ADDRESSES = {
    "TMF620-v5.0.0.oas.json": ["productCatalogManagement/v5"],
    "TMF622-v5.0.0.oas.json": ["productOrderingManagement/v5", "productOrdering/v5"],
    "TMF629-v5.0.1.oas.json": ["customerManagement/v5", "customer/v5"],
    "TMF632-v5.0.0.oas.json": ["partyManagement/v5", "party/v5"],
    "TMF635-v5.0.0.oas.json": ["productUsageManagement/v5"],
    "TMF637-v5.0.0.oas.json": ["productInventory/v5", "productInventoryManagement/v5"],
    "TMF666-v5.0.0.oas.json": ["accountManagement/v5"],
    "TMF677-v5.1.0.oas.json": ["usageConsumption/v5", "usageConsumptionManagement/v5"],
    "TMF678-v5.0.0.oas.json": ["customerBillManagement/v5", "customerBill/v5"],
}


def test_published_documents_are_what_the_sources_build():
    assert stale_documents(OPENAPI, PUBLISHED) == []


def test_every_api_is_published_at_its_addresses(documents):
    found = {
        name: [document["servers"][0]["url"], *document["x-base-path-aliases"]] for name, document in documents.items()
    }

    assert found == {name: [f"/tmf-api/{path}" for path in paths] for name, paths in ADDRESSES.items()}


def test_a_document_names_its_api_and_licence(documents):
    for name, document in documents.items():
        info = document["info"]
        assert f"{info['x-api-id']}-v{info['version']}.oas.json" == name
        assert info["license"]["name"] == "Apache-2.0"


@pytest.mark.parametrize("name", PUBLISHED_NAMES)
def test_a_published_document_is_valid_openapi(name):
    validate(json.loads((PUBLISHED / name).read_text()))


@pytest.mark.parametrize("name", PUBLISHED_NAMES)
def test_every_schema_attribute_and_operation_has_a_sentence(documents, name):
    document = documents[name]
    described = [(path, schema) for path, schema in _schemas(document)]
    described += [
        (operation["operationId"], operation) for item in document["paths"].values() for operation in item.values()
    ]

    assert [path for path, part in described if not part.get("description", "").endswith(".")] == []


@pytest.mark.parametrize("name", PUBLISHED_NAMES)
def test_every_reference_stays_within_the_document(documents, name):
    document = documents[name]

    for reference in _references(document):
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def _schemas(document):
    for name, schema in document["components"]["schemas"].items():
        yield name, schema
        for part in (schema, *schema.get("allOf", [])):
            for field, attribute in part.get("properties", {}).items():
                yield f"{name}.{field}", attribute


def _references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
