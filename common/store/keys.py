"""How a JSON value is written into an index: cut, normalised, or made sortable as text. No database is asked here."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from common.domain.clock import normal_instant
from common.domain.query import Kind, values_at

# Characters of a text that an index keeps. A PostgreSQL b-tree entry holds 2,704 bytes and a character has up to
# four; a comparison with a longer text, or of one, asks the document. Lists sort by this much of a text.
INDEXED_CHARACTERS = 255
# Decimal places to either side of the point that a comparison looks at. Documents hold at most 34 digits and
# exponents of 400 (exact_json); PostgreSQL refuses literals beyond 131,072.
DIGITS_COMPARED = 1_000


class Keys(NamedTuple):
    """One value as an index has it; the members it does not use are None."""

    text: str | None = None
    number: Decimal | None = None
    flag: bool | None = None

    def member(self, kind: Kind) -> str | Decimal | bool | None:
        """The one that an index of a known kind keeps."""
        return self.number if kind is Kind.NUMBER else self.flag if kind is Kind.BOOLEAN else self.text


_NOTHING = Keys()


def keys_of(value: Any, kind: Kind) -> Keys | None:
    """What an index of this kind keeps of a value; None when the value cannot be of the kind."""
    if isinstance(value, str):
        if kind is Kind.NUMBER or kind is Kind.BOOLEAN:
            return None
        text = instant_key(value) if kind is Kind.INSTANT else value
        return None if text is None else Keys(text[:INDEXED_CHARACTERS])
    if isinstance(value, bool):
        return Keys(flag=value) if kind in (Kind.BOOLEAN, Kind.UNKNOWN) else None
    if isinstance(value, int | Decimal):
        return Keys(number=Decimal(value)) if kind in (Kind.NUMBER, Kind.UNKNOWN) else None
    return None


def keys_at(document: Any, steps: tuple[str, ...], kind: Kind) -> Iterator[Keys]:
    """The keys of every value at a path that is of the kind."""
    for value in values_at(document, steps):
        keys = keys_of(value, kind)
        if keys is not None:
            yield keys


def member_at(document: Any, steps: tuple[str, ...], kind: Kind) -> str | Decimal | bool | None:
    """What an index of a kind keeps of the first value at a path that is of it; None when there is none."""
    value = document
    for step in steps:
        if type(value) is not dict:
            break
        value = value.get(step)
    else:
        # Nearly always: one value, or none, that objects alone lead to.
        if value is None:
            return None
        if not isinstance(value, list):
            found = keys_of(value, kind)
            return None if found is None else found.member(kind)
    return next(keys_at(document, steps, kind), _NOTHING).member(kind)


def is_storable(text: str) -> bool:
    """Whether documents may have all its characters: exact_json refuses U+0000 and halves of surrogate pairs."""
    return "\x00" not in text and (text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text))


def instant_key(text: str) -> str | None:
    """A date-time text as it sorts: normal form without the `Z`, so that a longer fraction comes later."""
    normal = normal_instant(text)
    return None if normal is None else normal[:-1]


def number_key(number: Decimal) -> str:
    """A text that sorts, character by character, as the numbers do; equal numbers have equal texts.

    Sign, then the power of ten of the first digit, then the digits. For negative numbers each is turned round and a
    `~` closes the digits, because of two that begin alike the longer one is the smaller.
    """
    sign, digits, _ = number.as_tuple()
    significant = "".join(map(str, digits)).strip("0")
    if not significant:
        return "1"
    power = number.adjusted() + _POWER_BIAS
    assert 0 <= power < 2 * _POWER_BIAS, "a number beyond what exact_json admits"
    if not sign:
        return f"2{power:06d}{significant}"
    return f"0{2 * _POWER_BIAS - power:06d}{significant.translate(_NINES)}~"


_POWER_BIAS = 400_000
_NINES = str.maketrans("0123456789", "9876543210")


def comparable(number: Decimal) -> Decimal:
    """The number, or a nearby one that compares the same with every number a document may hold.

    A client may write a number of any length and exponent; this bounds both.
    """
    sign, digits, _ = number.as_tuple()
    if not number:
        return Decimal(0)
    power = number.adjusted()
    if power > DIGITS_COMPARED:
        return Decimal((sign, (1,), DIGITS_COMPARED))
    if power < -DIGITS_COMPARED:
        return Decimal((sign, (1,), -DIGITS_COMPARED))
    kept, rest = digits[:DIGITS_COMPARED], digits[DIGITS_COMPARED:]
    if any(rest):
        kept += (1,)
    return Decimal((sign, kept, power - len(kept) + 1))
