"""Tasks at an OSS that answers twice, late, wrongly or not at all."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest

from common.errors import ConfigurationError
from common.settings import Settings
from tests.tmf622_ordering.adapters.calls import CALL, NOW, call
from tests.tmf622_ordering.adapters.oss_double import BASE, OssDouble
from tmf622_ordering.adapters import oss as exchange
from tmf622_ordering.adapters import tmf641
from tmf622_ordering.adapters.choice import fulfilment_of
from tmf622_ordering.adapters.port import Answer, Operation, Outcome
from tmf622_ordering.adapters.simulator import Simulator
from tmf622_ordering.adapters.subscription import Subscription, subscribe

KEY = CALL.key
UNCONFIRMED = f"externalId={KEY}"
CHECK = call(operation=Operation.CHECK, reference="so-1")
UNDO = call(operation=Operation.UNDO, key=KEY + "/undo", reference="so-1")
CHECK_UNDO = replace(UNDO, operation=Operation.CHECK_UNDO)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def oss():
    return OssDouble()


def refused(status, message="no"):
    return httpx.Response(status, json={"code": "x", "reason": "r", "message": message})


def broken(text=b"<html>"):
    return httpx.Response(200, content=text)


# -- carrying out -----------------------------------------------------------------------------------------------------


def test_a_task_is_ordered_and_asked_for_again(oss):
    answer = oss.fulfilment().perform(call(), NOW)

    assert answer == Answer(Outcome.ACCEPTED, "acknowledged", "so-1", ask_again_at=LATER)
    assert (oss.only["externalId"], oss.only["serviceOrderItem"][0]["action"]) == (KEY, "add")


@pytest.mark.parametrize("attempt", [1, 2])
@pytest.mark.parametrize("ignores_filters", [False, True])
def test_a_call_made_twice_makes_one_order(oss, attempt, ignores_filters):
    oss.ignores_filters = ignores_filters
    for number in range(3):
        oss.made(externalId=f"other-{number}")

    first = oss.fulfilment().perform(call(), NOW)
    again = oss.fulfilment().perform(call(attempt=attempt), NOW)

    assert first == again
    assert [one for one in oss.orders if oss.orders[one]["externalId"] == KEY] == ["so-4"]


def test_an_order_that_ended_at_once_is_done_at_once(oss):
    oss.fail("POST", "serviceOrder", lambda _: httpx.Response(201, json=oss.made(state="completed", externalId=KEY)))
    answer = oss.fulfilment().perform(call(), NOW)
    assert (answer.outcome, answer.reference) == (Outcome.DONE, "so-1")


def lost_answer(oss, error):
    """The order is made, and its answer never comes."""

    def take(request):
        oss.answer(request, "serviceOrder", [])
        if isinstance(error, Exception):
            raise error
        return error

    oss.fail("POST", "serviceOrder", take)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("late"),
        httpx.RemoteProtocolError("closed"),
        httpx.Response(500),
        httpx.Response(504, content=b"gateway"),
        httpx.Response(201),
        httpx.Response(201, content=b"<html>"),
        httpx.Response(201, json=[]),
        httpx.Response(201, json={"state": "acknowledged"}),
    ],
    ids=str,
)
def test_an_order_whose_answer_was_lost_is_found_again(oss, error):
    lost_answer(oss, error)
    fulfilment = oss.fulfilment()

    first = fulfilment.perform(call(), NOW)
    assert (first.outcome, first.reference) == (Outcome.RETRY, UNCONFIRMED)
    second = fulfilment.perform(call(attempt=2, reference=first.reference), NOW)

    assert (second.outcome, second.reference) == (Outcome.ACCEPTED, "so-1")
    assert len(oss.orders) == 1


@pytest.mark.parametrize("error", [httpx.ReadTimeout("late"), httpx.Response(503)], ids=str)
def test_an_order_that_never_arrived_is_made_at_the_next_attempt(oss, error):
    oss.fail("POST", "serviceOrder", error)
    fulfilment = oss.fulfilment()

    first = fulfilment.perform(call(), NOW)
    assert oss.orders == {}
    second = fulfilment.perform(call(attempt=2, reference=first.reference), NOW)
    assert (second.outcome, len(oss.orders)) == (Outcome.ACCEPTED, 1)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectError("refused"), "the OSS cannot be reached: refused"),
        (httpx.ConnectTimeout(""), "the OSS cannot be reached: ConnectTimeout"),
        (httpx.Response(401), "the OSS answered 401 to POST serviceOrder"),
        (httpx.Response(404), "the OSS answered 404 to POST serviceOrder"),
        (
            httpx.Response(302, headers={"Location": "https://evil.example"}),
            "the OSS answered 302 to POST serviceOrder",
        ),
        (refused(409, "busy"), "the OSS answered 409 to POST serviceOrder: busy"),
        (httpx.Response(429), "the OSS answered 429 to POST serviceOrder"),
    ],
)
def test_what_was_certainly_not_done_is_tried_again(oss, error, reason):
    oss.fail("POST", "serviceOrder", error)
    assert oss.fulfilment().perform(call(), NOW) == Answer(Outcome.RETRY, reason)
    assert oss.orders == {}


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_order_has_failed(oss, status):
    oss.fail("POST", "serviceOrder", refused(status, "no such specification"))
    expected = f"the OSS answered {status} to POST serviceOrder: no such specification"
    assert oss.fulfilment().perform(call(), NOW) == Answer(Outcome.FAILED, expected)


@pytest.mark.parametrize("error", [httpx.ReadTimeout(""), httpx.Response(500), broken(), broken(b"{}")], ids=str)
def test_nothing_is_ordered_unless_it_was_looked_for(oss, error):
    oss.fail("GET", "serviceOrder", error)
    assert oss.fulfilment().perform(call(), NOW).outcome is Outcome.RETRY
    assert oss.orders == {}


def test_of_two_orders_the_first_is_taken(oss):
    oss.made(externalId=KEY, state="inProgress")
    oss.made(externalId=KEY)
    assert oss.fulfilment().perform(call(attempt=2), NOW).reference == "so-1"


def test_an_order_is_found_on_the_last_page_of_a_server_that_ignores_filters(oss):
    oss.ignores_filters, oss.page_max = True, 7
    for number in range(30):
        oss.made(externalId=f"other-{number}")
    oss.made(externalId=KEY)

    assert oss.fulfilment().perform(call(attempt=2), NOW).reference == "so-31"
    assert len(oss.orders) == 31


@pytest.mark.parametrize("fault", ["full page", 400, 404])
def test_where_no_search_is_possible_only_the_first_attempt_orders(oss, fault, monkeypatch):
    monkeypatch.setattr(tmf641, "PAGE_ITEMS", 2)
    listed = [{"id": "x"}, {"id": "y"}]
    answers = httpx.Response(fault) if fault != "full page" else httpx.Response(200, json=listed)
    oss.fail("GET", "serviceOrder", *[answers] * 4)

    again = oss.fulfilment().perform(call(attempt=2), NOW)
    assert (again.outcome, oss.orders) == (Outcome.RETRY, {})
    assert "cannot filter by externalId" in again.reason
    assert oss.fulfilment().perform(call(), NOW).outcome is Outcome.ACCEPTED


def test_a_server_that_knows_no_paging_has_shown_all(oss):
    everything = httpx.Response(200, json=[{"id": "x"}, {"id": "y"}])
    oss.fail("GET", "serviceOrder", everything, everything)
    assert oss.fulfilment().perform(call(attempt=2), NOW).outcome is Outcome.ACCEPTED


def test_a_waiting_order_is_told_what_has_come_since(oss):
    fulfilment = oss.fulfilment()
    asked = fulfilment.perform(call(), NOW)
    oss.only["state"] = "pending"

    told = {"characteristic": {"speed": 500, "static": True, "iccid": "89"}}
    for _ in range(2):
        again = fulfilment.perform(call(reference=asked.reference, details=told), NOW)
        assert (again.outcome, again.reason) == (Outcome.ACCEPTED, "pending")

    (patch,) = oss.sent("PATCH", "serviceOrder")
    characteristics = patch["serviceOrderItem"][0]["service"]["serviceCharacteristic"]
    assert characteristics[2:] == [{"name": "iccid", "value": "89"}]
    assert fulfilment.perform(replace(CHECK, details={}), NOW).outcome is Outcome.ACCEPTED


def test_an_order_that_cannot_be_told_is_told_again_later(oss):
    oss.made(externalId=KEY, state="pending", serviceOrderItem=[{"id": "1", "action": "add", "service": {}}])
    oss.fail("PATCH", "serviceOrder", refused(409))
    assert oss.fulfilment().perform(call(reference="so-1"), NOW).outcome is Outcome.RETRY


# -- checking ---------------------------------------------------------------------------------------------------------


def test_late_and_repeated_checks_say_what_the_order_says(oss):
    order = oss.made(externalId=KEY)
    fulfilment, found = oss.fulfilment(), []
    for state in ("inProgress", "completed", "completed"):
        order["state"] = state
        found.append(fulfilment.perform(CHECK, NOW).outcome)
    assert found == [Outcome.ACCEPTED, Outcome.DONE, Outcome.DONE]
    assert {one.method for one in oss.requests} == {"GET"}


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout(""),
        httpx.ConnectError("refused"),
        httpx.Response(500),
        httpx.Response(503, json={"reason": "maintenance"}),
        httpx.Response(401),
        broken(),
        broken(b""),
        broken(b"[]"),
        broken(b'{"id": "another"}'),
        broken(b'{"id": "so-1", "state": "nearly"}'),
        broken(b'{"id": "so-1", "id": "so-1"}'),
    ],
    ids=str,
)
def test_a_check_without_a_usable_answer_is_made_again(oss, error):
    oss.made(externalId=KEY, state="completed")
    oss.fail("GET", "serviceOrder", error)
    fulfilment = oss.fulfilment()

    answer = fulfilment.perform(CHECK, NOW)
    assert (answer.outcome, bool(answer.reason)) == (Outcome.RETRY, True)
    assert fulfilment.perform(CHECK, NOW).outcome is Outcome.DONE


def test_an_order_under_another_id_is_found_by_its_key(oss):
    oss.made(externalId="other")
    oss.made(externalId=KEY, state="inProgress")
    answer = oss.fulfilment().perform(replace(CHECK, reference="gone"), NOW)
    assert (answer.outcome, answer.reference) == (Outcome.ACCEPTED, "so-2")


@pytest.mark.parametrize("operation", list(Operation))
def test_a_lost_order_is_for_people_and_not_ordered_again(oss, operation):
    answer = oss.fulfilment().perform(call(operation=operation, reference="so-7", attempt=2), NOW)
    assert (answer.outcome, answer.reference, oss.orders) == (Outcome.FAILED, "so-7", {})
    assert answer.reason.startswith("the OSS no longer has service order so-7")


def test_an_order_is_not_lost_as_long_as_the_search_does_not_work(oss):
    oss.fail("GET", "serviceOrder", httpx.Response(404), httpx.Response(404))
    assert oss.fulfilment().perform(CHECK, NOW).outcome is Outcome.RETRY


# -- taking back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["rejected", "failed", "cancelled"])
def test_what_has_left_nothing_needs_no_taking_back(oss, state):
    oss.made(externalId=KEY, state=state)
    for undo in (UNDO, CHECK_UNDO):
        assert oss.fulfilment().perform(undo, NOW) == Answer(Outcome.DONE, reference="so-1")
    assert (len(oss.orders), oss.cancellations) == (1, [])


@pytest.mark.parametrize("state", ["acknowledged", "pending", "held", "inProgress"])
def test_an_order_under_way_is_cancelled(oss, state):
    order = oss.made(externalId=KEY, state=state)
    fulfilment = oss.fulfilment()

    asked = fulfilment.perform(UNDO, NOW)
    assert asked == Answer(Outcome.ACCEPTED, "being cancelled", "so-1", ask_again_at=LATER)
    assert [one["serviceOrder"]["id"] for one in oss.cancellations] == ["so-1"]
    order["state"] = "assessingCancellation"
    assert fulfilment.perform(UNDO, NOW).outcome is Outcome.ACCEPTED
    assert fulfilment.perform(CHECK_UNDO, NOW).outcome is Outcome.ACCEPTED
    order["state"] = "cancelled"
    assert fulfilment.perform(CHECK_UNDO, NOW).outcome is Outcome.DONE
    assert (len(oss.cancellations), len(oss.orders)) == (1, 1)


@pytest.mark.parametrize("state", ["completed", "partial"])
@pytest.mark.parametrize("first", [UNDO, CHECK_UNDO], ids=["undo", "cancelled too late"])
def test_what_was_done_is_taken_back_by_another_order(oss, state, first):
    oss.made(externalId=KEY, state=state, serviceOrderItem=[{"id": "1", "action": "add", "service": {"id": "s-1"}}])
    fulfilment = oss.fulfilment()

    asked = fulfilment.perform(first, NOW)
    again = fulfilment.perform(first, NOW)

    assert asked == again == Answer(Outcome.ACCEPTED, "acknowledged", "so-2", ask_again_at=LATER)
    (body,) = oss.sent("POST", "serviceOrder")
    assert body["externalId"] == KEY + "/undo"
    assert (body["serviceOrderItem"][0]["action"], body["serviceOrderItem"][0]["service"]["id"]) == ("delete", "s-1")

    oss.orders["so-2"]["state"] = "completed"
    done = fulfilment.perform(replace(CHECK_UNDO, reference=asked.reference), NOW)
    assert (done.outcome, done.reference, done.services) == (Outcome.DONE, "so-2", ())


def test_a_taking_back_that_fails_says_so(oss):
    oss.made(externalId=KEY, state="completed")
    oss.made(externalId=KEY + "/undo", state="failed", errorMessage=[{"message": "in use"}])
    for reference in ("so-1", "so-2"):
        answer = oss.fulfilment().perform(replace(CHECK_UNDO, reference=reference), NOW)
        assert answer == Answer(Outcome.FAILED, "failed: in use", "so-2")


def test_a_taking_back_whose_answer_was_lost_is_found_again(oss):
    oss.made(externalId=KEY, state="completed")
    lost_answer(oss, httpx.ReadTimeout(""))
    fulfilment = oss.fulfilment()

    first = fulfilment.perform(UNDO, NOW)
    assert (first.outcome, first.reference) == (Outcome.RETRY, "so-1")
    assert fulfilment.perform(replace(UNDO, attempt=2), NOW).reference == "so-2"
    assert len(oss.orders) == 2


@pytest.mark.parametrize("status", [400, 404, 405, 422, 501])
def test_where_nothing_can_be_cancelled_the_end_is_awaited(oss, status):
    order = oss.made(externalId=KEY, state="inProgress")
    oss.fail("POST", "cancelServiceOrder", refused(status))
    fulfilment = oss.fulfilment()

    asked = fulfilment.perform(UNDO, NOW)
    assert (asked.outcome, asked.reference) == (Outcome.ACCEPTED, "so-1")
    assert fulfilment.perform(CHECK_UNDO, NOW).outcome is Outcome.ACCEPTED
    order["state"] = "completed"
    assert fulfilment.perform(CHECK_UNDO, NOW).reference == "so-2"


@pytest.mark.parametrize("error", [httpx.ReadTimeout(""), httpx.Response(500), refused(409)], ids=str)
def test_a_cancellation_without_an_answer_is_asked_again(oss, error):
    oss.made(externalId=KEY, state="inProgress")
    oss.fail("POST", "cancelServiceOrder", error)
    assert oss.fulfilment().perform(UNDO, NOW).outcome is Outcome.RETRY
    assert oss.fulfilment().perform(UNDO, NOW).outcome is Outcome.ACCEPTED


def test_an_unconfirmed_order_is_looked_for_before_it_is_taken_back(oss):
    unconfirmed = replace(UNDO, reference=UNCONFIRMED)
    assert oss.fulfilment().perform(unconfirmed, NOW) == Answer(Outcome.DONE)
    oss.made(externalId=KEY)
    assert oss.fulfilment().perform(unconfirmed, NOW).reference == "so-1"
    assert len(oss.cancellations) == 1


def test_an_order_of_somebody_else_is_left_alone(oss):
    oss.made(externalId="another", state="completed")
    answer = oss.fulfilment().perform(UNDO, NOW)
    assert (answer.outcome, len(oss.orders)) == (Outcome.FAILED, 1)


# -- the exchange -----------------------------------------------------------------------------------------------------


def test_repeated_posts_carry_the_same_idempotency_key(oss):
    oss.fail("POST", "serviceOrder", httpx.Response(500), httpx.Response(500), httpx.Response(500))
    for changed in ({}, {}, {"productId": "product-2"}):
        oss.fulfilment().perform(call(details=changed), NOW)
    first, again, other = (one.headers["Idempotency-Key"] for one in oss.requests if one.method == "POST")
    assert first == again != other


def test_the_token_is_sent_and_never_told(oss):
    fulfilment = oss.fulfilment(oss_token="s3cret")
    oss.fail("GET", "serviceOrder", httpx.ReadError("broke"))
    assert "s3cret" not in str(fulfilment.perform(call(), NOW))
    assert oss.requests[0].headers["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(Settings(oss_token="s3cret"))
    with pytest.raises(ConfigurationError) as refusal:
        oss.fulfilment(oss_token="s3cret\n")
    assert "s3cret" not in refusal.value.message


def test_an_endless_answer_is_cut_off(oss, monkeypatch):
    monkeypatch.setattr(exchange, "ANSWER_BYTES_MAX", 1_000)
    oss.fail("GET", "serviceOrder", httpx.Response(200, content=b" " * 1_001))
    answer = oss.fulfilment().perform(call(), NOW)
    assert answer.reason == "the answer to GET serviceOrder has more than 1000 bytes"


def test_an_answer_that_drips_is_cut_off(oss, monkeypatch):
    moments = iter((0, 9, 11))
    monkeypatch.setattr(exchange, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    oss.fail("GET", "serviceOrder", httpx.Response(200, content=iter((b"[", b" ", b"]"))))
    answer = oss.fulfilment().perform(call(), NOW)
    assert answer == Answer(Outcome.RETRY, "no whole answer to GET serviceOrder within 10 s")


def test_ids_are_segments_of_the_path(oss):
    order = oss.made(externalId=KEY)
    odd = oss.orders["a/b?c"] = {**order, "id": "a/b?c", "state": "completed"}
    answer = oss.fulfilment().perform(replace(CHECK, reference=odd["id"]), NOW)
    assert (answer.outcome, answer.reference) == (Outcome.DONE, "a/b?c")


def test_many_threads_share_one_client(oss):
    gate = threading.Barrier(8, timeout=10)
    fulfilment = oss.fulfilment()

    def perform(number):
        gate.wait()
        return fulfilment.perform(call(key=f"k-{number}"), NOW).outcome

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(perform, range(8))) == {Outcome.ACCEPTED}
    assert len(oss.orders) == 8


# -- events -----------------------------------------------------------------------------------------------------------


CALLBACK = "https://bss.example/l"


def test_a_listener_takes_the_place_of_the_former_one(oss):
    first = subscribe(oss.client(), CALLBACK)
    again = subscribe(oss.client(), CALLBACK, first.id)

    assert (first, again) == (Subscription("h/1"), Subscription("h/1"))
    assert oss.hubs == {"h/1": CALLBACK}
    assert [one.method for one in oss.requests] == ["POST", "DELETE", "POST"]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (refused(409), Subscription()),
        (httpx.Response(201, json=[]), Subscription()),
        (httpx.ConnectError("refused"), Subscription(problem="the OSS cannot be reached: refused")),
        (refused(500, "later"), Subscription(problem="the OSS answered 500 to POST hub: later")),
    ],
    ids=str,
)
def test_what_comes_of_registering_is_told(oss, answer, found):
    oss.fail("POST", "hub", answer)
    assert subscribe(oss.client(), CALLBACK) == found


def test_a_former_listener_that_cannot_be_taken_back_is_left(oss):
    oss.fail("DELETE", "hub", httpx.ReadTimeout("late"))
    assert subscribe(oss.client(), CALLBACK, "h/0") == Subscription("h/1")


@pytest.mark.parametrize(
    ("state", "said", "outcome", "missing"),
    [
        ("pending", {"missing": ["iccid"], "number": 1}, Outcome.INFORMATION_REQUIRED, ("iccid",)),
        ("pending", {"missing": [], "number": 1}, Outcome.INFORMATION_REQUIRED, ()),
        ("pending", {"number": 1}, Outcome.ACCEPTED, ()),
        ("inProgress", {"missing": ["iccid"], "number": 1}, Outcome.ACCEPTED, ()),
        ("completed", {"missing": ["iccid"], "number": 1}, Outcome.DONE, ()),
    ],
)
def test_what_an_event_says_is_missing_counts_while_the_order_is_pending(oss, state, said, outcome, missing):
    oss.made(externalId=KEY, state=state)
    answer = oss.fulfilment().perform(replace(CHECK, details={**CHECK.details, "hint": said}), NOW)
    assert (answer.outcome, answer.missing) == (outcome, missing)


# -- choosing ---------------------------------------------------------------------------------------------------------


def test_the_settings_choose(tmp_path):
    assert isinstance(fulfilment_of(Settings()), Simulator)
    assert fulfilment_of(Settings(fulfilment="none")) is None
    chosen = fulfilment_of(Settings(fulfilment="tmf641", oss_url=BASE))
    assert isinstance(chosen, tmf641.Tmf641)
    chosen.close()
    script = tmp_path / "script.json"
    script.write_text('{"rules": [{"outcome": "never"}]}')
    simulator = fulfilment_of(Settings(simulator_file=str(script)))
    assert simulator.perform(call(), NOW).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"fulfilment": "tmf641"}, "BSS_OSS_URL"),
        ({"fulfilment": "tmf641", "oss_url": "oss.example"}, "BSS_OSS_URL"),
        ({"fulfilment": "tmf641", "oss_url": "ftp://oss.example"}, "BSS_OSS_URL"),
        ({"fulfilment": "tmf641", "oss_url": "https://a:b@oss.example"}, "BSS_OSS_TOKEN"),
        ({"fulfilment": "tmf641", "oss_url": "https://oss.example/?x=1"}, "BSS_OSS_URL"),
        ({"fulfilment": "tmf641", "oss_url": "https://oss.example:port"}, "BSS_OSS_URL"),
        ({"fulfilment": "tmf641", "oss_url": BASE, "oss_token": "é"}, "BSS_OSS_TOKEN"),
        ({"simulator_file": "nowhere.json"}, "nowhere.json"),
        ({"fulfilment": "magic"}, "BSS_FULFILMENT"),
    ],
)
def test_what_cannot_be_chosen_is_refused_at_start(settings, named):
    with pytest.raises(ConfigurationError) as refusal:
        fulfilment_of(Settings(**settings))
    assert named in refusal.value.message
