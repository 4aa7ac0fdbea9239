"""Work that asks nobody outside: all of it is done as it is prepared."""

from __future__ import annotations

from typing import Any

from common.installation import Installation


class Alone:
    """What such steps have in common (`component.Steps`); `prepare` does the work and has nothing to ask."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def perform(self, call: dict[str, Any]) -> dict[str, Any]:
        return {}

    def settle(self, key: str, calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        return None
