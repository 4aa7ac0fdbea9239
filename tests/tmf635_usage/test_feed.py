"""Files of usage: what is read of them, and how a file is taken in parts, broken off and gone on with."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common import exact_json
from common.domain.query import Document
from common.errors import BssError, ClientError
from tmf635_usage.feed import Feed, OtherFile, Taken
from tmf635_usage.ingest import CREATED, DUPLICATE, Outcome, refused
from tmf635_usage.reading import source_key
from tmf635_usage.sources import LINE_BYTES_MAX, Columns, MappingRefused, Place, read_file

HEAD = b"externalId,source,usageType,servedNumber,startDateTime,durationSeconds\n"


def characteristics(document: Any) -> dict[str, Any]:
    return {one["name"]: one["value"] for one in document["usageCharacteristic"]}


def read(path: Path, columns: Columns = Columns(), start: Place = Place()) -> list[Any]:  # noqa: B008
    return [one.record for one in read_file(path, columns, start)]


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    path.write_bytes(HEAD + b"1,switch,voice,+431,2026-01-01T08:00:00Z,90\n2,switch,voice,+432,,x\n")
    return path


class Shelf:
    """Takes records as the suite does, by key, and may die after it took so many chunks."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Document] = {}
        self.chunks: list[int] = []
        self.dies_after: int | None = None

    def __call__(self, records: Sequence[Document | BssError]) -> list[Outcome]:
        self.chunks.append(len(records))
        outcomes = [self._one(record) for record in records]
        if self.dies_after == len(self.chunks):
            raise ConnectionAbortedError
        return outcomes

    def _one(self, record: Document | BssError) -> Outcome:
        if isinstance(record, ClientError):
            return refused(record)
        assert isinstance(record, dict)
        key = source_key(record)
        assert key is not None
        if key in self.kept:
            return Outcome(DUPLICATE, key[1])
        self.kept[key] = record
        return Outcome(CREATED, key[1], "rejected", "no.price")


def feed(path: Path, take: Any, size: int = 10) -> Feed:
    return Feed(path, path.with_suffix(".rejects"), path.with_suffix(".checkpoint"), take, size=size)


# -- what is read -----------------------------------------------------------------------------------------------------


def test_columns_are_what_their_names_say(csv: Path) -> None:
    first, second = read(csv)

    assert first == {
        "@type": "ProductUsage",
        "usageType": "voice",
        "externalIdentifier": [{"@type": "ExternalIdentifier", "id": "1", "owner": "switch"}],
        "usageCharacteristic": [
            {"@type": "StringCharacteristic", "name": "servedNumber", "valueType": "string", "value": "+431"},
            {
                "@type": "StringCharacteristic",
                "name": "startDateTime",
                "valueType": "string",
                "value": "2026-01-01T08:00:00Z",
            },
            {"@type": "NumberCharacteristic", "name": "durationSeconds", "valueType": "number", "value": Decimal(90)},
        ],
    }
    assert characteristics(second) == {"servedNumber": "+432", "durationSeconds": "x"}


def test_a_mapping_names_columns_and_says_what_records_have_in_common(tmp_path: Path) -> None:
    path, mapping = tmp_path / "cdr.csv", tmp_path / "mapping.yaml"
    path.write_text("id,anr,mb,note,kind\n7,+431,1.5,hello,\n8,+432,2,,sms\n")
    mapping.write_text(
        "source: packet-core\nusageType: data\nusageSpecification: usage-spec-data\n"
        "columns: {id: externalId, anr: servedNumber, mb: volumeMegabytes, note: '', kind: usageType}\n"
    )
    first, second = read(path, Columns.load(mapping))

    assert (first["usageType"], second["usageType"]) == ("data", "sms")
    assert source_key(first) == ("packet-core", "7")
    assert first["usageSpecification"]["id"] == "usage-spec-data"
    assert characteristics(first) == {"servedNumber": "+431", "volumeMegabytes": Decimal("1.5")}


@pytest.mark.parametrize("text", ["[1]", "colums: {}", "columns: [a]", "columns: {a: 1}", "{"])
def test_a_mapping_that_says_nothing_sensible_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text)

    with pytest.raises(MappingRefused, match=r"mapping\.yaml"):
        Columns.load(path)


def test_ndjson_has_usages_or_columns(tmp_path: Path) -> None:
    path = tmp_path / "usage.ndjson"
    path.write_bytes(
        b'\xef\xbb\xbf{"@type": "ProductUsage", "usageType": "sms"}\n\n'
        b'{"usageType": "data", "volumeBytes": 12, "roaming": true}\r\n'
        b'{"a": [1]}\n5\n{\n\xff\n{"usageType": "last"}'
    )
    records = list(read_file(path, Columns(), Place()))

    assert [one.line for one in records] == [1, 3, 4, 5, 6, 7, 8]
    assert records[0].record == {"@type": "ProductUsage", "usageType": "sms"}
    assert characteristics(records[1].record) == {"volumeBytes": 12, "roaming": True}
    assert [getattr(one.record, "code", None) for one in records] == [
        *(None, None, "body.invalid", "body.invalid", "body.malformed", "body.malformed", None)
    ]


def test_broken_csv_lines_are_refused_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    long = b"9," + b"x" * (LINE_BYTES_MAX + 5) + b"\n"
    path.write_bytes(b"externalId,usageType\r\n1,sms\r\n2\n\n\xff,sms\n" + long + b'3,"s\nms"\n4,sms\n')
    records = list(read_file(path, Columns(), Place()))

    assert [(one.line, getattr(one.record, "code", None)) for one in records] == [
        (2, None),
        (3, "body.invalid"),
        (5, "body.malformed"),
        (6, "body.malformed"),
        (7, None),
        (9, None),
    ]
    assert records[4].raw == '3,"s\nms"'
    assert max(len(one.raw) for one in records) < 200


@pytest.mark.parametrize("head", [b"", b"\n1,2\n", b"a,a\n1,2\n", b"a,\n1,2\n"])
def test_a_csv_file_names_its_columns(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(head)

    with pytest.raises(MappingRefused, match="first line"):
        read(path)


@pytest.mark.parametrize("name", ["usage.csv", "usage.ndjson"])
def test_reading_goes_on_from_the_place_after_any_record(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("csv"):
        path.write_text("externalId,usageType\n" + "".join(f'{number},"s\nms"\n\n' for number in range(5)))
    else:
        path.write_text("".join(f'{{"externalId": "{number}"}}\n\n' for number in range(5)))
    whole = list(read_file(path, Columns(), Place()))

    assert len(whole) == 5
    for place, one in enumerate(whole):
        assert list(read_file(path, Columns(), one.after)) == whole[place + 1 :]


# -- how it is taken --------------------------------------------------------------------------------------------------


def numbered(path: Path, count: int) -> Path:
    with path.open("w") as file:
        file.write("externalId,source,usageType\n")
        file.writelines(f"{number},switch,sms\n" for number in range(count))
    return path


def last(steps: Iterator[Taken]) -> Taken:
    *_, taken = steps
    return taken


def test_a_file_is_taken_in_chunks_and_counted(tmp_path: Path) -> None:
    shelf = Shelf()
    path = numbered(tmp_path / "a.csv", 25)
    with path.open("a") as file:
        file.write("1,switch,sms\n,switch,sms\nbroken\n")

    taken = last(feed(path, shelf).run())

    assert shelf.chunks == [10, 10, 8]
    assert (taken.received, taken.results) == (28, {"created": 25, "duplicate": 1, "refused": 2})
    assert taken.states == {"rejected no.price": 25}
    rejects = [exact_json.decode(line) for line in path.with_suffix(".rejects").read_bytes().splitlines()]
    assert [(one["file"], one["line"], one["code"], one["record"]) for one in rejects] == [
        ("a.csv", 28, "body.invalid", ",switch,sms"),
        ("a.csv", 29, "body.invalid", "broken"),
    ]
    assert rejects[0]["errors"][0]["pointer"] == "/externalIdentifier"


def test_a_file_that_was_taken_is_not_taken_again_and_what_was_added_is(tmp_path: Path) -> None:
    shelf = Shelf()
    path = numbered(tmp_path / "a.csv", 12)
    last(feed(path, shelf).run())

    assert last(feed(path, shelf).run()).results == {"created": 12}
    assert shelf.chunks == [10, 2]
    with path.open("a") as file:
        file.write("12,switch,sms\n")
    assert last(feed(path, shelf).run()).results == {"created": 13}
    assert shelf.chunks == [10, 2, 1]
    assert last(feed(path, shelf).run(from_start=True)).results == {"duplicate": 13}
    assert not path.with_suffix(".rejects").exists()


@pytest.mark.parametrize("dies_after", [1, 2, 3])
def test_what_was_broken_off_goes_on_and_nothing_counts_twice(tmp_path: Path, dies_after: int) -> None:
    """It dies after the records were kept, before that was noted."""
    shelf = Shelf()
    path = numbered(tmp_path / "a.csv", 24)
    with path.open("a") as file:
        file.write("no key\n")
    shelf.dies_after = dies_after
    with pytest.raises(ConnectionAbortedError):
        last(feed(path, shelf).run())
    shelf.dies_after = None
    with path.with_suffix(".rejects").open("a") as rejected:
        rejected.write("half a li")

    taken = last(feed(path, shelf).run())

    again = 4 if dies_after == 3 else 10
    assert taken.received == 25
    assert taken.results == {"created": 24 - again, "duplicate": again, "refused": 1}
    assert len(shelf.kept) == 24
    assert len(path.with_suffix(".rejects").read_text().splitlines()) == 1


@pytest.mark.parametrize("text", ["{", "[]", '{"place": 1}'])
def test_what_is_no_checkpoint_stops_it(tmp_path: Path, text: str) -> None:
    path = numbered(tmp_path / "a.csv", 5)
    path.with_suffix(".checkpoint").write_text(text)

    with pytest.raises(OtherFile, match="is no checkpoint"):
        last(feed(path, Shelf()).run())


@pytest.mark.parametrize("count", [3, 15])
def test_the_checkpoint_of_another_file_stops_it(tmp_path: Path, count: int) -> None:
    shelf = Shelf()
    path = numbered(tmp_path / "a.csv", 12)
    last(feed(path, shelf).run())
    text = path.read_text()
    path.write_text(text.replace("5,", "x,") if count == 15 else text[:50])

    with pytest.raises(OtherFile, match="of another file"):
        last(feed(path, shelf).run())
    assert shelf.chunks == [10, 2]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """20,000 records need what 2,000 do."""
    peaks = []
    for count in (2_000, 20_000):
        path = numbered(tmp_path / f"{count}.csv", count)

        def take(records: Sequence[Document | BssError]) -> list[Outcome]:
            return [Outcome(CREATED, "1", "rated") for _ in records]

        tracemalloc.start()
        assert last(feed(path, take, 500).run()).results == {"created": count}
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] * 1.2
