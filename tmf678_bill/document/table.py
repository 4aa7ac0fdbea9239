"""Tables that go over pages: heads repeated, rows kept whole, totals never alone, decimals below each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tmf678_bill.document.appearance import Colour
from tmf678_bill.document.sheet import LEFT, RIGHT, Box, Face, Mark, Sheet, Text, clipped, wrapped

# A name that takes more lines than this is cut; a row is then never higher than a page.
CELL_LINES_MAX = 8
_GAP = 10.0


@dataclass(frozen=True)
class Column:
    """Shapes: one `width` at least is 0, which is what the others leave; `decimal` puts the decimal marks below each
    other (`mark` is what they are)."""

    title: str
    width: float = 0
    align: Literal["left", "right", "decimal"] = "left"
    mark: str = "."


@dataclass(frozen=True)
class Row:
    """Shapes: `notes` are lines below the first cell; `kept` stays with the row after it on one page."""

    cells: tuple[str, ...]
    notes: tuple[str, ...] = ()
    is_strong: bool = False
    is_ruled: bool = True
    is_kept: bool = False


@dataclass(frozen=True)
class Look:
    """The faces of a table, and the room above and below each row."""

    head: Face
    body: Face
    strong: Face
    note: Face
    rule: Colour
    strong_rule: Colour
    pad: float = 4.5


class Table:
    """One table on a sheet. Columns of numbers are as wide as their numbers, whatever was planned for them."""

    def __init__(self, sheet: Sheet, columns: Sequence[Column], look: Look) -> None:
        self._sheet, self._look = sheet, look
        self._given = columns
        self._columns: list[tuple[Column, float, float]] = []
        self._fractions: dict[int, float] = {}

    def draw(self, rows: Iterable[Row], title: str = "", again: str = "", label: str = "") -> None:
        """All rows; the title, its label and the head stay with the first of them, `again` is the title of a page
        that goes on."""
        rows = list(rows)
        self._measure(rows)
        top = self._head_height() + (self._title_height() if title else 0)
        for place, group in enumerate(_groups(rows)):
            height = sum(self._height(row) for row in group)
            if not self._sheet.has_room(height + (0 if place else top)):
                self._sheet.turn()
                if place:
                    self._draw_title(again, "")
                    self._draw_head()
            if not place:
                self._draw_title(title, label)
                self._draw_head()
            for row in group:
                self._draw_row(row)

    # -- the parts ----------------------------------------------------------------------------------------

    def _measure(self, rows: Sequence[Row]) -> None:
        self._fractions = {}
        wanted = []
        for place, column in enumerate(self._given):
            width = column.width
            if column.align != "left":
                cells = [(row.cells[place], self._face(row)) for row in rows]
                if column.align == "decimal":
                    self._fractions[place] = max((_fraction(text, column, face) for text, face in cells), default=0)
                width = max(width, *(self._hung(place, *cell) + cell[1].width(cell[0]) + _GAP for cell in cells))
            wanted.append(width)
        rest = (RIGHT - LEFT - sum(wanted)) / max(wanted.count(0), 1)
        self._columns, x = [], LEFT
        for column, width in zip(self._given, wanted, strict=True):
            self._columns.append((column, x, width or rest))
            x += width or rest

    def _hung(self, place: int, text: str, face: Face) -> float:
        """How far a number ends before the end of its column."""
        if place not in self._fractions or not text:
            return 0
        return self._fractions[place] - _fraction(text, self._given[place], face)

    def _title_height(self) -> float:
        return self._look.strong.leading + 8

    def _head_height(self) -> float:
        return self._look.head.leading + 2 * self._look.pad

    def _draw_title(self, title: str, label: str) -> None:
        if not title:
            return
        face, note = self._look.strong, self._look.note
        larger = Face(face.font, face.size + 1.5, face.colour)
        shown = clipped(title, larger, RIGHT - LEFT - (note.width(label) + _GAP if label else 0))
        y = self._sheet.y + larger.size
        self._sheet.put(Text(LEFT, y, shown, larger))
        if label:
            self._sheet.put(Text(RIGHT, y, label, note, "right"))
        self._sheet.y += self._title_height()

    def _draw_head(self) -> None:
        face, y = self._look.head, self._sheet.y
        for column, x, width in self._columns:
            baseline = y + self._look.pad + face.size
            if column.align == "left":
                self._sheet.put(Text(x, baseline, clipped(column.title, face, width - _GAP), face))
            else:
                self._sheet.put(Text(x + width, baseline, column.title, face, "right"))
        self._sheet.y += self._head_height()
        self._sheet.put(Box(LEFT, self._sheet.y, RIGHT - LEFT, 0, self._look.strong_rule, line=0.8))

    def _lines(self, row: Row) -> list[list[str]]:
        face, lines = self._face(row), []
        for place, ((column, _, width), cell) in enumerate(zip(self._columns, row.cells, strict=True)):
            room = self._free(row) if place == 0 else width
            lines.append(wrapped(cell, face, room - _GAP, CELL_LINES_MAX) if column.align == "left" else [cell])
        return lines

    def _free(self, row: Row) -> float:
        """The width of the first cell: a total's name goes over the empty cells beside it."""
        width = self._columns[0][2]
        for (_, _, beside), cell in zip(self._columns[1:], row.cells[1:], strict=True):
            if cell or not row.is_strong:
                break
            width += beside
        return width

    def _noted(self, row: Row) -> list[str]:
        width = self._columns[0][2] - _GAP
        return [line for note in row.notes if note for line in wrapped(note, self._look.note, width, CELL_LINES_MAX)]

    def _height(self, row: Row) -> float:
        lines, notes = self._lines(row), self._noted(row)
        first = len(lines[0]) * self._face(row).leading + len(notes) * self._look.note.leading
        return max(first, *(len(cell) * self._face(row).leading for cell in lines)) + 2 * self._look.pad

    def _draw_row(self, row: Row) -> None:
        face, y = self._face(row), self._sheet.y
        marks: list[Mark] = []
        for place, ((column, x, width), lines) in enumerate(zip(self._columns, self._lines(row), strict=True)):
            for number, line in enumerate(lines):
                baseline = y + self._look.pad + face.size + number * face.leading
                if column.align == "left":
                    marks.append(Text(x, baseline, line, face))
                else:
                    end = x + width - self._hung(place, line, face)
                    marks.append(Text(end, baseline, line, face, "right"))
            if place == 0:
                below = y + self._look.pad + len(lines) * face.leading + self._look.note.size
                marks += [
                    Text(x, below + number * self._look.note.leading, note, self._look.note)
                    for number, note in enumerate(self._noted(row))
                ]
        self._sheet.y += self._height(row)
        if row.is_ruled:
            rule = self._look.strong_rule if row.is_strong else self._look.rule
            marks.append(Box(LEFT, self._sheet.y, RIGHT - LEFT, 0, rule, line=0.5))
        self._sheet.put(*marks)

    def _face(self, row: Row) -> Face:
        return self._look.strong if row.is_strong else self._look.body


def _fraction(text: str, column: Column, face: Face) -> float:
    _, mark, fraction = text.partition(column.mark)
    return face.width(mark + fraction)


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows that stay together."""
    group: list[Row] = []
    for row in rows:
        group.append(row)
        if not row.is_kept:
            yield group
            group = []
    if group:
        yield group
