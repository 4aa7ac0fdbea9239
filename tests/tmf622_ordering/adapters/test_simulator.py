"""The simulator says what its script says, and the same at every asking."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest

from common.errors import ConfigurationError
from tests.tmf622_ordering.adapters.calls import NOW, call
from tmf622_ordering.adapters.port import Answer, Operation, Outcome
from tmf622_ordering.adapters.script import ScriptFile, read_script
from tmf622_ordering.adapters.simulator import Simulator

UNDO = {"operation": Operation.UNDO, "key": "order-1/1/provision/cfs-1/undo"}


def simulator(*rules):
    script = read_script({"rules": list(rules)})
    return Simulator(lambda: script)


def outcome(rule, now=NOW, **changes):
    return simulator(rule).perform(call(**changes), now).outcome


def test_without_a_script_every_task_is_done_at_once():
    for kind in ("reserve", "provision", "ship", "activate", "deactivate", "swap", "suspend", "resume"):
        for operation in Operation:
            answer = Simulator().perform(call(kind=kind, operation=operation), NOW)
            assert (answer.outcome, answer.effective_at) == (Outcome.DONE, None)


def test_a_service_is_the_same_for_every_task_about_it():
    first = Simulator().perform(call(), NOW)
    again = Simulator().perform(call(attempt=3, order_id="order-2", key="order-2/1/provision/cfs-1"), NOW)
    other = Simulator().perform(call(details={"productId": "product-2"}), NOW)

    assert first.services == again.services
    assert first.services != other.services
    assert {**first.services[0], "id": ""} == {
        "id": "",
        "name": "Broadband access",
        "@type": "ServiceRef",
        "@referredType": "Service",
    }
    assert first.reference != again.reference


def test_activating_what_has_services_makes_none():
    for known, count in (([], 1), ([{"id": "s-1"}], 0)):
        made = Simulator().perform(call(kind="activate", details={"realizingService": known}), NOW)
        assert len(made.services) == count


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({}, True),
        ({"kind": "provision"}, True),
        ({"kind": ["ship", "provision"]}, True),
        ({"kind": "ship"}, False),
        ({"operation": "do"}, True),
        ({"operation": "undo"}, False),
        ({"order": "order-1", "item": "1"}, True),
        ({"item": "2"}, False),
        ({"order": "order-2"}, False),
        ({"productOffering": "offering-1"}, True),
        ({"productOffering": "Fibre 500"}, True),
        ({"serviceSpecification": "Broadband access"}, True),
        ({"serviceSpecification": "cfs-2"}, False),
        ({"resourceSpecification": "cfs-1"}, False),
        ({"characteristic": {"speed": 500}}, True),
        ({"characteristic": {"speed": 100}}, False),
        ({"characteristic": {"static": 1}}, False),
        ({"characteristic": {"colour": "red"}}, False),
    ],
)
def test_a_rule_is_for_the_calls_that_it_names(when, fits):
    expected = Outcome.FAILED if fits else Outcome.DONE
    assert outcome({"when": when, "outcome": "failed"}) is expected


def test_the_first_rule_that_fits_decides():
    rules = ({"when": {"kind": "ship"}}, {"outcome": "failed", "reason": "no route"}, {"outcome": "never"})
    assert simulator(*rules).perform(call(), NOW).reason == "no route"


@pytest.mark.parametrize("delay", ["PT5M", "P0DT300S", 300, "PT4M60.0S"])
def test_a_delayed_task_is_under_way_until_it_is_done(delay):
    subject = simulator({"delay": delay})
    due = NOW + timedelta(minutes=5)

    asked = subject.perform(call(), NOW)
    early = subject.perform(call(operation=Operation.CHECK), due - timedelta(microseconds=1))
    late = subject.perform(call(operation=Operation.CHECK), due + timedelta(hours=1))

    assert asked == early
    assert (asked.outcome, asked.ask_again_at) == (Outcome.ACCEPTED, due)
    assert (late.outcome, late.effective_at, late.reference) == (Outcome.DONE, due, asked.reference)
    assert len(late.services) == 1


def test_a_task_fails_after_its_delay():
    subject = simulator({"delay": 60, "outcome": "failed", "reason": "no port is free"})

    assert subject.perform(call(), NOW).outcome is Outcome.ACCEPTED
    failed = subject.perform(call(operation=Operation.CHECK), NOW + timedelta(minutes=1))
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, "no port is free")


def test_retries_end_with_the_attempts():
    rule = {"retries": 2, "reason": "busy"}
    found = [outcome(rule, attempt=attempt) for attempt in (1, 2, 3)]
    assert found == [Outcome.RETRY, Outcome.RETRY, Outcome.DONE]
    assert outcome(rule, attempt=1, operation=Operation.CHECK) is Outcome.DONE


def test_information_is_required_until_it_is_there():
    subject = simulator({"requires": ["iccid", "speed", "eid"]})

    asked = subject.perform(call(), NOW)
    told = subject.perform(call(details={"characteristic": {"speed": 1, "iccid": "89", "eid": "1"}}), NOW)

    assert (asked.outcome, asked.missing) == (Outcome.INFORMATION_REQUIRED, ("iccid", "eid"))
    assert told.outcome is Outcome.DONE


def test_a_task_may_never_end():
    years = NOW + timedelta(days=3_000)
    assert outcome({"outcome": "never"}) is Outcome.ACCEPTED
    assert outcome({"outcome": "never"}, now=years, operation=Operation.CHECK) is Outcome.ACCEPTED


def test_taking_back_has_rules_of_its_own():
    rules = {"outcome": "failed"}, {"when": {"operation": "undo"}, "outcome": "failed", "reason": "in use"}

    assert simulator(rules[0]).perform(call(**UNDO), NOW) == Answer(
        Outcome.DONE, reference=Simulator().perform(call(**UNDO), NOW).reference
    )
    assert simulator(rules[1]).perform(call(**UNDO), NOW).reason == "in use"
    assert simulator(rules[1]).perform(call(), NOW).outcome is Outcome.DONE
    check = call(operation=Operation.CHECK_UNDO)
    assert simulator(rules[1]).perform(check, NOW).outcome is Outcome.FAILED


def test_services_and_resources_are_as_the_script_says():
    rule = {"services": [{"name": "Voice"}, {"id": "s-2"}], "resources": [{"name": "+31 20 123", "@referredType": "N"}]}
    subject = simulator(rule)

    made = subject.perform(call(kind="reserve"), NOW)

    assert made == subject.perform(call(kind="reserve", attempt=4), NOW + timedelta(days=1))
    assert [one.get("name") for one in made.services] == ["Voice", None]
    assert made.services[1]["id"] == "s-2"
    assert made.resources[0]["@referredType"] == "N"
    assert len({one["id"] for one in (*made.services, *made.resources)}) == 3
    assert simulator({"services": []}).perform(call(), NOW).services == ()


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ([], "(whole)"),
        ({}, "rules"),
        ({"rules": [{}, {"outcome": "lost"}]}, "/rules/1/outcome"),
        ({"rules": [{"when": {"kinds": "ship"}}]}, "/rules/0/when"),
        ({"rules": [{"delay": "5 minutes"}]}, "/rules/0/delay"),
        ({"rules": [{"delay": "P"}]}, "/rules/0/delay"),
        ({"rules": [{"delay": "PT"}]}, "/rules/0/delay"),
        ({"rules": [{"delay": "P1M"}]}, "/rules/0/delay"),
        ({"rules": [{"delay": "P999999W"}]}, "/rules/0/delay"),
        ({"rules": [{"delay": -1}]}, "/rules/0/delay"),
        ({"rules": [{"delay": True}]}, "/rules/0/delay"),
        ({"rules": [{"retries": -1}]}, "/rules/0/retries"),
        ({"rules": [{"requires": []}]}, "/rules/0/requires"),
        ({"rules": [{"services": [{"x": 1}]}]}, "/rules/0/services/0"),
    ],
)
def test_a_script_that_cannot_be_used_is_refused_by_place(document, place):
    with pytest.raises(ConfigurationError) as refused:
        read_script(document, "sim.json")
    assert refused.value.message.startswith("sim.json: ")
    assert place in refused.value.message


def test_a_script_is_read_again_when_it_changes(tmp_path):
    path = tmp_path / "script.json"
    subject = Simulator(ScriptFile(path))

    def said(text, moment):
        path.write_text(text)
        os.utime(path, (moment, moment))
        return subject.perform(call(), NOW)

    assert "script.json: cannot be read" in subject.perform(call(), NOW).reason
    assert said(json.dumps({"rules": [{"outcome": "failed"}]}), 1).outcome is Outcome.FAILED
    broken = said("{", 2)
    assert (broken.outcome, "script.json" in broken.reason) == (Outcome.RETRY, True)
    assert said(json.dumps({"rules": []}), 3).outcome is Outcome.DONE
    assert subject.perform(call(), NOW).outcome is Outcome.DONE
