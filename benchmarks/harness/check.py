"""Whether a ratio fell, by more than machines do to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.harness import earlier, record
from benchmarks.harness.figures import Figure

# How far a ratio may fall below an earlier one before the short form fails.
FALL_MAX = 0.25
# So often beside what is recorded, and beside its code: others disturb a run, what became slower is slower every time.
ATTEMPTS = 2


def fallen(
    section: str, form: str, now: Sequence[Figure], again: Callable[[], list[Figure]], file: Path = record.RECORDED
) -> list[str]:
    """The ratios, in words, that fall below what is recorded in every attempt, and in every one below what the code
    that was recorded reaches beside ours; the latter only where this checkout has that commit.

    Shapes: `now` is what was measured of the section, `again` measures it once more.
    """
    recorded, commit = record.read(form, file).get(section, []), record.commits(form, file).get(section, "")
    found = worse(recorded, now)
    for _ in range(ATTEMPTS - 1):
        if found:
            print(f"{section} is measured again, it fell: " + "; ".join(found.values()), flush=True)
            found = _both(found, worse(recorded, again()))
    if found and earlier.is_here(commit):
        print(f"{section} is measured beside what was recorded, it fell: " + "; ".join(found.values()), flush=True)
        with earlier.installed(commit) as theirs:
            for _ in range(ATTEMPTS):
                if found:
                    before = theirs(section)
                    reached = (f"{each.name}: {each.value:.3g}" for each in before if each.name in found)
                    print("it reaches: " + "; ".join(reached), flush=True)
                    found = _both(found, worse(before, again()))
    return list(found.values())


def worse(before: Sequence[Figure], now: Sequence[Figure]) -> dict[str, str]:
    """The ratios that are worse than before by more than may be, by their names, in words."""
    recorded = {figure.name: figure for figure in before if figure.unit == "ratio"}
    found = {}
    for figure in now:
        known = recorded.get(figure.name)
        if known is None or figure.unit != "ratio":
            continue
        # The best round of now: a disturbed machine makes figures worse, never better.
        best = figure.high if figure.better == "more" else figure.low
        share = best / known.value if figure.better == "more" else known.value / best
        if share < 1 - FALL_MAX:
            found[figure.name] = f"{figure.name}: {best:.3g}, before {known.value:.3g}"
    return found


def _both(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    return {name: words for name, words in second.items() if name in first}
