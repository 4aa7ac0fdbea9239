"""Usage rated over: exact reversal, then rating with the plan that was valid then, and the proof of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from common.domain.query import Document
from common.store.unit_of_work import UnitOfWork
from tests.scenarios.charging import ANNA, Network, money, product_price, tiers, usage
from tests.scenarios.kit import Shop
from tests.tmf654_balance.kit import bucket, check, topped_up
from tmf635_usage import recycle
from tmf635_usage import rerate as rerating
from tmf635_usage.rerate import Proof, rerate
from tmf635_usage.tables import BUCKETS, CHARGED, CLAIMS, COUNTERS, LINES, RATINGS

SINCE = "2025-06-01T00:00:00Z"


@pytest.fixture
def network(shop: Shop) -> Network:
    return Network(shop)


def latest(price: str) -> Document:
    """A price as a product has it that keeps to no version."""
    known = product_price(price)
    return {**known, "productOfferingPrice": {**known["productOfferingPrice"], "version": None}}


def line(network: Network, id: str, *prices: str, **attributes: Any) -> str:
    return network.product(id, productPrice=[latest(one) for one in prices], startDate=SINCE, **attributes)


def again(shop: Shop, product: str, **options: Any) -> Proof:
    return rerate(shop.suite.installation, product, **options)


def use(network: Network, kind: str, day: int, used: str, product: str) -> str:
    """Usage of a day in December, reported in the order in which the story does."""
    return network.created(usage(kind, f"2025-12-{day:02}T10:00:00Z", used, product)).id


def stored(shop: Shop) -> dict[str, list[Any]]:
    """Everything that rating writes."""
    with shop.suite.installation.database.read() as uow:
        return {table.name: uow.records(table.name).find({}) for table in (RATINGS, LINES, BUCKETS, COUNTERS)}


def lines(shop: Shop, id: str) -> list[tuple[int, str, Decimal, Decimal, bool]]:
    """Number of the rating, state, quantity, amount of each line of a usage; whether it is a reversal."""
    rows = [row for row in stored(shop)[LINES.name] if row["usage"] == id]
    rows.sort(key=lambda row: (row["number"], row["place"]))
    return [(row["number"], row["state"], row["quantity"], row["amount"], row["reverses"] is not None) for row in rows]


def correct(network: Network, id: str, usage_type: str, value: str, per: str, **attributes: Any) -> None:
    """A new version of a price, for those who keep to none."""
    network.price(id, usage_type, value, per, version="2.0", **attributes)


# -- nothing changes --------------------------------------------------------------------------------------------------


def test_an_unchanged_plan_changes_nothing(shop: Shop, network: Network) -> None:
    """Allowances with rollover, tiers, set-up fees; usage in the order of its times."""
    network.price("voice", "voice", "0.10", "1 min", setupFee=money("0.05"))
    network.allowance("minutes", "voice", "3 min", rollover={"periods": 1})
    network.price("data", "data", None, "1 MB", tierModel="graduated", tier=tiers(("0", "0.5"), ("10", "0.1")))
    product = line(network, "line", "voice", "minutes", "data")
    for day in (1, 3, 5, 20):
        use(network, "voice", day, "80 s", product)
        use(network, "data", day, "4 MB", product)
    before, _ = stored(shop), shop.told()

    proof = again(shop, product)

    assert (proof.looked_at, proof.changes, proof.corrections) == (8, (), {})
    assert proof.before == proof.after == {"EUR": Decimal("5.6")}
    assert (stored(shop), shop.told()) == (before, [])


def test_what_is_taken_back_and_rated_again_leaves_counters_as_they_were(
    shop: Shop, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same, were every usage written anew: what is seen is the sum of both."""
    network.price("voice", "voice", "0.10", "1 min", setupFee=money("0.06"))
    network.allowance("minutes", "voice", "3 min")
    network.price("data", "data", None, "1 MB", tierModel="graduated", tier=tiers(("0", "0.5"), ("10", "0.1")))
    product = line(network, "line", "voice", "minutes", "data")
    for day in (1, 3, 5, 20):
        use(network, "voice", day, "90 s", product)
        use(network, "data", day, "4 MB", product)
    counters, charged, before = (network.buckets(), network.counters()), network.charged(product), stored(shop)
    monkeypatch.setattr(rerating._Rerating, "_same", lambda *_: set())

    proof = again(shop, product)

    assert (len(proof.changes), proof.before) == (8, proof.after)
    assert all(one.before == one.after for one in proof.changes)
    assert (network.buckets(), network.counters()) == counters
    assert network.charged(product) == charged
    after = stored(shop)
    assert len(after[RATINGS.name]) == 3 * len(before[RATINGS.name])
    assert len(after[LINES.name]) == 3 * len(before[LINES.name])
    assert sums(after[LINES.name], CHARGED) == sums(before[LINES.name], CHARGED)
    assert sums(after[LINES.name], "void") == 0
    assert after[BUCKETS.name] == before[BUCKETS.name]
    assert after[COUNTERS.name] == before[COUNTERS.name]


def sums(rows: list[Any], state: str) -> Decimal:
    return sum((row["amount"] for row in rows if row["state"] == state), Decimal(0))


# -- a price was wrong ------------------------------------------------------------------------------------------------


def test_a_price_is_corrected_and_the_proof_shows_both(shop: Shop, network: Network) -> None:
    network.price("voice", "voice", "0.10", "1 min")
    product = line(network, "line", "voice")
    first, second = use(network, "voice", 1, "60 s", product), use(network, "voice", 2, "120 s", product)
    correct(network, "voice", "voice", "0.04", "1 min")
    shop.told()

    proof = again(shop, product)

    assert [(one.usage, one.before, one.after, one.reason) for one in proof.changes] == [
        (first, {"EUR": Decimal("0.10")}, {"EUR": Decimal("0.04")}, None),
        (second, {"EUR": Decimal("0.20")}, {"EUR": Decimal("0.08")}, None),
    ]
    assert (proof.before, proof.after) == ({"EUR": Decimal("0.30")}, {"EUR": Decimal("0.12")})
    assert lines(shop, first) == [
        (0, "void", 60, Decimal("0.10"), False),
        (1, "void", -60, Decimal("-0.10"), True),
        (2, "charged", 60, Decimal("0.04"), False),
    ]
    assert network.charged(product) == {"EUR": "0.12"}
    shown = network.shown(first)
    assert (shown.status, shown.lines, shown.prices) == ("rated", ["usage 60 s 0.04"], ["voice 2.0"])
    assert network.in_v4(first)["status"] == "rated"
    assert (
        shop.told()
        == [
            "productUsage: corrected",
            "productUsage changed: ratingExplanation, usageProductPrice",
            "productUsage: rated",
        ]
        * 2
    )


def test_a_second_time_changes_nothing_and_a_third_version_goes_on(shop: Shop, network: Network) -> None:
    network.price("voice", "voice", "0.10", "1 min")
    product = line(network, "line", "voice")
    id = use(network, "voice", 1, "60 s", product)
    correct(network, "voice", "voice", "0.04", "1 min")
    again(shop, product)
    before = stored(shop)

    assert again(shop, product).changes == ()
    assert stored(shop) == before
    network.price("voice", "voice", "0.07", "1 min", version="3.0")
    again(shop, product)
    assert [(number, state, amount) for number, state, _, amount, _ in lines(shop, id)] == [
        (0, "void", Decimal("0.10")),
        (1, "void", Decimal("-0.10")),
        (2, "void", Decimal("0.04")),
        (3, "void", Decimal("-0.04")),
        (4, "charged", Decimal("0.07")),
    ]
    current = [row["number"] for row in stored(shop)[RATINGS.name] if row["is_current"]]
    assert current == [4]


def test_what_was_billed_becomes_a_correction(shop: Shop, network: Network) -> None:
    network.price("voice", "voice", "0.10", "1 min")
    account = {"@type": "BillingAccountRef", "id": network.account("ann"), "@referredType": "BillingAccount"}
    product = line(network, "line", "voice", billingAccount=account)
    id = use(network, "voice", 1, "60 s", product)
    with shop.suite.installation.database.write() as uow:
        uow.records(CLAIMS.name).update({}, {"number": 1})
        uow.commit()
    correct(network, "voice", "voice", "0.04", "1 min")

    proof = again(shop, product)

    assert proof.corrections == {"EUR": Decimal("-0.10")}
    assert [(state, amount) for _, state, _, amount, _ in lines(shop, id)] == [
        ("charged", Decimal("0.10")),
        ("charged", Decimal("-0.10")),
        ("charged", Decimal("0.04")),
    ]
    assert [row["claim"] for row in stored(shop)[LINES.name] if row["usage"] == id] == [0, 1, 1]


def test_a_dry_run_says_the_same_and_keeps_nothing(shop: Shop, network: Network) -> None:
    network.price("voice", "voice", "0.10", "1 min")
    product = line(network, "line", "voice")
    id = use(network, "voice", 1, "60 s", product)
    correct(network, "voice", "voice", "0.04", "1 min")
    before, _ = stored(shop), shop.told()

    dry = again(shop, product, dry_run=True)

    assert (stored(shop), shop.told(), network.shown(id).lines) == (before, [], ["usage 60 s 0.1"])
    assert again(shop, product) == dry


def test_only_usage_from_an_instant_on_is_rated_over(shop: Shop, network: Network) -> None:
    network.price("voice", "voice", "0.10", "1 min")
    product = line(network, "line", "voice")
    early, late = use(network, "voice", 1, "60 s", product), use(network, "voice", 2, "60 s", product)
    correct(network, "voice", "voice", "0.04", "1 min")

    proof = again(shop, product, since=datetime.fromisoformat("2025-12-02T10:00:00Z"))

    assert [one.usage for one in proof.changes] == [late]
    assert (network.shown(early).lines, network.charged(product)) == (["usage 60 s 0.1"], {"EUR": "0.14"})


# -- allowances and tiers ---------------------------------------------------------------------------------------------


def test_late_usage_is_put_in_its_place(shop: Shop, network: Network) -> None:
    """It was rated when it came, after the rest; done over, it has the free units that were there in its time."""
    network.price("sms", "sms", "0.10", "1 event")
    network.allowance("ten", "sms", "10 event")
    product = line(network, "line", "sms", "ten")
    second = use(network, "sms", 10, "8 event", product)
    first = use(network, "sms", 5, "6 event", product)
    assert network.shown(first).lines == ["allowance 2 event 0", "usage 4 event 0.4"]

    proof = again(shop, product)

    assert network.shown(first).lines == ["allowance 6 event 0"]
    assert network.shown(second).lines == ["allowance 4 event 0", "usage 4 event 0.4"]
    assert proof.before == proof.after == {"EUR": Decimal("0.4")}
    assert network.buckets() == ["ten 2025-12-01T00:00:00.000Z 10 of 10 event"]


def test_a_grant_that_was_wrong_is_granted_anew(shop: Shop, network: Network) -> None:
    network.price("sms", "sms", "0.10", "1 event")
    network.allowance("ten", "sms", "10 event")
    product = line(network, "line", "sms", "ten")
    id = use(network, "sms", 5, "14 event", product)
    network.allowance("ten", "sms", "12 event", version="2.0")

    again(shop, product)

    assert network.shown(id).lines == ["allowance 12 event 0", "usage 2 event 0.2"]
    assert network.buckets() == ["ten 2025-12-01T00:00:00.000Z 12 of 12 event"]


def test_a_bucket_that_nobody_draws_from_any_more_is_gone(shop: Shop, network: Network) -> None:
    network.price("sms", "sms", "0.10", "1 event")
    network.allowance("ten", "sms", "10 event")
    product = line(network, "line", "sms", "ten")
    id = use(network, "sms", 5, "4 event", product)
    network.allowance("ten", "data", "10 MB", version="2.0")

    again(shop, product)

    assert (network.shown(id).lines, network.buckets()) == (["usage 4 event 0.4"], [])


def test_only_what_the_product_itself_drew_is_given_back(shop: Shop, network: Network) -> None:
    """Two products share ten; the first one's usage cost too much and is rated over."""
    network.price("sms", "sms", "0.10", "1 event")
    network.allowance("family", "sms", "10 event", sharing="family")
    account = network.account("acc-family")
    ref = {"@type": "BillingAccountRef", "id": account, "@referredType": "BillingAccount"}
    one, two = (line(network, id, "sms", "family", billingAccount=ref) for id in ("one", "two"))
    mine = use(network, "sms", 3, "7 event", one)
    theirs = use(network, "sms", 4, "2 event", two)
    more = use(network, "sms", 5, "3 event", one)
    before = network.shown(theirs).document
    correct(network, "sms", "sms", "0.02", "1 event")

    again(shop, one)

    assert network.buckets() == ["family 2025-12-01T00:00:00.000Z 10 of 10 event"]
    assert network.shown(theirs).document == before
    assert network.shown(mine).lines == ["allowance 7 event 0"]
    assert network.shown(more).lines == ["allowance 1 event 0", "usage 2 event 0.04"]


def test_tiers_are_counted_anew(shop: Shop, network: Network) -> None:
    network.price("data", "data", None, "1 MB", tierModel="graduated", tier=tiers(("0", "1"), ("10", "0.5")))
    product = line(network, "line", "data")
    second = use(network, "data", 9, "8 MB", product)
    first = use(network, "data", 2, "6 MB", product)
    assert network.shown(first).total == "4"

    proof = again(shop, product)

    assert (network.shown(first).total, network.shown(second).total) == ("6", "6")
    assert proof.before == proof.after == {"EUR": Decimal(12)}
    assert network.counters() == ["data 2025-12-01T00:00:00.000Z 14000000"]


# -- prepaid ----------------------------------------------------------------------------------------------------------


def test_what_was_paid_from_a_balance_goes_back_to_it(shop: Shop, network: Network) -> None:
    network.price("voice", "voice", "0.10", "1 min")
    product = line(network, "line", "voice")
    topped_up(shop.suite, "purse", 1, product=[{"id": product}])
    first, second = use(network, "voice", 1, "300 s", product), use(network, "voice", 2, "240 s", product)
    short = use(network, "voice", 3, "120 s", product)
    assert (bucket(shop.suite, "purse")[0], network.shown(short).reason[0]) == (Decimal("0.1"), "balance.insufficient")
    correct(network, "voice", "voice", "0.04", "1 min")

    assert again(shop, product, dry_run=True).after == {"EUR": Decimal("0.36")}
    assert bucket(shop.suite, "purse")[0] == Decimal("0.1")
    again(shop, product)
    assert [network.shown(id).total for id in (first, second)] == ["0.2", "0.16"]
    assert bucket(shop.suite, "purse")[0] == Decimal("0.64")
    again(shop, product)
    assert bucket(shop.suite, "purse")[0] == Decimal("0.64")
    assert recycle.Recycle(shop.suite.installation).run().rated == 1
    assert bucket(shop.suite, "purse")[0] == Decimal("0.56")
    network.price("voice", "voice", "0.10", "1 min", version="3.0")
    assert [one.reason for one in again(shop, product).changes] == [None, None, "balance.insufficient"]
    assert bucket(shop.suite, "purse")[0] == Decimal("0.1")


def test_what_a_balance_paid_and_costs_the_same_stays_paid(shop: Shop, network: Network) -> None:
    """The bucket that paid has expired; nothing is put back into it to be lost there, and no other one pays."""
    network.price("voice", "voice", "0.10", "1 min")
    product = line(network, "line", "voice")
    topped_up(shop.suite, "old", 10, product=[{"id": product}], validFor={"endDateTime": "2026-01-20T00:00:00Z"})
    id = use(network, "voice", 5, "100 min", product)
    shop.wait_until("2026-01-25T00:00:00Z")
    topped_up(shop.suite, "new", 15, product=[{"id": product}])
    before, _ = stored(shop), shop.told()

    proof = again(shop, product)

    assert (proof.changes, proof.before, proof.after) == ((), {"EUR": Decimal(10)}, {"EUR": Decimal(10)})
    assert (stored(shop), shop.told()) == (before, [])
    assert check(shop.suite) == {"old": 0, "new": 15}
    assert [line[:2] for line in lines(shop, id)] == [(0, "prepaid")]


def test_what_comes_back_to_an_expired_bucket_pays_first(shop: Shop, network: Network) -> None:
    """Usage of 6 and 4 EUR from a bucket that has expired costs 10 % more; the other bucket pays what is missing."""
    network.price("voice", "voice", "0.10", "1 min")
    product = line(network, "line", "voice")
    topped_up(shop.suite, "old", 10, product=[{"id": product}], validFor={"endDateTime": "2026-01-20T00:00:00Z"})
    for day, used in ((5, "60 min"), (6, "40 min")):
        use(network, "voice", day, used, product)
    shop.wait_until("2026-01-25T00:00:00Z")
    topped_up(shop.suite, "new", 15, product=[{"id": product}])
    correct(network, "voice", "voice", "0.11", "1 min")

    proof = again(shop, product)

    assert [one.reason for one in proof.changes] == [None, None]
    assert check(shop.suite) == {"old": 0, "new": 14}


def _calls_and_texts(network: Network, purse: int) -> str:
    """A prepaid product at 10 cents a minute or a message."""
    network.price("voice", "voice", "0.10", "1 min")
    network.price("sms", "sms", "0.10", "1 event")
    product = line(network, "line", "voice", "sms")
    topped_up(network.shop.suite, "purse", purse, product=[{"id": product}])
    return product


def test_from_the_first_usage_on_that_costs_something_else_all_is_paid_anew_in_time_order(
    shop: Shop, network: Network
) -> None:
    """Text messages cost more now: what is before them stays as it is, and the call after them finds too little."""
    product = _calls_and_texts(network, purse=2)
    early, text = use(network, "voice", 1, "5 min", product), use(network, "sms", 2, "5 event", product)
    call = use(network, "voice", 3, "10 min", product)
    correct(network, "sms", "sms", "0.20", "1 event")

    proof = again(shop, product)

    assert [(one.usage, one.reason) for one in proof.changes] == [(text, None), (call, "balance.insufficient")]
    assert (check(shop.suite), len(lines(shop, early))) == ({"purse": Decimal("0.5")}, 1)
    assert [one.usage for one in again(shop, product).changes] == [call]


def test_what_was_refused_takes_the_money_that_there_is_and_none_that_later_usage_was_paid_with(
    shop: Shop, network: Network
) -> None:
    product = _calls_and_texts(network, purse=1)
    paid = use(network, "voice", 3, "6 min", product)
    text, call = use(network, "sms", 1, "5 event", product), use(network, "voice", 2, "5 min", product)
    address = "/tmf-api/productUsageManagement/v5/productUsage"
    for id in (text, call):
        assert network.shown(id).document["statusReason"]["code"] == "balance.insufficient"
        for status in ("initialized", "validated", "rated", "corrected"):
            change = {"@type": "ProductUsage", "status": status}
            assert shop.suite.patch(f"{address}/{id}", change).status == 200, status
    assert {one.reason for one in again(shop, product).changes} == {"balance.insufficient"}
    topped_up(shop.suite, "purse", Decimal("0.2"), product=[{"id": product}])

    proof = again(shop, product)

    assert [(one.usage, one.reason) for one in proof.changes] == [(text, None), (call, "balance.insufficient")]
    assert (check(shop.suite), len(lines(shop, paid))) == ({"purse": Decimal("0.1")}, 1)


def test_what_is_refused_leaves_its_free_units_to_later_usage_and_that_is_paid_anew(
    shop: Shop, network: Network
) -> None:
    """Of ten free messages those abroad had all; they cost more than there is now, so the ones at home have them."""
    network.price("home", "sms", "0.10", "1 event")
    network.price("abroad", "sms", "0.10", "1 event", match={"zone": ["abroad"]})
    network.allowance("ten", "sms", "10 event")
    product = line(network, "line", "home", "abroad", "ten")
    topped_up(shop.suite, "purse", 2, product=[{"id": product}])
    abroad = network.created(usage("sms", "2025-12-01T10:00:00Z", "15 event", product, zone="abroad")).id
    home = use(network, "sms", 2, "12 event", product)
    assert (network.shown(home).lines, bucket(shop.suite, "purse")[0]) == (["usage 12 event 1.2"], Decimal("0.3"))
    correct(network, "abroad", "sms", "0.60", "1 event", match={"zone": ["abroad"]})

    proof = again(shop, product)

    assert [(one.usage, one.reason) for one in proof.changes] == [(abroad, "balance.insufficient"), (home, None)]
    assert network.shown(home).lines == ["allowance 10 event 0", "usage 2 event 0.2"]
    assert check(shop.suite) == {"purse": Decimal("1.8")}


def test_usage_that_a_bill_charges_is_not_charged_to_a_balance_that_came_later(shop: Shop, network: Network) -> None:
    network.price("voice", "voice", "0.10", "1 min")
    product = line(network, "line", "voice")
    id = use(network, "voice", 1, "10 min", product)
    topped_up(shop.suite, "purse", 2, product=[{"id": product}])

    assert again(shop, product).changes == ()
    assert (check(shop.suite), [line[:2] for line in lines(shop, id)]) == ({"purse": 2}, [(0, "charged")])


def test_what_a_cheaper_tier_gave_back_pays_for_usage_again_when_the_tier_begins_later(
    shop: Shop, network: Network
) -> None:
    """One message less: the one that brought the cheap tier costs the full price, and the next one brings it."""
    network.price("voice", "voice", "0.10", "1 min")
    network.price("sms", "sms", None, "1 event", tierModel="volume", tier=tiers(("0", "1"), ("10", "0.1")))
    product = line(network, "line", "voice", "sms")
    charged = use(network, "voice", 1, "10 min", product)
    topped_up(shop.suite, "purse", 10, product=[{"id": product}])
    times = [f"2025-12-{day:02}T{hour:02}:00:00Z" for day in (2, 3) for hour in range(20)]
    first, *texts = (
        network.created(usage("sms", at, f"{1 if number else 2} event", product)).id for number, at in enumerate(times)
    )
    call = use(network, "voice", 28, "59 min", product)
    assert check(shop.suite) == {"purse": 0}
    address = f"/tmf-api/productUsageManagement/v5/productUsage/{first}"
    one = usage("sms", times[0], "1 event", product)["usageCharacteristic"]
    assert shop.suite.patch(address, {"@type": "ProductUsage", "status": "corrected"}).status == 200
    assert shop.suite.patch(address, {"@type": "ProductUsage", "usageCharacteristic": one}).status == 200

    proof = again(shop, product)

    assert [(change.usage, change.reason) for change in proof.changes] == [
        (id, None) for id in (first, *texts[8:], call)
    ]
    assert [line[:2] for line in lines(shop, charged)] == [(0, "charged")]
    assert check(shop.suite) == {"purse": Decimal("0.1")}
    assert again(shop, product).changes == ()


# -- what cannot be rated any more ------------------------------------------------------------------------------------


def test_usage_without_a_price_now_stays_corrected_until_there_is_one(shop: Shop, network: Network) -> None:
    network.price("voice", "voice", "0.10", "1 min")
    product = line(network, "line", "voice")
    id = use(network, "voice", 1, "60 s", product)
    network.price("voice", "data", "1", "1 MB", version="2.0")

    proof = again(shop, product)

    assert [(one.after, one.reason) for one in proof.changes] == [({}, "no.price")]
    shown = network.shown(id).document
    assert (shown["status"], shown["statusReason"]["code"]) == ("corrected", "no.price")
    assert "usageProductPrice" not in shown
    assert network.charged(product) == {"EUR": "0"}
    network.price("voice", "voice", "0.03", "1 min", version="3.0")
    assert [(one.before, one.after) for one in again(shop, product).changes] == [({}, {"EUR": Decimal("0.03")})]
    assert (network.shown(id).status, network.charged(product)) == ("rated", {"EUR": "0.03"})
    assert "statusReason" not in network.shown(id).document
    assert [(number, state) for number, state, *_ in lines(shop, id)] == [(0, "void"), (1, "void"), (2, "charged")]


def test_usage_that_was_corrected_by_hand_is_rated_as_it_stands(shop: Shop, network: Network) -> None:
    network.price("voice", "voice", "0.10", "1 min")
    product = line(network, "line", "voice")
    id = use(network, "voice", 1, "60 s", product)
    address = f"/tmf-api/productUsageManagement/v5/productUsage/{id}"
    other = usage("voice", "2025-12-01T10:00:00Z", "120 s", product)["usageCharacteristic"]
    assert shop.suite.patch(address, {"@type": "ProductUsage", "status": "corrected"}).status == 200
    assert shop.suite.patch(address, {"@type": "ProductUsage", "usageCharacteristic": other}).status == 200

    again(shop, product)

    assert (network.shown(id).status, network.shown(id).lines) == ("rated", ["usage 120 s 0.2"])
    assert network.charged(product) == {"EUR": "0.2"}


def test_superseded_usage_is_left_alone(shop: Shop, network: Network) -> None:
    network.price("voice", "voice", "0.10", "1 min")
    product = line(network, "line", "voice")
    id = use(network, "voice", 1, "60 s", product)
    address = f"/tmf-api/productUsageManagement/v5/productUsage/{id}"
    assert shop.suite.patch(address, {"@type": "ProductUsage", "status": "superseded"}).status == 200
    correct(network, "voice", "voice", "0.04", "1 min")
    before = stored(shop)

    assert (again(shop, product).looked_at, stored(shop)) == (0, before)


def test_a_process_that_dies_leaves_everything_as_it_was(
    shop: Shop, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.price("voice", "voice", "0.10", "1 min")
    product = line(network, "line", "voice", msisdn=ANNA)
    use(network, "voice", 1, "60 s", product)
    correct(network, "voice", "voice", "0.04", "1 min")
    before, _ = stored(shop), shop.told()

    def die(*_: Any) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as dying:
        dying.setattr(UnitOfWork, "commit", die)
        with pytest.raises(ConnectionAbortedError):
            again(shop, product)

    assert (stored(shop), shop.told()) == (before, [])
    assert len(again(shop, product).changes) == 1


def test_a_product_without_usage_has_nothing_to_show(shop: Shop, network: Network) -> None:
    assert again(shop, "nobody") == Proof("nobody")
