"""JSON without loss: decimals stay decimals, integers stay integers, duplicate names and NaN are refused."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec

from common.errors import MalformedJson

# A document nested deeper than any TMF resource; a deeper one is an attack on recursive readers.
DEPTH_MAX = 64
# Digits that both databases and every client library we know keep; more would be silently cut somewhere.
DIGITS_MAX = 34
EXPONENT_MAX = 400

# What only the careful reader can judge: more digits in a row than a number has, space before a colon.
_ALIKE = bytes.maketrans(b"123456789\t\n\r", b"000000000   ")
_LONG_NUMBER, _SPACED = b"0" * (DIGITS_MAX + 1), b" :"
_UNCLEAR = object()

_encoder = msgspec.json.Encoder(decimal_format="number")
encode = _encoder.encode


def decode(body: bytes) -> Any:
    """The value that a JSON text writes, exactly.

    Errors: MalformedJson for anything that is not one JSON text in UTF-8 without duplicate names, NaN or
            infinities, or that passes the limits above; the message says where.
    """
    value = _plain(body)
    return _careful(body) if value is _UNCLEAR else value


def _plain(body: bytes) -> Any:
    """The value of a text that has plainly nothing in it that is refused; of any other, `_UNCLEAR`.

    The quick reader keeps the last of two equal names. A text without space before its colons and what is written of
    its value have `":` behind every name, and equally often within values, unless a name stood twice.
    """
    outline = body.translate(_ALIKE)
    if b"\\u" in body or _LONG_NUMBER in outline or _SPACED in outline:
        return _UNCLEAR
    try:
        value = _quick_decoder.decode(body)
        if body.count(b"{") + body.count(b"[") > DEPTH_MAX:
            _check_depth(value)
    except (msgspec.DecodeError, MalformedJson, ValueError, RecursionError):
        return _UNCLEAR
    return value if body.count(b'":') == encode(value).count(b'":') else _UNCLEAR


def _careful(body: bytes) -> Any:
    if body.startswith(BOM_UTF8):
        raise MalformedJson("the body begins with a byte order mark; leave it out")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJson(f"the body is not UTF-8 at byte {error.start}") from error
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedJson(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise MalformedJson(f"nested deeper than {DEPTH_MAX} levels") from error
    if "\\u" in text:
        _check_characters(value)
    _check_depth(value)
    return value


def decode_own(text: str | bytes) -> Any:
    """The value of a JSON text that this suite wrote: no checks, exact numbers."""
    return _own_decoder.decode(text)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: 1 is 1.0, and true is no number (RFC 6902, 4.6)."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise MalformedJson(f"the name {name[:80]!r} stands twice in one object")
            seen.add(name)
    return result


def _number(text: str) -> Decimal:
    if len(text) <= DIGITS_MAX and "e" not in text and "E" not in text:
        return Decimal(text)
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent of twenty digits
        number = None
    if number is None or len(number.as_tuple().digits) > DIGITS_MAX or abs(number.adjusted()) > EXPONENT_MAX:
        raise MalformedJson(f"the number {text[:40]} has more than {DIGITS_MAX} digits or too large an exponent")
    return number


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > DIGITS_MAX:
        raise MalformedJson(f"the number {text[:40]} has more than {DIGITS_MAX} digits")
    return int(text)


def _constant(text: str) -> NoReturn:
    raise MalformedJson(f"{text} is not a JSON number")


def _check_characters(value: Any) -> None:
    """Escapes can write what no UTF-8 text holds (half a surrogate pair) and what no database stores (U+0000)."""
    try:
        written: bytes = encode(value)
    except UnicodeEncodeError as error:
        raise MalformedJson("an escape writes half of a surrogate pair") from error
    if b"\\u0000" in written:
        raise MalformedJson("the character U+0000 cannot be stored; leave it out")


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            raise MalformedJson(f"nested deeper than {DEPTH_MAX} levels")
        below: list[Any] = []
        for item in level:
            children = item.values() if isinstance(item, Mapping) else item
            below.extend(child for child in children if isinstance(child, dict | list)) if isinstance(
                item, dict | list
            ) else None
        level = below


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_int=_integer, parse_constant=_constant
)
_quick_decoder = msgspec.json.Decoder(float_hook=_number)
_own_decoder = msgspec.json.Decoder(float_hook=Decimal)
