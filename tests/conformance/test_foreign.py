"""The kit on servers that are not ours, installed from their registries: every finding is explained in the docs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests import official
from tests.server import READY_SECONDS_MAX, free_port
from tests.test_architecture import ROOT

pytestmark = [
    pytest.mark.foreign,
    pytest.mark.skipif(not official.files(), reason="TM Forum's own files do not lie beside the project"),
]
TMF_MOCK = "tmf-mock==0.1.1"
PRISM = "@stoplight/prism-cli@5"
SECONDS_MAX = 60
MOCKED = (
    "TMF638_Service_Inventory_Management_API_v4.0.0_swagger.json",
    "TMF639_Resource_Inventory_Management_API_v4.0.0_swagger.json",
    "TMF641-ServiceOrdering-v4.1.0.swagger.json",
)
PRISMED = ("TMF629_Customer_Management_API_v4.0.0_swagger.json", "TMF637-ProductInventory-v5.0.0.oas.yaml")


@contextmanager
def running(*command: str, port: int, folder: Path) -> Iterator[str]:
    """A server of somebody else's, ready."""
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < end:
            assert process.poll() is None, "the server ended by itself"
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(READY_SECONDS_MAX)


def findings(url: str, spec: str, folder: Path) -> dict[str, str]:
    """What `bss conformance` holds against a server: the checks that fail, and one finding of each."""
    report = folder / "report.json"
    command = [sys.executable, "-m", "common.cli.main", "conformance", url, "--spec", str(official.FOLDER / spec)]
    started = time.monotonic()
    done = subprocess.run(
        [*command, "--profile", "full", "--report", str(report)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert time.monotonic() - started < SECONDS_MAX
    (api,) = json.loads(report.read_text())["apis"]
    return {one["check"]: one["got"] for one in api["results"] if one["outcome"] == "failed"}


def explained(title: str) -> set[str]:
    """The checks that the page explains under a title."""
    page = (ROOT / "docs" / "conformance.md").read_text()
    section = page.partition(f"### {title}")[2].partition("\n### ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name.strip().strip("`") for row in rows for name in row.split(",")}


def test_every_finding_on_tmf_mock_is_explained(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "mock"], check=True)
    subprocess.run([tmp_path / "mock" / "bin" / "pip", "install", "--quiet", TMF_MOCK], check=True, capture_output=True)
    port, found = free_port(), set()

    command = (str(tmp_path / "mock" / "bin" / "tmf-mock"), "start", "--host", "127.0.0.1", "--port", str(port))
    with running(*command, port=port, folder=tmp_path) as url:
        for spec in MOCKED:
            found |= findings(url, spec, tmp_path).keys()

    assert found == explained("tmf-mock 0.1.1")


@pytest.mark.skipif(shutil.which("npm") is None, reason="node is missing")
def test_every_finding_on_prism_is_explained(tmp_path):
    environment = {**os.environ, "npm_config_cache": str(tmp_path / "cache")}
    install = ("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(tmp_path), PRISM)
    subprocess.run(install, check=True, capture_output=True, env=environment)
    found = set()

    for spec in PRISMED:
        port = free_port()
        prism = str(tmp_path / "node_modules" / ".bin" / "prism")
        command = (prism, "mock", "-h", "127.0.0.1", "-p", str(port), str(official.FOLDER / spec))
        with running(*command, port=port, folder=tmp_path) as url:
            found |= findings(url, spec, tmp_path).keys()

    assert found == explained("Prism 5")
