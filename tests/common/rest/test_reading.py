"""Who answers a request that only reads: the event loop's thread on PostgreSQL, or a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from common.rest.endpoint import SHARED_ITEMS_MAX
from common.settings import Settings
from common.store.session import Session
from tests.client import Suite
from tests.postgres import PostgresServer

OFFERINGS = "/tmf-api/productCatalogManagement/v5/productOffering"


@pytest.fixture(scope="module")
def suite(postgres_server: PostgresServer) -> Iterator[Suite]:
    with postgres_server.database() as url:
        made = Suite(Settings(database_url=url, components="tmf620_catalog"))
        for number in range(3):
            body = {"@type": "ProductOffering", "id": f"o{number}", "name": f"Offering {number}", "version": "1.0"}
            made.created(OFFERINGS, {**body, "lifecycleStatus": "In study"})
        yield made
        made.close()


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads in which the database was asked, as often as it was."""
    names: list[str] = []
    ask = Session._ask

    def noted(session: Session, steps):
        names.append(threading.current_thread().name)
        return ask(session, steps)

    monkeypatch.setattr(Session, "_ask", noted)
    return names


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{OFFERINGS}/o1", 200),
        (f"{OFFERINGS}/nobody", 404),
        (f"{OFFERINGS}?limit=2", 206),
        (f"{OFFERINGS}?lifecycleStatus=In%20study&limit=2", 206),
        (f"{OFFERINGS}?name=Offering%201&sort=-lastUpdate&limit={SHARED_ITEMS_MAX}", 200),
    ],
)
def test_what_an_index_answers_is_read_between_other_requests(suite, threads, path, status):
    assert suite.get(path).status == status
    assert set(threads) == {"MainThread"}


@pytest.mark.parametrize("query", [f"limit={SHARED_ITEMS_MAX + 1}", "", "description.regex=plan&limit=5"])
def test_what_may_take_long_is_read_by_a_thread(suite, threads, query):
    assert suite.get(f"{OFFERINGS}?{query}").status in (200, 206)
    assert "MainThread" not in threads[-1:]


def test_changes_are_made_by_threads(suite, threads):
    assert suite.patch(f"{OFFERINGS}/o2", {"description": "Another"}).status == 200
    assert threads
    assert "MainThread" not in threads
