"""Everything that can go wrong, once.

BssError
├── ClientError                        the caller can mend it; 4xx
│   ├── MalformedJson                  400  the body is no exact JSON text
│   ├── InvalidBody                    400  the body breaks the contract or a rule (all violations)
│   ├── InvalidPatch                   400  a patch that cannot be read or applied
│   ├── PatchTestFailed                409  a `test` operation did not hold, or a query found nothing
│   ├── InvalidParameter               400  a query parameter that means nothing
│   ├── InvalidHeader                  400  a header that means nothing
│   ├── UnknownPath                    404  no operation has this path
│   ├── NotFound                       404  no such resource
│   ├── MethodNotAllowed               405  with the methods that are
│   ├── NotAcceptable                  406
│   ├── Conflict                       409  the resource's present state forbids it
│   │   ├── IdTaken                         the id (and version) exist already
│   │   ├── IllegalTransition               the lifecycle table has no such move
│   │   ├── StillInUse                      other resources refer to it
│   │   ├── RevisionConflict                somebody else changed it meanwhile
│   │   ├── IdempotencyConflict             the same Idempotency-Key is being served just now
│   │   └── ClockStopped                    too much work on the way of a clock that is moved
│   ├── IdempotencyMismatch            422  an Idempotency-Key came back with another body
│   ├── PreconditionFailed             412  If-Match or If-None-Match did not hold
│   ├── BodyTooLarge                   413
│   ├── UnsupportedMediaType           415
│   └── NotImplementedFeature          501  optional in the standard and not offered
└── ServerError                        it is ours to mend; 5xx
    ├── Unavailable                    503  the database cannot be reached or is too busy
    └── ConfigurationError                  the suite cannot start as it is set up

A class is a fact: its constructor takes facts and builds the sentence. `code` is stable and documented in
docs/errors.md; `message` says what to change. Only `rest/problems.py` turns one into HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with a body.

    Shapes: `pointer` is an RFC 6901 JSON Pointer into the body (`""` is the whole); `rule` names what was
            broken (`required`, `type`, `enum`, `format`, a rule of ours ...); `message` says what to change.
    """

    pointer: str
    rule: str
    message: str


class BssError(Exception):
    """The root; carries what a TMF Error body needs."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    reason: ClassVar[str] = "Internal error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ClientError(BssError):
    code, status, reason = "request.invalid", 400, "Bad request"


class MalformedJson(ClientError):
    code, status, reason = "body.malformed", 400, "The body is not JSON"


class InvalidBody(ClientError):
    code, status, reason = "body.invalid", 400, "The body breaks the contract"

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        assert self.violations, "an InvalidBody without a violation says nothing"
        super().__init__("; ".join(f"{v.pointer or '(body)'}: {v.message}" for v in self.violations))


class InvalidPatch(ClientError):
    code, status, reason = "patch.invalid", 400, "The patch cannot be applied"


class PatchTestFailed(ClientError):
    code, status, reason = "patch.test-failed", 409, "A condition of the patch does not hold"


class InvalidParameter(ClientError):
    code, status, reason = "query.invalid", 400, "A query parameter is not valid"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"parameter {name!r}: {problem}")
        self.name = name


class InvalidHeader(ClientError):
    code, status, reason = "header.invalid", 400, "A header is not valid"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"header {name}: {problem}")


class MalformedRequest(ClientError):
    code, status, reason = "request.malformed", 400, "Not an HTTP request"

    def __init__(self) -> None:
        super().__init__("the request line or a header is not as HTTP/1.1 (RFC 9112) has it, or the method is none")


class CrossOriginRefused(ClientError):
    code, status, reason = "origin.refused", 400, "Browsers may not call from there"

    def __init__(self, origin: str, why: str) -> None:
        super().__init__(f"{why} ({origin[:200]!r} asks); the operator says which origins may (BSS_CORS_ORIGINS)")


class UnknownPath(ClientError):
    code, status, reason = "path.unknown", 404, "No such path"

    def __init__(self, path: str, prefix: str = "") -> None:
        super().__init__(f"nothing is served at {path[:200]!r}; {prefix}/tmf-api/ lists every API")


class NotFound(ClientError):
    code, status, reason = "resource.not-found", 404, "No such resource"

    def __init__(self, resource: str, id: str) -> None:
        super().__init__(f"there is no {resource} with id {id[:200]!r}")


class MethodNotAllowed(ClientError):
    code, status, reason = "method.not-allowed", 405, "The contract has no such operation"

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__(f"{method[:20]} is not offered here; allowed: {', '.join(self.allowed)}")


class NotAcceptable(ClientError):
    code, status, reason = "accept.unsupported", 406, "Not acceptable"

    def __init__(self, accept: str) -> None:
        super().__init__(f"answers are application/json; Accept was {accept[:200]!r}")


class Conflict(ClientError):
    code, status, reason = "resource.conflict", 409, "Conflict with the present state"


class IdTaken(Conflict):
    code, reason = "resource.id-taken", "The id is in use"

    def __init__(self, resource: str, id: str, version: str = "", *, versioned: bool = False) -> None:
        which = f"{id[:200]!r}" + (f" in version {version[:50]!r}" if version else "")
        instead = (
            "leave the id out, choose another or say a new version"
            if versioned
            else "leave the id out or choose another"
        )
        super().__init__(f"{resource} {which} exists already; {instead}")


class IllegalTransition(Conflict):
    code, reason = "lifecycle.illegal", "The lifecycle has no such transition"

    def __init__(self, resource: str, attribute: str, before: str, after: str, allowed: Iterable[str]) -> None:
        self.resource, self.attribute, self.before, self.allowed = resource, attribute, before, tuple(allowed)
        follow = ", ".join(sorted(self.allowed)) or "nothing: it is final"
        super().__init__(f"{resource}.{attribute} cannot go from {before!r} to {after[:80]!r}; from here: {follow}")


class AttributesKept(Conflict):
    """In this state some attributes stay as they are; `mended` is the state in which they may change."""

    def __init__(self, resource: str, id: str, attribute: str, state: str, names: Sequence[str], mended: str) -> None:
        self.resource, self.id, self.attribute, self.state = resource, id, attribute, state
        self.names, self.mended = tuple(names), mended
        super().__init__(
            f"{resource} {id[:80]!r} is {state} and keeps its {', '.join(names)}; "
            f"where it can be moved to {mended}, do so first"
        )


class StillInUse(Conflict):
    code, reason = "resource.in-use", "Other resources refer to it"

    def __init__(self, resource: str, id: str, users: Iterable[str]) -> None:
        super().__init__(f"{resource} {id[:200]!r} is used by {', '.join(users)}; change or delete those first")


class RevisionConflict(Conflict):
    code, reason = "resource.changed", "Changed meanwhile"

    def __init__(self, resource: str, id: str) -> None:
        super().__init__(f"{resource} {id[:200]!r} was changed by somebody else; read it again and repeat")


class IdempotencyConflict(Conflict):
    code, reason = "idempotency.in-progress", "The first request with this key is not finished"

    def __init__(self, key: str) -> None:
        super().__init__(f"a request with Idempotency-Key {key[:80]!r} is being served; repeat it later")


class ClockStopped(Conflict):
    code, reason = "clock.stopped", "The clock has not arrived"

    def __init__(self, now: str, why: str) -> None:
        super().__init__(f"the clock stands at {now}: there were more than {why} on the way; move it on from there")


class IdempotencyMismatch(ClientError):
    code, status, reason = "idempotency.mismatch", 422, "The key was used with another request"

    def __init__(self, key: str) -> None:
        super().__init__(f"Idempotency-Key {key[:80]!r} came with another request before; use a new key")


class PreconditionFailed(ClientError):
    code, status, reason = "precondition.failed", 412, "The precondition does not hold"

    def __init__(self, header: str, current: str) -> None:
        super().__init__(f"{header} does not hold; the current ETag is {current}")


class BodyTooLarge(ClientError):
    code, status, reason = "body.too-large", 413, "The body is too large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"a body may have at most {limit_bytes} bytes")


class UnsupportedMediaType(ClientError):
    code, status, reason = "body.media-type", 415, "Media type not supported"

    def __init__(self, given: str, supported: Iterable[str]) -> None:
        super().__init__(f"Content-Type {given[:100]!r} is not read here; use {', '.join(supported)}")


class NotImplementedFeature(ClientError):
    code, status, reason = "feature.not-offered", 501, "Not implemented"


class ServerError(BssError):
    """Ours to mend. The client sees the reason and a request id, never the cause."""


class Unavailable(ServerError):
    code, status, reason = "server.unavailable", 503, "Temporarily unavailable"


class ConfigurationError(ServerError):
    """The suite refuses to start; the message names the setting or file and what to change."""

    code, reason = "server.configuration", "Not configured"
