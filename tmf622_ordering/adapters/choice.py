"""Which system carries out tasks, by `BSS_FULFILMENT`."""

from __future__ import annotations

from pathlib import Path

from common.settings import Settings
from tmf622_ordering.adapters.oss import Oss
from tmf622_ordering.adapters.port import Fulfilment
from tmf622_ordering.adapters.script import ScriptFile
from tmf622_ordering.adapters.simulator import Simulator
from tmf622_ordering.adapters.tmf641 import Tmf641


def fulfilment_of(settings: Settings) -> Fulfilment | None:
    """The system that the settings name; None when people carry out the tasks.

    Errors: ConfigurationError for a script or an address that cannot be used.
    """
    if settings.fulfilment == "tmf641":
        return Tmf641(Oss(settings), settings.oss_poll_seconds)
    if settings.fulfilment == "none":
        return None
    if not settings.simulator_file:
        return Simulator()
    script = ScriptFile(Path(settings.simulator_file))
    script()
    return Simulator(script)
