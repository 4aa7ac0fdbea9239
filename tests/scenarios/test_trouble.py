"""Stories in which something goes wrong at whoever carries out the tasks."""

from __future__ import annotations

from tests.scenarios.kit import Shop, add, change, characteristic_list, characteristics, dates, with_


def test_what_fails_for_the_moment_is_tried_again_after_30_and_60_seconds(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision"}, "retries": 2, "reason": "line busy"})
    order = shop.order(add("plan", "plan-s"))
    shop.run()
    assert order.stands == ("inProgress", {"plan": "inProgress"})

    shop.wait(seconds=89)
    assert (order.stands, order.statuses) == (("inProgress", {"plan": "inProgress"}), {"plan": "pendingActive"})

    shop.wait(seconds=1)
    assert (order.stands, order.statuses) == (("completed", {"plan": "completed"}), {"plan": "active"})
    assert order.errors == []
    assert order.document["completionDate"] == shop.after(seconds=90)
    assert dates(order.product("plan")) == (shop.after(seconds=90), None)


def test_after_six_attempts_the_item_fails_and_its_product_is_aborted(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision"}, "retries": 6, "reason": "line busy"})
    order = shop.order(add("plan", "plan-s"))
    shop.run()
    shop.told()

    shop.wait(seconds=30 + 60 + 120 + 240 + 480 - 1)
    assert (order.stands, shop.told()) == (("inProgress", {"plan": "inProgress"}), [])

    shop.wait(seconds=1)
    assert (order.stands, order.statuses) == (("failed", {"plan": "failed"}), {"plan": "aborted"})
    assert order.errors == [("task.failed", "provision of item plan: line busy")]
    assert [one["timestamp"] for one in order.document["productOrderErrorMessage"]] == [shop.after(seconds=930)]
    assert shop.told() == [
        "order changed: productOrderErrorMessage",
        "order error: task.failed",
        "Plan S: aborted",
        "order changed: productOrderItem",
        "order: failed",
    ]


def test_compensation_goes_back_in_the_opposite_order_and_says_what_it_could_not_take_back(shop: Shop) -> None:
    shop.script(
        {"when": {"kind": "activate"}, "delay": "PT1H", "outcome": "failed", "reason": "no such switch"},
        {"when": {"kind": "provision", "operation": "undo"}, "delay": "PT2H", "outcome": "failed", "reason": "stuck"},
        {"when": {"kind": "ship", "operation": "undo"}, "delay": "PT3H", "outcome": "failed", "reason": "sent"},
        {"when": {"kind": "reserve", "operation": "undo", "resourceSpecification": "Number"}, "delay": "PT4H"},
    )
    order = shop.order(add("plan", "plan-s"))
    shop.run()
    shop.told()

    shop.wait(hours=1)
    assert (order.stands, order.statuses) == (("inProgress", {"plan": "inProgress"}), {"plan": "pendingActive"})
    assert order.errors == [("task.failed", "activate of item plan: no such switch")]
    assert shop.told() == [
        "order changed: productOrderErrorMessage",
        "order error: task.failed",
    ]

    # Numbers are given back once the service on them is: 2 hours after the failure, and 4 more.
    shop.wait(hours=6, seconds=-1)
    assert (order.stands, order.statuses) == (("inProgress", {"plan": "inProgress"}), {"plan": "pendingActive"})
    assert shop.told() == [
        "order changed: productOrderErrorMessage",
        "order error: compensation.failed",
        "order changed: productOrderErrorMessage",
        "order error: compensation.failed",
    ]
    shop.wait(seconds=1)
    assert (order.stands, order.statuses) == (("failed", {"plan": "failed"}), {"plan": "aborted"})
    assert order.errors[1:] == [
        ("compensation.failed", "provision of item plan: stuck"),
        ("compensation.failed", "ship of item plan: sent"),
    ]
    assert [one["timestamp"] for one in order.document["productOrderErrorMessage"]] == [
        shop.after(hours=1),
        shop.after(hours=3),
        shop.after(hours=4),
    ]
    assert shop.told() == [
        "Plan S changed: realizingService",
        "Plan S: aborted",
        "order changed: productOrderItem",
        "order: failed",
    ]


def test_one_of_two_items_fails_and_the_order_is_partial(shop: Shop) -> None:
    shop.script({"when": {"kind": "ship", "item": "phone"}, "delay": "P1D", "outcome": "failed", "reason": "sold out"})
    order = shop.order(add("plan", "plan-s"), add("phone", "phone"))
    shop.run()
    assert order.stands == ("inProgress", {"plan": "completed", "phone": "inProgress"})
    assert order.statuses == {"plan": "active", "phone": "pendingActive"}
    shop.told()

    shop.wait(days=1)

    assert order.stands == ("partial", {"plan": "completed", "phone": "failed"})
    assert order.statuses == {"plan": "active", "phone": "aborted"}
    assert order.errors == [("task.failed", "ship of item phone: sold out")]
    assert dates(order.product("plan")) == (shop.after(), None)
    assert shop.told() == [
        "order changed: productOrderErrorMessage",
        "order error: task.failed",
        "Phone: aborted",
        "order changed: productOrderItem",
        "order: partial",
    ]
    assert order.in_v4["state"] == "partial"


def test_an_add_on_of_a_failed_plan_fails_with_it_and_was_never_asked_for(shop: Shop) -> None:
    shop.script({"when": {"kind": "activate", "item": "plan"}, "outcome": "failed", "reason": "no coverage"})
    order = shop.order(add("plan", "plan-s"), add("data", "data", relies_on="plan"), add("phone", "phone"))

    shop.run()

    assert order.stands == ("partial", {"plan": "failed", "data": "failed", "phone": "completed"})
    assert order.statuses == {"plan": "aborted", "phone": "active"}
    assert order.errors == [("task.failed", "activate of item plan: no coverage")]
    assert shop.told() == [
        "order created: acknowledged",
        "Plan S created: pendingActive",
        "Phone created: pendingActive",
        "order changed: productOrderItem",
        "order: inProgress",
        "order changed: productOrderMilestone",
        "order milestone: shipped",
        "Phone changed: realizingService, startDate",
        "Phone: active",
        "order changed: productOrderErrorMessage, productOrderItem, productOrderMilestone",
        "order milestone: activated",
        "order error: task.failed",
        "order changed: productOrderItem",
        "Plan S: aborted",
        "order changed: productOrderItem",
        "order: partial",
    ]


def test_a_bundle_is_taken_back_when_one_of_its_parts_fails(shop: Shop) -> None:
    shop.script({"when": {"item": "tv", "kind": "provision"}, "delay": "PT1H", "outcome": "failed", "reason": "dish"})
    order = shop.order(add("home", "home", add("line", "plan-m"), add("tv", "tv")), add("phone", "phone"))
    shop.run()
    assert order.stands == (
        "inProgress",
        {"home": "inProgress", "line": "inProgress", "tv": "inProgress", "phone": "completed"},
    )
    assert order.statuses == {
        "home": "pendingActive",
        "line": "pendingActive",
        "tv": "pendingActive",
        "phone": "active",
    }

    shop.wait(hours=1)

    assert order.stands == ("partial", {"home": "failed", "line": "failed", "tv": "failed", "phone": "completed"})
    assert order.statuses == {"home": "aborted", "line": "aborted", "tv": "aborted", "phone": "active"}
    assert order.errors == [("task.failed", "provision of item tv: dish")]


def test_what_never_ends_is_in_jeopardy_once_for_each_date_that_it_misses(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision"}, "outcome": "never"})
    order = shop.order(add("plan", "plan-s"), requestedCompletionDate="2026-01-03T09:00:00Z")
    shop.run()
    shop.told()
    shop.wait_until("2026-01-03T08:59:59Z")
    assert (order.stands, order.alerts) == (("inProgress", {"plan": "inProgress"}), [])
    assert shop.told() == []

    shop.wait(seconds=1)
    assert order.alerts == [("late", "2026-01-03T09:00:00.000Z", ["plan"])]
    assert shop.told() == [
        "order changed: productOrderJeopardyAlert",
        "order jeopardy: late",
    ]
    shop.wait(days=7)
    assert (order.stands, shop.told()) == (("inProgress", {"plan": "inProgress"}), [])

    order.patch(requestedCompletionDate="2026-01-20T09:00:00Z")
    shop.wait_until("2026-01-25T09:00:00Z")
    assert order.alerts == [
        ("late", "2026-01-03T09:00:00.000Z", ["plan"]),
        ("late", "2026-01-20T09:00:00.000Z", ["plan"]),
    ]


def test_what_is_done_late_is_done_at_its_own_time(shop: Shop) -> None:
    shop.script({"when": {"kind": "activate"}, "delay": "P10D"})
    order = shop.order(add("plan", "plan-s"), requestedCompletionDate="2026-01-03T09:00:00Z")

    shop.wait(days=40)

    assert (order.stands, order.statuses) == (("completed", {"plan": "completed"}), {"plan": "active"})
    assert order.alerts == [("late", shop.after(days=2), ["plan"])]
    assert order.document["completionDate"] == shop.after(days=10)
    assert dates(order.product("plan")) == (shop.after(days=10), None)
    assert order.milestones == [("shipped", "plan", shop.after()), ("activated", "plan", shop.after(days=10))]


def test_an_item_waits_for_information_and_goes_on_when_it_is_given(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision", "item": "plan"}, "requires": ["iccid"]})
    order = shop.order(add("plan", "plan-s", product=with_(msisdn="+491701234567")), add("phone", "phone"))
    shop.run()
    assert order.stands == ("pending", {"plan": "pending", "phone": "completed"})
    assert order.errors == [("information.required", "provision of item plan: missing: iccid")]
    assert shop.told() == [
        "order created: acknowledged",
        "Plan S created: pendingActive",
        "Phone created: pendingActive",
        "order changed: productOrderItem",
        "order: inProgress",
        "order changed: productOrderErrorMessage, productOrderItem, productOrderMilestone",
        "order milestone: shipped",
        "order error: information.required",
        "order ProductOrderInformationRequiredEvent",
        "Phone changed: realizingService, startDate",
        "Phone: active",
        "order changed: productOrderItem, productOrderMilestone",
        "order: pending",
        "order milestone: activated",
    ]
    shop.wait(days=7)
    assert (order.stands, shop.told()) == (("pending", {"plan": "pending", "phone": "completed"}), [])

    product = order.document["productOrderItem"][0]["product"]
    told = {**product, "productCharacteristic": characteristic_list(msisdn="+491701234567", iccid="8949")}
    order.patch(productOrderItem=order.items(plan={"product": told}))
    assert order.stands == ("pending", {"plan": "pending", "phone": "completed"})
    shop.run()

    assert order.stands == ("completed", {"plan": "completed", "phone": "completed"})
    assert characteristics(order.product("plan")) == {"msisdn": "+491701234567", "iccid": "8949", "speed": "100"}
    assert dates(order.product("plan")) == (shop.after(days=7), None)
    assert shop.told() == [
        "order changed: productOrderItem",
        "order changed: productOrderItem",
        "order: inProgress",
        "Plan S changed: productCharacteristic, realizingService, startDate",
        "Plan S: active",
        "order changed: completionDate, productOrderItem, productOrderMilestone",
        "order: completed",
        "order milestone: activated",
    ]


def test_a_failed_change_leaves_the_product_as_it_was(shop: Shop) -> None:
    first = shop.deliver(add("plan", "plan-m", product=with_(msisdn="+491701234567")))
    product = first.product("plan")
    shop.script({"when": {"kind": "swap"}, "outcome": "failed", "reason": "not today"})

    order = shop.order(change("down", "modify", product["id"], "plan-s"))
    shop.run()

    assert order.stands == ("failed", {"down": "failed"})
    assert first.product("plan") == product
    assert shop.told() == [
        "order created: acknowledged",
        "order changed: productOrderItem",
        "order: inProgress",
        "order changed: productOrderErrorMessage, productOrderItem",
        "order: failed",
        "order error: task.failed",
    ]


def test_a_product_that_somebody_else_ended_meanwhile_stays_ended_and_the_order_says_so(shop: Shop) -> None:
    shop.script({"when": {"kind": "activate"}, "delay": "PT1H"})
    order = shop.order(add("plan", "plan-s"))
    shop.run()
    shop.patch_product(order.product_id("plan"), status="cancelled")
    shop.told()

    shop.wait(hours=1)

    assert (order.stands, order.statuses) == (("completed", {"plan": "completed"}), {"plan": "cancelled"})
    id = order.product_id("plan")
    assert order.errors == [
        (
            "product.conflict",
            f"product {id}: product.status cannot go from 'cancelled' to 'active'; from here: nothing: it is final",
        )
    ]
    assert shop.told() == [
        "order changed: productOrderErrorMessage",
        "order error: product.conflict",
        "order changed: completionDate, productOrderItem, productOrderMilestone",
        "order: completed",
        "order milestone: activated",
    ]
