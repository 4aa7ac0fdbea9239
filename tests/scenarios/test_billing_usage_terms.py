"""Bills of usage that is lowered and taxed as it was agreed: discounts that orders sold, agreements that change."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from common.domain.query import Document
from tests.scenarios.billing import PRODUCTS, Office, account_ref
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


def _entry(price: str, *alterations: Document, version: str = "1.0") -> Document:
    named = {"@type": "ProductOfferingPriceRef", "id": price, "version": version}
    entry = {"@type": "ProductPrice", "name": price, "priceType": "usage", "productOfferingPrice": named}
    return {**entry, "price": {"@type": "Price"}, **({"priceAlteration": list(alterations)} if alterations else {})}


def _five_off() -> Document:
    price = {"@type": "Price", "dutyFreeAmount": {"unit": "EUR", "value": D(5)}}
    return {"@type": "PriceAlteration", "priceType": "discount", "name": "five", "priority": 1, "price": price}


def _made(office: Office, id: str, prices: list[Document], **more: Any) -> None:
    document = {"@type": "Product", "id": id, "name": id, "status": "active", "productPrice": prices}
    office.shop.suite.created(PRODUCTS, {**document, "billingAccount": account_ref("ann"), **more})
