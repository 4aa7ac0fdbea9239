"""What a work of ours does to resources in one transaction: the same as requests do, asked the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from common.component import Change, Library, RuleContext
from common.domain.query import Document
from common.errors import NotFound
from common.installation import Installation, Served
from common.rest.changes import Hold, Make, Update, rule_context, settle_patched
from common.rest.stamping import drop_nulls
from common.store.records import Records
from common.store.repository import Row
from common.store.unit_of_work import UnitOfWork
from common.store.work import WorkTable


@dataclass(frozen=True)
class Actions:
    """Changes of resources in one transaction, at one instant.

    Resources are named as in their contracts. Who opened the unit of work commits it.
    """

    installation: Installation
    uow: UnitOfWork
    correlation_id: str | None
    now: datetime

    @cached_property
    def library(self) -> Library:
        return self.installation.library(self.uow)

    def hold(self, resource: str, id: str) -> Document | None:
        """One document, which nobody else changes until the transaction ends."""
        return Hold(self.installation, self.uow)(resource, id)

    def create(self, resource: str, document: Mapping[str, Any]) -> Document:
        """A new document as a POST makes it, with its defaults, rules and events.

        It is not held against the contract: what the server alone may set can be given. `@type` may be left out.
        Errors: NotFound when nothing serves the resource; InvalidBody; IdTaken; what its rules raise.
        """
        return Make(self.installation, self.uow, self.correlation_id, self.now)(resource, document)

    def update(self, resource: str, id: str, changes: Mapping[str, Any]) -> Document:
        """A document with top-level attributes replaced as a PATCH does it, with its lifecycle, rules and events.

        None removes an attribute. A change that changes nothing does nothing.
        Errors: NotFound; IllegalTransition; InvalidBody; what its rules raise.
        """
        served = self._served(resource, id)
        row = self._row(served, id)
        if row is None:
            raise NotFound(resource, id)
        before = row.document()
        after = drop_nulls({**before, **changes})
        served.resource.fields.normalise(after)
        if after == before:
            return before
        context = rule_context(self.installation, self.uow, served, self.correlation_id, self.now)
        settle_patched(self.installation, self.uow, served, before, after, context)
        return self.uow.repository(served.stored.name).replace(row, after, self.now).document()

    @property
    def change(self) -> Change:
        """The same without the resource's rules, as the rules of others do it: for what only the server may do."""
        return Update(self.installation, self.uow, self.correlation_id, self.now)

    def context(self, resource: str) -> RuleContext:
        """What the rules of a resource may know and do in this transaction."""
        return rule_context(self.installation, self.uow, self._served(resource, ""), self.correlation_id, self.now)

    def work(self, kind: str) -> WorkTable:
        return self.uow.work(kind)

    def records(self, table: str) -> Records:
        return self.uow.records(table)

    def offered(self, name: str) -> Any:
        """What a component offers (`Component.offers`); None when no component does."""
        return self.installation.offered(name, self.uow)

    def _served(self, resource: str, id: str) -> Served:
        served = self.installation.by_name.get(resource)
        if served is None:
            raise NotFound(resource, id)
        return served

    def _row(self, served: Served, id: str) -> Row | None:
        return self.uow.repository(served.stored.name).get(id, for_update=True)


def acting(installation: Installation, uow: UnitOfWork, correlation_id: str | None = None) -> Actions:
    """What may be done in a unit of work; its instant is the clock's at this moment."""
    return Actions(installation, uow, correlation_id, installation.clock.now())
