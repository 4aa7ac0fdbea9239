"""`bss demo`: the whole chain in half a minute, on a suite of its own."""

from __future__ import annotations

import signal
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

from common.cli.context import FAILED, MISUSED, explained, out, print_json, stop
from demo.client import Client
from demo.page import show, source
from demo.server import Server
from demo.story import ADA, BEGIN, Story, Told


def play(folder: Path, *, json: bool, stay: bool, port: int) -> None:
    """Play the month, show what came of it, and leave the bill in `folder`.

    Ends the process with 1 when the books do not agree.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        stop(f"--folder {folder}: {error.strerror}", MISUSED)
    # Told to end, it ends its suite and removes its database too.
    signal.signal(signal.SIGTERM, _end)
    with explained(), tempfile.TemporaryDirectory(prefix="bss-demo-", ignore_cleanup_errors=True) as place:
        if not json:
            out.print("Starting a suite of the demo's own: another clock, another database", markup=False)
        with Server(Path(place), BEGIN, port) as server:
            client = Client(server.url)
            told = Story(client, _silent if json else _say).play()
            now = client.get("/clock")["now"]
            checks, balance = server.run(now, "assure"), server.run(now, "ledger", "trial-balance")
            pdf = _written(folder, told)
            if json:
                print_json(_plain(told, balance, checks, pdf))
            else:
                show(out, told, balance, checks, pdf)
            client.close()
            if stay:
                _stay(server.url)
    if any(check["count"] for check in checks):
        raise SystemExit(FAILED)


def _end(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _stay(url: str) -> None:
    out.print(f"Look around on {url}/docs; Ctrl-C ends it and its database", markup=False)
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        out.print("ended")


def _written(folder: Path, told: Told) -> Path:
    path = folder / f"{told.bills[ADA]['billNo']}.pdf"
    path.write_bytes(told.pdf)
    return path.resolve()


def _plain(told: Told, balance: list[Any], checks: list[Any], pdf: Path) -> dict[str, Any]:
    return {
        "orders": told.orders,
        "bills": list(told.bills.values()),
        "lines": [
            {
                "id": rate["id"],
                "name": rate["name"],
                "from": source(rate, told.lines),
                "taxExcludedAmount": rate["taxExcludedAmount"],
                "taxIncludedAmount": rate["taxIncludedAmount"],
                "usages": [line["usage"]["id"] for line in told.lines.get(rate["id"], ())],
            }
            for rate in told.rates
        ],
        "trialBalance": balance,
        "assurance": [{"check": one["check"], "count": one["count"], "findings": one["findings"]} for one in checks],
        "pdf": str(pdf),
    }


def _say(sentence: str) -> None:
    out.print(f"  {sentence}", markup=False, soft_wrap=True)


def _silent(sentence: str) -> None:
    return None
