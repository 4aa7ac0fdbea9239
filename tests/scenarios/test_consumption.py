"""Stories of customers who ask what they have used and what is left, in both majors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from common.domain.query import Document
from tests.scenarios.charging import Network, size
from tests.scenarios.kit import Shop
from tests.tmf654_balance.kit import topped_up

V5, V4 = (f"/tmf-api/usageConsumption/v{major}/queryUsageConsumption" for major in (5, 4))
REPORTS = V5.replace("queryUsageConsumption", "usageConsumptionReport")
JANUARY, FEBRUARY, MARCH = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z"
_TYPES = {"product": "UsageConsumptionProductRef", "partyAccount": "PartyAccountRef", "bucket": "Bucket"}


@pytest.fixture
def network(shop: Shop) -> Network:
    return Network(shop)


def asked(network: Network, **criteria: Any) -> Document:
    """The one report that answers a request, as v5 shows it: `product="id"`, `partyAccount="id"`."""
    sought: Document = {"@type": "UsageConsumptionReport"}
    for name, value in criteria.items():
        sought[name] = [{"@type": _TYPES[name], "id": value}] if isinstance(value, str) else value
    made = network.shop.suite.created(V5, {"@type": "QueryUsageConsumption", "searchCriteria": sought})
    assert made["state"] == "done"
    [report] = made["usageConsumption"]
    return dict(report)


def buckets(report: Document) -> list[str]:
    """`month data 0.3 of 1 GB left, 0.7 used until 2026-02-01T00:00:00.000Z`, as buckets and their counters say."""
    shown = []
    for bucket in report.get("bucket", report.get("bucketRefOrValue", [])):
        counters = {one["counterType"]: one["value"] for one in bucket["bucketCounter"]}
        left = bucket["remainingValue"]
        total = f" of {number(counters['granted'])}" if "granted" in counters else ""
        shared = " shared" if bucket["isShared"] else ""
        until = f" until {bucket['validFor']['endDateTime']}" if "validFor" in bucket else ""
        rolled = " rolled over" if "description" in bucket else ""
        assert bucket["remainingValueName"] == f"{number(left)} {left['units']}"
        shown.append(
            f"{bucket['name']} {bucket['usageType']} {number(left)}{total} {left['units']} left, "
            f"{number(counters['used'])} used{until}{rolled}{shared}"
        )
    return shown


def number(quantity: Document) -> str:
    return f"{Decimal(quantity['amount']):f}"


def counters(report: Document) -> list[str]:
    """`used 1.4 GB data`: the counters of the products, in their order."""
    return [
        f"{one['counterType']} {one['valueName']}"
        for product in report["product"]
        for one in product.get("consumptionSummary", [])
    ]


def test_an_allowance_is_partly_used(network: Network) -> None:
    network.plan("surf", network.price("data", "data", "3", "1 GB"), network.allowance("month", "data", "10 GB"))
    product = network.sell("surf")
    network.use("data", "2026-01-02T10:00:00Z", "700 MB")
    network.use("data", "2026-01-03T10:00:00Z", "0.55 GB")
    network.shop.told()

    report = asked(network, product=product)

    assert buckets(report) == [f"month data 8.75 of 10 GB left, 1.25 used until {FEBRUARY}"]
    assert counters(report) == ["used 1.25 GB data"]
    assert report["validPeriod"] == {"startDateTime": JANUARY, "endDateTime": FEBRUARY}
    assert [one["id"] for one in report["partyAccount"]] == ["acc-anna"]
    assert [(one["id"], one["name"]) for one in report["product"]] == [(product, "surf")]
    assert network.shop.told() == ["queryUsageConsumption created: done", "queryUsageConsumption: done"]
    # Reading draws nothing.
    assert network.buckets() == [f"month {JANUARY} 1250000000 of 10000000000 B"]


def test_what_is_left_of_january_is_there_in_february_beside_a_grant_nobody_touched(network: Network) -> None:
    free = network.allowance("free", "voice", "100 min", rollover={"periods": 1, "cap": size("30 min")})
    network.plan("talk", network.price("voice", "voice", "0.12", "1 min"), free)
    product = network.sell("talk")
    network.use("voice", "2026-01-02T10:00:00Z", "60 min")
    network.shop.wait_until("2026-02-01T09:00:00Z")

    untouched = asked(network, product=product)
    network.use("voice", "2026-02-02T10:00:00Z", "35 min")
    drawn = asked(network, product=product)
    network.shop.wait_until("2026-04-01T09:00:00Z")
    later = asked(network, product=product)

    # 40 of the 100 minutes are left, 30 of them come over.
    assert buckets(untouched) == [
        f"free voice 30 of 30 min left, 0 used until {MARCH} rolled over",
        f"free voice 100 of 100 min left, 0 used until {MARCH}",
    ]
    assert counters(untouched) == []
    assert buckets(drawn) == [
        f"free voice 0 of 30 min left, 30 used until {MARCH} rolled over",
        f"free voice 95 of 100 min left, 5 used until {MARCH}",
    ]
    # March was not used at all.
    assert buckets(later) == [
        "free voice 30 of 30 min left, 0 used until 2026-05-01T00:00:00.000Z rolled over",
        "free voice 100 of 100 min left, 0 used until 2026-05-01T00:00:00.000Z",
    ]


def test_a_family_pool_is_the_same_for_both_members_and_there_once_for_the_account(network: Network) -> None:
    network.plan(
        "family",
        network.price("sms", "sms", "0.10", "1 event"),
        network.allowance("texts", "sms", "100 event", sharing="family"),
    )
    home = network.account("acc-home")
    mother, child = (network.sell("family", f"+49170123456{n}", home) for n in (1, 2))
    network.use("sms", "2026-01-02T10:00:00Z", "70 event", mother)
    network.use("sms", "2026-01-03T10:00:00Z", "38 event", child)

    hers, his, theirs = asked(network, product=mother), asked(network, product=child), asked(network, partyAccount=home)

    pool = [f"texts sms 0 of 100 event left, 100 used until {FEBRUARY} shared"]
    assert (buckets(hers), buckets(his), buckets(theirs)) == (pool, pool, pool)
    assert hers["bucket"][0]["id"] == his["bucket"][0]["id"]
    assert sorted(one["id"] for one in theirs["bucket"][0]["product"]) == sorted([mother, child])
    assert counters(hers) == ["used 70 event sms"]
    assert counters(his) == ["used 38 event sms", "outOfBucket 8 event sms", "outOfBucket 0.8 EUR sms"]
    assert sorted(one["id"] for one in theirs["product"]) == sorted([mother, child])


def test_a_pass_that_nobody_used_yet_ends_as_long_after_activation_as_it_lasts(network: Network) -> None:
    week = {"units": "pass", "length": "P7D"}
    network.plan("traveller", network.allowance("pass", "data", "2 GiB", period=week))
    product = network.sell("traveller")

    now = asked(network, product=product)
    network.shop.wait_until("2026-01-08T09:00:00Z")
    after = asked(network, product=product)

    assert buckets(now) == ["pass data 2 of 2 GiB left, 0 used until 2026-01-08T09:00:00.000Z"]
    assert now["bucket"][0]["validFor"]["startDateTime"] == "2026-01-01T09:00:00.000Z"
    assert "bucket" not in after


def test_prepaid_money_is_a_bucket_of_the_product_that_it_pays_for(network: Network) -> None:
    network.plan("prepaid", network.price("voice", "voice", "0.10", "1 min"))
    product, other = (network.sell("prepaid", f"+49170123456{n}") for n in (1, 2))
    topped_up(network.shop.suite, "credit", Decimal("10"), product=[{"id": product}])
    topped_up(network.shop.suite, "other-credit", Decimal("7"), product=[{"id": other}])
    network.use("voice", "2026-01-02T10:00:00Z", "150 s", product)

    report = asked(network, product=product)

    assert buckets(report) == ["credit monetary 9.75 EUR left, 0.25 used"]
    assert report["bucket"][0]["reservedValue"] == {"amount": 0, "units": "EUR"}
    assert [one["id"] for one in report["bucket"][0]["product"]] == [product]
    assert counters(report) == ["used 2.5 min voice", "outOfBucket 2.5 min voice", "outOfBucket 0.25 EUR voice"]


def test_what_goes_beyond_the_allowance_has_a_cost_so_far_in_this_cycle(network: Network) -> None:
    network.plan(
        "mixed",
        network.price("data", "data", "3", "1 GB"),
        network.allowance("month", "data", "1 GB"),
        network.price("voice", "voice", "0.12", "1 min", setupFee={"unit": "EUR", "value": Decimal("0.05")}),
    )
    product = network.sell("mixed")
    network.use("data", "2026-01-02T10:00:00Z", "1.4 GB")
    network.use("voice", "2026-01-02T11:00:00Z", "50 s")
    network.use("voice", "2026-01-02T12:00:00Z", "51 s")

    january = asked(network, product=product)
    network.use("data", "2026-02-02T10:00:00Z", "0.2 GB")
    february = asked(network, product=product)
    only_voice = asked(
        network,
        product=product,
        bucket=[{"@type": "Bucket", "usageType": "voice"}],
        validPeriod={"startDateTime": "2026-01-31T00:00:00Z"},
    )

    # 0.4 GB x 3; two set-ups and 101 s x 0.12 / 60; 101 s are no number of minutes that ends.
    assert counters(january) == [
        "used 1.4 GB data",
        "outOfBucket 0.4 GB data",
        "outOfBucket 1.2 EUR data",
        "used 101 s voice",
        "outOfBucket 101 s voice",
        "outOfBucket 0.302 EUR voice",
    ]
    usage_types = [one["characteristic"][0]["value"] for one in january["product"][0]["consumptionSummary"]]
    assert usage_types == ["data", "data", "data", "voice", "voice", "voice"]
    assert counters(february) == ["used 0.2 GB data"]
    # January again, looked back at.
    assert counters(only_voice) == counters(january)[3:]
    assert "bucket" not in only_voice


def test_v4_and_v5_say_the_same(network: Network) -> None:
    network.plan("surf", network.price("data", "data", "3", "1 GB"), network.allowance("month", "data", "1 GB"))
    product = network.sell("surf")
    network.use("data", "2026-01-02T10:00:00Z", "1.5 GB")

    new = asked(network, product=product)
    made = network.shop.suite.created(V4, {"searchCriteria": {"product": [{"id": product}]}})
    [old] = made["usageConsumption"]

    assert (buckets(old), counters(old)) == (buckets(new), counters(new))
    assert buckets(old) == [f"month data 0 of 1 GB left, 1 used until {FEBRUARY}"]
    assert counters(old) == ["used 1.5 GB data", "outOfBucket 0.5 GB data", "outOfBucket 1.5 EUR data"]
    assert (old["state"], old["validPeriod"]) == ("done", new["validPeriod"])
    in_v5 = network.shop.suite.get(f"{V5}/{made['id']}").json
    assert (in_v5["state"], "state" in in_v5["usageConsumption"][0]) == ("done", False)


def test_a_product_of_an_account_without_a_plan_is_there_with_nothing_to_show(network: Network) -> None:
    network.plan("surf", network.allowance("month", "data", "1 GB"))
    home = network.account("acc-home")
    surf = network.sell("surf", "+491701234561", home)
    billing = {"@type": "BillingAccountRef", "id": home, "@referredType": "BillingAccount"}
    network.product("landline", billingAccount=billing)
    network.product("gone", billingAccount=billing)
    assert network.shop.suite.patch("/tmf-api/productInventory/v5/product/gone", {"status": "terminated"}).status == 200

    report = asked(network, partyAccount=home)

    assert buckets(report) == [f"month data 1 of 1 GB left, 0 used until {FEBRUARY}"]
    assert sorted(one["id"] for one in report["product"]) == sorted([surf, "landline"])
    assert counters(report) == []


def test_one_bucket_is_asked_for_by_its_id(network: Network) -> None:
    free = network.allowance("free", "voice", "10 min")
    network.plan("both", network.allowance("month", "data", "1 GB"), free)
    product = network.sell("both")
    network.use("voice", "2026-01-02T10:00:00Z", "1 min")
    [_, voice] = asked(network, product=product)["bucket"]

    bucket = {"@type": "BucketRef", "id": voice["id"], "@referredType": "Bucket"}
    report = asked(network, product=product, bucket=[bucket])

    assert buckets(report) == [f"free voice 9 of 10 min left, 1 used until {FEBRUARY}"]
    assert counters(report) == []


def test_a_number_and_a_customer_lead_to_their_products(network: Network) -> None:
    network.plan("surf", network.allowance("month", "data", "1 GB"))
    product = network.sell("surf", "+491701234567")
    number = [{"@type": "LogicalResourceRef", "id": "n1", "value": "+49 170 1234567", "@referredType": "MSISDN"}]
    anna = {"@type": "PartyRoleRef", "id": "cust-anna", "@referredType": "Customer"}
    customer = [{"@type": "RelatedPartyRefOrPartyRoleRef", "role": "customer", "partyOrPartyRole": anna}]

    by_number = asked(network, logicalResource=number)
    by_customer = network.shop.suite.created(V5, {"@type": "QueryUsageConsumption", "relatedParty": customer})

    pool = [f"month data 1 of 1 GB left, 0 used until {FEBRUARY}"]
    assert ([one["id"] for one in by_number["product"]], buckets(by_number)) == ([product], pool)
    assert (by_customer["state"], buckets(by_customer["usageConsumption"][0])) == ("done", pool)


def test_a_report_is_computed_as_it_is_created_and_kept(network: Network) -> None:
    network.plan("surf", network.allowance("month", "data", "1 GB"))
    product = network.sell("surf")
    wanted = {"@type": "UsageConsumptionProductRef", "id": product}

    made = network.shop.suite.created(REPORTS, {"@type": "UsageConsumptionReport", "name": "Mine", "product": [wanted]})
    network.use("data", "2026-01-02T10:00:00Z", "0.4 GB")
    kept = network.shop.suite.get(f"{REPORTS}/{made['id']}").json
    listed = network.shop.suite.get(f"{REPORTS}?product.id={product}").json

    assert buckets(kept) == buckets(made) == [f"month data 1 of 1 GB left, 0 used until {FEBRUARY}"]
    assert (kept["name"], [one["id"] for one in listed]) == ("Mine", [made["id"]])
