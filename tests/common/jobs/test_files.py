"""Files are read one document at a time, from any place, whatever the chunks; and written whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from common.jobs import files
from common.jobs.files import Item, new_file, read_elements, read_lines

ELEMENTS = [b'{"a": "]},[\\"\\\\"}', b"[1, [2]]", b'"x,\\"y"', b"7", b"{}"]
ARRAY = b" [" + b" ,\n".join(ELEMENTS) + b" ]\n "
LINES = b"\xef\xbb\xbf{}\n\n  \r\n{" + b"x" * 30 + b"}\n[]\r\nlast"


@pytest.mark.parametrize("chunk", [2, 3, 5, 7, 64])
def test_elements_end_where_they_end(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(files, "_CHUNK_BYTES", chunk)

    found = list(read_elements(io.BytesIO(ARRAY), 0, 0, 100))

    assert [item.content for item in found] == ELEMENTS
    assert [item.number for item in found] == [1, 2, 3, 4, 5]
    assert [item.is_last for item in found] == [False, False, False, False, True]


@pytest.mark.parametrize("done", [1, 2, 3, 4])
def test_an_array_is_read_on_from_where_it_was_left(done: int) -> None:
    left = list(read_elements(io.BytesIO(ARRAY), 0, 0, 100))[done - 1]

    rest = list(read_elements(io.BytesIO(ARRAY), left.end, left.number, 100))

    assert [item.content for item in rest] == ELEMENTS[done:]
    assert rest[0].number == done + 1


@pytest.mark.parametrize("chunk", [2, 64])
def test_an_element_too_large_is_passed_over(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(files, "_CHUNK_BYTES", chunk)

    found = list(read_elements(io.BytesIO(b"[1,{" + b" " * 300 + b"},2]"), 0, 0, 10))

    assert [item.content for item in found] == [b"1", None, b"2"]


def test_lines_are_numbered_as_an_editor_does() -> None:
    found = list(read_lines(io.BytesIO(LINES), 0, 0, 20))

    assert [(item.number, item.content) for item in found] == [(1, b"{}"), (4, None), (5, b"[]"), (6, b"last")]


def test_lines_are_read_on_from_where_they_were_left() -> None:
    left = Item(4, None, LINES.index(b"[]"))

    assert [(i.number, i.content) for i in read_lines(io.BytesIO(LINES), left.end, left.number, 20)] == [
        (5, b"[]"),
        (6, b"last"),
    ]


def _write_half(target: Path) -> None:
    with new_file(target, "job") as file:
        file.write(b"half")
        raise ValueError("no more")


def test_a_file_that_is_not_finished_is_not_there(tmp_path: Path) -> None:
    (tmp_path / ".job.1.part").write_text("left by a killed attempt")
    (tmp_path / "out.json").write_text("old")

    with pytest.raises(ValueError, match="no more"):
        _write_half(tmp_path / "out.json")

    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert (tmp_path / "out.json").read_text() == "old"
