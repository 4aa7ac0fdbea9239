"""Lists of values that come with a call of a compiled statement (`statements`), as a table of one column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import TableValuedAlias, cast, column, func
from sqlalchemy.types import ARRAY, TypeEngine

from common.exact_json import encode
from common.store.session import Session
from common.store.statements import DialectName, given
from common.store.tables import TEXT


def members(name: str, type_: TypeEngine[Any], dialect: DialectName) -> TableValuedAlias:
    """The values given as `name` in a table whose only column is `value`: an array, on SQLite a text of JSON."""
    alias = f"of_{name}"
    if dialect == "postgresql":
        array = cast(given(name, ARRAY(type_)), ARRAY(type_))
        return func.unnest(array).table_valued(column("value", type_), name=alias).render_derived()
    return func.json_each(given(name, TEXT)).table_valued(column("value", type_), name=alias)


def listed(session: Session, values: Sequence[Any]) -> Any:
    """Values as such a statement is given them."""
    return list(values) if session.dialect == "postgresql" else encode(values).decode()
