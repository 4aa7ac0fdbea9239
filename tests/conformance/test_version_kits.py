"""What official conformance kits look at, for every resource that a client creates, in both majors."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import pytest

from common.installation import published_documents
from common.spec.contract import Contract, ResourceContract, Verb
from common.spec.load import load_contracts
from tests.conformance.documents import Generator

# Judged by rules beyond the contract, which a generated text breaks; a price has an amount or a percentage.
RULED = {"path", "query", "contentType", "percentage", "id"}
SENT, STORED = "2026-03-01T10:30:00.25+02:00", "2026-03-01T08:30:00.250Z"
NOWHERE = "0b5d9f0e-7d0f-4b0c-9c55-3a6f8b6f2f11"


@dataclass(frozen=True)
class Kit:
    """A resource that a client creates, in one major."""

    contract: Contract
    resource: ResourceContract

    def __str__(self) -> str:
        return f"{self.contract.key}-{self.resource.name}"

    @property
    def path(self) -> str:
        return self.contract.base_path + self.resource.path

    def minimal(self) -> dict[str, object]:
        return self._body(self._generator.minimal)

    def scalars(self) -> dict[str, object]:
        """The least, and every scalar beside it; date-times not in UTC."""
        full = self._body(self._generator.full)
        known = {name: _elsewhere(one) for name, one in full.items() if isinstance(one, str | bool | int | Decimal)}
        return self.minimal() | known

    @property
    def _generator(self) -> Generator:
        return Generator(self.contract.document)

    def _body(self, made) -> dict[str, object]:
        schema = self._generator.body_schema(self.contract.document["paths"][self.resource.path]["post"])
        body = {name: value for name, value in made(schema).items() if name not in RULED}
        if self.resource.name == "customer":  # the contract asks for the party's id only in its answers
            body["engagedParty"]["id"] = "42"
        return body | ({"url": "products.ndjson"} if self.resource.name.endswith("Job") else {})


def _elsewhere(value):
    return SENT if value == "2026-03-01T08:30:00.000Z" else value


@cache
def kits() -> list[Kit]:
    return [
        Kit(contract, resource)
        for contract in load_contracts(published_documents())
        for resource in contract.resources.values()
        if Verb.CREATE in resource.operations
    ]


def test_every_resource_that_a_client_creates_is_here():
    counts = {major: sum(kit.contract.major == major for kit in kits()) for major in (4, 5)}

    assert counts == {4: 31, 5: 25}


def _text(value) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("kit", kits(), ids=str)
def test_what_a_kit_looks_at(suite, kit):
    resource, path = kit.resource, kit.path
    least = suite.post(path, kit.minimal())
    assert least.status == 201, least.content
    nulls = dict.fromkeys(resource.settable - resource.mandatory - {"id"})
    made = suite.post(path, {**nulls, **kit.scalars()})
    assert made.status == 201, made.content
    for answer in (least, made):
        assert answer.headers["location"] == answer.json["href"] == f"http://bss.example{path}/{answer.json['id']}"
        assert resource.whole.violations(answer.json) == [], "every mandatory attribute is there and typed"
        assert None not in answer.json.values()
    document, item = made.json, f"{path}/{made.json['id']}"

    listed = suite.get(path)
    assert (listed.status, listed.json) == (200, [least.json, document])
    _found_by_every_scalar(suite, kit, document)
    selected = suite.get(f"{path}?fields=name&id={document['id']}").json
    kept = ("id", "href", "@type", "name") if resource.typed else ("id", "href", "name")
    assert selected == [{name: document[name] for name in kept if name in document}]

    if Verb.PATCH in resource.operations:
        name = next(
            (name for name in ("name", "description") if name in resource.attributes - resource.immutable), "x-n"
        )
        patched = suite.patch(item, {name: "patched"})
        assert (patched.status, patched.json[name]) == (200, "patched")
        assert resource.whole.violations(patched.json) == []
    assert suite.get(f"{path}/{NOWHERE}").status == 404
    if Verb.DELETE in resource.operations:
        assert (suite.delete(item).status, suite.get(item).status, suite.delete(item).status) == (204, 404, 404)


def _found_by_every_scalar(suite, kit: Kit, document) -> None:
    """By what is shown, unescaped as kits send it; a date-time also as it was sent."""
    wrong = []
    for name, value in document.items():
        if not isinstance(value, str | bool | int | Decimal):
            continue
        for asked in (value, SENT) if value == STORED else (value,):
            answer = suite.get(f"{kit.path}?{name}={_text(asked)}")
            if answer.status != 200 or document not in answer.json:
                wrong.append((name, asked, answer.status))
    assert wrong == []


def test_a_link_is_asked_for_as_it_is_shown(suite):
    path = "/tmf-api/productCatalogManagement/v5/category"
    first, second = (suite.created(path, {"@type": "Category", "id": id, "name": "x"}) for id in ("a b", "c"))

    for question, found in (
        (f"href={first['href']}", [first]),
        (f"href={first['href']},{second['href']}", [first, second]),
        (f"href.ne={first['href']}", [second]),
        (f"filter=$[?(@.href=='{first['href']}')]", [first]),
        ("href=http://bss.example/tmf-api/productCatalogManagement/v4/category/c", []),
        ("href=c", []),
        ("href.ne=c", [first, second]),
    ):
        assert suite.get(f"{path}?{question}").json == found, question
