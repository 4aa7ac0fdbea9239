"""How often the database is asked while the rows of an account are locked (docs/charging.md)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg.pq import PipelineStatus
from sqlalchemy import Engine, event

from tests.scenarios.charging import Network
from tests.scenarios.kit import Shop
from tests.scenarios.sessions import Element

# What is counted and held, the balances, what the session holds of them, and the three that show them.
LOCKED = "tmf635_scope"
READS = [
    "tmf635_bucket",
    "tmf654_balance",
    "tmf654_reservation",
    "tmf654_v4_bucket",
    "tmf654_total",
    "tmf654_v4_accumulated_balance",
]
# The usage document and its index.
USAGES = ["tmf635_product_usage", "tmf635_product_usage_lookup"]
WRITES = [
    "tmf635_rating",
    "tmf635_rated_line",
    "tmf654_reservation",
    "tmf654_balance",
    "tmf654_movement",
    "tmf654_v4_bucket",
    "tmf654_v4_accumulated_balance",
    "tmf654_total",
    "tmf635_usage_key",
    "tmf635_session",
    "outbox",
]


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What is sent to the database, in order: `SELECT table`, `INSERT table`; `+` before what is sent with others."""
    sent: list[str] = []

    def executed(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        driver = connection.connection.driver_connection
        pipelined = getattr(getattr(driver, "pgconn", None), "pipeline_status", PipelineStatus.OFF)
        words = statement.replace("(", " ").split()
        verb = words[0]
        place = {"SELECT": words.index("FROM") + 1 if "FROM" in words else 0, "UPDATE": 1}.get(verb, 2)
        table = words[place] if place < len(words) else ""
        sent.append(("+" if pipelined != PipelineStatus.OFF else "") + f"{verb} {table.strip(',')}")

    def committed(connection: Any) -> None:
        sent.append("COMMIT")

    event.listen(engine, "before_cursor_execute", executed)
    event.listen(engine, "commit", committed)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", executed)
        event.remove(engine, "commit", committed)


def test_an_update_asks_seven_times_under_the_lock_and_writes_at_once(shop: Shop) -> None:
    network = Network(shop)
    element = Element(network)
    network.plan("prepaid", network.price("voice", "voice", "0.10", "1 min"), network.allowance("m", "voice", "1 min"))
    network.sell("prepaid", account=network.account("acc-1"))
    element.fill("1", partyAccount={"id": "acc-1"})
    call = element.open("voice", "60 s")
    call.ask("60 s", "60 s")
    engine = shop.suite.installation.database.engine

    with statements(engine) as sent:
        assert call.ask("60 s", "60 s") == "60 s"

    lock = sent.index(f"SELECT {LOCKED}")
    under = sent[lock + 1 : sent.index("COMMIT", lock)]
    mark = "+" if engine.dialect.name == "postgresql" else ""
    assert [one for one in under if one.startswith("SELECT")] == [f"SELECT {table}" for table in READS]
    assert under[len(READS) : len(READS) + len(USAGES)] == [f"INSERT {table}" for table in USAGES]
    batch = under[len(READS) + len(USAGES) :]
    assert [one.removeprefix(mark).split()[1] for one in batch] == WRITES
    assert all(one.startswith(mark) for one in batch)
    round_trips = 1 + len(READS) + len(USAGES) + 1
    assert (round_trips, len(under) + 1) == (10, 20)
