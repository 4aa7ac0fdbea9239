"""How the terms of prices are read: whole numbers however they are written, and how often something recurs."""

from decimal import Decimal

import pytest

from common.domain.query import Document
from common.rest.actions import acting
from tests.scenarios.billing import PRODUCTS, Office, account_ref
from tests.scenarios.charging import CATALOGUE, product_price
from tests.scenarios.kit import add, costs

PRODUCT = {"@type": "Product", "id": "p", "name": "p", "status": "active", "billingAccount": account_ref("ann")}


def test_a_whole_number_with_a_decimal_point_is_that_number(office: Office) -> None:
    base = office.recurring("base", "90", tax=None, recurringChargePeriodLength=Decimal("3.0"))
    late = office.discount("late", "5 EUR", base, order=Decimal("2.0"))
    half = office.discount("half", "50 %", base, order=Decimal("1.0"), durationPeriods=Decimal("1.0"))
    least = office.commitment("least", "60", tax=None, period={"units": "month", "amount": Decimal("3.0")})
    office.plan("plan", base, late, half, least)
    office.account("ann")
    office.sell("plan", account="ann")

    office.shop.wait_until("2026-07-01T00:00:00Z")

    assert [(bill["billDate"][:10], office.items(bill)) for bill in office.bills("ann")] == [
        # 90 less half of it and 5: 40 of the 60 that are spent at least.
        (
            "2026-04-01",
            ["recurring base 2026-01-01/2026-04-01 40 + 0", "commitment least 2026-01-01/2026-04-01 20 + 0"],
        ),
        ("2026-07-01", ["recurring base 2026-04-01/2026-07-01 85 + 0"]),
    ]


def test_days_of_a_cycle_with_a_decimal_point_are_those_days(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31", tax=None), office.price("v", "voice", "0.10", "1 min"))
    days = {"billingDateShift": Decimal("14.0"), "paymentDueDateOffset": Decimal("10.0")}
    specification = office.cycle("middle", frequency="monthly", mailingDateOffset=Decimal("2.0"), **days)
    office.on_cycle("ann", specification)
    office.sell("plan", account="ann")
    office.use("voice", "2026-01-05T00:00:00Z", "100 min")

    office.shop.wait_until("2026-01-15T00:00:00Z")

    (bill,) = office.bills("ann")
    assert (bill["billDate"][:10], bill["paymentDueDate"][:10]) == ("2026-01-15", "2026-01-25")
    assert office.items(bill) == ["recurring base 2026-01-01/2026-01-15 14 + 0", "usage v 2025-12-15/2026-01-15 10 + 0"]


def test_a_quantity_with_a_decimal_point_is_that_many(office: Office) -> None:
    base = office.recurring("base", "30", tax=20, recurringChargePeriodLength=Decimal("3.0"))
    office.plan("plan", base)
    office.account("ann")
    item = add("item", "plan", quantity=Decimal("2.0"))

    order = office.shop.deliver(item, billingAccount=account_ref("ann"))
    office.shop.wait_until("2026-04-01T00:00:00Z")

    assert costs(order.document) == [("recurring", "", 60, 72)]
    assert [one["recurringChargePeriod"] for one in order.document["orderTotalPrice"]] == ["3 month"]
    assert office.last("ann") == 2 * ["recurring base 2026-01-01/2026-04-01 30 + 6"]


def test_a_stored_price_that_recurs_nobody_knows_how_often_is_reported_until_it_is_mended(office: Office) -> None:
    office.recurring("base", "60", tax=None)
    office.account("ann")
    entry = product_price("base") | {"priceType": "recurring", "price": {"@type": "Price"}}
    office.shop.suite.created(PRODUCTS, {**PRODUCT, "productPrice": [entry]})
    _store(office, "productOfferingPrice", "base", {"recurringChargePeriodType": "trimester"})

    office.shop.wait_until("2026-04-01T06:00:00Z")

    assert office.bills("ann") == []
    assert (office.problem("ann") or "").startswith(
        "price.period: billingAccount 'ann' cannot be billed: base of product p recurs in words that mean no period; "
        "say day, days, daily, week, "
    )
    mended = {"@type": "RecurringPrice", "recurringChargePeriodType": "quarter"}
    office.shop.suite.patch(f"{CATALOGUE}/productOfferingPrice/base", mended)
    office.shop.wait_until("2026-04-02T06:00:00Z")
    assert [office.items(bill) for bill in office.bills("ann")] == [["recurring base 2026-01-01/2026-04-01 60 + 0"]]


@pytest.mark.parametrize("kind", ["recurring", "discount"])
def test_a_price_by_value_is_mended_for_the_days_before_too(office: Office, kind: str) -> None:
    office.account("ann")
    amount = {"@type": "Price", "dutyFreeAmount": {"unit": "EUR", "value": 30}}
    base = {"@type": "ProductPrice", "name": "base", "priceType": "recurring", "price": amount}
    off = {
        "@type": "ProductPrice",
        "name": "less",
        "priceType": "discount",
        "price": {"@type": "Price", "percentage": 50},
    }
    odd, even = (off, base) if kind == "discount" else (base, off)
    listed = [even | {"recurringChargePeriod": "month"}, odd | {"recurringChargePeriod": "month"}]
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr("tmf637_inventory.rules.recurring", lambda word: word)
        odd_prices = [listed[0], listed[1] | {"recurringChargePeriod": "bimonthly"}]
        office.shop.suite.created(PRODUCTS, {**PRODUCT, "productPrice": odd_prices})

    office.shop.wait_until("2026-02-01T06:00:00Z")

    assert office.bills("ann") == []
    assert (office.problem("ann") or "").startswith("price.period: ")
    office.shop.patch_product("p", productPrice=listed)
    office.shop.wait_until("2026-02-02T06:00:00Z")
    assert office.told("ann") == ["B-00000001 2026-02-02 15 + 0 = 15 EUR sent"]


def _store(office: Office, resource: str, id: str, changes: Document) -> None:
    """What was stored before its words were judged."""
    installation = office.shop.suite.installation
    with installation.database.write() as uow:
        acting(installation, uow).change(resource, id, changes)
        uow.commit()
