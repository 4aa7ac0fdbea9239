"""Browsers that call from other origins (BSS_CORS_ORIGINS): answered as everything else is, errors too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from common.errors import CrossOriginRefused
from common.rest.problems import problem

METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS")
# Answers have these for clients in browsers to read.
EXPOSED = ("X-Total-Count", "X-Result-Count", "Link", "Location", "ETag", "Content-Range", "X-Request-Id")
_OF_CONTENT = ("content-length", "content-type")


class CrossOrigin(CORSMiddleware):
    """The stage that lets these origins call."""

    def __init__(self, app: Any, origins: Sequence[str]) -> None:
        super().__init__(app, allow_origins=origins, allow_methods=METHODS, allow_headers=["*"], expose_headers=EXPOSED)

    def preflight_response(self, request_headers: Headers) -> Response:
        """204 when the call may come, 400 with what may not be."""
        answer = super().preflight_response(request_headers)
        headers = {name: value for name, value in answer.headers.items() if name not in _OF_CONTENT}
        if answer.status_code < 400:
            return Response(status_code=204, headers=headers)
        refused = problem(CrossOriginRefused(request_headers["origin"], bytes(answer.body).decode()))
        return Response(refused.body, refused.status, headers, "application/json")
