"""Has our listener registered at the OSS's hub: once for each process that carries out orders, tried until it is.

Without it orders are polled, so nothing waits for this.
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any

import structlog

from common.installation import Installation
from common.settings import Settings
from tmf622_ordering.adapters.oss import Oss
from tmf622_ordering.adapters.subscription import subscribe
from tmf622_ordering.works import LISTENER_PATH
from tmf622_ordering.works import LISTENING as KIND

OSS = "oss"
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)

_log = structlog.get_logger(__name__)


def callback_url(settings: Settings) -> str | None:
    """Where the OSS is to post its events; None when nobody listens or nobody knows our address."""
    if settings.fulfilment != "tmf641":
        return None
    if settings.oss_callback_url:
        return settings.oss_callback_url
    base = settings.base_url.rstrip("/") + settings.base_prefix
    return f"{base}/tmf-api{LISTENER_PATH}" if settings.base_url else None


class Subscribe:
    """The steps of registering (`component.Steps`); the row keeps the id that the OSS gave the listener."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._callback = callback_url(installation.settings)

    def prepare(self, key: str) -> list[dict[str, Any]]:
        """Ask for it when it is due; a listener that was registered before is taken back first."""
        oss, now = self._installation.settings.oss_url, self._installation.clock.now()
        with self._installation.database.write() as uow:
            work = uow.work(KIND)
            row = work.get(key, for_update=True)
            if row is not None and self._callback is None:
                work.remove(key)
                uow.commit()
            if row is None or self._callback is None or row.due is None or row.due > now:
                return []
        former = row.doc.get("subscription", "") if row.doc.get("oss") == oss else ""
        return [{"callback": self._callback, "former": former}]

    def perform(self, call: dict[str, Any]) -> dict[str, Any]:
        """Ask the hub."""
        with closing(Oss(self._installation.settings)) as oss:
            found = subscribe(oss, call["callback"], call["former"])
        return {"subscription": found.id, "problem": found.problem}

    def settle(self, key: str, calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        """Keep the id, or try again later."""
        (answer,) = answers
        with self._installation.database.write() as uow:
            work = uow.work(KIND)
            row = work.get(key, for_update=True)
            if row is None:
                return
            document = {"oss": self._installation.settings.oss_url, "subscription": answer["subscription"]}
            due = None
            if answer["problem"]:
                tries = int(row.doc.get("tries", 0)) + 1
                document["tries"] = tries
                due = self._installation.clock.now() + min(_FIRST_PAUSE * 2 ** min(tries - 1, 10), _LONGEST_PAUSE)
                _log.warning("no events of the OSS; its orders are polled", reason=answer["problem"], tries=tries)
            work.put(key, due, document)
            uow.commit()
