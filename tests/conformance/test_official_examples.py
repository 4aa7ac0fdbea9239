"""Every create example of the official v5 files is accepted, or its defect is named here."""

from __future__ import annotations

import pytest

from tests import official

# Examples that break their own contract; what we answer is the pointer of the defect.
DEFECTS = {
    "TMF620-Product_Offering_Create_example": (
        "a NumberCharacteristicValueSpecification carries its value as a text",
        "/prodSpecCharValueUse/0/productSpecCharacteristicValue/0/value",
    ),
    "TMF620-Product_Specification_Create_example": (
        "a NumberCharacteristicValueSpecification carries its value as a text",
        "/productSpecCharacteristic/0/characteristicValueSpecification/0/value",
    ),
    "TMF622-CreateProductOrder_with_intent_specification": (
        "the intent's expressionValue is an object where the contract has a text",
        "/productOrderItem/2/product/intent/expression/expressionValue",
    ),
    "TMF637-CreateProduct_with_intent": (
        "the intent's expressionValue is an object where the contract has a text",
        "/intent/expression/expressionValue",
    ),
}
EXAMPLES = [example for path in official.core_v5().values() for example in official.create_examples(path)]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_create_example(suite, example):
    base = next(c.base_path for c in suite.installation.contracts if c.key == f"{example.api}/v5")

    answer = suite.post(base + example.path, example.body)

    if str(example) in DEFECTS:
        assert answer.status == 400
        assert DEFECTS[str(example)][1] in [error["pointer"] for error in answer.json["errors"]]
    else:
        assert answer.status == 201, answer.json
        assert suite.get(f"{base}{example.path}/{answer.json['id']}").json == answer.json
