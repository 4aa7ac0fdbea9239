"""The paths that components answer beside their contracts (`component.Route`), each opened at its first request."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from common.component import Route
from common.installation import Installation
from common.rest.messages import Request, Response
from common.rest.router import Handler

ROOT = "/tmf-api"


class OwnRoutes:
    """The routes of an installation's components, by method and path."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self.handlers: dict[tuple[str, str], Handler] = {
            (route.method, ROOT + route.path): _opened_late(route, installation, committed)
            for component in installation.components
            for route in component.routes
        }

    def find(self, method: str, path: str) -> Handler | None:
        """The handler of a path, by its own name or by a placeholder for its last segment."""
        head = path.rpartition("/")[0]
        by_place = (
            handler
            for (given, pattern), handler in self.handlers.items()
            if given == method and pattern.endswith("}") and pattern.rpartition("/")[0] == head
        )
        return self.handlers.get((method, path)) or next(by_place, None)


def _opened_late(route: Route, installation: Installation, committed: Callable[[], None]) -> Handler:
    @cache
    def opened() -> Handler:
        return route.open(installation, committed)

    def answer(request: Request) -> Response:
        return opened()(request)

    return answer
