"""A run beside an earlier one: what broke, what was mended, what is new."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.conformance.check import Outcome
from common.conformance.report.summary import FORMAT
from common.errors import ConfigurationError


@dataclass(frozen=True)
class Comparison:
    """Keys of results by what became of them. `silenced`: passed then, and could not run now."""

    earlier: str
    broken: tuple[str, ...]
    mended: tuple[str, ...]
    silenced: tuple[str, ...]
    added: tuple[str, ...]
    gone: tuple[str, ...]


def compared(now: Mapping[str, Any], earlier: Mapping[str, Any]) -> Comparison:
    """What has changed since an earlier report."""
    new, old = outcomes(now), outcomes(earlier)
    both = [key for key in new if key in old]
    return Comparison(
        earlier=str(earlier.get("at", "")),
        broken=tuple(key for key in both if new[key] == Outcome.FAILED != old[key]),
        mended=tuple(key for key in both if new[key] == Outcome.PASSED and old[key] == Outcome.FAILED),
        silenced=tuple(key for key in both if new[key] == Outcome.NOT_RUN and old[key] == Outcome.PASSED),
        added=tuple(key for key in new if key not in old),
        gone=tuple(key for key in old if key not in new),
    )


def outcomes(report: Mapping[str, Any]) -> dict[str, str]:
    return {one["key"]: one["outcome"] for api in report["apis"] for one in api["results"]}


def read_report(path: Path) -> dict[str, Any]:
    """A JSON report.

    Errors: ConfigurationError when it is none.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: cannot be read as a JSON report: {error}") from error
    if not isinstance(value, dict) or value.get("format") != FORMAT or "apis" not in value:
        raise ConfigurationError(f"{path}: is no report of bss conformance (give the one written by --report x.json)")
    return value
