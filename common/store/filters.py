"""Conditions to SQL: from an index where there is one, from the document where there is none, with one meaning.

The meaning is `common.domain.query.matches`. SQL's third truth value ends at every negation: what is not known to hold
does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, not_, or_, select, true

from common.domain.query import AllOf, AnyElement, AnyOf, Compare, Condition, Exists, FieldPath, Kind, Not, Operator
from common.store.description import Index
from common.store.document_sql import NUMBER_KINDS, TEXT_KINDS, DocumentSql, Truth, flags, numbers, ordered
from common.store.keys import INDEXED_CHARACTERS, is_storable
from common.store.tables import TEXT, ResourceTables


@dataclass(frozen=True)
class Filters:
    """The conditions of one tenant on one resource below one parent."""

    tables: ResourceTables
    sql: DocumentSql
    tenant: ColumnElement[str]
    parent: ColumnElement[str]

    def where(self, condition: Condition) -> Truth:
        """A condition on rows of the resource's table."""
        return _Scope(self.tables.document, self.sql, self).holds(condition)

    def positions(self, condition: Condition) -> Select[Any] | None:
        """The positions of the rows that have one text among several, where a condition asks for no more than that.

        PostgreSQL is kept from looking at the values while it plans: it would find a text rarer than most, and plan
        anew each time.
        """
        match condition:
            case Compare(FieldPath(steps, Kind.STRING), Operator.EQ, (text,)) if len(text) < INDEXED_CHARACTERS:
                index = self.tables.looked_up.get(steps)
            case _:
                return None
        lookup = self.tables.lookup
        if index is None or lookup is None or index.path.kind is not Kind.STRING or not is_storable(text):
            return None
        return self._looked_up(index, lookup.c.text == unseen(literal(text, TEXT)), unseen)

    def id_holds(self, path: FieldPath, operator: Operator, values: Sequence[str]) -> Truth:
        """A comparison of `id`, which is a column and not in the document."""
        column = self.tables.main.c.id
        if operator is Operator.REGEX:
            return or_(*(self.sql.regex(column, pattern) for pattern in values))
        if path.kind not in (Kind.STRING, Kind.UNKNOWN):
            return false()
        return _any_text(column, operator, values)

    def promoted_holds(self, index: Index, operator: Operator, values: Sequence[str]) -> Truth:
        column = self.tables.column(index)
        from_document = self._from_document(index.path, operator)
        match index.path.kind:
            case Kind.NUMBER:
                return or_(false(), *(ordered(column, operator, number) for number in numbers(values)))
            case Kind.BOOLEAN:
                return column.in_(flags(operator, values))
            case _ if operator is Operator.REGEX:
                short, long = func.length(column) < INDEXED_CHARACTERS, func.length(column) >= INDEXED_CHARACTERS
                patterns = or_(*(self.sql.regex(column, pattern) for pattern in values))
                return or_(and_(short, patterns), and_(long, from_document(values)))
            case _:
                return _cut_text(column, operator, values, from_document)

    def lookup_holds(self, index: Index, operator: Operator, values: Sequence[str]) -> Truth:
        lookup, kind = self.tables.lookup, index.path.kind
        assert lookup is not None, "an index is looked up and there is no table"
        from_document = self._from_document(index.path, operator)
        if operator is Operator.REGEX:
            short = func.length(lookup.c.text) < INDEXED_CHARACTERS
            patterns = or_(*(self.sql.regex(lookup.c.text, pattern) for pattern in values))
            long = self._is_looked_up(index, func.length(lookup.c.text) >= INDEXED_CHARACTERS)
            return or_(self._is_looked_up(index, and_(short, patterns)), and_(long, from_document(values)))
        short_values = [value for value in values if len(value) < INDEXED_CHARACTERS]
        long_values = [value for value in values if len(value) >= INDEXED_CHARACTERS]
        alternatives: list[Truth] = []
        if kind in TEXT_KINDS and short_values:
            alternatives.append(_any_text(lookup.c.text, operator, short_values))
        if kind in NUMBER_KINDS:
            alternatives.extend(ordered(lookup.c.number, operator, number) for number in numbers(values))
        if kind in (Kind.BOOLEAN, Kind.UNKNOWN) and flags(operator, values):
            alternatives.append(lookup.c.flag.in_(flags(operator, values)))
        # Each alternative is a question of its own: one OR over two columns would leave both indexes unused.
        found = [self._is_looked_up(index, alternative) for alternative in alternatives]
        for value in long_values if kind in TEXT_KINDS else ():
            near = ordered(lookup.c.text, _widened(operator), value[:INDEXED_CHARACTERS])
            found.append(and_(self._is_looked_up(index, near), from_document([value])))
        return or_(false(), *found)

    def _from_document(self, path: FieldPath, operator: Operator) -> Callable[[Sequence[str]], Truth]:
        return lambda values: self.sql.compare(self.tables.document, path, operator, values)

    def _is_looked_up(self, index: Index, condition: Truth) -> Truth:
        return self.tables.main.c.position.in_(self._looked_up(index, condition))

    def _looked_up(
        self, index: Index, condition: Truth, shown: Callable[[ColumnElement[str]], Any] = lambda value: value
    ) -> Select[Any]:
        lookup = self.tables.lookup
        assert lookup is not None
        return select(lookup.c.position).where(
            lookup.c.tenant == shown(self.tenant),
            lookup.c.parent == shown(self.parent),
            lookup.c.path == shown(literal(str(index.path), TEXT)),
            condition,
        )


@dataclass(frozen=True)
class _Scope:
    """Where paths start: the stored document (`root` is set: its indexes may answer) or an element within it."""

    document: ColumnElement[Any]
    sql: DocumentSql
    root: Filters | None

    def holds(self, condition: Condition) -> Truth:
        match condition:
            case AllOf(parts):
                return and_(true(), *(self.holds(part) for part in parts))
            case AnyOf(parts):
                return or_(false(), *(self.holds(part) for part in parts))
            case Not(part):
                return _negated(self.holds(part))
            case Exists(path):
                return self._exists(path)
            case AnyElement(path, inner) if path.steps == ("id",):
                return self.holds(_of_id(inner))
            case AnyElement(path, inner):
                return self._any_element(path, inner)
            case Compare(path, Operator.NE, values):
                return _negated(self.holds(Compare(path, Operator.EQ, values)))
            case Compare():
                return self._compare(condition)

    def _compare(self, compare: Compare) -> Truth:
        path, operator = compare.path, compare.operator
        if not is_storable("".join(path.steps)):
            return false()
        wanted = [value.rstrip("Z") for value in compare.values] if _is_instant(compare) else list(compare.values)
        bounds = [_storable_bound(operator, value) for value in wanted]
        by_operator: dict[Operator, list[str]] = {}
        for bound in bounds:
            if bound is not None:
                by_operator.setdefault(bound.operator, []).append(bound.text)
        return or_(false(), *(self._ask(path, used, texts) for used, texts in by_operator.items()))

    def _ask(self, path: FieldPath, operator: Operator, values: list[str]) -> Truth:
        if self.root is not None:
            tables = self.root.tables
            if path.steps == ("id",):
                return self.root.id_holds(path, operator, values)
            promoted, looked_up = tables.promoted.get(path.steps), tables.looked_up.get(path.steps)
            if promoted is not None and _answers(promoted, path, operator):
                return self.root.promoted_holds(promoted, operator, values)
            if looked_up is not None and _answers(looked_up, path, operator):
                return self.root.lookup_holds(looked_up, operator, values)
        return self.sql.compare(self.document, path, operator, values)

    def _exists(self, path: FieldPath) -> Truth:
        if not is_storable("".join(path.steps)):
            return false()
        found = self.sql.has_value(self.document, path.steps)
        if self.root is None:
            return found
        if path.steps == ("id",):
            return true()
        promoted = self.root.tables.promoted.get(path.steps)
        # The column answers for most rows; one that is null may hide a value of another type.
        return found if promoted is None else or_(self.root.tables.column(promoted).is_not(None), found)

    def _any_element(self, path: FieldPath, inner: Condition) -> Truth:
        if not is_storable("".join(path.steps)):
            return false()
        if self.root is not None and not path.steps:
            return self.holds(inner)
        implied = [self.holds(compare) for compare in self._indexed_within(path, inner)]
        if implied and isinstance(inner, Compare):
            return implied[0]
        found = self.sql.any_element(
            self.document, path.steps, lambda element: _Scope(element, self.sql, None).holds(inner)
        )
        return and_(*implied, found)

    def _indexed_within(self, path: FieldPath, inner: Condition) -> list[Compare]:
        """What holds for the whole document when one element satisfies `inner`, and an index can tell."""
        if self.root is None:
            return []
        parts = inner.parts if isinstance(inner, AllOf) else (inner,)
        compares = [part for part in parts if isinstance(part, Compare) and part.operator is not Operator.NE]
        looked_up = self.root.tables.looked_up
        lifted = [replace(part, path=replace(part.path, steps=path.steps + part.path.steps)) for part in compares]
        return [
            part
            for part in lifted
            if part.path.steps in looked_up and _answers(looked_up[part.path.steps], part.path, part.operator)
        ]


@dataclass(frozen=True, slots=True)
class _Bound:
    operator: Operator
    text: str


def _storable_bound(operator: Operator, text: str) -> _Bound | None:
    """The comparison with a text that databases can take; None when nothing stored can satisfy it.

    U+0000 and halves of surrogate pairs are in no stored text (exact_json refuses them), so nothing equals a text with
    one, and the texts above or below it are those above or below the part before it.
    """
    place = next((place for place, letter in enumerate(text) if not is_storable(letter)), None)
    if place is None:
        return _Bound(operator, text)
    if operator in (Operator.EQ, Operator.REGEX):
        return None
    above = operator in (Operator.GT, Operator.GTE)
    if text[place] == "\x00":
        return _Bound(Operator.GT if above else Operator.LTE, text[:place])
    return _Bound(Operator.GTE if above else Operator.LT, text[:place] + "\ue000")


def unseen(value: ColumnElement[Any]) -> Any:
    """A value that PostgreSQL does not know when it plans."""
    return select(value).scalar_subquery()


def _is_instant(compare: Compare) -> bool:
    return compare.path.kind is Kind.INSTANT and compare.operator is not Operator.REGEX


def _answers(index: Index, path: FieldPath, operator: Operator) -> bool:
    """Whether the index has what the comparison asks: values of the same kind, and for a pattern whole texts."""
    if index.path.kind is not path.kind:
        return False
    return operator is not Operator.REGEX or path.kind in (Kind.STRING, Kind.UNKNOWN)


def _negated(truth: Truth) -> Truth:
    return not_(func.coalesce(truth, false()))


def _any_text(column: ColumnElement[Any], operator: Operator, values: Sequence[str]) -> Truth:
    if operator is Operator.EQ:
        return column.in_(values)
    return or_(*(ordered(column, operator, value) for value in values))


def _cut_text(
    column: ColumnElement[Any],
    operator: Operator,
    values: Sequence[str],
    from_document: Callable[[Sequence[str]], Truth],
) -> Truth:
    """A comparison with a column that holds the beginnings of texts.

    A wanted text shorter than a beginning is decided within it; for a longer one the column finds candidates.
    """
    short = [value for value in values if len(value) < INDEXED_CHARACTERS]
    long = [value for value in values if len(value) >= INDEXED_CHARACTERS]
    alternatives = [_any_text(column, operator, short)] if short else []
    for value in long:
        candidates = ordered(column, _widened(operator), value[:INDEXED_CHARACTERS])
        alternatives.append(and_(candidates, from_document([value])))
    return or_(false(), *alternatives)


def _widened(operator: Operator) -> Operator:
    return {Operator.GT: Operator.GTE, Operator.LT: Operator.LTE}.get(operator, operator)


def _of_id(condition: Condition) -> Condition:
    """A condition on the one element that the id is; it is a column, not a member of the stored document."""
    match condition:
        case AllOf(parts):
            return AllOf(tuple(_of_id(part) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_of_id(part) for part in parts))
        case Not(part):
            return Not(_of_id(part))
        case AnyElement(path, inner) if not path.steps:
            return _of_id(inner)
        case Compare(path, operator, values) if not path.steps:
            return Compare(FieldPath(("id",), path.kind, False), operator, values)
        case Exists(path) if not path.steps:
            return AllOf(())
        case Compare(_, Operator.NE, _):
            return AllOf(())
        case _:
            return AnyOf(())
