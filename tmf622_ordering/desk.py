"""What the progress of a plan writes: states and messages of the order, products, events; one order, one transaction.

Every effect hangs on an item moving on in the order document or on a task changing in the plan, and both are written
in one transaction, so doing a step again writes nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from common.domain.clock import instant_text, normal_instant
from common.domain.query import Document
from common.errors import BssError
from common.rest.actions import Actions
from tmf622_ordering import products
from tmf622_ordering.capture.relations import ENDED
from tmf622_ordering.facts import ADOPTABLE, Facts
from tmf622_ordering.items import Item, flat, part_of, way
from tmf622_ordering.lifecycle import ASSESSING, CANCELLED, ITEM, ORDER, PENDING_CANCELLATION
from tmf622_ordering.orchestration import engine
from tmf622_ordering.orchestration.plan import Plan, PlannedItem, Task, TaskState
from tmf622_ordering.rules import INFORMATION_REQUIRED

_MILESTONES = {
    "ship": "shipped",
    "activate": "activated",
    "deactivate": "deactivated",
    "swap": "swapped",
    "suspend": "suspended",
    "resume": "resumed",
}
_BEGUN = frozenset({"inProgress", "pending", "completed"})
# What a task that came to this says in the order, and the code of the message.
_MESSAGES = {
    TaskState.FAILED: ("task.failed", "A task of the item failed"),
    TaskState.NOT_UNDONE: ("compensation.failed", "A task could not be taken back; somebody has to do it by hand"),
    TaskState.BLOCKED: (INFORMATION_REQUIRED, "The item needs more information"),
}
_TURNS = {"suspend": "suspended", "resume": "active"}


class Desk:
    """One order while its transaction is open.

    Shapes: `order` is as it stands now; `paused` are items that a client has put on hold.
    """

    def __init__(self, act: Actions, order: Document, facts: Facts) -> None:
        self._act, self.order, self._facts = act, order, facts
        self.paused: frozenset[str] = frozenset()

    @property
    def state(self) -> str:
        return str(self.order[ORDER.attribute])

    @property
    def items(self) -> list[Item]:
        return flat(self.order)

    def progress(self, before: Plan, after: Plan) -> None:
        """Write what has happened from one plan to the next."""
        messages = self._messages(before, after)
        targets = self._targets(after)
        is_told = not self._make_products(after, targets) and not messages
        while steps := self._steps(targets):
            states = dict(steps)
            for item in self.items:
                if item.id in states:
                    self._act_on_product(item, states[item.id], after)
            self._write(steps, messages)
            messages, is_told = {}, True
        if not is_told:
            self._write([], messages)

    def refuse_cancellation(self, plan: Plan, past: Iterable[str]) -> None:
        """The order goes on: some of its items can no longer be taken back."""
        names = ", ".join(past)[:200]
        text = f"the order cannot be cancelled any more: the items {names} are past their point of no return"
        message = self._error("cancellation.refused", "The cancellation was refused", text, None)
        states = engine.item_states(plan)
        back = [(item.id, states.get(item.id, "inProgress")) for item in self.items if self._stands(item) == ASSESSING]
        messages = {"productOrderErrorMessage": [message]}
        self._write(back, messages, state="inProgress")

    def finished(self, items: Iterable[str], plan: Plan) -> None:
        """Somebody else has finished these items; their products follow."""
        wanted = set(items)
        for item in self.items:
            if item.id in wanted:
                state = self._stands(item)
                self._act_on_product(item, "completed" if state == "partial" else state, plan)

    def resume(self, items: Iterable[str]) -> None:
        """These items go on."""
        wanted = set(items)
        steps = [
            (item.id, "inProgress") for item in self.items if item.id in wanted and self._stands(item) == "pending"
        ]
        if steps:
            self._write(steps, {})

    def begin_cancellation(self) -> None:
        steps = [(item.id, PENDING_CANCELLATION) for item in self.items if self._stands(item) == ASSESSING]
        self._write(steps, {}, state=PENDING_CANCELLATION)

    def is_alerted(self, expected: str) -> bool:
        return any(one.get("id") == f"late-{expected}" for one in self.order.get("productOrderJeopardyAlert", ()))

    def alert(self, expected: str) -> None:
        """The order is late."""
        alert = {
            "@type": "ProductOrderJeopardyAlert",
            "id": f"late-{expected}",
            "name": "late",
            "jeopardyType": "Delay",
            "alertDate": instant_text(self._act.now),
            "message": f"the order was to be completed by {expected}",
            "productOrderItem": [
                self._reference(item.id) for item in self.items if not ITEM.is_final(self._stands(item))
            ],
        }
        self._write([], {"productOrderJeopardyAlert": [alert]})

    # -- items --------------------------------------------------------------------------------------------

    def _stands(self, item: Item) -> str:
        return str(item.document.get(ITEM.attribute, ITEM.initial))

    def _targets(self, plan: Plan) -> dict[str, str]:
        """Where each item is to stand; one that is paused stays until it is finished."""
        states = engine.item_states(plan)
        targets: dict[str, str] = {}
        for item in self.items:
            wanted = states.get(item.id, ITEM.initial)
            is_over = ITEM.is_final(self._stands(item))
            is_paused = item.id in self.paused and not ITEM.is_final(wanted)
            if not is_over and not is_paused and wanted != ITEM.initial:
                targets[item.id] = wanted
        return targets

    def _steps(self, targets: Mapping[str, str]) -> list[tuple[str, str]]:
        """The next state of each item that is not yet where it is to stand."""
        steps = []
        for item in self.items:
            ways = way(self._stands(item), targets.get(item.id, self._stands(item)))
            if ways:
                steps.append((item.id, ways[0]))
        return steps

    def _write(
        self, steps: Iterable[tuple[str, str]], messages: Mapping[str, list[Document]], state: str | None = None
    ) -> None:
        """The order with items moved on and messages added; its own state follows from its items."""
        moved = dict(steps)
        for item in self.items:
            if item.id in moved:
                item.document[ITEM.attribute] = moved[item.id]
        changes: dict[str, Any] = {"productOrderItem": self.order["productOrderItem"]}
        for name, added in messages.items():
            changes[name] = [*self.order.get(name, ()), *added]
        if state is None and self.state == PENDING_CANCELLATION:
            ended = all(ITEM.is_final(self._stands(item)) for item in self.items)
            state = CANCELLED if ended else None
        if state is not None:
            changes[ORDER.attribute] = state
        self.order = self._act.update("productOrder", self.order["id"], changes)

    # -- messages -----------------------------------------------------------------------------------------

    def _messages(self, before: Plan, after: Plan) -> dict[str, list[Document]]:
        """Milestones and error messages of the tasks that changed."""
        found: dict[str, list[Document]] = {}
        for task in after.tasks:
            old = before.by_id.get(task.id)
            if old is not None and old.state is task.state:
                continue
            if task.state is TaskState.DONE and task.kind in _MILESTONES:
                found.setdefault("productOrderMilestone", []).append(self._milestone(task))
            has_failed = task.failed_at is not None and (old is None or old.failed_at is None)
            kind = TaskState.FAILED if has_failed else task.state
            if kind in _MESSAGES:
                code, reason = _MESSAGES[kind]
                text = f"{task.kind} of item {task.item}: {task.reason}"
                message = self._error(code, reason, text, task.item)
                found.setdefault("productOrderErrorMessage", []).append(message)
        return found

    def _milestone(self, task: Task) -> Document:
        return {
            "@type": "ProductOrderMilestone",
            "id": task.id,
            "name": _MILESTONES[task.kind],
            "status": "achieved",
            "milestoneDate": instant_text(task.ended_at or self._act.now),
            "productOrderItem": [self._reference(task.item)],
        }

    def _error(self, code: str, reason: str, text: str, item_id: str | None) -> Document:
        message: Document = {
            "@type": "ProductOrderErrorMessage",
            "code": code,
            "reason": reason,
            "message": text,
            "timestamp": instant_text(self._act.now),
        }
        if item_id is not None:
            message["productOrderItem"] = [self._reference(item_id)]
        return message

    def _reference(self, item_id: str) -> Document:
        return {
            "@type": "ProductOrderItemRef",
            "productOrderId": self.order["id"],
            "productOrderItemId": item_id,
        }

    # -- products -----------------------------------------------------------------------------------------

    def _make_products(self, plan: Plan, targets: Mapping[str, str]) -> bool:
        """Whether there are new products: of items that begin, as pendingActive; an outer one before those in it."""
        wholes = dict(part_of(self.items))
        made: list[str] = []
        for item in self._whole_first(wholes):
            planned = plan.item_by_id.get(item.id)
            if targets.get(item.id) not in _BEGUN or planned is None or planned.action != "add":
                continue
            if self._is_made(planned, item):
                continue
            around = plan.item_by_id.get(wholes.get(item.id, ""))
            whole = around.products[0] if around is not None and around.products else None
            for id in planned.products:
                self._make_product(id, item, whole)
            item.document["product"] = {
                "@type": "Product",
                **item.document.get("product", {}),
                "id": planned.products[0],
            }
            made.append(item.id)
        for id in made:
            parts = [part for part, whole in wholes.items() if whole == id and part in plan.item_by_id]
            self._bundle(plan.item_by_id[id].products[0], [p for one in parts for p in plan.item_by_id[one].products])
        return bool(made)

    def _is_made(self, planned: PlannedItem, item: Item) -> bool:
        """Whether the item has its products: it may have begun by a client's word before anything was asked for."""
        if self._stands(item) == ITEM.initial:
            return False
        product = self._act.library.get("product", planned.products[0])
        return product is not None and products.is_of(product, item, self.order)

    def _whole_first(self, wholes: Mapping[str, str]) -> list[Item]:
        def depth(item: Item) -> int:
            count, id = 0, item.id
            while id in wholes:
                count, id = count + 1, wholes[id]
            return count

        return sorted(self.items, key=depth)

    def _make_product(self, id: str, item: Item, whole: str | None) -> None:
        present = self._act.hold("product", id)
        document = products.new_product(id, item, self.order, self._facts, whole)
        if present is None:
            self._act.create("product", document)
        elif present.get("status") in ADOPTABLE:
            del document["id"]
            if present.get("status") == "pendingActive":
                del document["status"]
            self._act.update("product", id, document)

    def _bundle(self, whole: str, parts: Iterable[str]) -> None:
        product = self._act.library.get("product", whole)
        relationships = [products.related(id, "bundles") for id in parts]
        if product is not None and relationships:
            present = product.get("productRelationship", [])
            self._act.update("product", whole, {"productRelationship": [*present, *relationships]})

    def _act_on_product(self, item: Item, state: str, plan: Plan) -> None:
        """What an item's move means for its products. One that somebody else moved on meanwhile stays as it is."""
        planned = plan.item_by_id.get(item.id)
        if planned is None or state not in ("completed", "failed", CANCELLED):
            return
        tasks = plan.of_item(item.id)
        moment = products.effective(tasks, self._act.now)
        for id in planned.products:
            product = self._act.hold("product", id)
            if product is None:
                continue
            if planned.action == "add":
                end = {"completed": "active", "failed": "aborted", CANCELLED: "cancelled"}[state]
                changes = products.realized(product, tasks)
                if state == "completed":
                    changes |= products.as_ordered(product, item)
                self._move_product(item, product, [end], changes, moment)
            elif state == "completed" and planned.action == "delete":
                is_suspended = product.get("status") == "suspended"
                steps = ["pendingTerminate", "terminated"] if is_suspended else ["terminated"]
                if product.get("status") != "terminated":
                    changes = products.mentioned(product, item, self.order)
                    self._move_product(item, product, steps, changes, moment)
            elif state == "completed" and planned.action == "modify" and product.get("status") in ENDED:
                self._conflict(item, product, f"it is {product['status']} and stays as it was")
            elif state == "completed" and planned.action == "modify":
                changes = products.changed(product, item, self.order, self._facts)
                changes |= products.realized(product, tasks)
                steps = [_TURNS[task.kind] for task in tasks if task.kind in _TURNS]
                self._move_product(item, product, steps, changes, moment)

    def _move_product(
        self, item: Item, product: Document, steps: list[str], changes: Mapping[str, Any], moment: str
    ) -> None:
        dates = {"active": "startDate", "terminated": "terminationDate"}
        try:
            for status in steps:
                if product.get("status") == status:
                    continue  # somebody else was quicker, and the date is theirs
                date = dates.get(status)
                dated = {date: moment} if date is not None and not (status == "active" and date in product) else {}
                product = self._act.update("product", product["id"], {**changes, "status": status, **dated})
                changes = {}
            if changes:
                self._act.update("product", product["id"], changes)
        except BssError as error:
            self._conflict(item, product, error.message)

    def _conflict(self, item: Item, product: Document, fact: str) -> None:
        text = f"product {product['id']}: {fact}"
        message = self._error("product.conflict", "The product was changed by somebody else", text, item.id)
        self._write([], {"productOrderErrorMessage": [message]})


def moment_of(document: Mapping[str, Any], name: str) -> str | None:
    """A date-time attribute in the form whose texts sort as the instants do; None when there is none."""
    value = document.get(name)
    return normal_instant(value) if isinstance(value, str) else None
