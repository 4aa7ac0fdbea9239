"""What every store promises of the order and the fate of statements; a part of `contract.StoreContract`."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from common.store.contract_records import NOW, entry
from common.store.database import Database
from common.store.statements import Question, compiled

# What quotes, escapes, arrays and JSON might take for something else.
TEXTS = [
    "",
    " ",
    "null",
    "NULL",
    '"',
    "\\",
    '\\"',
    "{a,b}",
    "a,b",
    "'",
    "%s $1 ?",
    "ä€😀",
    "line\nbreak\ttab",
    "\x01\x7f",
]


class SessionContract:
    """Writes that wait, and questions asked together."""

    def test_what_waits_is_seen_by_whatever_is_asked_next(self, database: Database) -> None:
        with database.write() as unit:
            counts = unit.records("toy_counts")
            row = {"owner": "x", "period": "1", "used": Decimal(1)}
            counts.insert([row])
            counts.put([{**row, "used": Decimal(2)}])
            assert counts.get("x", "1") == {**row, "used": Decimal(2)}
            counts.delete({"owner": "x"})
            counts.insert_missing([{**row, "used": Decimal(3)}, {**row, "used": Decimal(4)}])
            assert unit.connection.scalar(text("SELECT count(*) FROM toy_counts")) == 1
            counts.put([{**row, "used": Decimal(5)}, {**row, "used": Decimal(6)}])
            assert [found["used"] for found in counts.find({})] == [Decimal(6)]
            counts.put([{**row, "period": "2"}])
            unit.commit()
        with database.read() as unit:
            assert len(unit.records("toy_counts").find({"owner": "x"})) == 2

    def test_what_waits_is_undone_without_a_commit(self, database: Database) -> None:
        with database.write() as unit:
            unit.records("toy_counts").insert([{"owner": "x", "period": "1", "used": Decimal(1)}])
        with database.read() as unit:
            assert unit.records("toy_counts").find({}) == []

    def test_what_fails_is_told_at_the_commit_at_the_latest_and_nothing_is_kept(self, database: Database) -> None:
        row = {"owner": "x", "period": "1", "used": Decimal(1)}

        def insert_twice() -> None:
            with database.write() as unit:
                unit.records("toy_counts").insert([{**row, "period": "0"}])
                unit.records("toy_counts").insert([row])
                unit.records("toy_counts").insert([row])
                unit.commit()

        with pytest.raises(IntegrityError):
            insert_twice()
        with database.read() as unit:
            assert unit.records("toy_counts").find({}) == []

    def test_several_questions_are_answered_in_order(self, database: Database) -> None:
        with database.write() as unit:
            entries, counts = unit.records("toy_entries"), unit.records("toy_counts")
            entries.insert([entry("a"), entry("b", number=2)])
            counts.insert([{"owner": "x", "period": "1", "used": Decimal(1)}])
            unit.repository("toy_thing").add("t", {"name": "n"}, NOW)
            found = unit.answers(
                entries.asking({"id": ("b", "a")}, order=["number"], limit=1, for_update=True),
                counts.asking_many([("x", "1"), ("y", "1")], for_update=True),
                unit.repository("toy_thing").asking("t", for_update=True),
                unit.repository("toy_thing").asking("none"),
                unit.repository("toy_thing").asking_many({"t", "u"}),
                Question((), len),
            )
            assert [row["id"] for row in found[0]] == ["a"]
            assert list(found[1]) == [("x", "1")]
            assert found[2].document() == {"id": "t", "name": "n"}
            assert found[3] is None
            assert list(found[4]) == ["t"]
            assert found[5] == 0
            assert unit.answers() == []

    @pytest.mark.parametrize("count", [1, 3, 200])
    def test_texts_are_stored_as_they_are_however_many(self, database: Database, count: int) -> None:
        texts = [TEXTS[place % len(TEXTS)] + str(place) for place in range(count)]
        rows = [
            {**entry(f"{place:03}", "1E-7", place), "source": written if place % 2 else None, "why": [written, None]}
            for place, written in enumerate(texts)
        ]
        with database.write() as unit:
            unit.records("toy_entries").insert(rows)
            assert unit.records("toy_entries").find({}) == rows
            wanted = tuple(texts)
            found = unit.records("toy_entries").find({"source": wanted})
            assert [row["id"] for row in found] == [f"{place:03}" for place in range(count) if place % 2]

    def test_more_than_a_network_takes_at_once_goes_both_ways(self, database: Database) -> None:
        large = [{"id": f"{place}", "content": bytes([place]) * 3_000_000} for place in range(5)]
        with database.write() as unit:
            scans = unit.records("toy_scans")
            for row in large:
                scans.insert([row])
            asked = [scans.asking({"id": str(place)}) for place in range(5)]
            assert unit.answers(*asked, *asked) == [[row] for row in [*large, *large]]

    def test_a_unit_that_reads_changes_nothing(self, database: Database) -> None:
        with database.read() as unit, pytest.raises(AssertionError, match="changes nothing"):
            unit.records("toy_counts").update({"owner": "x"}, {"used": Decimal(1)})
        with database.read() as unit, pytest.raises(AssertionError, match="changes nothing"):
            unit.records("toy_counts").find({}, for_update=True)

    def test_a_snapshot_sees_one_moment(self, database: Database) -> None:
        row = {"owner": "x", "period": "1", "used": Decimal(1)}
        with database.snapshot() as before:
            assert before.records("toy_counts").find({}) == []
            with database.write() as unit:
                unit.records("toy_counts").insert([row])
                unit.commit()
            assert before.records("toy_counts").find({}) == []
        with database.snapshot() as after:
            assert after.records("toy_counts").find({}) == [row]

    def test_a_statement_of_values_is_carried_out_as_it_is(self, database: Database) -> None:
        statement = compiled(
            select(func.length("abc"), func.coalesce(None, "x").in_(["x", "y"])), database.dialect_name
        )
        with database.read() as unit:
            assert [tuple(row) for row in unit.session.rows(statement, {})] == [(3, True)]

    def test_questions_that_were_heard_are_answered_the_same_until_something_changes(self, database: Database) -> None:
        row = {"owner": "x", "period": "1", "used": Decimal("1.50")}
        with database.write() as unit:
            unit.records("toy_counts").insert([row])
            unit.commit()
        with database.snapshot() as unit:
            with unit.session.listening() as heard:
                assert unit.records("toy_counts").find({"owner": "x"}) == [row]
                assert unit.answers(unit.records("toy_counts").asking_many([("x", "1"), ("x", "2")])) == [
                    {("x", "1"): row}
                ]
            again = heard.again()
            before = unit.answers(*again)
            unit.records("toy_counts").find({"owner": "y"})
        assert (heard.is_whole, len(again)) == (True, 2)
        with database.write() as unit:
            assert unit.answers(*again) == before
            unit.records("toy_counts").put([{**row, "used": Decimal("1.51")}])
            assert unit.answers(*again) != before
        with database.read() as unit, unit.session.listening() as heard:
            unit.connection.scalar(text("SELECT 1"))
        assert not heard.is_whole

    def test_what_is_there_already_is_told_with_the_commit(self, database: Database) -> None:
        row = {"owner": "x", "period": "1", "used": Decimal(1)}
        with database.write() as unit:
            unit.records("toy_counts").insert([row])
            assert unit.commit_unless_there()
        if database.dialect_name == "postgresql":
            with database.write() as unit:
                unit.records("toy_counts").insert([{**row, "period": "2"}, row])
                assert not unit.commit_unless_there()
        with database.read() as unit:
            assert unit.records("toy_counts").find({}) == [row]
