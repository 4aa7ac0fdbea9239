"""One store, two majors: what is written in one is read, filtered, changed and deleted in the other."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import ANY

import pytest

from common.installation import published_documents
from common.jobs.runner import Runner
from common.seed import collect, in_process, load, local_url
from common.serving import delivery_worker
from common.settings import Settings
from common.spec.contract import Contract, ResourceContract, Verb
from common.spec.load import load_contracts
from tests.client import Suite
from tests.common.events.listeners import listening
from tests.conformance.documents import Generator

# v4 demands a trading name, and shows the name as one until a v4 client changes either.
TOLD_TWICE = {"organization": {"tradingName"}}
POINTERS, QUERIES = "application/json-patch+json", "application/json-patch-query+json"
V4_NAMES = {"productCatalog": "catalog", "productUsage": "usage"}


@dataclass(frozen=True)
class Pair:
    """A resource in both majors."""

    v4: Contract
    v5: Contract
    old: ResourceContract
    new: ResourceContract

    def __str__(self) -> str:
        return f"{self.v4.api}-{self.new.name}"

    def collection(self, major: int) -> str:
        return self.v4.base_path + self.old.path if major == 4 else self.v5.base_path + self.new.path

    def body(self, major: int) -> dict[str, object]:
        contract, resource = (self.v4, self.old) if major == 4 else (self.v5, self.new)
        generator = Generator(contract.document)
        operation = contract.document["paths"][resource.path]["post"]
        body = dict(generator.minimal(generator.body_schema(operation)))
        body.pop("id", None)
        return body

    @property
    def shared(self) -> str:
        """An attribute that both majors have under one name and a client may change; an extension where none is."""
        changeable = self.old.attributes & self.new.attributes - self.old.immutable - self.new.immutable
        return next((name for name in ("description", "name") if name in changeable), "x-note")


def pairs() -> list[Pair]:
    contracts = load_contracts(published_documents())
    by_key = {contract.key: contract for contract in contracts}
    found = []
    for v5 in (contract for contract in contracts if contract.major == 5):
        v4 = by_key[f"{v5.api}/v4"]
        for name, resource in v5.resources.items():
            old = v4.resources.get(V4_NAMES.get(name, name))
            if old is not None and Verb.CREATE in resource.operations and Verb.CREATE in old.operations:
                found.append(Pair(v4, v5, old, resource))
    return found


PAIRS = pairs()


def test_every_resource_that_both_majors_create_is_here():
    assert len(PAIRS) == 23


@pytest.mark.parametrize("pair", PAIRS, ids=str)
@pytest.mark.parametrize(("written", "other"), [(4, 5), (5, 4)], ids=["v4 to v5", "v5 to v4"])
def test_what_one_major_writes_the_other_reads_filters_changes_and_deletes(suite, pair, written, other):
    body = {**pair.body(written), pair.shared: "first"}
    made = suite.created(pair.collection(written), body)
    assert made["href"] == f"http://bss.example{pair.collection(written)}/{made['id']}"
    here, there = (f"{pair.collection(major)}/{made['id']}" for major in (written, other))

    seen = suite.get(there)
    assert seen.status == 200
    assert seen.json["href"] == f"http://bss.example{there}"
    assert seen.json[pair.shared] == "first"
    assert ("@type" in seen.json) or other == 4
    assert not [name for name in seen.json if name.startswith("~")]

    found = suite.get(f"{pair.collection(other)}?id={made['id']}&{pair.shared}=first")
    assert (found.status, found.json) == (200, [seen.json])

    verbs = (pair.old if other == 4 else pair.new).operations
    before = suite.get(here).json
    if Verb.PATCH in verbs and Verb.PATCH in (pair.new if other == 4 else pair.old).operations:
        changed = suite.patch(there, {pair.shared: "second"})
        assert (changed.status, changed.json.get(pair.shared)) == (200, "second"), changed.json
        moving = {pair.shared, "lastUpdate", "lastModified"} | TOLD_TWICE.get(pair.new.name, set())
        after = suite.get(here).json
        assert after[pair.shared] == "second"
        assert {k: v for k, v in after.items() if k not in moving} == {
            k: v for k, v in before.items() if k not in moving
        }, "what the other major cannot say is untouched"
    if Verb.DELETE in verbs:
        gone = suite.delete(there)
        assert gone.status in (204, 409)
        assert suite.get(here).status == (404 if gone.status == 204 else 200)


def test_events_reach_both_majors_in_their_own_form_whichever_wrote_the_change(tmp_path: Path):
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/bss.db", components="tmf620_catalog", callback_allow_private=True
    )
    suite = Suite(settings)
    base = "/tmf-api/productCatalogManagement"
    with listening() as old, listening() as new:
        suite.created(f"{base}/v4/hub", {"callback": old.url})
        suite.created(f"{base}/v5/hub", {"callback": new.url})
        suite.created(f"{base}/v4/catalog", {"name": "from v4"})
        made = suite.created(f"{base}/v5/productCatalog", {"@type": "ProductCatalog", "name": "from v5"})
        suite.patch(f"{base}/v4/catalog/{made['id']}", {"description": "d"})
        worker = delivery_worker(suite.installation)
        asyncio.run(worker.step())
        worker.close()
        told_old, told_new = list(old.bodies), list(new.bodies)
    suite.close()

    assert [body["eventType"] for body in told_old] == [
        "CatalogCreateEvent",
        "CatalogCreateEvent",
        "CatalogAttributeValueChangeEvent",
    ]
    assert [body["event"]["catalog"]["name"] for body in told_old] == ["from v4", "from v5", "from v5"]
    assert all("timeOcurred" in body and "timeOccurred" not in body for body in told_old)
    assert all("/v4/catalog/" in body["event"]["catalog"]["href"] for body in told_old)
    assert [body["eventType"] for body in told_new] == [
        "ProductCatalogCreateEvent",
        "ProductCatalogCreateEvent",
        "ProductCatalogAttributeValueChangeEvent",
    ]
    assert told_new[2]["event"]["productCatalog"]["description"] == "d"
    assert all("timeOccurred" in body and body["@type"] == body["eventType"] for body in told_new)


USAGE = "/tmf-api/usageManagement/v4"


def test_v4_alone_has_usage_specifications_and_usage_events(suite):
    specification = suite.created(f"{USAGE}/usageSpecification", {"name": "voice"})
    usage = suite.created(f"{USAGE}/usage", {"usageSpecification": {"id": specification["id"]}, "usageType": "voice"})

    assert usage["status"] == "received"
    assert suite.get(f"{USAGE}/usage?status=received&usageType=voice").json == [usage]
    seen = suite.get(f"/tmf-api/productUsageManagement/v5/productUsage/{usage['id']}").json
    assert (seen["@type"], seen["status"], seen["usageType"]) == ("ProductUsage", "initialized", "voice")
    with suite.installation.database.read() as uow:
        types = [row[0] for row in uow.connection.exec_driver_sql("select type from outbox").fetchall()]
    assert "UsageCreateEvent" in types
    assert suite.get("/tmf-api/productUsageManagement/v5/usageSpecification").status == 404


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("received", "initialized"),
        ("guided", "validated"),
        ("rated", "rated"),
        ("rerated", "corrected"),
        ("billed", "rated"),
        ("rejected", "rejected"),
        ("recycled", "initialized"),
    ],
)
def test_v4_usage_is_brought_in_with_the_status_that_it_has(suite, sent, stored):
    made = suite.created(f"{USAGE}/usage", {"usageType": "voice", "status": sent})

    assert made["status"] == sent
    assert suite.get(f"{USAGE}/usage?status={sent}").json == [made]
    assert suite.get(f"/tmf-api/productUsageManagement/v5/productUsage/{made['id']}").json["status"] == stored


@pytest.mark.parametrize("status", ["initialized", "validated", "rated", "corrected", "rejected", "failed"])
def test_v5_usage_starts_initialized_whatever_was_sent(suite, status):
    """The contract leaves the status out of what a client sets on create, so it is ignored."""
    (pair,) = (pair for pair in PAIRS if pair.new.name == "productUsage")

    assert suite.created(pair.collection(5), {**pair.body(5), "status": status})["status"] == "initialized"


# An order and its cancellation are not here: v4 leaves their state to the server.
INITIAL = {
    **dict.fromkeys(
        ("productCatalog", "category", "productOffering", "productOfferingPrice", "productSpecification"), "In Study"
    ),
    **dict.fromkeys(("importJob", "exportJob"), "Not Started"),
    **dict.fromkeys(("partyAccount", "billingAccount", "settlementAccount", "financialAccount"), "Active"),
    **dict.fromkeys(("individual", "organization"), "initialized"),
    "customer": "Created",
    "productUsage": "received",
    "product": "created",
    "customerBillOnDemand": "inProgress",
}


def test_these_are_all_whose_first_state_a_v4_client_may_say():
    assert INITIAL.keys() == {pair.new.name for pair in PAIRS if pair.old.state_attribute in pair.old.settable}


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair.new.name in INITIAL], ids=str)
def test_a_v4_create_may_say_the_initial_state(suite, pair):
    made = suite.created(pair.collection(4), {**pair.body(4), pair.old.state_attribute: INITIAL[pair.new.name]})

    assert made[pair.old.state_attribute] == INITIAL[pair.new.name]


def test_renamed_attributes_are_filtered_sorted_and_selected_by_their_v4_names(suite):
    orders = "/tmf-api/productOrderingManagement/v4/productOrder"
    party = {"id": "42", "role": "customer", "@referredType": "Individual"}
    item = {"id": "1", "action": "add", "product": {"productSpecification": {"id": "s"}}}
    made = suite.created(orders, {"externalId": "E-1", "relatedParty": [party], "productOrderItem": [item]})

    assert made["relatedParty"] == [party]
    for question in (
        f"orderDate={made['orderDate']}",
        "relatedParty.id=42",
        "externalId=E-1",
        "filter=relatedParty[?(@.id=='42')]",
    ):
        assert [one["id"] for one in suite.get(f"{orders}?{question}").json] == [made["id"]], question
    assert suite.get(f"{orders}?relatedParty.id=43").json == []
    assert suite.get(f"{orders}?sort=-orderDate&fields=orderDate").json == [
        {"id": made["id"], "href": made["href"], "orderDate": made["orderDate"]}
    ]
    stored = suite.get(f"/tmf-api/productOrderingManagement/v5/productOrder/{made['id']}").json
    assert stored["creationDate"] == made["orderDate"]
    assert stored["relatedParty"][0]["partyOrPartyRole"]["id"] == "42"


OTHERWISE_CALLED = [pair for pair in PAIRS if pair.old.type_name != pair.new.type_name]


def test_the_resources_that_v4_calls_otherwise_are_these():
    assert [(pair.old.type_name, pair.new.type_name) for pair in OTHERWISE_CALLED] == [
        ("Catalog", "ProductCatalog"),
        ("Usage", "ProductUsage"),
    ]


@pytest.mark.parametrize("pair", OTHERWISE_CALLED, ids=str)
def test_a_type_is_found_and_shown_by_the_name_of_the_major(suite, pair):
    v4, v5 = pair.collection(4), pair.collection(5)
    old, new = pair.old.type_name, pair.new.type_name
    said = suite.created(v4, {**pair.body(4), "@type": old})
    told = suite.created(v4, pair.body(4))
    other = suite.created(v5, {**pair.body(5), "@type": new})
    own = suite.created(v4, {**pair.body(4), "@type": "Acme", "@baseType": old})

    assert said["@type"] == old
    assert own["@type"] == "Acme"
    assert "@type" not in told, "a v4 client gets back what it sent"
    alike, every = [said["id"], told["id"], other["id"]], [said["id"], told["id"], other["id"], own["id"]]
    for question, found in (
        (f"@type={old}", alike),
        (f"@type={old},Acme", every),
        (f"@type.ne={old}", [own["id"]]),
        (f"@type.regex=^{old}$", alike),
        (f"filter=$[?(@['@type']=='{old}')]", alike),
        ("@type=Acme", [own["id"]]),
        (f"@type={new}", []),
    ):
        answer = suite.get(f"{v4}?{question}")
        assert [one["id"] for one in answer.json] == found, question
        assert new not in [one.get("@type") for one in answer.json]
    assert suite.get(f"{v4}?@type={old}").json[0]["@type"] == old
    assert [one["id"] for one in suite.get(f"{v5}?@type={new}").json] == alike
    assert {one["@type"] for one in suite.get(v5).json} == {new, "Acme"}
    assert suite.get(f"{v5}?@type={old}").json == []


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_type_that_v4_sent_is_shown_and_found(suite, pair):
    made = suite.created(pair.collection(4), {**pair.body(4), "@type": pair.old.type_name})

    assert made["@type"] == pair.old.type_name
    assert suite.get(f"{pair.collection(4)}?@type={pair.old.type_name}").json == [made]


def test_a_client_cannot_write_what_is_kept_beside(suite):
    answer = suite.post(
        "/tmf-api/productCatalogManagement/v5/category", {"@type": "Category", "name": "x", "~parentId": "y"}
    )

    assert answer.status == 400
    assert [error["rule"] for error in answer.json["errors"]] == ["reserved"]


@pytest.mark.parametrize(
    ("media_type", "path"),
    [(POINTERS, "/~0status"), (POINTERS, "/contactMedium/0/~0characteristic"), (QUERIES, "/~x"), (QUERIES, "/%7Ex")],
)
@pytest.mark.parametrize("party", ["partyManagement/v5", "party/v4"])
def test_a_patch_cannot_write_what_is_kept_beside(suite, party, media_type, path):
    medium = {"@type": "EmailContactMedium", "emailAddress": "ada@example.com"}
    body = {"@type": "Individual", "givenName": "A", "familyName": "L", "contactMedium": [medium]}
    made = suite.created("/tmf-api/partyManagement/v5/individual", body)
    address = f"/tmf-api/{party}/individual/{made['id']}"
    value = {"of": {"status": "initialized"}, "value": {"status": "hacked", "id": "zz"}}
    before = suite.get(address).content

    answer = suite.patch(address, [{"op": "add", "path": path, "value": value}], media_type=media_type)

    assert answer.status == 400
    assert [error["rule"] for error in answer.json["errors"]] == ["reserved"]
    assert suite.get(address).content == before


@pytest.mark.parametrize("written", [4, 5], ids=["written in v4", "written in v5"])
def test_a_json_patch_tests_what_either_major_shows(suite, written):
    old, new = "/tmf-api/party/v4/individual", "/tmf-api/partyManagement/v5/individual"
    mail = {"mediumType": "email", "preferred": True, "characteristic": {"emailAddress": "a@x.org", "city": "Rome"}}
    medium = mail if written == 4 else {"@type": "EmailContactMedium", "emailAddress": "a@x.org", "city": "Rome"}
    body = {"@type": "Individual", "givenName": "A", "familyName": "L", "contactMedium": [medium]}
    id = suite.created(old if written == 4 else new, body)["id"]

    for address in (f"{old}/{id}", f"{new}/{id}"):
        holds_as_shown(suite, address)


def holds_as_shown(suite: Suite, address: str) -> None:
    """A patch that tests everything that its resource shows holds, in both languages of patches."""
    shown = suite.get(address).json
    tests = [{"op": "test", "path": f"/{name}", "value": value} for name, value in shown.items()]
    pointed = suite.patch(address, [{"op": "test", "path": "", "value": shown}, *tests], media_type=POINTERS)
    asked = suite.patch(address, [one for one in tests if not isinstance(one["value"], list)], media_type=QUERIES)
    assert (pointed.status, pointed.json) == (200, shown), (pointed.content, address)
    assert (asked.status, asked.json) == (200, shown), (asked.content, address)


def carried_out(suite: Suite) -> None:
    """Every job that waits, to its end."""
    runner = Runner(suite.installation)
    while runner.look():
        pass
    runner.close()


def test_an_export_has_the_stored_form_without_what_is_kept_beside(tmp_path: Path):
    (tmp_path / "jobs").mkdir()
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/bss.db", components="tmf620_catalog", job_dir=str(tmp_path / "jobs")
    )
    suite = Suite(settings)
    base = "/tmf-api/productCatalogManagement"
    suite.created(f"{base}/v4/category", {"name": "from v4", "parentId": "top", "x-own": 1})
    job = suite.created(f"{base}/v4/exportJob", {"url": "out.json", "path": "/category"})
    carried_out(suite)

    assert suite.get(f"{base}/v4/exportJob/{job['id']}").json["status"] == "Succeeded"
    (exported,) = json.loads((tmp_path / "jobs" / "out.json").read_text())
    assert (exported["@type"], exported["parent"]["id"], exported["x-own"]) == ("Category", "top", 1)
    assert "~" not in (tmp_path / "jobs" / "out.json").read_text()
    suite.close()


@pytest.mark.parametrize(
    "path",
    ["/catalog", "catalog/", "https://any.example/tmf-api/productCatalogManagement/v4/catalog", "/productCatalog"],
)
def test_a_job_knows_a_resource_by_its_name_in_either_major(tmp_path: Path, path: str):
    (tmp_path / "jobs").mkdir()
    url = f"sqlite:///{tmp_path}/bss.db"
    suite = Suite(Settings(database_url=url, components="tmf620_catalog", job_dir=str(tmp_path / "jobs")))
    base = "/tmf-api/productCatalogManagement"
    suite.created(f"{base}/v4/catalog", {"name": "from v4"})
    suite.created(f"{base}/v4/category", {"name": "another"})
    exported = suite.created(f"{base}/v4/exportJob", {"url": "out.json", "path": path})
    carried_out(suite)
    (tmp_path / "jobs" / "in.json").write_text('[{"@type": "ProductCatalog", "name": "from a file"}]')
    imported = suite.created(
        f"{base}/v4/importJob", {"url": "in.json", "path": path, "contentType": "application/json"}
    )
    carried_out(suite)

    assert (exported["path"], imported["path"]) == (path, path)
    for job, major in ((exported, "v4"), (exported, "v5")):
        seen = suite.get(f"{base}/{major}/exportJob/{job['id']}").json
        assert (seen["path"], seen["status"]) == (path, "Succeeded")
    assert [one["name"] for one in json.loads((tmp_path / "jobs" / "out.json").read_text())] == ["from v4"]
    assert suite.get(f"{base}/v4/importJob/{imported['id']}").json["status"] == "Succeeded"
    assert [one["name"] for one in suite.get(f"{base}/v4/catalog").json] == ["from v4", "from a file"]
    suite.close()


def test_a_job_for_what_neither_major_has_is_refused(suite):
    answer = suite.post("/tmf-api/productCatalogManagement/v4/exportJob", {"url": "out.json", "path": "/catalogue"})

    assert answer.status == 400
    assert [error["pointer"] for error in answer.json["errors"]] == ["/path"]


def test_dates_that_only_v4_has_are_compared_as_instants(suite):
    body = {"usageDate": "2026-03-01T10:00:00+02:00", "usageType": "voice"}
    made = suite.created(f"{USAGE}/usage", body)

    assert made["usageDate"] == "2026-03-01T08:00:00.000Z"
    assert suite.get(f"{USAGE}/usage?usageDate=2026-03-01T08:00:00Z").json == [made]
    assert suite.get(f"{USAGE}/usage?usageDate.gt=2026-03-01T08:00:00Z").json == []


def test_the_sample_operator_reads_in_v4_and_its_bills_move_in_both(suite):
    installation = suite.installation
    with in_process(installation) as client:
        load(installation, collect(installation), local_url(installation), client)
    wrong, read = [], 0
    for contract in (c for c in installation.contracts if c.major == 4):
        for name, resource in contract.resources.items():
            for shown in suite.get(f"{contract.base_path}{resource.path}?limit=1000").json:
                read += 1
                assert suite.get(f"{contract.base_path}{resource.path}/{shown['id']}").json == shown
                if Verb.PATCH in resource.operations:
                    holds_as_shown(suite, f"{contract.base_path}{resource.path}/{shown['id']}")
                wrong += [f"{name}: {v.message}" for v in resource.whole.violations(shown) if v.rule != "required"]
    assert wrong == []
    assert read == 188, "all samples but the five bill cycles and the consumption report, which v4 does not have"

    bill = "/tmf-api/customerBillManagement/{}/customerBill/bill-brandt-2026-10"
    old = suite.get(bill.format("v4")).json
    assert old["billDocument"]
    assert suite.get("/tmf-api/customerBillManagement/v4/appliedCustomerBillingRate?isBilled=false").headers[
        "x-total-count"
    ] == str(4)
    assert suite.patch(bill.format("v4"), {"state": "onHold"}).status == 200
    assert suite.get(bill.format("v5")).json["state"] == "onHold"
    assert suite.get(bill.format("v4")).json == old | {"state": "onHold", "lastUpdate": ANY}
