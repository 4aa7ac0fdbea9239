"""The contracts of each API in both majors: ours, and TM Forum's own files where they lie beside the project."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from common.domain.query import Document
from common.installation import PUBLISHED
from common.spec.contract import Contract, ResourceContract, Verb
from common.spec.load import load_contract
from common.v4.mapping import Mapping, Mappings
from tests import official
from tests.conformance.documents import Generator

PACKAGES = {
    "TMF620": "tmf620_catalog",
    "TMF622": "tmf622_ordering",
    "TMF629": "tmf629_customer",
    "TMF632": "tmf632_party",
    "TMF635": "tmf635_usage",
    "TMF637": "tmf637_inventory",
    "TMF666": "tmf666_account",
    "TMF677": "tmf677_consumption",
    "TMF678": "tmf678_bill",
}


@dataclass(frozen=True)
class Pair:
    """One API in both majors."""

    v4: Contract
    v5: Contract
    mappings: Mappings


@dataclass(frozen=True)
class Case:
    """One resource of one API, with what tests ask of it."""

    api: str
    name: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.api}-{self.name}-{self.source}"

    @property
    def mapping(self) -> Mapping:
        return pair(self.api, self.source).mappings.by_name[self.name]

    @property
    def v4(self) -> ResourceContract:
        return pair(self.api, self.source).v4.resources[self.name]

    @property
    def v5(self) -> ResourceContract:
        both = pair(self.api, self.source)
        return both.v5.resources[both.mappings.stored[self.name]]

    def v4_documents(self) -> Iterator[Document]:
        yield from _made(pair(self.api, self.source).v4, self.v4, "#/definitions/")

    def v5_documents(self) -> Iterator[Document]:
        yield from _made(pair(self.api, self.source).v5, self.v5, "#/components/schemas/")


def _made(contract: Contract, resource: ResourceContract, prefix: str) -> Iterator[Document]:
    """The least and the most that a create and the resource itself may say."""
    generator = Generator(contract.document)
    schemas = [{"$ref": prefix + resource.type_name}]
    create = resource.operations.get(Verb.CREATE)
    if create is not None:
        schemas.append(generator.body_schema(contract.document["paths"][create.path]["post"]))
    for schema in schemas:
        yield generator.minimal(schema)
        yield generator.full(schema)


def _files(api: str) -> dict[str, list[Path]]:
    """The v4 and the v5 document of an API, by who wrote them; where both are there."""
    found = {
        "official": [*official.FOLDER.glob(f"{api}_*v4*.json"), *official.FOLDER.glob(f"{api}-*v5*.yaml")],
        "ours": [*PUBLISHED.rglob(f"{api}-v4*.json"), *PUBLISHED.glob(f"{api}-v5*.json")],
    }
    return {source: files for source, files in found.items() if len(files) == 2}


@cache
def pair(api: str, source: str = "") -> Pair:
    """The contracts and their mappings; of the first source when none is named."""
    files = _files(api)
    v4, v5 = (load_contract(official.document_of(path), origin=path.name) for path in files[source or min(files)])
    return Pair(v4, v5, Mappings.of(import_module(f"{PACKAGES[api]}.v4").V4, v4, v5))


def cases() -> list[Case]:
    return [
        Case(api, name, source)
        for api in PACKAGES
        for source in _files(api)
        for name in pair(api, source).mappings.by_name
    ]


def sources() -> list[str]:
    """Who wrote both majors of all APIs."""
    found = [set(_files(api)) for api in PACKAGES]
    return sorted(set.intersection(*found))


def varied(document: Document, seed: int, types: bool = False) -> Document:
    """The document with members left out, elements repeated, extensions and (for v4) types added, as the seed says."""
    chance = random.Random(seed)

    def vary(value: Any, name: str) -> Any:
        if isinstance(value, dict):
            made = {n: vary(one, n) for n, one in value.items() if n == "@type" or chance.random() > 0.35}
            if chance.random() < 0.1:
                made["x-note"] = {"said": ["by", "nobody"]}
            if types and chance.random() < 0.1:
                made["@type"] = chance.choice(("Invented", "Characteristic", "PartyRef"))
            return made
        if isinstance(value, list):
            return [vary(one, name) for one in value for _ in range(chance.choice((1, 1, 1, 2)))]
        if isinstance(value, str) and name in ("@referredType",) and chance.random() < 0.5:
            return chance.choice(("Individual", "Organization", "Customer", "PartyRole", "Party"))
        if isinstance(value, str) and name == "value":
            return chance.choice(("text", 5, True, ["a", "b"], {"a": 1}, [1, 2]))
        return value

    made: Document = vary(document, "")
    return made
