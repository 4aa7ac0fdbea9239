"""What operators see of each request: an id, one log line without personal data, counters and times."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import Any

import structlog
from prometheus_client import Counter, Histogram

from common.domain.ids import ordered_id

_GIVEN_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}")
REQUESTS = Counter("bss_requests_total", "Requests answered", ("route", "method", "status"))
SECONDS = Histogram("bss_request_seconds", "Time to the last byte of the answer", ("route", "method"))

log = structlog.get_logger("bss.access")


@lru_cache(maxsize=4_096)
def _measures(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(route, method, str(status)), SECONDS.labels(route, method)


class Observe:
    """Outermost stage: every request gets an id (the client's X-Request-Id when it is usable) and one log line.

    The line has the route, not the path, and no query, body or header: those carry personal data.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
        request_id = given if _GIVEN_ID.fullmatch(given) else ordered_id()
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        status = 500

        async def send_with_id(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id.encode())]}
            await send(message)

        await self.app(scope, receive, send_with_id)
        seconds = time.perf_counter() - started
        route, method = state.get("route", "unknown"), scope["method"]
        if method not in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            method = "other"  # labels come from a fixed set: a client must not be able to grow it
        counter, times = _measures(route, method, status)
        counter.inc()
        times.observe(seconds)
        log.info(
            "request", route=route, method=method, status=status, ms=round(seconds * 1000, 1), request_id=request_id
        )
