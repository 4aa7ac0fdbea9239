"""The characteristics of the products that orders make and change."""

from __future__ import annotations

from typing import Any

from tmf622_ordering.facts import Facts
from tmf622_ordering.items import Item
from tmf622_ordering.products import changed, new_product

ORDER = {"id": "o", "creationDate": "2026-01-01T00:00:00.000Z"}


def listed(default: Any) -> list[dict[str, Any]]:
    return [{"value": 1}, {"value": default, "isDefault": True}]


def offering(id: str, default: Any = None) -> dict[str, Any]:
    use = {"name": "data", "productSpecCharacteristicValue": listed(default)}
    return {"id": id, "productSpecification": {"id": "s"}, **({"prodSpecCharValueUse": [use]} if default else {})}


SPECIFICATION = {
    "id": "s",
    "productSpecCharacteristic": [{"name": "data", "characteristicValueSpecification": listed(5)}],
}


def item(offering_id: str, action: str = "add", **product: Any) -> Item:
    document = {"id": "1", "action": action, "productOffering": {"id": offering_id}, "product": product}
    return Item("/productOrderItem/0", document)


def facts(**products: Any) -> Facts:
    offerings = {"plain": offering("plain"), "m": offering("m", 25), "l": offering("l", 60)}
    return Facts(offerings, {"s": SPECIFICATION}, products)


def values(product: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one["value"] for one in product["productCharacteristic"]}


def test_what_an_order_leaves_out_takes_the_default_of_the_offering() -> None:
    assert values(new_product("p", item("m"), ORDER, facts(), None)) == {"data": 25}
    assert values(new_product("p", item("plain"), ORDER, facts(), None)) == {"data": 5}


def test_what_an_order_gives_stands() -> None:
    given = [{"name": "data", "value": 1}]
    assert values(new_product("p", item("m", productCharacteristic=given), ORDER, facts(), None)) == {"data": 1}


def test_a_default_becomes_that_of_the_new_offering_and_a_choice_stays() -> None:
    def migrated(value: int) -> dict[str, Any]:
        product = {
            "id": "p",
            "productOffering": {"id": "m"},
            "productSpecification": {"id": "s"},
            "productCharacteristic": [{"name": "data", "value": value}],
        }
        return changed(product, item("l", "modify", id="p"), ORDER, facts(p=product))

    assert values(migrated(25)) == {"data": 60}
    assert values(migrated(1)) == {"data": 1}
