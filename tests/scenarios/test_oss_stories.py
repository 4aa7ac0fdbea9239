"""Stories with an OSS that carries out the tasks over TMF641: late, twice, in the wrong order, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests import official
from tests.scenarios.conftest import Stage
from tests.scenarios.kit import START, Order, StoryClock, add, characteristic_list
from tests.scenarios.oss import Front, Story, official_oss, small_oss

_ABSENT = "TM Forum's files are not beside the project"
FILE = [path for path in official.files() if path.name.startswith("TMF641")]
PROVISION, ACTIVATE = "data/provision/svc-data", "data/activate"
UNDO = PROVISION + "/undo"
POLL_SECONDS = 60


@pytest.fixture(
    scope="module",
    params=[
        "small",
        pytest.param("official", marks=pytest.mark.skipif(not FILE, reason=_ABSENT)),
    ],
)
def oss(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    if request.param == "small":
        with small_oss() as front:
            yield front
        return
    folder = tmp_path_factory.mktemp("oss")
    (folder / "spec").mkdir()
    shutil.copy(FILE[0], folder / "spec")
    with official_oss(folder / "spec", folder, StoryClock(START)) as front:
        yield front


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def oss_stage(request: pytest.FixtureRequest, oss: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("oss-stories")
    more: dict[str, Any] = {
        "fulfilment": "tmf641",
        "oss_url": oss.url,
        "oss_poll_seconds": POLL_SECONDS,
        "oss_callback_url": oss.callback,
    }
    if request.param == "sqlite":
        opened = Stage(f"sqlite:///{folder}/bss.db", folder, **more)
        yield opened
        opened.suite.close()
        return
    with request.getfixturevalue("postgres_server").database() as url:
        opened = Stage(url, folder, **more)
        yield opened
        opened.suite.close()


@pytest.fixture
def story(oss_stage: Stage, oss: Front) -> Iterator[Story]:
    yield Story(oss_stage.open(), oss)
    oss_stage.tidy()
    oss.tidy()


def begun(story: Story, **attributes: Any) -> Order:
    """An order for data, whose first task has been ordered at the OSS."""
    order = story.shop.order(add("data", "data"), **attributes)
    story.shop.run()
    assert story.oss.service_orders(order) == {PROVISION: "acknowledged"}
    story.shop.told()
    return order


def test_tasks_are_carried_out_as_events_say_that_something_happened(story: Story) -> None:
    order = begun(story)
    assert order.stands == ("inProgress", {"data": "inProgress"})

    service = {"id": "s-1", "name": "data at the switch", "@type": "Service"}
    item = {"id": "1", "action": "add", "state": "completed", "service": service, "@type": "ServiceOrderItem"}
    story.oss.move(order, PROVISION, "completed", serviceOrderItem=[item])
    story.hear_all()
    assert story.oss.service_orders(order) == {PROVISION: "completed", ACTIVATE: "acknowledged"}
    assert story.shop.told() == []

    story.oss.move(order, ACTIVATE, "completed")
    story.hear_all()
    assert (order.stands, order.statuses) == (("completed", {"data": "completed"}), {"data": "active"})
    assert order.document["completionDate"] == story.shop.after()
    assert [one["id"] for one in order.product("data")["realizingService"]] == ["s-1"]
    assert story.shop.told() == [
        "Data changed: realizingService, startDate",
        "Data: active",
        "order changed: completionDate, productOrderItem, productOrderMilestone",
        "order: completed",
        "order milestone: activated",
    ]


def test_an_event_that_comes_twice_changes_nothing_the_second_time(story: Story) -> None:
    order = begun(story)
    story.oss.move(order, PROVISION, "completed")
    events = story.oss.events()
    assert set(story.hear(*events, *events, *events)) == {201}

    assert story.oss.tasks(order) == [PROVISION, ACTIVATE]
    story.oss.move(order, ACTIVATE, "completed")
    story.hear_all()
    told = story.shop.told()
    story.hear(*events)
    assert (order.stands, story.shop.told()) == (("completed", {"data": "completed"}), [])
    assert told == [
        "Data changed: startDate",
        "Data: active",
        "order changed: completionDate, productOrderItem, productOrderMilestone",
        "order: completed",
        "order milestone: activated",
    ]


def test_events_in_the_wrong_order_are_as_good_as_in_the_right_one(story: Story) -> None:
    order = begun(story)
    story.oss.move(order, PROVISION, "inProgress")
    story.oss.move(order, PROVISION, "completed")
    *earlier, completed = story.oss.events()

    story.hear(completed)
    assert story.oss.service_orders(order) == {PROVISION: "completed", ACTIVATE: "acknowledged"}
    story.hear(*earlier)
    assert story.oss.tasks(order) == [PROVISION, ACTIVATE]
    assert (order.stands, story.shop.told()) == (("inProgress", {"data": "inProgress"}), [])


def test_without_events_the_order_is_asked_for_every_minute(story: Story) -> None:
    order = begun(story)
    story.oss.move(order, PROVISION, "completed")
    story.shop.wait(seconds=POLL_SECONDS - 1)
    assert story.oss.tasks(order) == [PROVISION]
    story.shop.wait(seconds=1)
    story.oss.move(order, ACTIVATE, "completed")
    story.shop.wait(seconds=POLL_SECONDS)

    assert (order.state, order.statuses) == ("completed", {"data": "active"})
    assert order.document["completionDate"] == story.shop.after(seconds=2 * POLL_SECONDS)


def test_an_event_that_lies_is_not_believed(story: Story) -> None:
    order = begun(story)
    shown = {**story.oss.shown(order, PROVISION), "state": "completed"}
    lies = [
        {"eventType": "ServiceOrderStateChangeEvent", "event": {"serviceOrder": shown}},
        {"eventType": "ServiceOrderDeleteEvent", "event": {"serviceOrder": shown}},
        {"eventType": "ServiceOrderStateChangeEvent", "event": {"serviceOrder": {"id": shown["id"]}}},
        {"event": {"serviceOrder": {"externalId": f"{order.id}/data/nothing"}}},
        {"event": {"serviceOrder": {"externalId": "nobody/data/activate"}}},
        {"event": {"serviceOrder": {"externalId": "/" * 400}}},
        {"event": {}},
    ]
    assert story.hear(*lies) == [201] * len(lies)
    assert (order.stands, story.shop.told()) == (("inProgress", {"data": "inProgress"}), [])
    assert story.oss.service_orders(order) == {PROVISION: "acknowledged"}


def test_an_oss_that_never_answers_makes_the_order_late_and_leaves_it_to_be_cancelled(story: Story) -> None:
    order = begun(story, requestedCompletionDate=story.shop.after(minutes=10))
    story.shop.wait(minutes=9, seconds=59)
    assert (order.alerts, story.shop.told()) == ([], [])
    story.shop.wait(seconds=1)
    assert order.alerts == [("late", story.shop.after(minutes=10), ["data"])]
    assert story.shop.told() == ["order changed: productOrderJeopardyAlert", "order jeopardy: late"]

    cancellation = story.shop.cancel(order)
    story.shop.run()
    assert order.stands == ("pendingCancellation", {"data": "pendingCancellation"})
    assert story.oss.cancelled(order) == [PROVISION]
    story.oss.move(order, PROVISION, "cancelled")
    story.hear_all()
    assert (order.stands, cancellation.state) == (("cancelled", {"data": "cancelled"}), "done")
    assert order.statuses == {"data": "cancelled"}
    assert story.oss.tasks(order) == [PROVISION]


def test_what_was_done_is_taken_back_by_an_order_of_its_own(story: Story) -> None:
    order = begun(story)
    story.oss.move(order, PROVISION, "completed")
    story.shop.cancel(order)
    story.shop.run()
    # The cancellation finds the order completed: it is reversed.
    assert story.oss.service_orders(order) == {PROVISION: "completed", UNDO: "acknowledged"}
    (item,) = story.oss.shown(order, UNDO)["serviceOrderItem"]
    assert (item["action"], item["service"]["state"]) == ("delete", "terminated")

    story.oss.move(order, UNDO, "completed")
    story.hear_all()
    assert (order.stands, order.statuses) == (("cancelled", {"data": "cancelled"}), {"data": "cancelled"})


def test_an_activation_that_fails_has_the_provisioning_taken_back(story: Story) -> None:
    order = begun(story)
    story.oss.move(order, PROVISION, "completed")
    story.hear_all()
    story.oss.move(order, ACTIVATE, "failed")
    story.hear_all()
    assert story.oss.service_orders(order) == {PROVISION: "completed", ACTIVATE: "failed", UNDO: "acknowledged"}
    assert order.stands == ("inProgress", {"data": "inProgress"})

    story.oss.move(order, UNDO, "completed")
    story.hear_all()
    assert (order.stands, order.statuses) == (("failed", {"data": "failed"}), {"data": "aborted"})
    assert order.errors == [("task.failed", "activate of item data: failed")]
    assert story.shop.told() == [
        "order changed: productOrderErrorMessage",
        "order error: task.failed",
        "Data: aborted",
        "order changed: productOrderItem",
        "order: failed",
    ]


def test_an_oss_that_is_down_gets_one_order_once_it_is_up(story: Story) -> None:
    story.oss.is_down = True
    order = story.shop.order(add("data", "data"))
    story.shop.run()
    assert order.stands == ("inProgress", {"data": "inProgress"})
    story.shop.wait(seconds=30 + 60)
    story.oss.is_down = False
    assert story.oss.tasks(order) == []

    story.shop.wait(seconds=120)
    assert story.oss.tasks(order) == [PROVISION]
    story.oss.move(order, PROVISION, "completed")
    story.shop.wait(seconds=POLL_SECONDS)
    story.oss.move(order, ACTIVATE, "completed")
    story.shop.wait(seconds=POLL_SECONDS)
    assert (order.state, order.errors) == ("completed", [])


def test_a_listener_that_could_not_be_registered_is_registered_later(story: Story) -> None:
    story.oss.is_down = True
    order = story.shop.order(add("data", "data"))
    story.shop.run()
    story.oss.is_down = False
    story.shop.wait(seconds=30)
    assert (story.oss.tasks(order), story.oss.hubs) == ([PROVISION], [])
    story.shop.wait(seconds=30)
    assert len(story.oss.hubs) == 1
    story.shop.wait(minutes=10)
    assert len(story.oss.hubs) == 1


def test_an_order_whose_answer_was_lost_is_adopted(story: Story) -> None:
    story.oss.answers_lost = 1
    order = story.shop.order(add("data", "data"))
    story.shop.run()
    assert story.oss.tasks(order) == [PROVISION]
    story.shop.wait(seconds=30)
    assert story.oss.tasks(order) == [PROVISION]

    story.oss.move(order, PROVISION, "completed")
    story.hear_all()
    assert story.oss.tasks(order) == [PROVISION, ACTIVATE]
    assert (order.stands, order.errors) == (("inProgress", {"data": "inProgress"}), [])


def test_information_that_the_oss_wants_is_asked_of_the_customer_and_passed_on(story: Story) -> None:
    order = begun(story)
    story.oss.move(order, PROVISION, "pending")
    wanted = {
        "eventType": "ServiceOrderInformationRequiredEvent",
        "fieldPath": "$.serviceOrderItem[0].service.serviceCharacteristic[?(@.name=='volume')].value",
        "event": {"serviceOrder": story.oss.shown(order, PROVISION)},
    }
    story.hear(*story.oss.events(), wanted)
    assert order.stands == ("pending", {"data": "pending"})
    assert order.errors == [("information.required", "provision of item data: pending")]
    assert story.shop.told() == [
        "order changed: productOrderErrorMessage, productOrderItem",
        "order: pending",
        "order error: information.required",
        "order ProductOrderInformationRequiredEvent",
    ]

    given = {"@type": "Product", "productCharacteristic": characteristic_list(volume="10 GB")}
    item = order.items()[0]
    order.patch(productOrderItem=[{**item, "product": {**item["product"], **given}}])
    story.shop.run()
    assert order.stands == ("inProgress", {"data": "inProgress"})
    service = story.oss.shown(order, PROVISION)["serviceOrderItem"][0]["service"]
    assert [(one["name"], one["value"]) for one in service["serviceCharacteristic"]] == [("volume", "10 GB")]

    story.oss.move(order, PROVISION, "completed")
    story.hear_all()
    assert story.oss.service_orders(order) == {PROVISION: "completed", ACTIVATE: "acknowledged"}


def test_an_oss_that_goes_on_without_what_it_wanted_is_followed(story: Story) -> None:
    order = begun(story)
    story.oss.move(order, PROVISION, "pending")
    shown = story.oss.shown(order, PROVISION)
    story.hear({"eventType": "ServiceOrderInformationRequiredEvent", "event": {"serviceOrder": shown}})
    assert order.stands == ("pending", {"data": "pending"})
    story.hear(*story.oss.events())
    assert order.stands == ("pending", {"data": "pending"})

    story.oss.move(order, PROVISION, "completed")
    story.hear_all()
    assert order.stands == ("inProgress", {"data": "inProgress"})
    assert story.oss.service_orders(order) == {PROVISION: "completed", ACTIVATE: "acknowledged"}
