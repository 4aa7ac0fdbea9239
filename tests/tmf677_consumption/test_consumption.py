"""TMF677: requests for reports in both majors, and their states."""

from __future__ import annotations

import pytest

from common.settings import Settings
from tests.client import Suite
from tmf677_consumption import COMPONENT

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


def test_a_request_of_v4_is_the_same_request_in_v5(suite):
    made = suite.post(f"{V4}/queryUsageConsumption", ASKED)

    assert made.status == 201
    id = made.json["id"]
    kept = suite.get(f"{V5}/queryUsageConsumption/{id}").json
    assert kept["creationDate"] == ASKED["queryUsageConsumptionDate"]
    assert kept["state"] == "acknowledged"
    assert [bucket["@type"] for bucket in kept["searchCriteria"]["bucket"]] == ["BucketRef", "Bucket"]
    assert kept["searchCriteria"]["bucket"][1]["bucketRelationship"][0]["bucket"]["id"] == "b2"
    assert "service" not in kept["searchCriteria"]
    assert kept["relatedParty"][0]["partyOrPartyRole"]["id"] == "p1"
    shown = suite.get(f"{V4}/queryUsageConsumption/{id}").json
    assert {name: value for name, value in shown.items() if name not in ("id", "href")} == ASKED


def test_what_v4_asks_for_says_what_is_sought(suite):
    without = {name: value for name, value in ASKED.items() if name != "searchCriteria"}

    assert suite.post(f"{V4}/queryUsageConsumption", without).status == 400
    assert suite.post(f"{V5}/queryUsageConsumption", {"@type": "QueryUsageConsumption"}).status == 201


def test_reports_have_no_resource_of_their_own_in_v4(suite):
    report = {"@type": "UsageConsumptionReport", "id": "r1", "name": "October"}

    assert suite.post(f"{V5}/usageConsumptionReport", report).status == 201
    assert suite.get(f"{V5}/usageConsumptionReport?name=October").json[0]["id"] == "r1"
    assert suite.get(f"{V4}/usageConsumptionReport/r1").status == 404


def test_either_path_leads_there(suite):
    suite.post(f"{V5}/queryUsageConsumption", {"@type": "QueryUsageConsumption", "id": "q1"})

    for base in ("usageConsumption", "usageConsumptionManagement"):
        for major in (4, 5):
            assert suite.get(f"/tmf-api/{base}/v{major}/queryUsageConsumption/q1").status == 200


@pytest.mark.parametrize("state", ["rejected", "cancelled", "done", "terminatedWithError"])
def test_a_request_ends_once(state):
    lifecycle = COMPONENT.resource("queryUsageConsumption").lifecycle

    assert lifecycle.may_move("acknowledged", state)
    assert lifecycle.is_final(state)


def test_no_client_says_how_far_a_request_has_come(suite):
    made = suite.post(f"{V5}/queryUsageConsumption", {"@type": "QueryUsageConsumption", "state": "done"})

    assert (made.status, made.json["state"]) == (201, "acknowledged")
    assert suite.patch(f"{V5}/queryUsageConsumption/{made.json['id']}", {"state": "done"}).status == 405
