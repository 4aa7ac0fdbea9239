"""Which price documents the prices of products mean."""

from typing import Any

from tests.fakes import FakeLibrary
from tmf620_catalog.sold import SoldPrices


class Versions(FakeLibrary):
    """Finds other versions too, as the store does when a condition names one."""

    def __init__(self, *versions: dict[str, Any]) -> None:
        super().__init__({"productOfferingPrice": list(versions)})
        self._versions = versions
        self.asked = 0

    def find(self, resource, where, limit=100):
        self.asked += 1
        return [one for one in self._versions if one["version"] in where.parts[1].values]


def price(id, version):
    return {"id": id, "version": version}


def entry(id, **more):
    return {"productOfferingPrice": {"@type": "ProductOfferingPriceRef", "id": id, **more}}


def test_a_product_keeps_the_version_that_it_was_sold_with():
    library = Versions(price("p1", "1.0"), price("p1", "2.0"), price("p2", "1.0"))

    meant = SoldPrices(lambda name: None).meant(
        [entry("p1", version="1.0"), entry("p1"), entry("p2", version="1.0")], library
    )

    assert meant == [price("p1", "1.0"), price("p1", "2.0"), price("p2", "1.0")]
    assert library.asked == 1


def test_what_is_not_here_means_nothing():
    library = Versions(price("p1", "1.0"))

    meant = SoldPrices(lambda name: None).meant(
        [entry("gone"), entry("p1", version="9"), {"price": {}}, {"productOfferingPrice": {"name": "own"}}], library
    )

    assert meant == [None, None, None, None]


def test_the_latest_version_is_not_looked_for_twice():
    library = Versions(price("p1", "2.0"))

    assert SoldPrices(lambda name: None).meant([entry("p1", version="2.0")], library) == [price("p1", "2.0")]
    assert library.asked == 0
