"""Plans, calls and answers as plain JSON values, and back. What stands at its default is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from common.domain.clock import instant_text

_T = TypeVar("_T")


def to_plain(value: Any) -> Any:
    """JSON values for a dataclass, a tuple of them, or what JSON has itself; instants as texts."""
    if is_dataclass(value):
        members = ((one, getattr(value, one.name)) for one in fields(value))
        return {one.name: to_plain(member) for one, member in members if member != _default(one)}
    if isinstance(value, tuple | list):
        return [to_plain(member) for member in value]
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, StrEnum):
        return str(value)
    return value


def of_plain(kind: type[_T], document: Mapping[str, Any]) -> _T:
    """The dataclass that `to_plain` wrote."""
    hints = _hints(cast(Any, kind))
    return kind(**{name: _read(hints[name], member) for name, member in document.items()})


def _read(hint: Any, member: Any) -> Any:
    if member is None:
        return None
    if get_origin(hint) is tuple:
        return tuple(_read(get_args(hint)[0], one) for one in member)
    kinds = [hint, *get_args(hint)] if not is_dataclass(hint) else [hint]
    if datetime in kinds:
        return datetime.fromisoformat(member)
    if isinstance(hint, type) and is_dataclass(hint):
        return of_plain(hint, member)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(member)
    return member


def _default(one: Field[Any]) -> Any:
    if one.default is not MISSING:
        return one.default
    return one.default_factory() if one.default_factory is not MISSING else MISSING


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
