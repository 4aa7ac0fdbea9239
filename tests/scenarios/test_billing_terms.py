"""How the terms of prices are read: whole numbers however they are written, and how often something recurs."""

from decimal import Decimal

from tests.scenarios.billing import Office, account_ref
from tests.scenarios.kit import add, costs


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
