"""TMF622 capture through HTTP, in both majors and modes, with the sample operator's catalogue."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.seed import collect, in_process, load, local_url, read_folder
from common.settings import Settings
from tests.client import Suite
from tests.test_architecture import ROOT

BASE = "/tmf-api/productOrderingManagement"
SAMPLES = {one["id"]: one for file in read_folder(ROOT / "tmf622_ordering" / "samples") for one in file.documents}


def running(folder: Path, mode: str) -> Suite:
    suite = Suite(Settings(database_url=f"sqlite:///{folder}/{mode}.db", reference_mode=mode))
    with in_process(suite.installation) as client:
        load(suite.installation, collect(suite.installation), local_url(suite.installation), client)
    return suite


@pytest.fixture(scope="module", params=["process", "strict"])
def suite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    started = running(tmp_path_factory.mktemp("capture"), request.param)
    yield started
    started.close()


def order(major: str, *items: dict[str, Any], customer: str = "brandt", channel: str = "online") -> dict[str, Any]:
    """An order of a customer of the sample operator, as a client of that major writes it."""
    sold_by = {"id": f"channel-{channel}", "@referredType": "Channel"}
    if major == "v4":
        party: dict[str, Any] = {"id": f"cust-{customer}", "role": "customer", "@referredType": "Customer"}
        channels = [{**sold_by, "role": "sales"}]
    else:
        reference = {"@type": "PartyRoleRef", "id": f"cust-{customer}", "@referredType": "Customer"}
        party = {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "customer", "partyOrPartyRole": reference}
        channels = [{"@type": "RelatedChannel", "role": "sales", "channel": {"@type": "ChannelRef", **sold_by}}]
    return {
        "@type": "ProductOrder",
        "billingAccount": {"@type": "BillingAccountRef", "id": f"acc-{customer}"},
        "relatedParty": [party],
        "channel": channels,
        "productOrderItem": list(items),
    }


def item(id: str, sells: str, **more: Any) -> dict[str, Any]:
    chosen = {"@type": "ProductOfferingRef", "id": sells}
    return {"@type": "ProductOrderItem", "id": id, "action": "add", "productOffering": chosen, **more}


def refused(suite: Suite, major: str, body: dict[str, Any]) -> list[tuple[str, str]]:
    """Item and code of each reason why the order is rejected, or refused whole."""
    before = suite.get(f"{BASE}/v5/productOrder?fields=id").headers["X-Total-Count"]
    answer = suite.post(f"{BASE}/{major}/productOrder", body)
    if suite.installation.settings.reference_mode == "strict":
        assert answer.status == 400
        assert suite.get(f"{BASE}/v5/productOrder?fields=id").headers["X-Total-Count"] == before
        return [(one["pointer"].rpartition("/productOrderItem/")[2][:1], one["rule"]) for one in answer.json["errors"]]
    assert (answer.status, answer.json["state"]) == (201, "rejected")
    stored = suite.get(f"{BASE}/v5/productOrder/{answer.json['id']}").json
    assert "orderTotalPrice" not in stored
    return [
        (one["message"].partition(":")[0].rpartition("/productOrderItem/")[2][:1], one["code"])
        for one in stored["productOrderErrorMessage"]
    ]


def totals(order: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (
            one["priceType"],
            str(one["price"]["dutyFreeAmount"]["value"]),
            str(one["price"]["taxIncludedAmount"]["value"]),
        )
        for one in order["orderTotalPrice"]
    ]


MAJORS = pytest.mark.parametrize("major", ["v4", "v5"])


@MAJORS
def test_a_plain_order_is_accepted_with_its_prices_and_term(suite: Suite, major: str) -> None:
    made = suite.created(f"{BASE}/{major}/productOrder", order(major, item("1", "plan-m")))

    assert made["state"] == "acknowledged"
    assert totals(made) == [("oneTime", "8.40", "10.00"), ("recurring", "15.12", "17.99")]
    (line,) = made["productOrderItem"]
    assert [one["name"] for one in line["itemPrice"]][:2] == ["Activation", "Plan M, monthly"]
    assert {one["priceType"] for one in line["itemPrice"]} == {"oneTime", "recurring", "allowance", "usage"}
    assert line["itemPrice"][1]["priceAlteration"][0]["applicationDuration"] == 3
    assert [(one["name"], one["duration"]) for one in line["itemTerm"]] == [
        ("One year", {"amount": 12, "units": "month"})
    ]


@MAJORS
def test_an_account_in_another_currency_is_asked_in_it(suite: Suite, major: str) -> None:
    body = order(major, item("1", "plan-s"), customer="finch")

    made = suite.created(f"{BASE}/{major}/productOrder", body)

    assert totals(made) == [("oneTime", "8.33", "10.00"), ("recurring", "8.33", "10.00")]


@MAJORS
def test_every_problem_of_every_item_is_told_at_once(suite: Suite, major: str) -> None:
    body = order(
        major,
        item("1", "plan-business"),
        item("2", "family-l", productOrderItem=[item("3", "family-line", quantity=5)]),
        item("4", "plan-m", itemTerm=[{"@type": "OrderTerm", "name": "Forever"}]),
        item("5", "router-nest"),
    )

    assert refused(suite, major, body) == [
        ("0", "channel.not-offered"),
        ("0", "segment.not-offered"),
        ("1", "bundle.too-few"),
        ("1", "bundle.too-many"),
        ("0", "relation.required"),  # of the family line inside: no Plan L
        ("2", "term.not-offered"),
        ("3", "relation.required"),  # the offering relies on fibre,
        ("3", "relation.required"),  # and so does the specification
    ]


@MAJORS
def test_what_the_customer_has_counts(suite: Suite, major: str) -> None:
    addon = item("1", "addon-data-5gb")
    has_a_line = suite.created(f"{BASE}/{major}/productOrder", order(major, addon))

    assert has_a_line["state"] == "acknowledged"
    ended = {**item("2", "plan-m"), "action": "delete", "product": {"@type": "ProductRef", "id": "prod-brandt-line"}}
    assert refused(suite, major, order(major, addon, ended)) == [("0", "relation.required"), ("1", "relation.needed")]


@MAJORS
def test_a_price_that_the_client_expects_otherwise(suite: Suite, major: str) -> None:
    price = {
        "@type": "OrderPrice",
        "priceType": "recurring",
        "productOfferingPrice": {"@type": "ProductOfferingPriceRef", "id": "pop-plan-s-eur"},
        "price": {"@type": "Price", "dutyFreeAmount": {"unit": "EUR", "value": 1}},
    }
    body = order(major, item("1", "plan-s", itemPrice=[price]))

    if suite.installation.settings.reference_mode == "strict":
        assert refused(suite, major, body) == [("0", "price.other")]
    else:
        made = suite.created(f"{BASE}/{major}/productOrder", body)
        assert totals(made) == [("oneTime", "8.40", "10.00"), ("recurring", "8.40", "10.00")]


@pytest.mark.parametrize("id", SAMPLES)
def test_the_sample_orders_are_accepted_at_the_prices_they_say(suite: Suite, id: str) -> None:
    sample = copy.deepcopy(SAMPLES[id])
    for name in ("id", "state", "creationDate", "completionDate", "expectedCompletionDate"):
        sample.pop(name, None)
    for line in sample["productOrderItem"]:
        line.pop("state", None)
        line["product"] = {key: value for key, value in line.get("product", {}).items() if key != "id"} or None
        if line["product"] is None:
            del line["product"]

    made = suite.created(f"{BASE}/v5/productOrder", sample)

    assert made["state"] == "acknowledged"
    assert [one["price"]["dutyFreeAmount"] for one in made["orderTotalPrice"]] == [
        one["price"]["dutyFreeAmount"] for one in sample["orderTotalPrice"]
    ]
