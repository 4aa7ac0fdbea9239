"""What every store promises, as tests: a backend is supported when a subclass of `StoreContract` passes on it.

A subclass supplies the fixture `database`: an empty store of RESOURCES, migrated and prepared. What filters mean is
promised in `contract_filters`, what is to be done later in `contract_work`, records in `contract_records`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from common.domain.query import Compare, Cursor, FieldPath, Kind, Operator, Query, SortKey
from common.errors import (
    IdempotencyConflict,
    IdTaken,
    InvalidBody,
    InvalidParameter,
    RevisionConflict,
)
from common.store.contract_group import GroupContract
from common.store.contract_mass import LETTER, MassContract
from common.store.contract_records import COUNTS, ENTRIES, SCANS, RecordContract
from common.store.contract_session import SessionContract
from common.store.contract_work import WorkContract
from common.store.database import Database
from common.store.description import Index, StoredResource
from common.store.idempotency import StoredReply
from common.store.repository import Found, Repository

NAME = FieldPath(("name",), Kind.STRING, many=False)
SIZE = FieldPath(("size",), Kind.NUMBER, many=False)
TAG = FieldPath(("tag",), Kind.STRING)
THING = StoredResource("toy_thing", "thing", (Index(NAME), Index(SIZE), Index(TAG)))
OFFER = StoredResource("toy_offer", "offer", (Index(NAME), Index(TAG)), versioned=True)
# Every kind as a column and as rows of the lookup table; whatever else a document has is looked at in the document.
FIELD = StoredResource(
    "toy_field",
    "field",
    (
        *(Index(FieldPath(("one", kind.value), kind, many=False)) for kind in Kind if kind is not Kind.UNKNOWN),
        *(Index(FieldPath(("many", kind.value), kind)) for kind in Kind),
    ),
)
RESOURCES = (THING, OFFER, FIELD, LETTER, ENTRIES, COUNTS, SCANS)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
REPLY = StoredReply("f1", 201, (("location", "/thing/1"), ("etag", '"1"')), b'{"id":"1"}\x00\xff')


def is_version(value: str) -> Compare:
    return Compare(FieldPath(("version",), Kind.STRING, many=False), Operator.EQ, (value,))


def has_tag(value: str) -> Compare:
    return Compare(TAG, Operator.EQ, (value,))


def ids(found: Found) -> list[str]:
    return [row.id for row in found.rows]


def add_things(database: Database, *documents: dict[str, Any], tenant: str = "default") -> None:
    """Store documents as one transaction, in this order."""
    with database.write(tenant) as unit:
        for document in documents:
            unit.repository("toy_thing").add(document["id"], document, NOW)
        unit.commit()


class _Repositories:
    """Repositories in a transaction that is undone."""

    @pytest.fixture
    def things(self, database: Database) -> Iterator[Repository]:
        with database.write() as unit:
            yield unit.repository("toy_thing")

    @pytest.fixture
    def below(self, database: Database) -> Iterator[tuple[Repository, Repository, Repository]]:
        """One resource at the top and below two parents."""
        with database.write() as unit:
            yield unit.repository("toy_offer"), unit.repository("toy_offer", "p"), unit.repository("toy_offer", "q")

    @pytest.fixture
    def offers(self, database: Database) -> Iterator[Repository]:
        with database.write() as unit:
            yield unit.repository("toy_offer")


class DocumentContract(_Repositories):
    """Documents one by one."""

    @pytest.mark.parametrize(
        "value",
        [
            *(Decimal("0.10"), Decimal("1.50"), Decimal("12345678901234567890.12345678901234"), Decimal("-0.001")),
            *(2**53 + 1, 10**33, "", "\"'%_\\\n\t", "ä€😀\U0010ffff", "x" * 10_000, True, False, None, [], {}),
            *([[1, [2, []]], {"a": None}], {"a.b": {'quo"te': 1}, "": 2, "$": 3, "@type": "T"}),
        ],
    )
    def test_a_value_comes_back_as_it_was_written(self, things: Repository, value: Any) -> None:
        things.add("1", {"id": "1", "href": "/thing/1", "value": value}, NOW)

        row = things.get("1")

        assert row is not None
        assert row.document() == {"id": "1", "value": value}
        if not isinstance(value, dict):  # PostgreSQL orders the members of an object its own way
            assert str(row.document()["value"]) == str(value)

    def test_exponents_keep_their_value(self, things: Repository) -> None:
        value = {"large": Decimal("1E+400"), "small": Decimal("-1.5E-400")}

        things.add("1", value, NOW)

        assert things.get_many(["1"])["1"].document() == {"id": "1", **value}

    def test_a_new_row_tells_when_and_what(self, things: Repository) -> None:
        first, second = things.add("b", {"n": 1}, NOW), things.add("a", {"n": 2}, LATER)

        assert (first.id, first.version, first.revision, first.text) == ("b", "", 1, '{"n":1}')
        assert (first.created_at, first.updated_at) == ("2026-01-01T12:00:00.000Z", "2026-01-01T12:00:00.000Z")
        assert first.position < second.position
        assert list(first.document()) == ["id", "n"]

    def test_an_id_is_taken_once_and_the_transaction_goes_on(self, things: Repository) -> None:
        things.add("1", {"n": 1}, NOW)

        with pytest.raises(IdTaken):
            things.add("1", {"n": 2}, NOW)

        things.add("2", {}, NOW)
        assert [row.document() for row in things.find(Query()).rows] == [{"id": "1", "n": 1}, {"id": "2"}]

    def test_many_are_added_in_their_order_with_what_finds_them(self, things: Repository) -> None:
        documents = [{"id": f"{9 - number}", "n": Decimal(f"{number}.10"), "tag": ["t"]} for number in range(3)]
        things.add_many(documents, NOW)
        things.add_many([], NOW)

        assert [row.document() for row in things.find(Query()).rows] == documents
        assert [things.get("9").revision, things.get("9").created_at] == [1, "2026-01-01T12:00:00.000Z"]  # type: ignore[union-attr]
        assert things.count(has_tag("t")) == 3

    def test_of_many_one_whose_id_is_taken_is_named(self, things: Repository) -> None:
        things.add("2", {}, NOW)

        with pytest.raises(IdTaken, match="'2'"):
            things.add_many([{"id": "1"}, {"id": "2"}], NOW)
        with pytest.raises(InvalidBody):
            things.add_many([{"id": "3"}, {"id": "x" * 256}], NOW)

    @pytest.mark.parametrize("id", ["", "x" * 256, "a\x00b", "\ud800"])
    def test_an_id_that_no_index_holds_is_refused_and_never_found(self, things: Repository, id: str) -> None:
        with pytest.raises(InvalidBody):
            things.add(id, {}, NOW)

        assert things.get(id) is None
        assert things.get_many([id]) == {}
        assert things.versions(id) == []
        assert things.remove(id) == 0

    def test_replacing_counts_revisions_and_keeps_the_place(self, things: Repository) -> None:
        before = things.add("1", {"name": "a", "size": 1, "tag": ["x"]}, NOW)

        after = things.replace(before, {"name": "b", "size": 2, "tag": ["y"]}, LATER)

        assert (after.revision, after.position, after.created_at) == (2, before.position, before.created_at)
        assert after.updated_at == "2026-01-01T13:00:00.000Z"
        stored = things.get("1", for_update=True)
        assert stored is not None
        assert (stored.revision, stored.document()) == (2, {"id": "1", "name": "b", "size": 2, "tag": ["y"]})
        assert [things.count(has_tag("x")), things.count(has_tag("y"))] == [0, 1]
        assert things.ids_where(Compare(NAME, Operator.EQ, ("b",)), 10) == ["1"]

    def test_replacing_what_changed_since_is_a_conflict(self, things: Repository) -> None:
        read = things.add("1", {"n": 1}, NOW)
        things.replace(read, {"n": 2}, NOW)

        with pytest.raises(RevisionConflict):
            things.replace(read, {"n": 3}, NOW)

        assert things.get_many(["1"])["1"].document() == {"id": "1", "n": 2}

    def test_replacing_what_is_gone_is_a_conflict(self, things: Repository) -> None:
        read = things.add("1", {"tag": ["x"]}, NOW)
        assert things.remove("1") == 1

        with pytest.raises(RevisionConflict):
            things.replace(read, {}, NOW)

        assert things.remove("1") == 0
        assert things.count(has_tag("x")) == 0

    def test_many_are_read_at_once(self, things: Repository) -> None:
        for number in range(1_201):
            things.add(f"{number}", {"n": number}, NOW)

        found = things.get_many([*(str(number) for number in range(1_201)), "absent"])

        assert {id: row.document()["n"] for id, row in found.items()} == {str(n): n for n in range(1_201)}


class VersionContract(_Repositories):
    """Several versions of one id."""

    def test_the_version_added_last_is_the_latest(self, offers: Repository) -> None:
        for version in ("1.0", "3.0", "2.0"):
            offers.add("a", {"version": version, "name": f"n{version}"}, NOW, version)

        latest, first = offers.get("a"), offers.get("a", "1.0")

        assert offers.versions("a") == ["1.0", "3.0", "2.0"]
        assert latest is not None
        assert first is not None
        assert (latest.version, first.document()["name"]) == ("2.0", "n1.0")
        assert offers.get("a", "9.0") is None
        assert offers.get_many(["a"])["a"].version == "2.0"

    def test_lists_show_the_latest_unless_a_version_is_asked_for(self, offers: Repository) -> None:
        for version in ("1.0", "2.0"):
            offers.add("a", {"version": version, "tag": ["t"]}, NOW, version)

        assert [row.version for row in offers.find(Query()).rows] == ["2.0"]
        assert [row.version for row in offers.find(Query(is_version("1.0"))).rows] == ["1.0"]
        assert offers.count(has_tag("t")) == 1

    def test_a_version_is_taken_once(self, offers: Repository) -> None:
        offers.add("a", {"version": "1.0"}, NOW, "1.0")

        with pytest.raises(IdTaken):
            offers.add("a", {"version": "1.0"}, NOW, "1.0")

        assert offers.versions("a") == ["1.0"]

    def test_a_known_id_without_a_version_is_taken(self, offers: Repository) -> None:
        offers.add("a", {"version": "1.0"}, NOW, "1.0")

        with pytest.raises(IdTaken, match="a new version"):
            offers.add("a", {}, NOW)

        assert offers.versions("a") == ["1.0"]

    def test_removing_the_latest_makes_the_newest_remaining_the_latest(self, offers: Repository) -> None:
        for version in ("1.0", "2.0", "3.0"):
            offers.add("a", {"version": version}, NOW, version)

        assert offers.remove("a", "3.0") == 1
        assert offers.remove("a", "1.0") == 1

        latest = offers.get("a")
        assert latest is not None
        assert latest.version == "2.0"
        assert offers.remove("a", "1.0") == 0

    def test_removing_without_a_version_removes_all(self, offers: Repository) -> None:
        for version in ("1.0", "2.0"):
            offers.add("a", {"tag": ["t"]}, NOW, version)

        assert offers.remove("a") == 2

        assert offers.get("a") is None
        assert offers.count(None) == 0

    def test_versions_are_replaced_one_by_one(self, offers: Repository) -> None:
        first = offers.add("a", {"n": 1}, NOW, "1.0")
        offers.add("a", {"n": 2}, NOW, "2.0")

        offers.replace(first, {"n": 10}, LATER)

        found = [offers.get("a", version) for version in ("1.0", "2.0")]
        assert [row.document()["n"] for row in found if row is not None] == [10, 2]


class PageContract(_Repositories):
    """Order, pages and places."""

    @pytest.fixture
    def sized(self, things: Repository) -> Repository:
        """Sizes 3, 1, none, 2, 1 with ids a to e, in this order."""
        for id, document in {"a": {"size": 3}, "b": {"size": 1}, "c": {}, "d": {"size": 2}, "e": {"size": 1}}.items():
            things.add(id, document, NOW)
        return things

    @pytest.mark.parametrize("path", [SIZE, FieldPath(("size",), Kind.UNKNOWN)], ids=["promoted", "document"])
    @pytest.mark.parametrize(("descending", "expected"), [(False, "bedac"), (True, "adebc")])
    def test_missing_values_come_last_either_way(
        self, sized: Repository, path: FieldPath, descending: bool, expected: str
    ) -> None:
        assert "".join(ids(sized.find(Query(sort=(SortKey(path, descending),))))) == expected

    def test_offset_and_limit_cut_a_page_of_all(self, sized: Repository) -> None:
        found = sized.find(Query(offset=1, limit=2))

        assert (ids(found), found.total) == (["b", "c"], 5)
        assert ids(sized.find(Query(offset=4, limit=2))) == ["e"]
        assert ids(sized.find(Query(offset=3))) == ["d", "e"]
        assert (ids(sized.find(Query(offset=9, limit=2))), sized.find(Query(limit=0)).total) == ([], 5)

    @pytest.mark.parametrize("descending", [False, True])
    def test_cursors_lead_through_the_list_both_ways(self, sized: Repository, descending: bool) -> None:
        sort = (SortKey(SIZE, descending), SortKey(FieldPath(("id",), Kind.STRING, many=False), True))
        whole = sized.find(Query(sort=sort))
        for place, cursor in enumerate(whole.cursors):
            assert ids(sized.find(Query(sort=sort, after=cursor, limit=2))) == ids(whole)[place + 1 : place + 3]
            assert ids(sized.find(Query(sort=sort, before=cursor, limit=2))) == ids(whole)[max(0, place - 2) : place]
        between = sized.find(Query(sort=sort, after=whole.cursors[0], before=whole.cursors[3]))
        assert (ids(between), between.total) == (ids(whole)[1:3], 5)

    def test_pages_by_cursor_stay_whole_while_rows_come(self, sized: Repository) -> None:
        first = sized.find(Query(sort=(SortKey(SIZE),), limit=2))
        for id, size in (("f", 0), ("g", 2), ("h", 9)):
            sized.add(id, {"size": size}, NOW)

        second = sized.find(Query(sort=(SortKey(SIZE),), after=first.cursors[-1], limit=3))

        assert (ids(first), ids(second)) == (["b", "e"], ["d", "g", "a"])
        assert ids(sized.find(Query(sort=(SortKey(SIZE),), before=first.cursors[0]))) == ["f"]

    @pytest.mark.parametrize("cursor", [Cursor((), "x"), Cursor(("1", "2"), "x"), Cursor(("\x00",), "x")])
    def test_a_cursor_of_another_list_is_refused(self, sized: Repository, cursor: Cursor) -> None:
        with pytest.raises(InvalidParameter):
            sized.find(Query(sort=(SortKey(SIZE),), after=cursor))

    def test_the_first_ids_are_given_by_creation(self, sized: Repository) -> None:
        assert sized.ids_where(Compare(SIZE, Operator.LT, ("3",)), 2) == ["b", "d"]


class ParentContract(_Repositories):
    """The same resource below several parents: the same ids, and nothing of one is seen in another."""

    def test_each_parent_has_ids_and_versions_of_its_own(
        self, below: tuple[Repository, Repository, Repository]
    ) -> None:
        for place, rows in enumerate(below):
            rows.add("a", {"n": place}, NOW, "1.0")
            rows.add("a", {"n": place + 10}, NOW, "2.0")

        for place, rows in enumerate(below):
            first, latest = rows.get("a", "1.0"), rows.get("a", for_update=True)
            assert [row.document()["n"] for row in (first, latest) if row is not None] == [place, place + 10]
            assert rows.get_many(["a"])["a"].document()["n"] == place + 10
            assert rows.versions("a") == ["1.0", "2.0"]
            with pytest.raises(IdTaken):
                rows.add("a", {}, NOW, "2.0")

    def test_lists_filters_and_pages_stay_below_their_parent(
        self, below: tuple[Repository, Repository, Repository]
    ) -> None:
        for number in range(3):
            for place, rows in enumerate(below):
                rows.add(f"{place}{number}", {"name": "same", "tag": ["t"], "other": "x"}, NOW)
        wanted = ((TAG, "t"), (NAME, "same"), (FieldPath(("other",)), "x"))
        conditions = [None, *(Compare(path, Operator.EQ, (value,)) for path, value in wanted)]

        for place, rows in enumerate(below):
            expected = [f"{place}{number}" for number in range(3)]
            for condition in conditions:
                found = rows.find(Query(condition, sort=(SortKey(NAME),)))
                assert (ids(found), found.total, rows.count(condition)) == (expected, 3, 3)
            assert rows.ids_where(has_tag("t"), 10) == expected
            cursor = rows.find(Query(limit=1)).cursors[0]
            assert ids(rows.find(Query(has_tag("t"), after=cursor))) == expected[1:]

    def test_changes_stay_below_their_parent(self, below: tuple[Repository, Repository, Repository]) -> None:
        _, left, right = below
        read = left.add("a", {"tag": ["t"]}, NOW)
        with pytest.raises(RevisionConflict):
            right.replace(read, {}, NOW)
        right.add("a", {"tag": ["t"]}, NOW)
        left.replace(read, {"tag": ["u"]}, LATER)

        assert right.count(has_tag("t")) == 1
        assert (left.remove("a"), left.remove("a"), right.count(None)) == (1, 0, 1)

    def test_everything_below_a_parent_goes_at_once(self, below: tuple[Repository, Repository, Repository]) -> None:
        top, left, right = below
        for rows in below:
            for version in ("1.0", "2.0"):
                rows.add("b", {"version": version, "tag": ["t"]}, NOW, version)
            rows.add("a", {"tag": ["t"]}, NOW)

        gone = left.clear()

        assert [(row.id, row.version) for row in gone] == [("b", "1.0"), ("b", "2.0"), ("a", "")]
        assert gone[0].document() == {"id": "b", "version": "1.0", "tag": ["t"]}
        assert [rows.count(has_tag("t")) for rows in (top, left, right)] == [2, 0, 2]
        assert left.clear() == []


class TransactionContract:
    """Units of work."""

    def test_what_was_committed_is_there_for_the_next(self, database: Database) -> None:
        add_things(database, {"id": "1", "n": 1})

        with database.read() as unit:
            assert ids(unit.repository("toy_thing").find(Query())) == ["1"]

    def test_leaving_without_commit_changes_nothing(self, database: Database) -> None:
        with database.write() as unit:
            unit.repository("toy_thing").add("1", {"tag": ["x"]}, NOW)

        with database.read() as unit:
            assert unit.repository("toy_thing").count(None) == 0

    def test_an_exception_undoes_everything(self, database: Database) -> None:
        add_things(database, {"id": "1", "tag": ["x"]})

        def change_and_fail() -> None:
            with database.write() as unit:
                unit.repository("toy_thing").remove("1")
                unit.repository("toy_thing").add("2", {}, NOW)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            change_and_fail()

        with database.read() as unit:
            assert ids(unit.repository("toy_thing").find(Query(has_tag("x")))) == ["1"]

    def test_of_two_writers_that_read_the_same_one_wins(self, database: Database) -> None:
        add_things(database, {"id": "1", "n": 0})
        with database.read() as unit:
            read = unit.repository("toy_thing").get("1")
        assert read is not None
        outcomes: list[str] = []
        start = threading.Barrier(2)

        def write(number: int) -> None:
            start.wait()
            try:
                with database.write() as unit:
                    unit.repository("toy_thing").replace(read, {"n": number}, NOW)
                    unit.commit()
                outcomes.append("won")
            except RevisionConflict:
                outcomes.append("conflict")

        threads = [threading.Thread(target=write, args=(number,)) for number in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["conflict", "won"]
        with database.read() as unit:
            row = unit.repository("toy_thing").get("1")
        assert row is not None
        assert row.revision == 2

    def test_versions_added_at_once_leave_one_latest(self, database: Database) -> None:
        def add(version: str) -> None:
            with database.write() as unit:
                unit.repository("toy_offer").add("a", {"version": version}, NOW, version)
                unit.commit()

        threads = [threading.Thread(target=add, args=(f"{number}.0",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        with database.read() as unit:
            assert len(unit.repository("toy_offer").versions("a")) == 4
            assert unit.repository("toy_offer").count(None) == 1

    def test_a_reader_sees_no_change_that_is_not_committed(self, database: Database) -> None:
        with database.write() as writer:
            writer.repository("toy_thing").add("1", {}, NOW)
            with database.read() as reader:
                assert reader.repository("toy_thing").get("1") is None

    def test_tenants_do_not_see_each_other(self, database: Database) -> None:
        add_things(database, {"id": "1", "name": "a", "tag": ["x"]}, tenant="north")
        add_things(database, {"id": "1", "name": "b", "tag": ["x"]}, tenant="south")

        with database.write("north") as unit:
            north = unit.repository("toy_thing")
            assert [row.document()["name"] for row in north.find(Query(has_tag("x"))).rows] == ["a"]
            assert north.remove("1") == 1
            unit.commit()

        with database.read("south") as unit:
            assert [row.document()["name"] for row in unit.repository("toy_thing").find(Query(has_tag("x"))).rows] == [
                "b"
            ]
        with database.read() as unit:
            assert unit.repository("toy_thing").count(None) == 0

    def test_it_answers(self, database: Database) -> None:
        database.ping()


class IdempotencyContract:
    """Replies by key."""

    def test_a_reply_comes_back_as_it_was_kept(self, database: Database) -> None:
        with database.write() as unit:
            unit.idempotency.keep("/thing", "k", "f1", REPLY, NOW)
            unit.commit()

        with database.read() as unit:
            assert unit.idempotency.find("/thing", "k") == REPLY
            assert unit.idempotency.find("/thing", "other") is None
            assert unit.idempotency.find("/offer", "k") is None
            assert unit.idempotency.find("/thing", "k\x00") is None
        with database.read("south") as unit:
            assert unit.idempotency.find("/thing", "k") is None

    def test_a_key_is_kept_once(self, database: Database) -> None:
        with database.write() as unit:
            unit.idempotency.keep("/thing", "k", "f1", REPLY, NOW)

            with pytest.raises(IdempotencyConflict):
                unit.idempotency.keep("/thing", "k", "f2", REPLY, NOW)

    def test_old_replies_are_forgotten(self, database: Database) -> None:
        with database.write() as unit:
            unit.idempotency.keep("/thing", "old", "f1", REPLY, NOW)
            unit.idempotency.keep("/thing", "new", "f1", REPLY, LATER)

            assert unit.idempotency.forget_before(LATER) == 1

            assert unit.idempotency.find("/thing", "old") is None
            assert unit.idempotency.find("/thing", "new") == REPLY


class StoreContract(
    DocumentContract,
    MassContract,
    VersionContract,
    PageContract,
    ParentContract,
    TransactionContract,
    IdempotencyContract,
    WorkContract,
    RecordContract,
    GroupContract,
    SessionContract,
):
    """All of it."""
