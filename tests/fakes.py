"""Stand-ins for what a rule is given: a library in memory, a context at a fixed moment."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common.component import RuleContext
from common.domain.query import Condition, Document, matches
from common.settings import Settings
from common.store.statements import Question

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class FakeLibrary:
    """`common.component.Library` over documents given as `{resource: [documents]}`.

    Shapes: a resource named in `documents`, even without documents, is served. `owners` maps type names to
            resources; without it a type belongs to the resource of its name.
    """

    def __init__(self, documents: Mapping[str, list[Document]], owners: Mapping[str, str] | None = None) -> None:
        self.documents = {name: {one["id"]: one for one in ones} for name, ones in documents.items()}
        self._owners = dict(owners or {name[0].upper() + name[1:]: name for name in documents})

    def serves(self, resource: str) -> bool:
        return resource in self.documents

    def get(self, resource: str, id: str) -> Document | None:
        return self.get_many(resource, {id}).get(id)

    def get_many(self, resource: str, ids: set[str]) -> dict[str, Document]:
        kept = self.documents.get(resource, {})
        return {id: copy.deepcopy(kept[id]) for id in sorted(ids) if id in kept}

    def read_ahead(self, wanted: dict[str, set[str]], *also: Question[Any]) -> list[Any]:
        """Everything is here, and nothing else is asked."""
        assert not also
        return []

    def find(self, resource: str, where: Condition, limit: int = 100) -> list[Document]:
        found = [one for one in self.documents.get(resource, {}).values() if matches(where, one)]
        return copy.deepcopy(found[:limit])

    def owner_of(self, target_type: str) -> str | None:
        return self._owners.get(target_type)


def rule_context(
    resource: str, documents: Mapping[str, list[Document]] | None = None, mode: str = "process", now: datetime = NOW
) -> RuleContext:
    """What a rule is called with; `mode` is the reference mode."""
    library = FakeLibrary(documents or {})
    context = RuleContext(resource=resource, now=now, settings=Settings(reference_mode=mode), library=library)
    context.hold = context.share = library.get
    context.in_turn = lambda name: None
    return context


def refusals(context: RuleContext) -> list[tuple[str, str]]:
    """Pointer and rule of everything refused so far, in order."""
    return [(violation.pointer, violation.rule) for violation in context.violations]


def merged(document: Document, **changes: Any) -> Document:
    """A copy with some attributes replaced; None removes one."""
    result = {**copy.deepcopy(document), **changes}
    return {name: value for name, value in result.items() if value is not None}
