"""What is read from the stored text is what decoding and projecting it gives, whatever the document."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from common import exact_json
from common.v4 import reading
from common.v4.mapping import Mapping
from tests.common.v4.pairs import Case, cases, pair
from tests.common.v4.test_round_trips import documents
from tests.samples.larkwing import samples
from tmf622_ordering.v4 import V4


def text_of(stored):
    return exact_json.encode(stored).decode()


def by_projecting(mapping: Mapping, text: str):
    return exact_json.decode_own(exact_json.encode(mapping.project(exact_json.decode_own(text))))


def by_reading(mapping: Mapping, text: str):
    return exact_json.decode_own(mapping.shown(text))


@pytest.mark.parametrize("case", cases(), ids=str)
def test_what_v5_said_is_read_as_it_is_projected(case: Case):
    for stored in documents(case.v5_documents()):
        assert by_reading(case.mapping, text_of(stored)) == by_projecting(case.mapping, text_of(stored))


@pytest.mark.parametrize("case", cases(), ids=str)
def test_what_v4_said_is_read_as_it_is_projected(case: Case):
    for sent in documents(case.v4_documents(), types=True):
        stored = text_of(case.mapping.lift(sent))

        assert by_reading(case.mapping, stored) == by_projecting(case.mapping, stored)


def larkwing():
    by_name = {pair(case.api, case.source).mappings.stored[case.name]: case.mapping for case in cases()}
    found = [(by_name[one.contract.name], one.document) for one in samples() if one.contract.name in by_name]
    assert len(found) > 100
    return found


def test_samples_are_read_as_they_are_projected():
    for mapping, document in larkwing():
        assert by_reading(mapping, text_of(document)) == by_projecting(mapping, text_of(document))


def test_samples_are_read_without_being_decoded_whole(monkeypatch):
    def refuse(text):
        raise AssertionError(f"decoded whole: {text!r}")

    monkeypatch.setattr(reading, "decode_own", refuse)
    for mapping, document in larkwing():
        if "@baseType" not in document:  # types of ours beside the standard's are read whole
            mapping.shown(text_of(document))


@pytest.mark.parametrize(
    ("api", "name", "stored"),
    [
        ("TMF622", "productOrder", {"@type": "ProductOrder", "creationDate": "1", "orderDate": "mine"}),
        ("TMF620", "category", {"@type": "Category", "parentId": "mine"}),
        ("TMF629", "customer", {"@type": "Customer", "contactMedium": [{"characteristic": {"a": "mine"}}]}),
        ("TMF632", "individual", {"@type": "Individual", "skill": [{"skillName": "a", "@type": "Skill"}]}),
        ("TMF620", "productOffering", {"@type": "Invented", "name": "of no contract's type"}),
        ("TMF620", "productOffering", {"@type": "ProductOffering", "x-note": "mine", "place": [{"@type": "PlaceRef"}]}),
        ("TMF620", "productOffering", {"@type": "ProductOffering", "place": ["no object", None, 1]}),
        ("TMF620", "productOffering", {"@type": "ProductOffering", "place": None, "version": None}),
        ("TMF620", "productOffering", {"name": "untyped", "place": {"id": "no array"}}),
        ("TMF620", "productOffering", {}),
    ],
)
def test_what_is_out_of_the_ordinary_is_read_as_it_is_projected(api, name, stored):
    mapping = Case(api, name).mapping

    assert by_reading(mapping, text_of(stored)) == by_projecting(mapping, text_of(stored))


def test_numbers_and_escapes_keep_their_text():
    mapping = Case("TMF620", "productOffering").mapping
    term = b'{"name":"\\u00e4","duration":{"amount":1.50,"units":"a\\/b"}'
    text = b'{"@type":"ProductOffering","productOfferingTerm":[' + term + b',"@type":"ProductOfferingTerm"}]}'

    shown = mapping.shown(text.decode())

    assert b'"name":"\\u00e4"' in shown
    assert b'"amount":1.50' in shown
    assert b'"units":"a\\/b"' in shown


def test_members_are_in_the_order_of_the_contract():
    mapping = Case("TMF620", "category").mapping
    text = '{"name":"a","lifecycleStatus":"b","version":"1","@type":"Category","description":"c","isRoot":true}'
    order = list(Case("TMF620", "category").v5.fields.root.members)

    names = list(by_reading(mapping, text))

    assert names == sorted(names, key=order.index)


def test_many_threads_may_read_a_resource_first():
    case = Case("TMF622", "productOrder")
    *_, document = case.v5_documents()
    expected = by_projecting(case.mapping, text_of(document))
    fresh = Mapping.between(case.v4, case.v5, V4.shapes)

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda text: by_reading(fresh, text), [text_of(document)] * 64))

    assert found == [expected] * 64


@pytest.mark.parametrize("case", cases(), ids=str)
def test_idle_rules_make_nothing_of_nothing(case: Case):
    for stored in case.v5_documents():
        case.mapping.project(stored)

    rules = [rule for node in case.mapping._root.weaver._made.values() for rule in node._rules]
    for rule in rules:
        if rule.idle:
            out: dict = {}
            rule.project({}, out, False)
            assert out == {}
