"""Samples are what their contracts ask for, in our own words."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import pytest

from common.installation import PUBLISHED, extension
from common.spec.extensions import ExtensionSchemas, own_types
from common.spec.load import load_document
from tests import official
from tests.samples.larkwing import FOLDERS, Load, nodes, samples

# From here on two texts that are equal are copied, not coincidence ("Telephone number" is anybody's).
COPIED_CHARACTERS_MIN = 25

OWN = ExtensionSchemas(own=own_types(extension("price-plans")))


def own_attributes(document):
    """What an extension type of ours has beside the standard's attributes."""
    own = OWN.own.get(document.get("@type"))
    return own.schema["properties"].keys() if own is not None else set()


def kind_attributes(document):
    """What a payment method's kind has beside the attributes of all of them."""
    kind = document.get("@type", "")
    contract = load_document(PUBLISHED / "v4" / "TMF670-v4.0.0.swagger.json")
    return contract["definitions"].get(kind[:1].upper() + kind[1:], {}).get("properties", {}).keys()


def test_every_component_has_samples():
    assert [folder.parent.name[:6] for folder in FOLDERS] == [api.lower() for api in official.CORE]
    assert {one.contract.name for one in samples()} >= {"productOffering", "productOrder", "product", "customerBill"}


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_a_sample_is_valid(sample):
    if sample.file.load is Load.API:
        assert sample.contract.creating is not None
        assert sample.contract.creating.violations(sample.document) == []
        assert OWN.violations(sample.document) == []
        assert sample.document.keys() <= sample.contract.settable | own_attributes(sample.document)
    else:
        answer = {**sample.document, "href": f"{sample.contract.path}/{sample.document['id']}"}
        assert sample.contract.whole.violations(answer) == []
        assert sample.document.keys() <= sample.contract.attributes | kind_attributes(sample.document)


def test_ids_are_unique():
    counts = Counter((one.contract.name, one.document["id"]) for one in samples())

    assert [key for key, count in counts.items() if count > 1] == []


def test_only_what_the_api_cannot_do_goes_straight_into_the_store():
    direct = {one.contract.name for one in samples() if one.file.load is Load.STORE}

    assert direct == {
        *("billCycle", "customerBill", "appliedCustomerBillingRate", "bucket"),  # no create in the contract
        *("customerBillOnDemand", "product", "productOrder", "productUsage"),  # a state that the server decides
        *("topupBalance", "payment"),  # the same, and an id
        "paymentMethod",  # an id
    }


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_no_number_is_a_float(sample):
    kinds = {type(value) for _, node in nodes(sample.document) for value in node.values()}

    assert kinds <= {str, int, bool, Decimal, dict, list}


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_every_part_says_its_type(sample):
    """All but the plain values of the standard: money, quantity, period, duration."""
    plain = [{"unit", "value"}, {"amount", "units"}, {"startDateTime"}, {"startDateTime", "endDateTime"}]
    untyped = [place for place, node in nodes(sample.document) if "@type" not in node and set(node) not in plain]

    assert untyped == []


if official.files():

    def test_no_text_of_the_standard_is_copied():
        def plain(text: str) -> str:
            return re.sub(r"\s+", " ", text).strip().lower()

        standard = plain(
            " ".join(path.read_text(encoding="utf-8") for path in official.files() if path.name[:6] in official.CORE)
        )
        texts = {
            plain(value)
            for one in samples()
            for _, node in nodes(one.document)
            for name, value in node.items()
            if isinstance(value, str) and not name.startswith("@") and " " in value
        }
        assert [text for text in texts if len(text) >= COPIED_CHARACTERS_MIN and text in standard] == []
