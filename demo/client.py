"""The suite's APIs as the story calls them: exact JSON in and out; an answer that is no success ends the story."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from common import exact_json
from common.errors import BssError

TIMEOUT_SECONDS = 300
_PAUSE_SECONDS = 0.05
_WAIT_SECONDS_MAX = 60
_JSON = {"Content-Type": "application/json"}


class Refused(BssError):
    code, reason = "demo.refused", "The suite did not do what the demo asked for"

    def __init__(self, method: str, path: str, answer: str) -> None:
        super().__init__(f"{method} {path}: {answer[:500]}")


class Client:
    """Calls one suite. Paths begin behind its address."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS)
        self.calls = 0

    def close(self) -> None:
        self._http.close()

    def create(self, path: str, document: Mapping[str, Any]) -> Any:
        return self._json("POST", path, content=exact_json.encode(document), headers=_JSON)

    def patch(self, path: str, changes: Mapping[str, Any]) -> Any:
        return self._json("PATCH", path, content=exact_json.encode(changes), headers=_JSON)

    def get(self, path: str, **query: str) -> Any:
        return self._json("GET", path, params=query)

    def batch(self, path: str, documents: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Many at once, one a line; what became of each."""
        lines = b"\n".join(exact_json.encode(one) for one in documents)
        answer = self._call("POST", path, content=lines, headers={"Content-Type": "application/x-ndjson"})
        return [exact_json.decode(line) for line in answer.content.splitlines() if line]

    def download(self, url: str) -> bytes:
        return self._call("GET", url).content

    def move_to(self, instant: str) -> None:
        """Time passes; everything that falls due on the way is done."""
        self.patch("/clock", {"now": instant})

    def until(self, path: str, **wanted: str) -> Any:
        """The document once it is as it is waited for."""
        for _ in self._soon(path):
            document = self.get(path)
            if all(document.get(name) == value for name, value in wanted.items()):
                return document
        raise Refused("GET", path, f"it was not {wanted} in {_WAIT_SECONDS_MAX} s")

    def _soon(self, path: str) -> Iterator[None]:
        end = time.monotonic() + _WAIT_SECONDS_MAX
        while time.monotonic() < end:
            yield
            time.sleep(_PAUSE_SECONDS)

    def _json(self, method: str, path: str, **more: Any) -> Any:
        return exact_json.decode(self._call(method, path, **more).content)

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:
        self.calls += 1
        try:
            answer = self._http.request(method, path, **more)
        except httpx.TransportError as error:
            raise Refused(method, path, f"no answer ({error})") from error
        if not answer.is_success:
            raise Refused(method, path, answer.text)
        return answer
