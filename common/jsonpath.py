"""The JSONPath filters of TMF630 Part 6, in the safe subset that servers offer.

`$[?(@.state=='acknowledged')]` on the resource, `note[?(@.author=='X')]` on a sub-array; `@size` is read as
`@.size` as the standard's own example writes it. No `..`, no positions, no scripts, no functions: 501.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from common.domain.query import AllOf, AnyElement, AnyOf, Condition, Exists, FieldPath, Kind, Not, Operator
from common.errors import InvalidParameter, NotImplementedFeature
from common.filters import SYMBOLS, Resolve, compare, read_path

NAME = "filter"
DEPTH_MAX = 16

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<regex>/(?:[^/\\]|\\.)+/i?)
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<operator>==|!=|<=|>=|=~|&&|\|\||<|>|!|\(|\)|\[\?\(|\]|\[\*\])
    | (?P<path>@(?:\.?[A-Za-z_@][\w@\-]*|\['[^']+'\]|\[\*\])*(?:\.[A-Za-z_@][\w@\-]*|\['[^']+'\]|\[\*\])*)
    | (?P<word>true|false|null)
    )""",
    re.VERBOSE,
)
_ROOT = re.compile(r"\s*(\$)?\.?([A-Za-z_@][\w@\-.]*)?\s*\[\?\(")
_UNSUPPORTED = re.compile(r"\.\.|\[\s*-?\d|\[\(|\b(?:min|max|avg|stddev|length)\s*\(")


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def parse_jsonpath(text: str, resolve: Resolve, *, terms_max: int, regex_length_max: int) -> Condition:
    """One value of the `filter` parameter as a condition; several paths in it, separated by `,` or `;`, mean OR.

    Errors: InvalidParameter for bad syntax (400); NotImplementedFeature for what the subset leaves out (501).
    Source: TMF630 Part 6; TMF635 v5.0.0 parameter `filter`.
    """
    parts = tuple(_parse_one(piece, resolve, terms_max, regex_length_max) for piece in _split(text))
    if not parts:
        raise InvalidParameter(NAME, "is empty")
    return parts[0] if len(parts) == 1 else AnyOf(parts)


def narrowing(text: str, resolve: Resolve, *, terms_max: int, regex_length_max: int) -> AnyElement | None:
    """A single sub-array path such as `note[?(@.author=='X')]`, or None when the text has another form."""
    condition = parse_jsonpath(text, resolve, terms_max=terms_max, regex_length_max=regex_length_max)
    return condition if isinstance(condition, AnyElement) else None


def _split(text: str) -> list[str]:
    pieces, depth, quote, start = [], 0, "", 0
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[(":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character in ",;" and depth == 0:
            pieces.append(text[start:position])
            start = position + 1
    pieces.append(text[start:])
    return [piece for piece in pieces if piece.strip()]


def _parse_one(text: str, resolve: Resolve, terms_max: int, regex_length_max: int) -> Condition:
    match = _ROOT.match(text)
    outside = re.sub(r"'[^']*'|\"[^\"]*\"|/[^/]*/", "''", text)
    if _UNSUPPORTED.search(outside):
        raise NotImplementedFeature("filter: only [?( )] with comparisons is offered: no positions, functions or '..'")
    if match is None:
        raise InvalidParameter(NAME, "write it as $[?(@.name=='value')] or attribute[?(@.name=='value')]")
    root = read_path(match.group(2)) if match.group(2) else ()
    parser = _Parser(_tokens(text[match.end() :]), resolve, terms_max, regex_length_max)
    inner = parser.alternatives(root, 0)
    parser.expect(")")
    parser.expect("]")
    parser.end()
    return AnyElement(resolve(root), inner) if root else inner


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise InvalidParameter(NAME, f"cannot be read at {text[position : position + 20]!r}")
        tokens.append(_Token(match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent over `||`, `&&`, `!`, comparisons and nested `[?( )]`."""

    def __init__(self, tokens: list[_Token], resolve: Resolve, terms_max: int, regex_length_max: int) -> None:
        self._tokens, self._at = tokens, 0
        self._resolve, self._terms_left, self._regex_length_max = resolve, terms_max, regex_length_max

    def _peek(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _Token("end", "")

    def _next(self) -> _Token:
        token = self._peek()
        self._at += 1
        return token

    def _accept(self, text: str) -> bool:
        token = self._peek()
        if token.kind == "operator" and token.text == text:
            self._at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self._accept(text):
            raise InvalidParameter(NAME, f"{text!r} is missing before {self._peek().text[:20]!r}")

    def end(self) -> None:
        if self._peek().kind != "end":
            raise InvalidParameter(NAME, f"nothing may follow the closing bracket, found {self._peek().text[:20]!r}")

    def alternatives(self, root: tuple[str, ...], depth: int) -> Condition:
        if depth > DEPTH_MAX:
            raise InvalidParameter(NAME, f"is nested deeper than {DEPTH_MAX}")
        parts = [self._conjunction(root, depth)]
        while self._accept("||"):
            parts.append(self._conjunction(root, depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _conjunction(self, root: tuple[str, ...], depth: int) -> Condition:
        parts = [self._factor(root, depth)]
        while self._accept("&&"):
            parts.append(self._factor(root, depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _factor(self, root: tuple[str, ...], depth: int) -> Condition:
        if self._accept("!"):
            if depth > DEPTH_MAX:
                raise InvalidParameter(NAME, f"is nested deeper than {DEPTH_MAX}")
            return Not(self._factor(root, depth + 1))
        if self._accept("("):
            inner = self.alternatives(root, depth + 1)
            self.expect(")")
            return inner
        return self._comparison(root, depth)

    def _comparison(self, root: tuple[str, ...], depth: int) -> Condition:
        self._terms_left -= 1
        if self._terms_left < 0:
            raise InvalidParameter(NAME, "has too many comparisons")
        left = self._next()
        if left.kind != "path":
            raise InvalidParameter(NAME, f"a comparison starts with @.attribute, not {left.text[:20]!r}")
        steps = _steps(left.text)
        path = self._path(root, steps)
        if self._accept("[?("):
            inner = self.alternatives(root + steps, depth + 1)
            self.expect(")")
            self.expect("]")
            return AnyElement(path, inner)
        token = self._peek()
        if token.kind != "operator" or token.text not in SYMBOLS:
            return Exists(path)
        operator = SYMBOLS[self._next().text]
        return self._with_value(path, operator, self._next())

    def _with_value(self, path: FieldPath, operator: Operator, value: _Token) -> Condition:
        if value.kind == "word" and value.text == "null":
            if operator not in (Operator.EQ, Operator.NE):
                raise InvalidParameter(NAME, "null can only be compared with == and !=")
            return Exists(path) if operator is Operator.NE else Not(Exists(path))
        if value.kind not in ("string", "number", "word", "regex"):
            raise InvalidParameter(NAME, f"{operator} needs a value after it, found {value.text[:20]!r}")
        if (value.kind == "regex") != (operator is Operator.REGEX) and value.kind != "string":
            raise InvalidParameter(NAME, "a pattern goes with =~ as /pattern/")
        text = value.text
        if value.kind == "regex":
            text = "(?i)" + text[1:-2] if text.endswith("i") else text[1:-1]
        elif value.kind == "string":
            text = re.sub(r"\\(.)", r"\1", text[1:-1])
        return compare(path, operator, (text,), self._regex_length_max)

    def _path(self, root: tuple[str, ...], steps: tuple[str, ...]) -> FieldPath:
        whole = self._resolve(root + steps) if root + steps else FieldPath((), Kind.UNKNOWN)
        return whole if not root else FieldPath(steps, whole.kind)


def _steps(text: str) -> tuple[str, ...]:
    """`@.a.b`, `@a`, `@['a']` and `@.a[*].b` as attribute names; `@.@type` keeps its sign."""
    rest = text[1:].replace("[*]", "")
    rest = re.sub(r"\['([^']+)'\]", r".\1", rest).removeprefix(".")
    return read_path(rest) if rest else ()
