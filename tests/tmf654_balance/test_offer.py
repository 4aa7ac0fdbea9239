"""What usage takes from prepaid balances: whole or not at all, once, exactly back; in any order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.rest.actions import acting
from tests.tmf654_balance.kit import BASE, bucket, check, topped_up


class Till:
    """Transactions of another component."""

    def __init__(self, suite):
        self.suite = suite

    def __call__(self, what, owners=(("p1", "a1"),), causes=()):
        with self.suite.installation.database.write() as uow:
            act = acting(self.suite.installation, uow)
            balances = act.offered("balances")
            purse = balances.open(act.context("productUsage"), balances.owned(owners), causes)
            outcome = what(purse)
            purse.close()
            uow.commit()
        return outcome

    def charge(self, amount, cause, product="p1", account="a1", currency="EUR"):
        owners = [(product, account)]
        refusal = self(lambda purse: purse.charge(product, account, Decimal(amount), currency, cause), owners)
        return None if refusal is None else refusal.code

    def reserve(self, amount, session):
        until = self.suite.installation.clock.now() + timedelta(minutes=30)
        refusal = self(lambda purse: purse.reserve("p1", "a1", Decimal(amount), "EUR", session, until))
        return None if refusal is None else refusal.code

    def available(self):
        return self(lambda purse: purse.available("p1", "a1", "EUR"))


@pytest.fixture
def till(charged):
    return Till(charged)


def test_who_has_no_bucket_is_charged_nothing(charged, till):
    topped_up(charged, "b1", 10, product=[{"id": "p2"}])

    assert till.charge("1000", "u1") is None
    assert check(charged) == {"b1": 10}


def test_a_charge_is_taken_whole_or_not_at_all_and_once(charged, till):
    topped_up(charged, "b1", 10, product=[{"id": "p1"}])

    assert till.charge("10.000000000000000001", "u1") == "balance.insufficient"
    assert [till.charge("7", "u2"), till.charge("7", "u2"), till.charge("4", "u3")] == [
        None,
        None,
        "balance.insufficient",
    ]
    assert till.charge("1", "u4", currency="USD") == "balance.insufficient"
    assert check(charged) == {"b1": 3}


def test_what_makes_earlier_usage_cheaper_is_paid_back_and_no_other_charge_is_below_nothing(charged, till):
    topped_up(charged, "b1", 10, product=[{"id": "p1"}])
    till.charge("7", "u1")

    assert till.charge("-1", "u2") == "amount.invalid"
    assert till(lambda purse: purse.pay("p1", "a1", Decimal("-2.93"), "EUR", "u2/0")) is None
    assert check(charged) == {"b1": Decimal("5.93")}


def test_what_expires_first_is_used_first_and_a_charge_may_empty_several(charged, till):
    end = {"endDateTime": "2027-01-01T00:00:00Z"}
    topped_up(charged, "b1", 5)
    topped_up(charged, "b2", 5, validFor=end)
    topped_up(charged, "b3", 5, product=[{"id": "p2"}])

    assert till.charge("7", "u1") is None
    assert check(charged) == {"b1": 3, "b2": 0, "b3": 5}
    assert till.charge("4", "u2") == "balance.insufficient"
    assert till.charge("1", "u3", product="p2") is None
    assert check(charged) == {"b1": 3, "b2": 0, "b3": 4}


def test_a_charge_is_taken_back_exactly_where_it_was_taken_and_once(charged, till):
    topped_up(charged, "b1", 5)
    topped_up(charged, "b2", 5, validFor={"endDateTime": "2027-01-01T00:00:00Z"})
    till.charge("7.3", "u1/0")

    back = [till(lambda purse: purse.reverse("u1/0", "u1/1"), (), ["u1/0"]) for _ in range(2)]

    assert back == [Decimal("7.3"), 0]
    assert check(charged) == {"b1": 5, "b2": 5}


def test_a_session_holds_money_of_several_buckets_and_lapses(charged, till):
    topped_up(charged, "b1", 5)
    topped_up(charged, "b2", 5, validFor={"endDateTime": "2027-01-01T00:00:00Z"})
    assert till.reserve("7", "s1") is None
    assert (till.available(), till.reserve("4", "s2"), till.charge("3.5", "u1")) == (
        3,
        "balance.insufficient",
        "balance.insufficient",
    )
    assert till.reserve("8", "s1") is None
    check(charged)

    charged.advance(timedelta(minutes=31))

    assert till.available() == 10
    assert (bucket(charged, "b1"), bucket(charged, "b2")) == ((5, 0), (5, 0))
    check(charged)


_AMOUNTS = st.decimals(Decimal("0.01"), Decimal("9"), places=2)
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["charge", "reserve", "commit", "release", "reverse", "topup"]), st.integers(0, 3), _AMOUNTS
    ),
    max_size=14,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_in_any_order_nothing_is_lost_and_nothing_overdrawn(charged, steps):
    till, model, held, charges = Till(charged), Decimal(10), {}, {}
    number = len(charged.get(f"{BASE}/bucket").json)  # a bucket of this example's own
    name = f"p{number}"
    topped_up(charged, f"b{number}", 10, product=[{"id": name}], partyAccount={"id": name})
    owners = [(name, name)]
    until = charged.installation.clock.now() + timedelta(hours=1)
    for place, (step, which, amount) in enumerate(steps):
        session, cause = f"{name}-s{which}", f"{name}-u{place}"
        free = model - sum(held.values())
        if step == "topup":
            topped_up(charged, f"b{number}", amount, product=[{"id": name}], partyAccount={"id": name})
            model += amount
        elif step == "charge":
            refusal = till(lambda p, a=amount, c=cause: p.charge(name, name, a, "EUR", c), owners)
            assert (refusal is None) is (amount <= free)
            if refusal is None:
                model, charges[which] = model - amount, (cause, amount)
        elif step == "reserve":
            free += held.pop(session, Decimal(0))
            refusal = till(lambda p, a=amount, s=session: p.reserve(name, name, a, "EUR", s, until), owners)
            assert (refusal is None) is (amount <= free)
            if refusal is None:
                held[session] = amount
        elif step == "reverse" and which in charges:
            cause, amount = charges.pop(which)
            assert till(lambda p, c=cause: p.reverse(c, f"{c}/back"), owners, [cause]) == amount
            model += amount
        elif step in ("commit", "release"):
            till(lambda p, s=session: p.release(s), owners)
            free = model - sum(held.values()) + held.pop(session, Decimal(0))
            if step == "commit" and amount <= free:
                assert till(lambda p, a=amount, c=cause: p.charge(name, name, a, "EUR", c), owners) is None
                model -= amount
    assert check(charged)[f"b{number}"] == model
    assert bucket(charged, f"b{number}") == (model, sum(held.values(), Decimal(0)))
