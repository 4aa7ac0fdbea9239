"""A document held against its contract and the settings, before the rules see it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.domain.pointers import pointer_token
from common.domain.query import Document
from common.errors import InvalidBody, Violation
from common.settings import Settings
from common.spec.contract import ResourceContract, Validator
from common.v4.mapping import marked
from common.v4.routes import MARK

_MARK, _KEPT_BESIDE = MARK.encode(), f"/{pointer_token(MARK)}"


def check(
    document: Document,
    validator: Validator,
    contract: ResourceContract,
    settings: Settings,
    before: Document | None = None,
) -> None:
    """Errors: InvalidBody with everything that is wrong; of a patched document only what was not wrong `before`."""
    violations = _violations(document, validator, contract, settings)
    if violations and before is not None:  # what was wrong already is not the patch's fault
        known = set(_violations(before, validator, contract, settings))
        violations = [violation for violation in violations if violation not in known]
    if violations:
        raise InvalidBody(violations)


def _violations(
    document: Document, validator: Validator, contract: ResourceContract, settings: Settings
) -> list[Violation]:
    violations = list(validator.violations(document))
    if settings.unknown_attributes == "refuse":
        # What is kept for the other major is no client's.
        unknown = [pointer for pointer in contract.fields.undeclared(document) if _KEPT_BESIDE not in pointer]
        violations += [Violation(pointer, "unknown", "is not in the contract") for pointer in unknown]
    return violations


def refuse_marked(value: Any, text: bytes | None = None) -> None:
    """Errors: InvalidBody when a client uses the mark of what is kept beside for the other major.

    Shapes: `text` is the JSON that the value was read from, where it is at hand: one without the mark has no such name.
    """
    if text is not None and _MARK not in text and b"\\" not in text:
        return
    refuse_marked_names(marked(value))


def refuse_marked_names(names: Iterable[str]) -> None:
    """The same of names, as they are said in a path. Errors: InvalidBody."""
    reserved = dict.fromkeys(name for name in names if name[:1] == MARK)
    if reserved:
        raise InvalidBody(
            Violation("", "reserved", f"{name[:80]!r}: names of attributes do not start with {MARK}")
            for name in reserved
        )
