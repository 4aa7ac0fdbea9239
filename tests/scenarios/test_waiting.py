"""Stories of orders that wait: for their date, for their customer, for people."""

from __future__ import annotations

from typing import Any

from tests.scenarios.kit import PRODUCTS, Shop, add, change, dates

_OFFERING = "/tmf-api/productCatalogManagement/v5/productOffering"


def test_an_order_for_later_begins_on_its_date(shop: Shop) -> None:
    order = shop.order(add("plan", "plan-s"), requestedStartDate="2026-02-01T00:00:00+01:00")
    shop.told()
    shop.wait_until("2026-01-31T22:59:59Z")
    assert (order.stands, shop.products(), shop.told()) == (("acknowledged", {"plan": "acknowledged"}), [], [])

    shop.wait(seconds=1)

    assert order.stands == ("completed", {"plan": "completed"})
    assert dates(order.product("plan")) == ("2026-01-31T23:00:00.000Z", None)


def test_the_date_of_an_order_for_later_is_changed(shop: Shop) -> None:
    order = shop.order(add("plan", "plan-s"), requestedStartDate="2026-03-01T00:00:00Z")
    shop.run()
    order.patch(requestedStartDate="2026-02-01T00:00:00Z")
    shop.wait_until("2026-02-01T00:00:00Z")
    assert order.stands == ("completed", {"plan": "completed"})

    later = shop.order(add("plan", "plan-s"), requestedStartDate="2026-03-01T00:00:00Z")
    shop.run()
    later.patch(requestedStartDate="2026-04-01T00:00:00Z")
    shop.wait_until("2026-03-31T23:59:59Z")
    assert later.stands == ("acknowledged", {"plan": "acknowledged"})
    shop.wait(seconds=1)
    assert later.stands == ("completed", {"plan": "completed"})


def test_an_order_is_held_and_resumed(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision"}, "delay": "P1D"})
    order = shop.order(add("plan", "plan-s"), add("phone", "phone"))
    shop.run()
    assert order.stands == ("inProgress", {"plan": "inProgress", "phone": "completed"})
    shop.told()

    order.patch(state="held")
    assert order.stands == ("held", {"plan": "held", "phone": "completed"})
    assert shop.told() == [
        "order changed: productOrderItem",
        "order: held",
    ]
    # What was asked for goes on at the other side; nothing new begins.
    shop.wait(days=7)
    assert order.stands == ("held", {"plan": "held", "phone": "completed"})
    assert (order.statuses, shop.told()) == ({"plan": "pendingActive", "phone": "active"}, [])

    order.patch(state="inProgress")
    shop.run()
    assert order.stands == ("completed", {"plan": "completed", "phone": "completed"})
    assert dates(order.product("plan")) == (shop.after(days=7), None)
    assert shop.told() == [
        "order changed: productOrderItem",
        "order: inProgress",
        "Plan S changed: realizingService, startDate",
        "Plan S: active",
        "order changed: completionDate, productOrderItem, productOrderMilestone",
        "order: completed",
        "order milestone: activated",
    ]


def test_one_item_is_held_and_the_others_go_on(shop: Shop) -> None:
    shop.script({"when": {"kind": ["provision", "ship"]}, "delay": "P1D"})
    order = shop.order(add("plan", "plan-s"), add("phone", "phone"))
    shop.run()
    order.patch(productOrderItem=order.items(plan={"state": "held"}))
    assert order.stands == ("inProgress", {"plan": "held", "phone": "inProgress"})

    shop.wait(days=2)
    assert order.stands == ("held", {"plan": "held", "phone": "completed"})
    assert order.statuses == {"plan": "pendingActive", "phone": "active"}

    order.patch(productOrderItem=order.items(plan={"state": "inProgress"}))
    shop.run()
    assert order.stands == ("completed", {"plan": "completed", "phone": "completed"})


def test_an_order_that_nobody_has_begun_with_waits_as_pending(shop: Shop) -> None:
    order = shop.order(add("plan", "plan-s"))
    order.patch(state="pending")
    shop.wait(days=2)
    assert (order.stands, shop.products()) == (("pending", {"plan": "pending"}), [])

    order.patch(state="inProgress")
    shop.run()
    assert order.stands == ("completed", {"plan": "completed"})
    assert dates(order.product("plan")) == (shop.after(days=2), None)


def test_a_client_says_in_progress_and_the_order_is_carried_out(shop: Shop) -> None:
    order = shop.order(add("plan", "plan-s"))
    order.patch(state="inProgress")
    assert order.stands == ("inProgress", {"plan": "inProgress"})
    shop.run()
    assert (order.stands, order.statuses) == (("completed", {"plan": "completed"}), {"plan": "active"})


def test_people_finish_an_item_that_nobody_answers_for(shop: Shop) -> None:
    shop.script({"when": {"kind": "ship"}, "outcome": "never"})
    order = shop.order(add("phone", "phone"), add("data", "data"))
    shop.run()
    assert order.stands == ("inProgress", {"phone": "inProgress", "data": "completed"})
    shop.wait(days=1)
    shop.told()

    order.patch(productOrderItem=order.items(phone={"state": "completed"}))
    assert order.stands == ("completed", {"phone": "completed", "data": "completed"})
    shop.run()

    assert order.statuses == {"phone": "active", "data": "active"}
    assert dates(order.product("phone")) == (shop.after(days=1), None)
    assert shop.told() == [
        "order changed: completionDate, productOrderItem",
        "order: completed",
        "Phone changed: startDate",
        "Phone: active",
    ]


def test_people_give_up_an_item_that_another_one_relies_on(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision", "item": "plan"}, "outcome": "never"})
    order = shop.order(add("plan", "plan-s"), add("data", "data", relies_on="plan"))
    shop.run()
    assert order.stands == ("inProgress", {"plan": "inProgress", "data": "acknowledged"})

    order.patch(productOrderItem=order.items(plan={"state": "failed"}))
    shop.run()

    assert order.stands == ("failed", {"plan": "failed", "data": "failed"})
    assert order.statuses == {"plan": "aborted"}


def test_an_offering_retired_while_its_order_is_open_is_still_delivered(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision"}, "delay": "P1D"})
    open_ = shop.order(add("plan", "plan-s"))
    waiting = shop.order(add("plan", "plan-s"), requestedStartDate="2026-02-01T00:00:00Z", name="waiting")
    shop.run()
    assert shop.suite.patch(f"{_OFFERING}/plan-s", {"lifecycleStatus": "Retired"}).status == 200

    late = shop.order(add("plan", "plan-s"), name="late")
    assert (late.state, [code for code, _ in late.errors]) == ("rejected", ["offering.not-on-sale"])
    shop.wait_until("2026-02-02T00:00:00Z")

    assert (open_.state, waiting.state) == ("completed", "completed")
    assert open_.product("plan")["productPrice"] == waiting.product("plan")["productPrice"]
    assert shop.products() == [("Plan S", "active"), ("Plan S", "active")]


def test_an_order_with_broken_relationships_is_refused_and_nothing_is_kept(shop: Shop) -> None:
    circle = [add("a", "data", relies_on="b"), add("b", "data", relies_on="a")]
    nowhere = [add("a", "data", relies_on="gone")]
    for items, rule in ((circle, "cycle"), (nowhere, "reference")):
        answer = shop.suite.post("/tmf-api/productOrderingManagement/v5/productOrder", body_of(items))
        assert (answer.status, [one["rule"] for one in answer.json["errors"]]) == (400, [rule])
    assert (shop.told(), shop.products()) == ([], [])


def test_a_relationship_that_the_catalogue_requires_is_missing(shop: Shop) -> None:
    needed = {"@type": "ProductOfferingRelationship", "id": "plan-l", "relationshipType": "requires", "name": "Plan L"}
    needed["@referredType"] = "ProductOffering"
    assert shop.suite.patch(f"{_OFFERING}/data", {"productOfferingRelationship": [needed]}).status == 200

    alone = shop.order(add("data", "data"), name="alone")
    assert (alone.state, [code for code, _ in alone.errors]) == ("rejected", ["relation.required"])
    both = shop.deliver(add("plan", "plan-l"), add("data", "data", relies_on="plan"))
    assert both.stands == ("completed", {"plan": "completed", "data": "completed"})
    without = shop.order(change("plan", "delete", both.product_id("plan")), name="without")
    shop.run()
    assert (without.state, [code for code, _ in without.errors]) == ("rejected", ["relation.needed"])
    assert both.statuses == {"plan": "active", "data": "active"}


def test_an_order_that_is_open_is_not_deleted_and_a_finished_one_leaves_its_products(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision"}, "delay": "P1D"})
    order = shop.order(add("plan", "plan-s"))
    assert order.delete().status == 409
    shop.run()
    assert order.delete().status == 409
    order.patch(state="held")
    assert order.delete().status == 409
    order.patch(state="inProgress")
    shop.wait(days=1)
    id = order.product_id("plan")
    shop.told()

    assert order.delete().status == 204
    shop.wait(days=1)

    assert (shop.product(id)["status"], shop.suite.get(f"{PRODUCTS}/{id}").status) == ("active", 200)
    assert shop.told() == [
        "order ProductOrderDeleteEvent",
    ]


def body_of(items: list[Any]) -> dict[str, Any]:
    return {"@type": "ProductOrder", "productOrderItem": items}
