"""A page's walk, pasted into a shell against a running server.

The blocks of a page that say `sh` are pasted one after the other; lines in them that start with `#> ` are what comes
back.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.server import Server
from tests.test_architecture import ROOT

EXPECTED = "#> "
_BSS = f"{sys.executable} -m common.cli.main"
_SECONDS_MAX = 120


@dataclass(frozen=True)
class Walk:
    """What the shell of a page did: `printed` its lines without the empty ones, `expected` those that the page says."""

    code: int
    complaints: str
    printed: list[str]
    expected: list[str]


def walk(page: str, port: int, database: Path, settings: Mapping[str, str], named: str = "") -> Walk:
    """Paste a page. Shapes: `port` and `named` are the port and the database that it says; others are used instead."""
    url = f"sqlite:///{database}"
    environment = {"BSS_DATABASE_URL": url, "BSS_JOB_DIR": str(database.parent / "jobs"), **settings}
    seeding = subprocess.run([*_BSS.split(), "seed"], cwd=ROOT, env={**os.environ, **environment}, capture_output=True)
    assert seeding.returncode == 0, seeding.stderr
    script, expected = [], []
    for block in re.findall(r"^```sh\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL):
        commands, lines = _split(block)
        script.append(commands)
        expected += lines
    with Server(environment) as server:
        there, here = f"127.0.0.1:{port}", f"127.0.0.1:{server.port}"
        text = "\n".join(script).replace(there, here).replace(".venv/bin/bss", _BSS)
        text = text.replace(named, url) if named else text
        # Answers end without a line break; the shell of a person shows them one below the other all the same.
        shell = subprocess.run(
            ["bash", "-eu", "-c", "curl() { command curl \"$@\"; printf '\\n'; }\n" + text],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=_SECONDS_MAX,
        )
    printed = [line for line in shell.stdout.replace(here, there).splitlines() if line]
    return Walk(shell.returncode, shell.stderr, printed, expected)


def _split(block: str) -> tuple[str, list[str]]:
    """The commands of a block and the lines that they should print."""
    lines = block.splitlines()
    commands = [line for line in lines if not line.startswith(EXPECTED)]
    return "\n".join(commands), [line.removeprefix(EXPECTED) for line in lines if line.startswith(EXPECTED)]
