"""From an HTTP message to the handler that was chosen at start-up, and back: two dictionary look-ups, and one more
for each form that paths of nested resources have.

connexion owns the contract's operations, the resolver and the base paths; this stage replaces its routing,
validation and binding stages (docs/decisions/0002). 404, 405, HEAD, OPTIONS, trailing slashes and encoded ids
are answered here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import structlog
from connexion.middleware.abstract import SpecMiddleware
from connexion.operations import AbstractOperation
from connexion.resolver import Resolution, Resolver
from connexion.spec import Specification

from common.errors import BodyTooLarge, BssError, InvalidHeader, MethodNotAllowed, ServerError, UnknownPath
from common.rest.messages import Request, Response
from common.rest.problems import problem
from common.rest.threads import Threads
from common.settings import Settings
from common.store.waiting import NeedsThread, Together

METHODS = ("get", "post", "put", "patch", "delete")
BODILESS = frozenset({204, 304})
_LENGTH_DIGITS_MAX = 20
_HOST = re.compile(r"[A-Za-z0-9._~\-]+(?::\d+)?|\[[0-9A-Fa-f:.]+\](?::\d+)?")

Handler = Callable[[Request], Response]
Scope = dict[str, Any]
log = structlog.get_logger("bss.request")


@dataclass(frozen=True, eq=False)
class Reading:
    """A handler that only asks the database, and may be called again: it can share the event loop's thread."""

    handler: Handler

    def __call__(self, request: Request) -> Response:
        return self.handler(request)


@dataclass(frozen=True)
class Route:
    """What one path answers, by method; `operation` is what logs and metrics call it."""

    base_path: str
    label: str
    handlers: dict[str, Handler] = field(default_factory=dict)

    @property
    def allowed(self) -> tuple[str, ...]:
        methods = {*self.handlers, "OPTIONS", *(("HEAD",) if "GET" in self.handlers else ())}
        return tuple(sorted(methods))


class HandlerResolver(Resolver):  # type: ignore[misc]
    """Gives connexion the handler of an operation by its path and method; none of ours is named by operationId."""

    def __init__(self, handlers: Mapping[tuple[str, str], Handler]) -> None:
        super().__init__()
        self._handlers = handlers

    def resolve(self, operation: AbstractOperation) -> Resolution:
        handler = self._handlers[operation.method.upper(), operation.path]
        return Resolution(handler, operation.operation_id)


class DictRouter(SpecMiddleware):  # type: ignore[misc]
    """The stage that answers every request; the application behind it sees only lifespan messages."""

    def __init__(self, app: Any, settings: Settings, threads: Threads) -> None:
        self.app = app
        self._settings, self._threads = settings, threads
        # Some connections are left to those that change something.
        self._together = Together(max(1, settings.database_pool_size * 3 // 4))
        self._paths: dict[str, Route] = {}
        self._items: dict[str, Route] = {}
        # Paths of nested resources by their segments, None where an id stands; first by those places, from the end.
        self._nested: dict[tuple[int, ...], dict[tuple[str | None, ...], Route]] = {}

    def add_api(self, specification: Specification, *, base_path: str, resolver: Resolver, **options: Any) -> None:
        """Register the operations of one contract under its base path and every alias of it."""
        for path, operations in specification["paths"].items():
            for method in operations.keys() & set(METHODS):
                operation = specification.operation_cls.from_spec(
                    specification, path=path, method=method, resolver=resolver
                )
                for base in (base_path, *options["aliases"]):
                    self._route(base, path).handlers[method.upper()] = operation.function

    def add(self, path: str, handlers: Mapping[str, Handler]) -> None:
        """Register a path that no contract has (entry points, health ...), behind the prefix and without it:
        a gateway knows the one, whoever probes the process itself the other.
        """
        route = self._route("", path)
        route.handlers.update(handlers)
        self._paths.setdefault(path, route)

    def _route(self, base: str, path: str) -> Route:
        head, _, last = path.rstrip("/").rpartition("/")
        if "{" in head:
            whole = (self._settings.base_prefix + base + path.rstrip("/")).split("/")
            pattern = tuple(None if segment.startswith("{") else segment for segment in whole)
            places = tuple(place - len(whole) for place, segment in enumerate(pattern) if segment is None)
            return self._nested.setdefault(places, {}).setdefault(pattern, Route(base, path))
        if last.startswith("{"):
            return self._items.setdefault(self._settings.base_prefix + base + head, Route(base, path))
        address = self._settings.base_prefix + base + path.rstrip("/")
        return self._paths.setdefault(address, Route(base, path))

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        response = await self._answer(scope, receive, state)
        body = b"" if scope["method"] == "HEAD" else response.body
        headers = [(name.encode(), value.encode("latin-1")) for name, value in response.headers]
        names = {name for name, _ in headers}
        if response.status not in BODILESS:
            headers.append((b"content-length", str(len(response.body)).encode()))
            if b"content-type" not in names:
                headers.append((b"content-type", b"application/json"))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Any, state: dict[str, Any]) -> Response:
        """The one edge of a request: whatever happens behind it becomes an answer here."""
        origin, request_id = self._origin(scope), state.get("request_id")
        try:
            route, id, parents = self._find(scope)
            state["route"] = route.base_path + route.label
            if scope["method"] == "OPTIONS":
                return Response(204, headers=(("allow", ", ".join(route.allowed)),))
            handler = route.handlers.get("GET" if scope["method"] == "HEAD" else scope["method"])
            if handler is None:
                raise MethodNotAllowed(scope["method"], route.allowed)
            request = await self._read(scope, receive, route, id, parents, origin)
            if isinstance(handler, Reading):
                with suppress(NeedsThread):
                    return await self._together.run(handler, request)
            return await self._threads.run(handler, request)
        except BssError as error:
            if isinstance(error, ServerError):
                log.error("request failed", error=error.message, request_id=request_id)
            return problem(error, origin=origin, request_id=request_id)
        except Exception:
            log.exception("request failed", request_id=request_id)
            return problem(ServerError("unexpected"), origin=origin, request_id=request_id)

    def _find(self, scope: Scope) -> tuple[Route, str | None, tuple[str, ...]]:
        raw = scope["raw_path"].decode("latin-1").partition("?")[0]
        path = raw[:-1] if raw.endswith("/") and len(raw) > 1 else raw
        route = self._paths.get(unquote(path))
        if route is not None:
            return route, None, ()
        head, _, last = path.rpartition("/")
        route = self._items.get(unquote(head))
        if route is not None and last:
            return route, unquote(last, errors="replace"), ()
        return self._find_nested([unquote(segment, errors="replace") for segment in path.split("/")])

    def _find_nested(self, segments: list[str]) -> tuple[Route, str | None, tuple[str, ...]]:
        for places, routes in self._nested.items():
            if len(segments) + places[0] > 0 and all(segments[place] for place in places):
                pattern: list[str | None] = [*segments]
                for place in places:
                    pattern[place] = None
                if (route := routes.get(tuple(pattern))) is not None:
                    ids = [segments[place] for place in places]
                    id = ids.pop() if places[-1] == -1 else None
                    return route, id, tuple(ids)
        raise UnknownPath("/".join(segments), self._settings.base_prefix)

    async def _read(
        self, scope: Scope, receive: Any, route: Route, id: str | None, parents: tuple[str, ...], origin: str
    ) -> Request:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        path = unquote(scope["raw_path"].decode("latin-1").partition("?")[0], errors="replace").rstrip("/")
        return Request(
            method=scope["method"],
            path=path.removeprefix(self._settings.base_prefix),
            base_path=route.base_path,
            origin=origin,
            id=id,
            parents=parents,
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=await self._read_body(headers, receive),
            correlation_id=headers.get("x-correlation-id", scope["state"].get("request_id")),
        )

    async def _read_body(self, headers: Mapping[str, str], receive: Any) -> bytes:
        limit = self._settings.body_bytes_max
        announced = headers.get("content-length", "0")
        if not (announced.isascii() and announced.isdigit()):
            raise InvalidHeader("content-length", "is a whole number")
        if len(announced) > _LENGTH_DIGITS_MAX or int(announced) > limit:
            raise BodyTooLarge(limit)
        chunks, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BodyTooLarge(limit) if size > limit else _Gone()
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise BodyTooLarge(limit)
            chunks.append(chunk)
            more = message.get("more_body", False)
        return b"".join(chunks)

    def _origin(self, scope: Scope) -> str:
        """Scheme, host and prefix for links: as configured, else as the client addressed us."""
        settings = self._settings
        if settings.base_url:
            return settings.base_url.rstrip("/") + settings.base_prefix
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        if not _HOST.fullmatch(host):
            host = f"{settings.host}:{settings.port}"
        return f"{scope['scheme']}://{host}{settings.base_prefix}"


class _Gone(ServerError):
    """The client left before its body was complete; nobody reads this answer."""

    status, reason = 503, "The client disconnected"

    def __init__(self) -> None:
        super().__init__("the client disconnected")
