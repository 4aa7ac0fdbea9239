"""Records in files, CSV and NDJSON, one at a time, each with the place in the file where the next one begins.

A column is what its name says: `id`, `externalId`, `source`, `usageType`, `usageSpecification`, `product`,
`description`; any other is a characteristic of that name. A mapping gives columns other names and says what all records
of a file have in common. An NDJSON object with `@type` is a usage as the API takes it; any other has columns, too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import yaml

from common import exact_json
from common.domain.query import Document
from common.errors import BssError, InvalidBody, MalformedJson, Violation

# A longer line is no record of usage, and is not read into memory.
LINE_BYTES_MAX = 1_000_000
_PLAIN = ("id", "usageType", "description")
_COMMON = ("source", "usageType", "usageSpecification", "product")
# Columns that are numbers; what is not written as one stays a text, and rating says that it is none.
_MEASURE = re.compile(r"quantity|messages|events|(?:duration|volume)[A-Z]\w*")
_NUMBER = re.compile(r"-?\d{1,17}(?:\.\d{1,17})?")
# What stands for bytes that are no UTF-8, or for the rest of a line that is too long: half of a surrogate pair.
_BROKEN = "\udcff"


class MappingRefused(ValueError):
    """A mapping or a file's first line that says nothing sensible, and why."""


@dataclass(frozen=True)
class Columns:
    """How the columns of a file are usage.

    Shapes: `columns` has the name that a column stands for by its own name, "" for one that is left out; `common` what
            every record has unless a column says otherwise, by the names above.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    common: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Columns:
        """Errors: MappingRefused; OSError."""
        try:
            given = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise MappingRefused(f"{path} is no YAML: {error}") from error
        if not isinstance(given, dict) or not given.keys() <= {"columns", *_COMMON}:
            raise MappingRefused(f"{path} says: columns, {', '.join(_COMMON)}; nothing else")
        columns = given.pop("columns", None) or {}
        if not isinstance(columns, dict) or not all(isinstance(n, str) for n in (*columns, *columns.values())):
            raise MappingRefused(f"{path}: columns has a name for each column; one that is left out has the name ''")
        return cls(columns, {name: str(value) for name, value in given.items()})


class Place(NamedTuple):
    """Where in a file a record begins: bytes before it, lines before it."""

    offset: int = 0
    line: int = 0


class Read(NamedTuple):
    """A record of a file: what it says or why it cannot be read, as it was written, its line, where the next begins."""

    record: Document | BssError
    raw: str
    line: int
    after: Place


def read_file(path: Path, mapping: Columns, start: Place) -> Iterator[Read]:
    """The records of a file from a place on; CSV when its name ends so, else NDJSON.

    Errors: MappingRefused when a CSV file has no line of names; OSError.
    """
    with path.open("rb") as file:
        reader = _csv if path.suffix.lower() == ".csv" else _ndjson
        yield from reader(file, mapping, start)


def _ndjson(file: BinaryIO, mapping: Columns, start: Place) -> Iterator[Read]:
    lines = _Lines(file, start)
    for text in lines:
        lines.written.clear()
        if not text.strip():
            continue
        yield Read(_of_json(text, mapping), text.rstrip("\r\n"), lines.place.line, lines.place)


def _of_json(text: str, mapping: Columns) -> Document | BssError:
    try:
        value = exact_json.decode(text.strip().removeprefix("\ufeff").encode())
    except UnicodeEncodeError:
        return _unreadable()
    except MalformedJson as error:
        return error
    if not isinstance(value, dict):
        return InvalidBody([Violation("", "type", "a record is a JSON object")])
    return value if "@type" in value else usage_of(value, mapping)


def _csv(file: BinaryIO, mapping: Columns, start: Place) -> Iterator[Read]:
    lines = _Lines(file, Place())
    names = [name.strip().removeprefix("\ufeff") for name in next(csv.reader(lines), [])]
    if not names or "" in names or len(set(names)) != len(names):
        raise MappingRefused("the first line of a CSV file names its columns, each differently")
    if start.offset > lines.place.offset:
        lines = _Lines(file, start)
    rows = csv.reader(lines)
    while True:
        lines.written.clear()
        before = lines.place.line
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            found: Document | BssError = InvalidBody([Violation("", "format", f"no CSV: {error}")])
        else:
            if not row:
                continue
            found = _of_row(names, row, mapping)
        raw = "".join(lines.written).rstrip("\r\n")
        yield Read(found, raw, before + 1, lines.place)


def _of_row(names: list[str], row: list[str], mapping: Columns) -> Document | BssError:
    if len(row) != len(names):
        told = f"it has {len(row)} columns, the first line names {len(names)}"
        return InvalidBody([Violation("", "format", told)])
    try:
        if b"\0" in "".join(row).encode():
            return _unreadable()
    except UnicodeEncodeError:
        return _unreadable()
    return usage_of(dict(zip(names, row, strict=True)), mapping)


def usage_of(columns: Mapping[str, Any], mapping: Columns) -> Document | BssError:
    """The v5 document that columns are; empty ones say nothing."""
    values: dict[str, Any] = dict(mapping.common)
    for column, value in columns.items():
        name = mapping.columns.get(column, column)
        if isinstance(value, dict | list):
            return InvalidBody([Violation(f"/{column}", "type", "a column is a text, a number, true or false")])
        if name and value is not None and value != "":
            values[name] = value
    texts = {name: str(values.pop(name)) for name in (*_PLAIN, *_COMMON, "externalId") if name in values}
    document: Document = {"@type": "ProductUsage", **{name: texts[name] for name in _PLAIN if name in texts}}
    if "usageSpecification" in texts:
        specification = {"@type": "ProductUsageSpecificationRef", "id": texts["usageSpecification"]}
        document["usageSpecification"] = {**specification, "@referredType": "ProductUsageSpecification"}
    if "product" in texts:
        document["product"] = {"@type": "ProductRef", "id": texts["product"], "@referredType": "Product"}
    if "externalId" in texts:
        identifier = {"@type": "ExternalIdentifier", "id": texts["externalId"]}
        document["externalIdentifier"] = [identifier | ({"owner": texts["source"]} if "source" in texts else {})]
    document["usageCharacteristic"] = [_characteristic(name, value) for name, value in values.items()]
    return document


def _characteristic(name: str, value: Any) -> Document:
    if isinstance(value, str) and _MEASURE.fullmatch(name) and _NUMBER.fullmatch(value.strip()):
        value = Decimal(value.strip())
    kind = "Boolean" if isinstance(value, bool) else "Number" if isinstance(value, int | Decimal) else "String"
    return {"@type": f"{kind}Characteristic", "name": name, "valueType": kind.lower(), "value": value}


def _unreadable() -> MalformedJson:
    return MalformedJson(f"the line is not UTF-8, has a U+0000, or is longer than {LINE_BYTES_MAX} bytes")


class _Lines:
    """The lines of a file from a place on, as texts, and the place after the last one that was taken.

    Shapes: `written` are those that were taken since somebody cleared it.
    """

    def __init__(self, file: BinaryIO, start: Place) -> None:
        file.seek(start.offset)
        self._file = file
        self.place = start
        self.written: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(LINE_BYTES_MAX)
        if not raw:
            raise StopIteration
        size, text = len(raw), raw.decode("utf-8", "surrogateescape")
        if size == LINE_BYTES_MAX and not raw.endswith(b"\n"):
            text = text[:100] + _BROKEN + "\n"
            while rest := self._file.readline(LINE_BYTES_MAX):
                size += len(rest)
                if rest.endswith(b"\n"):
                    break
        self.place = Place(self.place.offset + size, self.place.line + 1)
        self.written.append(text)
        return text
