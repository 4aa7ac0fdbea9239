"""Pages as marks on paper, and the marks as a PDF: what goes where is decided before anything is written.

Lengths are points from the top left corner, to the baseline of a text. The same marks are the same bytes: no time of
day, no random identifier, nothing of the machine goes in.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Literal

from reportlab.graphics.barcode.qrencoder import QR8bitByte, QRCode, QRErrorCorrectLevel
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tmf678_bill.document.appearance import Colour

# A4.
WIDTH, HEIGHT = 595.28, 841.89
LEFT, RIGHT = 56.7, 538.6
TOP, BOTTOM = 82.0, 768.0
ELLIPSIS = "…"
_QR_QUIET_MODULES = 4
# Words end at blanks and breaks, and not at a blank that holds together.
_WORD = re.compile(r"[^ \t\r\n\f\v]+")


@dataclass(frozen=True)
class Face:
    """Letters of one font, size and colour."""

    font: str
    size: float
    colour: Colour

    def width(self, text: str) -> float:
        return pdfmetrics.stringWidth(text, self.font, self.size)

    @property
    def leading(self) -> float:
        return self.size * 1.28


@dataclass(frozen=True)
class Text:
    """One line, its left end at `x`, or its right one."""

    x: float
    y: float
    text: str
    face: Face
    align: Literal["left", "right", "centre"] = "left"


@dataclass(frozen=True)
class Box:
    """A rectangle, filled or outlined; a rule is a box of no height."""

    x: float
    y: float
    width: float
    height: float
    colour: Colour
    is_filled: bool = True
    line: float = 0.5
    radius: float = 0


@dataclass(frozen=True)
class Picture:
    """A PNG, as large as fits into the rectangle, at its top left."""

    x: float
    y: float
    width: float
    height: float
    content: bytes


@dataclass(frozen=True)
class Code:
    """A QR code in a square, its quiet zone in it."""

    x: float
    y: float
    side: float
    text: str
    colour: Colour


Mark = Text | Box | Picture | Code


@dataclass
class Sheet:
    """Pages that are being filled from top to bottom; `y` is how far the last one is."""

    pages: list[list[Mark]] = field(default_factory=lambda: [[]])
    y: float = TOP

    def put(self, *marks: Mark) -> None:
        self.pages[-1].extend(marks)

    def turn(self) -> None:
        """Go on on a new page."""
        self.pages.append([])
        self.y = TOP

    def has_room(self, height: float) -> bool:
        return self.y + height <= BOTTOM


@dataclass(frozen=True)
class About:
    """What a document says about itself to programs."""

    title: str
    author: str
    subject: str
    language: str
    made: date


def font(path: Path) -> str:
    """The name to use for a font file, which is read once in a process."""
    return _registered(path.resolve())


@cache
def _registered(path: Path) -> str:
    # The name is in the document: it tells the font, and nothing of where it lies.
    name = f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
    pdfmetrics.registerFont(TTFont(name, str(path)))
    return name


def wrapped(text: str, face: Face, width: float, lines_max: int) -> list[str]:
    """A text in lines of this width at most; a word that is longer is broken; what is too much ends in an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in _WORD.findall(text):
        joined = f"{line} {word}" if line else word
        if face.width(joined) <= width:
            line = joined
            continue
        lines += [line] if line else []
        *full, line = _broken(word, face, width)
        lines += full
    lines += [line] if line else []
    if len(lines) <= lines_max:
        return lines or [""]
    last = lines[lines_max - 1]
    while last and face.width(last + ELLIPSIS) > width:
        last = last[:-1]
    return [*lines[: lines_max - 1], last + ELLIPSIS]


def clipped(text: str, face: Face, width: float) -> str:
    """A text in one line."""
    return wrapped(text, face, width, 1)[0]


def _broken(word: str, face: Face, width: float) -> list[str]:
    parts, part = [], ""
    for letter in word:
        if part and face.width(part + letter) > width:
            parts.append(part)
            part = ""
        part += letter
    return [*parts, part]


def write(pages: list[list[Mark]], about: About) -> bytes:
    """The marks as a PDF."""
    target = BytesIO()
    canvas = Canvas(
        target, pagesize=(WIDTH, HEIGHT), pageCompression=1, invariant=1, pdfVersion=(1, 7), lang=about.language
    )
    # The identifier of the file is made of what is in it; ReportLab would begin it with the environment's idea of time.
    canvas._doc.signature = hashlib.md5(usedforsecurity=False)  # type: ignore[attr-defined]
    canvas.setTitle(about.title)
    canvas.setAuthor(about.author)
    canvas.setSubject(about.subject)
    canvas.setCreator("TMF BSS")
    made = f"D:{about.made:%Y%m%d}000000Z"
    canvas.setDateFormatter(lambda *_: made)
    for page in pages:
        for mark in page:
            _draw(canvas, mark)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _draw(canvas: Canvas, mark: Mark) -> None:
    match mark:
        case Text():
            _draw_text(canvas, mark)
        case Box():
            _draw_box(canvas, mark)
        case Picture():
            image = ImageReader(BytesIO(mark.content))
            canvas.drawImage(
                image,
                mark.x,
                HEIGHT - mark.y - mark.height,
                mark.width,
                mark.height,
                mask="auto",
                preserveAspectRatio=True,
                anchor="nw",
            )
        case Code():
            _draw_code(canvas, mark)


def _draw_text(canvas: Canvas, mark: Text) -> None:
    _fill(canvas, mark.face.colour)
    canvas.setFont(mark.face.font, mark.face.size)
    draw = {"left": canvas.drawString, "right": canvas.drawRightString, "centre": canvas.drawCentredString}[mark.align]
    draw(mark.x, HEIGHT - mark.y, mark.text)


def _draw_box(canvas: Canvas, mark: Box) -> None:
    _fill(canvas, mark.colour)
    canvas.setStrokeColorRGB(*_shares(mark.colour))
    canvas.setLineWidth(mark.line)
    top = HEIGHT - mark.y
    if mark.height == 0:
        canvas.line(mark.x, top, mark.x + mark.width, top)
    elif mark.radius:
        canvas.roundRect(
            mark.x,
            top - mark.height,
            mark.width,
            mark.height,
            mark.radius,
            stroke=int(not mark.is_filled),
            fill=int(mark.is_filled),
        )
    else:
        canvas.rect(
            mark.x,
            top - mark.height,
            mark.width,
            mark.height,
            stroke=int(not mark.is_filled),
            fill=int(mark.is_filled),
        )


def _draw_code(canvas: Canvas, mark: Code) -> None:
    rows = qr_modules(mark.text)
    module = mark.side / (len(rows) + 2 * _QR_QUIET_MODULES)
    left, top = mark.x + _QR_QUIET_MODULES * module, HEIGHT - mark.y - _QR_QUIET_MODULES * module
    _fill(canvas, mark.colour)
    path = canvas.beginPath()
    for row, modules in enumerate(rows):
        for start, length in _runs(modules):
            path.rect(left + start * module, top - (row + 1) * module, length * module, module)
    canvas.drawPath(path, stroke=0, fill=1)


def qr_modules(text: str) -> list[list[bool]]:
    """The modules of a QR code of a text in UTF-8, error correction level M; True is dark."""
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(QR8bitByte(text))
    code.make()
    size = code.getModuleCount()  # type: ignore[no-untyped-call]
    rows = range(size)
    return [[bool(code.isDark(row, column)) for column in rows] for row in rows]  # type: ignore[no-untyped-call]


def _runs(modules: list[bool]) -> list[tuple[int, int]]:
    """Dark modules side by side as (start, length), so that no viewer shows a seam."""
    runs: list[tuple[int, int]] = []
    for place, is_dark in enumerate(modules):
        if not is_dark:
            continue
        if runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((place, 1))
    return runs


def _fill(canvas: Canvas, colour: Colour) -> None:
    canvas.setFillColorRGB(*_shares(colour))


def _shares(colour: Colour) -> tuple[float, float, float]:
    return colour.red / 255, colour.green / 255, colour.blue / 255
