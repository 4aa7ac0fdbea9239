"""Stories of what customers order first."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from common.serving import delivery_worker
from tests.common.events.listeners import Listener, listening
from tests.scenarios.kit import ORDERS, ORDERS_V4, PRODUCTS_V4, Order, Shop, add, characteristics, costs, dates, with_


def test_a_plan_with_a_telephone_and_an_add_on(shop: Shop) -> None:
    order = shop.order(
        add("plan", "plan-m", product=with_(msisdn="+491701234567")),
        add("phone", "phone", product=with_(color="black")),
        add("data", "data", relies_on="plan"),
    )
    assert order.stands == (
        "acknowledged",
        {"plan": "acknowledged", "phone": "acknowledged", "data": "acknowledged"},
    )
    assert (shop.told(), shop.products()) == (["order created: acknowledged"], [])

    shop.run()

    assert order.stands == ("completed", {"plan": "completed", "phone": "completed", "data": "completed"})
    assert order.statuses == {"plan": "active", "phone": "active", "data": "active"}
    assert shop.told() == [
        "Plan M created: pendingActive",
        "Phone created: pendingActive",
        "order changed: productOrderItem",
        "order: inProgress",
        "order changed: productOrderMilestone",
        "order milestone: shipped",
        "Plan M changed: realizingService, startDate",
        "Plan M: active",
        "Phone changed: realizingService, startDate",
        "Phone: active",
        "order changed: productOrderItem, productOrderMilestone",
        "order milestone: activated",
        "Data created: pendingActive",
        "order changed: productOrderItem",
        "Data changed: realizingService, startDate",
        "Data: active",
        "order changed: completionDate, productOrderItem, productOrderMilestone",
        "order: completed",
        "order milestone: activated",
    ]
    assert order.milestones == [
        ("shipped", "plan", shop.after()),
        ("shipped", "phone", shop.after()),
        ("activated", "plan", shop.after()),
        ("activated", "phone", shop.after()),
        ("activated", "data", shop.after()),
    ]
    assert characteristics(order.product("plan")) == {"msisdn": "+491701234567", "speed": "100"}
    assert characteristics(order.product("phone")) == {"color": "black"}
    assert characteristics(order.product("data")) == {"volume": "5 GB"}


def test_what_a_plan_costs_is_agreed_in_the_order_and_kept_on_the_product(shop: Shop) -> None:
    order = shop.order(add("plan", "plan-m"), add("phone", "phone", quantity=2))
    shop.run()

    plan, phone = order.document["productOrderItem"]
    assert costs(plan) == [
        ("oneTime", "activation", Decimal("8.00"), Decimal("9.60")),
        ("recurring", "m", Decimal("20.00"), Decimal("24.00")),
        ("usage", "megabyte", Decimal("0.01"), Decimal("0.012")),
    ]
    assert [one["price"]["dutyFreeAmount"] for one in plan["itemPrice"][1]["priceAlteration"]] == [
        {"unit": "EUR", "value": Decimal("2.00")}
    ]
    assert costs({"itemPrice": plan["itemTotalPrice"]}) == [
        ("oneTime", "", Decimal("8.00"), Decimal("9.60")),
        ("recurring", "", Decimal("18.00"), Decimal("21.60")),
    ]
    assert costs({"itemPrice": phone["itemTotalPrice"]}) == [("oneTime", "", Decimal("600.00"), Decimal("720.00"))]
    assert costs({"orderTotalPrice": order.document["orderTotalPrice"]}) == [
        ("oneTime", "", Decimal("608.00"), Decimal("729.60")),
        ("recurring", "", Decimal("18.00"), Decimal("21.60")),
    ]
    assert costs(order.product("plan")) == costs(plan)


def test_a_bundle_with_one_of_a_group(shop: Shop) -> None:
    order = shop.order(add("home", "home", add("line", "plan-m"), add("tv", "tv")))
    shop.run()

    assert order.stands == ("completed", {"home": "completed", "line": "completed", "tv": "completed"})
    assert order.statuses == {"home": "active", "line": "active", "tv": "active"}
    home, line, tv = (order.product_id(item) for item in ("home", "line", "tv"))
    assert related(order, "home") == [("bundles", line), ("bundles", tv)]
    assert (related(order, "line"), related(order, "tv")) == ([("bundledBy", home)], [("bundledBy", home)])
    assert [costs(order.product(item)) for item in ("home", "tv")] == [
        [("oneTime", "home", Decimal("50.00"), Decimal("60.00"))],
        [("recurring", "tv", Decimal("12.00"), Decimal("14.40"))],
    ]
    # The bundle is there when its parts are.
    assert [name for name, item, _ in order.milestones if (name, item) != ("shipped", "line")] == ["activated"] * 3
    assert [item for name, item, _ in order.milestones if name == "activated"] == ["tv", "line", "home"]
    assert shop.told() == [
        "order created: acknowledged",
        "Home created: pendingActive",
        "Plan M created: pendingActive",
        "TV created: pendingActive",
        "Home changed: productRelationship",
        "order changed: productOrderItem",
        "order: inProgress",
        "order changed: productOrderMilestone",
        "order milestone: activated",
        "order changed: productOrderMilestone",
        "order milestone: activated",
        "Home changed: realizingService, startDate",
        "Home: active",
        "Plan M changed: realizingService, startDate",
        "Plan M: active",
        "TV changed: realizingService, startDate",
        "TV: active",
        "order changed: completionDate, productOrderItem, productOrderMilestone",
        "order: completed",
        "order milestone: activated",
    ]


def test_a_bundle_with_both_of_a_group_that_takes_one_is_rejected_and_nothing_is_made(shop: Shop) -> None:
    order = shop.order(add("home", "home", add("line", "plan-m"), add("tv", "tv"), add("music", "music")))
    shop.run()

    assert order.stands == (
        "rejected",
        {"home": "rejected", "line": "rejected", "tv": "rejected", "music": "rejected"},
    )
    assert order.errors == [
        ("bundle.too-many", "/productOrderItem/0: the bundle takes at most 1 of group 'one of'; 2 ordered"),
    ]
    assert (shop.products(), shop.told()) == ([], ["order created: rejected", "order error: bundle.too-many"])


def test_a_quantity_of_three_is_three_products(shop: Shop) -> None:
    order = shop.order(add("plans", "plan-s", quantity=3))
    shop.run()

    assert order.stands == ("completed", {"plans": "completed"})
    assert shop.products() == [("Plan S", "active"), ("Plan S", "active"), ("Plan S", "active")]
    assert shop.told() == [
        "order created: acknowledged",
        "Plan S created: pendingActive",
        "Plan S created: pendingActive",
        "Plan S created: pendingActive",
        "order changed: productOrderItem",
        "order: inProgress",
        "order changed: productOrderMilestone",
        "order milestone: shipped",
        "Plan S changed: realizingService, startDate",
        "Plan S: active",
        "Plan S changed: realizingService, startDate",
        "Plan S: active",
        "Plan S changed: realizingService, startDate",
        "Plan S: active",
        "order changed: completionDate, productOrderItem, productOrderMilestone",
        "order: completed",
        "order milestone: activated",
    ]


def test_a_v4_client_orders_and_a_v5_client_sees_the_same(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision"}, "requires": ["iccid"]}, {"when": {"kind": "activate"}, "delay": "P1D"})
    made = shop.suite.created(
        ORDERS_V4,
        {
            "billingAccount": {"id": "acc-anna"},
            "relatedParty": [{"id": "cust-anna", "@referredType": "Customer", "role": "customer"}],
            "productOrderItem": [
                {
                    "id": "plan",
                    "action": "add",
                    "quantity": 1,
                    "productOffering": {"id": "plan-m"},
                    "product": {"productCharacteristic": [{"name": "msisdn", "value": "+491701234567"}]},
                }
            ],
        },
    )
    order = Order(shop, made["id"])
    shop.run()
    assert order.stands == ("pending", {"plan": "pending"})
    assert order.in_v4["state"] == "pending"

    [item] = order.in_v4["productOrderItem"]
    item["product"]["productCharacteristic"].append({"name": "iccid", "value": "8949"})
    answer = shop.suite.patch(f"{ORDERS_V4}/{order.id}", {"productOrderItem": [item]})
    assert (answer.status, answer.json["state"]) == (200, "pending")
    shop.run()
    assert (order.stands, order.in_v4["state"]) == (("inProgress", {"plan": "inProgress"}), "inProgress")
    shop.wait(days=1)

    assert (order.stands, order.in_v4["state"]) == (("completed", {"plan": "completed"}), "completed")
    product = shop.suite.get(f"{PRODUCTS_V4}/{order.product_id('plan')}").json
    assert (product["status"], product["startDate"]) == ("active", shop.after(days=1))
    assert [(one["name"], one["value"]) for one in product["productCharacteristic"]] == [
        ("msisdn", "+491701234567"),
        ("speed", "100"),
        ("iccid", "8949"),
    ]
    assert dates(order.product("plan")) == (shop.after(days=1), None)


def test_listeners_of_both_majors_hear_of_an_order_as_it_happened(shop: Shop) -> None:
    with listening() as v5, listening() as v4:
        for listener, orders in ((v5, ORDERS), (v4, ORDERS_V4)):
            shop.suite.created(f"{orders.rpartition('/')[0]}/hub", {"callback": listener.url})
        shop.order(add("data", "data"))
        shop.run()
        deliver(shop)
        changed, moved = "ProductOrderAttributeValueChangeEvent", "ProductOrderStateChangeEvent"
        # v5 events of attributes have what changed, v4 ones the whole order; v4 has no milestones.
        assert told(v5) == [
            ("ProductOrderCreateEvent", "acknowledged"),
            (changed, None),
            (moved, "inProgress"),
            (changed, None),
            (moved, "completed"),
            ("ProductOrderMilestoneEvent", None),
        ]
        [milestone] = v5.bodies[-1]["event"]["productOrder"]["productOrderMilestone"]
        assert milestone["name"] == "activated"
        assert told(v4) == [
            ("ProductOrderCreateEvent", "acknowledged"),
            (changed, "inProgress"),
            (moved, "inProgress"),
            (changed, "completed"),
            (moved, "completed"),
        ]


def test_rejected_drafted_and_deleted_orders_make_nothing(shop: Shop) -> None:
    draft = shop.order(add("plan", "plan-s"), requestedInitialState="draft", name="draft")
    shop.wait(days=30)
    assert (draft.state, shop.products()) == ("draft", [])
    assert draft.delete().status == 204
    other = shop.order(add("plan", "plan-s"), requestedInitialState="draft", name="other")
    other.patch(state="acknowledged")
    shop.run()

    assert other.stands == ("completed", {"plan": "completed"})
    assert dates(other.product("plan")) == (shop.after(days=30), None)
    assert shop.told() == [
        "draft created: draft",
        "draft ProductOrderDeleteEvent",
        "other created: draft",
        "other changed: orderTotalPrice, productOrderItem",
        "other: acknowledged",
        "Plan S created: pendingActive",
        "other changed: productOrderItem",
        "other: inProgress",
        "other changed: productOrderMilestone",
        "other milestone: shipped",
        "Plan S changed: realizingService, startDate",
        "Plan S: active",
        "other changed: completionDate, productOrderItem, productOrderMilestone",
        "other: completed",
        "other milestone: activated",
    ]


def related(order: Order, item: str) -> list[tuple[str, str]]:
    return [(one["relationshipType"], one["id"]) for one in order.product(item).get("productRelationship", [])]


def deliver(shop: Shop) -> None:
    """Have everything delivered that listeners have not heard yet."""
    worker = delivery_worker(shop.suite.installation)
    while asyncio.run(worker.step()):
        pass
    worker.close()


def told(listener: Listener) -> list[tuple[str, str | None]]:
    """What a listener heard: the type of each event, and the state in it where it has one."""
    return [(body["eventType"], body["event"]["productOrder"].get("state")) for body in listener.bodies]
