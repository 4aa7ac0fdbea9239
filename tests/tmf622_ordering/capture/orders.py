"""Orders, and what stands around them, as short as a rule needs them."""

from __future__ import annotations

import copy
from typing import Any

from common.component import RuleContext
from common.domain.query import Condition, Document, matches
from tests.fakes import FakeLibrary, merged, rule_context
from tmf622_ordering.capture import problems

SERVED = (
    *("productOffering", "productOfferingPrice", "productSpecification", "product", "billingAccount"),
    *("customer", "individual", "organization"),
)


def offering(id: str = "O", **more: Any) -> Document:
    return {"id": id, "lifecycleStatus": "Active", **more}


def item(id: str = "1", action: str = "add", sells: str | None = "O", **more: Any) -> Document:
    chosen = {"productOffering": {"id": sells}} if sells is not None else {}
    return copy.deepcopy({"id": id, "action": action, **chosen, **more})


def order(*items: Document, **more: Any) -> Document:
    return {"id": "7", "@type": "ProductOrder", "productOrderItem": list(items), **more}


def related(id: str, kind: str = "Customer", role: str = "customer") -> Document:
    return {"relatedParty": [{"role": role, "partyOrPartyRole": {"id": id, "@referredType": kind}}]}


def around(mode: str = "process", **documents: list[Document]) -> RuleContext:
    return rule_context("productOrder", {**{name: [] for name in SERVED}, **documents}, mode)


def found(document: Document, context: RuleContext) -> list[tuple[str, str]]:
    """Pointer and code of every problem, in order."""
    return [(problem.pointer, problem.code) for problem in problems(document, context)]


class Versions(FakeLibrary):
    """A library with several versions of one entity: the last given is the latest; older ones by their version only."""

    def __init__(self, documents: dict[str, list[Document]]) -> None:
        super().__init__(documents)
        self._all = documents
        self.questions: list[str] = []

    def get_many(self, resource: str, ids: set[str]) -> dict[str, Document]:
        self.questions.append(resource)
        return super().get_many(resource, ids)

    def find(self, resource: str, where: Condition, limit: int = 100) -> list[Document]:
        self.questions.append(resource)
        if "('version',)" not in repr(where):
            return super().find(resource, where, limit)
        return copy.deepcopy([one for one in self._all.get(resource, []) if matches(where, one)][:limit])


__all__ = ["Versions", "around", "found", "item", "merged", "offering", "order", "related"]
