"""The explanation of a rating says what was decided, in numbers."""

from __future__ import annotations

from typing import Any

from common.exact_json import decode_own
from tests.tmf635_usage.rating.plans import PLANS, SUBJECTS, D, subject, usage
from tmf635_usage.rating.compiled import compile_plan
from tmf635_usage.rating.explanation import explained
from tmf635_usage.rating.meter import rate, rate_all
from tmf635_usage.rating.tally import reverse
from tmf635_usage.rating.values import Rating, State

MARCH, APRIL = "2026-03-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z"


def told_of(rating: Rating) -> dict[str, Any]:
    told: dict[str, Any] = decode_own(explained(rating))
    return told


def rated(name: str, *texts: str) -> Rating:
    batch = rate_all(compile_plan(PLANS[name]), SUBJECTS.get(name, subject()), State(), map(usage, texts))
    last = batch.outcomes[-1]
    assert isinstance(last, Rating)
    return last


def test_increments_and_a_bucket_partly_used_are_explained():
    assert told_of(rated("allowance", "voice 110.5 s")) == {
        "usage": {"type": "voice", "at": "2026-03-02T10:00:00.000Z", "quantity": D("110.5"), "unit": "s"},
        "charged": {"measured": D("110.5"), "quantity": D(111), "unit": "s", "minimum": 60, "increment": 1},
        "price": {"id": "voice", "version": "1", "currency": "EUR"},
        "matched": {"usageType": "voice"},
        "lines": [
            {
                "kind": "allowance",
                "price": "minutes",
                "version": "1",
                "quantity": 100,
                "unit": "s",
                "amount": 0,
                "currency": "EUR",
                "bucket": {"start": MARCH, "scope": "product", "isRolledOver": False},
            },
            {
                "kind": "usage",
                "price": "voice",
                "version": "1",
                "quantity": 11,
                "unit": "s",
                "amount": D("0.022"),
                "currency": "EUR",
                "rate": {"amount": D("0.12"), "per": 1, "unit": "min"},
            },
        ],
        "total": D("0.022"),
        "opened": [{"allowance": "minutes", "scope": "product", "start": MARCH, "end": APRIL}],
    }


def test_the_prefix_that_matched_and_what_was_rounded_are_explained():
    told = told_of(rated("plain", "voice 20 s destination=004312345"))

    assert told["matched"] == {"usageType": "voice", "prefix": "431", "destination": "004312345"}
    assert told["lines"][0]["rounded"] == {"decimals": 18, "mode": "half-even"}
    assert "rounded" not in told_of(rated("plain", "voice 60 s destination=004312345"))["lines"][0]


def test_tiers_and_what_was_priced_again_are_explained():
    told = told_of(rated("volume", "sms 100 event", "sms 1 event"))

    tier = {"index": 1, "start": 100, "model": "volume"}
    assert [(line["kind"], line["quantity"], line["tier"]) for line in told["lines"]] == [
        ("usage", 1, tier),
        ("correction", 100, tier),
    ]


def test_conditions_that_matched_are_explained():
    told = told_of(rated("conditions", "data 1 GB slice=1-000001 roaming=true dnn=ims"))

    assert told["matched"] == {"usageType": "data", "roaming": "true", "slice": "1-000001"}


def test_a_reversal_says_that_it_is_one():
    whole = rate(compile_plan(PLANS["plain"]), subject(), State(), usage("voice 60 s"))
    assert isinstance(whole, Rating)

    told = told_of(reverse(whole))

    assert (told["isReversal"], told["total"], told["charged"]["quantity"]) == (True, D("-0.09"), -60)
