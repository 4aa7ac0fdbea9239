"""The HTTP application: a list of stages, and the table of everything that is served.

Observe         request id, access log, metrics
CrossOrigin     only when BSS_CORS_ORIGINS is set
DictRouter      finds the handler, reads the body, answers; every error becomes a TMF Error body here
Lifespan        starts and stops what runs beside requests
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.main import ConnexionMiddleware
from starlette.routing import Router

from common.installation import Installation, extension
from common.rest.clock import ClockEndpoint
from common.rest.cors import CrossOrigin
from common.rest.directory import ApiDirectory, SuiteDirectory
from common.rest.endpoint import Endpoint
from common.rest.hub import HubEndpoint, ListenerEndpoint
from common.rest.observe import Observe
from common.rest.router import METHODS, DictRouter, Handler, HandlerResolver, Reading
from common.rest.routes import OwnRoutes
from common.rest.threads import Threads
from common.spec.contract import PLACEHOLDER, Contract, Verb
from common.spec.extensions import SCHEMAS_PATH

THREADS = 8


def build(
    installation: Installation,
    *,
    lifespan: Callable[[Any], Any] | None = None,
    committed: Callable[[], None] = lambda: None,
    move: Callable[[datetime], None] | None = None,
) -> ConnexionMiddleware:
    """The application of one installation.

    Shapes: `lifespan` is an async context manager factory for what runs beside requests; `committed` is called
            after every change, to wake the delivery of events and work that is due; `move` moves a clock that may be
            moved, and returns when all work due by then has been done (None: no clock is served).
    """
    settings = installation.settings
    routes = OwnRoutes(installation, committed)
    clock = None if move is None else ClockEndpoint(installation.clock, move, extension("clock"))
    threads = Threads(max(THREADS, settings.database_pool_size), "bss-request")
    stages: list[Any] = [
        Observe,
        partial(_RouterWithDirectory, installation=installation, threads=threads, routes=routes, clock=clock),
        LifespanMiddleware,
    ]
    if settings.cors_origins:
        origins = [origin.strip() for origin in settings.cors_origins.split(",")]
        stages.insert(1, partial(CrossOrigin, origins=origins))
    application = ConnexionMiddleware(Router(), import_name="common.rest", middlewares=stages, lifespan=lifespan)
    for contract in installation.contracts:
        application.add_api(
            _routing_document(contract),
            base_path=contract.base_path,
            resolver=HandlerResolver(_handlers(installation, contract, routes, committed)),
            aliases=contract.aliases,
        )
    return application


class _RouterWithDirectory(DictRouter):
    """The router with the paths that no contract has."""

    def __init__(
        self,
        app: Any,
        installation: Installation,
        threads: Threads,
        routes: OwnRoutes,
        clock: ClockEndpoint | None,
    ) -> None:
        super().__init__(app, installation.settings, threads)
        suite = SuiteDirectory(installation, has_clock=clock is not None)
        for path, handler in (
            ("/tmf-api", suite.apis),
            ("/health/live", suite.live),
            ("/health/ready", suite.ready),
            ("/version", suite.version),
            ("/metrics", suite.metrics),
            ("/docs", suite.documentation),
            ("/docs/errors", suite.error_list),
            ("/docs/ui/{file}", suite.ui_file),
            (SCHEMAS_PATH, suite.schemas),
            (f"{SCHEMAS_PATH}/{{file}}", suite.schema),
        ):
            self.add(path, {"GET": handler})
        for (method, path), own in routes.handlers.items():
            self._route("", path).handlers[method] = own
        for path, handlers in clock.handlers.items() if clock is not None else ():
            self.add(path, handlers)


def _handlers(
    installation: Installation, contract: Contract, routes: OwnRoutes, committed: Callable[[], None]
) -> dict[tuple[str, str], Handler]:
    """The handler of every operation in the contract's document, by method and path as the document writes it."""
    handlers: dict[tuple[str, str], Handler] = {}
    # SQLite answers in the thread that asks: nobody could go on meanwhile.
    reading = Reading if installation.database.dialect_name == "postgresql" else lambda handler: handler
    for name, resource in contract.resources.items():
        endpoint = Endpoint(installation, installation.served[contract.key, name], committed)
        verbs: dict[Verb, Handler] = {
            Verb.LIST: reading(endpoint.list),
            Verb.RETRIEVE: reading(endpoint.retrieve),
            Verb.CREATE: endpoint.create,
            Verb.PATCH: endpoint.patch,
            Verb.DELETE: endpoint.delete,
        }
        for verb, operation in resource.operations.items():
            handlers[operation.method, operation.path] = verbs[verb]
    if contract.hub is not None:
        hub = HubEndpoint(installation, contract, committed)
        handlers["POST", "/hub"] = hub.create
        handlers["GET", "/hub/{id}"] = hub.retrieve
        handlers["DELETE", "/hub/{id}"] = hub.delete
    for event in contract.events.values():
        own = routes.find("POST", contract.base_path + event.listener_path)
        handlers["POST", event.listener_path] = own or ListenerEndpoint(contract).receive
    directory = ApiDirectory(contract)
    handlers["GET", "/"] = directory.entry_point
    handlers["GET", "/openapi.json"] = directory.document
    return handlers


def _routing_document(contract: Contract) -> dict[str, Any]:
    """The contract's operations for connexion, without schemas: bodies are judged by what `common.spec` compiled,
    and connexion would inline every reference of a document (seconds of start-up, tens of megabytes).
    """
    paths: dict[str, Any] = {}
    for path, item in contract.document["paths"].items():
        for method in METHODS:
            if method in item and f"{method.upper()} {path}" not in contract.gaps:
                operation_id = item[method].get("operationId", f"{method} {path}")
                paths.setdefault(path, {})[method] = _operation(operation_id, path)
    for path, name in (("/", "entryPoint"), ("/openapi.json", "contract")):
        paths[path] = {"get": _operation(name, path)}
    if contract.hub is not None and "/hub/{id}" in paths:
        paths["/hub/{id}"].setdefault("get", _operation("hubGet", "/hub/{id}"))
    info = {"title": contract.title, "version": contract.version}
    return {"openapi": "3.0.1", "info": info, "paths": paths}


def _operation(operation_id: str, path: str) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": operation_id, "responses": {"default": {"description": ""}}}
    if "{" in path:
        names = (placeholder[1:-1] for placeholder in PLACEHOLDER.findall(path))
        text = {"in": "path", "required": True, "schema": {"type": "string"}}
        operation["parameters"] = [{"name": name, **text} for name in names]
    return operation
