"""TMF622: drafts, patches, deletion and cancellation of orders."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from common.component import RuleContext
from common.errors import Conflict
from tests.fakes import merged, refusals, rule_context
from tmf622_ordering.cancellation import create_cancellation
from tmf622_ordering.lifecycle import ORDER
from tmf622_ordering.rules import create_order, delete_order, patch_order

MOMENT = "2026-03-01T12:00:00.000Z"
ITEM = {"id": "a", "action": "add", "quantity": 1, "productOffering": {"id": "O1"}}


def order(state: str, **more: Any) -> dict[str, Any]:
    item = ITEM if state == "draft" else {**ITEM, "state": "inProgress" if "." in state else state}
    return copy.deepcopy({"id": "1", "state": state, "productOrderItem": [item], **more})


class Changes(list[tuple[str, str, Mapping[str, Any]]]):
    """What rules changed in other resources."""

    def __call__(self, resource: str, id: str, changes: Mapping[str, Any]) -> None:
        self.append((resource, id, changes))


def around(
    *orders: dict[str, Any], tasks: tuple[dict[str, Any], ...] = (), mode: str = "process"
) -> tuple[RuleContext, Changes]:
    offering = {"id": "O1", "lifecycleStatus": "Active"}
    documents = {"productOrder": [*orders], "cancelProductOrder": [*tasks], "productOffering": [offering]}
    context, changes = rule_context("productOrder", documents, mode), Changes()
    context.update = changes
    return context, changes


def patched(before: dict[str, Any], mode: str = "process", **changed: Any) -> tuple[dict[str, Any], RuleContext]:
    after, (context, _) = merged(before, **changed), around(mode=mode)
    patch_order(before, after, context)
    return after, context


def test_a_draft_is_kept_without_checks_and_without_item_states() -> None:
    document = order("acknowledged", requestedInitialState="draft")
    document["productOrderItem"][0]["productOffering"]["id"] = "gone"
    context, _ = around(mode="strict")

    create_order(document, context)

    assert refusals(context) == []
    assert document["state"] == "draft"
    assert "state" not in document["productOrderItem"][0]


def test_a_draft_may_be_edited_freely_and_is_captured_when_it_is_sent() -> None:
    other = [{"id": "b", "action": "add", "productOffering": {"id": "gone"}}]

    edited, _ = patched(order("draft"), productOrderItem=other)
    assert edited["productOrderItem"] == other

    good, context = patched(order("draft"), state="acknowledged")
    assert (good["state"], good["productOrderItem"][0]["state"]) == ("acknowledged", "acknowledged")
    assert context.extra_events == []

    bad, context = patched(edited, state="acknowledged")
    assert (bad["state"], bad["productOrderItem"][0]["state"]) == ("rejected", "rejected")
    [message] = bad["productOrderErrorMessage"]
    assert message["code"] == "offering.unknown"
    assert context.extra_events == [("ProductOrderErrorMessageEvent", {"productOrderErrorMessage": [message]})]

    kept, context = patched(edited, "strict", state="acknowledged")
    assert refusals(context) == [("/productOrderItem/0/productOffering/id", "offering.unknown")]
    assert "productOrderErrorMessage" not in kept


def test_items_follow_the_order_and_the_order_its_items() -> None:
    followed, _ = patched(order("acknowledged"), state="inProgress")
    assert followed["productOrderItem"][0]["state"] == "inProgress"

    derived, _ = patched(order("inProgress"), productOrderItem=[{**ITEM, "state": "completed"}])
    assert (derived["state"], derived["completionDate"]) == ("completed", MOMENT)

    decided, _ = patched(order("inProgress"), state="held", productOrderItem=[{**ITEM, "state": "pending"}])
    assert (decided["state"], decided["productOrderItem"][0]["state"]) == ("held", "pending")


def test_completion_and_cancellation_are_dated_once() -> None:
    completed, _ = patched(order("inProgress"), state="completed")
    assert (completed["completionDate"], completed.get("cancellationDate")) == (MOMENT, None)

    cancelled, _ = patched(order("held"), state="cancelled")
    assert (cancelled["cancellationDate"], cancelled.get("completionDate")) == (MOMENT, None)

    told, _ = patched(order("inProgress"), state="completed", completionDate="2026-02-01T00:00:00.000Z")
    assert told["completionDate"] == "2026-02-01T00:00:00.000Z"


@pytest.mark.parametrize("state", ["draft", "acknowledged"])
def test_what_has_not_begun_is_cancelled_by_a_task_only(state: str) -> None:
    with pytest.raises(Conflict, match="cancelled with a POST of a cancelProductOrder"):
        patched(order(state), state="cancelled")


@pytest.mark.parametrize("state", sorted(state for state in ORDER.moves if ORDER.is_final(state)))
def test_a_final_order_changes_in_words_only(state: str) -> None:
    before = order(state)

    after, _ = patched(before, description="late", note=[{"text": "late"}], category="b2b")
    assert after["description"] == "late"

    with pytest.raises(Conflict, match="billingAccount, requestedStartDate cannot change any more"):
        patched(before, billingAccount={"id": "B"}, requestedStartDate=MOMENT)
    assert before == order(state)


AMENDED = [
    [],
    [ITEM, {**ITEM, "id": "b"}],
    [{**ITEM, "action": "delete", "product": {"id": "P1"}}],
    [{**ITEM, "quantity": 2}],
    [{**ITEM, "productOffering": {"id": "O2"}}],
]


@pytest.mark.parametrize("state", ["inProgress", "pending", "held"])
@pytest.mark.parametrize("items", [items for items in AMENDED if len(items) < 2])
def test_what_was_chosen_stands_once_its_item_has_begun(state: str, items: list[dict[str, Any]]) -> None:
    with pytest.raises(Conflict, match=r"what it orders cannot change any more \(items a\)"):
        patched(order(state), productOrderItem=copy.deepcopy(items))


def test_what_has_not_begun_is_amended() -> None:
    changed = [{**ITEM, "quantity": 2}, {**ITEM, "id": "b"}]
    after, context = patched(order("acknowledged"), productOrderItem=copy.deepcopy(changed))

    assert refusals(context) == []
    assert after["productOrderItem"] == [{**item, "state": "acknowledged"} for item in changed]


def test_an_amendment_is_checked_as_on_capture() -> None:
    _, context = patched(order("acknowledged"), productOrderItem=[{**ITEM, "productOffering": {"id": "O2"}}])

    assert refusals(context) == [("/productOrderItem/0/productOffering/id", "offering.unknown")]


def test_an_item_is_added_to_an_order_in_flight() -> None:
    after, context = patched(order("inProgress"), productOrderItem=copy.deepcopy([ITEM, {**ITEM, "id": "b"}]))

    assert refusals(context) == []
    assert [(item["id"], item["state"]) for item in after["productOrderItem"]] == [
        ("a", "inProgress"),
        ("b", "acknowledged"),
    ]


@pytest.mark.parametrize(("state", "may"), [("acknowledged", True), ("pending", True), ("inProgress", False)])
def test_an_item_is_configured_until_it_is_carried_out(state: str, may: bool) -> None:
    configured = [{**ITEM, "product": {"productCharacteristic": [{"name": "colour", "value": "red"}]}}]
    if may:
        assert refusals(patched(order(state), productOrderItem=copy.deepcopy(configured))[1]) == []
    else:
        with pytest.raises(Conflict, match="cannot change any more"):
            patched(order(state), productOrderItem=copy.deepcopy(configured))


def test_a_message_that_asks_for_information_is_an_event_of_its_own_as_well() -> None:
    asked: dict[str, Any] = {
        "productOrderErrorMessage": [{"code": "information.required", "message": "missing: iccid"}]
    }

    _, context = patched(order("inProgress"), **asked)

    assert context.extra_events == [
        ("ProductOrderErrorMessageEvent", asked),
        ("ProductOrderInformationRequiredEvent", asked),
    ]


def test_prices_stand_as_they_were_agreed() -> None:
    price, total = [{"priceType": "oneTime", "price": {"taxRate": 19}}], [{"priceType": "oneTime"}]
    before = order("inProgress", orderTotalPrice=total)
    before["productOrderItem"][0]["itemPrice"] = price

    after, context = patched(before, productOrderItem=[{**ITEM}], orderTotalPrice=None)
    assert refusals(context) == []
    assert (after["productOrderItem"][0]["itemPrice"], after["orderTotalPrice"]) == (price, total)
    with pytest.raises(Conflict, match="itemPrice was agreed"):
        patched(before, productOrderItem=[{**ITEM, "itemPrice": []}])


def test_the_product_of_an_item_is_filled_in_on_the_way() -> None:
    after, context = patched(order("inProgress"), productOrderItem=[{**ITEM, "product": {"id": "P1"}}])

    assert refusals(context) == []
    assert after["productOrderItem"] == [{**ITEM, "product": {"id": "P1"}, "state": "inProgress"}]


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("productOrderMilestone", "ProductOrderMilestoneEvent"),
        ("productOrderJeopardyAlert", "ProductOrderJeopardyAlertEvent"),
        ("productOrderErrorMessage", "ProductOrderErrorMessageEvent"),
    ],
)
def test_a_new_message_about_an_order_is_an_event(name: str, event: str) -> None:
    first, second = {"message": "one"}, {"message": "two"}
    before = order("inProgress", **{name: [first]})

    more: dict[str, Any] = {name: [first, second]}
    fewer: dict[str, Any] = {name: []}

    assert patched(before, **more)[1].extra_events == [(event, {name: [second]})]
    assert patched(before, **fewer)[1].extra_events == []
    assert patched(before, description="x")[1].extra_events == []


@pytest.mark.parametrize("state", sorted(ORDER.moves))
def test_only_drafts_and_final_orders_are_deleted(state: str) -> None:
    context, _ = around()
    if state == "draft" or ORDER.is_final(state):
        delete_order(order(state), context)
    else:
        with pytest.raises(Conflict, match=f"in state {state} is under way"):
            delete_order(order(state), context)


def task(**more: Any) -> dict[str, Any]:
    return {"id": "c", "state": "acknowledged", "productOrder": {"id": "1"}, **more}


@pytest.mark.parametrize(
    ("state", "fulfilment"),
    [("draft", "simulator"), ("acknowledged", "simulator"), ("pending", "none"), ("held", "none")],
)
def test_an_order_not_begun_is_cancelled_at_once(state: str, fulfilment: str) -> None:
    document, (context, changes) = task(cancellationReason="Twice"), around(order(state))
    context.settings = replace(context.settings, fulfilment=fulfilment)

    create_cancellation(document, context)

    assert document == task(cancellationReason="Twice", state="done", effectiveCancellationDate=MOMENT)
    expected = {
        "state": "cancelled",
        "cancellationDate": MOMENT,
        "cancellationReason": "Twice",
        "productOrderItem": [{**ITEM, "state": "cancelled"}],
    }
    assert changes == [("productOrder", "1", expected)]


@pytest.mark.parametrize("state", ["inProgress", "inProgress.accepted", "pending", "held"])
def test_an_order_that_may_have_begun_is_assessed_first(state: str) -> None:
    document, (context, changes) = task(), around(order(state))

    create_cancellation(document, context)

    assert document == task()
    items = [{**ITEM, "state": "assessingCancellation"}]
    assert changes == [("productOrder", "1", {"state": "assessingCancellation", "productOrderItem": items})]


def test_an_order_with_a_finished_item_has_begun() -> None:
    begun = order("pending")
    begun["productOrderItem"].append({**ITEM, "id": "b", "state": "completed"})
    context, changes = around(begun)

    create_cancellation(task(), context)

    items = [{**ITEM, "state": "assessingCancellation"}, {**ITEM, "id": "b", "state": "completed"}]
    assert changes == [("productOrder", "1", {"state": "assessingCancellation", "productOrderItem": items})]


@pytest.mark.parametrize(
    "state",
    ["rejected", "cancelled", "completed", "failed", "partial", "assessingCancellation", "pendingCancellation"],
)
def test_an_order_that_is_over_or_being_cancelled_cannot_be_cancelled(state: str) -> None:
    document, (context, changes) = task(), around(order(state))

    with pytest.raises(Conflict, match=state):
        create_cancellation(document, context)

    assert (document, changes) == (task(), [])


@pytest.mark.parametrize(
    ("requested", "state"), [("2026-03-01T12:00:00Z", "done"), ("2026-03-02T00:00:00Z", "acknowledged")]
)
def test_a_cancellation_for_later_waits(requested: str, state: str) -> None:
    document, (context, changes) = task(requestedCancellationDate=requested), around(order("acknowledged"))

    create_cancellation(document, context)

    assert (document["state"], len(changes)) == (state, 1 if state == "done" else 0)


@pytest.mark.parametrize(
    ("mode", "state", "refused"),
    [
        ("process", "rejected", []),
        ("strict", "acknowledged", [("/productOrder/id", "reference")]),
        ("off", "acknowledged", []),
    ],
)
def test_nothing_acts_on_a_cancellation_of_an_order_that_is_not_here(
    mode: str, state: str, refused: list[tuple[str, str]]
) -> None:
    document, (context, changes) = task(), around(mode=mode)

    create_cancellation(document, context)

    assert (document, refusals(context), changes) == (task(state=state), refused, [])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("assessingCancellation", "pendingCancellation", {"state": "inProgress"}),
        ("pendingCancellation", "cancelled", {"state": "done", "effectiveCancellationDate": MOMENT}),
        ("held", "cancelled", {"state": "done", "effectiveCancellationDate": MOMENT}),
        ("assessingCancellation", "inProgress", {"state": "terminatedWithError"}),
        ("inProgress", "completed", {"state": "terminatedWithError"}),
        ("acknowledged", "inProgress", None),
    ],
)
def test_open_tasks_end_with_their_order(before: str, after: str, expected: dict[str, Any] | None) -> None:
    others = (task(id="d", state="done"), task(id="e", productOrder={"id": "2"}))
    context, changes = around(tasks=(task(), *others))

    patch_order(order(before), merged(order(before), state=after), context)

    assert changes == ([] if expected is None else [("cancelProductOrder", "c", expected)])
