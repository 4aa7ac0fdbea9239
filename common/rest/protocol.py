"""The HTTP protocol of the server; what is no HTTP request is answered here, before any stage sees it."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from common.errors import MalformedRequest
from common.rest.problems import problem


class Protocol(HttpToolsProtocol):
    """uvicorn's, with an Error body for what it cannot read."""

    def send_400_response(self, msg: str) -> None:
        """400, and the connection is closed: where the next request would begin nobody knows."""
        body = problem(MalformedRequest()).body
        head = (
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        )
        self.transport.write(head + body)
        self.transport.close()
