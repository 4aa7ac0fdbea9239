"""What was measured last: benchmarks/recorded.json, and the tables of docs/performance.md made from it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.harness.figures import Figure

RECORDED = Path(__file__).resolve().parents[1] / "recorded.json"
PAGES = tuple(Path(__file__).resolve().parents[2] / "docs" / name for name in ("performance.md", "scaling.md"))

Sections = dict[str, list[Figure]]


def read(form: str, file: Path = RECORDED) -> Sections:
    """The recorded figures of a form (`full`, `short`) by section."""
    sections = _kept(form, "sections", file)
    return {name: [Figure(**figure) for figure in figures] for name, figures in sections.items()}


def origins(form: str, file: Path = RECORDED) -> dict[str, str]:
    """Where and when each section of a form was measured, in words."""
    return _kept(form, "origins", file)


def commits(form: str, file: Path = RECORDED) -> dict[str, str]:
    """The commit whose code each section of a form measured."""
    return _kept(form, "commits", file)


def _kept(form: str, part: str, file: Path) -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    found: dict[str, Any] = recorded.get(form, {}).get(part, {})
    return found


def write(
    form: str, sections: Sections, machine: Mapping[str, str], day: str, commit: str, file: Path = RECORDED
) -> None:
    """Put sections over those recorded; others stay as they were measured."""
    recorded: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    kept = recorded.get(form, {})
    shown = {name: [asdict(figure) for figure in figures] for name, figures in sections.items()}
    origin = f"Measured on {day}: " + ", ".join(f"{name} {value}" for name, value in machine.items()) + "."
    recorded[form] = {
        "origins": {**kept.get("origins", {}), **dict.fromkeys(sections, origin)},
        "commits": {**kept.get("commits", {}), **dict.fromkeys(sections, commit)},
        "sections": {**kept.get("sections", {}), **shown},
    }
    file.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")


def table(figures: Sequence[Figure]) -> str:
    """Figures as a Markdown table."""
    lines = ["| figure | median | spread | target | |", "| --- | ---: | ---: | ---: | --- |"]
    for figure in figures:
        sign = ">=" if figure.better == "more" else "<="
        target = "" if figure.target is None else f"{sign} {_number(figure.target)}"
        held = {None: "", True: "holds", False: "**does not hold**"}[figure.holds]
        unit = "" if figure.unit == "ratio" else f" {figure.unit}"
        spread = f"{_number(figure.low)} to {_number(figure.high)}"
        about = f"{figure.name}<br>{figure.about}" if figure.about else figure.name
        lines.append(f"| {about} | {_number(figure.value)}{unit} | {spread} | {target} | {held} |")
    return "\n".join(lines)


def blocks_of(full: Sections, short: Sections, measured: Mapping[str, str]) -> dict[str, str]:
    """What the pages show of figures, by the names of their blocks: of the full form, else of the short one.

    Shapes: `measured` are the `origins` of the full form; a section with another one than most says so itself.
    """
    usual = Counter(measured.values()).most_common(1)[0][0] if measured else ""
    blocks = {name: f"Of the short form, with smaller data:\n\n{table(figures)}" for name, figures in short.items()}
    for name, figures in full.items():
        origin = measured.get(name, usual)
        blocks[name] = table(figures) if origin == usual else f"{origin}\n\n{table(figures)}"
    return {**blocks, "machine": usual}


def renew(page: str, blocks: Mapping[str, str]) -> str:
    """The page with every block `<!-- figures: NAME -->` ... `<!-- end -->` made anew."""

    def block(found: re.Match[str]) -> str:
        name = found[1]
        return f"<!-- figures: {name} -->\n{blocks.get(name, '(not measured)')}\n<!-- end -->"

    return re.sub(r"<!-- figures: ([\w-]+) -->\n.*?<!-- end -->", block, page, flags=re.DOTALL)


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
