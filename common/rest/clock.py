"""The clock as a resource, of a suite that was started with one of its own (`bss serve --clock`).

Described by openapi/extensions/clock.yaml. Without such a clock nothing is served here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from common import exact_json
from common.domain.clock import Clock, instant_text, read_instant
from common.domain.durations import Duration, read_duration
from common.errors import InvalidBody, Violation
from common.rest.headers import JSON, MERGE_PATCH, check_accept, media_type
from common.rest.messages import Request, Response
from common.rest.router import Handler

PATH = "/clock"
CONTRACT_PATH = "/clock/openapi.json"
TITLE = "The clock of a suite that is tried out"
# The longest move; another one may follow.
YEARS_MAX = 10


class ClockEndpoint:
    """GET tells the time, PATCH moves it. `move` returns when all work due by then has been done."""

    def __init__(self, clock: Clock, move: Callable[[datetime], None], document: Mapping[str, Any]) -> None:
        self._clock, self._move, self._document = clock, move, document
        self._turn = threading.Lock()

    @property
    def handlers(self) -> dict[str, dict[str, Handler]]:
        return {PATH: {"GET": self.retrieve, "PATCH": self.patch}, CONTRACT_PATH: {"GET": self.contract}}

    def retrieve(self, request: Request) -> Response:
        check_accept(request)
        return self._answer()

    def patch(self, request: Request) -> Response:
        """200 when the clock has arrived; of several moves at once each waits for the one before.

        Errors: InvalidBody for a time that is none, lies behind or too far ahead; ClockStopped; Unavailable.
        """
        check_accept(request)
        media_type(request, (JSON, MERGE_PATCH))
        asked = exact_json.decode(request.body)
        with self._turn:
            self._move(_target(asked, self._clock.now()))
            return self._answer()

    def contract(self, request: Request) -> Response:
        return Response(200, exact_json.encode({**self._document, "servers": [{"url": request.origin}]}))

    def _answer(self) -> Response:
        return Response(200, exact_json.encode({"now": instant_text(self._clock.now())}))


def _target(asked: Any, now: datetime) -> datetime:
    if not isinstance(asked, dict) or len(asked) != 1 or not asked.keys() <= {"now", "advance"}:
        raise _refused("", "type", 'say either {"now": a date-time} or {"advance": a duration}')
    ((name, value),) = asked.items()
    if not isinstance(value, str):
        raise _refused(f"/{name}", "type", "it is a text")
    target = _instant(value) if name == "now" else _after(value, now)
    if target < now:
        raise _refused(f"/{name}", "clock", f"the clock stands at {instant_text(now)} and does not run backwards")
    if target > Duration(12 * YEARS_MAX, 0).after(now):
        raise _refused(f"/{name}", "clock", f"one move goes {YEARS_MAX} years ahead at most; make several")
    return target


def _instant(text: str) -> datetime:
    moment = read_instant(text)
    if moment is None:
        raise _refused("/now", "format", "a date-time, as in 2026-02-01T00:00:00Z")
    return moment


def _after(text: str, now: datetime) -> datetime:
    duration = read_duration(text)
    if duration is None:
        raise _refused("/advance", "format", "a duration in whole numbers, as in P1M, P2W, PT90S or P1DT12H")
    try:
        return duration.after(now)
    except OverflowError:
        raise _refused("/advance", "clock", "no calendar goes that far") from None


def _refused(pointer: str, rule: str, message: str) -> InvalidBody:
    return InvalidBody([Violation(pointer, rule, message)])
