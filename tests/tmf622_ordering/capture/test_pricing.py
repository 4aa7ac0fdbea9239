"""TMF622 capture: what a price comes to with tax and discounts, and what prices add up to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.money import money_of
from tmf622_ordering.capture.pricing import Line, line_kept, line_of, lowers, totals
from tmf622_ordering.capture.tariff import CatalogPrice


def price(value: str | Decimal | None = "10", unit: str = "EUR", rate: Any = None, **more: Any) -> CatalogPrice:
    document = {"id": "p", "name": "Monthly", "priceType": "recurring", "recurringChargePeriodType": "month", **more}
    if value is not None:
        document["price"] = {"unit": unit, "value": Decimal(value)}
    if rate is not None:
        document["tax"] = [{"taxCategory": "VAT", "taxRate": rate}]
    return CatalogPrice(document, {"id": "p", "@type": "ProductOfferingPriceRef"})


def discount(value: str | Decimal | None = None, percentage: Any = None, **more: Any) -> CatalogPrice:
    shared = {"id": "d", "name": "Less", "priceType": "discount", "recurringChargePeriodType": "month"}
    return price(value, **{**shared, **({"percentage": percentage} if percentage is not None else {}), **more})


LASTING = [
    {"productOfferingTerm": [{"name": "x", "duration": {"amount": 3, "units": "month"}}]},
    {"applicationDuration": {"amount": 3, "units": "Month"}},
    {"applicationDuration": 3},
    {"durationPeriods": 3},
]


def eur(value: str) -> dict[str, Any]:
    return {"unit": "EUR", "value": Decimal(value)}


def amounts(document: dict[str, Any]) -> tuple[str, str | None]:
    """Net and gross of an OrderPrice or PriceAlteration."""
    of = document["price"]
    gross = of.get("taxIncludedAmount")
    return str(of["dutyFreeAmount"]["value"]), None if gross is None else str(gross["value"])


def summed(line: Line) -> tuple[str, str | None] | None:
    if line.amount is None:
        return None
    return str(line.amount.net.amount), None if line.amount.gross is None else str(line.amount.gross.amount)


def test_a_line_says_what_is_paid_for_what_and_keeps_the_price_it_comes_from() -> None:
    line = line_of(price("15.12", rate=19, description="each month", recurringChargePeriodLength=1), [])

    assert line.document == {
        "@type": "OrderPrice",
        "name": "Monthly",
        "description": "each month",
        "priceType": "recurring",
        "productOfferingPrice": {"id": "p", "@type": "ProductOfferingPriceRef"},
        "recurringChargePeriod": "month",
        "price": {
            "@type": "Price",
            "dutyFreeAmount": {"unit": "EUR", "value": Decimal("15.12")},
            "taxIncludedAmount": {"unit": "EUR", "value": Decimal("17.99")},
            "taxRate": Decimal(19),
        },
    }


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (price("8.40", rate=19), ("8.40", "10.00")),
        (price("100", "JPY", rate=10), ("100", "110")),
        (price("1.005", rate=0), ("1.00", "1.00")),
        (price("10"), ("10.00", None)),
        (price("60", tax=[{"taxRate": 20, "taxAmount": {"unit": "EUR", "value": 10}}]), ("50.00", "60.00")),
        (price("50", tax=[{"taxRate": 20, "taxAmount": {"unit": "EUR", "value": 10}}]), ("50.00", "60.00")),
        (price("50", tax=[{"taxRate": 20, "taxAmount": {"unit": "EUR", "value": 7}}]), ("50.00", "60.00")),
        (price("50", tax=[{"taxAmount": {"unit": "EUR", "value": 10}}]), ("50.00", "60.00")),
        (price("100", tax=[{"taxRate": 5}, {"taxRate": Decimal("9.975")}]), ("100.00", "114.98")),
        (price("50", tax=[{"taxRate": -20}]), ("50.00", None)),
    ],
)
def test_tax_is_on_top_unless_its_amount_shows_that_it_is_inside(
    of: CatalogPrice, expected: tuple[str, str | None]
) -> None:
    line = line_of(of, [])

    assert (amounts(line.document), summed(line)) == (expected, expected)


@pytest.mark.parametrize(
    ("more", "period", "unit"),
    [
        ({"recurringChargePeriodLength": 3}, "3 month", None),
        ({"recurringChargePeriodLength": 0}, "month", None),
        ({"priceType": "allowance", "unitOfMeasure": {"amount": 5, "units": "GB"}}, "month", "5 GB"),
        ({"unitOfMeasure": {"amount": 1, "units": "min"}}, "month", "min"),
        ({"recurringChargePeriodType": None}, None, None),
    ],
)
def test_periods_and_units_are_written_out(more: dict[str, Any], period: str | None, unit: str | None) -> None:
    document = line_of(price(**more), []).document

    assert (document.get("recurringChargePeriod"), document.get("unitOfMeasure")) == (period, unit)


def test_tariffs_and_allowances_are_shown_and_not_summed() -> None:
    tariff = line_of(price("0.0756", rate=19, priceType="usage"), [])
    allowance = line_of(price(None, priceType="allowance"), [])
    free_text = line_of(price("5", priceType="commitment"), [])

    assert (amounts(tariff.document), summed(tariff)) == (("0.0756", "0.089964"), None)
    assert (allowance.document["price"], summed(allowance)) == ({"@type": "Price"}, None)
    assert (amounts(free_text.document), summed(free_text)) == (("5.00", None), None)


@pytest.mark.parametrize(
    ("discounts", "shown", "left"),
    [
        ([discount("4.20")], [("4.20", "5.00")], ("10.92", "12.99")),
        ([discount("-4.20")], [("4.20", "5.00")], ("10.92", "12.99")),
        ([discount(percentage=25)], [("3.78", "4.50")], ("11.34", "13.49")),
        ([discount("20")], [("15.12", "17.99")], ("0.00", "0.00")),
        ([discount("10"), discount("10")], [("10.00", "11.90"), ("5.12", "6.09")], ("0.00", "0.00")),
        ([discount(percentage=50), discount(percentage=10)], [("7.56", "9.00"), ("1.51", "1.80")], ("6.05", "7.19")),
        ([discount(percentage=10, priority=2), discount("1", priority=1)], [("1.00", "1.19"), ("1.51", "1.80")], None),
    ],
)
def test_discounts_take_off_the_price_and_never_more_than_it(
    discounts: list[CatalogPrice], shown: list[tuple[str, str]], left: tuple[str, str] | None
) -> None:
    line = line_of(price("15.12", rate=19), discounts)

    assert amounts(line.document) == ("15.12", "17.99")
    assert [amounts(one) for one in line.document["priceAlteration"]] == shown
    assert [one["priority"] for one in line.document["priceAlteration"]] == list(range(1, len(shown) + 1))
    assert left is None or summed(line) == left


@pytest.mark.parametrize("lasting", LASTING)
def test_a_discount_that_ends_is_shown_and_not_in_the_sums(lasting: dict[str, Any]) -> None:
    line = line_of(price("15.12", rate=19), [discount("4.20", **lasting), discount("15")])

    assert [amounts(one) for one in line.document["priceAlteration"]] == [("15.00", "17.85"), ("0.12", "0.14")]
    assert [one.get("applicationDuration") for one in line.document["priceAlteration"]] == [None, 3]
    assert summed(line) == ("0.12", "0.14")


@pytest.mark.parametrize("lasting", LASTING)
def test_a_discount_of_usage_ends_after_so_many_months(lasting: dict[str, Any]) -> None:
    line = line_of(
        price("0.10", priceType="usage", recurringChargePeriodType=None), [discount(percentage=10, **lasting)]
    )

    assert [one.get("applicationDuration") for one in line.document["priceAlteration"]] == [3]


@pytest.mark.parametrize(
    ("less", "left"),
    [
        (discount(percentage=50, cap=eur("4")), ("11.12", "13.23")),
        (discount("5", cap=eur("4")), ("11.12", "13.23")),
        (discount(percentage=50, cap=eur("4.005")), ("11.12", "13.23")),
        (discount(percentage=10, cap=eur("4")), ("13.61", "16.19")),
        (discount(percentage=50, cap={"unit": "GBP", "value": 1}), ("7.56", "8.99")),
    ],
)
def test_a_discount_takes_no_more_than_its_cap(less: CatalogPrice, left: tuple[str, str]) -> None:
    assert summed(line_of(price("15.12", rate=19), [less])) == left


@pytest.mark.parametrize(
    ("less", "expected"),
    [
        (discount(percentage=10), {"@type": "Price", "percentage": 10}),
        (discount(percentage=10, cap=eur("3")), {"@type": "Price", "percentage": 10}),
        # All of it, though a minute costs less.
        (
            discount("-5"),
            {"@type": "Price", "dutyFreeAmount": eur("5"), "taxIncludedAmount": eur("5.95"), "taxRate": Decimal(19)},
        ),
    ],
)
def test_a_discount_of_usage_says_how_much_and_not_what_a_unit_is_less(
    less: CatalogPrice, expected: dict[str, Any]
) -> None:
    line = line_of(price("0.10", rate=19, priceType="usage"), [less, discount("7", priority=1)])

    first, second = line.document["priceAlteration"]
    assert first["price"] == expected
    assert second["price"]["dutyFreeAmount"] == eur("7")
    assert (amounts(line.document), summed(line)) == (("0.10", "0.1190"), None)


def related(kind: str, id: str = "p") -> dict[str, Any]:
    return {"popRelationship": [{"id": id, "relationshipType": kind}]}


@pytest.mark.parametrize(
    ("less", "of", "is_own", "expected"),
    [
        (discount("1", **related("discounts")), price(), False, True),
        (discount("1", **related("discounts", "q")), price(), True, False),
        (discount("1", **related("relyOn", "q")), price(), True, True),
        (discount("1"), price(**related("discountedBy", "d")), False, True),
        (discount("1"), price(), True, True),
        (discount("1"), price(), False, False),
        (discount("1", unit="GBP"), price(), True, False),
        (discount(percentage=5), price(unit="GBP"), True, True),
        (discount(percentage=5, recurringChargePeriodType="year"), price(), True, False),
        (discount(percentage=5), price(priceType="oneTime"), True, False),
        (discount(percentage=5, recurringChargePeriodType=None), price(priceType="oneTime"), True, True),
        (discount(percentage=5), price(priceType="usage"), True, False),
        (discount(percentage=5, **related("discounts")), price(priceType="usage"), True, True),
        (discount(percentage=5, **related("discounts")), price(None), True, False),
    ],
)
def test_which_prices_a_discount_lowers(less: CatalogPrice, of: CatalogPrice, is_own: bool, expected: bool) -> None:
    assert lowers(less, of, is_own=is_own) is expected


def test_sums_are_by_kind_period_and_currency() -> None:
    lines = [
        (line_of(price("1.10", rate=19), []), 3),
        (line_of(price("2", rate=19), []), 1),
        (line_of(price("5", rate=7, priceType="oneTime", recurringChargePeriodType=None), []), 2),
        (line_of(price("5", rate=19, priceType="oneTime", recurringChargePeriodType=None), []), 1),
        (line_of(price("1", "GBP"), []), 1),
    ]

    found = [(one["priceType"], one.get("recurringChargePeriod"), *amounts(one)) for one in totals(lines)]

    assert found == [
        ("recurring", "month", "5.30", "6.31"),
        ("oneTime", None, "15.00", "16.65"),
        ("recurring", "month", "1.00", None),
    ]
    assert [one["price"].get("taxRate") for one in totals(lines)] == [19, None, None]


def test_an_agreed_price_counts_as_it_was_agreed() -> None:
    agreed = {
        "@type": "ProductPrice",
        "name": "Monthly",
        "priceType": "recurring",
        "price": {"dutyFreeAmount": {"unit": "EUR", "value": 10}, "taxIncludedAmount": {"unit": "EUR", "value": 12}},
        "priceAlteration": [
            {"priceType": "discount", "price": {"taxIncludedAmount": {"unit": "EUR", "value": 6}, "taxRate": 20}},
            {
                "priceType": "discount",
                "applicationDuration": 2,
                "price": {"dutyFreeAmount": {"unit": "EUR", "value": 1}},
            },
        ],
    }

    line = line_kept(agreed)

    assert (line.document["@type"], summed(line)) == ("OrderPrice", ("5.00", "6.00"))
    assert summed(line_kept({"priceType": "recurring", "price": {}})) is None
    negative = {"dutyFreeAmount": {"unit": "EUR", "value": -4}, "taxIncludedAmount": {"unit": "EUR", "value": -5}}
    assert summed(line_kept({**agreed, "priceAlteration": [{"priceType": "discount", "price": negative}]})) == (
        "6",
        "7",
    )
    foreign = {"dutyFreeAmount": {"unit": "GBP", "value": 4}}
    assert summed(line_kept({**agreed, "priceAlteration": [{"priceType": "discount", "price": foreign}]})) == (
        "10",
        "12",
    )


MONEY = st.decimals(min_value=0, max_value=10_000, places=4)
RATE = st.sampled_from([None, 0, 7, 19, Decimal("9.975"), 25])
UNITS = st.sampled_from(["EUR", "JPY", "KWD"])
LESS = st.lists(
    st.one_of(
        MONEY.map(lambda value: ("value", value)),
        st.decimals(min_value=Decimal("0.1"), max_value=100, places=1).map(lambda share: ("percentage", share)),
    ),
    max_size=4,
)


@given(MONEY, RATE, UNITS, LESS, st.booleans(), st.booleans())
def test_no_discount_takes_a_price_or_its_tax_below_zero(
    value: Decimal, rate: Any, unit: str, less: list[tuple[str, Decimal]], ends: bool, is_inclusive: bool
) -> None:
    of = price(value, unit, rate)
    if is_inclusive and rate:
        tax = value - value * 100 / (100 + Decimal(rate))
        of.document["tax"] = [{"taxRate": rate, "taxAmount": {"unit": unit, "value": tax}}]
    lasting = {"applicationDuration": 2} if ends else {}
    line = line_of(
        of,
        [discount(**{name: amount, **({"unit": unit} if name == "value" else {})}, **lasting) for name, amount in less],
    )

    assert line.amount is not None
    assert line.amount.net.amount >= 0
    assert line.amount.tax is None or line.amount.tax.amount >= 0
    taken = [money_of(one["price"]["dutyFreeAmount"]) for one in line.document.get("priceAlteration", [])]
    whole = money_of(line.document["price"]["dutyFreeAmount"])
    assert whole is not None
    assert all(one is not None and one.amount >= 0 for one in taken)
    in_all = sum((one.amount for one in taken if one is not None), Decimal(0))
    assert in_all <= whole.amount
    if not ends:
        assert line.amount.net.amount == whole.amount - in_all


@given(st.lists(st.tuples(MONEY, RATE, UNITS, LESS, st.integers(1, 50)), max_size=8))
def test_a_total_is_exactly_the_sum_of_its_lines_in_any_order(ordered: list[Any]) -> None:
    lines = [
        (line_of(price(value, unit, rate), [discount(**{name: amount}, unit=unit) for name, amount in less]), quantity)
        for value, rate, unit, less, quantity in ordered
    ]

    found = {one["price"]["dutyFreeAmount"]["unit"]: one["price"] for one in totals(lines)}

    backwards = {one["price"]["dutyFreeAmount"]["unit"]: one["price"] for one in totals(reversed(lines))}
    assert found == backwards
    for unit, total in found.items():
        of_unit = [
            (line.amount, n) for line, n in lines if line.amount is not None and line.amount.net.currency == unit
        ]
        assert total["dutyFreeAmount"]["value"] == sum((one.net.amount * n for one, n in of_unit), Decimal(0))
        grosses = [one.gross.amount * n for one, n in of_unit if one.gross is not None]
        assert ("taxIncludedAmount" in total) == (len(grosses) == len(of_unit))
        if len(grosses) == len(of_unit):
            assert total["taxIncludedAmount"]["value"] == sum(grosses, Decimal(0))
