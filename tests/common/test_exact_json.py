"""JSON is read exactly, and the quick way of reading it tells nothing else than the careful one."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common import exact_json
from common.errors import MalformedJson

_TEXTS = st.text(st.sampled_from('ab\\"{}[]:, \u00e9\U0001f600~\n\t\x00\x1f0'), max_size=6)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)
_SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (",", " : "), (" ,\n", "\t:")])
_NUMBERS = ["NaN", "1" * 35, "-" + "1" * 34, "1e400", "1E401", "01"]
_PIECES = [*_NUMBERS, '{"a":1,"a":2}', '"\\ud800"', '"\\u0000"', "[1,]", ""]


@given(_VALUES, _SEPARATORS, st.booleans())
def test_what_is_written_is_read(value: Any, separators: tuple[str, str], is_ascii: bool) -> None:
    text = json.dumps(value, separators=separators, ensure_ascii=is_ascii, default=str).encode()
    _read_alike(text)


@given(st.lists(st.sampled_from([*'{}[]:,"\\u0aE-+. ', "12", '"a"', '"a":', *_PIECES]), max_size=9).map("".join))
@example('{"a":1,"\\u0061":2}')
@example('{"a" :1,"b":2,"b":"\\":"}')
@example("[" * 64 + "]" * 64)
@example("[" * 65 + "]" * 65)
@example('{"a":' * 2_000 + "1" + "}" * 2_000)
def test_whatever_comes_is_read_alike(text: str) -> None:
    _read_alike(text.encode())


@pytest.mark.parametrize("text", [b'"\xff"', b'"\xed\xa0\x80"', b"\xef\xbb\xbf1", b'{"a":"\x00"}'])
def test_what_is_no_text_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedJson):
        exact_json.decode(text)


def test_numbers_keep_their_digits() -> None:
    assert str(exact_json.decode(b"[1.50, 1E+2, 100000000000000000000, -0.0]")) == str(
        [Decimal("1.50"), Decimal("1E+2"), 10**20, Decimal("-0.0")]
    )


def _read_alike(text: bytes) -> None:
    """Types and digits as well."""
    assert _told(exact_json.decode, text) == _told(exact_json._careful, text)


def _told(read: Callable[[bytes], Any], text: bytes) -> str:
    try:
        return repr(read(text))
    except MalformedJson as error:
        return str(error)
