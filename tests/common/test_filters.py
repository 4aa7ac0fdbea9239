"""The filter grammar: what each written form means, and what is refused."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from common.domain.query import (
    AllOf,
    AnyElement,
    AnyOf,
    Compare,
    Exists,
    FieldPath,
    Kind,
    Not,
    Operator,
)
from common.errors import InvalidParameter, NotImplementedFeature
from common.filters import parse_query
from common.jsonpath import parse_jsonpath

KINDS = {"count": Kind.NUMBER, "isBundle": Kind.BOOLEAN, "at": Kind.INSTANT, "name": Kind.STRING, "status": Kind.STRING}


def resolve(steps: tuple[str, ...]) -> FieldPath:
    return FieldPath(steps, KINDS.get(steps[-1], Kind.UNKNOWN), many=len(steps) > 1)


def parse(raw: str):
    return parse_query(raw, resolve, terms_max=8, regex_length_max=20)


def compare(name: str, operator: Operator, *values: str) -> Compare:
    return Compare(resolve(tuple(name.split("."))), operator, values)


DAY = AllOf(
    (
        compare("at", Operator.GTE, "2017-04-20T00:00:00.000Z"),
        compare("at", Operator.LT, "2017-04-21T00:00:00.000Z"),
    )
)


@pytest.mark.parametrize(
    ("raw", "condition"),
    [
        ("name=x", compare("name", Operator.EQ, "x")),
        ("name=%22a,b%22", compare("name", Operator.EQ, "a,b")),
        ("name=a,b", compare("name", Operator.EQ, "a,b", "a", "b")),
        ("count=1,2", compare("count", Operator.EQ, "1", "2")),
        ("count.gt=1", compare("count", Operator.GT, "1")),
        ("count%3E1", compare("count", Operator.GT, "1")),
        ("count%3E%3D1", compare("count", Operator.GTE, "1")),
        ("count>=1", compare("count", Operator.GTE, "1")),
        ("count<1", compare("count", Operator.LT, "1")),
        ("count%3D%3D1", compare("count", Operator.EQ, "1")),
        ("name*=%5EF", compare("name", Operator.REGEX, "^F")),
        ("name%3D~x", compare("name", Operator.REGEX, "x")),
        ("name.regex=^F,x", compare("name", Operator.REGEX, "^F,x")),
        ("status=x&status=y", AnyOf((compare("status", Operator.EQ, "x"), compare("status", Operator.EQ, "y")))),
        ("status=x;status=y", AnyOf((compare("status", Operator.EQ, "x"), compare("status", Operator.EQ, "y")))),
        ("status=x;y", AnyOf((compare("status", Operator.EQ, "x"), compare("status", Operator.EQ, "y")))),
        ("name=a+b", compare("name", Operator.EQ, "a b")),
        ("isBundle=False", compare("isBundle", Operator.EQ, "false")),
        ("relatedParty.id=42", compare("relatedParty.id", Operator.EQ, "42")),
        ("@type=X", compare("@type", Operator.EQ, "X")),
        ("offset.eq=5", compare("offset", Operator.EQ, "5")),
        ("at=2017-04-20", DAY),
        ("at%3E2017-04-20", compare("at", Operator.GTE, "2017-04-21T00:00:00.000Z")),
        ("at=2017-04-20T10:00:00+02:00", compare("at", Operator.EQ, "2017-04-20T08:00:00.000Z")),
        ("at=2017-04-20T10:00:00%2B02:00", compare("at", Operator.EQ, "2017-04-20T08:00:00.000Z")),
        ("name=a&count.lt=2", AllOf((compare("name", Operator.EQ, "a"), compare("count", Operator.LT, "2")))),
    ],
)
def test_form(raw, condition):
    assert parse(raw).condition == condition


@pytest.mark.parametrize(
    ("raw", "parameters"),
    [
        ("fields=a,b&limit=5", {"fields": ["a,b"], "limit": ["5"]}),
        ("filter=$[?(@.a=='x'&&@.b=='y')]&limit=1", {"filter": ["$[?(@.a=='x'&&@.b=='y')]"], "limit": ["1"]}),
        ("fields=a&fields=b", {"fields": ["a", "b"]}),
    ],
)
def test_reserved_names_are_parameters(raw, parameters):
    parsed = parse(raw)
    assert parsed.condition is None
    assert parsed.parameters == parameters


@pytest.mark.parametrize(
    "raw",
    [
        "name",
        "=x",
        "count=abc",
        "count=NaN",
        "isBundle=maybe",
        "isBundle.gt=true",
        "at=yesterday",
        "name.regex=(",
        "name.regex=(a%2B)%2B",
        "name.regex=(a*)*",
        "name.regex=a*a*a*a*b",
        "name.regex=(a)\\1",
        "name.regex=" + "x" * 21,
        *[
            f"name.regex={quote(pattern)}"
            for pattern in ("[[:upper:]]", "(?P<n>a)", "(?m)^a", "a(?i:b)", "a{256}", "a++")
        ],
        *[f"name.regex={quote(pattern)}" for pattern in ("[a&&b]", "[a--b]", r"[\W]", r"[\\[]")],
        "count.regex=1",
        "a..b=1",
        "name.gt>=5",
        "&".join(f"a{n}=1" for n in range(9)),
        "name=" + ",".join("abcdefghi"),
        "limit",
    ],
)
def test_refused(raw):
    with pytest.raises(InvalidParameter):
        parse(raw)


def jsonpath(text: str):
    return parse_jsonpath(text, resolve, terms_max=8, regex_length_max=20)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("$[?(@.status=='x')]", compare("status", Operator.EQ, "x")),
        ("[?(@.status=='x')]", compare("status", Operator.EQ, "x")),
        (
            "note[?(@author=='X')]",
            AnyElement(resolve(("note",)), Compare(FieldPath(("author",)), Operator.EQ, ("X",))),
        ),
        (
            "$[?(@.status=='x' && (@.count>=2 || !@.name))]",
            AllOf(
                (
                    compare("status", Operator.EQ, "x"),
                    AnyOf((compare("count", Operator.GTE, "2"), Not(Exists(resolve(("name",)))))),
                )
            ),
        ),
        ("$[?(@.name=~/^F/i)]", compare("name", Operator.REGEX, "(?i)^F")),
        ("$[?(@.name==null)]", Not(Exists(resolve(("name",))))),
        ("$[?(@.isBundle==false)]", compare("isBundle", Operator.EQ, "false")),
        (
            "$[?(@.note[?(@.author=='X')])]",
            AnyElement(resolve(("note",)), Compare(FieldPath(("author",)), Operator.EQ, ("X",))),
        ),
        (
            "$[?(@.a=='1')],$[?(@.b=='2')]",
            AnyOf((compare("a", Operator.EQ, "1"), compare("b", Operator.EQ, "2"))),
        ),
        ("$[?(@.@type=='X')]", compare("@type", Operator.EQ, "X")),
    ],
)
def test_jsonpath(text, condition):
    assert jsonpath(text) == condition


@pytest.mark.parametrize(
    "text", ["$[?(@.x", "", "$", "$[?()]", "$[?(@.a=='x')] more", "$[?(@.a==)]", "$[?('x'==@.a)]", "(" * 100]
)
def test_bad_jsonpath_is_refused(text):
    with pytest.raises(InvalidParameter):
        jsonpath(text)


@pytest.mark.parametrize("text", ["$..a[?(@.x==1)]", "$[0]", "$[?(@.a.length()>2)]", "$[(@.length-1)]"])
def test_jsonpath_outside_the_subset_is_not_implemented(text):
    with pytest.raises(NotImplementedFeature):
        jsonpath(text)
