"""What kinds of payment methods there are and what each must say of itself, read from the published contract."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from common.domain.query import Document
from common.installation import PUBLISHED
from common.spec.load import load_document

_BASE = "PaymentMethod"


def kind_of(method: Document) -> str:
    """The kind by its `@type`, as the contract lists them: `TokenizedCard` is a `tokenizedCard`."""
    name = str(method.get("@type", ""))
    return name[:1].lower() + name[1:]


def kinds() -> tuple[str, ...]:
    """Every kind that the contract lists."""
    return tuple(_definitions()[_BASE]["properties"]["@type"]["enum"])


def required(kind: str) -> tuple[str, ...]:
    """The attributes that a method of this kind must have, beyond those of all."""
    definition = _definitions().get(kind[:1].upper() + kind[1:], {})
    of_all = _definitions()[_BASE]["required"]
    return tuple(name for name in definition.get("required", ()) if name not in of_all)


@cache
def _definitions() -> Mapping[str, Any]:
    (file,) = (PUBLISHED / "v4").glob("TMF670-v4*.swagger.json")
    definitions: Mapping[str, Any] = load_document(file)["definitions"]
    return definitions
