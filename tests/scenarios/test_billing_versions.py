"""Bills of products whose prices have later versions in the catalogue."""

from decimal import Decimal

import pytest

from common.domain.query import Document
from tests.scenarios.billing import PRODUCTS, Office, account_ref
from tests.scenarios.charging import CATALOGUE
from tests.scenarios.kit import PRODUCTS_V4, found


def test_products_keep_the_price_that_they_were_sold_at(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"))
    for account in ("ann", "ben"):
        office.account(account)
    office.sell("plan", "+491701", "ann")
    _dearer(office, "base", "62")
    office.sell("plan", "+491702", "ben")

    office.shop.wait_until("2026-03-01T00:00:00Z")

    assert [office.items(bill)[0].split()[-3] for bill in office.bills("ann")] == ["31", "31"]
    assert [office.items(bill)[0].split()[-3] for bill in office.bills("ben")] == ["62", "62"]


@pytest.mark.parametrize("major", [5, 4])
def test_a_product_whose_client_named_no_version_keeps_the_one_of_its_day(office: Office, major: int) -> None:
    """v4 has no versions of prices in products at all. Usage and alterations are of that day, too."""
    base, half = office.recurring("base", "31"), office.discount("half", "50 %", "base")
    usage = office.price("v", "voice", "0.10", "1 min")
    office.account("ann")
    alteration = "productPriceAlteration" if major == 4 else "priceAlteration"
    halved = {alteration: [{**_of_catalogue(half), "@type": "PriceAlteration", "priceType": "discount"}]}
    prices = [_of_catalogue(base) | {"priceType": "recurring"} | halved, _of_catalogue(usage) | {"priceType": "usage"}]
    # As an operator that comes from another system brings its products.
    sent = {"@type": "Product", "status": "active", "billingAccount": account_ref("ann"), "productPrice": prices}
    address = PRODUCTS_V4 if major == 4 else PRODUCTS
    product = office.shop.suite.created(address, sent)["id"]
    office.use("voice", "2026-01-20T10:00:00Z", "10 min", product)
    office.shop.wait_until("2026-02-01T00:00:00Z")
    _dearer(office, base, "62")
    _dearer(office, usage, "0.20")
    again = {"@type": "Product", "productPrice": [one | {"name": "told again"} for one in prices]}
    found(office.shop.suite.patch(f"{address}/{product}", again))
    office.use("voice", "2026-02-20T10:00:00Z", "10 min", product)

    office.shop.wait_until("2026-03-01T00:00:00Z")

    assert [office.items(bill)[0].split()[-3] for bill in office.bills("ann")] == ["15.5", "15.5"]
    assert [office.items(bill)[1].split()[-3] for bill in office.bills("ann")] == ["1", "1"]
    kept = office.shop.product(product)["productPrice"]
    assert [one["productOfferingPrice"]["version"] for one in kept] == ["1.0", "1.0"]


def _of_catalogue(price: str) -> Document:
    """A price of a product as the catalogue has it, in no version."""
    reference = {"@type": "ProductOfferingPriceRef", "id": price, "@referredType": "ProductOfferingPrice"}
    return {"@type": "ProductPrice", "price": {"@type": "Price"}, "productOfferingPrice": reference}


def _dearer(office: Office, price: str, value: str) -> None:
    """A new version of a price, which is what is sold from now on."""
    kept = office.shop.suite.get(f"{CATALOGUE}/productOfferingPrice/{price}").json
    new = {name: one for name, one in kept.items() if name not in ("href", "lastUpdate")}
    new |= {"version": "2.0", "price": {"unit": "EUR", "value": Decimal(value)}}
    office.shop.suite.created(f"{CATALOGUE}/productOfferingPrice", new)
