"""What every store promises of records; a part of `contract.StoreContract`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from common.domain.clock import instant_text
from common.store.database import Database
from common.store.description import Of, RecordTable
from common.store.records import Between, Day, Summed

ENTRIES = RecordTable(
    "toy_entries",
    {
        "id": Of.TEXT,
        "source": Of.TEXT,
        "number": Of.INTEGER,
        "amount": Of.NUMBER,
        "at": Of.INSTANT,
        "paid": Of.FLAG,
        "why": Of.DOCUMENT,
    },
    key=("id",),
    unique=(("source", "number"),),
    indexes=(("at",),),
    optional=frozenset({"source", "why"}),
)
COUNTS = RecordTable("toy_counts", {"owner": Of.TEXT, "period": Of.TEXT, "used": Of.NUMBER}, key=("owner", "period"))
SCANS = RecordTable("toy_scans", {"id": Of.TEXT, "content": Of.BYTES}, key=("id",))
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def entry(id: str, amount: str = "1", number: int = 1, source: str | None = None, days: int = 0) -> dict[str, object]:
    at = NOW + timedelta(days=days)
    return {"id": id, "source": source, "number": number, "amount": Decimal(amount), "at": at, "paid": False}


class RecordContract:
    """Rows with real columns."""

    def test_a_record_comes_back_exactly(self, database: Database) -> None:
        whole = {**entry("a", "0.10"), "source": "s", "why": {"price": Decimal("1E+3"), "many": [1, "ä", None]}}
        large = entry("b", "12345678901234567890123456789.123456789")
        with database.write() as unit:
            unit.records("toy_entries").insert([whole, large])
            unit.commit()

        with database.read() as unit:
            assert unit.records("toy_entries").get("a") == whole
            assert str(unit.records("toy_entries").get("a")["amount"]) == "0.10"  # type: ignore[index]
            assert unit.records("toy_entries").get("b") == {**large, "why": None}
            assert unit.records("toy_entries").get("c") is None
        with database.read("south") as unit:
            assert unit.records("toy_entries").get("a") is None

    def test_many_loaded_at_once_come_back_exactly(self, database: Database) -> None:
        rows = [
            {**entry(str(number), "0.10", number), "source": source, "why": {"text": "tab\t, line\n, \\N"}}
            for number, source in enumerate((None, "a\tb\nc\\d", "\\N", None))
        ]
        scans = [{"id": id, "content": bytes(range(256))} for id in ("a\\", "b")]
        with database.write() as unit:
            unit.records("toy_entries").load([])
            unit.records("toy_entries").load([{**row, "at": instant_text(NOW)} for row in rows])
            unit.records("toy_scans").load(scans)
            unit.commit()

        with database.read() as unit:
            assert unit.records("toy_entries").find({}, order=["number"]) == rows
            assert unit.records("toy_scans").find({}) == scans

    def test_one_that_is_there_stops_a_load(self, database: Database) -> None:
        with database.write() as unit:
            unit.records("toy_entries").insert([entry("a")])
            unit.commit()
        with database.write() as unit, pytest.raises(IntegrityError):
            unit.records("toy_entries").load([entry("b", number=2), entry("a", number=3)])
        with database.read() as unit:
            assert len(unit.records("toy_entries").find({})) == 1

    def test_bytes_come_back_as_they_are(self, database: Database) -> None:
        content = bytes(range(256)) * 1_000
        with database.write() as unit:
            assert unit.records("toy_scans").insert_new([{"id": "a", "content": content}]) == {("a",)}
            assert unit.records("toy_scans").insert_new([{"id": "a", "content": b"other"}]) == set()
            unit.commit()

        with database.read() as unit:
            assert unit.records("toy_scans").get("a") == {"id": "a", "content": content}

    def test_what_is_there_already_is_not_inserted_again(self, database: Database) -> None:
        with database.write() as unit:
            entries = unit.records("toy_entries")
            assert entries.insert_new([entry("a", source="s"), entry("b", number=2, source="s")]) == {("a",), ("b",)}
            twice = [entry("a", "9"), entry("c", source="s"), entry("d", number=3, source="s"), entry("e")]
            assert entries.insert_new(twice) == {("d",), ("e",)}
            assert entries.get("a") == {**entry("a", source="s"), "why": None}

    def test_thousands_of_records_go_in_at_once(self, database: Database) -> None:
        with database.write() as unit:
            entries = unit.records("toy_entries")
            entries.insert(entry(f"{number:05}", "0.001", number) for number in range(1_234))
            assert entries.sum(["amount"], {}) == [Summed({}, 1_234, {"amount": Decimal("1.234")})]
            assert len(entries.get_many((f"{number:05}",) for number in range(2_000))) == 1_234

    def test_records_are_found_in_order(self, database: Database) -> None:
        with database.write() as unit:
            entries = unit.records("toy_entries")
            entries.insert(
                entry(id, days=days, number=number) for id, days, number in (("a", 2, 1), ("b", 1, 2), ("c", 2, 3))
            )

            def ids(*args: object, **options: object) -> list[str]:
                return [str(row["id"]) for row in entries.find(*args, **options)]  # type: ignore[arg-type]

            assert ids({}, order=["at"]) == ["b", "a", "c"]
            assert ids({"at": Between(NOW + timedelta(days=1), NOW + timedelta(days=2))}) == ["b"]
            assert ids({"at": Between(None, NOW)}) == []
            assert ids({"number": (1, 3), "source": None}) == ["a", "c"]
            assert ids({"paid": True}) == []
            assert ids({}, limit=2) == ["a", "b"]
            assert ids({}, limit=2, after=("b",)) == ["c"]

    def test_records_are_found_by_what_those_of_another_table_have(self, database: Database) -> None:
        with database.write("south") as unit:
            unit.records("toy_counts").insert([{"owner": "c", "period": "may", "used": Decimal(1)}])
            unit.commit()
        with database.write() as unit:
            entries, counts = unit.records("toy_entries"), unit.records("toy_counts")
            entries.insert(entry(id, number=number) for number, id in enumerate("abcd"))
            used = [("b", "may"), ("b", "june"), ("d", "may"), ("nobody", "may")]
            counts.insert({"owner": owner, "period": period, "used": Decimal(1)} for owner, period in used)
            mays, june = counts.among("owner", {"period": "may"}), counts.among("owner", {"period": ("june", "july")})

            assert [row["id"] for row in entries.find({"id": mays})] == ["b", "d"]
            assert [row["id"] for row in entries.find({"id": june})] == ["b"]
            assert [row["id"] for row in entries.find({"id": mays, "number": Between(2)})] == ["d"]
            [found] = entries.answers(entries.asking({"number": 3, "id": mays}))
            assert [row["id"] for row in found] == ["d"]
            assert entries.find({"id": counts.among("owner", {"period": "july"})}) == []

    def test_records_are_changed_put_and_removed(self, database: Database) -> None:
        with database.write() as unit:
            counts = unit.records("toy_counts")
            counts.put([{"owner": "x", "period": "1", "used": Decimal(1)}])
            counts.put(
                [{"owner": "x", "period": "1", "used": Decimal(3)}, {"owner": "x", "period": "2", "used": Decimal(5)}]
            )
            assert counts.get("x", "1", for_update=True) == {"owner": "x", "period": "1", "used": Decimal(3)}
            found = counts.get_many([("x", "2"), ("y", "1"), ("x", "1")], for_update=True)
            assert list(found) == [("x", "1"), ("x", "2")]
            assert counts.update({"owner": "x", "period": "2"}, {"used": Decimal("0.5")}) == 1
            counts.delete({"owner": "x", "period": "1"})
            assert [row["used"] for row in counts.find({})] == [Decimal("0.5")]

    def test_sums_are_exact_and_by_group(self, database: Database) -> None:
        with database.write() as unit:
            entries = unit.records("toy_entries")
            amounts = [("a", "0.1", 1), ("b", "0.2", 1), ("c", "-0.30000000000000000001", 2), ("d", "1e30", 2)]
            entries.insert(entry(id, amount, number) for id, amount, number in amounts)
            assert entries.sum(["amount"], {}, by=["number"]) == [
                Summed({"number": 1}, 2, {"amount": Decimal("0.3")}),
                Summed({"number": 2}, 2, {"amount": Decimal("999999999999999999999999999999.69999999999999999999")}),
            ]
            assert entries.sum(["amount"], {"id": "none"}) == [Summed({}, 0, {"amount": Decimal(0)})]

    def test_sums_are_grouped_by_the_day_and_count_what_is_different(self, database: Database) -> None:
        with database.write() as unit:
            entries = unit.records("toy_entries")
            rows = [("a", "x", 0), ("b", "x", 0), ("c", "y", 0), ("d", "x", 1)]
            entries.insert(entry(id, "1", place, source, days) for place, (id, source, days) in enumerate(rows))
            by_day = [({"at": "2026-01-01"}, 2, Decimal(3)), ({"at": "2026-01-02"}, 1, Decimal(1))]
            assert entries.sum(["amount"], {}, by=[Day("at")], different="source") == [
                Summed(group, count, {"amount": amount}) for group, count, amount in by_day
            ]
            assert entries.sum((), {}, different="source") == [Summed({}, 2, {})]

    def test_numbers_are_not_ranged_by(self, database: Database) -> None:
        with database.read() as unit, pytest.raises(AssertionError, match="not ranged"):
            unit.records("toy_entries").find({"amount": Between(Decimal(1))})
