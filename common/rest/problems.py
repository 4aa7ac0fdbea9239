"""Errors as HTTP answers with a TMF Error body: the only place that turns one into the other."""

from __future__ import annotations

from typing import Any

from common import exact_json
from common.errors import BssError, InvalidBody, MethodNotAllowed, ServerError, Unavailable
from common.rest.messages import Response

DOCUMENTATION = "/docs/errors"
RETRY_SECONDS = "1"


def problem(error: BssError, *, origin: str = "", request_id: str | None = None) -> Response:
    """The answer to a request that failed.

    Shapes:  Error {@type, code, reason, message, status, referenceError}; `errors` lists every violation of a
             body with its JSON Pointer (an extension attribute: the standard's Error has room for one only).
    Source:  schema Error of every v5 contract; TMF630 Part 1.
    """
    body: dict[str, Any] = {
        "@type": "Error",
        "code": error.code,
        "reason": error.reason,
        "message": _message(error, request_id),
        "status": str(error.status),
        "referenceError": f"{origin}{DOCUMENTATION}#{error.code}",
    }
    if isinstance(error, InvalidBody):
        body["errors"] = [{"pointer": v.pointer, "rule": v.rule, "message": v.message} for v in error.violations]
    return Response(error.status, exact_json.encode(body), _headers(error))


def _message(error: BssError, request_id: str | None) -> str:
    if isinstance(error, ServerError):
        return f"{error.reason}; quote request id {request_id}" if request_id else error.reason
    return error.message


def _headers(error: BssError) -> tuple[tuple[str, str], ...]:
    match error:
        case MethodNotAllowed():
            return (("allow", ", ".join(error.allowed)),)
        case Unavailable():
            return (("retry-after", RETRY_SECONDS),)
        case _:
            return ()
