"""Every official document loads, and takes its own examples."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from common.spec.contract import Contract, Verb
from common.spec.load import load_contracts
from common.spec.validators import CompiledValidator
from tests.common.spec.official import contract_of, create_examples, files

# Official create examples that break their own document: (first word of the file's name, example) -> what is wrong.
DEFECTS = {
    ("TMF620", "Product_Offering_Create_example"): "values of a NumberCharacteristicValueSpecification are texts",
    ("TMF620", "Product_Specification_Create_example"): "values of a NumberCharacteristicValueSpecification are texts",
    ("TMF622", "CreateProductOrder_with_intent_specification"): "the intent lacks creationDate and lifecycleStatus, "
    "and its expressionValue is an object where a text is declared",
    ("TMF634", "ResourceSpecification_create_example_1_characteristic_bnased"): "the attachment has no attachmentType",
    ("TMF634", "ResourceSpecification_create_example_2_schema_based"): "the attachment has no attachmentType",
    ("TMF634", "ResourceSpecification_create_example_3_with_intent_specification"): "the attachment has no "
    "attachmentType",
    ("TMF637", "CreateProduct_with_intent"): "the intent lacks creationDate and lifecycleStatus, and its "
    "expressionValue is an object where a text is declared",
    ("TMF735", "CreateCdrTransaction"): "the transaction items have no id",
    ("TMF737", "CreatePartyRevSharingReport"): "a billing period ends on a day that no month has",
}

# What is served and less than its path promises, by the file's API; there is no operation that is not served.
_EMPTY = "no operation of the document creates one: the list is empty until a component stores some; what a "
GAPS = {
    "TMF673": {
        "/geographicAddress/{geographicAddressId}/geographicSubAddress": _EMPTY
        + "geographicAddress has in its attribute geographicSubAddress is shown there only"
    },
    "TMF688": {"/topic/{topicId}/hub": "registrations are kept and shown; events are sent only to those at /hub"},
    "TMF701": {
        "/processFlow/{processFlowId}/taskFlow": _EMPTY
        + "processFlow has in its attribute taskFlow is shown there only"
    },
}

# What the core APIs' documents say, checked by hand: resources, state attribute with number of states, events.
CORE: dict[str, dict[str, tuple[str | None, int]]] = {
    "TMF620/v5": {"productOffering": ("lifecycleStatus", 0), "importJob": ("status", 4)},
    "TMF622/v5": {"productOrder": ("state", 13), "cancelProductOrder": ("state", 6)},
    "TMF629/v5": {"customer": ("status", 0)},
    "TMF632/v5": {"individual": ("status", 3), "organization": ("status", 3)},
    "TMF635/v5": {"productUsage": ("status", 8), "exportJob": ("status", 4)},
    "TMF637/v5": {"product": ("status", 8)},
    "TMF666/v5": {"billingAccount": ("state", 0), "billFormat": (None, 0)},
    "TMF678/v5": {"customerBill": ("state", 6), "customerBillOnDemand": ("state", 4), "billCycle": (None, 0)},
}


def name_of(path: Path) -> str:
    return path.name


def contract_for(key: str) -> Contract:
    return next(c for c in map(contract_of, files()) if c.key == key)


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_every_document_loads_whole(path: Path) -> None:
    contract = contract_of(path)
    assert contract.resources
    assert contract.hub is not None
    assert contract.base_path.startswith("/tmf-api/")
    assert contract.base_path.endswith(f"/v{contract.major}")
    assert contract.gaps == GAPS.get(contract.api, {})
    assert all(event.endswith("Event") for event in contract.events)
    declared = sum(
        method in ("get", "post", "patch", "put", "delete")
        for path_name, item in contract.document["paths"].items()
        for method in item
        if not path_name.startswith(("/listener/", "/hub"))
    )
    served = sum(len(resource.operations) for resource in contract.resources.values())
    assert served == declared


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_every_listener_is_an_event(path: Path) -> None:
    contract = contract_of(path)
    listeners = {name.rstrip("/") for name in contract.document["paths"] if name.startswith("/listener/")}
    assert listeners <= {event.listener_path for event in contract.events.values()}


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_every_validator_compiles(path: Path) -> None:
    for resource in contract_of(path).resources.values():
        for validator in (resource.creating, resource.patched, resource.whole):
            if isinstance(validator, CompiledValidator):
                validator.compile()
        assert (resource.creating is not None) == (Verb.CREATE in resource.operations)
        assert (resource.patched is not None) == (Verb.PATCH in resource.operations)


@pytest.mark.parametrize("path", [path for path in files() if path.suffix != ".json"], ids=name_of)
def test_official_create_examples_are_taken(path: Path) -> None:
    for resource, name, body in create_examples(path):
        assert resource.creating is not None
        found = resource.creating.violations(body)
        assert bool(found) == ((path.name.split("-")[0], name) in DEFECTS), (name, found)


@pytest.mark.parametrize("key", CORE if files() else [])
def test_the_core_contracts(key: str) -> None:
    contract = contract_for(key)
    for name, (attribute, states) in CORE[key].items():
        resource = contract.resources[name]
        assert (resource.state_attribute, len(resource.states)) == (attribute, states)
        assert resource.typed


@pytest.mark.parametrize(
    ("key", "event", "payload_key", "body_key", "path"),
    [
        (
            "TMF622/v5",
            "CancelProductOrderStateChangeEvent",
            "cancelProductOrder",
            "event",
            "/listener/cancelProductOrderStateChangeEvent",
        ),
        ("TMF637/v5", "ProductBatchEvent", "product", "event", "/listener/productProductBatchEvent"),
        (
            "TMF666/v4",
            "FinancialAccountCreateEvent",
            "financialAccount",
            "payload",
            "/listener/financialAccountCreateEvent",
        ),
    ]
    if files()
    else [],
)
def test_oddities_of_event_schemas(key: str, event: str, payload_key: str, body_key: str, path: str) -> None:
    made = contract_for(key).events[event]
    assert (made.payload_key, made.body_key, made.listener_path) == (payload_key, body_key, path)


@pytest.mark.parametrize(("bound_seconds"), [10] if files() else [])
def test_the_whole_folder_loads_together(bound_seconds: int) -> None:
    start = time.process_time()
    contracts = load_contracts(files())
    assert time.process_time() - start < bound_seconds
    assert len({c.key for c in contracts}) == len(contracts)
    paths = [path for c in contracts for path in (c.base_path, *c.aliases)]
    assert len(set(paths)) == len(paths)
    superseded = {name for c in contracts for name in c.gaps if name.startswith("TMF")}
    assert len(contracts) + len(superseded) == len(files())
