"""What an OSS reports of its service orders (TMF641 v4): the task that an event is about is looked at now.

An event is never believed, and an unknown order is nobody's business: every event is acknowledged. An event finds its
task by the service order's externalId; one that carries only an id changes nothing, as polling finds it soon enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from common.installation import Installation
from common.rest.actions import acting
from common.rest.hub import acknowledged, read_event
from common.rest.messages import Request, Response
from common.store.keys import is_storable
from tmf622_ordering.adapters.hint import INFORMATION_REQUIRED, Hint, hint
from tmf622_ordering.adapters.service_order import WAITING
from tmf622_ordering.adapters.tmf641 import UNDO_SUFFIX
from tmf622_ordering.orchestration import engine
from tmf622_ordering.orchestration.plain import of_plain, to_plain
from tmf622_ordering.orchestration.plan import Plan
from tmf622_ordering.works import FULFILMENT as KIND

# An order's id may have slashes in it, as a task's has: so many of them are tried.
_SLASHES_MAX = 20


class Listener:
    """POST of an event (`component.Route`)."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._installation, self._committed = installation, committed

    def __call__(self, request: Request) -> Response:
        """201, whatever the event leads to. Errors: InvalidBody for what is no event."""
        event = read_event(request)
        found = hint(event)
        if found is not None and self._installation.settings.fulfilment == "tmf641":
            self._pass_on(found)
        return acknowledged(request, event)

    def _pass_on(self, found: Hint) -> None:
        key = found.key or ""
        if not is_storable(key):
            return
        # Looked up before anything is held: what is posted here need not be about us.
        known = [(order, task) for order, task in _named(key) if self._nudged(order, task, found) is not None]
        for order, task in known:
            if self._nudge(order, task, found):
                self._committed()

    def _nudged(self, order: str, task: str, found: Hint) -> Plan | None:
        with self._installation.database.read() as uow:
            row = uow.work(KIND).get(order)
        return None if row is None else _changed(row.doc, task, found)

    def _nudge(self, order: str, task: str, found: Hint) -> bool:
        with self._installation.database.write() as uow:
            act = acting(self._installation, uow, order)
            held, work = act.hold("productOrder", order), uow.work(KIND)
            row = work.get(order, for_update=True)
            plan = None if held is None or row is None else _changed(row.doc, task, found)
            if plan is None:
                return False
            work.put(order, act.now, to_plain(plan))
            uow.commit()
        return True


def _changed(kept: dict[str, object], task: str, found: Hint) -> Plan | None:
    """The plan with the task to be asked now; None when the task does not wait for this."""
    if not kept:
        return None
    plan = of_plain(Plan, kept)
    said = {"missing": [*found.missing]} if found.event_type == INFORMATION_REQUIRED else {}
    nudged = engine.nudge(plan, task, said, resumes=found.state not in (None, WAITING))
    return None if nudged is plan else nudged


def _named(key: str) -> Iterator[tuple[str, str]]:
    """Order and task that a key may be of (`calls.Call.key`); the task is `item/kind` or more."""
    steps = key.removesuffix(UNDO_SUFFIX).split("/")
    for count in range(1, min(len(steps) - 1, _SLASHES_MAX)):
        yield "/".join(steps[:count]), "/".join(steps[count:])
