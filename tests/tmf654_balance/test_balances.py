"""TMF654: an API that the standard has in v4 only, its states and its events."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from common import installation
from common.errors import ConfigurationError
from common.settings import Settings
from common.store.event_tables import outbox
from tests.client import Suite
from tests.fakes import rule_context
from tests.tmf654_balance.kit import emptied
from tmf654_balance import COMPONENT, rules

BASE = "/tmf-api/prepayBalanceManagement/v4"
BUCKET = {"id": "b1", "name": "Credit"}
TOPUP = {
    "amount": {"amount": 10, "units": "EUR"},
    "usageType": "monetary",
    "bucket": BUCKET,
    "partyAccount": {"id": "a1"},
}
NOW = "2026-03-01T12:00:00.000Z"


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    suite = Suite(Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('balances')}/bss.db"))
    yield suite
    suite.close()


@pytest.fixture
def suite(opened):
    return emptied(opened)


def event_types(suite):
    with suite.installation.database.engine.connect() as connection:
        return list(connection.scalars(select(outbox.c.type).order_by(outbox.c.sequence)))


def test_what_v4_alone_has_is_stored_as_v4_has_it_and_belongs_to_the_component(suite):
    served = suite.installation.by_name["topupBalance"]

    assert (served.contract.key, served.component, served.mapping) == ("TMF654/v4", COMPONENT, None)
    assert served.stored.name == "tmf654_v4_topup_balance"
    assert served in suite.installation.kept


def test_a_topup_is_completed_at_once_and_says_when_it_was_asked_for(suite):
    answer = suite.post(f"{BASE}/topupBalance", {**TOPUP, "status": "created"})

    assert answer.status == 201
    assert answer.json["status"] == "completed"
    assert answer.json["requestedDate"] == answer.json["confirmationDate"]
    assert suite.get(f"{BASE}/topupBalance/{answer.json['id']}").json == answer.json


def test_a_reservation_that_is_cancelled_says_so(suite):
    suite.created(f"{BASE}/topupBalance", TOPUP)
    id = suite.post(f"{BASE}/reserveBalance", TOPUP).json["id"]

    assert suite.patch(f"{BASE}/reserveBalance/{id}", {"status": "cancelled", "reason": "no"}).status == 200
    assert suite.patch(f"{BASE}/reserveBalance/{id}", {"status": "cancelled", "reason": "again"}).status == 200
    assert event_types(suite) == [
        "TopupBalanceCreateEvent",
        "ReserveBalanceCreateEvent",
        "ReserveBalanceCancelEvent",
    ]


def test_a_topup_is_found_by_its_bucket(suite):
    mine = suite.post(f"{BASE}/topupBalance", TOPUP).json
    suite.post(f"{BASE}/topupBalance", {**TOPUP, "bucket": {"id": "b2"}})

    assert suite.get(f"{BASE}/topupBalance?bucket.id=b1").json == [mine]


@pytest.mark.parametrize("name", rules.ACTIONS)
@pytest.mark.parametrize("final", ["completed", "failed", "cancelled"])
def test_a_change_of_a_balance_ends_once(name, final):
    lifecycle = COMPONENT.resource(name).lifecycle

    assert lifecycle.may_move("created", final)
    assert lifecycle.is_final(final)


def test_what_has_ended_stays_as_it_ended(suite):
    suite.created(f"{BASE}/topupBalance", TOPUP)
    id = suite.post(f"{BASE}/reserveBalance", TOPUP).json["id"]

    assert suite.patch(f"{BASE}/reserveBalance/{id}", {"status": "completed", "reason": "used"}).status == 200
    assert suite.patch(f"{BASE}/reserveBalance/{id}", {"status": "cancelled", "reason": "no"}).status == 409
    assert suite.get(f"{BASE}/reserveBalance/{id}").json["status"] == "completed"


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [("active", "suspended", True), ("suspended", "active", True), ("suspended", "expired", True),
     ("active", "expired", True), ("expired", "active", False)],
)  # fmt: skip
def test_a_bucket_moves_by_the_table(before, after, allowed):
    assert COMPONENT.resource("bucket").lifecycle.may_move(before, after) is allowed


@pytest.mark.parametrize(
    ("resource", "status", "events"),
    [
        ("topupBalance", "cancelled", ["TopupBalanceCancelEvent"]),
        ("adjustBalance", "failed", ["AdjustBalanceFailureEvent"]),
        ("transferBalance", "cancelled", ["TransferBalanceCancelEvent"]),
        ("reserveBalance", "failed", ["ReserveBalanceFailureEvent"]),
        ("reserveBalance", "completed", []),
        ("reserveBalance", "created", []),
    ],
)
def test_cancelling_and_failing_are_told(resource, status, events):
    before, context = {"id": "t1", "status": "created"}, rule_context(resource)

    rules.on_patch(before, {**before, "status": status}, context)

    assert [name for name, _ in context.extra_events] == events


def test_every_event_that_is_raised_is_in_the_contract(suite):
    for name in rules.ACTIONS:
        kind = name[0].upper() + name[1:]
        assert set(suite.installation.by_name[name].resource.other_events) == {
            f"{kind}CancelEvent",
            f"{kind}FailureEvent",
        }


@pytest.mark.parametrize(
    ("given", "kept"), [({}, NOW), ({"confirmationDate": "2026-02-01T00:00:00.000Z"}, "2026-02-01T00:00:00.000Z")]
)
def test_a_completed_change_says_when(given, kept):
    before = {"id": "t1", "status": "created", **given}
    after = {**before, "status": "completed"}

    rules.on_patch(before, after, rule_context("topupBalance"))

    assert after["confirmationDate"] == kept


@pytest.mark.parametrize("name", ["bucket", "accumulatedBalance", "balanceActionHistory"])
def test_what_follows_from_the_changes_can_only_be_read(suite, name):
    assert suite.get(f"{BASE}/{name}").json == []
    assert suite.post(f"{BASE}/{name}", {"name": "Mine"}).status == 405


def test_a_component_of_v4_alone_is_held_against_its_contract(tmp_path, monkeypatch):
    broken = replace(COMPONENT, resources=(replace(COMPONENT.resources[0], indexed=("colour",)),))
    monkeypatch.setattr(installation, "load_components", lambda names: (broken,))

    with pytest.raises(ConfigurationError, match="bucket has no attribute 'colour'"):
        installation.Installation.assemble(Settings(database_url=f"sqlite:///{tmp_path}/bss.db"))
