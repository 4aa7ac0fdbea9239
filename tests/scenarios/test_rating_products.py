"""Stories of whose usage it is, by which agreement, and what comes twice, late or too early."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.charging import ANNA, USAGES, USAGES_V4, Network, in_v4, usage
from tests.scenarios.kit import Shop, add, change, characteristic_list, found, with_

JANUARY = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def network(shop: Shop) -> Network:
    return Network(shop)


def two_plans(network: Network) -> None:
    network.plan("old", network.price("old-voice", "voice", "0.12", "1 min"))
    network.plan("new", network.price("new-voice", "voice", "0.06", "1 min"))


def number_of_usages(network: Network) -> int:
    answer = network.shop.suite.get(f"{USAGES}?limit=1")
    assert answer.status in (200, 206)
    return int(answer.headers["x-total-count"])


# -- what was agreed --------------------------------------------------------------------------------------------------


def test_usage_that_comes_late_is_charged_by_the_plan_of_its_time(network: Network) -> None:
    two_plans(network)
    product = network.sell("old")
    network.shop.wait_until("2026-01-10T12:00:00Z")
    network.shop.deliver(change("up", "modify", product, "new"))
    network.shop.wait_until("2026-01-20T00:00:00Z")

    shown = [
        (call.prices, call.total)
        for call in (
            network.use("voice", at, "60 s")
            for at in ("2026-01-20T00:00:00Z", "2026-01-10T12:00:00Z", "2026-01-10T11:59:59Z", "2026-01-01T09:00:00Z")
        )
    ]

    assert shown == [
        (["new-voice 1.0"], "0.06"),
        (["new-voice 1.0"], "0.06"),
        (["old-voice 1.0"], "0.12"),
        (["old-voice 1.0"], "0.12"),
    ]
    assert network.charged(product) == {"EUR": "0.36"}


def test_an_allowance_that_both_plans_have_goes_on_through_a_change(network: Network) -> None:
    month = network.allowance("month", "data", "1 GB")
    network.plan("s", network.price("s-data", "data", "5", "1 GB"), month)
    network.plan("l", network.price("l-data", "data", "3", "1 GB"), month)
    product = network.sell("s")
    network.use("data", "2026-01-05T10:00:00Z", "700 MB")
    network.shop.wait_until("2026-01-10T12:00:00Z")
    network.shop.deliver(change("up", "modify", product, "l"))

    after = network.use("data", "2026-01-11T10:00:00Z", "400 MB")
    late = network.use("data", "2026-01-09T10:00:00Z", "100 MB")

    assert after.lines == ["allowance 300000000 B 0", "usage 100000000 B 0.3"]
    assert (late.prices, late.lines) == (["s-data 1.0"], ["usage 100000000 B 0.5"])
    assert network.buckets() == [f"month {JANUARY} 1000000000 of 1000000000 B"]


def test_a_new_price_is_for_new_orders_and_who_has_the_old_one_keeps_it(network: Network) -> None:
    network.plan("talk", network.price("voice", "voice", "0.12", "1 min"))
    early = network.sell("talk")
    network.shop.wait_until("2026-02-01T00:00:00Z")
    network.price("voice", "voice", "0.20", "1 min", version="2.0")
    late = network.sell("talk", "+491701234568")

    shown = [
        (call.prices, call.total)
        for call in (network.use("voice", "2026-02-02T10:00:00Z", "60 s", one) for one in (early, late))
    ]
    assert shown == [(["voice 1.0"], "0.12"), (["voice 2.0"], "0.2")]

    network.shop.deliver(change("again", "modify", early, "talk", productCharacteristic=characteristic_list(speed="5")))
    assert network.use("voice", "2026-02-03T10:00:00Z", "60 s", early).prices == ["voice 1.0"]


def test_tiers_go_on_counting_through_a_new_version_of_the_price(network: Network) -> None:
    from_start = [
        {"start": 0, "price": {"unit": "EUR", "value": 1}},
        {"start": 10, "price": {"unit": "EUR", "value": 0}},
    ]
    steps: dict[str, Any] = {"tierModel": "graduated", "tier": from_start}
    network.plan("one", network.price("sms", "sms", None, "1 event", **steps))
    product = network.sell("one")
    assert network.use("sms", "2026-01-02T10:00:00Z", "8 event").lines == ["usage 8 event 8 t0"]
    network.price("sms", "sms", None, "1 event", version="2.0", **steps)
    network.plan("two", "sms")
    network.shop.wait_until("2026-01-10T12:00:00Z")
    network.shop.deliver(change("up", "modify", product, "two"))

    shown = network.use("sms", "2026-01-11T10:00:00Z", "8 event")

    assert (shown.prices, shown.lines) == (["sms 2.0"] * 2, ["usage 2 event 2 t0", "usage 6 event 0 t1"])
    assert network.counters() == [f"sms {JANUARY} 16"]


# -- when the product was there ---------------------------------------------------------------------------------------


def test_usage_before_activation_and_after_the_end_waits_and_of_a_suspended_product_counts(network: Network) -> None:
    network.plan("talk", network.price("voice", "voice", "0.12", "1 min"))
    shop = network.shop
    shop.script({"when": {"kind": "activate"}, "delay": "P2D"})
    shop.wait_until("2026-01-02T09:00:00Z")
    order = shop.order(add("plan", "talk", product=with_(msisdn=ANNA)))
    shop.wait_until("2026-01-04T09:00:00Z")
    assert order.state == "completed"
    product = network.sold = order.product_id("plan")
    shop.script()
    for at, action, wanted in (
        ("2026-01-10T00:00:00Z", "modify", {"status": "suspended"}),
        ("2026-01-12T00:00:00Z", "modify", {"status": "active"}),
        ("2026-01-20T00:00:00Z", "delete", {}),
    ):
        shop.wait_until(at)
        shop.deliver(change("plan", action, product, **wanted))

    shown = {
        at: (call.status, call.total if call.status == "rated" else call.reason)
        for at in ("01T10", "03T10", "04T09", "11T00", "19T23", "20T00")
        for call in [network.use("voice", f"2026-01-{at}:00:00Z", "60 s")]
    }

    def waits(state: str) -> tuple[str, tuple[str, str]]:
        return "initialized", ("product.not-active", f"product {product!r} was {state} when it was used")

    assert shown == {
        "01T10": waits("not there yet"),
        "03T10": waits("pendingActive"),
        "04T09": ("rated", "0.12"),
        "11T00": ("rated", "0.12"),
        "19T23": ("rated", "0.12"),
        "20T00": waits("terminated"),
    }
    assert network.charged(product) == {"EUR": "0.36"}


# -- by identifier ----------------------------------------------------------------------------------------------------


def test_a_number_that_moves_leads_to_whose_it_was_when_it_was_used(network: Network) -> None:
    two_plans(network)
    shop = network.shop
    first = network.sell("old")
    shop.wait_until("2026-01-10T00:00:00Z")
    shop.deliver(change("plan", "delete", first))
    shop.wait_until("2026-01-12T00:00:00Z")
    second = network.sell("new")
    shop.wait_until("2026-01-20T00:00:00Z")

    shown = {
        at: (call.status, call.product)
        for at in ("09T23", "10T00", "11T12", "12T00", "19T00")
        for call in [network.hear("voice", f"2026-01-{at}:00:00Z", "60 s", msisdn="+49 170 1234567")]
    }

    assert shown == {
        "09T23": ("rated", first),
        "10T00": ("initialized", None),
        "11T12": ("initialized", None),
        "12T00": ("rated", second),
        "19T00": ("rated", second),
    }
    assert (network.charged(first), network.charged(second)) == ({"EUR": "0.12"}, {"EUR": "0.12"})


def test_a_customer_who_changes_the_number_keeps_what_was_used_on_the_old_one(network: Network) -> None:
    two_plans(network)
    product = network.sell("old")
    network.shop.wait_until("2026-01-10T00:00:00Z")
    new_number = characteristic_list(msisdn="+491709999999")
    network.shop.deliver(change("plan", "modify", product, productCharacteristic=new_number))
    network.shop.wait_until("2026-01-20T00:00:00Z")

    shown = [
        network.hear("voice", at, "60 s", callingNumber=number).product
        for at in ("2026-01-09T10:00:00Z", "2026-01-11T10:00:00Z")
        for number in (ANNA, "+491709999999")
    ]

    assert shown == [product, None, None, product]


def test_usage_of_a_number_that_nobody_has_waits_and_costs_nothing(network: Network) -> None:
    two_plans(network)
    product = network.sell("old")

    call = network.hear("voice", "2026-01-02T10:00:00Z", "60 s", msisdn="+491700000000")

    assert (call.status, call.product, call.reason) == (
        "initialized",
        None,
        ("product.unknown", "the usage names no product, and msisdn +491700000000 leads to none at its time"),
    )
    assert network.in_v4(call.id)["status"] == "received"
    assert ("usageProductPrice" in call.document, "ratingExplanation" in call.document) == (False, False)
    assert (network.charged(product), network.buckets()) == ({}, [])


def test_a_product_that_is_named_and_not_here_is_found_by_its_number(network: Network) -> None:
    two_plans(network)
    product = network.sell("old")

    call = network.use("voice", "2026-01-02T10:00:00Z", "60 s", "line-of-the-network", msisdn=ANNA)

    assert (call.status, call.product, call.lines) == ("rated", product, ["usage 60 s 0.12"])
    listed = network.shop.suite.get(f"{USAGES}?product.id={product}").json
    assert [one["id"] for one in listed] == [call.id]


def test_a_product_that_is_named_and_here_is_meant_whoever_has_the_number(network: Network) -> None:
    two_plans(network)
    named, owner = network.sell("old", "+491701234568"), network.sell("new")

    call = network.use("voice", "2026-01-02T10:00:00Z", "60 s", named, msisdn=ANNA)

    assert (call.product, call.prices) == (named, ["old-voice 1.0"])
    assert (network.charged(named), network.charged(owner)) == ({"EUR": "0.12"}, {})


def test_a_call_that_somebody_answered_is_of_the_served_number(network: Network) -> None:
    two_plans(network)
    caller, called = network.sell("old"), network.sell("new", "+491701234568")
    network.shop.wait_until("2026-01-02T10:00:00Z")

    shown = [
        network.hear("voice", "2026-01-02T10:00:00Z", "60 s", callingNumber=ANNA, calledNumber="+491701234568").product,
        network.hear(
            "voice", "2026-01-02T10:00:00Z", "60 s", callingNumber=ANNA, servedNumber="+491701234568", direction="in"
        ).product,
    ]

    assert shown == [caller, called]


def test_a_number_that_is_ported_before_the_old_line_ends_stays_with_the_new_one(network: Network) -> None:
    two_plans(network)
    shop = network.shop
    old = network.sell("old")
    shop.wait_until("2026-01-10T00:00:00Z")
    new = network.sell("new")
    shop.wait_until("2026-01-11T00:00:00Z")
    shop.deliver(change("plan", "modify", old, status="suspended"))
    shop.wait_until("2026-01-12T00:00:00Z")
    shop.deliver(change("plan", "delete", old))

    shown = [
        network.hear("voice", f"2026-01-{day}T12:00:00Z", "60 s", msisdn=ANNA).product
        for day in ("09", "10", "11", "12")
    ]

    assert shown == [old, new, new, new]


def test_the_caller_of_somebody_elses_customer_does_not_pay_for_the_answer(network: Network) -> None:
    two_plans(network)
    caller = network.sell("old")

    answered = network.hear("voice", "2026-01-02T10:00:00Z", "60 s", servedNumber="+33612345678", callingNumber=ANNA)

    assert (answered.status, answered.product, answered.reason[0]) == ("initialized", None, "product.unknown")
    assert network.charged(caller) == {}


def test_usage_that_does_not_say_when_or_how_much_is_rejected(network: Network) -> None:
    two_plans(network)
    product = network.sell("old")
    network.shop.wait_until("2026-01-05T00:00:00Z")

    shown = [
        (one.status, one.reason)
        for one in map(
            network.created,
            (
                usage("voice", "yesterday", "60 s", product),
                usage("voice", "2026-01-02T10:00:00Z", None, product),
                usage("voice", "2026-01-02T10:00:00Z", None, product, durationSeconds="a minute"),
                usage("voice", "2026-01-02T10:00:00Z", None, product, durationSeconds=True),
            ),
        )
    ]

    no_time = "startDateTime 'yesterday' is no date-time such as 2026-02-01T00:00:00Z"
    assert shown == [
        ("rejected", ("usage.unreadable", no_time)),
        ("rejected", ("usage.unreadable", "it does not say how much was used")),
        ("rejected", ("usage.unreadable", "it does not say how much was used")),
        ("rejected", ("usage.unreadable", "it does not say how much was used")),
    ]
    assert network.charged(product) == {}


# -- twice ------------------------------------------------------------------------------------------------------------


def test_a_record_that_comes_again_counts_once_and_with_other_content_is_refused(network: Network) -> None:
    two_plans(network)
    product = network.sell("old")
    record = usage("voice", "2026-01-02T10:00:00Z", "60 s", product, record="cdr-1")
    first = network.created(record)
    network.shop.told()

    again = network.send(record)
    reordered = network.send(dict(reversed(record.items())))
    other = network.send(usage("voice", "2026-01-02T10:00:00Z", "61 s", product, record="cdr-1"))

    assert [(one.status, one.json["code"], one.json["message"]) for one in (again, reordered, other)] == [
        (409, "usage.duplicate", f"record 'cdr-1' of 'mediation' is productUsage {first.id!r}; it counts once"),
        (409, "usage.duplicate", f"record 'cdr-1' of 'mediation' is productUsage {first.id!r}; it counts once"),
        (
            409,
            "usage.other-content",
            f"record 'cdr-1' of 'mediation' is productUsage {first.id!r}, which says something else; correct that one, "
            "or give this one its own number",
        ),
    ]
    assert (network.charged(product), number_of_usages(network), network.shop.told()) == ({"EUR": "0.12"}, 1, [])
    assert network.created(usage("voice", "2026-01-02T10:00:00Z", "60 s", product, record="cdr-2")).status == "rated"
    assert network.charged(product) == {"EUR": "0.24"}


def test_a_record_of_v4_that_comes_again_in_v4_counts_once(network: Network) -> None:
    two_plans(network)
    product = network.sell("old")
    record = in_v4(usage("voice", "2026-01-02T10:00:00Z", "60 s", None, msisdn=ANNA, record="cdr-1"))

    answers = [network.shop.suite.post(USAGES_V4, record) for _ in range(2)]

    assert [one.status for one in answers] == [201, 409]
    assert answers[1].json["code"] == "usage.duplicate"
    assert (network.charged(product), number_of_usages(network)) == ({"EUR": "0.12"}, 1)


def test_a_waiting_record_that_was_deleted_may_come_again(network: Network) -> None:
    two_plans(network)
    waiting = network.created(usage("voice", "2026-01-02T10:00:00Z", "60 s", "later", record="cdr-1"))
    assert waiting.status == "initialized"
    assert network.shop.suite.delete(f"{USAGES}/{waiting.id}").status == 204
    product = network.sell("old")

    again = network.created(usage("voice", "2026-01-02T10:00:00Z", "60 s", product, record="cdr-1"))

    assert (again.status, network.charged(product), number_of_usages(network)) == ("rated", {"EUR": "0.12"}, 1)


# -- what both versions show ------------------------------------------------------------------------------------------


def test_a_usage_of_v4_is_rated_and_shown_by_both(network: Network) -> None:
    two_plans(network)
    product = network.sell("old")
    sent = in_v4(usage("voice", None, "90 s", None, msisdn=ANNA)) | {"usageDate": "2026-01-02T10:00:00Z"}

    made = network.shop.suite.created(USAGES_V4, sent)

    assert (made["status"], made["usageDate"]) == ("rated", "2026-01-02T10:00:00.000Z")
    (line,) = made["ratedProductUsage"]
    assert str(line["taxExcludedRatingAmount"]["value"].normalize()) == "0.18"
    shown = network.shown(made["id"])
    assert (shown.status, shown.product, shown.lines) == ("rated", product, ["usage 90 s 0.18"])
    assert shown.why["usage"]["at"] == "2026-01-02T10:00:00.000Z"
    network.shop.wait_until("2026-02-01T00:00:00Z")
    listed = found(network.shop.suite.get(f"{USAGES_V4}?status=rated&fields=id"))
    assert [one["id"] for one in listed] == [made["id"]]


def test_what_another_system_rated_is_not_rated_again(network: Network) -> None:
    two_plans(network)
    product = network.sell("old")
    sent = in_v4(usage("voice", "2026-01-02T10:00:00Z", "90 s", None, msisdn=ANNA)) | {"status": "rated"}

    made = network.shop.suite.created(USAGES_V4, sent)

    assert (made["status"], network.charged(product)) == ("rated", {})


def test_everybody_is_told_what_became_of_a_usage(network: Network) -> None:
    two_plans(network)
    network.sell("old")
    rated = network.use("voice", "2026-01-02T10:00:00Z", "60 s")
    rejected = network.use("fax", "2026-01-02T10:00:00Z", "1 event")
    waiting = network.use("voice", "2026-01-02T10:00:00Z", "60 s", "nobody")
    network.shop.names |= {rated.id: "call", rejected.id: "fax", waiting.id: "lost call"}

    told = [line for line in network.shop.told() if line.split()[0] in ("call", "fax", "lost")]

    assert told == ["call created: rated", "fax created: rejected", "lost call created: initialized"]


def test_rated_usage_keeps_what_it_says(network: Network) -> None:
    two_plans(network)
    product = network.sell("old")
    call = network.use("voice", "2026-01-02T10:00:00Z", "60 s")

    answer = network.shop.suite.patch(f"{USAGES}/{call.id}", {"@type": "ProductUsage", "usageType": "data"})
    deleted = network.shop.suite.delete(f"{USAGES}/{call.id}")

    assert (answer.status, deleted.status) == (409, 409)
    assert (network.shown(call.id), network.charged(product)) == (call, {"EUR": "0.12"})


def test_nobody_says_for_us_what_a_usage_costs(network: Network) -> None:
    """Reasons and explanations are the server's: what a source sends there is not shown as if it were."""
    two_plans(network)
    product = network.sell("old")
    forged = {
        "usageProductPrice": [
            {
                "@type": "ProductPrice",
                "priceType": "usage",
                "price": {"@type": "Price", "dutyFreeAmount": {"unit": "EUR", "value": 99}},
            }
        ],
        "ratingExplanation": {"total": 99},
        "statusReason": {"code": "none", "message": "all is well"},
    }

    rated = network.created(usage("voice", "2026-01-02T10:00:00Z", "60 s", product) | forged)
    fax = network.created(usage("fax", "2026-01-02T10:00:00Z", "1 event", product) | forged)
    waiting = network.created(usage("voice", "2026-01-02T10:00:00Z", "60 s", "nobody") | forged)

    assert (rated.lines, "statusReason" in rated.document) == (["usage 60 s 0.12"], False)
    assert (fax.reason[0], waiting.reason[0]) == ("no.price", "product.unknown")
    assert ("ratingExplanation" in fax.document, "ratingExplanation" in waiting.document) == (False, False)
    assert network.charged(product) == {"EUR": "0.12"}


def test_names_that_are_too_long_to_be_charged_by_are_told(network: Network) -> None:
    """An index holds them together; at the limit, in letters that nothing makes shorter, it does."""
    letters = "".join(chr(0x1F300 + number) for number in range(255))
    account = {"@type": "BillingAccountRef", "id": network.account(letters[:245]), "@referredType": "BillingAccount"}
    network.price("voice", "voice", "0.10", "1 min")
    for name in (letters[:240], letters):
        network.product(name, "voice", billingAccount=account)

    long, too_long = (
        network.created(usage("voice", "2026-01-05T10:00:00Z", "60 s", name)) for name in (letters[:240], letters)
    )

    assert (long.status, long.total) == ("rated", "0.1")
    assert (too_long.status, too_long.reason) == (
        "initialized",
        (
            "names.too-long",
            "product, account and price have ids and a version of 2013 bytes together; give them names of 2000 at most",
        ),
    )
