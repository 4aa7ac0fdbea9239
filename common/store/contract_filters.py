"""What every store promises of filters: the same answer from a column, a lookup table and the document itself."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from common import patterns
from common.domain.query import (
    AllOf,
    AnyElement,
    AnyOf,
    Compare,
    Condition,
    Exists,
    FieldPath,
    Kind,
    Not,
    Operator,
    Query,
    matches,
)
from common.filters import check_pattern
from common.store.contract import NOW
from common.store.database import Database
from common.store.repository import Repository

_VALUES: dict[Kind, dict[str, Any]] = {
    Kind.STRING: {"a": "alpha", "b": "beta", "c": "", "d": "Ägypten 100%", "e": "10"},
    Kind.NUMBER: {"a": 1, "b": Decimal("1.50"), "c": -2, "d": Decimal("12345678901234567890.12345678901234"), "e": 10},
    Kind.BOOLEAN: {"a": True, "b": False, "c": True, "d": "true", "e": 1},
    Kind.INSTANT: {
        "a": "2024-03-01T10:00:00Z",
        "b": "2024-03-01T10:00:00.0001Z",
        "c": "2024-03-01T12:00:00+02:00",
        "d": "2023-12-31T23:59:59.999Z",
        "e": "yesterday",
    },
    Kind.UNKNOWN: {"a": "10", "b": 10, "c": Decimal("9.5"), "d": True, "e": "true"},
}
# kind, operator, wanted, which of the documents above satisfy it; a document "z" has no value anywhere.
_ANSWERS: list[tuple[Kind, Operator, str, str]] = [
    (Kind.STRING, Operator.EQ, "beta", "b"),
    (Kind.STRING, Operator.EQ, "", "c"),
    (Kind.STRING, Operator.NE, "beta", "acdez"),
    (Kind.STRING, Operator.GT, "alpha", "bd"),
    (Kind.STRING, Operator.GTE, "alpha", "abd"),
    (Kind.STRING, Operator.LT, "alpha", "ce"),
    (Kind.STRING, Operator.LTE, "alpha", "ace"),
    (Kind.STRING, Operator.REGEX, "^.{4,5}$", "ab"),
    (Kind.STRING, Operator.REGEX, "100%", "d"),
    (Kind.NUMBER, Operator.EQ, "1.5", "b"),
    (Kind.NUMBER, Operator.EQ, "12345678901234567890.12345678901234", "d"),
    (Kind.NUMBER, Operator.EQ, "12345678901234567890.12345678901235", ""),
    (Kind.NUMBER, Operator.NE, "1e0", "bcdez"),
    (Kind.NUMBER, Operator.GT, "1.5", "de"),
    (Kind.NUMBER, Operator.GTE, "1.50", "bde"),
    (Kind.NUMBER, Operator.LT, "1", "c"),
    (Kind.NUMBER, Operator.LTE, "1", "ac"),
    (Kind.NUMBER, Operator.LT, "1e999999999", "abcde"),
    (Kind.NUMBER, Operator.GT, "1e-999999999", "abde"),
    (Kind.NUMBER, Operator.EQ, "ten", ""),
    (Kind.NUMBER, Operator.REGEX, "1", ""),
    (Kind.BOOLEAN, Operator.EQ, "true", "ac"),
    (Kind.BOOLEAN, Operator.NE, "true", "bdez"),
    (Kind.BOOLEAN, Operator.EQ, "yes", ""),
    (Kind.BOOLEAN, Operator.GT, "false", ""),
    (Kind.BOOLEAN, Operator.LTE, "true", ""),
    (Kind.BOOLEAN, Operator.REGEX, "t", "d"),
    (Kind.INSTANT, Operator.EQ, "2024-03-01T10:00:00.000Z", "ac"),
    (Kind.INSTANT, Operator.NE, "2024-03-01T10:00:00.000Z", "bdez"),
    (Kind.INSTANT, Operator.GT, "2024-03-01T10:00:00.000Z", "b"),
    (Kind.INSTANT, Operator.GTE, "2024-03-01T10:00:00.000Z", "abc"),
    (Kind.INSTANT, Operator.LT, "2024-03-01T10:00:00.0001Z", "acd"),
    (Kind.INSTANT, Operator.LTE, "2023-12-31T23:59:59.999Z", "d"),
    (Kind.INSTANT, Operator.REGEX, "^y", "e"),
    (Kind.UNKNOWN, Operator.EQ, "10", "ab"),
    (Kind.UNKNOWN, Operator.EQ, "10.0", "b"),
    (Kind.UNKNOWN, Operator.EQ, "true", "de"),
    (Kind.UNKNOWN, Operator.NE, "true", "abcz"),
    (Kind.UNKNOWN, Operator.GT, "9.5", "be"),
    (Kind.UNKNOWN, Operator.GTE, "9.5", "bce"),
    (Kind.UNKNOWN, Operator.LT, "9.6", "ac"),
    (Kind.UNKNOWN, Operator.LTE, "10", "abc"),
    (Kind.UNKNOWN, Operator.REGEX, "^1", "a"),
]
# Attribute names that a filter may hold; none is special.
_NAMES = ("@type", "a.b", 'quo"te', "it's", "back\\slash", "$", "$.x", "*", "", "a b", "ä€😀", "[0]", "--", "%s", ":x")


def eq(steps: tuple[str, ...], *values: str, kind: Kind = Kind.UNKNOWN) -> Compare:
    return Compare(FieldPath(steps, kind), Operator.EQ, values)


def found(repository: Repository, condition: Condition) -> str:
    return "".join(row.id for row in repository.find(Query(condition)).rows)


class FilterContract:
    """Conditions; the meaning of each is `common.domain.query.matches`."""

    @pytest.fixture
    def fields(self, database: Database) -> Iterator[Repository]:
        """The documents of FIELD in a transaction that is undone."""
        with database.write() as unit:
            yield unit.repository("toy_field")

    @pytest.mark.parametrize(("kind", "operator", "wanted", "expected"), _ANSWERS)
    @pytest.mark.parametrize("place", ["one", "many", "free"])
    def test_every_operator_answers_the_same_wherever_the_value_is(
        self, fields: Repository, place: str, kind: Kind, operator: Operator, wanted: str, expected: str
    ) -> None:
        documents = {id: {place: self._placed(place, kind, value)} for id, value in _VALUES[kind].items()} | {"z": {}}
        for id, document in documents.items():
            fields.add(id, document, NOW)
        condition = Compare(FieldPath((place, kind.value), kind, many=place != "one"), operator, (wanted,))

        assert found(fields, condition) == expected
        assert fields.count(condition) == len(expected)
        assert [id for id, document in documents.items() if matches(condition, document)] == list(expected)

    @staticmethod
    def _placed(place: str, kind: Kind, value: Any) -> Any:
        return {kind.value: value} if place == "one" else [{}, {kind.value: [value]}]

    @pytest.mark.parametrize("kind", Kind)
    @pytest.mark.parametrize("operator", Operator)
    def test_an_attribute_that_nobody_has_satisfies_ne_and_nothing_else(
        self, fields: Repository, kind: Kind, operator: Operator
    ) -> None:
        fields.add("a", {"one": {"string": "x"}}, NOW)

        answer = found(fields, Compare(FieldPath(("absent", "b"), kind), operator, ("1",)))

        assert answer == ("a" if operator is Operator.NE else "")

    def test_the_id_is_filtered_like_an_attribute(self, fields: Repository) -> None:
        for id in "abc":
            fields.add(id, {}, NOW)
        path = FieldPath(("id",), Kind.STRING, many=False)

        assert found(fields, Compare(path, Operator.EQ, ("a", "c"))) == "ac"
        assert found(fields, Compare(path, Operator.NE, ("a",))) == "bc"
        assert found(fields, Compare(path, Operator.GT, ("a",))) == "bc"
        assert found(fields, Compare(path, Operator.REGEX, ("[ab]",))) == "ab"
        assert found(fields, Exists(path)) == "abc"

    def test_one_element_satisfies_all_that_any_element_asks(self, fields: Repository) -> None:
        fields.add("a", {"many": [{"string": "x", "number": 1}, {"string": "y", "number": 2}]}, NOW)
        fields.add("b", {"many": [{"string": "x", "number": 2}]}, NOW)
        fields.add("c", {"many": {"string": "x", "number": 2}}, NOW)
        both = AllOf((eq(("string",), "x", kind=Kind.STRING), eq(("number",), "2", kind=Kind.NUMBER)))

        assert found(fields, AnyElement(FieldPath(("many",)), both)) == "bc"
        assert found(fields, AnyElement(FieldPath(("many",)), Not(both))) == "a"
        apart = AllOf((eq(("many", "string"), "x", kind=Kind.STRING), eq(("many", "number"), "2", kind=Kind.NUMBER)))
        assert found(fields, apart) == "abc"

    def test_an_element_may_be_a_value_and_may_have_elements(self, fields: Repository) -> None:
        fields.add("a", {"tag": ["x", "y"], "group": [{"part": [{"n": 1, "t": "p"}, {"n": 2, "t": "q"}]}]}, NOW)
        fields.add("b", {"tag": "z", "group": [{"part": [{"n": 1, "t": "q"}]}]}, NOW)
        inner = AnyElement(FieldPath(("part",)), AllOf((eq(("n",), "1"), eq(("t",), "q"))))

        assert found(fields, AnyElement(FieldPath(("tag",)), eq((), "y", "z"))) == "ab"
        assert found(fields, AnyElement(FieldPath(("tag",)), eq((), "x"))) == "a"
        assert found(fields, AnyElement(FieldPath(("group",)), inner)) == "b"

    def test_null_and_empty_arrays_are_no_values(self, fields: Repository) -> None:
        values: dict[str, Any] = {
            "a": None,
            "b": [],
            "c": [None],
            "d": "",
            "e": 0,
            "f": False,
            "g": {},
            "h": [[None, 1]],
        }
        for id, value in values.items():
            fields.add(id, {"one": {"string": value}, "free": value}, NOW)

        assert found(fields, Exists(FieldPath(("free",)))) == "defgh"
        assert found(fields, Exists(FieldPath(("one", "string"), Kind.STRING, many=False))) == "defgh"
        assert found(fields, Not(Exists(FieldPath(("free",))))) == "abc"

    def test_conditions_combine(self, fields: Repository) -> None:
        for id, value in {"a": "x", "b": "y", "c": None}.items():
            fields.add(id, {"one": {"string": value}}, NOW)
        x, y = (eq(("one", "string"), value, kind=Kind.STRING) for value in "xy")

        assert found(fields, AnyOf((x, y))) == "ab"
        assert found(fields, AllOf((Not(x), Not(y)))) == "c"
        assert found(fields, Not(AnyOf((x, y)))) == "c"
        assert found(fields, AllOf(())) == "abc"
        assert found(fields, AnyOf(())) == ""
        assert found(fields, Not(AnyOf(()))) == "abc"

    @pytest.mark.parametrize("name", _NAMES)
    def test_no_name_and_no_value_is_special(self, fields: Repository, name: str) -> None:
        fields.add("a", {name: name, "in": [{name: {"deep": name}}]}, NOW)
        fields.add("b", {"other": name, "one": {"string": name}, "many": [{"string": name}]}, NOW)

        assert found(fields, eq((name,), name)) == "a"
        assert found(fields, eq(("in", name, "deep"), name, kind=Kind.STRING)) == "a"
        assert found(fields, AnyElement(FieldPath(("in",)), Exists(FieldPath((name,))))) == "a"
        assert found(fields, eq(("one", "string"), name, kind=Kind.STRING)) == "b"
        assert found(fields, eq(("many", "string"), name, kind=Kind.STRING)) == "b"

    @pytest.mark.parametrize("place", ["one", "many", "free"])
    @pytest.mark.parametrize(("length", "ending"), [(254, ""), (255, ""), (255, "b"), (10_000, "b")])
    def test_long_texts_are_compared_to_their_end(
        self, fields: Repository, place: str, length: int, ending: str
    ) -> None:
        text = "x" * length + ending
        for id, value in {"a": text, "b": text + "a", "c": text[:-1]}.items():
            fields.add(id, {place: {"string": value}}, NOW)
        path = FieldPath((place, "string"), Kind.STRING, many=place != "one")

        answers = [found(fields, Compare(path, operator, (text,))) for operator in list(Operator)[:6]]

        assert answers == ["a", "bc", "b", "ab", "c", "ac"]
        assert found(fields, Compare(path, Operator.REGEX, ("^x+b?$",))) == ("ac" if ending or length else "")

    @pytest.mark.parametrize(
        ("pattern", "answer"),
        [
            *[(r"\bFoo\b", "a"), (r"\BFoo", "b"), (r"^\w+$", "b"), (r"^[\w-]+$", "abc"), (r"^\W", "de"), (r"\d", "e")],
            *[("Foo.Bar", "a"), ("[^x]Bar", "af"), (r"\[", "e"), (r"[]\[]", "e"), ("(?i)^foo", "af"), (r"o\s", "f")],
        ],
    )
    def test_a_pattern_finds_the_same_everywhere(self, fields: Repository, pattern: str, answer: str) -> None:
        texts = {"a": "Foo-Bar", "b": "xFoo", "c": "x-y", "d": "ünï", "e": "[1]", "f": "foo\nBar"}
        for id, text in texts.items():
            fields.add(id, {"one": {"string": text}}, NOW)
        asked = Compare(FieldPath(("one", "string"), Kind.STRING, many=False), Operator.REGEX, (pattern,))
        check_pattern("x", pattern, len(pattern))

        assert found(fields, asked) == answer
        assert "".join(id for id, text in texts.items() if patterns.found(pattern, text)) == answer

    @pytest.mark.parametrize("kind", Kind)
    @pytest.mark.parametrize("operator", [operator for operator in Operator if operator is not Operator.REGEX])
    @pytest.mark.parametrize("wanted", ["\x00", "a\x00", "\ud800", "a\udfff", "9" * 15_000, "-0." + "0" * 15_000 + "1"])
    def test_no_value_is_too_much_for_a_database(
        self, fields: Repository, kind: Kind, operator: Operator, wanted: str
    ) -> None:
        document = {place: {kind.value: ["a", "b", 1, True] if place == "free" else "a"} for place in ("one", "free")}
        fields.add("a", document, NOW)

        for place in ("one", "free"):
            condition = Compare(FieldPath((place, kind.value), kind, many=place != "one"), operator, (wanted,))
            assert found(fields, condition) == ("a" if matches(condition, document) else "")
