"""A document held against its contract and the settings, before the rules see it."""

from __future__ import annotations

from typing import Any

from common.domain.query import Document
from common.errors import InvalidBody, Violation
from common.settings import Settings
from common.spec.contract import ResourceContract, Validator
from common.v4.mapping import marked
from common.v4.routes import MARK

_MARK = MARK.encode()


def check(
    document: Document,
    validator: Validator,
    contract: ResourceContract,
    settings: Settings,
    before: Document | None = None,
) -> None:
    """Errors: InvalidBody with everything that is wrong; of a patched document only what was not wrong `before`."""
    violations = validator.violations(document)
    if violations and before is not None:  # what was wrong already is not the patch's fault
        known = set(validator.violations(before))
        violations = [violation for violation in violations if violation not in known]
    if settings.unknown_attributes == "refuse" and "@schemaLocation" not in document:
        unknown = sorted(name for name in document.keys() - contract.attributes if name[:1] != MARK)
        violations += [Violation(f"/{name}", "unknown", f"{name[:80]} is not in the contract") for name in unknown]
    if violations:
        raise InvalidBody(violations)


def refuse_marked(value: Any, text: bytes | None = None) -> None:
    """Errors: InvalidBody when a client uses the mark of what is kept beside for the other major.

    Shapes: `text` is the JSON that the value was read from, where it is at hand: one without the mark has no such name.
    """
    if text is not None and _MARK not in text and b"\\" not in text:
        return
    names = list(dict.fromkeys(marked(value)))
    if names:
        raise InvalidBody(
            Violation("", "reserved", f"{name[:80]!r}: names of attributes do not start with {MARK}") for name in names
        )
