"""What falls due of charging sessions by itself: one that nobody updated lapses; those that ended long ago go."""

from __future__ import annotations

from typing import Any

from common.jobs.alone import Alone
from tmf635_usage.sessions import Charging


class SessionLapse(Alone):
    """What it held is free again (`component.Steps`); what it reported was charged when it was reported."""

    def prepare(self, key: str) -> list[dict[str, Any]]:
        Charging(self._installation).lapse(key)
        return []


class SessionRetention(Alone):
    """Sessions go; the usage that they reported stays."""

    def prepare(self, key: str) -> list[dict[str, Any]]:
        charging = Charging(self._installation)
        while charging.retire(key):
            pass
        return []
