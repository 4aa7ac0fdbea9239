"""Our own extension types: judged by type and by address, published in one piece."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from common.installation import extension
from common.spec.extensions import ExtensionSchemas, OwnType, own_types
from tests.test_architecture import ROOT
from tests.tmf620_catalog.plan_prices import TIERS, VALID, amount, eur, price

TYPES = own_types(extension("price-plans"))
OWN = ExtensionSchemas(own=TYPES)
ANYTHING = {"name": "free text", "slogan": "an operator's own", "place": [{"id": "de"}]}


def refused(document: Any) -> list[tuple[str, str]]:
    return [(violation.pointer, violation.rule) for violation in OWN.violations(document)]


def test_every_kind_of_price_is_a_type() -> None:
    assert [(one.name, one.extends) for one in TYPES] == [(name, "ProductOfferingPrice") for name in VALID]


@pytest.mark.parametrize("kind", VALID)
def test_a_price_with_everything_is_valid(kind: str) -> None:
    assert refused(price(kind, **ANYTHING)) == []


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("UsagePrice", {"usageType": None}, ("", "required")),
        ("UsagePrice", {"usageType": ""}, ("/usageType", "minLength")),
        ("UsagePrice", {"match": {}}, ("/match", "minProperties")),
        ("UsagePrice", {"match": {"zon": ["EU"]}}, ("/match", "additionalProperties")),
        ("UsagePrice", {"match": {"zone": "EU"}}, ("/match/zone", "type")),
        ("UsagePrice", {"match": {"destinationPrefix": ["+49"]}}, ("/match/destinationPrefix/0", "pattern")),
        ("UsagePrice", {"match": {"roaming": "yes"}}, ("/match/roaming", "type")),
        ("UsagePrice", {"match": {"attribute": [{"name": "a"}]}}, ("/match/attribute/0", "required")),
        ("UsagePrice", {"match": {"timeBand": [{"weekday": [8]}]}}, ("/match/timeBand/0/weekday/0", "maximum")),
        ("UsagePrice", {"match": {"timeBand": [{"startTime": "24:00"}]}}, ("/match/timeBand/0/startTime", "pattern")),
        ("UsagePrice", {"priority": 0}, ("/priority", "minimum")),
        ("UsagePrice", {"increment": {"amount": 1}}, ("/increment", "required")),
        ("UsagePrice", {"setupFee": {"value": 1}}, ("/setupFee", "required")),
        ("UsagePrice", {"tierModel": "stairs", "tier": TIERS}, ("/tierModel", "enum")),
        ("UsagePrice", {"tierModel": "graduated", "tier": []}, ("/tier", "minItems")),
        ("UsagePrice", {"tierModel": "graduated", "tier": [{"start": 0}]}, ("/tier/0", "required")),
        ("UsagePrice", {"rate": [{"prefix": "49"}]}, ("/rate/0", "required")),
        ("UsagePrice", {"tariffTable": {"version": "1"}}, ("/tariffTable", "required")),
        ("AllowancePrice", {"quantity": None}, ("", "required")),
        ("AllowancePrice", {"quantity": amount(-1, "GB")}, ("/quantity/amount", "minimum")),
        ("AllowancePrice", {"period": {"units": "fortnight"}}, ("/period/units", "enum")),
        ("AllowancePrice", {"rollover": {"periods": 0}}, ("/rollover/periods", "minimum")),
        ("RecurringPrice", {"proration": "week"}, ("/proration", "enum")),
        ("RecurringPrice", {"inAdvance": "yes"}, ("/inAdvance", "type")),
        ("OneTimePrice", {"chargedOn": "birthday"}, ("/chargedOn", "enum")),
        ("DiscountPrice", {"order": 0}, ("/order", "minimum")),
        ("DiscountPrice", {"durationPeriods": 0}, ("/durationPeriods", "minimum")),
        ("DiscountPrice", {"cap": {"unit": "euro", "value": 1}}, ("/cap/unit", "pattern")),
        ("CommitmentPrice", {"period": {"amount": 1}}, ("/period", "required")),
    ],
)
def test_a_price_of_another_form_is_refused(kind: str, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert refused(price(kind, **changes)) == [expected]


@pytest.mark.parametrize(
    ("head", "is_judged"),
    [
        ({"@type": "UsagePrice"}, True),
        ({"@type": "UsagePrice", "@baseType": "ProductOfferingPrice"}, True),
        ({"@type": "UsagePrice", "@baseType": "ElseWhere"}, False),
        ({"@type": "ProductOfferingPrice"}, False),
        ({"@type": "UsagePrice", "@schemaLocation": "/schemas/UsagePrice.schema.json"}, True),
        ({"@type": "UsagePrice", "@schemaLocation": "https://bss.example/api/schemas/UsagePrice.schema.json"}, True),
        ({"@type": "UsagePrice", "@schemaLocation": "https://elsewhere.example/UsagePrice.json"}, False),
        ({"@type": "UsagePrice", "@schemaLocation": "/schemas/Unknown.schema.json"}, False),
        ({"@type": 5}, False),
    ],
)
def test_a_type_or_an_address_of_ours_is_judged(head: dict[str, Any], is_judged: bool) -> None:
    assert refused({"inside": [head]}) == ([("/inside/0", "required")] if is_judged else [])


def test_an_address_of_ours_has_our_type() -> None:
    located = price("OneTimePrice", **{"@schemaLocation": "/schemas/RecurringPrice.schema.json"})

    assert refused(located) == [("/@type", "const")]


def test_an_operators_own_schema_of_a_location_is_the_one() -> None:
    location = "https://bss.example/schemas/UsagePrice.schema.json"
    both = ExtensionSchemas({location: {"$id": location, "required": ["speed"]}}, TYPES)

    assert [v.message for v in both.violations({"@schemaLocation": location})] == ["speed is required"]


@pytest.mark.parametrize("one", TYPES, ids=lambda one: one.name)
def test_a_published_schema_stands_alone(one: OwnType) -> None:
    text = json.dumps(one.schema)
    targets = re.findall(r'"\$ref": "([^"]*)"', text)

    assert all(target.startswith("#/$defs/") and target[8:] in one.schema["$defs"] for target in targets)
    assert "x-extends" not in text
    assert one.location == f"/schemas/{one.name}.schema.json"


EXAMPLES = [
    json.loads(block)
    for block in re.findall(r"```json\n(.*?)\n```", (ROOT / "docs" / "price-plans.md").read_text(), flags=re.DOTALL)
    if '"@type": "' in block.split(",")[0]
]


def test_the_page_has_an_example_of_each_kind() -> None:
    assert [one["@type"] for one in EXAMPLES] == list(VALID)
    assert [refused(one) for one in EXAMPLES] == [[]] * len(VALID)


def test_a_currency_has_three_letters() -> None:
    assert refused(price("UsagePrice", setupFee=eur("1") | {"unit": "EURO"})) == [("/setupFee/unit", "pattern")]
