"""What the database keeps unique is unique within a tenant, so that the tables can be distributed by tenant
(docs/scaling.md). Events are numbered through for all of them and stay on one node.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Table, UniqueConstraint

from common.installation import component_resources
from common.store import event_tables
from common.store.tables import full_metadata

OF_ONE_NODE = {found.name for found in vars(event_tables).values() if isinstance(found, Table)}
TABLES = [table for table in full_metadata(component_resources()).sorted_tables if table.name not in OF_ONE_NODE]


def unique_keys(table: Table) -> Iterator[set[str]]:
    if table.primary_key.columns:
        yield {column.name for column in table.primary_key.columns}
    yield from ({str(column.name) for column in index.columns} for index in table.indexes if index.unique)
    yield from (
        {column.name for column in rule.columns} for rule in table.constraints if isinstance(rule, UniqueConstraint)
    )


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_unique_key_contains_the_tenant(table: Table) -> None:
    assert all("tenant" in key for key in unique_keys(table))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_index_begins_with_the_tenant(table: Table) -> None:
    began = {next(iter(index.columns)).name for index in table.indexes}
    assert began <= {"tenant"} or table.name == "idempotency"  # which is cleaned for all tenants at once
