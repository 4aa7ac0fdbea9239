"""The demo as a stranger runs it: in a folder of their own, with settings of another suite in the shell, twice."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.test_architecture import ROOT

pytestmark = pytest.mark.long

# By hand from the catalogue: Plan M 15.12 less 4.20 of welcome discount, 22 of the 31 days of December in advance of
# January; activation; 2,000 MB beyond 25 GB at 0.0084. VAT 19 % on each line.
LINES = [
    ("Plan M, monthly", "7.75", "9.22"),
    ("Plan M, monthly", "10.92", "12.99"),
    ("Activation", "8.40", "10.00"),
    ("Plan M, 25 GB a month", "0.00", "0.00"),
    ("Plan M, 1000 minutes a month", "0.00", "0.00"),
    ("Data beyond the allowance, each megabyte", "16.80", "19.99"),
]


def demo(folder: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BSS_DATABASE_URL": "sqlite:///theirs.db", "BSS_PORT": "1"}
    return subprocess.run(
        [sys.executable, "-m", "common.cli.main", "demo", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_month_is_played_and_every_cent_of_the_bill_is_explained(tmp_path):
    done = demo(tmp_path, "--json", "--folder", "bills")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    amounts = ("taxExcludedAmount", "taxIncludedAmount")
    assert [(one["name"], *(one[name]["value"] for name in amounts)) for one in told["lines"]] == LINES
    assert [len(one["usages"]) for one in told["lines"]] == [0, 0, 0, 1, 22, 1]
    assert told["lines"][0]["from"] == "pop-plan-m-eur 1.0, 15.12 a month, less 4.20 (Welcome discount), 22 of 31 days"
    assert told["lines"][2]["from"] == "pop-activation-eur 1.0"
    assert told["lines"][5]["from"] == "1 usage at pop-usage-data-eur 1.0"
    ada, bruno, amelie = told["bills"]
    assert (ada["taxIncludedAmount"]["value"], ada["state"], ada["remainingAmount"]["value"]) == (
        "52.20",
        "settled",
        "0.00",
    )
    assert (bruno["state"], Decimal(bruno["amountDue"]["value"]) - Decimal(bruno["remainingAmount"]["value"])) == (
        "partiallyPaid",
        10,
    )
    assert amelie["billingAccount"]["id"] == "acc-brandt"
    assert set(told["orders"].values()) == {"completed"}
    assert [Decimal(group["sum"]) for group in told["trialBalance"]] == [0, 0]
    assert {check["check"]: check["findings"] for check in told["assurance"] if check["count"]} == {}
    [pdf] = (tmp_path / "bills").iterdir()
    assert told["pdf"] == str(pdf)
    assert pdf.read_bytes()[:5] == b"%PDF-"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bills"]


def test_it_is_shown_to_people_and_runs_again_beside_the_first(tmp_path):
    demo(tmp_path, "--json")

    done = demo(tmp_path)

    assert done.returncode == 0, done.stderr
    assert " checks, 0 findings" in done.stdout
    assert "Ada Byron" in done.stdout
    assert "43.87" in done.stdout


def test_a_port_that_is_taken_and_a_folder_that_cannot_be_are_told_before_anything_is_done(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = demo(tmp_path, "--port", str(port))
    (tmp_path / "file").touch()
    placed = demo(tmp_path, "--folder", "file/bills")

    assert refused.returncode == 1
    assert f"something listens on 127.0.0.1:{port} already" in refused.stderr.replace("\n", " ")
    assert placed.returncode == 2
    assert "--folder file/bills: Not a directory" in placed.stderr


def test_it_stays_until_it_is_told_to_end_and_leaves_nothing(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-u", "-m", "common.cli.main", "demo", "--stay", "--port", str(port)]
    staying = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    assert staying.stdout is not None
    with staying:
        assert any(f"Look around on http://127.0.0.1:{port}/docs" in line for line in staying.stdout)
        assert httpx.get(f"http://127.0.0.1:{port}/clock").json() == {"now": "2027-01-16T08:00:00.000Z"}

        staying.terminate()

        assert staying.wait(timeout=60) == 128 + signal.SIGTERM
    assert sorted(one.name for one in tmp_path.iterdir()) == ["var"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/clock")
