"""What every store promises of documents in masses: many written at once, kept as text; a part of `StoreContract`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from common.domain.query import Compare, FieldPath, Kind, Operator, Query, SortKey
from common.exact_json import encode
from common.store import outbox
from common.store.bulk import Told, Written, without_id
from common.store.database import Database
from common.store.description import Index, StoredResource
from common.store.repository import Found

NAME, TAG = FieldPath(("name",), Kind.STRING, many=False), FieldPath(("tag",), Kind.STRING)
LETTER = StoredResource("toy_letter", "letter", (Index(NAME), Index(TAG)), is_text=True)
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def ids(found: Found) -> list[str]:
    return [row.id for row in found.rows]


class MassContract:
    """Documents in masses: many at once, kept as text."""

    def test_many_written_at_once_are_found_like_those_added_one_by_one(self, database: Database) -> None:
        documents: list[dict[str, Any]] = [
            {
                "id": f"a{number:02}",
                "name": f"tab\t{number}\n\\N",
                "tag": ["all", f"t{number}"],
                "size": Decimal("1.50"),
            }
            for number in range(30)
        ]
        with database.write() as unit:
            for name in ("toy_thing", "toy_letter"):
                texts = [encode(one).decode() for one in documents]
                made = [
                    Written(one["id"], one, without_id(one["id"], text))
                    for one, text in zip(documents, texts, strict=True)
                ]
                unit.add_written(name, made, NOW)
            unit.tell(Told("ThingCreateEvent", "toy_thing", "thing", NOW, None), ["a00", "a01"], texts[:2])
            unit.commit()

        with database.read() as unit:
            for name in ("toy_thing", "toy_letter"):
                rows = unit.repository(name)
                assert [row.document() for row in rows.find(Query()).rows] == documents
                assert ids(rows.find(Query(where=Compare(TAG, Operator.EQ, ("t7",))))) == ["a07"]
                assert ids(rows.find(Query(where=Compare(NAME, Operator.EQ, ("tab\t9\n\\N",))))) == ["a09"]
            told = outbox.unrelayed(unit.connection, 10)
        assert [one.event.document for one in told] == documents[:2]
        assert [one.event.type for one in told] == ["ThingCreateEvent"] * 2

    def test_one_that_is_there_stops_all(self, database: Database) -> None:
        with database.write() as unit:
            unit.repository("toy_thing").add("a", {"id": "a"}, NOW)
            unit.commit()
        with database.write() as unit, pytest.raises(IntegrityError):
            unit.add_written("toy_thing", [Written(id, {"id": id}, "{}") for id in ("b", "a")], NOW)
        with database.read() as unit:
            assert unit.repository("toy_thing").get("b") is None

    def test_what_is_kept_as_text_is_searched_and_changed(self, database: Database) -> None:
        color, weight = FieldPath(("color",), Kind.STRING, many=False), FieldPath(("weight",), Kind.NUMBER, many=False)
        with database.write() as unit:
            letters = unit.repository("toy_letter")
            for id, value, number in (("a", "red", "2.50"), ("b", "blue", "1E+1"), ("c", "red", "1")):
                letters.add(id, {"id": id, "color": value, "weight": Decimal(number)}, NOW)
            red = Query(where=Compare(color, Operator.EQ, ("red",)), sort=(SortKey(weight),))
            assert ids(letters.find(red)) == ["c", "a"]
            assert ids(letters.find(Query(where=Compare(weight, Operator.GT, ("2.5",))))) == ["b"]
            row = letters.get("b", for_update=True)
            assert row is not None
            letters.replace(row, {"id": "b", "color": "red", "weight": Decimal("0.10")}, LATER)
            assert ids(letters.find(red)) == ["b", "c", "a"]
            assert '"weight":0.10' in (letters.get("b") or row).text
