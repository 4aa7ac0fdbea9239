"""What a product was, and whose identifiers were its, at any time; over HTTP, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.domain.clock import SettableClock
from common.settings import Settings
from tests.client import Suite
from tests.postgres import postgres_server, postgres_url  # noqa: F401

PRODUCTS = "/tmf-api/productInventory/v5/product"
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def clock_and_suite(request: pytest.FixtureRequest, tmp_path):
    url = f"sqlite:///{tmp_path}/bss.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    clock = SettableClock(START)
    suite = Suite(Settings(database_url=url, components="tmf637_inventory"), clock)
    yield clock, suite
    suite.close()


def product(msisdn: str, **more):
    number = {"@type": "StringCharacteristic", "name": "msisdn", "value": msisdn}
    return {"@type": "Product", "status": "pendingActive", "productCharacteristic": [number], **more}


def history(suite: Suite, *ids: str):
    with suite.installation.database.read() as uow:
        offered = suite.installation.offered("productHistory", uow)
        return {id: [(span.since, span.status) for span in spans] for id, spans in offered.spans(ids).items()}


def owners(suite: Suite, msisdn: str):
    with suite.installation.database.read() as uow:
        found = suite.installation.offered("productHistory", uow).owners([("msisdn", msisdn)])
        return found.get(("msisdn", msisdn), [])


def test_every_change_of_what_is_charged_begins_a_span(clock_and_suite):
    clock, suite = clock_and_suite
    id = suite.created(PRODUCTS, product("4915112345"))["id"]
    moments = [START]
    for change in ({"status": "active"}, {"description": "no span"}, {"status": "suspended"}, {"status": "active"}):
        clock.advance(timedelta(days=1))
        moments.append(clock.now())
        assert suite.patch(f"{PRODUCTS}/{id}", change).status == 200

    assert history(suite, id) == {
        id: [
            (moments[0], "pendingActive"),
            (moments[1], "active"),
            (moments[3], "suspended"),
            (moments[4], "active"),
        ]
    }


def test_a_termination_counts_from_its_date(clock_and_suite):
    clock, suite = clock_and_suite
    id = suite.created(PRODUCTS, product("4915112345", status="active", startDate="2025-12-01T00:00:00Z"))["id"]
    clock.advance(timedelta(days=10))
    ended = {"status": "terminated", "terminationDate": "2026-01-05T00:00:00Z"}
    assert suite.patch(f"{PRODUCTS}/{id}", ended).status == 200

    assert history(suite, id)[id] == [
        (datetime(2025, 12, 1, tzinfo=UTC), "active"),
        (datetime(2026, 1, 5, tzinfo=UTC), "terminated"),
    ]
    first, last = datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)
    assert owners(suite, "4915112345") == [(first, last, id)]


def test_a_number_moves_from_one_product_to_the_next(clock_and_suite):
    clock, suite = clock_and_suite
    first = suite.created(PRODUCTS, product("1", status="active"))["id"]
    clock.advance(timedelta(days=1))
    second = suite.created(PRODUCTS, product("2", status="active"))["id"]
    clock.advance(timedelta(days=1))
    swapped = {"productCharacteristic": product("1")["productCharacteristic"]}
    assert suite.patch(f"{PRODUCTS}/{second}", swapped).status == 200

    day = timedelta(days=1)
    assert owners(suite, "1") == [(START, START + 2 * day, first), (START + 2 * day, None, second)]
    assert owners(suite, "2") == [(START + day, START + 2 * day, second)]
    assert owners(suite, "3") == []


def test_numbers_and_products_are_asked_for_at_once(clock_and_suite):
    clock, suite = clock_and_suite
    first = suite.created(PRODUCTS, product("1", status="active"))["id"]
    other = suite.created(PRODUCTS, product("2", status="active"))["id"]
    clock.advance(timedelta(days=1))
    second = suite.created(PRODUCTS, product("1", status="active"))["id"]

    def asked(numbers: list[str], products: list[str]):
        with suite.installation.database.read() as uow:
            question = suite.installation.offered("productHistory", uow).asking(
                [("msisdn", number) for number in numbers], products
            )
            [(owners, spans)] = uow.answers(question)
            return [owners.get(("msisdn", number)) for number in numbers], sorted(spans)

    moved = [(START, START + timedelta(days=1), first), (START + timedelta(days=1), None, second)]
    assert asked(["+1"], []) == ([moved], sorted([first, second]))
    assert asked(["1"], [other, "nothing"]) == ([moved], sorted([first, second, other]))
    assert asked(["3"], [other]) == ([None], [other])
    assert asked([], [first]) == ([], [first])
    assert asked([], []) == ([], [])


def test_an_account_has_the_products_that_were_ever_charged_to_it(clock_and_suite):
    clock, suite = clock_and_suite

    def charged_to(account: str):
        return {"billingAccount": {"@type": "BillingAccountRef", "id": account}}

    moved = suite.created(PRODUCTS, product("1", status="active", **charged_to("home")))["id"]
    stays = suite.created(PRODUCTS, product("2", status="active", **charged_to("home")))["id"]
    suite.created(PRODUCTS, product("3", status="active"))
    clock.advance(timedelta(days=1))
    assert suite.patch(f"{PRODUCTS}/{moved}", charged_to("work")).status == 200

    with suite.installation.database.read() as uow:
        offered = suite.installation.offered("productHistory", uow)
        found = offered.of_account(["work", "home", "nobody"])
    assert found == {"home": sorted([moved, stays]), "work": [moved]}
    assert list(found) == ["home", "work"]


def test_nothing_is_known_of_a_deleted_product(clock_and_suite):
    _, suite = clock_and_suite
    id = suite.created(PRODUCTS, product("1"))["id"]
    assert suite.patch(f"{PRODUCTS}/{id}", {"status": "cancelled"}).status == 200
    assert suite.delete(f"{PRODUCTS}/{id}").status == 204

    assert history(suite, id) == {}
    assert owners(suite, "1") == []


def test_what_a_product_is_bundled_with_begins_a_span(clock_and_suite):
    clock, suite = clock_and_suite
    id = suite.created(PRODUCTS, product("1", status="active", product=[{"@type": "ProductRef", "id": "inside"}]))["id"]

    def related(*of: tuple[str, str]):
        clock.advance(timedelta(days=1))
        listed = [{"@type": "ProductRelationship", "relationshipType": word, "id": one} for word, one in of]
        assert suite.patch(f"{PRODUCTS}/{id}", {"productRelationship": listed}).status == 200

    related(("bundles", "b"), ("contains", "a"), ("isPartOf", "whole"))
    related(("bundles", "b"), ("contains", "a"), ("isPartOf", "whole"), ("reliesOn", "other"))
    related()

    with suite.installation.database.read() as uow:
        [spans] = suite.installation.offered("productHistory", uow).spans([id]).values()
    day = timedelta(days=1)
    assert [(span.since, span.doc["bundles"], span.doc.get("bundledBy")) for span in spans] == [
        (START, ["inside"], None),
        (START + day, ["a", "b", "inside"], ["whole"]),
        (START + 3 * day, ["inside"], None),
    ]


def test_what_is_made_active_as_of_a_later_day_begins_then_whatever_changes_until_then(clock_and_suite):
    clock, suite = clock_and_suite
    id = suite.created(PRODUCTS, product("1", status="active", startDate="2026-03-01T00:00:00Z"))["id"]
    begins = datetime(2026, 3, 1, tzinfo=UTC)
    assert (history(suite, id)[id], owners(suite, "1")) == ([(begins, "active")], [(begins, None, id)])

    clock.advance(timedelta(days=10))
    assert suite.patch(f"{PRODUCTS}/{id}", {"productPrice": []}).status == 200
    assert history(suite, id)[id] == [(begins, "active")]

    for text in ("2026-04-01T00:00:00Z", "2026-02-01T00:00:00Z"):
        assert suite.patch(f"{PRODUCTS}/{id}", {"startDate": text}).status == 200
        assert history(suite, id)[id] == [(datetime.fromisoformat(text), "active")]

    assert suite.patch(f"{PRODUCTS}/{id}", {"status": "terminated"}).status == 200
    assert history(suite, id)[id] == [(clock.now(), "terminated")]


def test_what_is_activated_before_its_start_waits_for_it(clock_and_suite):
    clock, suite = clock_and_suite
    id = suite.created(PRODUCTS, product("1", startDate="2026-03-01T00:00:00Z"))["id"]
    clock.advance(timedelta(days=1))
    for status in ("active", "suspended", "active"):
        assert suite.patch(f"{PRODUCTS}/{id}", {"status": status}).status == 200

        assert history(suite, id)[id] == [(START, "pendingActive"), (datetime(2026, 3, 1, tzinfo=UTC), status)]


@pytest.mark.parametrize("text", ["2026-01-03T00:00:00Z", "2026-01-08T00:00:00Z"])
def test_an_end_that_is_corrected_counts_from_its_new_date(clock_and_suite, text):
    clock, suite = clock_and_suite
    id = suite.created(PRODUCTS, product("1", status="active"))["id"]
    clock.advance(timedelta(days=10))
    ended = {"status": "terminated", "terminationDate": "2026-01-05T00:00:00Z"}
    assert suite.patch(f"{PRODUCTS}/{id}", ended).status == 200
    clock.advance(timedelta(days=10))
    assert suite.patch(f"{PRODUCTS}/{id}", {"terminationDate": text}).status == 200

    assert history(suite, id)[id] == [(START, "active"), (datetime.fromisoformat(text), "terminated")]

    assert suite.patch(f"{PRODUCTS}/{id}", {"productPrice": []}).status == 200
    assert history(suite, id)[id] == [(START, "active"), (datetime.fromisoformat(text), "terminated")]
