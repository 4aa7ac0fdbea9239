"""docs/settings.md, made from the settings themselves."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from common.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"

_HEAD = """# Settings

Every setting is an environment variable, read once at start-up; a value that cannot be is refused with the name of
the variable and what to use. `bss docs` writes this page from `common/settings.py`.

| variable | default | what it does |
| --- | --- | --- |
"""


def settings_page() -> str:
    """The page as it should be."""
    rows = []
    for item in fields(Settings):
        choices = item.metadata["choices"]
        about = item.metadata["about"] + (f" (one of: {', '.join(choices)})" if choices else "")
        default = str(item.default).lower() if isinstance(item.default, bool) else str(item.default)
        shown = ", ".join(default.split(",")) if default else ""
        rows.append(f"| `BSS_{item.name.upper()}` | {f'`{shown}`' if shown else 'empty'} | {about} |\n")
    return _HEAD + "".join(rows)
