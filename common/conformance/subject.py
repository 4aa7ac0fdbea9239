"""One resource under test: bodies for it, what the run created of it, and what the server says it has.

Preparing is lenient where judging is not: a server that answers 200 to a create has created all the same, so that one
fault is found by the check meant for it and by no other.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from common.conformance.bodies import Generator
from common.conformance.check import need, not_run
from common.conformance.config import ResourceConfig
from common.conformance.listener import Listener
from common.conformance.target import Exchange, Target
from common.domain.query import Document, Kind
from common.spec.contract import Contract, ResourceContract, Verb

if TYPE_CHECKING:
    from common.conformance.generating import Cases
    from common.conformance.oracle import Oracle
    from common.conformance.story import Story

# Resources that the list checks are about, in an order that is not their order by name.
_MARKS = ("b", "a", "d", "c")
# A list longer than this is not compared with a filter computed by us.
FULL_LIST_MAX = 2_000
# A page that every server grants.
_PAGE = 50
# Which text a run's mark is put in, when the contract has it.
_MARKED_FIRST = ("name", "description", "familyName", "tradingName", "note")
_NEVER_MARKED = ("id", "href", "version", "externalId")
# The type of instances that extend a resource by Part 2.
EXTENDING_TYPE = "KitExtended"
MERGE, PATCH, QUERY = (
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/json-patch-query+json",
)


@dataclass(frozen=True)
class Made:
    """A create: what was sent, and the exchange."""

    sent: Document
    exchange: Exchange

    @property
    def document(self) -> Document:
        return self.exchange.document

    @property
    def id(self) -> str:
        return str(self.document["id"])


@dataclass
class Ledger:
    """What a run has created and not deleted yet: (address, what it is), the newest last."""

    entries: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def clean_up(self, target: Target, kept: Collection[str] = ()) -> None:
        """Delete everything, the newest first; what cannot be deleted, as those of `kept`, is in `left` afterwards."""
        for address in reversed(list(self.entries)):
            if self.entries[address] in kept:
                self.left.append(f"{self.entries[address]} {address}: the contract has no delete")
                del self.entries[address]
                continue
            status = target.request("DELETE", address, last=True).status
            if not (200 <= status < 300 or status in (404, 410)):
                self.left.append(f"{self.entries[address]} {address}: DELETE answered {status}")
            del self.entries[address]


class Subject:
    """A resource of a contract on a server."""

    def __init__(
        self,
        target: Target,
        contract: Contract,
        resource: ResourceContract,
        config: ResourceConfig,
        tag: str,
        ledger: Ledger,
        oracle: Oracle,
        listener: Listener | None,
    ) -> None:
        self.target, self.contract, self.resource, self.config = target, contract, resource, config
        self.tag, self.ledger, self.oracle, self._listener = tag, ledger, oracle, listener
        self._generator = Generator(contract.document)
        self._counter = 0

    @property
    def path(self) -> str:
        return self.resource.path

    def item(self, id: str) -> str:
        return f"{self.path}/{quote(id, safe='')}"

    def has(self, verb: Verb) -> bool:
        return verb in self.resource.operations

    # Attributes

    @cached_property
    def schemas(self) -> dict[str, Mapping[str, Any]]:
        """The schemas of what a create may say."""
        path = self.resource.operations[Verb.CREATE].path if self.has(Verb.CREATE) else None
        if path is None:
            return {}
        schema = self._generator.body_schema(self.contract.document["paths"][path]["post"])
        found = self._generator.attributes(schema or {})
        return {name: inner for name, inner in found.items() if name not in self.config.avoid}

    @cached_property
    def texts(self) -> list[str]:
        """Free texts that a create may say, those first that suit a mark best."""
        names = [
            name
            for name, schema in sorted(self.schemas.items())
            if schema.get("type") == "string"
            and not {"enum", "format", "pattern", "maxLength"} & schema.keys()
            and name not in (*_NEVER_MARKED, self.resource.state_attribute)
            and not name.startswith("@")
            and name not in self.config.add
            and name in self.resource.settable
        ]
        return sorted(names, key=lambda name: _MARKED_FIRST.index(name) if name in _MARKED_FIRST else 99)

    @property
    def mark(self) -> str:
        """The text that carries the run's mark."""
        need(bool(self.texts), "the contract has no free text that a create may say")
        return self.texts[0]

    @cached_property
    def _changes(self) -> dict[str, str]:
        if self.config.patch:
            return {name: str(value) for name, value in self.config.patch.items()}
        names = [name for name in self.texts if name not in self.resource.immutable]
        names.sort(key=lambda name: name in self.resource.mandatory)
        return {name: f"changed {self.tag}" for name in names}

    @property
    def change(self) -> dict[str, str]:
        """One attribute that a patch may change, with its new value."""
        need(bool(self._changes), "no free text can be changed")
        name = next(iter(self._changes))
        return {name: self._changes[name]}

    @property
    def removable(self) -> str:
        """An attribute that a patch may remove."""
        names = [name for name in self._changes if name not in self.resource.mandatory and name != self.mark]
        need(bool(names), "no free text that is not mandatory can be changed")
        return names[0]

    def kind(self, name: str) -> Kind:
        return self.resource.fields.path((name,)).kind

    # Bodies

    def body(self, **attributes: Any) -> Document:
        """The least body that creates one, with the run's mark and these attributes."""
        return {**self._body(full=False), **attributes}

    def whole_body(self) -> Document:
        """A body with everything that the contract names, down to a depth."""
        return self._body(full=True)

    def _body(self, full: bool) -> Document:
        need(self.has(Verb.CREATE), "the contract has no create")
        self._counter += 1
        if self.config.bodies:
            made = copy.deepcopy(dict(self.config.bodies[-1 if full else 0]))
        else:
            schema = self._generator.body_schema(
                self.contract.document["paths"][self.resource.operations[Verb.CREATE].path]["post"]
            )
            made = self._generator.full(schema or {}) if full else self._generator.minimal(schema or {})
            need(isinstance(made, dict), "the contract's create takes no object")
            _name(made, f"{self.tag}-{self._counter}")
            for name in ("id", "href", self.resource.state_attribute, *self.config.avoid):
                if name not in self.resource.mandatory - self.resource.fillable:
                    made.pop(name, None)
            made |= copy.deepcopy(dict(self.config.add))
        if self.texts:
            made[self.texts[0]] = f"kit-{self.tag}-{self._counter}"
        return made

    def create(self, body: Document, **options: Any) -> Exchange:
        """A POST; what it made is deleted at the end of the run."""
        exchange = self.target.request("POST", self.path, body, **options)
        if exchange.ok and "id" in exchange.document:
            self.ledger.entries[self.item(str(exchange.document["id"]))] = self.resource.name
        return exchange

    def new(self, **attributes: Any) -> Made:
        """A new resource; the check does not run when the server makes none."""
        body = self.body(**attributes)
        return self._made(body)

    def _made(self, body: Document) -> Made:
        exchange = self.create(body)
        need(exchange.ok and "id" in exchange.document, f"nothing could be created: {exchange.told}")
        return Made(body, exchange)

    @cached_property
    def minimal(self) -> Made:
        return self._made(self.body())

    @cached_property
    def full(self) -> Made:
        return self._made(self.whole_body())

    @cached_property
    def population(self) -> list[Document]:
        """What the list checks are about: a few of our own, else what the server has."""
        if not self.has(Verb.CREATE):
            found = self.target.request("GET", self.path).documents[: len(_MARKS)]
            need(bool(found), "the list is empty, and the contract has no create")
            return found
        if not self.texts:
            return [self.new().document for _ in _MARKS]
        return [self.new(**{self.mark: f"kit-{self.tag}-{mark}"}).document for mark in _MARKS]

    @property
    def any(self) -> Document:
        """A document that the server shows at its own address."""
        if self.config.ids:
            id = self.config.ids[0]
        elif self.has(Verb.CREATE):
            id = self.minimal.id
        else:
            id = str(self.population[0].get("id", ""))
        answer = self.target.request("GET", self.item(id))
        need(answer.ok and answer.document.get("id") == id, f"nothing can be retrieved: {answer.told}")
        return answer.document

    def changeable(self, **attributes: Any) -> Document:
        """One that may be changed: a new one, or one that the configuration names."""
        if self.has(Verb.CREATE):
            return self.new(**attributes).document
        need(bool(self.config.ids), "the contract has no create, and the configuration names no id to change")
        answer = self.target.request("GET", self.item(self.config.ids[0]))
        need(answer.ok, f"the configured id cannot be retrieved: {answer.told}")
        return answer.document

    @cached_property
    def story(self) -> Story:
        """What was done before listeners, and what they heard."""
        from common.conformance.story import play

        if self._listener is None:
            not_run("the run has no listener")
        return play(self, self._listener)

    @cached_property
    def generated(self) -> Cases:
        """What is found by requests that are made from the contract."""
        from common.conformance.generating import Cases

        return Cases(self)

    # Reading

    def get(self, id: str, query: str = "", **options: Any) -> Exchange:
        return self.target.request("GET", self.item(id) + (f"?{query}" if query else ""), **options)

    def listing(self, query: str = "", **options: Any) -> Exchange:
        return self.target.request("GET", self.path + (f"?{query}" if query else ""), **options)

    def lists(self) -> Exchange:
        """The list, without parameters; the check does not run when it is none."""
        answer = self.listing()
        need(answer.ok and isinstance(answer.json, list), f"the list cannot be read: {answer.told}")
        return answer

    def patch(self, id: str, body: Any, media_type: str = MERGE, **options: Any) -> Exchange:
        return self.target.request("PATCH", self.item(id), body, media_type=media_type, **options)

    def delete(self, id: str, **options: Any) -> Exchange:
        return self.target.request("DELETE", self.item(id), **options)

    def stored(self, id: str) -> Document:
        """What the server has now; the check does not run when it does not show it."""
        answer = self.get(id)
        need(answer.ok and bool(answer.document), f"it cannot be read back: {answer.told}")
        return answer.document

    def everything(self) -> list[Document]:
        """The whole list, page after page, in the server's order."""
        first = self.lists()
        return self.pages("", first)

    def pages(self, query: str, first: Exchange) -> list[Document]:
        """Everything that a query finds, from its first answer on, in the server's order.

        A server that shows it all at once is asked once; one with a page of its own is asked for the rest.
        """
        found: dict[str, Document] = {}
        answer = first
        while True:
            need(answer.ok and isinstance(answer.json, list), f"the list cannot be read: {answer.told}")
            need(all("id" in one for one in answer.documents), "the list shows no ids")
            fresh = {str(one["id"]): one for one in answer.documents if str(one["id"]) not in found}
            found |= fresh
            total = answer.headers.get("x-total-count", "")
            if not fresh or (total.isdecimal() and len(found) >= int(total)):
                return list(found.values())
            need(len(found) <= FULL_LIST_MAX, f"the list is longer than {FULL_LIST_MAX}")
            page = urlencode({"offset": len(found), "limit": _PAGE})
            answer = self.listing(f"{query}&{page}" if query else page)

    def accepts(self, media_type: str) -> None:
        """End the check unless the contract has this media type for PATCH."""
        declared = self.resource.operations[Verb.PATCH].media_types
        if media_type not in declared:
            not_run(f"the contract does not have {media_type}")


def _name(node: Any, name: str) -> None:
    """Give every reference and part an id of its own: the generator's are all alike, which reads as cycles."""
    if isinstance(node, dict):
        if "id" in node or str(node.get("@type", "")).endswith("Ref"):
            node["id"] = name
        for key, child in node.items():
            _name(child, f"{name}.{key}")
    elif isinstance(node, list):
        for position, child in enumerate(node):
            _name(child, f"{name}.{position}")
