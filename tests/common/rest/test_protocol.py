"""What is no HTTP request, sent to a server process."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPResponse

import pytest

from tests.server import Server


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("served")
    with Server({"BSS_DATABASE_URL": f"sqlite:///{folder}/bss.db", "BSS_DELIVERY_INLINE": "false"}) as server:
        yield server.port


@pytest.mark.parametrize(
    "sent",
    [
        b"FOO /tmf-api HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /tmf-api HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"GET /tmf-api HTTP/9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_what_is_no_http_request_is_told_so_as_everything_else_is(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        answer = HTTPResponse(connection)
        answer.begin()
        body = json.loads(answer.read())

    assert (answer.status, answer.getheader("content-type")) == (400, "application/json")
    assert (body["@type"], body["code"], body["status"]) == ("Error", "request.malformed", "400")
