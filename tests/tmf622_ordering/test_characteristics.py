"""TMF622: characteristic values against their specification."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.fakes import NOW
from tmf622_ordering.capture.characteristics import flaws, relation_flaws

PAST = {"endDateTime": "2026-03-01T12:00:00Z"}


def found(given: Any, one: dict[str, Any], use: dict[str, Any] | None = None, *, is_whole: bool = True) -> list[str]:
    uses = [{"name": "c", **use}] if use else []
    return [flaw.pointer for flaw in flaws(given, [{"name": "c", **one}], uses, NOW, is_whole=is_whole)]


def value(*values: Any) -> list[dict[str, Any]]:
    return [{"name": "c", "value": one} for one in values]


def test_an_unknown_name_is_a_flaw_unless_nothing_is_specified() -> None:
    given = [{"name": "c", "value": 1}, {"name": "d", "value": 1}]

    assert found(given, {}) == ["/1/name"]
    assert flaws(given, [], [], NOW, is_whole=True) == []
    assert found(value(1), {"validFor": PAST}) == []


@pytest.mark.parametrize(
    ("value_type", "good", "bad"),
    [
        ("integer", [1, Decimal("2.0"), "3"], [Decimal("1.5"), "x", True, {}]),
        ("number", [1, Decimal("1.5"), "8"], ["eight", False]),
        ("boolean", [True, "false"], [1, "yes"]),
        ("string", ["", "x"], [1, True, {}]),
        ("Slice5G JSON descriptor", [1, "x", {"a": 1}], []),
    ],
)
def test_a_value_is_of_the_declared_type(value_type: str, good: list[Any], bad: list[Any]) -> None:
    assert [found(value(one), {"valueType": value_type}) for one in good] == [[] for _ in good]
    assert [found(value(one), {"valueType": value_type}) for one in bad] == [["/0/value"] for _ in bad]


@pytest.mark.parametrize(
    ("one", "values", "pointers"),
    [
        ({"minCardinality": 1}, (), [""]),
        ({"minCardinality": 2}, (1,), [""]),
        ({"minCardinality": 1, "configurable": False}, (), []),
        ({"minCardinality": 1, "characteristicValueSpecification": [{"value": 1, "isDefault": True}]}, (), []),
        ({"maxCardinality": 1}, (1, 2), ["/1/value"]),
        ({"maxCardinality": 2}, ([1, 2, 3],), ["/0/value/2"]),
        ({"maxCardinality": 0}, (1, 2), []),
    ],
)
def test_values_are_as_many_as_allowed(one: dict[str, Any], values: tuple[Any, ...], pointers: list[str]) -> None:
    assert found(value(*values), one) == pointers


def test_a_change_need_not_repeat_what_is_mandatory() -> None:
    assert found([], {"minCardinality": 1}, is_whole=False) == []


@pytest.mark.parametrize(
    ("listed", "good", "bad"),
    [
        ([{"value": "Black"}, {"value": "White"}], ["Black"], ["Red", 1]),
        ([{"value": "8"}], [8, "8.0"], [9]),
        ([{"value": True}], [True, "true"], [False, 1]),
        ([{"value": [1, 2]}], [1, 2], [3]),
        ([{"valueFrom": 1, "valueTo": 5}], [1, 5, "3"], [0, 6, "x"]),
        ([{"valueFrom": 1, "valueTo": 5, "rangeInterval": "open"}], [2], [1, 5]),
        ([{"valueFrom": 1, "valueTo": 5, "rangeInterval": "closedBottom"}], [1], [5]),
        ([{"valueFrom": 1, "valueTo": 5, "rangeInterval": "closedTop"}], [5], [1]),
        ([{"valueFrom": 1}, {"value": -1}], [1, 99, -1], [0]),
        ([{"regex": "^[A-Z]+$"}], ["AB"], ["ab"]),
        ([{"value": 1, "validFor": PAST}, {"value": 2}], [2], [1]),
    ],
)
def test_a_value_is_among_those_that_are_listed(listed: list[dict[str, Any]], good: list[Any], bad: list[Any]) -> None:
    one = {"characteristicValueSpecification": listed}

    assert [found(value(given), one) for given in good] == [[] for _ in good]
    assert [found(value(given), one) for given in bad] == [["/0/value"] for _ in bad]


def test_an_extensible_characteristic_takes_other_values() -> None:
    assert found(value("Red"), {"extensible": True, "characteristicValueSpecification": [{"value": "Black"}]}) == []


def test_the_offering_narrows_the_specification() -> None:
    one = {"extensible": True, "characteristicValueSpecification": [{"value": 1}, {"value": 2}], "maxCardinality": 2}
    use = {"productSpecCharacteristicValue": [{"value": 2}], "maxCardinality": 1}

    assert found(value(2), one, use) == []
    assert found(value(1), one, use) == ["/0/value"]
    assert found(value(2, 2), one, use) == ["/1/value"]


@pytest.mark.parametrize(
    ("regex", "text", "is_fine"),
    [
        (r"^\+[1-9][0-9]{7,14}$", "+491701234567", True),
        (r"^\+[1-9][0-9]{7,14}$", "0170", False),
        (r"^(a+)+$", "a" * 60 + "b", True),
        (r"\p{L}", "1", True),
        (r"a", "a" * 1_001, False),
    ],
)
def test_a_value_matches_the_pattern_that_can_be_tried(regex: str, text: str, is_fine: bool) -> None:
    assert found(value(text), {"regex": regex}) == ([] if is_fine else ["/0/value"])


def depends(kind: str, target: str, **more: Any) -> dict[str, Any]:
    return {"name": "c", "charSpecRelationship": [{"relationshipType": kind, "name": target, **more}]}


OTHER = {"name": "d", "id": "i"}


@pytest.mark.parametrize(
    ("one", "other", "given", "held", "is_wrong"),
    [
        (depends("dependency", "d"), OTHER, ["c"], [], True),
        (depends("dependency", "d"), OTHER, ["c", "d"], [], False),
        (depends("dependency", "d"), OTHER, ["c"], ["d"], False),
        (depends("dependency", "d"), OTHER, ["d"], [], False),
        (depends("requires", "d"), {"name": "d", "configurable": False}, ["c"], [], False),
        (
            depends("dependency", "d"),
            {"name": "d", "characteristicValueSpecification": [{"value": 1, "isDefault": True}]},
            ["c"],
            [],
            False,
        ),
        (depends("exclusivity", "d"), OTHER, ["c", "d"], [], True),
        (depends("exclusivity", "d"), OTHER, ["c"], ["d"], True),
        (depends("exclusivity", "d"), OTHER, ["c"], [], False),
        (depends("aggregation", "d"), OTHER, ["c"], [], False),
        (depends("dependency", "d", parentSpecificationId="S"), OTHER, ["c"], [], True),
        (depends("dependency", "d", parentSpecificationId="T"), OTHER, ["c"], [], False),
        (depends("dependency", "d", validFor=PAST), OTHER, ["c"], [], False),
        (depends("exclusivity", "", characteristicSpecificationId="i"), OTHER, ["c", "d"], [], True),
    ],
)
def test_characteristics_depend_on_and_exclude_each_other(
    one: dict[str, Any], other: dict[str, Any], given: list[str], held: list[str], is_wrong: bool
) -> None:
    values = [{"name": name, "value": 1} for name in given]
    wrong = relation_flaws(values, [one, other], frozenset(held), "S", NOW)

    assert [flaw.pointer for flaw in wrong] == ([f"/{given.index('c')}/name"] if is_wrong else [])
