"""What every store promises of a unit of work for a group; a part of `contract.StoreContract`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from common.domain.clock import instant_text
from common.errors import IdTaken, RevisionConflict
from common.store.contract_records import COUNTS, ENTRIES, entry
from common.store.database import Database
from common.store.group_records import Clash
from common.store.records import Between
from common.store.sets import Compared, Joined, Passed, change, found, totals

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _count(owner: str, period: str, used: str) -> dict[str, Any]:
    return {"owner": owner, "period": period, "used": Decimal(used)}


class GroupContract:
    """Questions answered from what was read ahead and what waits to be written."""

    def test_a_group_answers_as_if_everything_were_written_at_once(self, database: Database) -> None:
        with database.write() as unit:
            unit.records(COUNTS.name).insert([_count("a", "1", "1"), _count("a", "2", "2"), _count("b", "1", "3")])
            unit.records(ENTRIES.name).insert([entry("old", "5", 9, "s")])
            unit.commit()

        with database.group() as unit:
            counts, entries = unit.records(COUNTS.name), unit.records(ENTRIES.name)
            counts.foresee({"owner": ("a", "b", "c")}, for_update=True)
            counts.put([_count("a", "1", "10")])
            made = counts.insert_new([_count("a", "2", "9"), _count("c", "1", "4")])
            changed = counts.update({"owner": "b", "period": "1"}, {"used": Decimal(30)})
            entries.foresee_new()
            entries.insert([entry("new", "7", 1, "s", days=2)])

            assert (made, changed) == ({("c", "1")}, 1)
            assert [row["used"] for row in counts.find({"owner": "a"}, order=["period"])] == [Decimal(10), Decimal(2)]
            assert counts.find({"owner": "a", "period": Between("2")}, limit=1) == [_count("a", "2", "2")]
            assert counts.get("b", "1", for_update=True) == _count("b", "1", "30")
            assert counts.get("c", "2") is None
            assert [(one.group, one.count) for one in counts.sum((), {"owner": ("a", "c")}, ("owner",))] == [
                ({"owner": "a"}, 2),
                ({"owner": "c"}, 1),
            ]
            assert [row["id"] for row in entries.find({"source": "s"}, order=["at"])] == ["old", "new"]
            assert entries.get("new") == {**entry("new", "7", 1, "s", days=2), "why": None}
            unit.commit()

        with database.read() as unit:
            rows = unit.records(COUNTS.name).find({}, order=["owner", "period"])
            assert [str(row["used"]) for row in rows] == ["10", "2", "30", "4"]
            assert len(unit.records(ENTRIES.name).find({})) == 2

    def test_documents_of_a_group_are_written_as_they_are_in_the_end(self, database: Database) -> None:
        with database.write() as unit:
            unit.repository("toy_thing").add("1", {"id": "1", "name": "old"}, NOW)
            unit.commit()

        with database.group() as unit:
            things = unit.repository("toy_thing")
            assert things.foresee(["1", "2"], for_update=True) == {"1"}
            row = things.get("1", for_update=True)
            assert row is not None
            for name in ("newer", "newest"):
                row = things.replace(row, {"id": "1", "name": name}, NOW)
            made = things.add("2", {"id": "2", "name": "first"}, NOW)
            things.replace(made, {"id": "2", "name": "second"}, NOW)
            assert [one.document()["name"] for one in things.get_many(["1", "2", "3"]).values()] == ["newest", "second"]
            unit.commit()

        with database.read() as unit:
            rows = unit.repository("toy_thing").get_many(["1", "2"])
            assert {id: (one.document()["name"], one.revision) for id, one in rows.items()} == {
                "1": ("newest", 3),
                "2": ("second", 1),
            }

    def test_what_is_there_already_is_a_clash_and_nothing_is_kept(self, database: Database) -> None:
        with database.write() as unit:
            unit.repository("toy_thing").add("1", {"id": "1"}, NOW)
            unit.commit()

        with database.group() as unit:
            unit.records(COUNTS.name).insert([_count("a", "1", "1")])
            unit.repository("toy_thing").add("1", {"id": "1", "name": "again"}, NOW)
            with pytest.raises(Clash):
                unit.commit()

        with database.read() as unit:
            assert unit.records(COUNTS.name).find({}) == []

    def test_what_waits_in_a_group_is_seen_however_it_is_asked_and_written(self, database: Database) -> None:
        with database.group() as unit:
            counts, things = unit.records(COUNTS.name), unit.repository("toy_thing")
            counts.foresee({"owner": ("a",)}, for_update=True)
            counts.insert([_count("a", "1", "1")])
            assert unit.answers(counts.asking({"owner": "a"}), counts.asking_many([("a", "1")])) == [
                [_count("a", "1", "1")],
                {("a", "1"): _count("a", "1", "1")},
            ]
            counts.insert_missing([_count("a", "1", "9"), _count("a", "2", "2")])
            counts.load([_count("a", "3", "3")])
            assert [str(row["used"]) for row in counts.find({"owner": "a"}, order=["period"])] == ["1", "2", "3"]
            assert counts.get("a", "2") == _count("a", "2", "2")

            things.foresee(["1", "2", "3"])
            things.add_new([{"id": "1", "name": "one"}], NOW)
            things.add_many([{"id": "2", "name": "two"}], NOW)
            one, many = unit.answers(things.asking("1"), things.asking_many(["1", "2"]))
            assert (one.document()["name"], sorted(many)) == ("one", ["1", "2"])
            assert things.get("2") is not None
            assert things.versions("2") == [""]
            assert len(things.clear()) == 2
            assert things.get("1") is None
            unit.commit()

    def test_nothing_of_a_group_is_written_over_unnoticed(self, database: Database) -> None:
        with database.group() as unit:
            counts, things = unit.records(COUNTS.name), unit.repository("toy_thing")
            counts.insert([_count("a", "1", "1")])
            with pytest.raises(Clash):
                counts.insert([_count("a", "1", "2")])
            things.add("1", {"id": "1", "name": "one"}, NOW)
            with pytest.raises(IdTaken):
                things.add("1", {"id": "1", "name": "another"}, NOW)
            unit.flush()
            row = things.get("1", for_update=True)
            assert row is not None
            things.replace(row, {"id": "1", "name": "newer"}, NOW)
            with pytest.raises(RevisionConflict):
                things.replace(row, {"id": "1", "name": "late"}, NOW)

    def test_works_of_a_group_are_due_at_the_earliest_instant(self, database: Database) -> None:
        later = NOW + timedelta(hours=1)
        with database.write() as unit:
            for key, at in (("known", later), ("soon", NOW)):
                unit.work("toy").wake(key, at)
            unit.commit()

        with database.group() as unit:
            for key in ("known", "soon", *(f"new-{number}" for number in range(5))):
                unit.work("toy").wake(key, later)
                unit.work("toy").wake(key, later - timedelta(minutes=1))
            unit.commit()

        with database.read() as unit:
            work = unit.work("toy")
            due = {key: row.due for key in ("known", "soon", "new-0") if (row := work.get(key)) is not None}
            assert due == {"known": later - timedelta(minutes=1), "soon": NOW, "new-0": later - timedelta(minutes=1)}

    def test_records_of_places_are_summed_and_changed(self, database: Database) -> None:
        with database.write() as unit:
            rows = [entry(f"{source}{day}", "1.5", day, source, day) for source in ("x", "y") for day in range(3)]
            unit.records(ENTRIES.name).insert([*rows, entry("none", "9", 0)])
            unit.commit()
        days = [f"2026-01-{1 + day:02}T00:00:00.000Z" for day in range(4)]
        places = [{"source": "x", "start": days[1], "end": days[3]}, {"source": "y", "start": days[0], "end": days[1]}]
        joined = Joined(places, ("source",), (Compared("at", "start", "end"),), {"paid": False})

        with database.write() as unit:
            entries = unit.records(ENTRIES.name)
            summed = totals(entries, joined, ("source",), ("start",), ("amount",))
            told = sorted((row["source"], row["start"], row["count"], row["amount"]) for row in summed)
            assert told == [("x", days[1], 2, Decimal(3)), ("y", days[0], 1, Decimal("1.5"))]
            bounds = [{"source": "x", "start": days[1], "end": days[2]}, {"source": "y", "start": "", "end": days[3]}]
            passed = Passed("at", ("start", "end"))
            summed = totals(entries, Joined(bounds, ("source",), ()), ("source",), passed=passed)
            told = sorted((row["source"], row["passed"], row["count"], row["first"]) for row in summed)
            at = [instant_text(NOW + timedelta(days=day)) for day in range(3)]
            assert told == [("x", 0, 1, at[0]), ("x", 1, 1, at[1]), ("x", 2, 1, at[2]), ("y", 1, 3, at[0])]
            assert sorted(row["id"] for row in found(entries, joined)) == ["x1", "x2", "y0"]
            of_days = [("x", days[1], days[2], "11"), ("x", days[2], days[3], "12"), ("y", days[0], days[1], "10")]
            numbers = [dict(zip(("source", "start", "end", "number"), one, strict=True)) for one in of_days]
            changing = Joined(numbers, ("source",), (Compared("at", "start", "end"),), {"paid": False})
            assert change(entries, changing, ("number",)) == 3
            given = {row["id"]: row["number"] for row in entries.find({"source": ("x", "y")})}
            assert given == {"x0": 0, "x1": 11, "x2": 12, "y0": 10, "y1": 1, "y2": 2}
            entries.update({"id": ("x1", "x2", "y0")}, {"paid": True})
            assert totals(entries, joined, ("source",)) == []
            unit.commit()

        numbered = Joined([{"number": "12", "new": "1"}], ("number",), (Compared("number", "new"),), {"source": "x"})
        with database.write() as unit:
            entries = unit.records(ENTRIES.name)
            assert [row["id"] for row in found(entries, numbered)] == ["x2"]
            place = {"source": "x", "number": "20", "from": "12"}
            raised = Joined([place], ("source",), (Compared("number", "from"),))
            assert change(entries, raised, ("number",)) == 1
            assert [row["number"] for row in entries.find({"source": "x"}, order=["number"])] == [0, 11, 20]

        nobody = Joined([{"source": ""}], (), (), may_lack=("source",))
        with database.read() as unit:
            assert [row["id"] for row in found(unit.records(ENTRIES.name), nobody)] == ["none"]
            assert len(unit.records(ENTRIES.name).find({"paid": True})) == 3
