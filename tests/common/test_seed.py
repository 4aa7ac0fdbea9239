"""Samples are loaded through the API or into the store, once, in the order that their references ask for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest
from sqlalchemy import func, select

from common.domain.clock import SettableClock, instant_text
from common.errors import ConfigurationError
from common.installation import Installation
from common.seed import (
    Load,
    Report,
    SampleRefused,
    ServerSilent,
    collect,
    in_process,
    install,
    load,
    local_url,
    read_folder,
    seed,
)
from common.settings import Settings
from common.store.event_tables import outbox
from tests.fakes import NOW

CATALOGUE = "/tmf-api/productCatalogManagement/v5"
ORDERING = "/tmf-api/productOrderingManagement/v5"


@pytest.fixture
def settings(tmp_path):
    return Settings(database_url=f"sqlite:///{tmp_path / 'bss.db'}", job_dir=str(tmp_path / "jobs"))


@pytest.fixture
def installation(settings):
    opened = prepared(settings)
    yield opened
    opened.database.close()


@pytest.fixture
def client(installation):
    with in_process(installation) as opened:
        opened.base_url = local_url(installation)
        yield opened


def prepared(settings):
    opened = Installation.assemble(settings, SettableClock(NOW))
    opened.database.migrate()
    opened.database.prepare()
    return opened


def load_all(installation, client):
    return load(installation, collect(installation), local_url(installation), client)


def totals(report):
    return report.created.total(), report.present.total()


def events(installation):
    """The types of the events written so far, in order."""
    with installation.database.read() as uow:
        return list(uow.connection.scalars(select(outbox.c.type).order_by(outbox.c.sequence)))


def stored(installation, resource):
    """How many documents of a resource are in the store."""
    with installation.database.read() as uow:
        return len(uow.repository(installation.by_name[resource].stored.name).ids_where(None, 1_000))


# -- all of it --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """An installation with everything in it, its client, and what the loading reported."""
    installation = prepared(Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('seeded') / 'bss.db'}"))
    with in_process(installation) as client:
        client.base_url = local_url(installation)
        yield installation, client, load_all(installation, client)
    installation.database.close()


def test_seeding_twice_adds_nothing(seeded):
    installation, client, first = seeded
    every = sum(len(part.documents) for part in collect(installation))
    told = events(installation)

    second = load_all(installation, client)

    assert totals(first) == (every, 0)
    assert totals(second) == (0, every)
    assert events(installation) == told
    assert [row["resource"] for row in second.rows()] == [row["resource"] for row in first.rows()]


def test_the_states_of_the_samples_are_those_of_a_running_operator(seeded):
    _, client, _ = seeded

    orders = {one["id"]: one["state"] for one in client.get(f"{ORDERING}/productOrder").json()}

    assert orders == {"order-brandt-plan-m": "completed", "order-keller-home": "acknowledged"}


def test_every_new_sample_raises_its_create_event(seeded):
    told = events(seeded[0])

    assert told.count("CustomerBillCreateEvent") == 7  # straight into the store
    assert told.count("CustomerCreateEvent") == 5  # through the API
    assert told.count("ProductOrderCreateEvent") == 2  # one each way


def test_everything_can_be_read_as_it_was_written(settings):
    strict = {"reference_mode": "strict", "unknown_attributes": "refuse", "base_prefix": "/gateway"}
    installation = prepared(replace(settings, **strict))

    with in_process(installation) as client:
        load_all(installation, client)

        for part in collect(installation):
            listed = client.get(local_url(installation) + part.path).json(parse_float=Decimal)
            found = {one["id"]: one for one in listed}
            for document in part.documents:
                part.served.resource.fields.normalise(document)
                document.pop(part.served.resource.updated_at, None)
                assert_holds(found[document["id"]], document, f"{part.resource} {document['id']}")
    installation.database.close()


def assert_holds(answer, sample, place):
    """Everything in the sample stands in the answer; the server may have added members (states, dates)."""
    if isinstance(sample, dict):
        for name, value in sample.items():
            assert_holds(answer.get(name), value, f"{place}/{name}")
    elif isinstance(sample, list):
        assert len(answer) == len(sample), place
        for position, value in enumerate(sample):
            assert_holds(answer[position], value, f"{place}/{position}")
    else:
        assert answer == sample, place


def test_files_come_after_those_they_refer_to(installation):
    order = [part.resource for part in collect(installation)]

    for earlier, later in [
        *(("category", "productSpecification"), ("productSpecification", "productOffering")),
        *(("productOfferingPrice", "productOffering"), ("organization", "billingAccount")),
        *(("billingCycleSpecification", "billingAccount"), ("billingAccount", "customer")),
        *(("customer", "productOrder"), ("product", "productUsage"), ("billCycle", "customerBill")),
        *(("customerBill", "appliedCustomerBillingRate"), ("customerBill", "customerBillOnDemand")),
    ]:
        assert max(n for n, name in enumerate(order) if name == earlier) < order.index(later)


def test_one_component_is_loaded_alone(installation):
    chosen = collect(installation, ["tmf632_party"])

    assert {part.resource for part in chosen} == {"individual", "organization"}
    with pytest.raises(ConfigurationError, match="tmf999_nothing is not served here; there are tmf620_catalog"):
        collect(installation, ["tmf999_nothing"])


# -- through the API --------------------------------------------------------------------------------------------------


def parts(installation, resource):
    return [part for part in collect(installation) if part.resource == resource]


def test_a_sample_that_was_deleted_comes_back(installation, client):
    categories = parts(installation, "category")
    seed(local_url(installation), categories, client)
    assert client.delete(f"{CATALOGUE}/category/cat-business").status_code == 204

    report = seed(local_url(installation), categories, client)

    assert (report.created["category"], report.present["category"]) == (1, 8)
    assert client.get(f"{CATALOGUE}/category/cat-business").status_code == 200


def test_a_sample_that_somebody_changed_is_left_alone(installation, client):
    categories = parts(installation, "category")
    seed(local_url(installation), categories, client)
    client.patch(f"{CATALOGUE}/category/cat-home", json={"description": "Ours."})
    edited = replace(categories[0], documents=({**categories[0].documents[-1], "description": "Newer."},))

    report = seed(local_url(installation), [edited], client)  # another body, so another key: the id decides

    assert totals(report) == (0, 1)
    assert client.get(f"{CATALOGUE}/category/cat-home").json()["description"] == "Ours."


def test_a_refused_sample_stops_with_what_the_server_says(installation, client):
    (categories,) = parts(installation, "category")
    broken = replace(categories, documents=({"@type": "Category", "id": "cat-x", "name": "X", "isRoot": "yes"},))

    with pytest.raises(SampleRefused, match=r"category 'cat-x': the server answers 400: /isRoot: "):
        seed(local_url(installation), [broken], client)

    assert stored(installation, "category") == 0
    assert events(installation) == []


def test_a_page_that_is_no_tmf_error_is_shown_as_it_is(installation):
    (categories,) = parts(installation, "category")
    gateway = httpx.MockTransport(lambda _: httpx.Response(502, text="<h1>Bad gateway</h1>"))

    with (
        httpx.Client(transport=gateway) as client,
        pytest.raises(SampleRefused, match="the server answers 502: <h1>Bad gateway</h1>"),
    ):
        seed("http://bss.example/", [categories], client)


def test_a_server_that_is_not_there_is_named(installation):
    (categories,) = parts(installation, "category")

    def refuse(request):
        raise httpx.ConnectError("connection refused", request=request)

    with (
        httpx.Client(transport=httpx.MockTransport(refuse)) as client,
        pytest.raises(ServerSilent, match=r"http://bss\.example/tmf-api/.*/category: connection refused"),
    ):
        seed("http://bss.example", [categories], client)


# -- into the store ---------------------------------------------------------------------------------------------------


def test_what_is_installed_is_added_once(installation):
    cycles = parts(installation, "billCycle")

    first, second = install(installation, cycles), install(installation, cycles)

    assert (totals(first), totals(second)) == ((5, 0), (0, 5))
    assert stored(installation, "billCycle") == 5


def test_a_bad_sample_leaves_nothing_of_its_file(installation):
    (bills,) = parts(installation, "customerBill")
    broken = replace(bills, documents=(bills.documents[0], {**bills.documents[1], "state": "lost"}))

    with pytest.raises(SampleRefused, match=r"customerBill 'bill-brandt-2026-09': /state: "):
        install(installation, [broken])

    assert stored(installation, "customerBill") == 0
    assert events(installation) == []


def test_the_clock_says_when_it_was_told(installation):
    (bills,) = parts(installation, "customerBill")

    install(installation, [bills])

    with installation.database.read() as uow:
        assert set(uow.connection.scalars(select(outbox.c.occurred_at))) == {instant_text(NOW)}
        assert uow.connection.scalar(select(func.count()).select_from(outbox)) == 7


# -- files ------------------------------------------------------------------------------------------------------------


def read_one(folder, text):
    (folder / "thing.store.yaml").write_text(text)
    (sample,) = read_folder(folder)
    return sample


def test_yaml_means_what_the_same_json_would(tmp_path):
    sample = read_one(
        tmp_path,
        "load: api\nsamples:\n"
        "- {id: a, price: 4.20, count: 3, minus: -0.50, on: no, day: 2026-11-01, code: 0049, none: null, is: true}\n",
    )

    (document,) = sample.documents
    assert json.loads(json.dumps(document, default=str)) == {
        **{"id": "a", "price": "4.20", "count": 3, "minus": "-0.50", "on": "no", "day": "2026-11-01"},
        **{"code": "0049", "none": None, "is": True},
    }
    assert (sample.resource, sample.load, sample.reason) == ("thing", Load.API, "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("load: api\n", "is no file of samples"),
        ("- a\n", "is no file of samples"),
        ("load: mail\nsamples: []\n", "is no file of samples"),
        ("load: [\n", "is no file of samples"),
        ("load: store\nsamples: []\n", "a file says why"),
        ("load: api\nreason: none\nsamples: []\n", "a file says why"),
        ("load: api\nsamples: [{name: a}]\n", "every sample is an object with an id of its own"),
        ("load: api\nsamples: [a]\n", "every sample is an object with an id of its own"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, text, problem):
    with pytest.raises(ConfigurationError, match=rf"thing\.store\.yaml: {problem}"):
        read_one(tmp_path, text)


def test_a_report_counts_by_resource_in_the_order_met():
    report = Report()
    for resource, created in [("b", True), ("a", False), ("b", False)]:
        report.count(resource, created)

    assert report.rows() == [
        {"resource": "b", "created": 1, "present": 1},
        {"resource": "a", "created": 0, "present": 1},
    ]


# -- the command ------------------------------------------------------------------------------------------------------


def bss(settings, *words):
    """The command in a process of its own, as it sets up logging for the whole of it."""
    environment = {**os.environ, "BSS_DATABASE_URL": settings.database_url}
    start = [sys.executable, "-c", "from common.cli.main import main; main()"]
    return subprocess.run([*start, *words], env=environment, capture_output=True, text=True, timeout=120)


def test_the_command_tells_what_it_did(settings):
    prepared(settings).database.close()

    said = bss(settings, "seed", "--json", "--component", "tmf632_party")

    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout) == [
        {"resource": "individual", "created": 6, "present": 0},
        {"resource": "organization", "created": 4, "present": 0},
    ]


def test_the_command_leaves_out_what_the_api_cannot_create(settings):
    prepared(settings).database.close()

    said = bss(settings, "seed", "--api-only", "--component", "tmf678_bill")

    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[-1] == "0 created, 0 there already"
