"""TM Forum's own files beside ours: reading, comparing, and telling prose from contract."""

from __future__ import annotations

import re
import subprocess
import sys

import yaml

from tests.common.spec.build.folders import COMPARE

PROSE = ("title", "description", "summary", "example", "examples")


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """One official example is the date 2020-01-00, so what looks like a date stays a string."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in Loader.yaml_implicit_resolvers.items()
}


def compared(official, ours, *options):
    """The lines that the comparison prints."""
    command = [sys.executable, str(COMPARE), str(official), str(ours), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


def bare(kind):
    """A type without its prose."""
    if isinstance(kind, dict):
        return {key: bare(value) for key, value in kind.items() if key not in PROSE}
    return kind


def normal(text):
    return re.sub(r"[^a-z0-9 ]", "", " ".join(text.lower().split())).strip()


def prose(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("title", "description", "summary") and isinstance(value, str):
                yield value
            else:
                yield from prose(value)
    elif isinstance(node, list):
        for value in node:
            yield from prose(value)


def keys(node):
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from keys(value)
    elif isinstance(node, list):
        for value in node:
            yield from keys(value)
