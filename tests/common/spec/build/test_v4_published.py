"""The published v4 documents: valid Swagger, complete in their sentences, and at the agreed addresses."""

from __future__ import annotations

import json

import pytest
from openapi_spec_validator import validate

from tests.common.spec.build.folders import PUBLISHED, V4_NAMES

ADDRESSES = {
    "v4/TMF620-v4.1.0.swagger.json": ["productCatalogManagement/v4"],
    "v4/TMF622-v4.0.0.swagger.json": ["productOrderingManagement/v4", "productOrdering/v4"],
    "v4/TMF629-v4.0.0.swagger.json": ["customerManagement/v4", "customer/v4"],
    "v4/TMF632-v4.0.0.swagger.json": ["party/v4", "partyManagement/v4"],
    "v4/TMF635-v4.0.0.swagger.json": ["usageManagement/v4"],
    "v4/TMF637-v4.0.0.swagger.json": ["productInventory/v4", "productInventoryManagement/v4"],
    "v4/TMF654-v4.0.0.swagger.json": ["prepayBalanceManagement/v4"],
    "v4/TMF666-v4.0.0.swagger.json": ["accountManagement/v4"],
    "v4/TMF670-v4.0.0.swagger.json": ["paymentMethod/v4"],
    "v4/TMF676-v4.0.0.swagger.json": ["payment/v4"],
    "v4/TMF677-v4.0.1.swagger.json": ["usageConsumption/v4", "usageConsumptionManagement/v4"],
    "v4/TMF678-v4.0.0.swagger.json": ["customerBillManagement/v4", "customerBill/v4"],
}


def test_the_same_documents_are_built_and_published(v4_documents):
    assert sorted(v4_documents) == V4_NAMES


def test_every_api_is_published_at_its_addresses(v4_documents):
    found = {name: [d["basePath"], *d["x-base-path-aliases"]] for name, d in v4_documents.items()}

    assert found == {name: [f"/tmf-api/{path}" for path in paths] for name, paths in ADDRESSES.items()}


def test_a_document_names_its_api_and_licence(v4_documents):
    for name, document in v4_documents.items():
        info = document["info"]
        assert f"v4/{info['x-api-id']}-v{info['version']}.swagger.json" == name
        assert info["license"]["name"] == "Apache-2.0"


@pytest.mark.parametrize("name", V4_NAMES)
def test_a_published_document_is_valid_swagger(name):
    document = json.loads((PUBLISHED / name).read_text())

    validate(document)

    assert document["swagger"] == "2.0"


@pytest.mark.parametrize("name", V4_NAMES)
def test_every_definition_attribute_parameter_and_operation_has_a_sentence(v4_documents, name):
    assert [
        where for where, part in _described(v4_documents[name]) if not part.get("description", "").endswith(".")
    ] == []


@pytest.mark.parametrize("name", V4_NAMES)
def test_every_definition_is_one_flat_object_or_a_choice_of_words(v4_documents, name):
    found = {key for schema in v4_documents[name]["definitions"].values() for key in schema}

    assert found <= {"type", "description", "required", "properties", "enum"}


def _described(document):
    for name, schema in document["definitions"].items():
        yield name, schema
        for field, attribute in schema.get("properties", {}).items():
            yield f"{name}.{field}", attribute
    for item in document["paths"].values():
        for operation in item.values():
            yield operation["operationId"], operation
            for part in (*operation["parameters"], *operation["responses"].values()):
                yield operation["operationId"], part
