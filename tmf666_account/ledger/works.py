"""What falls due by itself: a month has closed, and what was charged for its days is revenue."""

from __future__ import annotations

from typing import Any

from common.domain.clock import instant_text
from common.jobs.alone import Alone
from common.rest.actions import acting
from tmf666_account.ledger.deferrals import RECOGNITION, recognise
from tmf666_account.ledger.journal import ACCOUNT, hold


class Recognition(Alone):
    """Recognises the deferred revenue of one account (`component.Steps`). It asks nobody outside."""

    def prepare(self, key: str) -> list[dict[str, Any]]:
        with self._installation.database.write() as uow:
            act = acting(self._installation, uow, key)
            context, work = act.context(ACCOUNT), uow.work(RECOGNITION)
            hold(uow.records, context, key)
            row = work.get(key, for_update=True)
            if row is not None and row.due is not None and row.due > act.now:
                return []
            due = recognise(uow.records, context, key, act.now, f"{key}/{instant_text(act.now)}")
            if due is None:
                work.remove(key)
            else:
                work.put(key, due, {})
            uow.commit()
        return []
