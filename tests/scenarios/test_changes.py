"""Stories of products that customers have: changed, paused, ended."""

from __future__ import annotations

from decimal import Decimal

from tests.scenarios.kit import Shop, add, change, characteristic_list, characteristics, costs, dates, with_


def test_a_plan_goes_up_and_down_and_keeps_what_it_was_given(shop: Shop) -> None:
    first = shop.deliver(add("plan", "plan-s", product=with_(msisdn="+491701234567")))
    id = first.product_id("plan")
    shop.wait(days=10)

    up = shop.order(change("up", "modify", id, "plan-l"), name="up")
    shop.run()
    assert up.stands == ("completed", {"up": "completed"})
    product = shop.product(id)
    assert (product["name"], product["status"], product["productOffering"]["id"]) == ("Plan L", "active", "plan-l")
    assert dates(product) == (shop.after(), None)
    assert characteristics(product) == {"msisdn": "+491701234567", "speed": "100"}
    assert costs(product) == [
        ("oneTime", "activation", Decimal("8.00"), Decimal("9.60")),
        ("recurring", "l", Decimal("30.00"), Decimal("36.00")),
    ]
    assert up.milestones == [("swapped", "up", shop.after(days=10))]
    assert shop.told() == [
        "up created: acknowledged",
        "up changed: productOrderItem",
        "up: inProgress",
        "Plan L changed: name, productOffering, productOrderItem, productPrice",
        "up changed: completionDate, productOrderItem, productOrderMilestone",
        "up: completed",
        "up milestone: swapped",
    ]

    shop.wait(days=10)
    down = shop.order(change("down", "modify", id, "plan-s"), name="down")
    shop.run()
    assert down.stands == ("completed", {"down": "completed"})
    product = shop.product(id)
    assert (product["name"], product["status"], product["productOffering"]["id"]) == ("Plan S", "active", "plan-s")
    assert [(one["orderItemId"], one["role"]) for one in product["productOrderItem"]] == [
        ("plan", "origin"),
        ("up", "modification"),
        ("down", "modification"),
    ]
    assert shop.products() == [("Plan S", "active")]


def test_a_migration_reserves_only_what_is_new_and_takes_the_other_specification(shop: Shop) -> None:
    first = shop.deliver(add("plan", "plan-m", product=with_(msisdn="+491701234567", iccid="8949")))
    id = first.product_id("plan")
    shop.script({"when": {"kind": "reserve", "resourceSpecification": "eSIM"}, "delay": "PT1H"})
    order = shop.order(change("to 5g", "modify", id, "plan-5g"))

    shop.run()
    assert order.stands == ("inProgress", {"to 5g": "inProgress"})
    assert (shop.product(id)["name"], shop.product(id)["productSpecification"]["id"]) == ("Plan M", "spec-line")
    shop.wait(hours=1)

    assert order.stands == ("completed", {"to 5g": "completed"})
    product = shop.product(id)
    assert (product["name"], product["productSpecification"]["id"]) == ("Plan 5G", "spec-line-5g")
    assert characteristics(product) == {"msisdn": "+491701234567", "iccid": "8949", "speed": "1000"}
    assert costs(product) == [("recurring", "5g", Decimal("40.00"), Decimal("48.00"))]
    assert dates(product) == (shop.after(), None)
    assert shop.told() == [
        "order created: acknowledged",
        "order changed: productOrderItem",
        "order: inProgress",
        "Plan 5G changed: name, productCharacteristic, productOffering, productOrderItem, productPrice, "
        "productSpecification",
        "order changed: completionDate, productOrderItem, productOrderMilestone",
        "order: completed",
        "order milestone: swapped",
    ]


def test_a_characteristic_is_changed_and_the_service_is_the_same(shop: Shop) -> None:
    first = shop.deliver(add("plan", "plan-s", product=with_(msisdn="+491701234567")))
    before = first.product("plan")

    order = shop.order(change("faster", "modify", before["id"], productCharacteristic=characteristic_list(speed="250")))
    shop.run()

    after = first.product("plan")
    assert order.stands == ("completed", {"faster": "completed"})
    assert characteristics(after) == {"msisdn": "+491701234567", "speed": "250"}
    assert after["realizingService"] == before["realizingService"]
    assert (after["productPrice"], after["productOffering"]) == (before["productPrice"], before["productOffering"])
    assert shop.told() == [
        "order created: acknowledged",
        "order changed: productOrderItem",
        "order: inProgress",
        "Plan S changed: productCharacteristic, productOrderItem",
        "order changed: completionDate, productOrderItem",
        "order: completed",
    ]


def test_a_sim_is_swapped_and_only_the_sim(shop: Shop) -> None:
    first = shop.deliver(add("plan", "plan-s", product=with_(iccid="8949")))
    before = first.product("plan")
    sim = {"@type": "ResourceRef", "id": "sim-2", "name": "SIM card", "@referredType": "PhysicalResource"}

    order = shop.order(
        change(
            "swap",
            "modify",
            before["id"],
            realizingResource=[sim],
            productCharacteristic=characteristic_list(iccid="8950"),
        )
    )
    shop.run()

    after = first.product("plan")
    assert order.stands == ("completed", {"swap": "completed"})
    assert order.milestones == [("swapped", "swap", shop.after())]
    assert [one["id"] for one in after["realizingResource"]] == ["sim-2"]
    assert characteristics(after) == {"iccid": "8950", "speed": "100"}
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == {
        "productCharacteristic",
        "productOrderItem",
        "realizingResource",
    }


def test_no_change_changes_nothing_and_asks_nobody(shop: Shop) -> None:
    first = shop.deliver(add("plan", "plan-s"))
    before = first.product("plan")
    shop.script({"outcome": "failed", "reason": "nobody should be asked"}, {"when": {"operation": "undo"}})

    order = shop.order(change("plan", "noChange", before["id"]))
    shop.run()

    assert order.stands == ("completed", {"plan": "completed"})
    assert first.product("plan") == before
    assert shop.told() == [
        "order created: acknowledged",
        "order changed: productOrderItem",
        "order: inProgress",
        "order changed: completionDate, productOrderItem",
        "order: completed",
    ]


def test_suspended_resumed_suspended_and_ended(shop: Shop) -> None:
    first = shop.deliver(add("plan", "plan-s"))
    id = first.product_id("plan")
    stands = []
    for day, (action, status) in enumerate(
        [("modify", "suspended"), ("modify", "active"), ("modify", "suspended"), ("delete", None)], 1
    ):
        shop.wait_until(shop.after(days=day))
        wanted = {} if status is None else {"status": status}
        order = shop.order(change("plan", action, id, **wanted), name=f"order {day}")
        shop.run()
        product = shop.product(id)
        stands.append((order.state, [name for name, _, _ in order.milestones], product["status"], dates(product)))

    begun = shop.after()
    assert stands == [
        ("completed", ["suspended"], "suspended", (begun, None)),
        ("completed", ["resumed"], "active", (begun, None)),
        ("completed", ["suspended"], "suspended", (begun, None)),
        ("completed", ["deactivated"], "terminated", (begun, shop.after(days=4))),
    ]
    assert shop.told() == [
        "order 1 created: acknowledged",
        "order 1 changed: productOrderItem",
        "order 1: inProgress",
        "Plan S changed: productOrderItem",
        "Plan S: suspended",
        "order 1 changed: completionDate, productOrderItem, productOrderMilestone",
        "order 1: completed",
        "order 1 milestone: suspended",
        "order 2 created: acknowledged",
        "order 2 changed: productOrderItem",
        "order 2: inProgress",
        "Plan S changed: productOrderItem",
        "Plan S: active",
        "order 2 changed: completionDate, productOrderItem, productOrderMilestone",
        "order 2: completed",
        "order 2 milestone: resumed",
        "order 3 created: acknowledged",
        "order 3 changed: productOrderItem",
        "order 3: inProgress",
        "Plan S changed: productOrderItem",
        "Plan S: suspended",
        "order 3 changed: completionDate, productOrderItem, productOrderMilestone",
        "order 3: completed",
        "order 3 milestone: suspended",
        "order 4 created: acknowledged",
        "order 4 changed: productOrderItem",
        "order 4: inProgress",
        "Plan S changed: productOrderItem",
        "Plan S: pendingTerminate",
        "Plan S changed: terminationDate",
        "Plan S: terminated",
        "order 4 changed: completionDate, productOrderItem, productOrderMilestone",
        "order 4: completed",
        "order 4 milestone: deactivated",
    ]


def test_of_two_orders_that_end_the_same_product_the_second_finds_it_ended(shop: Shop) -> None:
    id = shop.deliver(add("plan", "plan-s")).product_id("plan")
    shop.script({"when": {"kind": "deactivate"}, "delay": "PT1H"})
    one = shop.order(change("plan", "delete", id), name="one")
    shop.run()
    shop.wait(minutes=30)
    other = shop.order(change("plan", "delete", id), name="other")
    shop.wait(hours=2)

    assert (one.stands, other.stands) == (("completed", {"plan": "completed"}), ("completed", {"plan": "completed"}))
    assert (shop.product(id)["status"], dates(shop.product(id))) == ("terminated", (shop.after(), shop.after(hours=1)))
    assert (one.errors, other.errors) == ([], [])
    late = shop.order(change("plan", "delete", id), name="late")
    assert (late.state, [code for code, _ in late.errors]) == ("rejected", ["product.ended"])


def test_of_two_orders_that_change_the_same_product_the_last_to_be_carried_out_stands(shop: Shop) -> None:
    id = shop.deliver(add("plan", "plan-s")).product_id("plan")
    shop.script({"when": {"kind": "swap", "item": "slow"}, "delay": "P2D"}, {"when": {"kind": "swap"}, "delay": "P1D"})
    slow = shop.order(change("slow", "modify", id, "plan-m"), name="slow")
    quick = shop.order(change("quick", "modify", id, "plan-l"), name="quick")

    shop.wait(days=1)
    assert (slow.state, quick.state, shop.product(id)["name"]) == ("inProgress", "completed", "Plan L")
    shop.wait(days=1)
    assert (slow.state, quick.state, shop.product(id)["name"]) == ("completed", "completed", "Plan M")
    assert [one["orderItemId"] for one in shop.product(id)["productOrderItem"]] == ["plan", "quick", "slow"]


def test_a_product_that_ended_while_its_change_was_under_way_stays_as_it_was(shop: Shop) -> None:
    id = shop.deliver(add("plan", "plan-s")).product_id("plan")
    shop.script({"when": {"kind": "swap"}, "delay": "P2D"})
    order = shop.order(change("up", "modify", id, "plan-l"))
    shop.run()
    shop.deliver(change("plan", "delete", id), name="end")
    before = shop.product(id)
    assert [one["role"] for one in before["productOrderItem"]] == ["origin", "termination"]

    shop.wait(days=2)

    assert order.errors == [("product.conflict", f"product {id}: it is terminated and stays as it was")]
    assert (order.stands, shop.product(id)) == (("completed", {"up": "completed"}), before)


def test_a_plan_and_what_relies_on_it_end_together_the_add_on_first(shop: Shop) -> None:
    first = shop.deliver(add("plan", "plan-s"), add("data", "data", relies_on="plan"))
    plan, data = first.product_id("plan"), first.product_id("data")
    shop.script({"when": {"kind": "deactivate"}, "delay": "PT1H"})
    items = [change("plan", "delete", plan), change("data", "delete", data)]
    items[1]["productOrderItemRelationship"] = [
        {"@type": "OrderItemRelationship", "id": "plan", "relationshipType": "reliesOn"}
    ]
    order = shop.order(*items)

    shop.wait(hours=1)
    assert order.stands == ("inProgress", {"plan": "inProgress", "data": "completed"})
    assert first.statuses == {"plan": "active", "data": "terminated"}
    shop.wait(hours=1)
    assert order.stands == ("completed", {"plan": "completed", "data": "completed"})
    assert (dates(first.product("data"))[1], dates(first.product("plan"))[1]) == (
        shop.after(hours=1),
        shop.after(hours=2),
    )


def test_a_year_of_a_subscription(shop: Shop) -> None:
    """Orders are placed on the first of January for dates in the year; each is carried out on its date."""
    shop.script({"when": {"kind": "activate"}, "delay": "PT2H"})
    first = shop.order(add("plan", "plan-s"), name="begin", requestedStartDate="2026-02-01T00:00:00Z")
    shop.wait_until("2026-02-01T02:00:00Z")
    id = first.product_id("plan")
    assert (first.state, shop.product(id)["status"]) == ("completed", "active")
    year = [
        ("2026-03-15T00:00:00Z", "modify", None, {"status": "suspended"}),
        ("2026-04-01T00:00:00Z", "modify", None, {"status": "active"}),
        ("2026-07-01T00:00:00Z", "modify", "plan-l", {}),
        ("2026-10-01T00:00:00Z", "modify", "plan-5g", {}),
        ("2027-01-31T12:00:00Z", "delete", None, {}),
    ]
    orders = [
        shop.order(change("plan", action, id, offering, **wanted), name=date, requestedStartDate=date)
        for date, action, offering, wanted in year
    ]

    seen = []
    for date, *_ in year:
        shop.wait_until(date)
        product = shop.product(id)
        seen.append((product["status"], product["name"], [order.state for order in orders]))

    later = ["acknowledged"] * 5
    assert seen == [
        ("suspended", "Plan S", ["completed", *later[1:]]),
        ("active", "Plan S", ["completed"] * 2 + later[2:]),
        ("active", "Plan L", ["completed"] * 3 + later[3:]),
        ("active", "Plan 5G", ["completed"] * 4 + later[4:]),
        ("terminated", "Plan 5G", ["completed"] * 5),
    ]
    assert dates(shop.product(id)) == ("2026-02-01T02:00:00.000Z", "2027-01-31T12:00:00.000Z")
    assert [order.document["completionDate"] for order in orders] == [date.replace("Z", ".000Z") for date, *_ in year]
    assert shop.told() == [
        "begin created: acknowledged",
        "Plan S created: pendingActive",
        "begin changed: productOrderItem",
        "begin: inProgress",
        "begin changed: productOrderMilestone",
        "begin milestone: shipped",
        "Plan S changed: realizingService, startDate",
        "Plan S: active",
        "begin changed: completionDate, productOrderItem, productOrderMilestone",
        "begin: completed",
        "begin milestone: activated",
        "2026-03-15T00:00:00Z created: acknowledged",
        "2026-04-01T00:00:00Z created: acknowledged",
        "2026-07-01T00:00:00Z created: acknowledged",
        "2026-10-01T00:00:00Z created: acknowledged",
        "2027-01-31T12:00:00Z created: acknowledged",
        "2026-03-15T00:00:00Z changed: productOrderItem",
        "2026-03-15T00:00:00Z: inProgress",
        "Plan S changed: productOrderItem",
        "Plan S: suspended",
        "2026-03-15T00:00:00Z changed: completionDate, productOrderItem, productOrderMilestone",
        "2026-03-15T00:00:00Z: completed",
        "2026-03-15T00:00:00Z milestone: suspended",
        "2026-04-01T00:00:00Z changed: productOrderItem",
        "2026-04-01T00:00:00Z: inProgress",
        "Plan S changed: productOrderItem",
        "Plan S: active",
        "2026-04-01T00:00:00Z changed: completionDate, productOrderItem, productOrderMilestone",
        "2026-04-01T00:00:00Z: completed",
        "2026-04-01T00:00:00Z milestone: resumed",
        "2026-07-01T00:00:00Z changed: productOrderItem",
        "2026-07-01T00:00:00Z: inProgress",
        "Plan L changed: name, productOffering, productOrderItem, productPrice",
        "2026-07-01T00:00:00Z changed: completionDate, productOrderItem, productOrderMilestone",
        "2026-07-01T00:00:00Z: completed",
        "2026-07-01T00:00:00Z milestone: swapped",
        "2026-10-01T00:00:00Z changed: productOrderItem",
        "2026-10-01T00:00:00Z: inProgress",
        "Plan 5G changed: name, productCharacteristic, productOffering, productOrderItem, productPrice, "
        "productSpecification",
        "2026-10-01T00:00:00Z changed: completionDate, productOrderItem, productOrderMilestone",
        "2026-10-01T00:00:00Z: completed",
        "2026-10-01T00:00:00Z milestone: swapped",
        "2027-01-31T12:00:00Z changed: productOrderItem",
        "2027-01-31T12:00:00Z: inProgress",
        "Plan 5G changed: productOrderItem, terminationDate",
        "Plan 5G: terminated",
        "2027-01-31T12:00:00Z changed: completionDate, productOrderItem, productOrderMilestone",
        "2027-01-31T12:00:00Z: completed",
        "2027-01-31T12:00:00Z milestone: deactivated",
    ]
