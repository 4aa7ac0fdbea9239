"""TMF622 capture: whether an offering may be ordered so, by this customer, here."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tmf622_ordering.capture.orders import around, found, item, merged, offering, order, related

PAST, FUTURE = {"endDateTime": "2026-03-01T12:00:00Z"}, {"endDateTime": "2026-03-01T12:00:01Z"}
ONLINE = [{"role": "sales", "channel": {"id": "online"}}]
PRODUCT = {"id": "P", "status": "active", "productOffering": {"id": "O"}}
REFUSED = [("/productOrderItem/0/action", "action.not-allowed")]


@pytest.mark.parametrize(
    ("allowed", "action", "is_allowed"),
    [
        ([], "add", True),
        (["add"], "add", True),
        (["Add"], "add", True),
        (["modify", "delete"], "add", False),
        (["suspend"], "add", False),
        (["add"], "modify", False),
        (["modify"], "modify", True),
        (["add", "modify"], "delete", False),
        (["Remove"], "delete", True),
        (["add"], "noChange", True),
    ],
)
def test_only_allowed_actions_are_ordered(allowed: list[str], action: str, is_allowed: bool) -> None:
    sold = offering(allowedAction=[{"action": name} for name in allowed])
    wanted = item(action=action, **({} if action == "add" else {"product": {"id": "P"}}))

    assert found(order(wanted), around(productOffering=[sold], product=[PRODUCT])) == ([] if is_allowed else REFUSED)


@pytest.mark.parametrize(
    ("entry", "channel", "is_allowed"),
    [
        ({"validFor": FUTURE}, [], True),
        ({"validFor": PAST}, [], False),
        ({"channel": [{"id": "online"}]}, ONLINE, True),
        ({"channel": [{"id": "shop"}]}, ONLINE, False),
        ({"channel": [{"id": "shop"}]}, [], True),
        ({"channel": []}, ONLINE, True),
    ],
)
def test_an_action_is_allowed_now_and_through_the_channel(
    entry: dict[str, Any], channel: list[Any], is_allowed: bool
) -> None:
    context = around(productOffering=[offering(allowedAction=[{"action": "add", **entry}])])

    assert found(order(item(), channel=channel), context) == ([] if is_allowed else REFUSED)


def test_what_may_be_done_with_a_product_is_up_to_the_offering_it_was_sold_as() -> None:
    sold, other = offering(allowedAction=[{"action": "add"}]), offering("N", allowedAction=[{"action": "add"}])
    wanted = item(action="modify", sells="N", product={"id": "P"})

    assert found(order(wanted), around(productOffering=[sold, other], product=[PRODUCT])) == REFUSED
    free = around(productOffering=[offering(), other], product=[PRODUCT])
    assert found(order(wanted), free) == []


@pytest.mark.parametrize(
    ("sold_through", "ordered_through", "is_wrong"),
    [
        ([], ONLINE, False),
        ([{"id": "online"}], [], False),
        ([{"id": "shop"}, {"id": "online"}], ONLINE, False),
        ([{"id": "c1", "name": "Online"}], ONLINE, False),
        ([{"id": "shop"}], ONLINE, True),
        ([{"id": "shop"}], [*ONLINE, {"role": "assist", "channel": {"id": "shop"}}], False),
    ],
)
def test_an_offering_is_sold_through_its_channels(
    sold_through: list[Any], ordered_through: list[Any], is_wrong: bool
) -> None:
    context = around(productOffering=[offering(channel=sold_through)])
    expected = [("/productOrderItem/0/productOffering/id", "channel.not-offered")] if is_wrong else []

    assert found(order(item(), channel=ordered_through), context) == expected


def characteristic(value: Any) -> list[dict[str, Any]]:
    return [{"name": "marketSegment", "value": value}]


@pytest.mark.parametrize(
    ("customer", "is_wrong"),
    [
        ({}, False),
        ({"characteristic": characteristic("business")}, False),
        ({"characteristic": characteristic("Small business")}, False),
        ({"characteristic": characteristic(["consumer", "business"])}, False),
        ({"marketSegment": [{"id": "business"}]}, False),
        ({"characteristic": characteristic("consumer")}, True),
        ({"marketSegment": [{"id": "consumer"}]}, True),
        ({"characteristic": [{"name": "colour", "value": "consumer"}]}, False),
    ],
)
def test_an_offering_is_for_its_segments(customer: dict[str, Any], is_wrong: bool) -> None:
    sold = offering(marketSegment=[{"id": "business", "name": "Small business"}])
    context = around(productOffering=[sold], customer=[{"id": "C", **customer}])
    expected = [("/productOrderItem/0/productOffering/id", "segment.not-offered")] if is_wrong else []

    assert found(order(item(), **related("C")), context) == expected
    assert found(order(item()), context) == []


def test_the_party_behind_a_customer_tells_its_segment_and_an_agent_does_not() -> None:
    sold = offering(marketSegment=[{"id": "business"}])
    customer = {"id": "C", "engagedParty": {"id": "J", "@referredType": "Individual"}}
    person = {"id": "J", "partyCharacteristic": characteristic("consumer")}
    context = around(productOffering=[sold], customer=[customer], individual=[person])

    assert found(order(item(), **related("C")), context) == [
        ("/productOrderItem/0/productOffering/id", "segment.not-offered")
    ]
    assert found(order(item(), **related("J", "Individual", "salesAgent")), context) == []


@pytest.mark.parametrize(
    ("place", "is_wrong"),
    [
        (None, False),
        ({"id": "de", "@referredType": "Place"}, False),
        ({"id": "gb", "@referredType": "Place"}, True),
        ({"id": "gb"}, True),
        ({"id": "a1", "@referredType": "GeographicAddress"}, False),
        ({"@type": "GeographicAddress", "country": "Germany"}, False),
        ({"@type": "GeographicAddress", "country": "France"}, False),
    ],
)
def test_an_offering_is_sold_at_its_places(place: dict[str, Any] | None, is_wrong: bool) -> None:
    sold = offering(place=[{"id": "de", "name": "Germany", "@referredType": "Place"}])
    product = {"product": {"place": [{"role": "installation", "place": place}]}} if place else {}
    context = around(productOffering=[sold])
    expected = [("product/place", "place.not-offered")] if is_wrong else []

    assert found(order(item(**product)), context) == [(f"/productOrderItem/0/{at}", code) for at, code in expected]


def test_a_part_is_where_its_bundle_is() -> None:
    sold = offering("N", place=[{"id": "de"}])
    whole = item(product={"place": [{"role": "x", "place": {"id": "gb"}}]}, productOrderItem=[item("2", sells="N")])

    assert found(order(whole), around(productOffering=[offering(), sold])) == [
        ("/productOrderItem/0/productOrderItem/0/product/place", "place.not-offered")
    ]


@pytest.mark.parametrize(
    ("kind", "document", "is_wrong"),
    [
        ("Customer", {"status": "Approved"}, False),
        ("Customer", {"status": "Terminated"}, True),
        ("Organization", {"status": "closed"}, True),
        ("Individual", {"status": "deceased"}, True),
    ],
)
def test_who_can_be_no_customer_any_more_may_only_give_up(kind: str, document: dict[str, Any], is_wrong: bool) -> None:
    resource = kind[0].lower() + kind[1:]
    context = around(
        **{"productOffering": [offering()], "product": [PRODUCT], resource: [{"id": "C", **document}]},
    )
    expected = [("/relatedParty/0/partyOrPartyRole/id", "party.ended")] if is_wrong else []

    assert found(order(item(), **related("C", kind)), context) == expected
    given_up = item(action="delete", sells=None, product={"id": "P"})
    assert found(order(given_up, **related("C", kind)), context) == []
    assert found(order(item(), **related("C", kind, "witness")), context) == (expected if kind == "Customer" else [])


def test_a_closed_account_pays_for_nothing_new() -> None:
    context = around(productOffering=[offering()], product=[PRODUCT], billingAccount=[{"id": "B", "state": "Closed"}])
    account = {"billingAccount": {"id": "B"}}
    given_up = item(action="delete", sells=None, product={"id": "P"})

    assert found(order(item(), **account), context) == [("/billingAccount/id", "account.closed")]
    assert found(order(merged(item(), **account)), context) == [
        ("/productOrderItem/0/billingAccount/id", "account.closed")
    ]
    assert found(order(given_up, **account), context) == []


def test_policies_and_agreements_prove_nothing() -> None:
    sold = offering(policy=[{"id": "p"}], agreement=[{"id": "a"}], serviceLevelAgreement={"id": "s"})

    assert found(order(item(), agreement=[{"id": "b"}]), around(productOffering=[sold])) == []


def test_every_problem_is_told_at_once() -> None:
    sold = offering(
        lifecycleStatus="Retired",
        channel=[{"id": "shop"}],
        allowedAction=[{"action": "delete"}],
        productOfferingTerm=[{"name": "One year"}],
    )
    wanted = order(item(itemTerm=[{"name": "Forever"}]), channel=ONLINE, billingAccount={"id": "gone"})

    assert [code for _, code in found(wanted, around(productOffering=[sold]))] == [
        *("account.unknown", "action.not-allowed", "offering.not-on-sale", "channel.not-offered", "term.not-offered")
    ]
