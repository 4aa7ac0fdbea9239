"""The work of dunning: one account is looked at."""

from __future__ import annotations

from typing import Any

from common.installation import Installation
from common.rest.actions import acting
from tmf676_payment.dunning.cases import look
from tmf676_payment.dunning.wake import WORK


class Dun:
    """Looks at one account (`component.Steps`). It asks nobody outside."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def prepare(self, key: str) -> list[dict[str, Any]]:
        with self._installation.database.write() as uow:
            act = acting(self._installation, uow, key)
            work = uow.work(WORK)
            again = look(act.context("payment"), key)
            work.get(key, for_update=True)
            if again is None:
                work.remove(key)
            else:
                work.put(key, again, {})
            uow.commit()
        return []

    def perform(self, call: dict[str, Any]) -> dict[str, Any]:
        return {}

    def settle(self, key: str, calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        return None
