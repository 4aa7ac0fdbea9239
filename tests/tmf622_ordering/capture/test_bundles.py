"""TMF622 capture: the parts of a bundle."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tmf622_ordering.capture.orders import around, found, item, offering, order


def part(id: str, least: int | None = None, most: int | None = None) -> dict[str, Any]:
    option = {"numberRelOfferLowerLimit": least, "numberRelOfferUpperLimit": most}
    return {"id": id, "bundledProductOfferingOption": {name: n for name, n in option.items() if n is not None}}


def group(name: str, least: int, most: int, *parts: dict[str, Any], groups: Any = ()) -> dict[str, Any]:
    option = {"numberRelOfferLowerLimit": least, "numberRelOfferUpperLimit": most}
    return {
        "name": name,
        "bundledGroupProductOfferingOption": option,
        "bundledProductOffering": list(parts),
        "bundledGroupProductOffering": list(groups),
    }


ROUTER, TV = part("router", 1, 1), part("tv", 0, 2)
FIBRE = group("fibre", 1, 1, part("f500", 0, 1), part("f1000", 0, 1))
BUNDLE = offering("O", isBundle=True, bundledProductOffering=[ROUTER, TV], bundledGroupProductOffering=[FIBRE])
PARTS = [offering(id) for id in ("router", "tv", "f500", "f1000", "phone")]
CATALOGUE = {"productOffering": [BUNDLE, *PARTS]}


def bundle(*parts: str, quantity: int = 1, **quantities: int) -> dict[str, Any]:
    inside = [item(f"p{n}", sells=id, quantity=quantities.get(id, 1)) for n, id in enumerate(parts)]
    return order(item(quantity=quantity, productOrderItem=inside))


@pytest.mark.parametrize(
    ("parts", "quantities", "codes"),
    [
        (["router", "f500"], {}, []),
        (["router", "f1000", "tv", "tv"], {}, []),
        (["router", "f500", "tv"], {"tv": 2}, []),
        (["router", "f500", "tv"], {"tv": 3}, ["bundle.too-many"]),
        (["f500"], {}, ["bundle.too-few"]),
        (["router", "router", "f500"], {}, ["bundle.too-many"]),
        (["router"], {}, ["bundle.too-few"]),
        (["router", "f500", "f1000"], {}, ["bundle.too-many"]),
        ([], {}, ["bundle.too-few", "bundle.too-few"]),
        (["router", "f500"], {"quantity": 2}, ["bundle.too-few", "bundle.too-few"]),
        (["router", "f500"], {"quantity": 2, "router": 2, "f500": 2}, []),
    ],
)
def test_a_bundle_has_as_many_parts_as_it_takes(parts: list[str], quantities: dict[str, int], codes: list[str]) -> None:
    assert found(bundle(*parts, **quantities), around(**CATALOGUE)) == [("/productOrderItem/0", code) for code in codes]


def test_what_is_no_part_of_the_bundle_is_told_at_the_part() -> None:
    assert found(bundle("router", "f500", "phone"), around(**CATALOGUE)) == [
        ("/productOrderItem/0/productOrderItem/2/productOffering/id", "bundle.not-part")
    ]


@pytest.mark.parametrize("is_backward", [False, True])
def test_parts_may_be_related_instead_of_nested(is_backward: bool) -> None:
    kind, ends = ("bundledBy", ("2", "3")) if is_backward else ("bundles", ("1", "1"))
    items = {"1": item("1"), "2": item("2", sells="router"), "3": item("3", sells="f500")}
    for holder, target in zip(ends, ("1", "1") if is_backward else ("2", "3"), strict=True):
        links = items[holder].setdefault("productOrderItemRelationship", [])
        links.append({"id": target, "relationshipType": kind})

    assert found(order(*items.values()), around(**CATALOGUE)) == []
    assert found(order(items["1"], items["2"]), around(**CATALOGUE)) == [("/productOrderItem/0", "bundle.too-few")]


def test_a_group_counts_what_its_groups_have() -> None:
    inner = group("inner", 0, 2, part("a"), part("b"))
    sold = offering("O", isBundle=True, bundledGroupProductOffering=[group("outer", 2, 3, part("c"), groups=[inner])])
    context = around(productOffering=[sold, *(offering(id) for id in "abcd")])

    assert found(bundle("a", "b", "c"), context) == []
    assert found(bundle("c"), context) == [("/productOrderItem/0", "bundle.too-few")]
    assert found(bundle("a", "a", "b"), context) == [("/productOrderItem/0", "bundle.too-many")]
    assert found(bundle("c", "c", "c", "c"), context) == [("/productOrderItem/0", "bundle.too-many")]


def test_limits_that_are_not_there_limit_nothing() -> None:
    sold = offering("O", isBundle=True, bundledProductOffering=[part("a"), part("b", 0, 0)])
    context = around(productOffering=[sold, offering("a"), offering("b")])

    assert found(bundle("a", "b", a=50, b=50), context) == []
    assert found(bundle(), context) == []


def test_an_offering_that_is_no_bundle_says_nothing_of_items_inside() -> None:
    assert found(bundle("a"), around(productOffering=[offering(), offering("a")])) == []


def changed(*parts: dict[str, Any]) -> dict[str, Any]:
    return order(item(action="modify", product={"id": "W"}, productOrderItem=list(parts)))


def had(*parts: str) -> list[dict[str, Any]]:
    products = [{"id": f"P{id}", "status": "active", "productOffering": {"id": id}} for id in parts]
    relations = [{"id": one["id"], "relationshipType": "bundles"} for one in products]
    return [{"id": "W", "productOffering": {"id": "O"}, "productRelationship": relations}, *products]


def test_a_changed_bundle_is_counted_with_what_it_has() -> None:
    context = around(product=had("router", "f500"), **CATALOGUE)
    kept = [item(f"k{id}", "noChange", None, product={"id": f"P{id}"}) for id in ("router", "f500")]
    ended = item("e", "delete", None, product={"id": "Prouter"})

    assert found(changed(*kept), context) == []
    assert found(changed(*kept, item("n", sells="tv")), context) == []
    assert found(changed(*kept, item("n", sells="router")), context) == [("/productOrderItem/0", "bundle.too-many")]
    assert found(changed(ended, kept[1]), context) == [("/productOrderItem/0", "bundle.too-few")]
    assert found(changed(ended, kept[1], item("n", sells="router")), context) == []


def test_a_changed_bundle_whose_parts_are_not_known_is_not_counted() -> None:
    assert found(changed(item("n", sells="tv")), around(product=had(), **CATALOGUE)) == []
    assert found(changed(item("n", sells="phone")), around(product=had(), **CATALOGUE)) == [
        ("/productOrderItem/0/productOrderItem/0/productOffering/id", "bundle.not-part")
    ]
