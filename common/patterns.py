"""Regular expressions that a client writes, matched in time linear to the text.

Python's own engine backtracks: `a*a*b` over a long text holds the process (and its interpreter lock) for minutes.
The engine here is that of Rust's `regex` crate, which comes with jsonschema-rs and never backtracks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial

import jsonschema_rs

from common.domain import query

_PATTERNS_KEPT = 256


@lru_cache(maxsize=_PATTERNS_KEPT)
def finder(pattern: str) -> Callable[[str], bool]:
    """Whether a text has the pattern somewhere.

    Errors: ValueError for what is no regular expression, looks around, refers back, or is too large when written out.
    """
    try:
        validator = jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions())
    except jsonschema_rs.ValidationError as error:
        raise ValueError("no regular expression that is read in linear time") from error
    found: Callable[[str], bool] = validator.is_valid
    return found


# An escape, the beginning of a class (a bracket that comes first is a member), or a character.
_TOKEN = re.compile(r"\\.|\[\^?\]?|.", re.DOTALL)


def tokens(pattern: str) -> Iterator[tuple[str, bool]]:
    """The parts of a well-formed pattern, and whether each is a member of a class (`[...]`); a class's ends are not."""
    is_class = False
    for token in _TOKEN.findall(pattern):
        ends = is_class and token == "]"
        yield token, is_class and not ends
        is_class = not ends if is_class else token[0] == "["


def found(pattern: str, text: str) -> bool:
    return finder(pattern)(text)


# `query.matches` for conditions that clients wrote.
matches = partial(query.matches, search=found)
