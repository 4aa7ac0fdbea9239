"""What the request says around its document, read strictly: media types, conditions, idempotency keys."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from common import exact_json
from common.errors import (
    InvalidBody,
    InvalidHeader,
    NotAcceptable,
    PreconditionFailed,
    UnsupportedMediaType,
    Violation,
)
from common.rest.messages import Request
from common.rest.stamping import drop_nulls
from common.store.repository import Row

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
JSON_PATCH_QUERY = "application/json-patch-query+json"
PATCH_TYPES = (JSON, MERGE_PATCH, JSON_PATCH, JSON_PATCH_QUERY)
IDEMPOTENCY_KEY_MAX = 255

_ETAGS = re.compile(r'\s*(?:\*|(?:W/)?"[^"]*"(?:\s*,\s*(?:W/)?"[^"]*")*)\s*')


def media_type(request: Request, supported: tuple[str, ...]) -> str:
    """The media type of the body, without parameters; no header means JSON.

    Errors: UnsupportedMediaType, also for a charset other than UTF-8.
    """
    given = request.headers.get("content-type", "")
    name, *parameters = [part.strip().lower() for part in given.split(";")]
    if not name:
        return supported[0]
    charset = next((p.partition("=")[2].strip('" ') for p in parameters if p.startswith("charset")), "utf-8")
    if name not in supported or charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(given, supported)
    return name


def check_accept(request: Request) -> None:
    """Refuse a client that cannot read JSON.

    Errors: NotAcceptable.
    """
    accept = request.headers.get("accept")
    if not accept:
        return
    for part in accept.split(","):
        name, *parameters = [piece.strip().lower() for piece in part.split(";")]
        refused = any(re.fullmatch(r"q\s*=\s*0(\.0*)?", p) for p in parameters)
        if not refused and (name in ("*/*", "application/*", "") or name in PATCH_TYPES):
            return
    raise NotAcceptable(accept)


def read_object(request: Request) -> dict[str, Any]:
    """The body of a create: one JSON object, without members that are null (`stamping.drop_nulls`).

    Errors: UnsupportedMediaType, MalformedJson, InvalidBody when it is another JSON value.
    """
    media_type(request, (JSON,))
    body = exact_json.decode(request.body)
    if not isinstance(body, dict):
        raise InvalidBody([Violation("", "type", "the body is a JSON object")])
    whole: dict[str, Any] = drop_nulls(body) if b"null" in request.body else body
    return whole


def etag(row: Row) -> str:
    """The strong ETag of a resource as it is stored, in either major.

    Another version of an id, and what is created under the id of something deleted, is another row; no two rows ever
    have one position.
    """
    return f'"{row.position}-{row.revision}"'


def check_if_match(request: Request, row: Row) -> None:
    """Errors: PreconditionFailed when If-Match names other ETags only; InvalidHeader when it is no ETag list."""
    tags = _etags(request, "if-match")
    if tags is not None and "*" not in tags and etag(row) not in tags:
        raise PreconditionFailed("If-Match", etag(row))


def is_unchanged(request: Request, row: Row) -> bool:
    """Whether If-None-Match names the resource as it is (weak comparison, RFC 9110 13.1.2)."""
    return is_unchanged_text(request, etag(row))


def is_unchanged_text(request: Request, tag: str) -> bool:
    """The same for what is no row: `tag` is its ETag, quotes and all."""
    tags = _etags(request, "if-none-match")
    return tags is not None and ("*" in tags or tag in {one.removeprefix("W/") for one in tags})


def _etags(request: Request, name: str) -> list[str] | None:
    value = request.headers.get(name)
    if value is None:
        return None
    if not _ETAGS.fullmatch(value):
        raise InvalidHeader(name, 'write ETags as "1", "2" or *')
    return [tag.strip() for tag in value.split(",")]


def idempotency_key(request: Request) -> str | None:
    """Errors: InvalidHeader for an empty or over-long key, or one with control characters."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= IDEMPOTENCY_KEY_MAX or not key.isprintable():
        raise InvalidHeader("idempotency-key", f"1 to {IDEMPOTENCY_KEY_MAX} printable characters")
    return key


def fingerprint(request: Request) -> str:
    """What must be the same when an Idempotency-Key comes again: the operation and the body, byte for byte."""
    digest = hashlib.sha256()
    for part in (request.method.encode(), request.path.encode(), request.query.encode(), request.body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
