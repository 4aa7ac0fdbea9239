"""Bills of products that go from one account to another: each thing is charged once, to who had the product then."""

from typing import Any

import pytest

from common.domain.query import Document
from tests.scenarios.billing import PRODUCTS, Office, account_ref


@pytest.fixture
def moving(office: Office) -> Office:
    for account in ("ann", "ben"):
        office.account(account)
    return office


def _move(office: Office, product: str, account: str) -> None:
    office.shop.patch_product(product, billingAccount=account_ref(account))


def _agreed(name: str, kind: str, value: int | None, unit: str = "EUR", **more: Any) -> Document:
    """What a product was sold at, by a price of the catalogue where there is one."""
    price = {"@type": "Price"} | ({} if value is None else {"dutyFreeAmount": {"unit": unit, "value": value}})
    reference = {"@type": "ProductOfferingPriceRef", "id": name, "version": "1.0"}
    return {"@type": "ProductPrice", "name": name, "priceType": kind, "price": price, **more} | {
        "productOfferingPrice": reference
    }


def _monthly(name: str, value: int, unit: str = "EUR") -> Document:
    return _agreed(name, "recurring", value, unit, recurringChargePeriod="month")


def _once(office: Office, name: str, value: int, on: str) -> Document:
    return _agreed(office.one_time(name, str(value), tax=None, chargedOn=on), "oneTime", value)


def _pending(office: Office, *prices: Document) -> str:
    """A product that was ordered for ann and is not active yet."""
    body = {"@type": "Product", "id": "line", "name": "line", "status": "pendingActive", "productPrice": list(prices)}
    return str(office.shop.suite.created(PRODUCTS, body | {"billingAccount": account_ref("ann")})["id"])


def test_what_is_moved_and_activated_on_one_day_pays_the_order_and_the_set_up_once(moving: Office) -> None:
    product = _pending(moving, _once(moving, "order", 5, "order"), _once(moving, "setup", 7, "activation"))
    moving.shop.wait(hours=1)
    _move(moving, product, "ben")
    moving.shop.wait(hours=1)
    moving.shop.patch_product(product, status="active")

    moving.shop.wait_until("2026-02-01T00:00:00Z")

    assert moving.last("ann") == ["oneTime order 2026-01-01/2026-01-02 5 + 0"]
    assert moving.last("ben") == ["oneTime setup 2026-01-01/2026-01-02 7 + 0"]


def test_what_was_ordered_for_another_account_is_not_ordered_again(moving: Office) -> None:
    product = _pending(moving, _once(moving, "order", 5, "order"), _once(moving, "setup", 7, "activation"))
    moving.shop.wait_until("2026-01-05T12:00:00Z")
    _move(moving, product, "ben")
    moving.shop.wait_until("2026-01-10T12:00:00Z")
    moving.shop.patch_product(product, status="active")

    moving.shop.wait_until("2026-02-01T00:00:00Z")

    assert moving.last("ann") == ["oneTime order 2026-01-01/2026-01-02 5 + 0"]
    assert moving.last("ben") == ["oneTime setup 2026-01-10/2026-01-11 7 + 0"]


def test_what_had_no_account_is_set_up_for_the_first_that_it_gets(moving: Office) -> None:
    setup = _once(moving, "setup", 7, "activation")
    product = moving.product("line", productPrice=[setup])
    moving.shop.wait_until("2026-01-05T12:00:00Z")
    _move(moving, product, "ann")

    moving.shop.wait_until("2026-02-01T00:00:00Z")

    assert moving.last("ann") == ["oneTime setup 2026-01-05/2026-01-06 7 + 0"]


def test_the_fee_for_leaving_is_paid_by_who_has_the_product_when_it_ends(moving: Office) -> None:
    leaving = moving.one_time("leaving", "50", tax=None, chargedOn="termination")
    moving.plan("plan", moving.recurring("base", "31", tax=None), leaving)
    product = moving.sell("plan", account="ann")
    moving.shop.wait_until("2026-01-11T12:00:00Z")
    _move(moving, product, "ben")
    moving.shop.wait_until("2026-03-11T12:00:00Z")
    moving.end(product, "ben")

    moving.shop.wait_until("2026-04-01T00:00:00Z")

    assert [moving.items(bill) for bill in moving.bills("ann")] == [["recurring base 2026-01-01/2026-01-11 10 + 0"]]
    assert moving.last("ben") == [
        "recurring base 2026-03-01/2026-03-11 10 + 0",
        "oneTime leaving 2026-03-11/2026-03-12 50 + 0",
    ]


def test_a_product_that_comes_back_is_not_set_up_again(moving: Office) -> None:
    product = _pending(moving, _once(moving, "setup", 7, "activation"), _once(moving, "leaving", 50, "termination"))
    moving.shop.patch_product(product, status="active")
    moving.shop.wait_until("2026-01-11T12:00:00Z")
    _move(moving, product, "ben")
    moving.shop.wait_until("2026-01-21T12:00:00Z")
    _move(moving, product, "ann")
    moving.shop.wait_until("2026-02-11T12:00:00Z")
    moving.shop.patch_product(product, status="terminated")

    moving.shop.wait_until("2026-03-01T00:00:00Z")

    assert [moving.items(bill) for bill in moving.bills("ann")] == [
        ["oneTime setup 2026-01-01/2026-01-02 7 + 0"],
        ["oneTime leaving 2026-02-11/2026-02-12 50 + 0"],
    ]
    assert moving.bills("ben") == []


def test_what_each_account_orders_again_it_pays_and_a_move_charges_nothing_again(moving: Office) -> None:
    moving.plan("small", moving.recurring("s", "31", tax=None), moving.one_time("setup", "7", tax=None))
    moving.plan("large", moving.recurring("l", "62", tax=None))
    product = moving.sell("small", account="ann")
    steps = [("large", "ann"), ("ben",), ("small", "ben"), ("ann",), ("ben",), ("large", "ben"), ("ann",)]
    for day, step in enumerate([*steps, ("small", "ann"), ("ben",)], 5):
        moving.shop.wait_until(f"2026-01-{day:02}T12:00:00Z")
        if len(step) == 1:
            _move(moving, product, step[0])
        else:
            moving.move_to(step[0], product, step[1])

    moving.shop.wait_until("2026-02-01T00:00:00Z")

    assert [one for one in moving.last("ann") if one.startswith("oneTime")] == [
        "oneTime setup 2026-01-01/2026-01-02 7 + 0",
        "oneTime setup 2026-01-12/2026-01-13 7 + 0",
    ]
    assert [one for one in moving.last("ben") if one.startswith("oneTime")] == [
        "oneTime setup 2026-01-07/2026-01-08 7 + 0"
    ]


def test_what_the_new_account_is_charged_in_its_currency_is_nothing_to_the_one_before(moving: Office) -> None:
    product = moving.product("line", productPrice=[_monthly("base", 31)], billingAccount=account_ref("ann"))
    moving.shop.wait_until("2026-02-01T00:00:00Z")
    half = {"@type": "ProductPrice", "name": "half", "priceType": "discount"}
    half["price"] = {"@type": "Price", "dutyFreeAmount": {"unit": "USD", "value": 31}}
    dollars = [_monthly("dollars", 62, "USD"), half]
    moving.shop.patch_product(product, billingAccount=account_ref("ben"), productPrice=dollars)

    moving.shop.wait_until("2026-03-01T00:00:00Z")

    assert moving.told("ann") == ["B-00000001 2026-02-01 31 + 0 = 31 EUR sent"]
    assert moving.told("ben") == ["B-00000002 2026-03-01 31 + 0 = 31 USD sent"]


def test_a_discount_for_two_months_is_one_for_two_months_whoever_pays(moving: Office) -> None:
    half = moving.discount("half", "50 %", "base", durationPeriods=2)
    moving.plan("plan", moving.recurring("base", "100", tax=None), half)
    product = moving.sell("plan", account="ann")
    moving.shop.wait_until("2026-02-15T12:00:00Z")
    _move(moving, product, "ben")

    moving.shop.wait_until("2026-04-01T00:00:00Z")

    assert [moving.items(bill) for bill in moving.bills("ann")] == [
        ["recurring base 2026-01-01/2026-02-01 50 + 0"],
        ["recurring base 2026-02-01/2026-02-15 25 + 0"],
    ]
    assert [moving.items(bill) for bill in moving.bills("ben")] == [
        ["recurring base 2026-02-15/2026-03-01 25 + 0"],
        ["recurring base 2026-03-01/2026-04-01 100 + 0"],
    ]


def test_a_discount_of_usage_for_a_month_ends_with_it_whoever_pays(moving: Office) -> None:
    alteration = {"@type": "PriceAlteration", "name": "half", "priceType": "discount", "applicationDuration": 1}
    alteration["price"] = {"@type": "Price", "percentage": 50}
    moving.price("calls", "voice", "1", "1 min")
    entry = _agreed("calls", "usage", None, priceAlteration=[alteration])
    product = moving.product("line", productPrice=[entry], billingAccount=account_ref("ann"))
    moving.use("voice", "2026-01-05T00:00:00Z", "10 min", product)
    moving.shop.wait_until("2026-02-01T12:00:00Z")
    _move(moving, product, "ben")
    moving.use("voice", "2026-02-05T00:00:00Z", "10 min", product)

    moving.shop.wait_until("2026-03-01T00:00:00Z")

    assert moving.last("ann") == ["usage calls 2026-01-01/2026-02-01 5 + 0"]
    assert moving.last("ben") == ["usage calls 2026-02-01/2026-03-01 10 + 0"]
