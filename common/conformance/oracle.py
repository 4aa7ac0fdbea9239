"""openapi-core, which knows nothing of us, as the judge of answers: against the contract made fit (`fitted.py`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.validation.response.exceptions import InvalidData

from common.conformance.fitted import fitted
from common.conformance.target import JSON, Exchange

_ORIGIN = "http://server.example"
# Schema violations that are told of one answer.
_TOLD_MAX = 3


class _Asked:
    """A request in openapi-core's words."""

    host_url = _ORIGIN
    content_type = JSON
    body = b""

    def __init__(self, method: str, path: str, query: str) -> None:
        self.method, self.path = method.lower(), path
        self.parameters = RequestParameters(query=dict(parse_qsl(query)))


class _Answered:
    """An answer in openapi-core's words. The media type has a check of its own: here a body counts as JSON."""

    content_type = JSON

    def __init__(self, status: int, exchange: Exchange) -> None:
        self.status_code, self.data = status, exchange.content
        self.headers = dict(exchange.headers)


class Oracle:
    """Judges answers by one contract's document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document: dict[str, Any] = json.loads(json.dumps(fitted(document, closed=False), default=str))
        self.document["servers"] = [{"url": _ORIGIN}]
        config = Config(spec_validator_cls=None)  # type: ignore[arg-type]
        self._openapi = OpenAPI.from_dict(self.document, config=config)

    def declared(self, path: str, method: str) -> set[str]:
        """The statuses that an operation declares, `default` among them."""
        return set(self.document["paths"].get(path, {}).get(method.lower(), {}).get("responses", {}))

    def violation(self, method: str, path: str, exchange: Exchange, status: int | None = None) -> str | None:
        """What is wrong with an answer, or None. Shapes: `path` as it is below the base, with the id filled in;
        `status` whose schema counts instead of the answer's own."""
        asked = _Asked(method, path, urlsplit(exchange.url).query)
        answered = _Answered(status or exchange.status, exchange)
        try:
            self._openapi.validate_response(asked, answered)
        except InvalidData as error:
            return _told(error)
        except OpenAPIError as error:
            return str(error)
        return None


def _told(error: BaseException) -> str:
    """The schema violations behind an error, with their places."""
    cause: Any = error.__cause__
    found = []
    for one in getattr(cause, "schema_errors", None) or ():
        place = "/" + "/".join(map(str, one.absolute_path))
        found.append(f"{place}: {one.message[:200]}")
        for inner in sorted(one.context or (), key=lambda each: -len(each.absolute_path))[:_TOLD_MAX]:
            found.append(f"/{'/'.join(map(str, inner.absolute_path))}: {inner.message[:200]}")
    return "; ".join(found[:_TOLD_MAX]) or str(error)
