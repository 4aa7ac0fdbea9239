"""TMF622 capture: orders are priced from the catalogue, and keep what they were priced with."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from common.component import RuleContext
from tests.fakes import merged, refusals
from tests.tmf622_ordering.capture.orders import Versions, around, found, item, offering, order
from tmf622_ordering.capture import capture


def pop(id: str, value: str | None = None, unit: str = "EUR", **more: Any) -> dict[str, Any]:
    amount = {"price": {"unit": unit, "value": Decimal(value)}} if value is not None else {}
    shared = {"id": id, "name": id, "version": "1", "lifecycleStatus": "Active", "priceType": "recurring"}
    return {**shared, "recurringChargePeriodType": "month", **amount, **more}


def once(id: str, value: str, **more: Any) -> dict[str, Any]:
    return {name: one for name, one in pop(id, value, **more, priceType="oneTime").items() if "Charge" not in name}


def sold(*prices: str, id: str = "O", **more: Any) -> dict[str, Any]:
    return offering(id, productOfferingPrice=[{"id": one} for one in prices], **more)


def captured(document: dict[str, Any], context: RuleContext) -> dict[str, Any]:
    document = copy.deepcopy(document)
    capture(document, context)
    return document


def nets(prices: list[dict[str, Any]] | None) -> list[tuple[str, str]]:
    """Type and net amount of each."""
    return [(one["priceType"], str(one["price"]["dutyFreeAmount"]["value"])) for one in prices or []]


VAT = {"tax": [{"taxRate": 19}]}
# The example of docs/ordering.md.
WELCOME = pop(
    "welcome",
    "4.20",
    priceType="discount",
    popRelationship=[{"id": "monthly", "relationshipType": "discounts"}],
    productOfferingTerm=[{"name": "First", "duration": {"amount": 3, "units": "month"}}],
    **VAT,
)
PLAN = [once("activation", "8.40", **VAT), pop("monthly", "15.12", **VAT), WELCOME]


def test_the_worked_example_of_the_documentation() -> None:
    context = around(productOffering=[sold("activation", "monthly", "welcome")], productOfferingPrice=PLAN)

    document = captured(order(item(quantity=2)), context)

    def gross(price: dict[str, Any]) -> tuple[str, str]:
        return tuple(str(price["price"][name]["value"]) for name in ("dutyFreeAmount", "taxIncludedAmount"))  # type: ignore[return-value]

    (line,) = document["productOrderItem"]
    activation, monthly = line["itemPrice"]
    assert [gross(one) for one in (activation, monthly)] == [("8.40", "10.00"), ("15.12", "17.99")]
    (welcome,) = monthly["priceAlteration"]
    assert (gross(welcome), welcome["applicationDuration"]) == (("4.20", "5.00"), 3)
    assert [gross(one) for one in line["itemTotalPrice"]] == [("16.80", "20.00"), ("30.24", "35.98")]
    assert document["orderTotalPrice"] == line["itemTotalPrice"]
    assert monthly["productOfferingPrice"] == {
        "@type": "ProductOfferingPriceRef",
        "id": "monthly",
        "@referredType": "ProductOfferingPrice",
        "name": "monthly",
        "version": "1",
    }


def test_an_order_total_is_of_all_items_and_an_item_total_without_the_items_inside() -> None:
    bundle = sold("whole", id="O", isBundle=True, bundledProductOffering=[{"id": "N"}])
    prices = [pop("whole", "1"), pop("part", "10")]
    context = around(productOffering=[bundle, sold("part", id="N")], productOfferingPrice=prices)

    document = captured(order(item(productOrderItem=[item("2", sells="N", quantity=3)]), item("3", sells="N")), context)

    whole, alone = document["productOrderItem"]
    (part,) = whole["productOrderItem"]
    assert [nets(one["itemTotalPrice"]) for one in (whole, part, alone)] == [
        [("recurring", "1.00")],
        [("recurring", "30.00")],
        [("recurring", "10.00")],
    ]
    assert nets(document["orderTotalPrice"]) == [("recurring", "41.00")]


def test_a_bundle_lowers_the_prices_of_its_parts_that_it_names() -> None:
    less = pop("less", percentage=50, priceType="discount")
    named = {**less, "popRelationship": [{"id": "part", "relationshipType": "discounts"}]}
    bundle = sold("less", id="O", isBundle=True, bundledProductOffering=[{"id": "N"}])
    wanted = order(item(productOrderItem=[item("2", sells="N")]), item("3", sells="N"))

    for discount, total in ((named, "15.00"), (less, "20.00")):
        context = around(
            productOffering=[bundle, sold("part", id="N")], productOfferingPrice=[discount, pop("part", "10")]
        )
        assert nets(captured(wanted, context)["orderTotalPrice"]) == [("recurring", total)]


def test_composite_prices_are_their_parts_and_related_discounts_are_found() -> None:
    parts = [{"id": "a"}, {"id": "b"}]
    prices = [
        pop("all", isBundle=True, bundledPopRelationship=parts),
        pop("a", "10", popRelationship=[{"id": "less", "relationshipType": "discountedBy"}]),
        pop("b", "5"),
        pop("less", percentage=10, priceType="discount"),
    ]
    document = captured(order(item()), around(productOffering=[sold("all")], productOfferingPrice=prices))

    assert nets(document["productOrderItem"][0]["itemPrice"]) == [("recurring", "10.00"), ("recurring", "5.00")]
    assert nets(document["orderTotalPrice"]) == [("recurring", "14.00")]


def test_prices_that_stand_in_the_offering_are_read_and_have_no_reference() -> None:
    by_value = {"name": "Fee", "priceType": "oneTime", "price": {"unit": "EUR", "value": 5}}
    document = captured(order(item()), around(productOffering=[offering(productOfferingPrice=[by_value])]))

    (price,) = document["productOrderItem"][0]["itemPrice"]
    assert (nets([price]), "productOfferingPrice" in price) == ([("oneTime", "5.00")], False)


def test_what_the_catalogue_does_not_price_stays_as_the_client_sent_it() -> None:
    amount = {"dutyFreeAmount": {"unit": "EUR", "value": 3}}
    agreed = [{"priceType": "recurring", "recurringChargePeriod": "month", "price": amount}]
    stated = {"orderTotalPrice": [{"priceType": "recurring", "price": {"percentage": 1}}]}
    context = around(
        productOffering=[offering(), sold("p", id="N"), sold("gone", id="G")], productOfferingPrice=[pop("p", "10")]
    )

    alone = captured(order(item(itemPrice=agreed), **stated), context)
    assert alone == {**order(item(itemPrice=agreed, state="acknowledged"), **stated), "state": "acknowledged"}
    assert captured(order(item(sells="G")), context)["state"] == "acknowledged"

    beside = captured(order(item(itemPrice=agreed), item("2", sells="N"), **stated), context)
    assert beside["productOrderItem"][0]["itemPrice"] == agreed
    assert nets(beside["orderTotalPrice"]) == [("recurring", "13.00")]


def stating(value: str, **more: Any) -> dict[str, Any]:
    amount = {"dutyFreeAmount": {"unit": "EUR", "value": Decimal(value)}}
    return item(itemPrice=[{"priceType": "recurring", "price": amount, **more}])


BY_ID = {"productOfferingPrice": {"id": "p"}}


@pytest.mark.parametrize(
    ("wanted", "is_other"),
    [
        (stating("10"), False),
        (stating("10.00", **BY_ID), False),
        (stating("9.99", **BY_ID), True),
        (stating("9.99"), True),
        (stating("10", productOfferingPrice={"id": "q"}), True),
        (item(itemPrice=[{"priceType": "recurring", "price": {}}]), False),
    ],
)
def test_another_price_than_the_catalogues_is_refused_in_strict_and_replaced_else(
    wanted: dict[str, Any], is_other: bool
) -> None:
    documents = {"productOffering": [sold("p")], "productOfferingPrice": [pop("p", "10")]}
    strict = around("strict", **documents)
    expected = [("/productOrderItem/0/itemPrice/0/price", "price.other")] if is_other else []

    refused = captured(order(wanted), strict)
    assert refusals(strict) == expected
    assert not is_other or refused == order(wanted)
    accepted = captured(order(wanted), around(**documents))
    assert nets(accepted["productOrderItem"][0]["itemPrice"]) == [("recurring", "10.00")]


@pytest.mark.parametrize(
    ("prices", "code"),
    [
        ([pop("a", "1", lifecycleStatus="Retired")], "price.none"),
        ([pop("a", "1", validFor={"endDateTime": "2026-01-01T00:00:00Z"})], "price.none"),
        ([pop("a", "1", name="x"), pop("b", "1", "GBP", name="x")], "price.undetermined"),
    ],
)
def test_an_order_that_nobody_can_price_is_rejected_and_not_priced(prices: list[Any], code: str) -> None:
    context = around(productOffering=[sold("a", "b")], productOfferingPrice=prices)

    document = captured(order(item()), context)

    assert (document["state"], [one["code"] for one in document["productOrderErrorMessage"]]) == ("rejected", [code])
    assert "itemPrice" not in document["productOrderItem"][0]


@pytest.mark.parametrize(
    "known",
    [
        {"order": {"billingAccount": {"id": "B"}}},
        {"item": {"billingAccount": {"id": "B"}}},
        {"order": {"orderTotalPrice": [{"price": {"taxIncludedAmount": {"unit": "GBP", "value": 1}}}]}},
        {"item": {"itemPrice": [{"price": {"dutyFreeAmount": {"unit": "GBP", "value": 1}}}]}},
        {"item": {"itemPrice": [{"productOfferingPrice": {"id": "b"}}]}},
    ],
)
def test_the_currency_is_the_accounts_or_that_of_the_clients_prices(known: dict[str, Any]) -> None:
    prices = [pop("a", "1", name="x"), pop("b", "2", "GBP", name="x")]
    account = {"id": "B", "creditLimit": {"unit": "GBP", "value": 100}}
    context = around(productOffering=[sold("a", "b")], productOfferingPrice=prices, billingAccount=[account])

    document = captured(order(item(**known.get("item", {})), **known.get("order", {})), context)

    assert nets(document["orderTotalPrice"]) == [("recurring", "2.00")]


def test_an_account_says_its_currency_by_its_limit_whatever_is_owed_on_it() -> None:
    prices = [pop("a", "1", name="x"), pop("b", "2", "GBP", name="x")]
    balances = [
        {"balanceType": "customerCreditBalance", "amount": {"unit": unit, "value": 1}} for unit in ("EUR", "eur")
    ]
    account = {"id": "B", "creditLimit": {"unit": "GBP", "value": 100}, "accountBalance": balances}
    context = around(productOffering=[sold("a", "b")], productOfferingPrice=prices, billingAccount=[account])

    document = captured(order(item(), billingAccount={"id": "B"}), context)

    assert nets(document["orderTotalPrice"]) == [("recurring", "2.00")]


def test_off_prices_nothing() -> None:
    context = around("off", productOffering=[sold("p")], productOfferingPrice=[pop("p", "1")])

    assert captured(order(item()), context) == {**order(item(state="acknowledged")), "state": "acknowledged"}


PRODUCT = {
    "id": "P",
    "productOffering": {"id": "O"},
    "productCharacteristic": [{"name": "speed", "value": 100}],
    "productPrice": [
        {
            "priceType": "recurring",
            "name": "as bought",
            "productOfferingPrice": {"id": "m100", "version": "0"},
            "price": {"dutyFreeAmount": {"unit": "EUR", "value": Decimal("7.50")}},
        }
    ],
}


def at_speed(id: str, value: str, speed: int) -> dict[str, Any]:
    listed = [{"value": speed}]
    return pop(id, value, prodSpecCharValueUse=[{"name": "speed", "productSpecCharacteristicValue": listed}])


SPEEDS = [once("setup", "50"), at_speed("m100", "10", 100), at_speed("m200", "20", 200)]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, [("recurring", "7.50")]),
        ({"productCharacteristic": [{"name": "speed", "value": 200}]}, [("recurring", "20.00")]),
    ],
)
def test_a_change_keeps_the_agreed_prices_and_pays_nothing_once_again(
    changed: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    context = around(productOffering=[sold("setup", "m100", "m200")], productOfferingPrice=SPEEDS, product=[PRODUCT])

    document = captured(order(item(action="modify", product={"id": "P", **changed})), context)

    assert nets(document["productOrderItem"][0]["itemPrice"]) == expected
    assert nets(document["orderTotalPrice"]) == expected


def test_a_change_of_offering_costs_what_the_new_one_costs() -> None:
    documents = {"productOffering": [sold("m100"), sold("fee", "p", id="N")], "product": [PRODUCT]}
    context = around(productOfferingPrice=[*SPEEDS, once("fee", "5"), pop("p", "9")], **documents)

    document = captured(order(item(action="modify", sells="N", product={"id": "P"})), context)

    assert nets(document["orderTotalPrice"]) == [("oneTime", "5.00"), ("recurring", "9.00")]


@pytest.mark.parametrize("action", ["delete", "noChange"])
def test_what_ends_or_stays_is_not_priced(action: str) -> None:
    context = around(productOffering=[sold("m100")], productOfferingPrice=SPEEDS, product=[PRODUCT])

    assert "itemPrice" not in captured(order(item(action=action, product={"id": "P"})), context)["productOrderItem"][0]


def versioned(mode: str = "process", **documents: list[dict[str, Any]]) -> tuple[RuleContext, Versions]:
    context = around(mode)
    library = Versions({name: [] for name in ("productOffering", "productOfferingPrice")} | documents)
    context.library = library
    return context, library


OLD = pop("p", "10", validFor={"endDateTime": "2026-12-31T00:00:00Z"})
NEW = pop("p", "12", version="2", validFor={"startDateTime": "2026-12-31T00:00:00Z"})


def test_the_price_version_that_is_valid_now_is_taken_and_kept() -> None:
    context, _ = versioned(productOffering=[sold("p")], productOfferingPrice=[OLD, NEW])

    (price,) = captured(order(item()), context)["productOrderItem"][0]["itemPrice"]

    assert (nets([price]), price["productOfferingPrice"]["version"]) == ([("recurring", "10.00")], "1")


def test_the_version_that_the_offering_or_the_order_names_is_meant() -> None:
    named = offering(version="1", productOfferingPrice=[{"id": "p", "version": "1"}])
    newer = merged(named, version="2", lifecycleStatus="In Design")
    free = {"validFor": None}
    prices = [merged(OLD, **free), merged(NEW, **free)]
    context, _ = versioned(productOffering=[named, newer], productOfferingPrice=prices)

    assert nets(captured(order(item()), context)["orderTotalPrice"]) == [("recurring", "10.00")]
    wanted = item(productOffering={"id": "O", "version": "2"})
    assert found(order(wanted), context) == [("/productOrderItem/0/productOffering/id", "offering.not-on-sale")]
    missing = item(productOffering={"id": "O", "version": "3"})
    assert found(order(missing), context) == [("/productOrderItem/0/productOffering/id", "offering.unknown")]


def test_a_plain_order_takes_few_look_ups_however_many_items_it_has() -> None:
    offerings = [sold(f"p{n}", id=f"O{n}") for n in range(50)]
    context, library = versioned(productOffering=offerings, productOfferingPrice=[pop(f"p{n}", "1") for n in range(50)])

    document = captured(order(*(item(str(n), sells=f"O{n}") for n in range(50))), context)

    assert nets(document["orderTotalPrice"]) == [("recurring", "50.00")]
    assert library.questions == ["productOffering", "productOfferingPrice", "productOffering"]


def test_an_amount_that_names_no_price_is_taken_off_once() -> None:
    prices = [pop("a", "10"), pop("b", "5"), pop("less", "2", priceType="discount")]
    context = around(productOffering=[sold("a", "b", "less")], productOfferingPrice=prices)

    assert nets(captured(order(item()), context)["orderTotalPrice"]) == [("recurring", "13.00")]


@pytest.mark.parametrize("mode", ["process", "off"])
def test_an_order_by_words_that_mean_no_period_is_rejected(mode: str) -> None:
    stated = {"@type": "OrderPrice", "priceType": "recurring", "recurringChargePeriod": "hour"}
    context = around(mode=mode, productOffering=[offering("N")])

    document = captured(order(item(sells="N", itemPrice=[stated])), context)

    assert document["state"] == "rejected"
    (message,) = document["productOrderErrorMessage"]
    assert message["code"] == "price.period"
    assert message["message"].startswith("/productOrderItem/0/itemPrice/0/recurringChargePeriod: say day, ")


def test_a_price_of_the_catalogue_that_recurs_nobody_knows_how_often_is_not_sold() -> None:
    prices = [pop("base", "60", recurringChargePeriodType="trimester")]
    context = around(productOffering=[sold("base")], productOfferingPrice=prices)

    document = captured(order(item()), context)

    assert [one["code"] for one in document["productOrderErrorMessage"]] == ["price.period"]
