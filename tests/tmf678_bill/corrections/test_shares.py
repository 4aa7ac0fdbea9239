"""How credits are shared out over items, and their tax."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.money import Money
from tmf678_bill.corrections.shares import Billed, Share, share, spread, sum_of, whole


def euro(amount: str | Decimal) -> Money:
    return Money(Decimal(amount), "EUR")


def billed(item: str, net: str, tax: str, credited: tuple[str, str] = ("0.00", "0.00")) -> Billed:
    return Billed(item, euro(net), euro(tax), euro(credited[0]), euro(credited[1]))


@pytest.mark.parametrize(
    ("gross", "net", "tax"),
    [
        ("119.00", "100.00", "19.00"),
        ("59.50", "50.00", "9.50"),
        ("10.00", "8.40", "1.60"),  # 19 x 10 / 119 = 1.5966
        ("0.01", "0.01", "0.00"),
        ("118.99", "99.99", "19.00"),  # 18.9984
    ],
)
def test_tax_is_credited_in_proportion(gross: str, net: str, tax: str) -> None:
    assert share(billed("i", "100.00", "19.00"), euro(gross)) == Share("i", euro(net), euro(tax))


def test_the_last_part_has_the_rest_of_the_tax() -> None:
    assert share(billed("i", "100.00", "19.00", ("66.66", "12.67")), euro("39.67")) == Share(
        "i", euro("33.34"), euro("6.33")
    )


def test_parts_of_an_item_are_what_the_page_says() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "corrections.md").read_text()
    rows = re.findall(r"^\| (?:first|second|the rest) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", page, re.MULTILINE)
    one = billed("i", "100.00", "19.00")

    for gross, net, tax in rows:
        part = share(one, euro(gross))
        assert (part.net, part.tax) == (euro(net), euro(tax))
        one = _after(one, (part,))

    assert len(rows) == 3
    assert one.left.is_zero


def test_an_amount_is_spread_over_all_items_discounts_among_them() -> None:
    items = [billed("fee", "40.00", "0.00"), billed("discount", "-10.00", "0.00"), billed("usage", "10.00", "0.00")]

    assert [(one.item, one.gross.amount) for one in spread(items, euro("10.00"))] == [
        ("fee", Decimal("10.00")),
        ("discount", Decimal("-2.50")),
        ("usage", Decimal("2.50")),
    ]


def test_what_was_credited_is_not_credited_again() -> None:
    items = [billed("a", "10.00", "1.90", ("10.00", "1.90")), billed("b", "5.00", "0.95")]

    assert whole(items) == (Share("b", euro("5.00"), euro("0.95")),)
    assert spread(items, euro("1.19")) == (Share("b", euro("1.00"), euro("0.19")),)


CENTS = st.integers(-100_000, 100_000)


@given(
    nets=st.lists(CENTS, min_size=1, max_size=6),
    rate=st.sampled_from([0, 7, 19, 25]),
    steps=st.lists(st.integers(1, 99), max_size=8),
)
def test_any_parts_of_a_bill_come_to_the_bill(nets: list[int], rate: int, steps: list[int]) -> None:
    nets = [*nets, 600_001]  # what is billed is above zero
    first = [Money(Decimal(net).scaleb(-2), "EUR") for net in nets]
    items = [
        Billed(str(place), net, net.share(rate).rounded(), euro("0.00"), euro("0.00"))
        for place, net in enumerate(first)
    ]
    bill = sum_of([one.gross for one in items])
    given_back = euro("0.00")
    for percentage in steps:
        amount = sum_of([one.left for one in items]).share(percentage).rounded()
        if amount.amount <= 0:
            continue
        shares = spread(items, amount)
        assert sum_of([one.gross for one in shares]) == amount
        items = [_after(one, shares) for one in items]
        assert all(abs(one.credited).amount <= abs(one.gross).amount for one in items)
        given_back += amount
    rest = whole(items)
    items = [_after(one, rest) for one in items]

    assert given_back + sum_of([*(one.gross for one in rest), euro("0.00")]) == bill
    assert all((one.credited_net, one.credited_tax) == (one.net, one.tax) for one in items)


def _after(one: Billed, shares: tuple[Share, ...]) -> Billed:
    taken = [each for each in shares if each.item == one.item]
    net = sum_of([one.credited_net, *(each.net for each in taken)])
    tax = sum_of([one.credited_tax, *(each.tax for each in taken)])
    return Billed(one.item, one.net, one.tax, net, tax)
