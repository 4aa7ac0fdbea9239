"""What each change of a balance does to buckets, movements, sums and the history; on both databases."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from common.domain.clock import instant_text
from common.store.event_tables import outbox
from tests.tmf654_balance.kit import BASE, bucket, bucket_document, check, of, topped_up, transfer
from tmf654_balance.tables import MOVEMENTS


def movements(suite, id="b1"):
    with suite.installation.database.read() as uow:
        rows = uow.records(MOVEMENTS.name).find({"bucket": id}, order=["id"])
    return [(row["kind"], row["amount"]) for row in rows]


def events(suite):
    with suite.installation.database.engine.connect() as connection:
        return list(connection.scalars(select(outbox.c.type).order_by(outbox.c.sequence)))


def act(suite, resource, body):
    return suite.created(f"{BASE}/{resource}", body)


def failed(suite, resource, body, code):
    answer = act(suite, resource, body)
    assert (answer["status"], answer["statusReason"]["code"]) == ("failed", code), answer
    assert events(suite)[-1] == f"{resource[0].upper()}{resource[1:]}FailureEvent"
    return answer


def reserved(suite, amount, id="b1", **more):
    answer = act(suite, "reserveBalance", of(id, amount, **more))
    assert answer["status"] == "created", answer
    return f"{BASE}/reserveBalance/{answer['id']}"


def later(suite, **delta):
    return instant_text(suite.installation.clock.now() + timedelta(**delta))


def test_the_first_topup_makes_the_bucket(charged):
    topup = topped_up(charged, "b1", Decimal("12.50"), product=[{"id": "p1"}])

    shown = charged.get(f"{BASE}/bucket/b1").json
    assert (shown["remainingValue"], shown["reservedValue"]) == (
        {"amount": Decimal("12.50"), "units": "EUR"},
        {"amount": 0, "units": "EUR"},
    )
    assert (shown["status"], shown["usageType"], shown["product"]) == ("active", "monetary", [{"id": "p1"}])
    history = charged.get(f"{BASE}/balanceActionHistory").json
    assert [(one["id"], one["actionType"], one["status"]) for one in history] == [
        (topup["id"], "topupBalance", "completed")
    ]
    assert movements(charged) == [("topup", Decimal("12.50"))]
    assert check(charged) == {"b1": Decimal("12.50")}


def test_further_topups_raise_it_to_the_last_digit(charged):
    for amount in ("0.1", "0.2", "0.000000000000000001"):
        topped_up(charged, "b1", Decimal(amount))

    assert check(charged) == {"b1": Decimal("0.300000000000000001")}


def test_buckets_of_an_account_are_added_up_by_kind_and_unit(charged):
    topped_up(charged, "b1", 10)
    topped_up(charged, "b2", 5)
    topped_up(charged, "b3", 3, usageType="data", units="GB")

    listed = charged.get(f"{BASE}/accumulatedBalance?partyAccount.id=a1").json
    assert sorted((one["name"], one["totalBalance"]["amount"], [b["id"] for b in one["bucket"]]) for one in listed) == [
        ("data GB", 3, ["b3"]),
        ("monetary EUR", 15, ["b1", "b2"]),
    ]


def test_the_same_key_counts_once(charged):
    for _ in range(2):
        answer = charged.post(f"{BASE}/topupBalance", of("b1", 10), headers={"idempotency-key": "k1"})
        assert answer.status == 201

    assert check(charged) == {"b1": 10}


def test_the_same_number_of_its_sender_counts_once_and_is_told(charged):
    first = topped_up(charged, "b1", 10, externalId="voucher-1")
    again = charged.post(f"{BASE}/topupBalance", of("b1", 10, externalId="voucher-1"))

    assert (again.status, again.json["code"]) == (409, "balance.duplicate")
    assert first["id"] in again.json["message"]
    assert check(charged) == {"b1": 10}


@pytest.mark.parametrize(
    ("resource", "body", "code"),
    [
        ("topupBalance", of("b1", 0), "amount.invalid"),
        ("topupBalance", of("b1", -1), "amount.invalid"),
        ("topupBalance", of("b1", 1, "USD"), "unit.other"),
        ("topupBalance", of("b1", Decimal("1E+15")), "amount.too-large"),
        ("topupBalance", of("b1", Decimal("1E-19")), "amount.too-large"),
        ("topupBalance", {**of("b2", 1), "amount": {"amount": 1}}, "unit.missing"),
        ("topupBalance", of("b2", 1, validFor={"endDateTime": "2020-01-01T00:00:00Z"}), "bucket.expired"),
        ("adjustBalance", of("b1", 0), "amount.invalid"),
        ("adjustBalance", of("b1", Decimal("-10.01")), "balance.insufficient"),
        ("adjustBalance", of("b9", 1), "bucket.unknown"),
        ("transferBalance", transfer("b1", "b9", 1), "bucket.unknown"),
        ("transferBalance", transfer("b1", "b1", 1), "bucket.same"),
        ("transferBalance", transfer("b1", "d1", 1), "unit.other"),
        ("transferBalance", transfer("b1", "b3", 11), "balance.insufficient"),
        ("transferBalance", transfer("b1", "b3", 10, transferCost={"unit": "EUR", "value": 1}), "balance.insufficient"),
        ("transferBalance", transfer("b1", "b3", 1, transferCost={"unit": "USD", "value": 1}), "cost.unit"),
        ("reserveBalance", of("b1", Decimal("10.01")), "balance.insufficient"),
        ("reserveBalance", {**of("b1", 1), "amount": None}, "amount.missing"),
        ("reserveBalance", of("b1", 1, validFor={"endDateTime": "2020-01-01T00:00:00Z"}), "reservation.lapsed"),
        ("reserveBalance", of("b9", 1), "bucket.unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_kept_as_failed_with_its_reason_and_moves_nothing(charged, resource, body, code):
    topped_up(charged, "b1", 10)
    topped_up(charged, "b3", 1)
    topped_up(charged, "d1", 1, usageType="data", units="GB")

    answer = failed(charged, resource, body, code)

    assert answer["reason"] != ""
    assert check(charged) == {"b1": 10, "b3": 1, "d1": 1}


def test_adjustments_go_up_and_down_to_the_limit(charged):
    topped_up(charged, "b1", 10)
    act(charged, "adjustBalance", of("b1", -10, reason="wrong voucher"))
    act(charged, "adjustBalance", of("b1", Decimal("2.5")))

    assert movements(charged) == [("topup", 10), ("adjustment", -10), ("adjustment", Decimal("2.5"))]
    assert check(charged) == {"b1": Decimal("2.5")}


@pytest.mark.parametrize(
    ("owner", "left"),
    [("originator", (Decimal("5.5"), 5)), ("receiver", (6, Decimal("4.5"))), (None, (Decimal("5.5"), 5))],
)
def test_a_transfer_moves_between_two_buckets_and_its_cost_is_taken_from_who_pays(charged, owner, left):
    topped_up(charged, "b1", 10)
    topped_up(charged, "b2", 1)
    more = {} if owner is None else {"costOwner": owner}

    answer = act(
        charged,
        "transferBalance",
        transfer("b1", "b2", 4, transferCost={"unit": "EUR", "value": Decimal("0.5")}, **more),
    )

    assert answer["status"] == "completed"
    assert check(charged) == dict(zip(("b1", "b2"), left, strict=True))


def test_a_reservation_holds_is_committed_with_what_was_used_and_lets_go_of_the_rest(charged):
    topped_up(charged, "b1", 10)
    held = reserved(charged, 6)
    assert bucket(charged, "b1") == (10, 6)
    failed(charged, "reserveBalance", of("b1", 5), "balance.insufficient")
    failed(charged, "adjustBalance", of("b1", -5), "balance.insufficient")

    done = charged.patch(held, {"status": "completed", "reason": "used", "amount": {"amount": 4, "units": "EUR"}})

    assert (done.status, done.json["amount"]["amount"]) == (200, 4)
    assert bucket(charged, "b1") == (6, 0)
    entry = charged.get(f"{BASE}/balanceActionHistory/{done.json['id']}").json
    assert (entry["status"], entry["amount"]["amount"]) == ("completed", 4)
    assert charged.patch(held, {"status": "cancelled", "reason": "no"}).status == 409
    check(charged)


def test_a_reservation_may_grow_and_shrink_and_be_cancelled(charged):
    topped_up(charged, "b1", 10)
    held = reserved(charged, 6)

    body = {"status": "created", "reason": "more", "amount": {"amount": 9, "units": "EUR"}}
    assert charged.patch(held, body).status == 200
    assert bucket(charged, "b1") == (10, 9)
    too_much = charged.patch(held, {**body, "amount": {"amount": 11, "units": "EUR"}})
    assert (too_much.status, too_much.json["code"]) == (409, "balance.refused")
    assert charged.patch(held, {**body, "bucket": {"id": "b2"}}).status == 409
    assert charged.delete(held).status == 409
    assert charged.patch(held, {"status": "cancelled", "reason": "over"}).status == 200
    assert bucket(charged, "b1") == (10, 0)
    check(charged)


@pytest.mark.parametrize(
    ("used", "status", "left"), [(0, 200, (10, 0)), (10, 200, (0, 0)), (11, 409, (10, 6)), (-1, 409, (10, 6))]
)
def test_what_was_used_may_be_nothing_or_more_than_was_held_but_not_more_than_there_is(charged, used, status, left):
    topped_up(charged, "b1", 10)
    held = reserved(charged, 6)

    answer = charged.patch(held, {"status": "completed", "reason": "u", "amount": {"amount": used, "units": "EUR"}})

    assert answer.status == status
    assert bucket(charged, "b1") == left
    check(charged)


def test_a_reservation_that_nobody_ends_lapses(charged):
    topped_up(charged, "b1", 10)
    first, second = reserved(charged, 3), reserved(charged, 4, validFor={"endDateTime": later(charged, hours=2)})

    charged.advance(timedelta(hours=1, seconds=1))
    assert (charged.get(first).json["status"], charged.get(second).json["status"]) == ("cancelled", "created")
    assert bucket(charged, "b1") == (10, 4)
    charged.patch(second, {"status": "created", "reason": "on", "validFor": {"endDateTime": later(charged, hours=5)}})
    charged.advance(timedelta(hours=2))
    assert charged.get(second).json["status"] == "created"
    charged.advance(timedelta(hours=4))

    assert charged.get(second).json["reason"] == "nobody ended it in time"
    assert bucket(charged, "b1") == (10, 0)
    check(charged)


def test_a_bucket_expires_with_what_is_left_in_it_and_what_is_released_later(charged):
    topped_up(charged, "b1", 10, validFor={"endDateTime": later(charged, days=30)})
    held = reserved(charged, 4, validFor={"endDateTime": later(charged, days=31)})

    charged.advance(timedelta(days=30, seconds=1))

    assert charged.get(f"{BASE}/bucket/b1").json["status"] == "expired"
    assert bucket(charged, "b1") == (4, 4)
    failed(charged, "topupBalance", of("b1", 1), "bucket.expired")
    failed(charged, "reserveBalance", of("b1", 1), "bucket.expired")
    body = {"status": "completed", "reason": "used", "amount": {"amount": 3, "units": "EUR"}}
    assert charged.patch(held, body).status == 200
    assert [kind for kind, _ in movements(charged)] == ["topup", "expiry", "usage", "expiry"]
    assert check(charged) == {"b1": 0}


def test_a_topup_that_is_valid_for_longer_keeps_the_bucket_for_longer(charged):
    topped_up(charged, "b1", 10, validFor={"endDateTime": later(charged, days=30)})
    topped_up(charged, "b1", 5, validFor={"endDateTime": later(charged, days=60)})

    charged.advance(timedelta(days=31))
    assert check(charged) == {"b1": 15}
    charged.advance(timedelta(days=30))
    assert check(charged) == {"b1": 0}


@pytest.mark.parametrize(
    "changes", [{"amount": {"amount": 1000, "units": "EUR"}}, {"bucket": {"id": "b2"}}, {"status": "cancelled"}]
)
def test_what_was_done_keeps_what_it_said(charged, changes):
    topup = topped_up(charged, "b1", 10)

    answer = charged.patch(f"{BASE}/topupBalance/{topup['id']}", {"status": "completed", **changes})

    assert answer.status == 409
    assert check(charged) == {"b1": 10}


def test_a_bucket_that_came_as_a_document_is_taken_over_with_what_it_says(charged):
    bucket_document(charged, "b1", "12.5")

    act(charged, "adjustBalance", of("b1", -2))

    assert movements(charged) == [("opening", Decimal("12.5")), ("adjustment", -2)]
    assert check(charged) == {"b1": Decimal("10.5")}


LIMITS = "/tmf-api/charging/v1/limits"


def test_a_credit_limit_is_how_far_below_zero_it_may_go(charged):
    topped_up(charged, "b1", 10)
    assert charged.patch(f"{LIMITS}/b1", {"creditLimit": 5}).json["available"] == 15
    act(charged, "adjustBalance", of("b1", -15))
    failed(charged, "adjustBalance", of("b1", -1), "balance.insufficient")

    lowered = charged.patch(f"{LIMITS}/b1", {"creditLimit": 4})

    assert (lowered.status, lowered.json["code"]) == (409, "balance.below-limit")
    assert check(charged) == {"b1": -5}


def test_a_spending_limit_counts_usage_of_the_calendar_month(charged):
    topped_up(charged, "b1", 100)
    assert charged.patch(f"{LIMITS}/b1", {"spendingLimit": 10}).json["available"] == 10
    held = reserved(charged, 8)
    failed(charged, "reserveBalance", of("b1", 3), "balance.insufficient")
    charged.patch(held, {"status": "completed", "reason": "used"})

    assert charged.get(f"{LIMITS}/b1").json["available"] == 2
    charged.advance(timedelta(days=31))
    assert charged.get(f"{LIMITS}/b1").json["available"] == 10
    assert charged.patch(f"{LIMITS}/b1", {"spendingLimit": None}).json["available"] == 92


def test_falling_below_the_threshold_is_told_once_each_time(charged):
    topped_up(charged, "b1", 10)
    charged.patch(f"{LIMITS}/b1", {"lowBalanceThreshold": 5})

    for amount in (-4, -2, -1, 5, -4):
        act(charged, "adjustBalance", of("b1", amount))

    assert events(charged).count("BucketAttributeValueChangeEvent") == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [({"creditLimit": -1}, 400), ({"creditLimit": "5"}, 400), ({"other": 1}, 400), ([], 400), ({}, 200)],
)
def test_limits_are_read_strictly(charged, body, status):
    topped_up(charged, "b1", 10)

    assert charged.patch(f"{LIMITS}/b1", body).status == status
    assert charged.patch(f"{LIMITS}/nobody", {}).status == 404
