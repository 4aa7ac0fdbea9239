"""TMF620: what the schemas of our price types cannot say, prices that contradict each other, prices that were sold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from common.domain.clock import SettableClock
from common.domain.query import Document
from common.installation import extension
from common.settings import Settings
from common.spec.extensions import own_types
from tests.client import Suite
from tests.fakes import NOW, refusals, rule_context
from tests.tmf620_catalog.plan_prices import TIERS, VALID, amount, eur, price
from tmf620_catalog import rules
from tmf620_catalog.price_plans import CHARGING, PRICE_TYPES

V5, V4 = "/tmf-api/productCatalogManagement/v5", "/tmf-api/productCatalogManagement/v4"
PRICES, OFFERINGS = f"{V5}/productOfferingPrice", f"{V5}/productOffering"
COMPONENTS = "tmf620_catalog,tmf635_usage"


@pytest.fixture(scope="module")
def module_suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    path = tmp_path_factory.mktemp("plans")
    suite = Suite(Settings(database_url=f"sqlite:///{path}/bss.db", components=COMPONENTS))
    yield suite
    suite.close()


@pytest.fixture
def suite(tmp_path) -> Iterator[Suite]:
    suite = Suite(Settings(database_url=f"sqlite:///{tmp_path}/bss.db", components=COMPONENTS), SettableClock(NOW))
    yield suite
    suite.close()


def usage(id: str, **changes: Any) -> Document:
    """A usage price with no conditions but those given."""
    return price("UsagePrice", id, **{"match": None, "priority": None, **changes})


def offering(*prices: Document, id: str = "o1") -> Document:
    kind = {"@type": "ProductOfferingPriceRef", "@referredType": "ProductOfferingPrice"}
    listed = [{**kind, "id": one["id"]} for one in prices]
    return {
        "@type": "ProductOffering",
        "id": id,
        "name": id,
        "lifecycleStatus": "Active",
        "productOfferingPrice": listed,
    }


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(one["pointer"], one["rule"]) for one in answer.json.get("errors", [])]


def test_each_type_has_its_price_type_and_all_that_it_charges_is_kept() -> None:
    types = own_types(extension("price-plans"))

    assert {kind: one["priceType"] for kind, one in VALID.items()} == PRICE_TYPES
    assert {name for one in types for name in one.schema["properties"]} <= set(CHARGING)


@pytest.mark.parametrize("kind", VALID)
@pytest.mark.parametrize("base", [V5, V4], ids=["v5", "v4"])
def test_a_price_of_each_kind_is_kept_as_it_was_written(module_suite: Suite, base: str, kind: str) -> None:
    written = price(kind, f"{kind}-{base[-2:]}")
    own = VALID[kind]

    answer = module_suite.post(f"{base}/productOfferingPrice", written)

    assert answer.status == 201, answer.json
    read = module_suite.get(f"{base}/productOfferingPrice/{answer.json['id']}").json
    assert {name: read[name] for name in own} == own
    assert read["@type"] == kind


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("UsagePrice", {"priceType": "recurring"}, ("/priceType", "price-plan")),
        ("UsagePrice", {"price": None}, [("/price/unit", "price-plan"), ("/price/value", "price-plan")]),
        ("UsagePrice", {"unitOfMeasure": None}, ("/unitOfMeasure", "price-plan")),
        ("UsagePrice", {"unitOfMeasure": amount(1, "furlong")}, ("/unitOfMeasure/units", "price-plan")),
        ("UsagePrice", {"unitOfMeasure": amount(0, "min")}, ("/unitOfMeasure/amount", "price")),
        ("UsagePrice", {"price": eur("-1")}, ("/price/value", "price-plan")),
        ("UsagePrice", {"minimum": amount(1, "MB")}, ("/minimum/units", "price-plan")),
        ("UsagePrice", {"increment": amount(0, "s")}, ("/increment/amount", "price-plan")),
        ("UsagePrice", {"setupFee": {"unit": "GBP", "value": 1}}, ("/setupFee/unit", "price-plan")),
        ("UsagePrice", {"percentage": 5, "price": eur("0")}, ("/percentage", "price-plan")),
        ("UsagePrice", {"tier": TIERS}, ("/tierModel", "price-plan")),
        ("UsagePrice", {"tierModel": "graduated"}, ("/tierModel", "price-plan")),
        ("UsagePrice", {"tierModel": "graduated", "tier": TIERS[1:]}, ("/tier", "price-plan")),
        ("UsagePrice", {"tierModel": "volume", "tier": [*TIERS, TIERS[1]]}, ("/tier", "price-plan")),
        ("UsagePrice", {"tierModel": "package", "tier": TIERS}, ("/tier/1/size", "price-plan")),
        ("UsagePrice", {"tierModel": "graduated", "tier": [TIERS[0] | {"size": 5}]}, ("/tier/0/size", "price-plan")),
        (
            "UsagePrice",
            {"tierModel": "graduated", "tier": [{"start": 0, "price": {"unit": "GBP", "value": 1}}]},
            ("/tier/0/price/unit", "price-plan"),
        ),
        ("UsagePrice", {"rate": [{"prefix": "49", "price": eur("1")}]}, ("/rate", "price-plan")),
        (
            "UsagePrice",
            {"match": None, "rate": [{"prefix": "49", "price": eur("1")}, {"prefix": "49", "price": eur("2")}]},
            ("/rate", "price-plan"),
        ),
        (
            "UsagePrice",
            {"match": None, "rate": [{"prefix": "49", "price": eur("1"), "increment": amount(0, "s")}]},
            ("/rate/0", "price-plan"),
        ),
        ("UsagePrice", {"tariffTable": {"id": "t"}}, ("/match/destinationPrefix", "price-plan")),
        (
            "UsagePrice",
            {"tariffTable": {"id": "t"}, "rate": [{"prefix": "49", "price": eur("1")}]},
            ("/tariffTable", "price-plan"),
        ),
        ("AllowancePrice", {"quantity": amount(5, "message")}, ("/quantity/units", "price-plan")),
        ("AllowancePrice", {"rollover": {"cap": amount(5, "min")}}, ("/rollover/cap/units", "price-plan")),
        ("AllowancePrice", {"rollover": None, "period": {"units": "pass"}}, ("/period/length", "price-plan")),
        ("AllowancePrice", {"period": {"units": "pass", "length": "P7D"}}, ("/rollover", "price-plan")),
        ("AllowancePrice", {"period": {"units": "pass", "length": "P7X"}}, ("", "price-plan")),
        ("RecurringPrice", {"recurringChargePeriodType": None}, ("/recurringChargePeriodType", "price-plan")),
        ("RecurringPrice", {"recurringChargePeriodType": "hour"}, ("/recurringChargePeriodType", "price")),
        ("RecurringPrice", {"price": None}, [("/price/unit", "price-plan"), ("/price/value", "price-plan")]),
        ("OneTimePrice", {"price": {"value": 1}}, ("/price/unit", "price-plan")),
        ("DiscountPrice", {"popRelationship": None}, ("/popRelationship", "price-plan")),
        ("DiscountPrice", {"percentage": 101}, ("/percentage", "price-plan")),
        ("DiscountPrice", {"percentage": -5}, ("/percentage", "price-plan")),
        ("DiscountPrice", {"percentage": None}, ("/price", "price-plan")),
        ("DiscountPrice", {"percentage": None, "price": eur("-1")}, ("/price", "price-plan")),
        ("DiscountPrice", {"percentage": None, "price": {"unit": "GBP", "value": 1}}, ("/cap/unit", "price-plan")),
        ("CommitmentPrice", {"price": eur("0")}, ("/price/value", "price-plan")),
        ("CommitmentPrice", {"period": {"units": "pass", "length": "P7D"}}, ("/period/units", "price")),
    ],
)
def test_a_price_that_cannot_be_charged_by_is_refused(
    module_suite: Suite, kind: str, changes: dict[str, Any], expected: Any
) -> None:
    answer = module_suite.post(PRICES, price(kind, "refused", **changes))

    assert (answer.status, errors(answer)) == (400, expected if isinstance(expected, list) else [expected])
    assert module_suite.get(f"{PRICES}/refused").status == 404


def test_a_price_inside_an_offering_is_judged_too(module_suite: Suite) -> None:
    inside = offering() | {"productOfferingPrice": [price("DiscountPrice", popRelationship=None)]}

    answer = module_suite.post(OFFERINGS, inside)

    assert (answer.status, errors(answer)) == (400, [("/productOfferingPrice/0/popRelationship", "price-plan")])


def test_a_price_without_our_types_passes(module_suite: Suite) -> None:
    plain = {"@type": "ProductOfferingPrice", "name": "plain", "priceType": "usage", "lifecycleStatus": "Active"}

    assert module_suite.post(PRICES, plain).status == 201


def test_a_catalogue_alone_judges_what_it_knows() -> None:
    context = rule_context("productOfferingPrice")

    rules.create_price(price("DiscountPrice", popRelationship=None), context)
    rules.create_price(usage("a", increment=amount(0, "s")), context)

    assert refusals(context) == [("/popRelationship", "price-plan")]


DE, GB = [{"@type": "PlaceRef", "id": "de"}], [{"@type": "PlaceRef", "id": "gb"}]
OVERRIDE = {"@type": "ProductOfferingPriceRelationship", "id": "u1", "relationshipType": "override"}
EARLY, LATE = {"endDateTime": "2026-06-01T00:00:00Z"}, {"startDateTime": "2026-06-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("case", "one", "other", "is_ambiguous"),
    [
        ("the same match", {}, {}, True),
        ("another usage type", {}, {"usageType": "data"}, False),
        ("another currency", {}, {"price": {"unit": "GBP", "value": 1}, "setupFee": None}, False),
        ("another priority", {}, {"priority": 1}, False),
        ("periods that do not meet", {"validFor": EARLY}, {"validFor": LATE}, False),
        ("one is more specific", {}, {"match": {"zone": ["EU"]}}, False),
        ("other values", {"match": {"zone": ["EU"]}}, {"match": {"zone": ["World"]}}, False),
        ("a common value", {"match": {"zone": ["EU", "UK"]}}, {"match": {"zone": ["uk"]}}, True),
        ("other attributes", {"match": {"zone": ["EU"]}}, {"match": {"rat": ["NR"]}}, True),
        ("a longer prefix", {"match": {"destinationPrefix": ["49"]}}, {"match": {"destinationPrefix": ["491"]}}, False),
        ("a prefix in a rate", {"match": {"destinationPrefix": ["49"]}},
         {"rate": [{"prefix": "49", "price": eur("1")}]}, True),
        ("times that do not meet", {"match": {"timeBand": [{"weekday": [1]}]}},
         {"match": {"timeBand": [{"weekday": [2]}]}}, False),
        ("times that meet", {"match": {"timeBand": [{"startTime": "22:00", "endTime": "06:00"}]}},
         {"match": {"timeBand": [{"startTime": "05:00", "endTime": "07:00"}]}}, True),
        ("other places", {"place": DE}, {"place": GB}, False),
        ("a place and none, another name", {"place": DE}, {}, True),
        ("a place and none, for the same thing", {"place": DE, "name": "Calls"}, {"name": "Calls"}, False),
        ("the same thing twice", {"name": "Calls"}, {"name": "Calls"}, True),
        ("one overrides the other", {},
         {"popRelationship": [OVERRIDE]}, False),
        ("one is out of use", {}, {"lifecycleStatus": "In Study"}, True),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)  # fmt: skip
def test_two_prices_for_the_same_usage_are_refused(
    suite: Suite, case: str, one: dict[str, Any], other: dict[str, Any], is_ambiguous: bool
) -> None:
    first, second = usage("u1", **one), usage("u2", **other)
    for each in (first, second):
        suite.created(PRICES, each)

    answer = suite.post(OFFERINGS, offering(first, second))

    assert (answer.status, errors(answer)) == (
        (400, [("/productOfferingPrice/1", "ambiguous")]) if is_ambiguous else (201, [])
    )
    if is_ambiguous:
        assert "'u1' and 'u2'" in answer.json["errors"][0]["message"]
        assert suite.get(f"{OFFERINGS}/o1").status == 404


def test_a_price_may_not_become_ambiguous_by_a_new_version_or_a_patch(suite: Suite) -> None:
    first, second = usage("u1", lifecycleStatus="In Study"), usage("u2", match={"zone": ["EU"]})
    for each in (first, second):
        suite.created(PRICES, each)
    suite.created(OFFERINGS, offering(first, second))

    patched = suite.patch(f"{PRICES}/u1", {"match": {"zone": ["EU"]}})
    # Without its zone it is as general as the other one.
    versioned = suite.post(PRICES, usage("u2", version="2.0"))

    for answer in (patched, versioned):
        assert (answer.status, errors(answer)) == (400, [("/match", "ambiguous")])
        assert "'o1'" in answer.json["errors"][0]["message"]
    assert "match" not in suite.get(f"{PRICES}/u1").json
    assert suite.get(f"{PRICES}/u2").json["version"] == "1.0"


def test_an_offering_that_names_a_version_is_judged_by_it(suite: Suite) -> None:
    first, second = usage("u1", match={"zone": ["EU"]}), usage("u2")
    for each in (first, second, usage("u1", version="2.0")):
        suite.created(PRICES, each)
    old = offering(first, second)
    old["productOfferingPrice"][0]["version"] = "1.0"

    assert suite.post(OFFERINGS, old).status == 201
    assert errors(suite.post(OFFERINGS, offering(first, second, id="o2"))) == [("/productOfferingPrice/1", "ambiguous")]


@pytest.mark.parametrize(
    ("state", "change", "is_kept"),
    [
        ("Active", {"price": eur("0.20")}, True),
        ("Launched", {"increment": amount(10, "s")}, True),
        ("Active", {"version": "2.0"}, True),
        ("Active", {"price": eur("0.100")}, False),
        ("Active", {"name": "Another name"}, False),
        ("Active", {"lifecycleStatus": "Retired"}, False),
        ("Active", {"validFor": {"endDateTime": "2026-12-31T00:00:00.000Z"}}, True),
        ("In Test", {"validFor": {"endDateTime": "2026-12-31T00:00:00.000Z"}}, False),
        ("In Test", {"price": eur("0.20")}, False),
    ],
)
def test_a_price_that_was_on_sale_is_not_changed_in_place(
    suite: Suite, state: str, change: dict[str, Any], is_kept: bool
) -> None:
    suite.created(PRICES, usage("u1", lifecycleStatus=state))
    (name,) = change

    answer = suite.patch(f"{PRICES}/u1", change)

    assert (answer.status, errors(answer)) == ((400, [(f"/{name}", "in-use")]) if is_kept else (200, []))
    assert (suite.get(f"{PRICES}/u1").json.get(name) == change[name]) == (not is_kept)


@pytest.mark.parametrize(
    ("start", "end", "is_kept"),
    [
        ("2025-02-01T00:00:00.000Z", "2026-12-31T00:00:00.000Z", True),
        ("2025-01-01T00:00:00.000Z", "2026-12-30T00:00:00.000Z", True),
        ("2025-01-01T00:00:00.000Z", "2027-12-31T00:00:00.000Z", False),
        (None, None, False),
    ],
)
def test_usage_goes_on_being_charged_while_a_price_that_was_sold_is_valid(
    suite: Suite, start: str | None, end: str | None, is_kept: bool
) -> None:
    """Its validity may get longer; who sells it no more says so in its state."""
    sold = {"startDateTime": "2025-01-01T00:00:00.000Z", "endDateTime": "2026-12-31T00:00:00.000Z"}
    patched = {"startDateTime": start, "endDateTime": end}
    period = {name: value for name, value in patched.items() if value is not None}
    for made in (usage("u1", validFor=sold), price("AllowancePrice", "a1", validFor=sold)):
        suite.created(PRICES, made)

        answer = suite.patch(
            f"{PRICES}/{made['id']}", {"validFor": {"startDateTime": None, "endDateTime": None, **period}}
        )

        assert (answer.status, errors(answer)) == ((400, [("/validFor", "in-use")]) if is_kept else (200, []))
        assert suite.get(f"{PRICES}/{made['id']}").json.get("validFor", {}) == (sold if is_kept else period)


def test_a_plain_price_that_was_sold_stays_too_and_a_new_version_may_differ(suite: Suite) -> None:
    plain = price("OneTimePrice") | {"@type": "ProductOfferingPrice"}
    suite.created(PRICES, plain)

    assert errors(suite.patch(f"{PRICES}/p1", {"price": eur("9")})) == [("/price", "in-use")]
    assert suite.post(PRICES, plain | {"version": "2.0", "price": eur("9")}).status == 201


def test_what_a_price_names_must_be_loaded_in_strict_mode(tmp_path) -> None:
    suite = Suite(Settings(database_url=f"sqlite:///{tmp_path}/bss.db", components=COMPONENTS, reference_mode="strict"))
    named = usage("u1", tariffTable={"id": "world"}, match={"timeBand": [{"calendar": ["holidays"]}]})

    answer = suite.post(PRICES, named)
    suite.close()

    assert errors(answer) == [("/tariffTable/id", "reference"), ("/match/timeBand", "reference")]


def test_the_schema_that_a_price_names_is_served(module_suite: Suite) -> None:
    addresses = module_suite.get("/schemas").json
    path = addresses["UsagePrice"].removeprefix(module_suite.installation.settings.base_url)

    answer = module_suite.get(path)

    assert list(addresses) == list(VALID)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/schema+json")
    assert (answer.json["$id"], answer.json["required"]) == (addresses["UsagePrice"], ["@type", "usageType"])
    assert module_suite.get("/schemas/openapi.json").json["info"]["title"] == "Price plans"
    assert module_suite.get("/schemas/Unknown.schema.json").status == 404
