"""What the simulator is told to do: rules in a JSON file, checked against a schema, read again when it changes.

The file is described in docs/fulfilment.md. What a rule then answers is `simulator.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any

from common import exact_json
from common.errors import ConfigurationError, MalformedJson
from common.spec.validators import CompiledValidator
from tmf622_ordering.adapters.port import Call, Operation

DELAY_MAX = timedelta(days=3_660)
RULES_MAX = 1_000
# What is matched by id or name, in the words of `Call.details`.
SPECIFIED = ("productOffering", "serviceSpecification", "resourceSpecification")

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT, "minItems": 1}
_REFERENCES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"id": _TEXT, "href": _TEXT, "name": _TEXT, "@referredType": _TEXT},
        "additionalProperties": False,
    },
}
_WHEN = {
    "type": "object",
    "properties": {
        "kind": {"oneOf": [_TEXT, _TEXTS]},
        "operation": {"enum": ["do", "undo"]},
        "order": _TEXT,
        "item": _TEXT,
        **dict.fromkeys(SPECIFIED, _TEXT),
        "characteristic": {"type": "object"},
    },
    "additionalProperties": False,
}
_RULE = {
    "type": "object",
    "properties": {
        "when": _WHEN,
        "delay": {"type": ["number", "string"], "minimum": 0},
        "outcome": {"enum": ["done", "failed", "never"]},
        "reason": _TEXT,
        "retries": {"type": "integer", "minimum": 0},
        "requires": _TEXTS,
        "services": _REFERENCES,
        "resources": _REFERENCES,
    },
    "additionalProperties": False,
}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["rules"],
    "properties": {"rules": {"type": "array", "items": _RULE, "maxItems": RULES_MAX}},
    "additionalProperties": False,
}
_VALIDATOR = CompiledValidator(lambda: SCHEMA, "the schema of the simulator's script")
_DURATION = re.compile(
    r"P(?=.)(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?=.)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Rule:
    """One rule: for which calls, and what is answered.

    Shapes: `when` as the script writes it; `services` is None when the script leaves them to the simulator.
    """

    when: Mapping[str, Any]
    delay: timedelta = timedelta(0)
    outcome: str = "done"
    reason: str = "the simulator was told so"
    retries: int = 0
    requires: tuple[str, ...] = ()
    services: tuple[Mapping[str, Any], ...] | None = None
    resources: tuple[Mapping[str, Any], ...] = ()

    def fits(self, call: Call) -> bool:
        """Whether the rule is for this call. One without `operation` is for carrying out, not for taking back."""
        is_undo = call.operation in (Operation.UNDO, Operation.CHECK_UNDO)
        if (self.when.get("operation", "do") == "undo") != is_undo:
            return False
        kinds = self.when.get("kind", call.kind)
        if call.kind not in ([kinds] if isinstance(kinds, str) else kinds):
            return False
        if (
            self.when.get("order", call.order_id) != call.order_id
            or self.when.get("item", call.item_id) != call.item_id
        ):
            return False
        if any(not _names(call.details.get(name), self.when[name]) for name in SPECIFIED if name in self.when):
            return False
        given = call.details.get("characteristic") or {}
        wanted = self.when.get("characteristic", {})
        return all(name in given and _equal(given[name], value) for name, value in wanted.items())


@dataclass(frozen=True)
class Script:
    """The rules; the first that fits a call decides."""

    rules: tuple[Rule, ...] = ()

    def rule(self, call: Call) -> Rule | None:
        return next((rule for rule in self.rules if rule.fits(call)), None)


def read_script(document: Any, origin: str = "the script") -> Script:
    """The script that a JSON value writes.

    Errors: ConfigurationError naming every place that cannot be used.
    """
    found = [(violation.pointer, violation.message) for violation in _VALIDATOR.violations(document)]
    delays = []
    for index, rule in enumerate(document["rules"] if not found else ()):
        delay = _delay(rule.get("delay", 0))
        delays.append(delay)
        if delay is None or delay > DELAY_MAX:
            problem = f"give seconds or an ISO 8601 duration up to {DELAY_MAX.days} days, such as PT5M"
            found.append((f"/rules/{index}/delay", problem))
    if found:
        places = "; ".join(f"{pointer or '(whole)'}: {message}" for pointer, message in found)
        raise ConfigurationError(f"{origin}: {places}")
    return Script(
        tuple(_rule(rule, delay) for rule, delay in zip(document["rules"], delays, strict=True) if delay is not None)
    )


class ScriptFile:
    """The script in a file; called for what it says now. Safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._script = Script()

    def __call__(self) -> Script:
        """Errors: ConfigurationError when the file cannot be read or used; an older script is never taken instead."""
        with self._lock:
            try:
                stat = self._path.stat()
                stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                if stamp != self._stamp:
                    self._script = read_script(exact_json.decode(self._path.read_bytes()), str(self._path))
                    self._stamp = stamp
            except OSError as error:
                raise ConfigurationError(f"{self._path}: cannot be read: {error.strerror}") from error
            except MalformedJson as error:
                raise ConfigurationError(f"{self._path}: {error.message}") from error
            return self._script


def _rule(document: Mapping[str, Any], delay: timedelta) -> Rule:
    rest = {name: document[name] for name in ("outcome", "reason", "retries") if name in document}
    services = document.get("services")
    return Rule(
        when=document.get("when", {}),
        delay=delay,
        requires=tuple(document.get("requires", ())),
        services=None if services is None else tuple(services),
        resources=tuple(document.get("resources", ())),
        **rest,
    )


def _delay(value: Any) -> timedelta | None:
    """Seconds or an ISO 8601 duration without months and years, whose length nobody knows."""
    if isinstance(value, int | Decimal):
        seconds = Decimal(value)
    else:
        match = _DURATION.fullmatch(value)
        if match is None:
            return None
        weeks, days, hours, minutes, rest = (Decimal(part or 0) for part in match.groups())
        seconds = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + rest
    if seconds > Decimal(10) ** 12:
        return None
    return timedelta(microseconds=int(seconds * 1_000_000))


def _names(reference: Any, wanted: str) -> bool:
    return isinstance(reference, Mapping) and wanted in (reference.get("id"), reference.get("name"))


def _equal(left: Any, right: Any) -> bool:
    """As JSON has it: true is not 1."""
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
