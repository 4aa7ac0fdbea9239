"""Stories of orders that are amended while they are carried out."""

from __future__ import annotations

from tests.scenarios.kit import Order, Shop, add, offering_ref, with_


def monthly(order: Order) -> list[object]:
    """What the order costs each month, without tax."""
    totals = order.document.get("orderTotalPrice", [])
    return [one["price"]["dutyFreeAmount"]["value"] for one in totals if one["priceType"] == "recurring"]


def test_an_order_for_later_is_amended_and_carried_out_as_amended(shop: Shop) -> None:
    order = shop.order(add("plan", "plan-s"), requestedStartDate="2026-02-01T00:00:00Z")
    shop.run()
    assert monthly(order) == [10]

    order.patch(productOrderItem=order.items(plan={"productOffering": offering_ref("plan-m")}))
    shop.wait_until("2026-02-01T00:00:00Z")

    assert order.stands == ("completed", {"plan": "completed"})
    assert monthly(order) == [18]
    assert order.product("plan")["productOffering"]["id"] == "plan-m"
    assert [name for name, _ in shop.products()] == [order.product("plan")["name"]]


def test_an_item_joins_an_order_under_way_and_relies_on_what_is_there(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision", "item": "plan"}, "delay": "P1D"})
    order = shop.order(add("plan", "plan-s"))
    shop.run()
    assert order.stands == ("inProgress", {"plan": "inProgress"})

    order.patch(productOrderItem=[*order.items(), add("phone", "phone")])
    shop.run()
    assert order.stands == ("inProgress", {"plan": "inProgress", "phone": "completed"})

    shop.wait(days=1)
    assert order.stands == ("completed", {"plan": "completed", "phone": "completed"})
    assert order.statuses == {"plan": "active", "phone": "active"}


def test_what_has_begun_is_not_amended(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision"}, "delay": "P1D"})
    order = shop.order(add("plan", "plan-s"))
    shop.run()

    refused = order.send(productOrderItem=order.items(plan={"productOffering": offering_ref("plan-m")}))
    assert (refused.status, refused.json["code"]) == (409, "resource.conflict")
    refused = order.send(productOrderItem=order.items(plan={"product": with_(speed="50")}))
    assert refused.status == 409

    shop.wait(days=1)
    assert order.product("plan")["productOffering"]["id"] == "plan-s"


def test_an_amendment_that_does_not_fit_is_refused_whole(shop: Shop) -> None:
    order = shop.order(add("plan", "plan-s"), requestedStartDate="2026-02-01T00:00:00Z")
    shop.run()
    before = order.document

    refused = order.send(productOrderItem=[*order.items(), add("ghost", "offering-of-nobody")])

    assert (refused.status, refused.json["code"]) == (400, "body.invalid")
    assert order.document == before
    shop.wait_until("2026-02-01T00:00:00Z")
    assert order.stands == ("completed", {"plan": "completed"})


def test_an_item_that_has_not_begun_is_left_out(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision", "item": "plan"}, "delay": "P1D"})
    order = shop.order(add("plan", "plan-s"), add("more", "data", relies_on="plan"))
    shop.run()
    assert order.stands == ("inProgress", {"plan": "inProgress", "more": "acknowledged"})

    order.patch(productOrderItem=order.items()[:1])
    shop.wait(days=1)

    assert order.stands == ("completed", {"plan": "completed"})
    assert order.statuses == {"plan": "active"}
