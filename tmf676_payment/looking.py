"""Work that asks nobody outside: one look at its key, in a transaction of its own, says when it is due again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from common.component import RuleContext
from common.jobs.alone import Alone
from common.rest.actions import acting

# What is done at one key; when to look again, None for not before something happens.
Look = Callable[[RuleContext, str], datetime | None]


class Looking(Alone):
    """The steps of such a work (`component.Steps`), whose `kind` and `look` say what it is."""

    kind: str
    look: Look

    def prepare(self, key: str) -> list[dict[str, Any]]:
        with self._installation.database.write() as uow:
            act, work = acting(self._installation, uow, key), uow.work(self.kind)
            again = type(self).look(act.context("payment"), key)
            work.get(key, for_update=True)
            if again is None:
                work.remove(key)
            else:
                work.put(key, again, {})
            uow.commit()
        return []
