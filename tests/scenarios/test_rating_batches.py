"""Stories of many usages at once, of what is mended afterwards, and of a fleet of machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from common import exact_json
from common.domain.query import Document
from common.rest.actions import acting
from tests.scenarios.charging import (
    USAGES,
    USAGES_V4,
    Network,
    characteristic_list,
    in_v4,
    plain,
    product_price,
    tiers,
    usage,
)
from tests.scenarios.kit import Shop, found
from tmf635_usage.recycle import Recycle
from tmf635_usage.rerate import rerate

JANUARY = "2026-01-01T00:00:00.000Z"
# Records in one request: a body of 4 MB has no more than some 8,000.
_AT_ONCE = 5_000


@pytest.fixture
def network(shop: Shop) -> Network:
    return Network(shop)


def send(network: Network, documents: Iterable[Document], path: str = f"{USAGES}Batch") -> list[dict[str, Any]]:
    body = b"\n".join(exact_json.encode(one) for one in documents)
    answer = network.shop.suite.post(path, content=body, media_type="application/x-ndjson")
    assert answer.status == 200, answer.content
    return [json.loads(line, parse_float=Decimal) for line in answer.content.splitlines()]


def messages(network: Network, *prices: str) -> str:
    steps = tiers(("0", "0.10"), ("100", "0.07"))
    price = network.price("sms", "sms", None, "1 event", tierModel="graduated", tier=steps)
    network.plan("text", price, *prices)
    return network.sell("text")


# -- batches ----------------------------------------------------------------------------------------------------------


def test_a_tier_is_crossed_across_a_batch_in_the_order_of_the_usages_times(network: Network) -> None:
    product = messages(network)
    network.shop.wait_until("2026-01-10T00:00:00Z")

    answers = send(
        network,
        [
            usage("sms", f"2026-01-0{day}T10:00:00Z", f"{number} event", product)
            for day, number in ((4, 60), (2, 60), (3, 30))
        ],
    )

    assert [(one["result"], one["status"]) for one in answers] == [("created", "rated")] * 3
    assert [network.shown(one["id"]).lines for one in answers] == [
        ["usage 10 event 1 t0", "usage 50 event 3.5 t1"],
        ["usage 60 event 6 t0"],
        ["usage 30 event 3 t0"],
    ]
    assert network.counters() == [f"sms {JANUARY} 150"]
    assert network.charged(product) == {"EUR": "13.5"}


def test_a_batch_has_an_outcome_for_each_record_and_counts_each_once(network: Network) -> None:
    product = messages(network)
    at = "2026-01-01T09:00:00Z"
    good = usage("sms", at, "1 event", product, record="r-1")
    records = [
        good,
        good,
        usage("sms", at, "2 event", product, record="r-1"),
        usage("fax", at, "1 event", product, record="r-2"),
        usage("sms", at, "1 event", "nobody", record="r-3"),
        {"@type": "ProductUsage", "usageType": "sms"},
    ]

    first, second = send(network, records), send(network, records[:1] + records[3:5])

    assert [(one["result"], one.get("status"), one.get("code")) for one in first] == [
        ("created", "rated", None),
        ("duplicate", None, "usage.duplicate"),
        ("refused", None, "usage.other-content"),
        ("created", "rejected", "no.price"),
        ("created", "initialized", "product.unknown"),
        ("refused", None, "body.invalid"),
    ]
    assert [one["result"] for one in second] == ["duplicate"] * 3
    assert network.charged(product) == {"EUR": "0.1"}


def test_a_batch_of_v4_leads_by_number(network: Network) -> None:
    product = messages(network)
    number = "+49 (170) 123-4567"

    answers = send(
        network, [in_v4(usage("sms", "2026-01-01T09:00:00Z", "3 event", None, msisdn=number))] * 2, f"{USAGES_V4}Batch"
    )

    assert [(one["result"], one["status"]) for one in answers] == [("created", "rated")] * 2
    assert network.charged(product) == {"EUR": "0.6"}


# -- what is mended ---------------------------------------------------------------------------------------------------


def by_table(network: Network) -> str:
    network.plan("talk", network.price("table", "voice", None, "1 min", tariffTable={"id": "world"}))
    return network.sell("talk")


def test_a_corrected_price_is_rated_again_from_when_it_holds(network: Network) -> None:
    network.tariff("world", "wrong", "2025-01-01T00:00:00Z", "prefix,amount 44,3.00")
    product = by_table(network)
    early, late = (
        network.use("voice", f"2026-01-0{day}T10:00:00Z", "2 min", calledNumber="+447700900123") for day in (2, 5)
    )
    network.tariff("world", "right", "2026-01-04T00:00:00Z", "prefix,amount 44,0.30")
    installation, since = network.shop.suite.installation, datetime.fromisoformat("2026-01-01T00:00:00Z")

    dry = rerate(installation, product, since, dry_run=True)
    assert (network.charged(product), network.shown(late.id)) == ({"EUR": "12"}, late)
    proof = rerate(installation, product, since)

    assert dry == proof
    assert (proof.looked_at, proof.before, proof.after) == (2, {"EUR": 12}, {"EUR": Decimal("6.6")})
    assert [(one.usage, one.before, one.after) for one in proof.changes] == [
        (late.id, {"EUR": 6}, {"EUR": Decimal("0.6")}),
    ]
    assert network.shown(early.id) == early
    again = network.shown(late.id)
    assert (again.status, again.lines, again.prices) == ("rated", ["usage 120 s 0.6"], ["table 1.0@right"])
    assert network.charged(product) == {"EUR": "6.6"}
    assert rerate(installation, product, since).changes == ()


def test_late_usage_changes_nothing_until_the_month_is_rated_again_in_its_order(network: Network) -> None:
    product = messages(network, network.allowance("free", "sms", "50 event"))
    later = network.use("sms", "2026-01-10T10:00:00Z", "160 event")
    late = network.use("sms", "2026-01-05T10:00:00Z", "40 event")
    assert later.lines == ["allowance 50 event 0", "usage 100 event 10 t0", "usage 10 event 0.7 t1"]
    assert late.lines == ["usage 40 event 2.8 t1"]

    proof = rerate(network.shop.suite.installation, product)

    assert (proof.before, proof.after) == ({"EUR": Decimal("13.5")}, {"EUR": Decimal("13.5")})
    assert network.shown(late.id).lines == ["allowance 40 event 0"]
    assert network.shown(later.id).lines == ["allowance 10 event 0", "usage 100 event 10 t0", "usage 50 event 3.5 t1"]
    assert network.buckets() == [f"free {JANUARY} 50 of 50 event"]
    assert network.counters() == [f"sms {JANUARY} 150"]
    assert network.charged(product) == {"EUR": "13.5"}


def test_a_record_that_said_too_much_is_corrected_and_rated_again(network: Network) -> None:
    product = messages(network, network.allowance("free", "sms", "50 event"))
    wrong = network.use("sms", "2026-01-02T10:00:00Z", "200 event")
    other = network.use("sms", "2026-01-03T10:00:00Z", "10 event")
    assert network.charged(product) == {"EUR": "14.2"}
    suite, path = network.shop.suite, f"{USAGES}/{wrong.id}"
    corrected = usage("sms", "2026-01-02T10:00:00Z", "20 event", product)["usageCharacteristic"]
    found(suite.patch(path, {"@type": "ProductUsage", "status": "corrected"}))
    found(suite.patch(path, {"@type": "ProductUsage", "usageCharacteristic": corrected}))

    proof = rerate(suite.installation, product)

    assert (proof.before, proof.after) == ({"EUR": Decimal("14.2")}, {"EUR": 0})
    shown = network.shown(wrong.id)
    assert (shown.status, shown.lines) == ("rated", ["allowance 20 event 0"])
    assert network.shown(other.id).lines == ["allowance 10 event 0"]
    assert network.buckets() == [f"free {JANUARY} 30 of 50 event"]
    assert network.charged(product) == {"EUR": "0"}


def test_what_no_price_was_for_is_recycled_when_the_table_is_there(network: Network) -> None:
    product = by_table(network)
    call = network.use("voice", "2026-01-02T10:00:00Z", "2 min", calledNumber="+447700900123")
    lost = network.hear("voice", "2026-01-02T10:00:00Z", "2 min", msisdn="+491700000000")
    assert (call.status, call.reason[0], lost.reason[0]) == ("rejected", "no.price", "product.unknown")
    network.tariff("world", "first", "2025-01-01T00:00:00Z", "prefix,amount 44,0.30")

    done = Recycle(network.shop.suite.installation).run()

    assert (done.taken, done.rated, dict(done.left)) == (2, 1, {"product.unknown": 1})
    mended = network.shown(call.id)
    assert (mended.status, mended.lines, "statusReason" in mended.document) == ("rated", ["usage 120 s 0.6"], False)
    assert network.shown(lost.id).status == "initialized"
    assert network.charged(product) == {"EUR": "0.6"}
    assert Recycle(network.shop.suite.installation).run().rated == 0


# -- a fleet ----------------------------------------------------------------------------------------------------------


def sims(network: Network, number: int, account: str) -> list[str]:
    """So many SIM cards of one account, which another system made."""
    ids = [f"sim-{n:05}" for n in range(number)]
    billing = {"@type": "BillingAccountRef", "id": account, "@referredType": "BillingAccount"}
    installation = network.shop.suite.installation
    for first in range(0, number, 1_000):
        with installation.database.write() as uow:
            act = acting(installation, uow)
            for id in ids[first : first + 1_000]:
                product = {
                    "id": id,
                    "name": id,
                    "status": "active",
                    "startDate": network.shop.now,
                    "billingAccount": billing,
                    "productPrice": [product_price("data"), product_price("pool")],
                    "productCharacteristic": characteristic_list(imsi=f"90170{id[4:]:>010}"),
                }
                act.create("product", product)
            uow.commit()
    return ids


@pytest.mark.parametrize("size", [100, pytest.param(10_000, marks=pytest.mark.soak)])
def test_a_fleet_shares_a_pool_and_its_tiers(network: Network, size: int) -> None:
    """Each machine uses 1 MB; half of that is in the pool, and the tier of the rest is filled by half of it."""
    half, quarter = size // 2, size // 4
    steps = tiers(("0", "0.02"), (str(quarter), "0.01"))
    network.price("data", "data", None, "1 MB", tierModel="graduated", tier=steps, sharing="tiers")
    network.allowance("pool", "data", f"{half} MB", sharing="pool")
    fleet = sims(network, size, network.account("acc-fleet"))
    at = "2026-01-01T09:00:00Z"
    records = [
        in_v4(usage("data", at, "1 MB", None, imsi=f"90170{id[4:]:>010}", record=f"cdr-{id}")) for id in reversed(fleet)
    ]

    answers, again = (
        [one for first in range(0, size, _AT_ONCE) for one in send(network, records[first : first + _AT_ONCE], path)]
        for path in [f"{USAGES_V4}Batch"] * 2
    )

    assert Counter((one["result"], one["status"]) for one in answers) == {("created", "rated"): size}
    assert Counter(one["result"] for one in again) == {"duplicate": size}
    mega = 1_000_000
    assert network.buckets() == [f"pool {JANUARY} {half * mega} of {half * mega} B"]
    assert network.counters() == [f"data {JANUARY} {half * mega}"]
    assert network.scopes() == ["acc-fleet/pool", "acc-fleet/tiers"]
    costs = Counter(sum_of for id in fleet for sum_of in network.charged(id).values())
    assert costs == {"0": half, "0.02": quarter, "0.01": quarter}
    assert plain(sum(Decimal(cost) * count for cost, count in costs.items())) == plain(Decimal("0.03") * quarter)
