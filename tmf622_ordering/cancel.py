"""Carries out a CancelProductOrder whose requested date has come; the key is the task's id."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from common.domain.query import Document
from common.errors import Conflict
from common.installation import Installation
from common.rest.actions import Actions, acting
from tmf622_ordering.cancellation import carry_out, later_date
from tmf622_ordering.lifecycle import ACKNOWLEDGED, CANCELLATION
from tmf622_ordering.works import CANCELLATION as KIND


class Cancel:
    """The steps of one cancellation (`component.Steps`); nothing outside is asked."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def prepare(self, key: str) -> list[dict[str, Any]]:
        """Do what the task asks for once its date has come; the order is held before the task, as requests do."""
        with self._installation.database.write() as uow:
            act = acting(self._installation, uow, key)
            named = act.library.get("cancelProductOrder", key)
            order = act.hold("productOrder", named["productOrder"]["id"]) if named is not None else None
            task, work = act.hold("cancelProductOrder", key), uow.work(KIND)
            if work.get(key, for_update=True) is None:
                return []
            later = later_date(task, act.now) if task is not None else None
            if later is not None:
                work.put(key, later, {})
            else:
                work.remove(key)
                if task is not None and task[CANCELLATION.attribute] == ACKNOWLEDGED:
                    self._cancel(act, task, order)
            uow.commit()
        return []

    @staticmethod
    def _cancel(act: Actions, task: Document, order: Document | None) -> None:
        """An order that is over, gone or being cancelled by then ends the task with an error."""
        changes: dict[str, Any] = {CANCELLATION.attribute: "terminatedWithError"}
        if order is not None:
            with suppress(Conflict):
                changes = carry_out(task, order, act.context("productOrder"))
        act.update("cancelProductOrder", task["id"], changes)

    def perform(self, call: dict[str, Any]) -> dict[str, Any]:
        """Nothing is asked of anybody."""
        raise AssertionError(f"a cancellation makes no calls: {call}")

    def settle(self, key: str, calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        """Nothing was asked."""
