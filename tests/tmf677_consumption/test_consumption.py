"""TMF677: requests for reports in both majors, what becomes of them, and the units that people read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from common.settings import Settings
from common.store import outbox
from tests.client import Suite
from tmf677_consumption import COMPONENT
from tmf677_consumption.quantities import unit_for

V5, V4 = "/tmf-api/usageConsumption/v5", "/tmf-api/usageConsumption/v4"
ASKED = {
    "queryUsageConsumptionDate": "2026-03-01T08:30:00.000Z",
    "partyAccount": [{"id": "a1", "name": "Home"}],
    "relatedParty": [{"id": "p1", "role": "user", "@referredType": "Individual"}],
    "searchCriteria": {
        "product": [{"id": "line-1"}],
        "service": [{"id": "s1"}],
        "bucketRefOrValue": [
            {"id": "b1", "@referredType": "Bucket"},
            {
                "name": "Data",
                "remainingValue": {"amount": 2, "units": "GB"},
                "bucketRelationship": [
                    {"relationshipType": "partOf", "bucketRefOrValue": {"id": "b2", "isShared": True}}
                ],
            },
        ],
    },
}


@pytest.fixture
def suite(tmp_path):
    suite = Suite(Settings(database_url=f"sqlite:///{tmp_path}/bss.db"))
    yield suite
    suite.close()


def events(suite):
    with suite.installation.database.engine.connect() as connection:
        return [entry.event.type for entry in outbox.unrelayed(connection, 100)]


def test_a_request_of_v4_is_the_same_request_in_v5(suite):
    made = suite.post(f"{V4}/queryUsageConsumption", ASKED)

    assert made.status == 201
    id = made.json["id"]
    kept = suite.get(f"{V5}/queryUsageConsumption/{id}").json
    assert kept["creationDate"] == ASKED["queryUsageConsumptionDate"]
    # Nobody here knows the line, the account or the person: both majors say so.
    assert kept["state"] == "terminatedWithError"
    assert [one["reason"] for one in kept["errorMessage"]] == ["there is no product 'line-1'"]
    assert [bucket["@type"] for bucket in kept["searchCriteria"]["bucket"]] == ["BucketRef", "Bucket"]
    assert kept["searchCriteria"]["bucket"][1]["bucketRelationship"][0]["bucket"]["id"] == "b2"
    assert "service" not in kept["searchCriteria"]
    assert kept["relatedParty"][0]["partyOrPartyRole"]["id"] == "p1"
    shown = suite.get(f"{V4}/queryUsageConsumption/{id}").json
    [answer] = shown.pop("usageConsumption")
    assert answer == {"description": "there is no product 'line-1'", "state": "terminatedWithError"}
    assert {name: value for name, value in shown.items() if name not in ("id", "href")} == ASKED


def test_what_v4_asks_for_says_what_is_sought(suite):
    without = {name: value for name, value in ASKED.items() if name != "searchCriteria"}

    assert suite.post(f"{V4}/queryUsageConsumption", without).status == 400


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"searchCriteria": {"@type": "UsageConsumptionReport"}},
        {"searchCriteria": {"@type": "UsageConsumptionReport", "bucket": [{"@type": "Bucket", "usageType": "data"}]}},
    ],
)
def test_a_request_that_names_nobody_is_refused_and_leaves_nothing(suite, said):
    answer = suite.post(f"{V5}/queryUsageConsumption", {"@type": "QueryUsageConsumption", **said})

    assert (answer.status, answer.json["code"]) == (400, "body.invalid")
    assert [one["pointer"] for one in answer.json["errors"]] == ["/searchCriteria"]
    assert suite.get(f"{V5}/queryUsageConsumption").json == []
    assert events(suite) == []


def test_a_period_that_has_not_begun_is_refused(suite):
    product = {"@type": "UsageConsumptionProductRef", "id": "line-1"}
    sought = {"@type": "UsageConsumptionReport", "validPeriod": {"startDateTime": "2999-01-01T00:00:00Z"}}
    asked = {"@type": "QueryUsageConsumption", "searchCriteria": {**sought, "product": [product]}}

    answer = suite.post(f"{V5}/queryUsageConsumption", asked)

    assert [one["pointer"] for one in answer.json["errors"]] == ["/searchCriteria/validPeriod/startDateTime"]
    assert events(suite) == []


def test_in_strict_mode_an_unknown_product_is_refused(tmp_path):
    strict = Suite(Settings(database_url=f"sqlite:///{tmp_path}/bss.db", reference_mode="strict"))
    sought = {"@type": "UsageConsumptionReport", "product": [{"@type": "UsageConsumptionProductRef", "id": "line-1"}]}

    answer = strict.post(f"{V5}/queryUsageConsumption", {"@type": "QueryUsageConsumption", "searchCriteria": sought})

    assert (answer.status, answer.json["errors"][0]["message"]) == (400, "there is no product 'line-1'")
    assert events(strict) == []
    strict.close()


def test_what_is_known_is_answered_and_the_rest_is_named(suite):
    suite.created("/tmf-api/productInventory/v5/product", {"@type": "Product", "id": "p1", "status": "active"})
    refs = [{"@type": "UsageConsumptionProductRef", "id": id} for id in ("p1", "p2")]
    sought = {"@type": "UsageConsumptionReport", "product": refs}
    made = suite.created(f"{V5}/queryUsageConsumption", {"@type": "QueryUsageConsumption", "searchCriteria": sought})

    assert made["state"] == "done"
    assert [one["id"] for one in made["usageConsumption"][0]["product"]] == ["p1"]
    assert [one["reason"] for one in made["errorMessage"]] == ["there is no product 'p2'"]


def test_nobody_writes_the_answer_but_the_server(suite):
    false = {"@type": "UsageConsumptionReport", "name": "false"}
    account = {"@type": "PartyAccountRef", "id": "a1"}
    asked = {"@type": "QueryUsageConsumption", "partyAccount": [account], "usageConsumption": [false]}

    made = suite.created(f"{V5}/queryUsageConsumption", asked)

    assert made["usageConsumption"] == [
        {"@type": "UsageConsumptionReport", "description": "there is no partyAccount 'a1'"}
    ]


def test_a_report_that_another_system_wrote_is_kept_as_it_is(suite):
    bucket = {"@type": "Bucket", "id": "b1", "remainingValue": {"amount": 2, "units": "GB"}}
    product = {"@type": "UsageConsumptionProductRef", "id": "line-1"}
    report = {"@type": "UsageConsumptionReport", "id": "r1", "product": [product], "bucket": [bucket]}

    suite.created(f"{V5}/usageConsumptionReport", report)

    kept = suite.get(f"{V5}/usageConsumptionReport/r1").json
    assert (kept["bucket"], kept["product"]) == ([bucket], [product])


def test_reports_have_no_resource_of_their_own_in_v4(suite):
    report = {"@type": "UsageConsumptionReport", "id": "r1", "name": "October"}

    assert suite.post(f"{V5}/usageConsumptionReport", report).status == 201
    assert suite.get(f"{V5}/usageConsumptionReport?name=October").json[0]["id"] == "r1"
    assert suite.get(f"{V4}/usageConsumptionReport/r1").status == 404


def test_either_path_leads_there(suite):
    account = {"@type": "PartyAccountRef", "id": "a1"}
    suite.created(
        f"{V5}/queryUsageConsumption", {"@type": "QueryUsageConsumption", "id": "q1", "partyAccount": [account]}
    )

    for base in ("usageConsumption", "usageConsumptionManagement"):
        for major in (4, 5):
            assert suite.get(f"/tmf-api/{base}/v{major}/queryUsageConsumption/q1").status == 200


@pytest.mark.parametrize("state", ["rejected", "cancelled", "done", "terminatedWithError"])
def test_a_request_ends_once(state):
    lifecycle = COMPONENT.resource("queryUsageConsumption").lifecycle

    assert lifecycle.may_move("acknowledged", state)
    assert lifecycle.is_final(state)


def test_no_client_says_how_far_a_request_has_come(suite):
    account = {"@type": "PartyAccountRef", "id": "a1"}
    asked = {"@type": "QueryUsageConsumption", "state": "done", "partyAccount": [account]}

    made = suite.post(f"{V5}/queryUsageConsumption", asked)

    assert (made.status, made.json["state"]) == (201, "terminatedWithError")
    assert suite.patch(f"{V5}/queryUsageConsumption/{made.json['id']}", {"state": "done"}).status == 405


@pytest.mark.parametrize(
    ("amounts", "base", "stated", "unit"),
    [
        (("1500000000",), "B", None, "GB"),
        (("1500000000",), "B", "MB", "MB"),
        (("1073741824",), "B", "GiB", "GiB"),
        (("1073741824", "1"), "B", "GiB", "kB"),
        (("1073741824", "0.1"), "B", "GiB", "B"),
        (("1234567",), "B", "GB", "kB"),
        (("90",), "s", None, "min"),
        (("50",), "s", "min", "s"),
        (("7200", "1800"), "s", "h", "h"),
        (("0",), "B", "GB", "GB"),
        (("3",), "event", "1", "event"),
    ],
)
def test_quantities_are_in_the_largest_unit_that_is_exact_for_all(amounts, base, stated, unit):
    # 1234567 B are 1234.567 kB.
    assert unit_for(map(Decimal, amounts), base, stated) == unit
