"""Stories of online charging: quota in money and in free units, to the last cent and the last byte."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft4Validator
from sqlalchemy import select

from common import exact_json
from common.installation import extension
from common.store.event_tables import outbox
from tests.scenarios.charging import Network, size, tiers
from tests.scenarios.kit import Shop
from tests.scenarios.sessions import (
    SESSIONS_PATH,
    Call,
    Element,
    checked,
    granted,
    records,
    service,
    session_of,
)
from tmf635_usage.recycle import Recycle
from tmf635_usage.tables import KEYS, LINES, SESSIONS

LIMITS = "/tmf-api/charging/v1/limits"
STEPS = {"minimum": size("60 s"), "increment": size("1 s"), "setupFee": {"unit": "EUR", "value": Decimal("0.05")}}
DAY = {"startDateTime": "2026-01-01T00:00:00Z"}


@pytest.fixture
def network(shop: Shop) -> Network:
    return Network(shop)


@pytest.fixture
def element(network: Network) -> Element:
    return Element(network)


def minutes(network: Network, *more: str, price: str = "0.10", **attributes: Any) -> str:
    """A plan of calls, with what else is in it, sold."""
    network.plan("prepaid", network.price("voice", "voice", price, "1 min", **attributes), *more)
    return network.sell("prepaid")


def test_money_ends_in_the_middle_of_a_call(network: Network, element: Element) -> None:
    minutes(network)
    element.fill("0.25")

    call = element.open("voice", "60 s")
    assert (element.left(), element.reserved()) == (Decimal("0.25"), Decimal("0.1"))
    assert call.ask("60 s", "60 s") == "60 s"
    assert (element.left(), element.reserved()) == (Decimal("0.15"), Decimal("0.1"))
    assert call.ask("60 s", "60 s") == "30 s final"
    assert call.ask("30 s", "60 s") == "charging.nothing-left"
    assert call.end() == ""

    assert (element.left(), element.reserved()) == (0, 0)
    assert network.charged(network.sold) == {"EUR": "0.25"}
    assert (call.shown["status"], call.shown["service"][0]["usedUnit"]) == ("released", {"amount": 150, "units": "s"})
    assert element.refused("voice", "60 s") == "charging.nothing-left"


def test_free_minutes_come_first_and_need_no_money(network: Network, element: Element) -> None:
    minutes(network, network.allowance("month", "voice", "1 min"))
    element.fill("0.10")

    call = element.open("voice", "90 s")
    assert (element.held(), element.reserved()) == (["month 60"], Decimal("0.05"))
    assert call.ask("40 s", "90 s") == "80 s final"
    assert (element.held(), element.reserved(), element.left()) == (["month 20"], Decimal("0.1"), Decimal("0.1"))
    assert call.end("80 s") == ""

    assert (element.held(), element.left()) == ([], 0)
    assert network.buckets() == ["month 2026-01-01T00:00:00.000Z 60 of 60 s"]
    assert network.charged(network.sold) == {"EUR": "0.1"}


def test_a_tier_is_crossed_within_a_session(network: Network, element: Element) -> None:
    steps = tiers(("0", "0.10"), ("100", "0.07"))
    network.plan("texts", network.price("sms", "sms", None, "1 event", tierModel="graduated", tier=steps))
    network.sell("texts")
    element.fill("12")

    call = element.open("sms", "60 event")
    assert call.ask("60 event", "60 event") == "60 event"
    assert (element.left(), element.reserved()) == (6, Decimal("5.4"))
    assert call.ask("60 event", "60 event") == "8 event final"
    call.end()

    assert element.left() == Decimal("0.6")
    assert network.counters() == ["sms 2026-01-01T00:00:00.000Z 120"]


def test_a_volume_tier_gives_money_back(network: Network, element: Element) -> None:
    """100 at 0.10, then all of them at 0.07: the hundred and first makes the others cheaper."""
    steps = tiers(("0", "0.10"), ("100", "0.07"))
    network.plan("texts", network.price("sms", "sms", None, "1 event", tierModel="volume", tier=steps))
    network.sell("texts")
    element.fill("10")

    call = element.open("sms", "101 event")
    assert (granted(call.last), element.reserved()) == ("101 event", 10)
    assert call.ask("100 event", "1 event") == "1 event"
    assert (element.left(), element.reserved()) == (0, 0)
    assert call.ask("1 event", "1 event") == "1 event"

    assert element.left() == Decimal("2.93")
    call.end()
    assert network.charged(network.sold) == {"EUR": "7.07"}


def test_two_calls_compete_for_the_last_euro(network: Network, element: Element) -> None:
    minutes(network)
    element.fill("1")

    first = element.open("voice", "600 s")
    assert element.refused("voice", "60 s") == "charging.nothing-left"
    assert first.ask("60 s", "60 s") == "60 s"
    second = element.open("voice", "600 s")
    assert granted(second.last) == "480 s final"
    assert first.ask("60 s", "60 s") == "charging.nothing-left"
    second.end("480 s")
    first.end()

    assert (element.left(), element.reserved()) == (0, 0)
    assert network.charged(network.sold) == {"EUR": "1"}


def test_two_sessions_compete_for_the_last_megabyte(network: Network, element: Element) -> None:
    network.plan("surf", network.allowance("month", "data", "100 MB"))
    network.sell("surf")

    first = element.open("data", "80 MB")
    second = element.open("data", "80 MB")
    assert (granted(first.last), granted(second.last)) == ("80000000 B", "20000000 B final")
    assert element.refused("data", "1 MB") == "charging.nothing-left"
    first.end("10 MB")
    assert second.ask("20 MB", "80 MB") == "70000000 B final"
    second.end("70 MB")

    checked(element.suite)
    assert network.buckets() == ["month 2026-01-01T00:00:00.000Z 100000000 of 100000000 B"]


def test_other_usage_does_not_draw_what_a_session_holds(network: Network, element: Element) -> None:
    network.plan("surf", network.allowance("month", "data", "100 MB"))
    network.sell("surf")
    call = element.open("data", "80 MB")

    record = network.use("data", network.shop.now, "30 MB")
    small = network.use("data", network.shop.now, "20 MB")

    assert (record.status, record.reason[0], small.status) == ("rejected", "no.price", "rated")
    call.end("80 MB")
    assert call.usages == [("rated", None)]
    checked(element.suite)


def test_a_request_that_comes_again_gets_the_same_answer_and_counts_once(network: Network, element: Element) -> None:
    product = minutes(network)
    element.fill("1")
    body = session_of(product, service("voice", want="60 s"), id="again")
    update = {"sequence": 1, "service": [service("", used="45 s", want="60 s")]}

    opened = [element.suite.post(SESSIONS_PATH, body) for _ in range(2)]
    call = Call(element.suite, "again", "voice")
    updated = [call.send(update) for _ in range(2)]
    before = records(element.suite)
    network.shop.wait(minutes=1)

    assert opened[0].content == opened[1].content
    assert {one.content for one in [*updated, call.send(update)]} == {updated[0].content}
    assert records(element.suite) == before
    assert element.left() == Decimal("0.925")
    ending = {"sequence": 2, "status": "released"}
    assert call.send(ending).content == call.send(ending).content
    assert element.reserved() == 0


def test_requests_out_of_order_are_refused_and_change_nothing(network: Network, element: Element) -> None:
    minutes(network)
    element.fill("1")
    call = element.open("voice", "60 s", id="ordered")
    call.ask("30 s", "60 s")
    call.ask("30 s", "60 s")
    before = records(element.suite)

    def code(sequence: int, used: str) -> tuple[int, str]:
        answer = call.send({"sequence": sequence, "service": [service("", used=used)]})
        return answer.status, answer.json["code"]

    assert code(1, "30 s") == (409, "charging.sequence-old")
    assert code(2, "31 s") == (409, "charging.other-request")
    assert code(4, "30 s") == (409, "charging.sequence-gap")
    body = session_of(network.sold, service("voice", want="1 s"), id="ordered")
    again = element.suite.post(SESSIONS_PATH, {**body, "sequence": 3})
    assert (again.status, again.json["code"]) == (409, "charging.other-request")
    assert records(element.suite) == before
    call.end()
    assert code(4, "1 s") == (409, "charging.session-ended")
    assert element.suite.get(f"{SESSIONS_PATH}/nobody").status == 404
    assert element.suite.patch(f"{SESSIONS_PATH}/nobody", {"sequence": 1, "status": "released"}).status == 404


def test_a_session_that_nobody_updates_lapses_and_a_late_report_is_charged(network: Network, element: Element) -> None:
    minutes(network, network.allowance("month", "voice", "1 min"))
    element.fill("0.15")
    call = element.open("voice", "120 s")
    call.ask("30 s", "60 s")
    assert (element.held(), element.reserved()) == (["month 30"], Decimal("0.05"))

    network.shop.wait(minutes=31)

    assert (call.shown["status"], element.held(), element.reserved()) == ("lapsed", [], 0)
    assert call.ask("130 s", "60 s") == "charging.session-lapsed"
    assert call.usages == [("rated", None), ("rejected", "balance.insufficient")]
    assert call.shown["service"][0]["usedUnit"]["amount"] == 160
    assert element.left() == 0
    assert network.charged(network.sold) == {"EUR": "0.15"}
    assert call.end() == ""


def test_a_report_after_the_validity_finds_the_session_lapsed_before_anybody_looked(
    network: Network, element: Element
) -> None:
    minutes(network)
    element.fill("1")
    call = element.open("voice", "60 s")

    network.shop.clock.advance(network.shop.clock.now() - network.shop.clock.now().replace(hour=8))

    assert call.ask("60 s", "60 s") == "charging.session-lapsed"
    assert (call.last["status"], element.left(), element.reserved()) == ("lapsed", Decimal("0.9"), 0)


def test_a_call_ends_with_less_than_was_held(network: Network, element: Element) -> None:
    minutes(network)
    element.fill("1")
    call = element.open("voice", "300 s")
    assert element.reserved() == Decimal("0.5")

    call.end("15 s")

    assert (element.left(), element.reserved()) == (Decimal("0.975"), 0)
    assert network.charged(network.sold) == {"EUR": "0.025"}


def test_more_was_used_than_was_granted(network: Network, element: Element) -> None:
    """The rest waits, rejected, until the balance is filled: then it costs what it would have."""
    minutes(network, **STEPS)
    element.fill("0.17")
    call = element.open("voice", "300 s")
    assert (granted(call.last), element.reserved()) == ("72 s final", Decimal("0.17"))

    call.end("100 s")

    assert call.usages == [("rated", None), ("rejected", "balance.insufficient")]
    assert element.left() == 0
    element.fill("1")
    assert Recycle(network.shop.suite.installation).run().rated == 1
    assert element.left() == Decimal("0.953333333333333333")


def test_parts_of_a_call_cost_what_the_whole_would(network: Network, element: Element) -> None:
    """60/1 and 0.05 for the set-up: 10, 30 and 50 s are one call of 90 s, 0.05 + 0.15."""
    minutes(network, **STEPS)
    element.fill("1")
    call = element.open("voice", "10 s")

    left = []
    for used in ("10 s", "30 s", "50 s"):
        call.ask(used, "60 s")
        left.append(element.left())
    call.end()

    assert left == [Decimal("0.85"), Decimal("0.85"), Decimal("0.8")]


def test_a_top_up_in_the_middle_goes_on(network: Network, element: Element) -> None:
    minutes(network)
    element.fill("0.05")
    call = element.open("voice", "60 s")
    assert granted(call.last) == "30 s final"

    element.fill("0.10")

    assert call.ask("30 s", "120 s") == "60 s final"
    call.end("60 s")
    assert element.left() == 0


def test_a_suspended_product_is_charged_what_it_used_and_granted_nothing(network: Network, element: Element) -> None:
    product = minutes(network)
    element.fill("1")
    call = element.open("voice", "60 s")

    network.shop.patch_product(product, status="suspended")

    assert call.ask("60 s", "60 s") == "charging.not-active"
    assert (element.left(), element.reserved()) == (Decimal("0.9"), 0)
    assert element.refused("voice", "60 s") == "charging.not-active"


def test_a_family_shares_what_is_left(network: Network, element: Element) -> None:
    network.plan("family", network.allowance("texts", "sms", "12 event", sharing="family"))
    home = network.account("acc-home")
    mother, child = (network.sell("family", f"+49170123456{n}", home) for n in (1, 2))

    first = element.open("sms", "7 event", product=mother)
    second = element.open("sms", "9 event", product=child)
    assert (granted(first.last), granted(second.last)) == ("7 event", "5 event final")
    first.end("2 event")
    assert second.ask("5 event", "9 event") == "5 event final"
    second.end("1 event")

    checked(element.suite)
    assert network.buckets() == ["texts 2026-01-01T00:00:00.000Z 8 of 12 event"]


@pytest.mark.parametrize(
    ("currency", "price", "balance", "expected", "reserved"),
    [("KWD", "0.005", "0.012", "144 s final", "0.012"), ("JPY", "3", "10", "200 s final", "10")],
)
def test_currencies_without_two_decimals(
    network: Network, element: Element, currency: str, price: str, balance: str, expected: str, reserved: str
) -> None:
    minutes(network, price=price, currency=currency)
    element.fill(balance, currency)

    call = element.open("voice", "300 s")

    assert (granted(call.last), element.reserved()) == (expected, Decimal(reserved))
    call.end(expected.removesuffix(" final"))
    assert element.left() == 0


def test_what_was_granted_before_the_price_changes_costs_the_old_price(network: Network, element: Element) -> None:
    """Vienna, the day the clocks went forward: 18:00 there is 16:00 UTC. 0.10 by day, 0.20 in the evening."""
    evening = {"timeBand": [{"startTime": "18:00", "endTime": "06:00"}]}
    night = network.price("evening", "voice", "0.20", "1 min", match=evening)
    network.plan("prepaid", network.price("voice", "voice", "0.10", "1 min"), night)
    network.sell("prepaid", account=network.account("acc-vienna", timeZone="Europe/Vienna"))
    element.fill("1")
    network.shop.wait_until("2026-03-29T15:55:00Z")
    call = element.open("voice", "600 s")
    assert element.reserved() == 1

    network.shop.wait_until("2026-03-29T16:02:00Z")

    assert call.ask("60 s", "60 s") == "60 s"
    assert (element.left(), element.reserved()) == (Decimal("0.9"), Decimal("0.2"))
    assert call.ask("60 s", "60 s") == "60 s"
    assert element.left() == Decimal("0.7")
    # The network may say itself when it began, as it does at a change of tariffs.
    assert call.ask("60 s", at="2026-03-29T15:59:00Z") == ""
    assert element.left() == Decimal("0.6")


def test_several_services_share_a_session(network: Network, element: Element) -> None:
    network.plan(
        "all",
        network.price("web", "data", "1", "1 MB", match={"ratingGroup": ["10"]}),
        network.price("video", "data", "2", "1 MB", match={"ratingGroup": ["20"]}),
    )
    product = network.sell("all")
    element.fill("5")
    wanted = [service("data", group, "2 MB") for group in ("10", "20", "30")]

    opened = element.suite.created(SESSIONS_PATH, session_of(product, *wanted))

    assert granted(opened) == "2000000 B, 1500000 B final, charging.no-price"
    call = Call(element.suite, opened["id"], "data", 0, opened)
    assert call.ask("1 MB", "1 MB", group="20") == "500000 B final"
    assert (element.left(), element.reserved()) == (3, 3)
    assert call.ask("2 MB", group="10") == ""
    assert (element.left(), element.reserved()) == (1, 1)
    assert call.ask(want="1 MB", group="40", kind="data") == "charging.no-price"
    call.end("0.5 MB", group="20")
    assert (element.left(), element.reserved()) == (0, 0)
    assert element.refused("data", "1 MB") == "charging.no-price"


def test_what_prices_match_may_change_in_a_session(network: Network, element: Element) -> None:
    """What was used so far costs what it cost where it was used."""
    abroad = network.price("abroad", "data", "4", "1 MB", match={"roaming": True})
    network.plan("surf", network.price("home", "data", "1", "1 MB"), abroad)
    network.sell("surf")
    element.fill("10")
    call = element.open("data", "2 MB")

    assert call.ask("2 MB", "1 MB", visitedNetwork="26202") == "1000000 B"
    assert (element.left(), element.reserved()) == (8, 4)
    assert call.ask("1 MB", "1 MB", visitedNetwork="home") == "1000000 B"
    assert (element.left(), element.reserved()) == (4, 1)
    wrong = {"sequence": 3, "service": [service("voice", used="1 B")]}
    assert call.send(wrong).json["errors"][0]["pointer"] == "/service/0/usageType"


def test_what_was_held_last_month_is_let_go_of(network: Network, element: Element) -> None:
    minutes(network, network.allowance("month", "voice", "1 min"))
    network.shop.wait_until("2026-01-31T23:50:00Z")
    call = element.open("voice", "50 s")
    other = element.open("voice", "10 s")
    assert element.held() == ["month 50", "month 10"]

    network.shop.wait_until("2026-02-01T00:05:00Z")

    assert call.ask(want="40 s") == "40 s"
    assert sorted(element.held()) == ["month 10", "month 40"]
    network.shop.wait_until("2026-02-01T00:40:00Z")
    assert (call.shown["status"], other.shown["status"], element.held()) == ("lapsed", "lapsed", [])
    # What is reported late was used when it was granted: January has 50 s for the one and February for the other.
    other.ask("10 s")
    call.ask("40 s")
    checked(element.suite)
    assert network.buckets() == [
        "month 2026-01-01T00:00:00.000Z 10 of 60 s",
        "month 2026-02-01T00:00:00.000Z 40 of 60 s",
    ]


def test_who_pays_by_bill_gets_a_quota_and_the_allowances_are_held(network: Network, element: Element) -> None:
    minutes(network, network.allowance("month", "voice", "10 min"))

    call = element.open("voice", "3 h")
    other = element.open("voice", "s")

    assert (granted(call.last), granted(other.last)) == ("600 s", "600 s")
    assert element.held() == ["month 600"]
    call.end("300 s")
    other.end("600 s")
    checked(element.suite)
    # The other call was granted 600 s for money; what the first one left free is free for it.
    assert network.buckets() == ["month 2026-01-01T00:00:00.000Z 600 of 600 s"]
    assert network.charged(network.sold) == {"EUR": "0.5"}


def test_a_credit_and_a_spending_limit_end_a_call(network: Network, element: Element) -> None:
    minutes(network)
    element.fill("0.01")
    limits = f"{LIMITS}/credit-{network.sold}"
    assert element.suite.patch(limits, {"creditLimit": Decimal("0.19"), "spendingLimit": Decimal("0.15")}).status == 200

    call = element.open("voice", "300 s")
    assert granted(call.last) == "90 s final"
    call.ask("90 s")
    assert element.refused("voice", "1 s") == "charging.nothing-left"
    assert element.suite.patch(limits, {"spendingLimit": None}).status == 200
    assert call.ask(want="300 s") == "30 s final"
    call.end("30 s")

    assert element.left() == Decimal("-0.19")


def test_whoever_asked_is_told_when_a_balance_runs_low(network: Network, element: Element) -> None:
    minutes(network)
    element.fill("1")
    element.suite.patch(f"{LIMITS}/credit-{network.sold}", {"lowBalanceThreshold": Decimal("0.85")})
    call = element.open("voice", "60 s")

    told = []
    for _ in range(3):
        call.ask("60 s", "60 s")
        with element.suite.installation.database.read() as uow:
            low = select(outbox.c.resource).where(outbox.c.type == "BucketAttributeValueChangeEvent")
            told.append(len(uow.connection.scalars(low).all()))

    assert told == [0, 1, 1]


def test_what_is_held_may_be_used_after_the_bucket_expired(network: Network, element: Element) -> None:
    minutes(network)
    element.fill("1", validFor={"endDateTime": "2026-01-01T09:10:00Z"})
    call = element.open("voice", "300 s")

    network.shop.wait(minutes=15)

    assert (element.left(), element.reserved()) == (Decimal("0.5"), Decimal("0.5"))
    assert call.ask("180 s", "60 s") == "charging.nothing-left"
    assert call.usages == [("rated", None)]
    assert (element.left(), element.reserved()) == (0, 0)
    assert network.charged(network.sold) == {"EUR": "0.3"}


def test_nobody_is_known_by_the_number(network: Network, element: Element) -> None:
    minutes(network)
    before = records(element.suite)

    def opened(**subscriber: str) -> Any:
        body = {"subscriber": subscriber, "service": [service("voice", want="60 s")]}
        return element.suite.post(SESSIONS_PATH, body)

    assert (opened(msisdn="+49 170 1234567").status, opened(msisdn="+491700000000").json["code"]) == (
        201,
        "charging.user-unknown",
    )
    assert opened(product="nothing").status == 404
    assert len(records(element.suite)["tmf635_session"]) == len(before["tmf635_session"]) + 1


def test_answers_are_as_the_contract_says(network: Network, element: Element) -> None:
    """Requests and answers of a session from its opening to a late report, held against the published document."""
    product = minutes(network)
    element.fill("0.25")
    document = extension("charging-sessions")

    def holds(name: str, value: Any) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        Draft4Validator(schema).validate(json.loads(exact_json.encode(value)))

    opening = session_of(product, service("voice", want="60 s", calledNumber="+43123"), id="told")
    holds("SessionCreate", opening)
    holds("Session", element.suite.created(SESSIONS_PATH, opening))
    updates: list[Any] = [
        {"sequence": 1, "service": [service("", used="60 s", want="3 min")]},
        {"sequence": 2, "service": [service("", used="100 s", want="s")]},
        {"sequence": 3, "service": [service("", used="1 s", at="2026-01-01T09:00:00Z")]},
        {"sequence": 4, "status": "released"},
    ]
    call = Call(element.suite, "told", "voice")
    for update in updates:
        holds("SessionUpdate", update)
        answer = call.send(update)
        assert answer.status == 200, answer.content
        holds("Session", answer.json)
        network.shop.wait(minutes=20)
    holds("Session", call.shown)
    holds("Error", call.send(updates[0]).json)


def test_everything_wrong_with_a_request_is_said_at_once(network: Network, element: Element) -> None:
    minutes(network)
    before = records(element.suite)
    body = {
        "id": "..",
        "sequence": -1,
        "subscriber": {"name": "anna"},
        "service": [{"ratingGroup": "", "requestedUnit": {"amount": 0, "units": "furlong"}, "color": "red"}],
    }

    answer = element.suite.post(SESSIONS_PATH, body)

    assert answer.status == 400
    assert sorted(one["pointer"] for one in answer.json["errors"]) == [
        "/id",
        "/sequence",
        "/service/0",
        "/service/0/color",
        "/service/0/ratingGroup",
        "/service/0/requestedUnit/units",
        "/subscriber/name",
    ]
    assert records(element.suite) == before


def test_a_session_that_ended_is_kept_for_its_time_and_its_usage_stays(network: Network, element: Element) -> None:
    network.plan("prepaid", network.price("voice", "voice", "0.10", "1 min"))
    network.sell("prepaid")
    element.fill("5")
    ended, lapsed = element.open("voice", "60 s", id="ended"), element.open("voice", "60 s", id="lapsed")
    assert (ended.end("60 s"), lapsed.ask("60 s", "60 s")) == ("", "60 s")

    network.shop.wait(days=399)
    late = element.open("voice", "60 s", id="late")
    assert (ended.shown["status"], lapsed.shown["status"]) == ("released", "lapsed")
    network.shop.wait(days=2)

    found = records(element.suite)
    assert {row["id"] for row in found[SESSIONS.name]} == {late.id}
    assert found[KEYS.name] == []
    assert sum(row["amount"] for row in found[LINES.name]) == Decimal("0.2")
    assert element.suite.get(f"{SESSIONS_PATH}/ended").status == 404
    assert element.open("voice", "60 s", id="ended").end("60 s") == ""
