"""Stories of prepaid usage: it is paid for as it is rated, and refused where the balance does not pay for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.scenarios.charging import ANNA, Network, tiers
from tests.scenarios.kit import Shop
from tests.tmf654_balance.kit import check, topped_up
from tmf635_usage.recycle import Recycle
from tmf635_usage.rerate import rerate
from tmf635_usage.tables import LINES


@pytest.fixture
def network(shop: Shop) -> Network:
    return Network(shop)


def _fill(network: Network, amount: Any, product: str) -> None:
    topped_up(network.shop.suite, f"credit-{product}", Decimal(amount), product=[{"id": product}])


def _left(network: Network, product: str) -> Decimal:
    return check(network.shop.suite)[f"credit-{product}"]


def test_usage_is_paid_for_until_the_balance_is_too_small_and_rejected_usage_counts_nothing(network: Network) -> None:
    free = network.allowance("free", "voice", "1 min", period={"amount": 1, "units": "month"})
    network.plan("prepaid", network.price("voice", "voice", "0.10", "1 min"), free)
    product = network.sell("prepaid")
    _fill(network, "0.25", product)

    first = network.use("voice", "2026-01-02T10:00:00Z", "2 min")
    second = network.use("voice", "2026-01-02T11:00:00Z", "2 min")
    third = network.use("voice", "2026-01-02T12:00:00Z", "90 s")

    assert (first.status, first.lines) == ("rated", ["allowance 60 s 0", "usage 60 s 0.1"])
    assert (second.status, second.reason[0]) == ("rejected", "balance.insufficient")
    assert (third.status, third.lines) == ("rated", ["usage 90 s 0.15"])
    assert _left(network, product) == 0
    assert network.charged(product)["EUR"] == "0.25"


def test_what_an_allowance_covers_needs_no_money(network: Network) -> None:
    network.plan(
        "prepaid",
        network.price("voice", "voice", "0.10", "1 min"),
        network.allowance("f", "voice", "9 min", period={"amount": 1, "units": "month"}),
    )
    product = network.sell("prepaid")
    _fill(network, "0.01", product)

    assert network.use("voice", "2026-01-02T10:00:00Z", "9 min").status == "rated"
    assert network.use("voice", "2026-01-02T11:00:00Z", "1 min").status == "rejected"
    assert _left(network, product) == Decimal("0.01")


def test_who_pays_by_bill_is_not_asked_for_a_balance(network: Network) -> None:
    network.plan("talk", network.price("voice", "voice", "0.10", "1 min"))
    prepaid, postpaid = network.sell("talk"), network.sell("talk", ANNA + "1")
    _fill(network, "0.05", prepaid)

    assert network.use("voice", "2026-01-02T10:00:00Z", "1 min", prepaid).status == "rejected"
    assert network.use("voice", "2026-01-02T10:00:00Z", "1 min", postpaid).status == "rated"
    assert _left(network, prepaid) == Decimal("0.05")


def test_what_a_volume_tier_makes_cheaper_comes_back_to_the_balance(network: Network) -> None:
    """And is taken again when it is rated over."""
    steps = tiers(("0", "0.10"), ("10", "0.02"))
    network.plan("bulk", network.price("sms", "sms", None, "1 event", tierModel="volume", tier=steps))
    product = network.sell("bulk")
    _fill(network, "1.50", product)

    first = network.use("sms", "2026-01-02T10:00:00Z", "10 event")
    second = network.use("sms", "2026-01-02T11:00:00Z", "1 event")

    assert first.lines == ["usage 10 event 1 t0"]
    assert second.lines == ["usage 1 event 0.02 t1", "correction 10 event -0.8 t1"]
    assert (second.status, _left(network, product)) == ("rated", Decimal("1.28"))
    rerate(network.shop.suite.installation, product)
    assert _left(network, product) == Decimal("1.28")
    assert network.charged(product) == {"EUR": "0.22"}


GIFT = {"validFor": {"endDateTime": "2026-01-10T00:00:00Z"}}


def _talk(network: Network, **account: Any) -> str:
    """A product of an account, with a gift of one euro until 10 January."""
    network.plan("talk", network.price("voice", "voice", "0.10", "1 min"))
    product = network.sell("talk", account=network.account("ann", **account))
    topped_up(network.shop.suite, "gift", 1, product=[{"id": product}], partyAccount={"id": "ann"}, **GIFT)
    return product


def test_a_gift_that_has_expired_leaves_usage_to_the_bill(network: Network) -> None:
    _talk(network, ratingType="postpaid")

    before = network.use("voice", "2026-01-05T10:00:00Z", "5 min")
    after = network.use("voice", "2026-01-20T10:00:00Z", "5 min")

    assert [one.status for one in (before, after)] == ["rated", "rated"]
    assert _states(network) == ["prepaid", "charged"]
    assert check(network.shop.suite) == {"gift": 0}


def test_a_gift_that_has_expired_leaves_usage_to_the_balance_of_the_account(network: Network) -> None:
    _talk(network)
    topped_up(network.shop.suite, "purse", 50, partyAccount={"id": "ann"})

    network.use("voice", "2026-01-05T10:00:00Z", "5 min")
    after = network.use("voice", "2026-01-20T10:00:00Z", "100 min")

    assert (after.status, _states(network)) == ("rated", ["prepaid", "prepaid"])
    assert check(network.shop.suite) == {"gift": 0, "purse": 40}


def test_late_usage_of_before_it_expired_is_paid_as_any_other_now(network: Network) -> None:
    _talk(network, ratingType="postpaid")
    network.shop.wait_until("2026-01-20T00:00:00Z")

    network.use("voice", "2026-01-05T10:00:00Z", "5 min")

    assert (_states(network), check(network.shop.suite)) == (["charged"], {"gift": 0})


@pytest.mark.parametrize("said", [{}, {"ratingType": "prepaid"}], ids=str)
def test_who_is_prepaid_does_not_come_to_a_bill_when_the_money_expires(network: Network, said: dict[str, str]) -> None:
    product = _talk(network, **said)

    used = network.use("voice", "2026-01-20T10:00:00Z", "5 min")

    assert (used.status, used.reason[0]) == ("rejected", "balance.insufficient")
    topped_up(network.shop.suite, "more", 1, product=[{"id": product}], partyAccount={"id": "ann"})
    assert Recycle(network.shop.suite.installation).run().rated == 1
    assert check(network.shop.suite) == {"gift": 0, "more": Decimal("0.5")}


def test_whose_product_has_no_account_stays_prepaid_when_the_money_expires(network: Network) -> None:
    """Nobody could be sent a bill."""
    product = network.product("line", network.price("voice", "voice", "0.10", "1 min"))
    topped_up(network.shop.suite, "gift", 1, product=[{"id": product}], **GIFT)

    used = network.use("voice", "2026-01-20T10:00:00Z", "5 min", product)

    assert (used.status, used.reason[0]) == ("rejected", "balance.insufficient")


def _states(network: Network) -> list[str]:
    """By what the lines of all usage are paid, in the order of their times."""
    with network.shop.suite.installation.database.read() as uow:
        return [row["state"] for row in uow.records(LINES.name).find({}, order=["at"])]
