"""What goes into the store comes out again, in the major it was said in, whatever the document."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.v4.mapping import Mapping, marked, shown_in_v5
from tests.common.v4.pairs import Case, cases, pair, varied
from tests.common.v4.test_contracts_hold import NOT_IN_V4, complaints
from tests.samples.larkwing import samples
from tmf622_ordering.v4 import V4

VARIANTS = 8


def documents(made, types=False):
    for index, document in enumerate(made):
        yield document
        for seed in range(VARIANTS):
            yield varied(document, 1000 * index + seed, types)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_v4_gets_back_exactly_what_it_sent(case: Case):
    for sent in documents(case.v4_documents(), types=True):
        before = copy.deepcopy(sent)

        shown = case.mapping.project(case.mapping.lift(sent))

        assert shown == sent
        assert sent == before, "the mapping does not change what it is given"


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_view_made_for_patching_loses_nothing_of_v5(case: Case):
    for stored in documents(case.v5_documents()):
        before = copy.deepcopy(stored)

        lifted = case.mapping.lift(case.mapping.project(stored, hidden=True))

        assert lifted == stored
        assert stored == before, "the mapping does not change what it is given"


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_view_of_what_v4_sent_loses_nothing_either(case: Case):
    for sent in documents(case.v4_documents(), types=True):
        stored = case.mapping.lift(sent)

        assert case.mapping.lift(case.mapping.project(stored, hidden=True)) == stored


@pytest.mark.parametrize("case", cases(), ids=str)
def test_no_mark_is_shown(case: Case):
    for sent in documents(case.v4_documents(), types=True):
        stored = case.mapping.lift(sent)

        assert list(marked(case.mapping.project(stored))) == []
        assert list(marked(shown_in_v5(stored))) == []
    for stored in documents(case.v5_documents()):
        assert list(marked(case.mapping.project(stored))) == []


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_change_of_one_member_changes_nothing_else(case: Case):
    for stored in case.v5_documents():
        view = case.mapping.project(stored, hidden=True)

        lifted = case.mapping.lift({**view, "x-note": "patched"})

        assert lifted == {**stored, "x-note": "patched"}


def test_many_threads_may_meet_a_resource_first():
    case = Case("TMF622", "productOrder")
    *_, document = case.v4_documents()
    expected = case.mapping.lift(document)
    fresh = Mapping.between(case.v4, case.v5, V4.shapes)

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(fresh.lift, [document] * 64))

    assert found == [expected] * 64


def test_what_v5_does_not_have_is_not_mapped():
    mappings = pair("TMF635").mappings

    assert mappings.stored == {"usage": "productUsage"}
    assert mappings.by_name.keys() == {"usage"}


@pytest.mark.parametrize(
    ("api", "name", "v4", "v5"),
    [
        ("TMF622", "productOrder", {"orderDate": "1", "creationDate": "mine"},
         {"@type": "ProductOrder", "creationDate": "1", "~~creationDate": "mine"}),
        ("TMF620", "category", {"parentId": "1", "parent": "mine"},
         {"@type": "Category", "parent": {"@type": "CategoryRef", "id": "1"}, "~~parent": "mine"}),
        ("TMF629", "customer", {"account": [{"id": "1"}], "description": "mine"},
         {"@type": "Customer", "account": [{"@type": "AccountRef", "id": "1"}], "~description": "mine"}),
    ],
)  # fmt: skip
def test_an_extension_of_v4_is_not_taken_for_what_v5_calls_so(api, name, v4, v5):
    mapping = Case(api, name).mapping

    assert mapping.lift(v4) == v5
    assert mapping.project(v5) == v4
    assert mapping.lift(mapping.project(v5, hidden=True)) == v5


@pytest.mark.parametrize(
    ("api", "name", "v5", "v4"),
    [
        ("TMF622", "productOrder", {"creationDate": "1", "orderDate": "mine"}, {"orderDate": "1"}),
        ("TMF620", "category", {"parentId": "mine"}, {}),
        ("TMF629", "customer", {"contactMedium": [{"@type": "EmailContactMedium", "characteristic": {"a": "mine"}}]},
         {"contactMedium": [{"@type": "EmailContactMedium", "mediumType": "email"}]}),
        ("TMF632", "individual", {"skill": [{"skillName": "a", "@type": "Skill"}]}, {"skill": [{"skillName": "a"}]}),
    ],
)  # fmt: skip
def test_an_extension_of_v5_is_not_taken_for_what_v4_calls_so(api, name, v5, v4):
    case = Case(api, name)
    v5 = {"@type": case.v5.type_name, **v5}

    assert case.mapping.project(v5) == v4
    assert case.mapping.lift(case.mapping.project(v5, hidden=True)) == v5


def test_samples_lose_nothing_and_are_valid_in_v4():
    by_name = {pair(case.api, case.source).mappings.stored[case.name]: case for case in cases()}
    checked = 0
    for sample in samples():
        case = by_name.get(sample.contract.name)
        if case is None:
            continue
        checked += 1
        shown = case.mapping.project(sample.document)
        assert case.mapping.lift(case.mapping.project(sample.document, hidden=True)) == sample.document
        assert complaints(case.v4.whole, {"href": "/1", **shown}, NOT_IN_V4) == []
    assert checked > 100
