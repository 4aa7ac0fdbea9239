"""Documents and conditions as hypothesis draws them: every kind of value at every kind of place, and hard names."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

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
    SortKey,
)
from common.store.description import Index, StoredResource

_TYPED = (Kind.STRING, Kind.NUMBER, Kind.BOOLEAN, Kind.INSTANT)
PROMOTED = tuple(FieldPath(("one", kind.value), kind, many=False) for kind in _TYPED)
LOOKED_UP = (
    *(FieldPath(("many", kind.value), kind) for kind in _TYPED),
    FieldPath(("many", "characteristic", "value")),
    FieldPath(("tag",), Kind.STRING),
)
RESOURCE = StoredResource("toy_generated", "toy", tuple(Index(path) for path in (*PROMOTED, *LOOKED_UP)))

_NAMES = ("a", "b", "@type", "a.b", 'quo"te', "$", "back\\slash", "", "ä€😀", "a b", "*", "id")
_INSTANTS = (
    "2024-02-29T10:00:00Z",
    "2024-02-29T10:00:00.000Z",
    "2024-02-29T10:00:00.0001Z",
    "2024-02-29T12:00:00+02:00",
    "2024-02-29 10:00:00",
    "2023-02-29T10:00:00Z",
    "2024-12-31T23:59:60Z",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59.999999999Z",
)
_TEXTS = (
    "",
    "a",
    "A",
    "aa",
    "ab",
    "b",
    "10",
    "9",
    "1.0",
    "-1",
    "true",
    "false",
    "null",
    "%",
    "_",
    "a'b",
    'a"b',
    "a\\b",
)
# Around the length that an index keeps of a text, and far beyond. Hypothesis shows what it draws from: lengths.
_long = st.tuples(st.sampled_from("xé"), st.sampled_from((254, 255, 256, 10_000)), st.sampled_from(("", "y"))).map(
    lambda drawn: drawn[0] * drawn[1] + drawn[2]
)
_long_numbers = st.sampled_from((2_000, 15_000)).map(lambda count: "0." + "1" * count) | st.just(15_000).map(
    "9".__mul__
)
_NUMBERS = tuple(
    Decimal(text)
    for text in (
        *(
            "0",
            "-0.0",
            "1",
            "1.0",
            "1.50",
            "10",
            "9",
            "-1",
            "-1.5",
            "-10",
            "0.1",
            "12345678901234567890.12345678901234",
        ),
        *("12345678901234567890.12345678901235", "9007199254740993", "9007199254740992", "1E+400", "-1E+400", "1E-400"),
    )
)
_WANTED = (
    *(*_TEXTS, *_INSTANTS, "1e400", "1e99999999", "-1e99999999", "1e-99999999", "NaN", "Infinity", "1_0", " 1"),
    *("a\x00b", "a\ud800", "\x00", "2024-02-29T10:00:00.000Z", "12345678901234567890"),
)

texts = (
    st.sampled_from((*_TEXTS, *_INSTANTS, "Ω", "😀", "a\nb"))
    | _long
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=4)
)
numbers = st.sampled_from(_NUMBERS) | st.integers(-3, 3) | st.decimals(-100, 100, places=2)
scalars = st.one_of(texts, numbers, st.booleans(), st.none())
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES[:-1]), inner, max_size=3),
    max_leaves=6,
)


def _object(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={kind.value: values for kind in _TYPED})


_many_element = st.fixed_dictionaries(
    {},
    optional={kind.value: scalars | st.lists(scalars, max_size=2) for kind in _TYPED}
    | {"characteristic": st.lists(st.fixed_dictionaries({"value": anything}), max_size=2)},
)

# What the contract calls one value is one value; its type may be any, as it is for documents of another subtype.
documents = st.fixed_dictionaries(
    {},
    optional={
        "one": _object(scalars),
        "many": st.lists(_many_element, max_size=3) | _many_element,
        "tag": st.lists(texts, max_size=3),
        "free": anything,
        "version": texts,
        'quo"te': anything,
        "@type": texts,
    },
)

_plain_paths = st.one_of(
    st.lists(st.sampled_from(_NAMES), max_size=2).map(lambda names: ("free", *names)),
    st.sampled_from([(name,) for name in ('quo"te', "@type", "unknown", "id", "version", "nu\x00l", "half\ud800")]),
    st.just(("many",)),
    st.just(()),
)
paths = st.one_of(
    st.sampled_from((*PROMOTED, *LOOKED_UP)),
    st.builds(FieldPath, st.sampled_from([path.steps for path in (*PROMOTED, *LOOKED_UP)]), st.sampled_from(Kind)),
    st.builds(FieldPath, _plain_paths, st.sampled_from(Kind)),
)
_element_paths = st.builds(
    FieldPath,
    st.sampled_from([(), ("a",), ("string",), ("number",), ("instant",), ("value",), ("boolean",)]),
    st.sampled_from(Kind),
)
_patterns = st.sampled_from(("^a", "b$", "a.b", "[0-9]+", "x{255}", "true|false", "(?i)A", "a\\\\b", "^$", "é"))


def comparisons(places: st.SearchStrategy[FieldPath]) -> st.SearchStrategy[Compare]:
    plain = st.sampled_from([operator for operator in Operator if operator is not Operator.REGEX])
    wanted = st.lists(
        st.one_of(st.sampled_from(_WANTED), texts, numbers.map(str), _long_numbers), min_size=1, max_size=3
    )
    patterns = st.lists(_patterns, min_size=1, max_size=2).map(tuple)
    return st.builds(Compare, places, plain, wanted.map(tuple)) | st.builds(
        Compare, places, st.just(Operator.REGEX), patterns
    )


def _combined(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda parts: AllOf(tuple(parts))),
            st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=4,
    )


_within = _combined(comparisons(_element_paths) | _element_paths.map(Exists))
conditions: st.SearchStrategy[Condition] = _combined(
    st.one_of(comparisons(paths), paths.map(Exists), st.builds(AnyElement, paths, _within))
)
sort_keys = st.lists(st.builds(SortKey, paths, st.booleans()), max_size=3).map(tuple)
