"""What an event of a TMF641 API tells us: which order to look at again. Pure.

Anybody may post to a listener, twice, late or in the wrong order. An event is therefore never believed: it says only
which task to check now, and the check asks the OSS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tmf622_ordering.adapters.port import Answer, Outcome
from tmf622_ordering.adapters.service_order import WAITING, is_id, key_of

INFORMATION_REQUIRED = "ServiceOrderInformationRequiredEvent"
_PATH_CHARACTERS_MAX = 500
_NAMED = re.compile(r"""@\.name\s*==\s*(["'])(.+?)\1""")
_STEP = re.compile(r"[^.\[\]/'\"\s$]+")


@dataclass(frozen=True)
class Hint:
    """A service order that something happened to.

    Shapes: `reference` as adapters answer it, `key` as calls have it (of an undo with its suffix); one of them may be
            None. `state` is the order's at the time of the event; `missing` are characteristics that the event says
            are needed.
    """

    reference: str | None
    key: str | None
    event_type: str = ""
    missing: tuple[str, ...] = ()
    state: str | None = None


def hint(event: Mapping[str, Any]) -> Hint | None:
    """The order that an event is about; None when it is about none."""
    payload = event.get("event", event)
    order = payload.get("serviceOrder") if isinstance(payload, Mapping) else None
    if order is None and isinstance(payload, Mapping):
        task = payload.get("cancelServiceOrder")
        order = task.get("serviceOrder") if isinstance(task, Mapping) else None
    if not isinstance(order, Mapping):
        return None
    reference = order["id"] if is_id(order.get("id")) else None
    key = key_of(order.get("externalId"))
    if reference is None and key is None:
        return None
    kind = event.get("eventType")
    kind = kind if isinstance(kind, str) else ""
    missing = _missing(event.get("fieldPath")) if kind == INFORMATION_REQUIRED else ()
    state = order.get("state")
    return Hint(reference, key, kind, missing, state if isinstance(state, str) else None)


def with_hint(answer: Answer, given: Hint) -> Answer:
    """The answer of a check that an event led to.

    TMF641 v4 says in an event only that information is required, and in the order that it is pending: where both are
    so, the answer says what is needed. The check confirms the event, so that a late one changes nothing.
    """
    is_waiting = answer.outcome is Outcome.ACCEPTED and re.match(rf"{WAITING}\b", answer.reason) is not None
    if given.event_type == INFORMATION_REQUIRED and is_waiting:
        return replace(answer, outcome=Outcome.INFORMATION_REQUIRED, missing=given.missing, ask_again_at=None)
    return answer


def _missing(path: Any) -> tuple[str, ...]:
    """The characteristic that a field path leads to, in the forms that are met: by name, or as the last step."""
    if not isinstance(path, str) or len(path) > _PATH_CHARACTERS_MAX:
        return ()
    named = tuple(dict.fromkeys(match[2] for match in _NAMED.finditer(path)))
    steps = [step for step in _STEP.findall(path) if step != "value" and not step.isdecimal()]
    return named or tuple(steps[-1:])
