"""How an operator's bills look: logo, colours and fonts, from a legal entity's `document` in the billing file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from common.errors import ConfigurationError

# A logo larger than this is a mistake: it would be in every document.
LOGO_BYTES_MAX = 500_000
_PNG = b"\x89PNG\r\n\x1a\n"
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_FONTS = "font_source_sans_pro"


@dataclass(frozen=True)
class Colour:
    """Red, green and blue, 0 to 255 each."""

    red: int
    green: int
    blue: int

    @classmethod
    def of(cls, text: str) -> Colour:
        """Errors: ConfigurationError for anything but #rrggbb."""
        if not _COLOUR.fullmatch(text):
            raise ConfigurationError(f"{text[:40]!r} is no colour; write it as #1f3a5f")
        return cls(int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16))

    def paler(self, tenths: int) -> Colour:
        """Mixed with so many tenths of white."""
        return Colour(*(value + (255 - value) * tenths // 10 for value in (self.red, self.green, self.blue)))


@dataclass(frozen=True)
class Appearance:
    """What of a document the operator decides.

    Shapes: `logo` is a PNG, None for the name in letters; `font` and `bold_font` are TrueType files with digits of one
            width, which cover what names are written in.
    """

    primary: Colour
    text: Colour
    font: Path
    bold_font: Path
    logo: bytes | None = None


def appearance(given: Mapping[str, Any], folder: Path) -> Appearance:
    """The appearance that a legal entity's `document` asks for; files are named relative to `folder`.

    Errors: ConfigurationError naming the file that is not there, is too large or is no PNG, or the colour that is none.
    """
    own = Path(str(files(_FONTS))) / "files"
    return Appearance(
        primary=Colour.of(str(given.get("colour", "#1f3a5f"))),
        text=Colour.of(str(given.get("textColour", "#1d1d1f"))),
        font=_file(given.get("font"), folder) or own / "SourceSansPro-Regular.ttf",
        bold_font=_file(given.get("boldFont"), folder) or own / "SourceSansPro-Semibold.ttf",
        logo=_logo(_file(given.get("logo"), folder)),
    )


def _file(name: Any, folder: Path) -> Path | None:
    if not name:
        return None
    path = folder / str(name)
    if not path.is_file():
        raise ConfigurationError(f"the billing file names {path}, which is not there")
    return path


def _logo(path: Path | None) -> bytes | None:
    if path is None:
        return None
    content = path.read_bytes()
    if not content.startswith(_PNG) or len(content) > LOGO_BYTES_MAX:
        raise ConfigurationError(f"{path} is no logo; it is a PNG of {LOGO_BYTES_MAX:,} bytes at most")
    return content
