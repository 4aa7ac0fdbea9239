"""How legal entities collect and dun, as their file says it; what cannot be is named."""

from __future__ import annotations

from decimal import Decimal

import pytest

from common.errors import ConfigurationError
from common.settings import Settings
from tmf676_payment.policy import Step, policy_of


def read(tmp_path, text, segment=""):
    file = tmp_path / "billing.yaml"
    file.write_text(text)
    return policy_of(Settings(billing_file=str(file)), "main", segment)


def test_the_usual_policy():
    policy = policy_of(Settings(), "main", "")

    assert policy.dunning.minimum == 1
    assert policy.dunning.steps == (
        *(Step(3, "reminder"), Step(10, "reminder"), Step(17, "restrict"), Step(24, "suspend")),
        *(Step(54, "terminate"), Step(90, "writeOff")),
    )
    assert policy.collection.retry_after_days == (3, 7, 14)
    assert "mandateRevoked" in policy.collection.final_declines


def test_an_entity_says_what_it_does_otherwise_and_a_segment_more(tmp_path):
    text = """
legalEntities:
  main:
    dunning:
      minimum: "2.50"
      steps: [{afterDays: 5, action: reminder}]
      segments: {business: {minimum: 50}}
    collection: {retryAfterDays: [1]}
"""

    usual, business = read(tmp_path, text), read(tmp_path, text, "business")

    assert (usual.dunning.minimum, usual.dunning.steps) == (Decimal("2.50"), (Step(5, "reminder"),))
    assert (business.dunning.minimum, business.dunning.steps) == (50, (Step(5, "reminder"),))
    assert usual.collection.retry_after_days == (1,)
    assert "mandateRevoked" in usual.collection.final_declines


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ("dunning: [1]", "is a mapping"),
        ("dunning: {minimum: 1.5}", "minimum of dunning of legal entity 'main' is a whole number, or a text"),
        ("dunning: {minimum: much}", "give a number"),
        ("dunning: {stages: []}", "not stages"),
        ("dunning: {steps: [{afterDays: 3, action: shout}]}", "an action of reminder, restrict"),
        ("dunning: {steps: [{afterDays: -1, action: reminder}]}", "has afterDays, 0 to 3660"),
        (
            "dunning: {steps: [{afterDays: 9, action: reminder}, {afterDays: 3, action: suspend}]}",
            "come in the order of their afterDays",
        ),
        ("collection: {retryAfterDays: 3}", "is a list of days"),
        ("collection: {finalDeclines: [1]}", "is a list of codes"),
    ],
)
def test_what_cannot_be_is_named(tmp_path, part, problem):
    with pytest.raises(ConfigurationError, match=problem):
        read(tmp_path, f"legalEntities: {{main: {{{part}}}}}")
