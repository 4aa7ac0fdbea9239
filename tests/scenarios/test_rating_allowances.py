"""Stories of what is included: allowances, rollover, passes, families, and when a month begins."""

from __future__ import annotations

import pytest

from tests.scenarios.charging import USAGES, Network, size, tiers
from tests.scenarios.kit import Shop, characteristic_list

JANUARY, FEBRUARY, MARCH = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z"
STEPS = {"minimum": size("60 s"), "increment": size("1 s"), "setupFee": {"unit": "EUR", "value": 1}}


@pytest.fixture
def network(shop: Shop) -> Network:
    return Network(shop)


def test_an_allowance_is_used_up_in_the_middle_of_a_record(network: Network) -> None:
    network.plan("surf", network.price("data", "data", "3", "1 GB"), network.allowance("month", "data", "1 GB"))
    product = network.sell("surf")

    first = network.use("data", "2026-01-02T10:00:00Z", "700 MB")
    second = network.use("data", "2026-01-03T10:00:00Z", "700 MB")
    third = network.use("data", "2026-01-04T10:00:00Z", "100 MB")

    assert (first.lines, first.total) == (["allowance 700000000 B 0"], "0")
    assert second.lines == ["allowance 300000000 B 0", "usage 400000000 B 1.2"]
    assert third.lines == ["usage 100000000 B 0.3"]
    assert network.buckets() == [f"month {JANUARY} 1000000000 of 1000000000 B"]
    assert first.why["opened"] == [{"allowance": "month", "scope": product, "start": JANUARY, "end": FEBRUARY}]
    assert "opened" not in second.why
    assert second.why["lines"][0]["bucket"] == {"start": JANUARY, "scope": product, "isRolledOver": False}
    assert network.charged(product) == {"EUR": "1.5"}


def test_what_is_free_needs_no_price(network: Network) -> None:
    network.plan("surf", network.allowance("month", "data", "1 GB"))
    network.sell("surf")

    free = network.use("data", "2026-01-02T10:00:00Z", "600 MB")
    beyond = network.use("data", "2026-01-02T11:00:00Z", "600 MB")
    rest = network.use("data", "2026-01-02T12:00:00Z", "400 MB")

    assert (free.status, beyond.status, beyond.reason[0], rest.status) == ("rated", "rejected", "no.price", "rated")
    assert network.buckets() == [f"month {JANUARY} 1000000000 of 1000000000 B"]


def test_a_call_that_begins_on_an_allowance_pays_no_set_up(network: Network) -> None:
    network.plan(
        "talk", network.price("voice", "voice", "0.12", "1 min", **STEPS), network.allowance("free", "voice", "100 s")
    )
    network.sell("talk")

    short = network.use("voice", "2026-01-02T10:00:00Z", "10 s")
    long = network.use("voice", "2026-01-02T11:00:00Z", "70 s")
    paid = network.use("voice", "2026-01-02T12:00:00Z", "70 s")

    assert short.lines == ["allowance 60 s 0"]
    assert long.lines == ["allowance 40 s 0", "usage 30 s 0.06"]
    assert paid.lines == ["setup 1 event 1", "usage 70 s 0.14"]
    assert network.buckets() == [f"free {JANUARY} 100 of 100 s"]


def test_two_allowances_by_priority_and_then_what_expires_first(network: Network) -> None:
    network.plan(
        "surf",
        network.price("data", "data", "3", "1 GB"),
        network.allowance("anywhere", "data", "100 MB", priority=2),
        network.allowance("a-month", "data", "100 MB", priority=1),
        network.allowance("week", "data", "100 MB", priority=1, period={"units": "week", "anchor": "activation"}),
    )
    network.sell("surf")

    shown = [
        [(line["price"], line["quantity"]) for line in one.why["lines"]]
        for one in (network.use("data", f"2026-01-0{day}T10:00:00Z", "150 MB") for day in (2, 3, 4))
    ]

    assert shown == [
        [("week", 100_000_000), ("a-month", 50_000_000)],
        [("a-month", 50_000_000), ("anywhere", 100_000_000)],
        [("data", 150_000_000)],
    ]
    assert network.use("data", "2026-01-08T09:00:00Z", "100 MB").prices == ["week 1.0"]
    assert network.buckets() == [
        f"a-month {JANUARY} 100000000 of 100000000 B",
        f"anywhere {JANUARY} 100000000 of 100000000 B",
        f"week {JANUARY} 100000000 of 100000000 B",
        "week 2026-01-08T00:00:00.000Z 100000000 of 100000000 B",
    ]


def test_what_is_left_rolls_over_up_to_its_cap_and_then_expires(network: Network) -> None:
    network.plan(
        "talk",
        network.price("voice", "voice", "0.12", "1 min"),
        network.allowance("free", "voice", "100 s", rollover={"periods": 1, "cap": size("30 s")}),
    )
    network.sell("talk")

    assert network.use("voice", "2026-01-02T10:00:00Z", "60 s").lines == ["allowance 60 s 0"]
    # 40 s are left of January, 30 s of them can be used in February, and go first.
    both = network.use("voice", "2026-02-02T10:00:00Z", "65 s")
    assert both.lines == ["allowance 30 s 0", "allowance 35 s 0"]
    assert [line["bucket"]["isRolledOver"] for line in both.why["lines"]] == [True, False]
    assert network.use("voice", "2026-02-03T10:00:00Z", "70 s").lines == ["allowance 65 s 0", "usage 5 s 0.01"]
    # A call of January that is told in February: only what February has not taken.
    late = network.use("voice", "2026-01-31T10:00:00Z", "70 s")
    assert late.lines == ["allowance 10 s 0", "usage 60 s 0.12"]
    # March was not used at all, and is over; 30 s of April can be used in May.
    assert network.use("voice", "2026-05-02T10:00:00Z", "140 s").lines == [
        "allowance 30 s 0",
        "allowance 100 s 0",
        "usage 10 s 0.02",
    ]
    assert network.buckets() == [
        f"free {JANUARY} 70 of 100 s rolled 30",
        f"free {FEBRUARY} 100 of 100 s",
        "free 2026-04-01T00:00:00.000Z 0 of 100 s rolled 30",
        "free 2026-05-01T00:00:00.000Z 100 of 100 s",
    ]


def test_a_family_uses_one_allowance_and_its_tiers_count_together(network: Network) -> None:
    steps = tiers(("0", "0.10"), ("10", "0.05"))
    network.plan(
        "family",
        network.price("sms", "sms", None, "1 event", tierModel="graduated", tier=steps, sharing="texts"),
        network.allowance("texts", "sms", "100 event", sharing="family"),
    )
    home = network.account("acc-home")
    mother, child = (network.sell("family", f"+49170123456{n}", home) for n in (1, 2))
    stranger = network.sell("family", "+491701234563", network.account("acc-other"))

    shown = [
        network.use("sms", f"2026-01-0{day}T10:00:00Z", f"{number} event", whose).lines
        for day, number, whose in ((2, 70, mother), (3, 38, child), (4, 5, mother), (4, 5, stranger))
    ]

    assert shown == [
        ["allowance 70 event 0"],
        ["allowance 30 event 0", "usage 8 event 0.8 t0"],
        ["usage 2 event 0.2 t0", "usage 3 event 0.15 t1"],
        ["allowance 5 event 0"],
    ]
    assert network.buckets() == [f"texts {JANUARY} 100 of 100 event", f"texts {JANUARY} 5 of 100 event"]
    assert network.counters() == [f"sms {JANUARY} 13"]
    assert network.scopes() == ["acc-home/family", "acc-home/texts", "acc-other/family"]
    assert (network.charged(mother), network.charged(child)) == (
        {"EUR": "0.35"},
        {"EUR": "0.8"},
    )


def test_a_group_of_products_of_several_accounts_names_itself(network: Network) -> None:
    network.price("data", "data", "3", "1 GB")
    network.allowance("shared", "data", "1 GB", sharing="fleet")
    group = {"productCharacteristic": characteristic_list(sharingGroup="north")}
    for id, account in (("van-1", network.account("acc-1")), ("van-2", network.account("acc-2"))):
        billing = {"@type": "BillingAccountRef", "id": account, "@referredType": "BillingAccount"}
        network.product(id, "data", "shared", billingAccount=billing, **group)

    shown = [network.use("data", "2026-01-02T10:00:00Z", "600 MB", van).lines for van in ("van-1", "van-2")]

    assert shown == [["allowance 600000000 B 0"], ["allowance 400000000 B 0", "usage 200000000 B 0.6"]]
    assert network.scopes() == ["north/fleet"]


def test_a_roaming_pass_of_a_week_from_activation(network: Network) -> None:
    """Sold at 09:00 UTC on 1 January: it ends at the same time a week later."""
    network.plan(
        "traveller",
        network.price("data", "data", "3", "1 GB"),
        network.price("abroad", "data", "10", "1 GB", match={"roaming": True}),
        network.allowance("month", "data", "1 GB", priority=2, match={"roaming": False}),
        network.allowance(
            "pass", "data", "500 MB", priority=1, match={"roaming": True}, period={"units": "pass", "length": "P7D"}
        ),
    )
    network.sell("traveller")

    home = network.use("data", "2026-01-02T10:00:00Z", "400 MB", visitedNetwork="home")
    away = network.use("data", "2026-01-03T10:00:00Z", "400 MB", visitedNetwork="20801")
    last = network.use("data", "2026-01-08T08:59:59Z", "200 MB", visitedNetwork="20801")
    over = network.use("data", "2026-01-08T09:00:00Z", "200 MB", visitedNetwork="20801")

    assert (home.prices, home.lines) == (["month 1.0"], ["allowance 400000000 B 0"])
    assert (away.prices, away.lines) == (["pass 1.0"], ["allowance 400000000 B 0"])
    assert last.lines == ["allowance 100000000 B 0", "usage 100000000 B 1"]
    assert over.lines == ["usage 200000000 B 2"]
    assert network.buckets() == [
        f"month {JANUARY} 400000000 of 1000000000 B",
        "pass 2026-01-01T09:00:00.000Z 500000000 of 500000000 B",
    ]


def test_usage_that_names_no_visited_network_was_at_home(network: Network) -> None:
    network.plan(
        "homely",
        network.price("data", "data", "3", "1 GB"),
        network.allowance("month", "data", "1 GB", match={"roaming": False}),
    )
    network.sell("homely")

    unsaid = network.use("data", "2026-01-02T10:00:00Z", "400 MB")
    capital = network.use("data", "2026-01-02T11:00:00Z", "400 MB", visitedNetwork="Home")
    away = network.use("data", "2026-01-02T12:00:00Z", "400 MB", visitedNetwork="20801")

    assert [unsaid.lines, capital.lines] == [["allowance 400000000 B 0"]] * 2
    assert away.lines == ["usage 400000000 B 1.2"]


def test_a_new_day_begins_at_midnight_of_the_account_in_two_zones(network: Network) -> None:
    network.plan(
        "daily",
        network.price("data", "data", "3", "1 GB"),
        network.allowance("day", "data", "100 MB", period={"units": "day"}),
    )
    tokyo = network.sell("daily", "+81312345678", network.account("acc-tokyo", timeZone="Asia/Tokyo"))
    lima = network.sell("daily", "+5112345678", network.account("acc-lima", timeZone="America/Lima"))

    shown = {
        at: [network.use("data", f"2026-01-{at}Z", "60 MB", one).total for one in (tokyo, lima)]
        for at in ("02T14:00:00", "02T14:59:59", "02T15:00:00", "03T04:59:59", "03T05:00:00")
    }

    assert shown == {
        "02T14:00:00": ["0", "0"],
        "02T14:59:59": ["0.06", "0.06"],
        "02T15:00:00": ["0", "0.18"],
        "03T04:59:59": ["0.06", "0.18"],
        "03T05:00:00": ["0.18", "0"],
    }
    assert network.buckets() == [
        "day 2026-01-01T15:00:00.000Z 100000000 of 100000000 B",
        "day 2026-01-02T05:00:00.000Z 100000000 of 100000000 B",
        "day 2026-01-02T15:00:00.000Z 100000000 of 100000000 B",
        "day 2026-01-03T05:00:00.000Z 60000000 of 100000000 B",
    ]


def test_the_days_on_which_clocks_change_have_23_and_25_hours(network: Network) -> None:
    network.plan(
        "daily",
        network.price("data", "data", "3", "1 GB"),
        network.allowance("day", "data", "100 MB", period={"units": "day"}),
    )
    network.sell("daily", account=network.account("acc-vienna", timeZone="Europe/Vienna"))

    for at in ("2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"):
        network.use("data", at, "50 MB")
    for at in ("2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"):
        network.use("data", at, "50 MB")

    assert network.buckets() == [
        "day 2026-03-28T23:00:00.000Z 100000000 of 100000000 B",
        "day 2026-03-29T22:00:00.000Z 50000000 of 100000000 B",
        "day 2026-10-24T22:00:00.000Z 100000000 of 100000000 B",
        "day 2026-10-25T23:00:00.000Z 50000000 of 100000000 B",
    ]


def test_a_month_begins_when_the_bill_cycle_of_the_account_does(network: Network) -> None:
    cycle = {"@type": "BillingCycleSpecification", "name": "from the 31st", "billingDateShift": 30}
    made = network.shop.suite.created("/tmf-api/accountManagement/v5/billingCycleSpecification", cycle)
    structure = {
        "@type": "BillStructure",
        "cycleSpecification": {
            "@type": "BillingCycleSpecificationRef",
            "id": made["id"],
            "@referredType": "BillingCycleSpecification",
        },
    }
    account = network.account("acc-31", timeZone="Europe/Vienna", billStructure=structure)
    network.plan("surf", network.price("data", "data", "3", "1 GB"), network.allowance("month", "data", "1 GB"))
    network.sell("surf", account=account)

    for at in ("2026-01-30T22:59:59Z", "2026-01-30T23:00:00Z", "2026-02-27T23:00:00Z", "2026-03-30T22:00:00Z"):
        network.use("data", at, "1 GB")

    assert network.buckets() == [
        f"month {start}:00.000Z 1000000000 of 1000000000 B"
        for start in ("2025-12-30T23:00", "2026-01-30T23:00", "2026-02-27T23:00", "2026-03-30T22:00")
    ]


def test_an_allowance_of_the_evening_waits_for_the_evening(network: Network) -> None:
    evening = {"timeBand": [{"startTime": "19:00", "endTime": "00:00"}], "destinationPrefix": ["49"]}
    network.plan(
        "talk",
        network.price("voice", "voice", "0.12", "1 min"),
        network.allowance("free", "voice", "1 h", match=evening),
    )
    network.sell("talk")

    shown = [
        network.use("voice", f"2026-01-02T{at}:00Z", "60 s", calledNumber=number).total
        for at, number in (("18:59", "+49301234"), ("19:00", "+49301234"), ("23:59", "+4312345"), ("23:59", "+49301"))
    ]

    assert shown == ["0.12", "0", "0.12", "0"]
    assert network.buckets() == [f"free {JANUARY} 120 of 3600 s"]


def test_the_sum_of_the_lines_is_the_sum_of_the_usages(network: Network) -> None:
    steps = tiers(("0", "0.10"), ("100", "0.07"))
    network.plan(
        "all",
        network.price("sms", "sms", None, "1 event", tierModel="volume", tier=steps),
        network.price("voice", "voice", "0.10", "1 min", **STEPS),
        network.allowance("free", "voice", "100 s"),
    )
    product = network.sell("all")

    ids = [
        network.use(kind, f"2026-01-02T10:{minute:02}:00Z", f"{used} {unit}").id
        for minute, (kind, used, unit) in enumerate(
            [("sms", 90, "event"), ("voice", 59, "s"), ("voice", 61, "s"), ("sms", 30, "event"), ("voice", 61, "s")]
        )
    ]

    totals = [network.shown(id).total for id in ids]
    # 61 s after the first call's 60 s: 40 s free, 21 s paid.
    assert totals == ["9", "0", "0.035", "-0.6", "1.101666666666666667"]
    assert network.charged(product) == {"EUR": "9.536666666666666667"}
    listed = network.shop.suite.get(f"{USAGES}?product.id={product}&status=rated&sort=id").json
    assert [one["id"] for one in listed] == sorted(ids)
