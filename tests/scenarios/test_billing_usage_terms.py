"""Bills of usage that is lowered and taxed as it was agreed: discounts that orders sold, agreements that change."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from common.domain.query import Document
from tests.scenarios.billing import PRODUCTS, Office, account_ref, taxed
from tests.scenarios.charging import tiers


@pytest.mark.parametrize(
    ("less", "more", "expected"),
    [
        ("10 %", {}, "9"),
        ("5 EUR", {}, "5"),
        ("50 %", {"cap": {"unit": "EUR", "value": D(3)}}, "7"),
        ("15 EUR", {}, "0"),
    ],
)
def test_a_usage_discount_that_an_order_sold_is_off_the_whole_month(
    office: Office, less: str, more: dict[str, Any], expected: str
) -> None:
    office.plan("plan", office.price("v", "voice", "0.10", "1 min"), office.discount("less", less, "v", **more))
    office.account("ann")
    office.sell("plan", account="ann")
    office.use("voice", "2026-01-05T00:00:00Z", "100 min")

    office.shop.wait_until("2026-02-01T00:00:00Z")

    assert office.last("ann") == [f"usage v 2026-01-01/2026-02-01 {expected} + 0"]


def test_a_discount_is_of_calls_set_ups_and_corrections_together(office: Office) -> None:
    table = tiers(("0", "0.10"), ("100", "0.05"))
    office.price("v", "voice", None, "1 min", tierModel="volume", tier=table)
    office.price("w", "data", "2", "1 GB", setupFee={"unit": "EUR", "value": D(6)})
    office.account("ann")
    five = _five_off()
    _made(office, "p", [_entry("v", five), _entry("w", five)])
    for day in ("05", "06"):
        office.use("voice", f"2026-01-{day}T00:00:00Z", "100 min", "p")
        office.use("data", f"2026-01-{day}T00:00:00Z", "5 GB", "p")

    office.shop.wait_until("2026-02-01T00:00:00Z")

    # 15.00 and -5.00 of voice come to 10.00; 12.00 of set-ups and 20.00 of data to 32.00; 5.00 less each.
    assert sorted(office.last("ann")) == [
        "usage v 2026-01-01/2026-02-01 -2.5 + 0",
        "usage v 2026-01-01/2026-02-01 7.5 + 0",
        "usage w 2026-01-01/2026-02-01 10.12 + 0",
        "usage w 2026-01-01/2026-02-01 16.88 + 0",
    ]


def test_another_version_that_is_taxed_otherwise_leaves_closed_months_alone(office: Office) -> None:
    office.plan("plan", office.price("v", "voice", "1", "1 min", **taxed(19, "EUR")))
    office.account("ann")
    product = office.sell("plan", account="ann")
    office.use("voice", "2026-01-05T00:00:00Z", "100 min")
    office.shop.wait_until("2026-02-02T00:00:00Z")
    office.price("v", "voice", "1.19", "1 min", version="2.0", **taxed((19, "0.19"), "EUR"))
    office.plan("plan2", "v")
    office.use("voice", "2026-02-02T01:00:00Z", "1 min")
    office.move_to("plan2", product, "ann")
    office.use("voice", "2026-02-05T00:00:00Z", "100 min")
    # Late usage of January is of the version that was agreed then.
    office.use("voice", "2026-01-06T00:00:00Z", "10 min")

    office.shop.wait_until("2026-03-02T00:00:00Z")

    assert [office.items(bill) for bill in office.bills("ann")] == [
        ["usage v 2026-01-01/2026-02-01 100 + 19"],
        [
            "usage v 2026-01-01/2026-02-01 10 + 1.9",
            "usage v 2026-02-01/2026-03-01 1 + 0.19",
            "usage v 2026-02-01/2026-03-01 100 + 19",
        ],
    ]


def test_a_discount_that_is_given_up_stays_off_the_months_in_which_it_was_agreed(office: Office) -> None:
    office.price("v", "voice", "0.10", "1 min")
    office.account("ann")
    _made(office, "p", [_entry("v", _half_off())])
    office.use("voice", "2026-01-05T00:00:00Z", "100 min", "p")
    office.shop.wait_until("2026-02-10T00:00:00Z")
    office.shop.patch_product("p", productPrice=[_entry("v")])
    office.use("voice", "2026-01-06T00:00:00Z", "10 min", "p")
    office.use("voice", "2026-02-11T00:00:00Z", "10 min", "p")

    office.shop.wait_until("2026-03-02T00:00:00Z")

    assert [office.items(bill) for bill in office.bills("ann")] == [
        ["usage v 2026-01-01/2026-02-01 5 + 0"],
        ["usage v 2026-01-01/2026-02-01 0.5 + 0", "usage v 2026-02-01/2026-03-01 1 + 0"],
    ]


def test_how_usage_of_a_month_is_lowered_is_what_was_agreed_last_in_it(office: Office) -> None:
    office.price("v", "voice", "0.10", "1 min")
    office.account("ann")
    _made(office, "p", [_entry("v")])
    office.use("voice", "2026-01-05T00:00:00Z", "100 min", "p")
    office.shop.wait_until("2026-01-10T00:00:00Z")
    office.demand("ann")
    office.shop.patch_product("p", productPrice=[_entry("v", _half_off())])

    office.shop.wait_until("2026-02-02T00:00:00Z")

    assert [office.items(bill) for bill in office.bills("ann")] == [
        ["usage v 2026-01-01/2026-02-01 10 + 0"],
        ["usage v 2026-01-01/2026-02-01 -5 + 0"],
    ]


def test_the_periods_of_a_usage_discount_count_from_the_activation(office: Office) -> None:
    office.price("v", "voice", "0.10", "1 min")
    office.recurring("base", "100", tax=None)
    base = {"@type": "ProductPrice", "name": "base", "priceType": "recurring", "recurringChargePeriod": "month"}
    base |= {"price": {"@type": "Price", "dutyFreeAmount": {"unit": "EUR", "value": D(100)}}}
    office.account("ann")
    once = _half_off(applicationDuration=1)
    _made(office, "p", [{**base, "priceAlteration": [once]}, _entry("v", once)], status="pendingActive")
    office.shop.wait_until("2026-03-01T00:00:00Z")
    office.shop.patch_product("p", status="active")
    for month in ("03", "04"):
        office.use("voice", f"2026-{month}-05T00:00:00Z", "100 min", "p")

    office.shop.wait_until("2026-05-01T00:00:00Z")

    assert [sorted(office.items(bill)) for bill in office.bills("ann")] == [
        ["recurring base 2026-03-01/2026-04-01 50 + 0", "usage v 2026-03-01/2026-04-01 5 + 0"],
        ["recurring base 2026-04-01/2026-05-01 100 + 0", "usage v 2026-04-01/2026-05-01 10 + 0"],
    ]


def test_a_usage_discount_that_is_agreed_later_counts_from_its_own_first_day(office: Office) -> None:
    office.price("v", "voice", "0.10", "1 min")
    office.account("ann")
    _made(office, "p", [_entry("v")])
    office.shop.wait_until("2026-03-01T00:00:00Z")
    office.shop.patch_product("p", productPrice=[_entry("v", _half_off(applicationDuration=1))])
    for month in ("03", "04"):
        office.use("voice", f"2026-{month}-05T00:00:00Z", "100 min", "p")

    office.shop.wait_until("2026-05-01T00:00:00Z")

    assert [office.items(bill) for bill in office.bills("ann")] == [
        ["usage v 2026-03-01/2026-04-01 5 + 0"],
        ["usage v 2026-04-01/2026-05-01 10 + 0"],
    ]


def _entry(price: str, *alterations: Document, version: str = "1.0") -> Document:
    named = {"@type": "ProductOfferingPriceRef", "id": price, "version": version}
    entry = {"@type": "ProductPrice", "name": price, "priceType": "usage", "productOfferingPrice": named}
    return {**entry, "price": {"@type": "Price"}, **({"priceAlteration": list(alterations)} if alterations else {})}


def _five_off() -> Document:
    price = {"@type": "Price", "dutyFreeAmount": {"unit": "EUR", "value": D(5)}}
    return {"@type": "PriceAlteration", "priceType": "discount", "name": "five", "priority": 1, "price": price}


def _half_off(**more: Any) -> Document:
    price = {"@type": "Price", "percentage": D(50)}
    return {"@type": "PriceAlteration", "priceType": "discount", "name": "half", "priority": 1, "price": price, **more}


def _made(office: Office, id: str, prices: list[Document], **more: Any) -> None:
    document = {"@type": "Product", "id": id, "name": id, "status": "active", "productPrice": prices}
    office.shop.suite.created(PRODUCTS, {**document, "billingAccount": account_ref("ann"), **more})
