"""The README's walk-through, pasted into a shell against a running server."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.server import Server
from tests.test_architecture import ROOT

README = (ROOT / "README.md").read_text()
EXPECTED = "#> "


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def split(block: str) -> tuple[str, list[str]]:
    """The commands of a block and the lines that they should print."""
    lines = block.splitlines()
    commands = [line for line in lines if not line.startswith(EXPECTED)]
    return "\n".join(commands), [line.removeprefix(EXPECTED) for line in lines if line.startswith(EXPECTED)]


def test_the_readme_has_the_two_commands():
    assert re.search(r"^    make run ", README, flags=re.MULTILINE)
    assert re.search(r"^    make test ", README, flags=re.MULTILINE)


@pytest.mark.long
def test_the_walk_through_works_when_pasted(tmp_path):
    environment = {"BSS_DATABASE_URL": f"sqlite:///{tmp_path}/bss.db", "BSS_JOB_DIR": str(tmp_path / "jobs")}
    seeding = subprocess.run(
        [sys.executable, "-m", "common.cli.main", "seed"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert seeding.returncode == 0, seeding.stderr
    with Server(environment) as server:
        script, expected = [], []
        for block in blocks():
            commands, lines = split(block)
            script.append(commands)
            expected += lines
        # Answers end without a line break; the shell of a person shows them one below the other all the same.
        text = "\n".join(script).replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
        shell = subprocess.run(
            ["bash", "-eu", "-c", "curl() { command curl \"$@\"; printf '\\n'; }\n" + text],
            capture_output=True,
            text=True,
            timeout=60,
        )
    printed = [line for line in shell.stdout.replace(f"127.0.0.1:{server.port}", "127.0.0.1:8080").splitlines() if line]
    assert shell.returncode == 0, shell.stderr
    assert printed == expected
