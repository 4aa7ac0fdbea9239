"""What falls due of charging sessions by itself: one that nobody updated in time lapses."""

from __future__ import annotations

from typing import Any

from common.installation import Installation
from tmf635_usage.sessions import Charging


class SessionLapse:
    """What it held is free again (`component.Steps`); what it reported was charged when it was reported."""

    def __init__(self, installation: Installation) -> None:
        self._charging = Charging(installation)

    def prepare(self, key: str) -> list[dict[str, Any]]:
        self._charging.lapse(key)
        return []

    def perform(self, call: dict[str, Any]) -> dict[str, Any]:
        return {}

    def settle(self, key: str, calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        return None
