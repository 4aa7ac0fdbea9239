"""The keys of prices that stand in a product by value, through changes of its list."""

from __future__ import annotations

import pytest

from tmf678_bill.billing.values import AgreedPrice, Discount, Kind
from tmf678_bill.prices import keys_kept


def price(name: str, place: int, kind: Kind = Kind.RECURRING, id: str | None = None, *off: str) -> AgreedPrice:
    discounts = tuple(Discount(f"{one}#{at}", one) for at, one in enumerate(off))
    key = f"{name}#{place}" if id is None else f"{id}:1.0"
    return AgreedPrice(key, kind, name, discounts=discounts, id=id)


def listed(*names: str) -> tuple[AgreedPrice, ...]:
    return tuple(price(name, place) for place, name in enumerate(names))


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ([["a", "s"], ["b", "a", "s"]], [["a#0", "s#1"], ["b#0", "a#0", "s#1"]]),
        ([["a", "s"], ["s"], ["x", "s"]], [["a#0", "s#1"], ["s#1"], ["x#0", "s#1"]]),
        # It went and came back: what it is is the same, that it came back shows in its days.
        ([["a"], [], ["b", "a"]], [["a#0"], [], ["b#0", "a#0"]]),
        # Of several with one name the first is the first.
        ([["a", "a"], ["b", "a", "a"]], [["a#0", "a#1"], ["b#0", "a#0", "a#1"]]),
        ([["x", "a"], ["a", "a"]], [["x#0", "a#1"], ["a#1", "a#2"]]),
    ],
)
def test_a_price_by_value_keeps_the_key_that_it_had_at_first(lists: list[list[str]], expected: list[list[str]]) -> None:
    found = keys_kept(listed(*names) for names in lists)

    assert [[one.key for one in prices] for prices in found] == expected


def test_prices_of_one_name_and_several_kinds_are_several() -> None:
    first = (price("a", 0), price("a", 1, Kind.ONE_TIME))

    found = keys_kept([first, first[1:], first[::-1]])

    assert [[one.key for one in prices] for prices in found] == [["a#0", "a#1"], ["a#1"], ["a#1", "a#0"]]


def test_discounts_keep_theirs_and_what_the_catalogue_has_is_called_as_there() -> None:
    before = (price("a", 0, Kind.RECURRING, "pop", "late", "early"), price("b", 1, Kind.RECURRING, None, "late"))
    after = (price("b", 0, Kind.RECURRING, None, "late"), price("a", 1, Kind.RECURRING, "pop", "early"))

    found = keys_kept([before, after])

    assert [[(one.key, [off.key for off in one.discounts]) for one in prices] for prices in found] == [
        [("pop:1.0", ["late#0", "early#1"]), ("b#1", ["late#0"])],
        [("b#1", ["late#0"]), ("pop:1.0", ["early#1"])],
    ]
