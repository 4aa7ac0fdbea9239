"""What is logged of a failure: where it was, and nothing of what was there."""

from __future__ import annotations

import json
import subprocess
import sys

# In a process of its own: structlog keeps the stream it first saw.
_PROGRAM = """
import logging, structlog
from common import logs

def fail(secret):
    raise KeyError("missing")

logs.configure("info")
for tell in (structlog.get_logger("ours").exception, logging.getLogger("uvicorn.error").exception):
    try:
        fail("s3cr" + "et")
    except KeyError:
        tell("it went wrong")
"""


def test_a_failure_is_logged_with_its_place_and_without_values() -> None:
    ran = subprocess.run([sys.executable, "-c", _PROGRAM], check=True, capture_output=True, text=True)

    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["it went wrong"] * 2
    for line in lines:
        assert line["exception"][0]["exc_type"] == "KeyError"
        assert [frame["name"] for frame in line["exception"][0]["frames"]][-1] == "fail"
    assert "s3cret" not in ran.stderr
