"""An order's items as tasks, by what they do and what they are made of.

| action | tasks, each after those before it |
| --- | --- |
| add | reserve each resource; ship the physical ones, provision each service; activate |
| modify | to another offering: reserve what is new, then swap; another device or SIM: swap; a new status: suspend or
           resume; else provision each service anew |
| delete | deactivate |
| noChange | none |

An item comes after the items it relies on, a bundle's own activation after its parts', a bundle's own deactivation
after its parts' deactivation.
Source: domain of this project (docs/fulfilment.md); TMF622 v5.0.0 ItemActionType, ProductOrderItemRelationshipType.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from typing import Any

from tmf622_ordering.orchestration.plan import Plan, PlannedItem, Task

RESERVE, SHIP, PROVISION, ACTIVATE = "reserve", "ship", "provision", "activate"
DEACTIVATE, SWAP, SUSPEND, RESUME = "deactivate", "swap", "suspend", "resume"
# The last step of an item: what comes after the item comes after this.
_CLOSING = frozenset({ACTIVATE, DEACTIVATE, SWAP, SUSPEND, RESUME})


@dataclass(frozen=True)
class OrderedItem:
    """What the engine needs to know of an item.

    Shapes: `whole` is the item it is part of; `needs` are items it relies on; `services` and `resources` are references
            to specifications (a physical one is also in `physical`, by id); `change` says what a modify does:
            `migrate`, `swap`, `suspend`, `resume` or `configure`; `details` is what every task of it is told.
    """

    id: str
    action: str
    whole: str | None = None
    needs: tuple[str, ...] = ()
    services: tuple[Mapping[str, Any], ...] = ()
    resources: tuple[Mapping[str, Any], ...] = ()
    physical: frozenset[str] = frozenset()
    change: str = "configure"
    products: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


def decompose(order: str, items: Iterable[OrderedItem]) -> Plan:
    """The plan of an order nothing of which has begun; a task comes after those it needs, whatever the items say."""
    ordered = list(items)
    needs = _needs(ordered)
    deliveries = _deliveries(ordered, needs)
    first = _predecessors(ordered, needs, deliveries)
    own = {item.id: list(_own(item)) for item in ordered}
    tasks: list[Task] = []
    # Sets have another order in every process; the order of tasks is that of the messages about them.
    graph = {item.id: sorted(first[item.id]) for item in ordered}
    for id in TopologicalSorter(graph).static_order():
        needed = [last for before in sorted(first[id]) for last in _last(own, first, before)]
        tasks += _behind(own[id], tuple(dict.fromkeys(needed)))
    planned = tuple(
        PlannedItem(item.id, item.action, deliveries[item.id], tuple(sorted(needs[item.id])), item.products)
        for item in ordered
    )
    return Plan(order, planned, tuple(tasks))


def _needs(items: list[OrderedItem]) -> dict[str, set[str]]:
    """The items that each needs; what ends is ended before what it relied on."""
    actions = {item.id: item.action for item in items}
    needs: dict[str, set[str]] = {item.id: set() for item in items}
    for item in items:
        for need in item.needs:
            if need in needs and need != item.id:
                ends = actions[need] == item.action == "delete"
                earlier, later = (item.id, need) if ends else (need, item.id)
                needs[later].add(earlier)
    return needs


def _deliveries(items: list[OrderedItem], needs: Mapping[str, set[str]]) -> dict[str, str]:
    """The delivery of each item, by the id of its first item: bundles, and bundles that need each other, are one."""
    by_id = {item.id: item for item in items}
    outermost = {item.id: _outermost(item, by_id) for item in items}
    graph: dict[str, set[str]] = {name: set() for name in outermost.values()}
    for later, before in needs.items():
        graph[outermost[later]] |= {outermost[earlier] for earlier in before}
    return {
        id: min(other for other in graph if _leads(graph, name, other) and _leads(graph, other, name))
        for id, name in outermost.items()
    }


def _predecessors(
    items: list[OrderedItem], needs: Mapping[str, set[str]], deliveries: Mapping[str, str]
) -> dict[str, set[str]]:
    """The items that come before each: the whole deliveries of what it needs, and the parts of a whole.

    Within a delivery, what would close a circle is left out: a part that relies on its whole comes after it.
    """
    first: dict[str, set[str]] = {item.id: set() for item in items}

    def put(earlier: str, later: str) -> None:
        if not _leads(first, earlier, later):
            first[later].add(earlier)

    for later, before in needs.items():
        for need in sorted(before):
            is_one = deliveries[need] == deliveries[later]
            for earlier in [need] if is_one else [id for id in deliveries if deliveries[id] == deliveries[need]]:
                put(earlier, later)
    for item in items:
        if item.whole in first:
            put(item.id, item.whole)
    return first


def _leads(first: Mapping[str, set[str]], start: str, goal: str) -> bool:
    """Whether `start` is `goal` or comes after it, at any distance."""
    seen, open_ = set(), [start]
    while open_:
        current = open_.pop()
        if current == goal:
            return True
        if current not in seen:
            seen.add(current)
            open_ += first[current]
    return False


def _own(item: OrderedItem) -> Iterator[Task]:
    if item.action == "delete":
        yield _task(item, DEACTIVATE)
    elif item.action == "add" or (item.action == "modify" and item.change == "migrate"):
        yield from (_task(item, RESERVE, "resourceSpecification", one) for one in item.resources)
        shipped = [one for one in item.resources if one["id"] in item.physical]
        yield from (
            _task(item, SHIP, "resourceSpecification", one, needs=(f"{item.id}/{RESERVE}/{one['id']}",))
            for one in shipped
        )
        if item.action == "add":
            reserved = tuple(f"{item.id}/{RESERVE}/{one['id']}" for one in item.resources)
            yield from (_task(item, PROVISION, "serviceSpecification", one, needs=reserved) for one in item.services)
            yield _task(item, ACTIVATE)
        else:
            yield _task(item, SWAP)
    elif item.action == "modify" and item.change in (SWAP, SUSPEND, RESUME):
        yield _task(item, item.change)
    elif item.action == "modify":
        yield from (_task(item, PROVISION, "serviceSpecification", one) for one in item.services)
        if not item.services:
            yield _task(item, PROVISION)


def _task(
    item: OrderedItem,
    kind: str,
    name: str = "",
    specification: Mapping[str, Any] | None = None,
    needs: tuple[str, ...] = (),
) -> Task:
    details: dict[str, Any] = {**item.details, "action": item.action}
    id = f"{item.id}/{kind}"
    if specification is not None:
        id = f"{id}/{specification['id']}"
        details[name] = dict(specification)
    return Task(id, item.id, kind, needs, details)


def _behind(own: list[Task], needed: tuple[str, ...]) -> Iterator[Task]:
    """The tasks of an item behind those of other items; the closing one waits for all the others of its item."""
    for position, task in enumerate(own):
        before = tuple(one.id for one in own[:position]) if task.kind in _CLOSING else task.needs
        yield replace(task, needs=before or needed)


def _last(own: Mapping[str, list[Task]], first: Mapping[str, set[str]], item: str) -> list[str]:
    """The tasks whose end is the end of an item; of one without tasks, those of what it comes after."""
    if not own[item]:
        return [last for before in sorted(first[item]) for last in _last(own, first, before)]
    closing = [task.id for task in own[item] if task.kind in _CLOSING]
    return closing or [task.id for task in own[item]]


def _outermost(item: OrderedItem, by_id: Mapping[str, OrderedItem]) -> str:
    while item.whole is not None and item.whole in by_id:
        item = by_id[item.whole]
    return item.id
