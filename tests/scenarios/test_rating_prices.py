"""Stories of what usage costs: increments, tiers, tables, times, attributes, currencies."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.scenarios.charging import Network, money, size, tiers
from tests.scenarios.kit import Shop


@pytest.fixture
def network(shop: Shop) -> Network:
    return Network(shop)


# -- increments -------------------------------------------------------------------------------------------------------


def test_a_call_is_charged_by_the_second_and_explained(network: Network) -> None:
    network.plan("talk", network.price("voice", "voice", "0.09", "1 min"))
    product = network.sell("talk")

    call = network.use("voice", "2026-01-02T10:00:00Z", "1.5 min", calledNumber="+43 1 2345")

    assert (call.status, call.product, call.lines) == ("rated", product, ["usage 90 s 0.135"])
    assert call.why == {
        "usage": {"type": "voice", "at": "2026-01-02T10:00:00.000Z", "quantity": Decimal("1.5"), "unit": "min"},
        "charged": {"quantity": 90, "unit": "s", "measured": 90},
        "price": {"id": "voice", "version": "1.0", "currency": "EUR"},
        "matched": {"usageType": "voice"},
        "lines": [
            {
                "kind": "usage",
                "price": "voice",
                "version": "1.0",
                "quantity": 90,
                "unit": "s",
                "amount": Decimal("0.135"),
                "currency": "EUR",
                "rate": {"amount": Decimal("0.09"), "per": 1, "unit": "min"},
            }
        ],
        "total": Decimal("0.135"),
    }
    assert network.in_v4(call.id)["status"] == "rated"
    assert network.charged(product) == {"EUR": "0.135"}


def test_the_same_call_by_the_second_and_by_the_minute(network: Network) -> None:
    exact = network.price("exact", "voice", "0.12", "1 min", increment=size("1 s"))
    minutes = network.price("minutes", "voice", "0.12", "1 min", minimum=size("60 s"), increment=size("60 s"))
    network.plan("by-second", exact)
    network.plan("by-minute", minutes)
    second, minute = network.sell("by-second"), network.sell("by-minute", "+491701234568")

    shown = [
        [network.use("voice", "2026-01-02T10:00:00Z", used, one).lines for one in (second, minute)]
        for used in ("1 s", "60 s", "61 s", "60.2 s", "0 s")
    ]

    assert shown == [
        [["usage 1 s 0.002"], ["usage 60 s 0.12"]],
        [["usage 60 s 0.12"], ["usage 60 s 0.12"]],
        [["usage 61 s 0.122"], ["usage 120 s 0.24"]],
        [["usage 61 s 0.122"], ["usage 120 s 0.24"]],
        [["usage 0 s 0"], ["usage 0 s 0"]],
    ]
    assert (network.charged(second), network.charged(minute)) == ({"EUR": "0.366"}, {"EUR": "0.72"})


def test_a_minimum_and_a_set_up_fee(network: Network) -> None:
    steps = {"minimum": size("60 s"), "increment": size("1 s"), "setupFee": money("0.05")}
    network.plan("talk", network.price("voice", "voice", "0.12", "1 min", **steps))
    network.sell("talk")

    short = network.use("voice", "2026-01-02T10:00:00Z", "10 s")
    long = network.use("voice", "2026-01-02T11:00:00Z", "61 s")
    missed = network.use("voice", "2026-01-02T12:00:00Z", "0 s")

    assert (short.lines, short.total) == (["setup 1 event 0.05", "usage 60 s 0.12"], "0.17")
    assert (long.lines, long.total) == (["setup 1 event 0.05", "usage 61 s 0.122"], "0.172")
    assert (missed.lines, missed.total) == (["usage 0 s 0"], "0")
    assert short.why["charged"] == {"quantity": 60, "unit": "s", "measured": 10, "minimum": 60, "increment": 1}


def test_what_does_not_divide_is_rounded_at_eighteen_decimals_and_says_so(network: Network) -> None:
    network.plan("talk", network.price("voice", "voice", "0.10", "1 min"))
    product = network.sell("talk")

    third = network.use("voice", "2026-01-02T10:00:00Z", "20 s")

    assert third.lines == ["usage 20 s 0.033333333333333333"]
    assert third.why["lines"][0]["rounded"] == {"decimals": 18, "mode": "half-even"}
    assert network.charged(product) == {"EUR": "0.033333333333333333"}


# -- tiers ------------------------------------------------------------------------------------------------------------


def test_a_tier_is_crossed_inside_a_record_and_across_records(network: Network) -> None:
    steps = tiers(("0", "0.10"), ("100", "0.07"), ("1000", "0.01"))
    network.plan("text", network.price("sms", "sms", None, "1 event", tierModel="graduated", tier=steps))
    product = network.sell("text")

    shown = [
        network.use("sms", at, f"{number} event").lines
        for at, number in (
            ("2026-01-02T10:00:00Z", 60),
            ("2026-01-03T10:00:00Z", 60),
            ("2026-01-04T10:00:00Z", 1000),
            ("2026-02-01T00:00:00Z", 1),
        )
    ]

    assert shown == [
        ["usage 60 event 6 t0"],
        ["usage 40 event 4 t0", "usage 20 event 1.4 t1"],
        ["usage 880 event 61.6 t1", "usage 120 event 1.2 t2"],
        ["usage 1 event 0.1 t0"],
    ]
    assert network.counters() == ["sms 2026-01-01T00:00:00.000Z 1120", "sms 2026-02-01T00:00:00.000Z 1"]
    assert network.scopes() == [product]
    assert network.charged(product) == {"EUR": "74.3"}


def test_one_record_that_goes_through_every_tier(network: Network) -> None:
    steps = tiers(("0", "0.10"), ("100", "0.07"), ("1000", "0.01"))
    network.plan("text", network.price("sms", "sms", None, "1 event", tierModel="graduated", tier=steps))
    network.sell("text")

    all_at_once = network.use("sms", "2026-01-02T10:00:00Z", "1121 event")

    assert all_at_once.lines == ["usage 100 event 10 t0", "usage 900 event 63 t1", "usage 121 event 1.21 t2"]
    assert all_at_once.why["lines"][1]["tier"] == {"index": 1, "start": 100, "model": "graduated"}
    assert all_at_once.total == "74.21"


def test_a_volume_tier_prices_the_whole_month_again(network: Network) -> None:
    steps = tiers(("0", "0.10"), ("100", "0.07"), ("1000", "0.01"))
    network.plan("text", network.price("sms", "sms", None, "1 event", tierModel="volume", tier=steps))
    product = network.sell("text")

    shown = [
        (one.lines, one.total)
        for one in (
            network.use("sms", f"2026-01-0{day}T10:00:00Z", f"{number} event")
            for day, number in enumerate((60, 40, 1, 1000), 2)
        )
    ]

    assert shown == [
        (["usage 60 event 6 t0"], "6"),
        (["usage 40 event 4 t0"], "4"),
        (["usage 1 event 0.07 t1", "correction 100 event -3 t1"], "-2.93"),
        (["usage 1000 event 10 t2", "correction 101 event -6.06 t2"], "3.94"),
    ]
    assert network.charged(product) == {"EUR": "11.01"}  # 1101 messages at 0.01


def test_packages_are_paid_for_when_they_are_begun(network: Network) -> None:
    steps = tiers(("0", "5"), ("100", "2", "50"))
    network.plan("text", network.price("sms", "sms", None, "1 event", tierModel="package", tier=steps))
    product = network.sell("text")

    shown = [
        network.use("sms", f"2026-01-0{day}T10:00:00Z", f"{number} event").lines
        for day, number in enumerate((1, 99, 51, 49, 1), 2)
    ]

    assert shown == [
        ["usage 1 event 5 t0"],
        ["usage 99 event 0 t0"],
        ["usage 51 event 4 t1"],
        ["usage 49 event 0 t1"],
        ["usage 1 event 2 t1"],
    ]
    assert network.charged(product) == {"EUR": "11"}


# -- where to ---------------------------------------------------------------------------------------------------------


def test_the_longest_prefix_of_a_tariff_table_prices_a_call_and_a_new_version_from_its_start(network: Network) -> None:
    first = """prefix,amount,setupFee,minimum,increment,units
        44,0.30,,60,60,s
        4420,0.06,0.02,1,1,s"""
    network.tariff("world", "2025", "2025-01-01T00:00:00Z", first)
    network.tariff("world", "2026-02", "2026-02-01T00:00:00Z", "prefix,amount 44,0.24 4477,0.12")
    table = network.price("table", "voice", None, "1 min", tariffTable={"id": "world"})
    network.plan("talk", table, network.price("else", "voice", "0.60", "1 min"))
    network.sell("talk")

    shown = []
    for day in ("2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"):
        for number in ("+44 7700 900123", "0044 20 7946 0123", "+1 202 555 0123"):
            call = network.use("voice", day, "61 s", calledNumber=number)
            shown.append((call.lines, call.prices[-1], call.why["matched"].get("prefix")))

    assert shown == [
        (["usage 120 s 0.6"], "table 1.0@2025", "44"),
        (["setup 1 event 0.02", "usage 61 s 0.061"], "table 1.0@2025", "4420"),
        (["usage 61 s 0.61"], "else 1.0", None),
        (["usage 61 s 0.122"], "table 1.0@2026-02", "4477"),
        (["usage 61 s 0.244"], "table 1.0@2026-02", "44"),
        (["usage 61 s 0.61"], "else 1.0", None),
    ]


def test_rates_by_destination_inside_a_price(network: Network) -> None:
    rates = [
        {"prefix": "43", "price": money("0.05")},
        {"prefix": "43664", "price": money("0.20"), "setupFee": money("0")},
        {"prefix": "1", "price": money("0.60"), "minimum": size("60 s"), "increment": size("60 s")},
    ]
    network.plan("talk", network.price("abroad", "voice", None, "1 min", rate=rates, setupFee=money("0.10")))
    network.sell("talk")

    shown = [
        network.use("voice", "2026-01-02T10:00:00Z", "30 s", calledNumber=number).lines
        for number in ("+43 1 2345", "+43 664 1234567", "+12025550123")
    ]
    nowhere = network.use("voice", "2026-01-02T10:00:00Z", "30 s", calledNumber="+49301234")

    assert shown == [
        ["setup 1 event 0.1", "usage 30 s 0.025"],
        ["usage 30 s 0.1"],
        ["setup 1 event 0.1", "usage 60 s 0.6"],
    ]
    assert (nowhere.status, nowhere.reason[0]) == ("rejected", "no.price")


def test_zone_and_rating_group_choose_the_price_that_says_most(network: Network) -> None:
    network.plan(
        "surf",
        network.price("data", "data", "4", "1 GB"),
        network.price("eu", "data", "2", "1 GB", match={"zone": ["EU", "EEA"]}, priority=1),
        network.price("music", "data", "0", "1 GB", match={"ratingGroup": ["100"]}, priority=2),
        network.price("music-eu", "data", "1", "1 GB", match={"ratingGroup": ["100"], "zone": ["EU"]}),
    )
    network.sell("surf")

    def price_of(**attributes: str | int) -> tuple[list[str], list[str]]:
        session = network.use("data", "2026-01-02T10:00:00Z", "500 MB", **attributes)
        return session.prices, session.lines

    assert price_of() == (["data 1.0"], ["usage 500000000 B 2"])
    assert price_of(destinationZone="eea") == (["eu 1.0"], ["usage 500000000 B 1"])
    assert price_of(ratingGroup=100) == (["music 1.0"], ["usage 500000000 B 0"])
    assert price_of(ratingGroup="100", destinationZone="EU") == (["music-eu 1.0"], ["usage 500000000 B 0.5"])
    assert price_of(ratingGroup="100", destinationZone="EEA") == (["eu 1.0"], ["usage 500000000 B 1"])


def test_a_slice_of_5g_costs_what_it_says_and_abroad_more(network: Network) -> None:
    network.plan(
        "slices",
        network.price("data", "data", "2", "1 GB"),
        network.price("fast", "data", "5", "1 GB", match={"slice": ["1-000001"]}),
        network.price("fast-abroad", "data", "8", "1 GB", match={"slice": ["1-000001"], "roaming": True}),
        network.price("factory", "data", "0.5", "1 GB", match={"dnn": ["factory"], "rat": ["NR"]}, priority=1),
    )
    network.sell("slices")

    shown = []
    for attributes in (
        {},
        {"sNssai": "1-000001"},
        {"sNssai": "1-000001", "visitedNetwork": "home"},
        {"sNssai": "1-000001", "visitedNetwork": "23201"},
        {"sNssai": "1-000001", "roaming": True},
        {"dataNetworkName": "factory", "radioAccess": "nr"},
        {"dataNetworkName": "factory", "radioAccess": "EUTRA"},
    ):
        session = network.use("data", "2026-01-02T10:00:00Z", "500 MB", **attributes)
        shown.append((*session.prices, session.total))

    assert shown == [
        ("data 1.0", "1"),
        ("fast 1.0", "2.5"),
        ("fast 1.0", "2.5"),
        ("fast-abroad 1.0", "4"),
        ("fast-abroad 1.0", "4"),
        ("factory 1.0", "0.25"),
        ("data 1.0", "1"),
    ]


# -- when -------------------------------------------------------------------------------------------------------------


def test_evening_and_weekend_by_the_clock_of_the_account(network: Network) -> None:
    """It is 18:00 in Berlin at 17:00 UTC, in New York at 23:00 UTC. The night to Monday belongs to Sunday, which has no
    evening of this price; that to Saturday belongs to Friday, but the weekend comes first.
    """
    evening = {"timeBand": [{"weekday": [1, 2, 3, 4, 5], "startTime": "18:00", "endTime": "06:00"}]}
    weekend = {"timeBand": [{"weekday": [6, 7]}]}
    network.plan(
        "talk",
        network.price("day", "voice", "0.12", "1 min"),
        network.price("evening", "voice", "0.06", "1 min", match=evening, priority=2),
        network.price("weekend", "voice", "0.03", "1 min", match=weekend, priority=1),
    )
    berlin = network.sell("talk", account=network.account("acc-berlin", timeZone="Europe/Berlin"))
    york = network.sell("talk", "+12025550100", network.account("acc-york", timeZone="America/New_York"))

    shown = {
        at: [network.use("voice", f"2026-01-{at}:00Z", "60 s", one).prices[0][:-4] for one in (berlin, york)]
        for at in ("02T16:59", "02T17:00", "02T22:59", "02T23:00", "03T04:59", "03T05:00", "05T04:59", "05T05:00")
    }

    assert shown == {
        "02T16:59": ["day", "day"],
        "02T17:00": ["evening", "day"],
        "02T22:59": ["evening", "day"],
        "02T23:00": ["weekend", "evening"],
        "03T04:59": ["weekend", "evening"],
        "03T05:00": ["weekend", "weekend"],
        "05T04:59": ["day", "weekend"],
        "05T05:00": ["day", "day"],
    }


def test_a_holiday_is_charged_like_a_weekend(network: Network) -> None:
    network.calendar("holidays", "2026-01-06", "2026-05-01")
    free = {"timeBand": [{"weekday": [6, 7], "calendar": ["holidays"]}]}
    network.plan(
        "talk",
        network.price("workday", "voice", "0.12", "1 min"),
        network.price("free-day", "voice", "0.03", "1 min", match=free),
    )
    network.sell("talk", account=network.account("acc-vienna", timeZone="Europe/Vienna"))

    shown = [
        network.use("voice", at, "60 s").prices[0]
        for at in ("2026-01-05T22:59:59Z", "2026-01-05T23:00:00Z", "2026-01-06T22:59:59Z", "2026-01-06T23:00:00Z")
    ]

    assert shown == ["workday 1.0", "free-day 1.0", "free-day 1.0", "workday 1.0"]


def test_the_night_on_which_clocks_go_forward_and_the_one_on_which_they_go_back(network: Network) -> None:
    """Vienna: 02:00 becomes 03:00 on 29 March (01:00 UTC), 03:00 becomes 02:00 on 25 October (01:00 UTC)."""
    night = {"timeBand": [{"startTime": "22:00", "endTime": "03:00"}]}
    network.plan(
        "talk",
        network.price("day", "voice", "0.12", "1 min"),
        network.price("night", "voice", "0.06", "1 min", match=night),
    )
    network.sell("talk", account=network.account("acc-vienna", timeZone="Europe/Vienna"))

    def names(*times: str) -> list[str]:
        return [network.use("voice", at, "60 s").prices[0][:-4] for at in times]

    assert names("2026-03-28T20:59:59Z", "2026-03-28T21:00:00Z", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z") == [
        "day",
        "night",
        "night",
        "day",
    ]
    assert names("2026-03-29T19:59:59Z", "2026-03-29T20:00:00Z") == ["day", "night"]
    assert names("2026-10-25T00:59:59Z", "2026-10-25T01:59:59Z", "2026-10-25T02:00:00Z") == ["night", "night", "day"]


# -- money ------------------------------------------------------------------------------------------------------------


def test_yen_and_dinars_are_not_rounded_while_rating(network: Network) -> None:
    network.plan("tokyo", network.price("yen", "voice", "22", "30 s", currency="JPY", increment=size("1 s")))
    network.plan("kuwait", network.price("dinar", "data", "0.0155", "1 MB", currency="KWD"))
    tokyo, kuwait = network.sell("tokyo", "+81312345678"), network.sell("kuwait", "+96512345678")

    call = network.use("voice", "2026-01-02T10:00:00Z", "45 s", tokyo)
    third = network.use("voice", "2026-01-02T10:00:00Z", "1 s", tokyo)
    session = network.use("data", "2026-01-02T10:00:00Z", "7.1 MB", kuwait)

    assert (call.lines, third.lines) == (["usage 45 s 33"], ["usage 1 s 0.733333333333333333"])
    assert session.lines == ["usage 7100000 B 0.11005"]
    assert network.charged(tokyo) == {"JPY": "33.733333333333333333"}
    assert network.charged(kuwait) == {"KWD": "0.11005"}
    assert network.in_v4(session.id)["ratedProductUsage"][0]["taxExcludedRatingAmount"] == {
        "unit": "KWD",
        "value": Decimal("0.11005"),
    }


# -- what cannot be priced --------------------------------------------------------------------------------------------


def test_what_no_price_is_for_is_rejected_with_the_reason(network: Network) -> None:
    network.plan("talk", network.price("voice", "voice", "0.09", "1 min"))
    product = network.sell("talk")
    at = "2026-01-02T10:00:00Z"

    shown = {
        one.reason[0]: (one.status, one.product, one.reason[1])
        for one in (
            network.use("fax", at, "1 event"),
            network.use("voice", at, "1 Erlang"),
            network.use("voice", at, "1 MB"),
            network.use("voice", at, "-1 s"),
        )
    }

    assert shown == {
        "no.price": ("rejected", product, "no price of the product is for this usage (type fax)"),
        "unit.unknown": ("rejected", product, "the unit is not one that usage is measured in (unit Erlang)"),
        "unit.other": ("rejected", product, "the price is for a unit of another kind (price voice, unit MB)"),
        "quantity.invalid": ("rejected", product, "the quantity is not a number of sensible size (quantity -1)"),
    }
    assert (network.charged(product), network.counters(), network.buckets()) == ({}, [], [])
