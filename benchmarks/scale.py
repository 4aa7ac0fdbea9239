"""Whether the model of a cluster (`scale_model`) says what was measured: two workers on two shared cores.

Nothing is measured here: the processor times and the rates are those that the sections before recorded. The model is
given one worker's processor times, and says what two workers do; that was measured as well.
"""

from __future__ import annotations

from benchmarks.harness import record
from benchmarks.harness.figures import Figure, Scale
from benchmarks.scale_model import Cost, bound, measured

CORES = 2


def measure(scale: Scale) -> list[Figure]:
    if scale.is_short:
        return []
    figures = {figure.name: figure.value for section in record.read("full").values() for figure in section}
    costs = measured()
    found = []
    for verb in ("get", "list", "post"):
        client = figures[f"http.{verb}: processor time, client"]
        told = bound(costs[verb], 2, CORES, client)
        seen = figures[f"http.{verb}"] * figures[f"http.{verb}, two workers of one"]
        found.append(_beside(f"scale.http.{verb} by two workers, model of measured", told / seen))
    told = bound(Cost(costs["bill"].worker, costs["bill"].database), 2, CORES)
    found.append(_beside("scale.bills by two workers, model of measured", told / figures["bills.run"]))
    return found


def _beside(name: str, share: float) -> Figure:
    return Figure(name, share, share, share, "times", short=False)
