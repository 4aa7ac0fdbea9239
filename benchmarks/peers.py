"""Servers from the registries, as one would try them: how fast each answers what it can answer.

Prism mocks our own v5 contract of the catalogue; tmf-mock has an API of its own (TMF638) and keeps what it is given.
Neither keeps anything durably, checks rules, or tells anybody: what they do is less than what the suite does. They are
installed into a folder that is gone afterwards; one that cannot be installed is left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks import offerings
from benchmarks.harness.figures import Figure, Scale, ratios, rounds
from benchmarks.harness.load import drive
from benchmarks.harness.servers import free_port, migrate, postgresql, running, settled, suite
from benchmarks.http_scripts import OFFERINGS
from common.installation import PUBLISHED

TMF_MOCK, PRISM = "tmf-mock==0.1.1", "@stoplight/prism-cli@5.16.0"
CONTRACT = next(PUBLISHED.glob("TMF620-v5*.oas.json"))
MOCKED = "/tmf-api/serviceInventoryManagement/v4/service"
# Prism does not serve the contract's base path.
_ONE = "/productOffering/offering-1"


def measure(scale: Scale) -> list[Figure]:
    """The rate of one resource by its id, of the suite on PostgreSQL beside each peer."""
    if scale.is_short:
        return []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(stack.enter_context(postgresql()).database())
        migrate(url)
        offerings.load_into(url, OFFERINGS)
        settled(url)
        ours = stack.enter_context(suite(url)).port
        seconds = scale.seconds / 2
        kinds: dict[str, Callable[[], float]] = {
            "ours": lambda: drive("benchmarks.http_scripts:get", port=ours, seconds=seconds).rate
        }
        if (prism := _prism(folder)) is not None:
            port = stack.enter_context(running(*prism)).port
            one = {"path": _ONE}
            kinds["Prism"] = lambda: drive("benchmarks.http_scripts:same", one, port=port, seconds=seconds).rate
        if (mock := _tmf_mock(folder)) is not None:
            other = stack.enter_context(running(*mock)).port
            asked = {"path": MOCKED}
            kinds["tmf-mock"] = lambda: drive("benchmarks.http_scripts:same", asked, port=other, seconds=seconds).rate
        found = rounds(kinds, scale.rounds)
    about = {"Prism": "its mock of our contract", "tmf-mock": "its list of services (TMF638)"}
    figures = [Figure.of("peers.ours", found.pop("ours"), "/s", short=False, about="one offering by its id")]
    for name, rates in found.items():
        shares = ratios([figures[0].value] * len(rates), rates)
        figures += [
            Figure.of(f"peers.{name}", rates, "/s", short=False, about=about[name]),
            Figure.of(f"peers.ours of {name}", shares, "ratio", short=False),
        ]
    return figures


def _prism(folder: Path) -> tuple[list[str], int, str] | None:
    """Its command, port, and where it answers."""
    if shutil.which("npm") is None:
        return None
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), PRISM]
    if subprocess.run(install, env={**os.environ, "npm_config_cache": str(folder / "cache")}, check=False).returncode:
        return None
    port, program = free_port(), folder / "node_modules" / ".bin" / "prism"
    contract = folder / "contract.json"
    contract.write_text(CONTRACT.read_text())
    return [str(program), "mock", "-h", "127.0.0.1", "-p", str(port), str(contract)], port, _ONE


def _tmf_mock(folder: Path) -> tuple[list[str], int, str] | None:
    own = folder / "mock"
    subprocess.run([sys.executable, "-m", "venv", own], check=True)
    if subprocess.run([own / "bin" / "pip", "install", "--quiet", TMF_MOCK], check=False).returncode:
        return None
    port = free_port()
    return [str(own / "bin" / "tmf-mock"), "start", "--host", "127.0.0.1", "--port", str(port)], port, MOCKED
