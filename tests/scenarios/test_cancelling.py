"""Stories of orders that are taken back, in every state."""

from __future__ import annotations

from tests.scenarios.kit import CANCELLATIONS, CANCELLATIONS_V4, Shop, add, change, order_ref

_DRAFT = {"requestedInitialState": "draft"}


def test_what_nobody_has_begun_with_is_cancelled_at_once(shop: Shop) -> None:
    order = shop.order(add("plan", "plan-s"))
    task = shop.cancel(order, cancellationReason="changed my mind")
    shop.run()

    assert order.stands == ("cancelled", {"plan": "cancelled"})
    assert (order.document["cancellationDate"], order.document["cancellationReason"]) == (
        shop.after(),
        "changed my mind",
    )
    assert (task.state, task.document["effectiveCancellationDate"]) == ("done", shop.after())
    assert shop.products() == []
    assert shop.told() == [
        "order created: acknowledged",
        "order changed: cancellationDate, cancellationReason, productOrderItem",
        "order: cancelled",
        "cancellation created: done",
    ]


def test_a_draft_is_cancelled_at_once(shop: Shop) -> None:
    order = shop.order(add("plan", "plan-s"), **_DRAFT)
    task = shop.cancel(order)
    shop.run()
    assert (order.state, task.state, shop.products()) == ("cancelled", "done", [])


def test_what_is_in_progress_is_taken_back_step_by_step(shop: Shop) -> None:
    shop.script(
        {"when": {"kind": "provision"}, "delay": "P1D"},
        {"when": {"kind": "reserve", "operation": "undo"}, "delay": "PT1H"},
    )
    order = shop.order(add("data", "data"), add("5g", "plan-5g"))
    shop.run()
    assert order.stands == ("inProgress", {"data": "inProgress", "5g": "inProgress"})
    shop.told()

    shop.wait(hours=12)
    task = shop.cancel(order)
    assert (order.state, task.state) == ("assessingCancellation", "acknowledged")
    assert order.stands[1] == {"data": "assessingCancellation", "5g": "assessingCancellation"}
    shop.run()
    assert (order.state, task.state) == ("pendingCancellation", "inProgress")
    assert order.stands[1] == {"data": "cancelled", "5g": "pendingCancellation"}
    assert order.statuses == {"data": "cancelled", "5g": "pendingActive"}
    shop.wait(hours=1)

    assert order.stands == ("cancelled", {"data": "cancelled", "5g": "cancelled"})
    assert order.statuses == {"data": "cancelled", "5g": "cancelled"}
    assert order.document["cancellationDate"] == shop.after(hours=13)
    assert (task.state, task.document["effectiveCancellationDate"]) == ("done", shop.after(hours=13))
    assert order.errors == []
    assert shop.told() == [
        "order changed: productOrderItem",
        "order: assessingCancellation",
        "cancellation created: acknowledged",
        "cancellation: inProgress",
        "order changed: productOrderItem",
        "order: pendingCancellation",
        "Data: cancelled",
        "order changed: productOrderItem",
        "Plan 5G: cancelled",
        "cancellation: done",
        "order changed: cancellationDate, productOrderItem",
        "order: cancelled",
    ]
    shop.wait(days=2)
    assert shop.told() == []


def test_past_its_point_of_no_return_an_order_goes_on_and_says_why(shop: Shop) -> None:
    shop.script({"when": {"kind": "activate"}, "delay": "P1D"})
    order = shop.order(add("plan", "plan-s"), add("phone", "phone"))
    shop.run()
    shop.told()

    task = shop.cancel(order)
    shop.run()

    assert order.stands == ("inProgress", {"plan": "inProgress", "phone": "inProgress"})
    assert order.errors == [
        (
            "cancellation.refused",
            "the order cannot be cancelled any more: the items plan, phone are past their point of no return",
        )
    ]
    assert (task.state, "effectiveCancellationDate" in task.document) == ("terminatedWithError", False)
    assert shop.told() == [
        "order changed: productOrderItem",
        "order: assessingCancellation",
        "cancellation created: acknowledged",
        "cancellation: terminatedWithError",
        "order changed: productOrderErrorMessage, productOrderItem",
        "order: inProgress",
        "order error: cancellation.refused",
    ]
    shop.wait(days=1)
    assert order.stands == ("completed", {"plan": "completed", "phone": "completed"})


def test_what_waits_for_information_is_cancelled(shop: Shop) -> None:
    shop.script({"when": {"kind": "reserve"}, "requires": ["msisdn"]})
    order = shop.order(add("5g", "plan-5g"))
    shop.run()
    assert order.stands == ("pending", {"5g": "pending"})
    shop.told()

    task = shop.cancel(order)
    shop.run()

    assert (order.stands, order.statuses) == (("cancelled", {"5g": "cancelled"}), {"5g": "cancelled"})
    assert task.state == "done"
    assert shop.told() == [
        "order changed: productOrderItem",
        "order: assessingCancellation",
        "cancellation created: acknowledged",
        "cancellation: inProgress",
        "order changed: productOrderItem",
        "order: pendingCancellation",
        "Plan 5G: cancelled",
        "cancellation: done",
        "order changed: cancellationDate, productOrderItem",
        "order: cancelled",
    ]


def test_what_is_on_hold_is_cancelled(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision"}, "delay": "P1D"})
    order = shop.order(add("5g", "plan-5g"))
    shop.run()
    order.patch(state="held")
    shop.run()
    assert order.stands == ("held", {"5g": "held"})

    task = shop.cancel(order)
    shop.run()

    assert (order.stands, order.statuses) == (("cancelled", {"5g": "cancelled"}), {"5g": "cancelled"})
    assert task.state == "done"


def test_what_has_ended_or_is_being_cancelled_cannot_be_cancelled(shop: Shop) -> None:
    done = shop.deliver(add("plan", "plan-s"))
    shop.script({"when": {"kind": "provision"}, "delay": "P1D"}, {"when": {"operation": "undo"}, "delay": "P1D"})
    going = shop.order(add("5g", "plan-5g"))
    shop.run()
    first = shop.cancel(going)
    shop.run()
    assert (going.state, first.state) == ("pendingCancellation", "inProgress")
    shop.told()

    for order in (done, going):
        body = {"@type": "CancelProductOrder", "productOrder": order_ref(order.id)}
        assert shop.suite.post(CANCELLATIONS, body).status == 409
    assert shop.told() == []
    shop.wait(days=3)
    assert (done.state, going.state, first.state) == ("completed", "cancelled", "done")
    assert len(shop.suite.get(CANCELLATIONS).json) == 1


def test_a_cancellation_for_later_is_carried_out_on_its_date(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision"}, "delay": "P9D"})
    order = shop.order(add("5g", "plan-5g"))
    shop.run()
    task = shop.cancel(order, requestedCancellationDate="2026-01-05T09:00:00Z")
    shop.told()
    shop.wait_until("2026-01-05T08:59:59Z")
    assert (order.state, task.state, shop.told()) == ("inProgress", "acknowledged", [])

    shop.wait(seconds=1)

    assert (order.stands, task.state) == (("cancelled", {"5g": "cancelled"}), "done")
    assert (order.document["cancellationDate"], task.document["effectiveCancellationDate"]) == (
        shop.after(days=4),
        shop.after(days=4),
    )
    assert shop.told() == [
        "order changed: productOrderItem",
        "order: assessingCancellation",
        "cancellation: inProgress",
        "order changed: productOrderItem",
        "order: pendingCancellation",
        "Plan 5G: cancelled",
        "cancellation: done",
        "order changed: cancellationDate, productOrderItem",
        "order: cancelled",
    ]


def test_a_cancellation_for_later_ends_with_an_error_when_the_order_is_done_by_then(shop: Shop) -> None:
    order = shop.order(add("plan", "plan-s"))
    task = shop.cancel(order, requestedCancellationDate="2026-01-05T09:00:00Z")
    shop.run()
    shop.told()

    shop.wait(days=10)

    assert (order.state, task.state) == ("completed", "terminatedWithError")
    assert shop.told() == []


def test_an_order_for_later_is_cancelled_before_its_date(shop: Shop) -> None:
    order = shop.order(add("plan", "plan-s"), requestedStartDate="2026-02-01T00:00:00Z")
    shop.wait(days=3)
    assert order.stands == ("acknowledged", {"plan": "acknowledged"})
    task = shop.cancel(order)
    shop.wait(days=60)

    assert order.stands == ("cancelled", {"plan": "cancelled"})
    assert (order.document["cancellationDate"], task.state) == (shop.after(days=3), "done")
    assert shop.products() == []
    assert shop.told() == [
        "order created: acknowledged",
        "order changed: cancellationDate, productOrderItem",
        "order: cancelled",
        "cancellation created: done",
    ]


def test_a_v4_client_cancels_the_order_of_a_v5_client(shop: Shop) -> None:
    shop.script({"when": {"kind": "provision"}, "delay": "P1D"}, {"when": {"operation": "undo"}, "delay": "PT1H"})
    order = shop.order(add("5g", "plan-5g"))
    shop.run()

    made = shop.suite.created(CANCELLATIONS_V4, {"productOrder": {"id": order.id}, "cancellationReason": "moved"})
    assert made["state"] == "acknowledged"
    assert order.in_v4["state"] == "assessingCancellation"
    shop.run()
    assert order.in_v4["state"] == "pendingCancellation"
    assert shop.suite.get(f"{CANCELLATIONS_V4}/{made['id']}").json["state"] == "inProgress"
    shop.wait(hours=2)

    assert (order.state, order.in_v4["state"]) == ("cancelled", "cancelled")
    assert shop.suite.get(f"{CANCELLATIONS}/{made['id']}").json["state"] == "done"


def test_a_change_that_is_cancelled_leaves_the_product_as_it_was(shop: Shop) -> None:
    first = shop.deliver(add("plan", "plan-m"))
    before = first.product("plan")
    shop.script({"when": {"kind": "reserve"}, "delay": "P1D"})
    order = shop.order(change("up", "modify", before["id"], "plan-5g"))
    shop.run()
    task = shop.cancel(order)
    shop.wait(days=3)

    assert (order.stands, task.state) == (("cancelled", {"up": "cancelled"}), "done")
    assert first.product("plan") == before
