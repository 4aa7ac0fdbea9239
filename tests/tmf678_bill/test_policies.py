"""Policies of legal entities, numbers as people see them, and the cycles that accounts are billed on."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from common.domain.cycles import CycleUnit, recurring
from common.errors import ConfigurationError
from common.settings import Settings
from tests.fakes import FakeLibrary, rule_context
from tmf635_usage.subjects import cycle_of
from tmf678_bill.billing.values import Policy, Rounding, TaxRounding
from tmf678_bill.cycles import account_cycle
from tmf678_bill.policies import entity_of, policy_of


@pytest.fixture
def written(tmp_path):
    def write(text):
        file = tmp_path / "billing.yaml"
        file.write_text(text)
        return Settings(billing_file=str(file))

    return write


def test_without_a_file_everything_is_usual():
    policy = policy_of("main", Settings())

    assert (policy.engine, policy.payment_days) == (Policy(Rounding.HALF_EVEN, TaxRounding.PER_LINE), 14)
    assert policy.number("bill", 7, date(2026, 2, 1)) == "B-00000007"
    assert policy.number("creditNote", 7, date(2026, 2, 1)) == "C-00000007"


def test_an_entity_has_its_own_rounding_numbers_and_days(written):
    settings = written(
        """
legalEntities:
  north:
    rounding: half-up
    taxRounding: perRate
    paymentDays: 30
    numbers: {bill: "{entity}/{year}/{sequence:06}"}
"""
    )

    policy = policy_of("north", settings)

    assert (policy.engine, policy.payment_days) == (Policy(Rounding.HALF_UP, TaxRounding.PER_RATE), 30)
    assert policy.number("bill", 123, date(2026, 2, 1)) == "north/2026/000123"
    assert policy.number("creditNote", 1, date(2026, 2, 1)) == "C-00000001"
    assert policy_of("main", settings).payment_days == 14


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("legalEntities: {main: {rounding: up}}", "rounding of legal entity 'main' is one of half-even, half-up"),
        ("legalEntities: {main: {paymentDays: -1}}", "paymentDays of legal entity 'main'"),
        ("legalEntities: {main: {numbers: {bill: B}}}", "numbers of legal entity 'main': bill is a text"),
        ("legalEntities: {main: {numbers: {bill: '{sequence.real}'}}}", "numbers of legal entity 'main'"),
        ("legalEntities: {main: {numbers: {other: '{sequence}'}}}", "series are bill, creditNote"),
        ("legalEntities: []", "has a mapping legalEntities"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(written, text, message):
    with pytest.raises(ConfigurationError, match=message):
        policy_of("main", written(text))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        policy_of("main", Settings(billing_file=str(tmp_path / "gone.yaml")))


def test_a_file_is_read_again_when_it_was_changed(written):
    settings = written("legalEntities: {main: {paymentDays: 5}}")
    assert policy_of("main", settings).payment_days == 5

    settings = written("legalEntities: {main: {paymentDays: 10, rounding: half-up}}")

    assert policy_of("main", settings).payment_days == 10


def test_an_account_may_name_its_legal_entity():
    party = {"role": "legalEntity", "partyOrPartyRole": {"id": "north"}}

    assert entity_of({"relatedParty": [{"role": "owner"}, party]}, Settings(legal_entity="all")) == "north"
    assert entity_of({}, Settings(legal_entity="all")) == "all"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("month", (CycleUnit.MONTH, 1)),
        ("Monthly", (CycleUnit.MONTH, 1)),
        ("3 months", (CycleUnit.MONTH, 3)),
        ("quarter", (CycleUnit.MONTH, 3)),
        ("2 years", (CycleUnit.MONTH, 24)),
        ("bi-weekly", (CycleUnit.WEEK, 2)),
        ("day", (CycleUnit.DAY, 1)),
        ("0 month", None),
        ("now and then", None),
        (None, None),
    ],
)
def test_how_often_is_read_from_words(text, found):
    assert recurring(text) == found


@pytest.mark.parametrize("shift", [0, 14, Decimal("14.0"), 30, -1, Decimal("1.5"), True, "x", None])
def test_bills_and_usage_count_the_same_cycle(shift):
    specification = {"id": "s", "billingDateShift": shift, "frequency": "monthly"}
    account = {"id": "a", "billStructure": {"cycleSpecification": {"id": "s"}}}
    library = FakeLibrary({"billingCycleSpecification": [specification]})

    assert account_cycle(account, library, Settings()).cycle.anchor == cycle_of(account, library)


@pytest.mark.parametrize(
    ("moment", "next"),
    [
        ("2026-01-15T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("2026-01-31T23:59:59.999999Z", "2026-02-01T00:00:00Z"),
        ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
    ],
)
def test_an_account_is_billed_when_its_cycle_ends(moment, next):
    cycle = account_cycle({"id": "a"}, rule_context("billingAccount").library, Settings())

    assert cycle.cutoff_after(datetime.fromisoformat(moment)) == datetime.fromisoformat(next).astimezone(UTC)
