"""The paths and tables of corrections (`openapi/extensions/billing-corrections.yaml`)."""

from __future__ import annotations

from common.component import Route
from tmf678_bill.corrections.tables import ADJUSTMENT, DISPUTE, KINDS, TABLES, WRITE_OFF

__all__ = ["BASE", "ROUTES", "TABLES"]

BASE = "/billing/v1"
_HANDLERS = "tmf678_bill.corrections.routes"
# Those that are ended by a PATCH.
_CHANGED = (DISPUTE, ADJUSTMENT, WRITE_OFF)


def _routes(kind: str) -> list[Route]:
    many, one = f"{BASE}/{kind}", f"{BASE}/{kind}/{{{kind}Id}}"
    routes = [
        Route("POST", many, f"{_HANDLERS}:Create"),
        Route("GET", many, f"{_HANDLERS}:ListMany"),
        Route("GET", one, f"{_HANDLERS}:Retrieve"),
    ]
    return [*routes, Route("PATCH", one, f"{_HANDLERS}:Change")] if kind in _CHANGED else routes


ROUTES = tuple(route for kind in KINDS for route in _routes(kind))
