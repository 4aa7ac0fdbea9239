"""The units that usage is measured in, and how many base units each has; exact, and nothing else is known.

Rating counts every quantity in the base unit of its family (`s`, `B`, `event`): 50 s are not a number of minutes
that ends, but 0.5 min are 30 s.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple


class Unit(NamedTuple):
    """A unit as so many of its family's base unit."""

    base: str
    factor: Decimal


_KILO, _KIBI = Decimal(1000), Decimal(1024)

UNITS: Mapping[str, Unit] = MappingProxyType(
    {
        "s": Unit("s", Decimal(1)),
        "min": Unit("s", Decimal(60)),
        "h": Unit("s", Decimal(3600)),
        "B": Unit("B", Decimal(1)),
        **{name: Unit("B", _KILO ** (step + 1)) for step, name in enumerate(["kB", "MB", "GB", "TB"])},
        **{name: Unit("B", _KIBI ** (step + 1)) for step, name in enumerate(["KiB", "MiB", "GiB", "TiB"])},
        "event": Unit("event", Decimal(1)),
        "1": Unit("event", Decimal(1)),
    }
)
