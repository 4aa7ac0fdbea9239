"""Measure what docs/performance.md states.

    python -m benchmarks                    every section, full form; renews benchmarks/recorded.json and the page
    python -m benchmarks http rating        only these sections
    python -m benchmarks --short --check    the short form; fails when a ratio fell by more than a quarter
    python -m benchmarks --short --write    record the short form anew

Each section is a module with `measure(scale) -> list[Figure]`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial

from benchmarks.harness import earlier, record
from benchmarks.harness.check import fallen
from benchmarks.harness.figures import FULL, SHORT, Figure, Scale
from benchmarks.harness.machine import description
from benchmarks.scale_model import plans_table

# In the order of the page.
SECTIONS = ("http", "peers", "growth", "rating", "usage", "charging", "bills", "events", "broker", "footprint", "scale")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--short", action="store_true", help="small data and few rounds, as CI does")
    parser.add_argument("--check", action="store_true", help="compare with what is recorded, and record nothing")
    parser.add_argument("--write", action="store_true", help="record the short form, which is not done otherwise")
    parser.add_argument("--json", action="store_true", help="machine-readable")
    given = parser.parse_args()
    unknown = set(given.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no section {', '.join(sorted(unknown))}")
    scale, form = (SHORT, "short") if given.short else (FULL, "full")
    found, worse = dict[str, list[Figure]](), list[str]()
    for name in [section for section in SECTIONS if not given.sections or section in given.sections]:
        measure = partial(_measure, name, scale, is_silent=given.json)
        found[name] = measure()
        if given.check:
            worse += fallen(name, form, found[name], measure)
        elif given.write or not given.short:
            _record(form, {name: found[name]})  # at once: what comes later may not end well, or read it
    if given.json:
        print(json.dumps({name: [asdict(figure) for figure in figures] for name, figures in found.items()}))
    if given.check:
        sys.exit("\n".join(["fell by more than a quarter:", *worse]) if worse else 0)


def _measure(section: str, scale: Scale, *, is_silent: bool) -> list[Figure]:
    begun = time.perf_counter()
    figures: list[Figure] = importlib.import_module(f"benchmarks.{section}").measure(scale)
    if not is_silent:
        _print(section, figures, time.perf_counter() - begun)
    return figures


def _record(form: str, found: dict[str, list[Figure]]) -> None:
    machine, day = description(), datetime.now(UTC).date().isoformat()
    record.write(form, found, machine, day, earlier.head())
    blocks = record.blocks_of(record.read("full"), record.read("short"), record.origins("full"))
    with suppress(KeyError):  # not everything that the model needs was measured yet
        blocks["plan"] = plans_table()
    for page in record.PAGES:
        page.write_text(record.renew(page.read_text(), blocks))


def _print(section: str, figures: list[Figure], seconds: float) -> None:
    print(f"{section} ({seconds:.0f} s)")
    for figure in figures:
        sign = ">=" if figure.better == "more" else "<="
        target = "" if figure.target is None else f"  target {sign} {figure.target:g}: {figure.holds}"
        spread = f"({figure.low:,.3f} to {figure.high:,.3f})"
        print(f"  {figure.name:48} {figure.value:12,.3f} {figure.unit:6} {spread}{target}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
