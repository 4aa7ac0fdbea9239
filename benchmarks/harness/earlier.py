"""The code of an earlier commit, measured on this machine.

A ratio is no constant: another processor, or who else uses this one, moves it by more than a quarter, and that of the
code that was recorded as well. What falls beside that code, on the same machine, falls because of ours.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness.figures import Figure

ROOT = Path(__file__).resolve().parents[2]
# A remote that does not answer has nothing.
_SECONDS_MAX = 60


def head() -> str:
    """The commit of this checkout."""
    return _git("rev-parse", "HEAD")


def is_here(commit: str) -> bool:
    """Whether the commit can be measured; a shallow clone fetches it first, where it can."""
    return bool(commit) and (_has(commit) or (_succeeds("fetch", "--quiet", "origin", commit) and _has(commit)))


@contextmanager
def installed(commit: str) -> Iterator[Callable[[str], list[Figure]]]:
    """What measures the short form of a section as the code of a commit does, installed in a folder of its own.

    Errors: `CalledProcessError` when that code cannot be installed or run here.
    """
    with TemporaryDirectory() as parent:
        folder = Path(parent) / commit
        _git("worktree", "add", "--quiet", "--detach", str(folder), commit)
        try:
            subprocess.run(["make", "install", ".venv/bench"], cwd=folder, check=True)
            yield partial(_measured, folder)
        finally:
            _git("worktree", "remove", "--force", str(folder))


def _measured(folder: Path, section: str) -> list[Figure]:
    command = [".venv/bin/python", "-m", "benchmarks", "--short", "--json", section]
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return [Figure(**figure) for figure in json.loads(done.stdout.splitlines()[-1])[section]]


def _has(commit: str) -> bool:
    return _succeeds("cat-file", "-e", f"{commit}^{{commit}}")


def _succeeds(*arguments: str) -> bool:
    command, environment = ["git", *arguments], {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    with suppress(subprocess.TimeoutExpired):
        done = subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, timeout=_SECONDS_MAX)
        return done.returncode == 0
    return False


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
