"""What every store promises of work that is to be done later; a part of `contract.StoreContract`."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from common.store.database import Database
from common.store.work import Due, WorkRow

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


class WorkContract:
    """What is to be done later."""

    def test_a_row_comes_back_as_it_was_put(self, database: Database) -> None:
        doc = {"amount": Decimal("0.10"), "large": 10**20, "text": "ä", "none": None, "many": [{"a": True}]}
        with database.write() as unit:
            unit.work("bake").put("a", NOW, doc)
            unit.work("bake").put("b", None, {})
            unit.commit()

        with database.read() as unit:
            found = unit.work("bake").get("a")
            assert found == WorkRow("a", NOW, doc, 1)
            assert str(found.doc["amount"]) == "0.10"
            assert unit.work("bake").get("b", for_update=False) == WorkRow("b", None, {}, 1)
            assert unit.work("bake").get("c") is None
            assert unit.work("sell").get("a") is None
        with database.read("south") as unit:
            assert unit.work("bake").get("a") is None
            assert unit.agenda.due(LATER, 10) == []
            assert unit.agenda.next_due() is None

    def test_every_change_is_a_revision(self, database: Database) -> None:
        with database.write() as unit:
            work = unit.work("bake")
            work.put("a", LATER, {"n": 1})
            work.put("a", None, {"n": 2})
            assert work.get("a", for_update=True) == WorkRow("a", None, {"n": 2}, 2)
            work.wake("a", LATER)
            assert work.get("a") == WorkRow("a", LATER, {"n": 2}, 3)
            work.remove("a")
            work.remove("a")
            assert work.get("a") is None

    def test_a_wake_only_makes_it_earlier(self, database: Database) -> None:
        with database.write() as unit:
            work = unit.work("bake")
            work.wake("new", LATER)
            work.wake("new", LATER + timedelta(days=1))
            assert work.get("new") == WorkRow("new", LATER, {}, 1)
            work.wake("new", NOW)
            assert work.get("new") == WorkRow("new", NOW, {}, 2)

    def test_what_is_due_comes_by_instant_kind_and_key(self, database: Database) -> None:
        with database.write() as unit:
            unit.work("sell").put("a", NOW, {})
            unit.work("bake").put("b", NOW, {})
            unit.work("bake").put("a", NOW, {})
            unit.work("bake").put("z", NOW - timedelta(milliseconds=1), {})
            unit.work("bake").put("later", LATER, {})
            unit.work("bake").put("waits", None, {})
            agenda = unit.agenda

            found = [(one.kind, one.key) for one in agenda.due(NOW, 10)]

            assert found == [("bake", "z"), ("bake", "a"), ("bake", "b"), ("sell", "a")]
            assert [one.key for one in agenda.due(LATER, 10)] == ["z", "a", "b", "a", "later"]
            assert [one.key for one in agenda.due(NOW, 2)] == ["z", "a"]
            assert agenda.due(NOW - timedelta(days=1), 10) == []
            assert agenda.next_due() == NOW - timedelta(milliseconds=1)

    def test_failures_are_counted_until_one_goes_well(self, database: Database) -> None:
        with database.write() as unit:
            unit.work("bake").put("a", None, {"n": 1})
            agenda = unit.agenda
            agenda.postpone("bake", "a", NOW)
            agenda.postpone("bake", "a", LATER)
            unit.work("bake").put("a", NOW, {"n": 2})
            assert agenda.get("bake", "a", for_update=True) == Due("bake", "a", NOW, 4, 2)
            agenda.forgive("bake", "a")
            assert agenda.get("bake", "a") == Due("bake", "a", NOW, 4, 0)
            assert agenda.get("bake", "b") is None

    def test_who_wakes_a_row_waits_for_whoever_holds_it(self, database: Database) -> None:
        with database.write() as unit:
            unit.work("bake").put("a", NOW, {})
            unit.commit()
        started = threading.Event()

        def wake() -> None:
            started.set()
            with database.write() as unit:
                unit.work("bake").wake("a", NOW)
                unit.commit()

        waking = threading.Thread(target=wake)
        with database.write() as unit:
            row = unit.work("bake").get("a", for_update=True)
            waking.start()
            started.wait()
            assert row is not None
            unit.work("bake").put("a", None, {"seen": row.revision})
            unit.commit()
        waking.join()

        with database.read() as unit:
            assert unit.work("bake").get("a") == WorkRow("a", NOW, {"seen": 1}, 3)

    def test_a_change_that_is_not_committed_leaves_it_as_it_was(self, database: Database) -> None:
        with database.write() as unit:
            unit.work("bake").wake("a", NOW)

        with database.read() as unit:
            assert unit.agenda.next_due() is None
