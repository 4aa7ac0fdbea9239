"""The fulfilment that needs no other system: answers follow from the call, the time and a script alone.

It keeps nothing: asked again after a crash it says the same. Without a rule for it, a task is done at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from common.errors import ConfigurationError
from tmf622_ordering.adapters.port import Answer, Call, Operation, Outcome
from tmf622_ordering.adapters.script import SPECIFIED, Rule, Script

_NAMESPACE = uuid.UUID("7a1d6a3e-6b0c-5d0e-9a51-3c1f5f0a6f22")
# Tasks that leave a service behind when the script says nothing of services.
_REALIZING = frozenset({"provision", "activate"})
_AT_ONCE = Rule({})
_PAUSE_MIN, _PAUSE_MAX = timedelta(minutes=5), timedelta(days=1)


class Simulator:
    """Fulfilment by a script."""

    def __init__(self, script: Callable[[], Script] = Script) -> None:
        """Shapes: `script` gives the script of the moment; without one there are no rules."""
        self._script = script

    def perform(self, call: Call, now: datetime) -> Answer:
        """How the task stands. A script that cannot be used any more is a reason to ask again later."""
        try:
            rule = self._script().rule(call) or _AT_ONCE
        except ConfigurationError as error:
            return Answer(Outcome.RETRY, error.message)
        reference = _id(call.key)
        missing = tuple(name for name in rule.requires if name not in (call.details.get("characteristic") or {}))
        if missing:
            reason = f"missing: {', '.join(missing)}"
            return Answer(Outcome.INFORMATION_REQUIRED, reason, reference=reference, missing=missing)
        if call.operation in (Operation.DO, Operation.UNDO) and call.attempt <= rule.retries:
            return Answer(Outcome.RETRY, rule.reason)
        if rule.outcome == "never":
            # Asked ever more rarely: a story of a year is told in seconds, and a script that is changed is noticed.
            pause = min(max(now - call.requested_at, _PAUSE_MIN), _PAUSE_MAX)
            return Answer(Outcome.ACCEPTED, "never ends", reference=reference, ask_again_at=now + pause)
        due = call.requested_at + rule.delay
        if now < due:
            return Answer(Outcome.ACCEPTED, "under way", reference=reference, ask_again_at=due)
        if rule.outcome == "failed":
            return Answer(Outcome.FAILED, rule.reason, reference=reference)
        services, resources = _made(call, rule)
        return Answer(
            Outcome.DONE,
            reference=reference,
            effective_at=due if rule.delay else None,
            services=services,
            resources=resources,
        )


def _made(call: Call, rule: Rule) -> tuple[tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]:
    """The services and resources that carrying out a task leaves behind; taking back leaves none."""
    if call.operation in (Operation.UNDO, Operation.CHECK_UNDO):
        return (), ()
    services = rule.services
    if services is None:
        is_realized = call.kind == "activate" and bool(call.details.get("realizingService"))
        services = (_own_service(call),) if call.kind in _REALIZING and not is_realized else ()
    resources = rule.resources
    return (
        tuple(_reference(one, f"{call.key}/service/{index}", "Service") for index, one in enumerate(services)),
        tuple(_reference(one, f"{call.key}/resource/{index}", "Resource") for index, one in enumerate(resources)),
    )


def _own_service(call: Call) -> Mapping[str, Any]:
    """The service of a product for one specification: the same one for every task and order that is about it."""
    specification = _part(call, "serviceSpecification")
    name = next((part["name"] for part in (specification, _part(call, "productOffering")) if part.get("name")), None)
    product = call.details.get("productId")
    seed = call.key if product is None else f"{product}/{specification.get('id', '')}"
    return {"id": _id(seed), "name": name or call.kind}


def _part(call: Call, name: str) -> Mapping[str, Any]:
    assert name in SPECIFIED
    part = call.details.get(name)
    return part if isinstance(part, Mapping) else {}


def _reference(given: Mapping[str, Any], seed: str, kind: str) -> Mapping[str, Any]:
    return {"id": _id(seed), "@type": f"{kind}Ref", "@referredType": kind, **given}


def _id(seed: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, seed))
