"""The rules that several components share: periods, dates, trees."""

import pytest

from common.rules import TREE_LEVELS_MAX, Link, check_no_cycle, check_order_of_dates, check_period
from tests.fakes import refusals, rule_context


def above(document):
    return [Link(f"/above/{index}", id) for index, id in enumerate(document.get("above", ()))]


def below(document):
    return [Link(f"/below/{index}", id) for index, id in enumerate(document.get("below", ()))]


def judged(document, stored, mode="process", **links):
    context = rule_context("node", {"node": stored}, mode=mode)
    check_no_cycle(document, context, resource="node", parents=above, **links)
    return refusals(context)


def test_a_reversed_period_is_refused_at_its_end():
    context = rule_context("node")
    check_period(
        {"validFor": {"startDateTime": "2026-02-01T00:00:00Z", "endDateTime": "2026-01-01T00:00:00Z"}},
        "validFor",
        context,
    )
    assert refusals(context) == [("/validFor/endDateTime", "period")]


def test_two_dates_in_the_wrong_order_are_refused_at_the_second():
    context = rule_context("node")
    check_order_of_dates({"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "from", "to", context)
    assert refusals(context) == [("/to", "period")]


@pytest.mark.parametrize(
    ("document", "stored", "expected"),
    [
        ({"id": "a"}, [], []),
        ({"id": "a", "above": ["b"]}, [], []),
        ({"id": "a", "above": ["b"]}, [{"id": "b", "above": ["c"]}, {"id": "c"}], []),
        ({"id": "a", "above": ["a"]}, [], [("/above/0", "cycle")]),
        ({"id": "a", "above": ["x", "b"]}, [{"id": "b", "above": ["a"]}], [("/above/1", "cycle")]),
        (
            {"id": "a", "above": ["b"]},
            [{"id": "a"}, {"id": "b", "above": ["c"]}, {"id": "c", "above": ["a"]}],
            [("/above/0", "cycle")],
        ),
        # Two ways up to one top are no cycle, nor is a cycle that the document has no part in.
        ({"id": "a", "above": ["b", "c"]}, [{"id": "b", "above": ["d"]}, {"id": "c", "above": ["d"]}, {"id": "d"}], []),
        ({"id": "a", "above": ["b"]}, [{"id": "b", "above": ["c"]}, {"id": "c", "above": ["b"]}], []),
    ],
)
def test_a_document_above_itself_is_refused_at_the_link_that_leads_there(document, stored, expected):
    assert judged(document, stored) == expected


@pytest.mark.parametrize(
    ("document", "stored", "expected"),
    [
        ({"id": "a", "above": ["b"], "below": ["c"]}, [{"id": "b", "below": ["a"]}, {"id": "c", "above": ["a"]}], []),
        ({"id": "a", "above": ["b"], "below": ["b"]}, [], [("/above/0", "cycle"), ("/below/0", "cycle")]),
        ({"id": "a", "below": ["b"]}, [{"id": "b", "below": ["a"]}], [("/below/0", "cycle")]),
        (
            {"id": "a", "above": ["b"], "below": ["c"]},
            [{"id": "b", "above": ["c"]}, {"id": "c"}],
            [("/above/0", "cycle")],
        ),
    ],
)
def test_a_tree_written_from_both_ends_is_walked_both_ways(document, stored, expected):
    assert judged(document, stored, children=below) == expected


def test_a_tree_over_several_resources_is_one_tree():
    context = rule_context("node", {"node": [], "leaf": [{"id": "b", "above": ["a"]}]})
    check_no_cycle({"id": "a", "above": ["b"]}, context, resource=("node", "leaf"), parents=above)
    assert refusals(context) == [("/above/0", "cycle")]


def test_without_reference_rules_nothing_is_walked():
    assert judged({"id": "a", "above": ["a"]}, [], mode="off") == []


def test_a_chain_without_an_end_in_reach_is_refused_for_its_depth():
    chain = [{"id": str(level), "above": [str(level + 1)]} for level in range(TREE_LEVELS_MAX + 1)]
    assert judged({"id": "a", "above": ["0"]}, chain) == [("/above/0", "depth")]
    assert judged({"id": "a", "above": ["2"]}, chain) == []
