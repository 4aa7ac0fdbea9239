"""TMF622 capture: commercial terms."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tmf622_ordering.capture.orders import around, found, item, offering, order
from tmf622_ordering.capture import capture
from tmf622_ordering.capture.terms import periods_in


def months(amount: int, units: str = "month") -> dict[str, Any]:
    return {"amount": amount, "units": units}


YEAR, MONTHLY = {"name": "One year", "duration": months(12)}, {"name": "Monthly", "duration": months(1)}
PAST = {"validFor": {"endDateTime": "2026-01-01T00:00:00Z"}}


@pytest.mark.parametrize(
    ("given", "is_wrong"),
    [
        ({"name": "One year"}, False),
        ({"name": "one YEAR", "duration": months(12, "Months")}, False),
        ({"name": "One year", "duration": months(1, "year")}, False),
        ({"duration": months(1)}, False),
        ({"description": "as agreed"}, False),
        ({"name": "One year", "duration": months(24)}, True),
        ({"name": "Two years"}, True),
        ({"duration": months(24)}, True),
    ],
)
def test_a_term_is_one_of_the_offering(given: dict[str, Any], is_wrong: bool) -> None:
    wanted = order(item(itemTerm=[given]))
    expected = [("/productOrderItem/0/itemTerm/0", "term.not-offered")] if is_wrong else []

    assert found(wanted, around(productOffering=[offering(productOfferingTerm=[YEAR, MONTHLY])])) == expected
    assert found(wanted, around(productOffering=[offering()])) == []


def test_a_term_that_is_over_is_not_offered() -> None:
    sold = offering(productOfferingTerm=[{**YEAR, **PAST}, MONTHLY])

    assert found(order(item(itemTerm=[{"name": "One year"}])), around(productOffering=[sold])) == [
        ("/productOrderItem/0/itemTerm/0", "term.not-offered")
    ]


@pytest.mark.parametrize(
    ("offered", "given", "kept"),
    [
        ([YEAR], None, [{"@type": "OrderTerm", **YEAR}]),
        ([YEAR, {**MONTHLY, **PAST}], None, [{"@type": "OrderTerm", **YEAR}]),
        ([YEAR, MONTHLY], None, None),
        ([], None, None),
        ([YEAR, MONTHLY], [{"name": "Monthly"}], [{"@type": "OrderTerm", **MONTHLY}]),
        ([], [{"name": "ours"}], [{"name": "ours"}]),
    ],
)
def test_the_only_term_is_taken_and_a_given_one_completed(offered: Any, given: Any, kept: Any) -> None:
    document = order(item(**({"itemTerm": given} if given else {})))

    capture(document, around(productOffering=[offering(productOfferingTerm=offered)]))

    assert document["state"] == "acknowledged"
    assert document["productOrderItem"][0].get("itemTerm") == kept


@pytest.mark.parametrize(
    ("length", "period", "per", "periods"),
    [
        (months(3), "month", 1, 3),
        (months(1, "year"), "monthly", 1, 12),
        (months(12), "quarter", 1, 4),
        (months(6), "month", 3, 2),
        (months(4), "month", 3, None),
        (months(10, "days"), "month", 1, None),
        (months(10**33), "month", 1, None),
        (months(0), "month", 1, None),
        ({}, "month", 1, None),
    ],
)
def test_a_duration_is_counted_in_charge_periods(length: Any, period: str, per: int, periods: int | None) -> None:
    assert periods_in(length, period, per) == periods
