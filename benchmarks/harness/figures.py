"""A figure of a benchmark, and what it should be."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Scale:
    """How much is measured: rounds of every kind, and how long each lasts or how large its data are.

    Shapes: `short` is the form for CI: smaller data and fewer rounds, the same ratios.
    """

    rounds: int
    seconds: float
    is_short: bool


FULL = Scale(rounds=5, seconds=4.0, is_short=False)
SHORT = Scale(rounds=3, seconds=1.5, is_short=True)


@dataclass(frozen=True)
class Figure:
    """One measured value: the median of its rounds and how far they lay apart.

    Shapes: `name` is stable (`http.get of floor`); `unit` is `ratio` for what was measured beside its baseline in the
            same round, which alone is compared with what was recorded; else `/s`, `ms`, `MiB`, `s`;
            `target` is what it should be; `short` whether the short form measures it too; `about` says what was done.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    better: Literal["more", "less"] = "more"
    target: float | None = None
    short: bool = True
    about: str = ""

    @classmethod
    def of(cls, name: str, samples: Sequence[float], unit: str, **more: Any) -> Figure:
        """The median of samples, with the least and the greatest."""
        return cls(name, statistics.median(samples), min(samples), max(samples), unit, **more)

    @property
    def holds(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.better == "more" else self.value <= self.target


def rounds(kinds: Mapping[str, Callable[[], float]], count: int) -> dict[str, list[float]]:
    """Every kind once in each round, so that all see the machine's weather; one round before them warms up.

    The order turns around from round to round: what comes first is not always the same.
    """
    for run in kinds.values():
        run()
    found: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(count):
        for name, run in kinds.items() if number % 2 == 0 else reversed(list(kinds.items())):
            found[name].append(run())
    return found


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Round by round, what was measured at nearly the same time."""
    return [one / other for one, other in zip(above, below, strict=True)]
