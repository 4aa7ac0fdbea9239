"""What the store must know of a resource: one description for writing, reading and migrating."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from common.domain.query import FieldPath


@dataclass(frozen=True, slots=True)
class Index:
    """An attribute that lists are filtered or sorted by.

    A path without arrays (`path.many` False) becomes a promoted column of the resource's table; one that passes
    through arrays becomes rows of the lookup table. Its kind decides the column's type and the comparison. How many
    documents have each value of one that `is_counted` is kept (`counts`).
    """

    path: FieldPath
    is_counted: bool = False

    @property
    def column(self) -> str:
        """`productSpecification.id` -> `x_product_specification_id`."""
        return _column(self.path.steps)


@cache
def _column(steps: tuple[str, ...]) -> str:
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in "_".join(steps))
    return "x_" + snake.replace("@", "at_").replace("__", "_")


@dataclass(frozen=True, slots=True)
class StoredResource:
    """One table.

    Shapes: `name` is unique in the installation and a valid SQL identifier (`tmf620_product_offering`);
            `resource` the name messages use (`productOffering`); `versioned` when several versions of one id
            may live side by side (catalogue entities); `monthly` when PostgreSQL keeps each month's documents, by
            their creation, in a partition of its own (`partitions`); `is_text` when PostgreSQL keeps documents as they
            were written: for what comes in masses, and is seldom asked what no index answers.
    """

    name: str
    resource: str
    indexes: tuple[Index, ...] = ()
    versioned: bool = False
    monthly: bool = False
    is_text: bool = False


class Of(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    INSTANT = "instant"
    FLAG = "flag"
    DOCUMENT = "document"
    BYTES = "bytes"


@dataclass(frozen=True)
class RecordTable:
    """A table of records.

    Shapes: `columns` maps each name to what it holds; `key` is unique within a tenant and never changes; `unique` and
            `indexes` are lists of columns (a record with a null in a unique list is as many times there as it likes);
            `optional` columns may be null; `monthly` names the instant by which PostgreSQL keeps each month's records
            in a partition of its own: it never changes, and is part of the key and of whatever is unique; `covering`
            has, for some of the indexes, what else their entries hold on PostgreSQL, so that it answers without a look
            at the records, which lie wherever they came.
    """

    name: str
    columns: Mapping[str, Of]
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    optional: frozenset[str] = frozenset()
    monthly: str | None = None
    covering: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
