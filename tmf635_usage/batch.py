"""Many usages in one request: a record in each line, and an outcome for each, in their order.

A path of ours beside the contract, described by openapi/extensions/usage-batch.yaml. Each chunk of records is a
transaction; a client that has lost the answer sends the same again, and what was taken is answered as a duplicate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from common import exact_json
from common.domain.query import Document
from common.errors import ClientError, InvalidHeader, MalformedJson
from common.installation import Installation, extension
from common.rest.headers import check_accept, idempotency_key, media_type
from common.rest.messages import Request, Response
from common.rest.render import href
from common.rest.routes import ROOT
from tmf635_usage.ingest import Ingest, Outcome, chunks

NDJSON = "application/x-ndjson"
# One answer has a line for each; a body of mere empty objects would make one of a gigabyte.
RECORDS_MAX = 20_000


class TooManyRecords(ClientError):
    code, status, reason = "usage.too-many", 413, "Too many records"

    def __init__(self) -> None:
        super().__init__(f"a request has {RECORDS_MAX} records at most; send several")


class ProductUsageBatch:
    """POST of usages as v5 has them (`component.Route`)."""

    resource = "productUsage"

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._installation, self._committed = installation, committed

    def __call__(self, request: Request) -> Response:
        """200 with an outcome for each record, also when all were refused.

        Errors: UnsupportedMediaType; NotAcceptable; InvalidHeader; TooManyRecords, and then nothing was taken.
        """
        if NDJSON not in request.headers.get("accept", NDJSON).lower():
            check_accept(request)
        media_type(request, (NDJSON,))
        if idempotency_key(request) is not None:
            # The answer of a request cannot be kept with what it did, which is several transactions.
            raise InvalidHeader("idempotency-key", "is not taken here; a record counts once by its externalIdentifier")
        lines = [(number, line) for number, line in enumerate(request.body.split(b"\n"), 1) if line.strip()]
        if len(lines) > RECORDS_MAX:
            raise TooManyRecords
        ingest = Ingest.of(
            self._installation,
            self.resource,
            correlation_id=request.correlation_id,
            committed=self._committed,
            tenant=request.tenant,
        )
        collection = request.origin + ingest.served.contract.base_path + ingest.served.resource.path
        answers = [exact_json.encode(shown(number, one, collection)) for number, one in _outcomes(ingest, lines)]
        return Response(200, b"".join(answer + b"\n" for answer in answers), (("content-type", NDJSON),))


class UsageBatch(ProductUsageBatch):
    """POST of usages as v4 has them."""

    resource = "usage"


class Description:
    """The OpenAPI document of these paths."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._document = extension("usage-batch")

    def __call__(self, request: Request) -> Response:
        server = {"url": request.origin + ROOT}
        return Response(200, exact_json.encode({**self._document, "servers": [server]}))


def _outcomes(ingest: Ingest, lines: list[tuple[int, bytes]]) -> Iterator[tuple[int, Outcome]]:
    for chunk in chunks(lines):
        outcomes = ingest.take([_record(line) for _, line in chunk])
        yield from zip((number for number, _ in chunk), outcomes, strict=True)


def _record(line: bytes) -> Document | MalformedJson:
    try:
        record: Document = exact_json.decode(line)
    except MalformedJson as error:
        return error
    return record


def shown(number: int, one: Outcome, collection: str) -> Document:
    """A line of the answer; `line` counts those of the body from 1, empty ones too."""
    answer: Document = {"line": number, "result": one.result}
    if one.id is not None:
        answer |= {"id": one.id, "href": href(collection, one.id)}
    for name, value in (("status", one.status), ("code", one.code), ("message", one.message)):
        if value is not None:
            answer[name] = value
    if one.violations:
        answer["errors"] = [{"pointer": v.pointer, "rule": v.rule, "message": v.message} for v in one.violations]
    return answer
