"""The floor of a bill run: what a competent person would write for the rows of these bills, with the driver alone.

For accounts in groups of fifty: the accounts held, their unbilled usage summed, every row that a bill leaves behind
written by COPY, every row that it changes updated by one statement for each table, one commit. The rows are those that
the suite wrote for one of the accounts, with another account's number in them; nothing is computed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

TOKEN, TOGETHER = "4242424", 50
_LINES = "tmf635_rated_line"
_SUMS = (
    "SELECT account, product, price, version, usage_type, kind, unit, currency, sum(quantity), sum(amount), count(*)"
    f" FROM {_LINES} WHERE tenant = 'default' AND account = ANY(%s) AND claim = 1 AND state = 'charged' AND at < %s"
    " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
)
_HELD = "SELECT id FROM tmf666_billing_account WHERE tenant = 'default' AND id = ANY(%s) ORDER BY id FOR UPDATE"


@dataclass(frozen=True)
class Rows:
    """What one bill leaves behind, by table, as COPY writes it with the token in its ids.

    Shapes: of what it changes the key's columns and all columns with their types.
    """

    new: dict[str, str]
    changed: dict[str, str]
    keys: dict[str, list[str]]
    columns: dict[str, list[tuple[str, str]]]


def bill(url: str, rows: Rows, numbers: list[int], before: str) -> int:
    """Bill the accounts with these numbers; how many."""
    with psycopg.connect(url) as connection:
        for start in range(0, len(numbers), TOGETHER):
            _together(connection, rows, numbers[start : start + TOGETHER], before)
            connection.commit()
    return len(numbers)


def _together(connection: psycopg.Connection[Any], rows: Rows, numbers: list[int], before: str) -> None:
    accounts = [f"acc-{number:07d}" for number in numbers]
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [accounts])
        held = cursor.fetchall()
        cursor.execute(_SUMS, [accounts, before])
        assert len(cursor.fetchall()) == len(held) == len(numbers), "each has usage of one kind"
        for table, text in rows.new.items():
            with cursor.copy(f"COPY {table} FROM STDIN".encode()) as copying:
                copying.write("".join(text.replace(TOKEN, f"{number:07d}") for number in numbers))
        for table, text in rows.changed.items():
            _change(cursor, rows, table, "".join(text.replace(TOKEN, f"{number:07d}") for number in numbers))


def _change(cursor: psycopg.Cursor[Any], rows: Rows, table: str, text: str) -> None:
    columns, key = rows.columns[table], rows.keys[table]
    given = list(zip(*(_values(line) for line in text.splitlines()), strict=True))
    arrays = ", ".join(f"%s::{kind}[]" for _, kind in columns)
    names = ", ".join(f'"{name}"' for name, _ in columns)
    changed = ", ".join(f'"{name}" = given."{name}"' for name, _ in columns if name not in key)
    same = " AND ".join(f'kept."{name}" = given."{name}"' for name in key)
    statement = f"UPDATE {table} AS kept SET {changed} FROM unnest({arrays}) AS given({names}) WHERE {same}"
    cursor.execute(statement.encode(), [list(one) for one in given])


def _values(line: str) -> Iterator[str | None]:
    for value in line.split("\t"):
        yield None if value == "\\N" else value.replace("\\\\", "\\")


if __name__ == "__main__":
    url, kept, first, count, before = sys.argv[1:]
    told = json.loads(Path(kept).read_text())
    columns = {table: [(name, kind) for name, kind in of] for table, of in told["columns"].items()}
    rows = Rows(told["new"], told["changed"], told["keys"], columns)
    print("ready", flush=True)
    sys.stdin.readline()
    begun, spent = time.perf_counter(), time.process_time()
    bills = bill(url, rows, list(range(int(first), int(first) + int(count))), before)
    print(json.dumps({"bills": bills, "seconds": time.perf_counter() - begun, "cpu": time.process_time() - spent}))
