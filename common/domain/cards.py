"""Full card numbers, which nobody may keep: how they are recognised in what a client sends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from common.domain.pointers import pointer_token

# 13 to 19 digits at a stretch, or in the groups that are printed on cards; card schemes number theirs from 2 to 6 on.
# What goes on with hexadecimal digits or dashes (groups: with any letter) on either side is something else, a UUID say.
_STRETCH = r"(?<![\da-fA-F-])[2-6]\d{12,18}(?![\da-fA-F-])"
_FOURS = r"[2-6]\d{3}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?"
_SIX_IN_THE_MIDDLE = r"3\d{3}([ -])\d{6}\2\d{4,5}"
_CANDIDATE = re.compile(rf"{_STRETCH}|(?<![\w-])(?:{_FOURS}|{_SIX_IN_THE_MIDDLE})(?![\w-])", re.ASCII)
# Numbers of other things, which may look like one.
_OTHER_NUMBERS = frozenset({"id", "href", "accountNumber", "mandateId", "checkId", "correlatorId", "externalId"})


def card_numbers(value: Any, pointer: str = "") -> Iterator[str]:
    """JSON Pointers to every text or number in a document that holds a full card number, by its check digit.

    Does not: say the number, so that no message and no log can.
    """
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name not in _OTHER_NUMBERS:
                yield from card_numbers(item, f"{pointer}/{pointer_token(name)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from card_numbers(item, f"{pointer}/{index}")
    elif isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        text = value if isinstance(value, str) else f"{value:f}" if isinstance(value, Decimal) else str(value)
        if any(_is_luhn(re.sub(r"\D", "", found[0])) for found in _CANDIDATE.finditer(text)):
            yield pointer


def _is_luhn(digits: str) -> bool:
    total = 0
    for index, digit in enumerate(reversed(digits)):
        number = int(digit)
        if index % 2:
            number = number * 2 - 9 * (number > 4)
        total += number
    return total % 10 == 0
