"""How far a bucket may be used, which the standard has no attributes for (`openapi/extensions/charging.yaml`).

creditLimit          how far below zero it may go; 0
spendingLimit        how much of it usage may take in a calendar month; null: as much as there is
lowBalanceThreshold  below which its holder is to be told; null: never
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from common import exact_json
from common.component import RuleContext
from common.errors import Conflict, InvalidBody, NotFound, Violation
from common.installation import Installation
from common.rest.actions import acting
from common.rest.headers import JSON, MERGE_PATCH, check_accept, media_type
from common.rest.messages import Request, Response
from common.rest.render import CONTENT_TYPE
from tmf654_balance.amounts import ZERO, added, fits, number
from tmf654_balance.ledger import Balance, Ledger

_NAMES = ("creditLimit", "spendingLimit", "lowBalanceThreshold")


class BelowLimit(Conflict):
    """The limit would be above what is there."""

    code, reason = "balance.below-limit", "The balance is below that limit"


class _Limits:
    """What both operations do (`component.Route`)."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._installation, self._committed = installation, committed

    def _held(self, request: Request, context: RuleContext) -> tuple[Ledger, Balance]:
        id, ledger = request.id or "", Ledger(context)
        balance = ledger.hold([id]).get(id)
        if balance is None:
            raise NotFound("bucket", id)
        return ledger, balance


class RetrieveLimits(_Limits):
    """GET: the limits, and what may be taken at this moment."""

    def __call__(self, request: Request) -> Response:
        check_accept(request)
        with self._installation.database.write(request.tenant) as uow:  # one that is a document only is taken over
            ledger, balance = self._held(request, acting(self._installation, uow).context("bucket"))
            ledger.close()
            uow.commit()
        return _answer(balance, ledger.month)


class PatchLimits(_Limits):
    """PATCH: limits that are named change, null removes one."""

    def __call__(self, request: Request) -> Response:
        """Errors: InvalidBody; NotFound; BelowLimit."""
        check_accept(request)
        media_type(request, (JSON, MERGE_PATCH))
        asked = _read(exact_json.decode(request.body))
        with self._installation.database.write(request.tenant) as uow:
            context = acting(self._installation, uow, request.correlation_id).context("bucket")
            ledger, balance = self._held(request, context)
            if "creditLimit" in asked:
                balance.floor = -(asked["creditLimit"] or ZERO)
                if balance.unreserved < 0:
                    left = added(balance.remaining, -balance.reserved)
                    raise BelowLimit(f"{left:f} {balance.unit} are left unreserved; fill the bucket first")
            balance.spending_limit = asked.get("spendingLimit", balance.spending_limit)
            balance.threshold = asked.get("lowBalanceThreshold", balance.threshold)
            ledger.close()
            uow.commit()
        self._committed()
        return _answer(balance, ledger.month)


def _read(asked: Any) -> dict[str, Decimal | None]:
    if not isinstance(asked, dict):
        raise InvalidBody([Violation("", "type", f"an object with some of {', '.join(_NAMES)}")])
    found: dict[str, Decimal | None] = {}
    wrong = [Violation(f"/{name}", "unknown", f"limits are {', '.join(_NAMES)}") for name in asked.keys() - {*_NAMES}]
    for name in sorted(asked.keys() & {*_NAMES}):
        value = None if asked[name] is None else number(asked[name])
        if asked[name] is not None and (value is None or value < 0 or not fits(value)):
            wrong.append(Violation(f"/{name}", "amount", "a number from 0 on in the bucket's unit, or null"))
        found[name] = value
    if wrong:
        raise InvalidBody(wrong)
    return found


def _answer(balance: Balance, month: str) -> Response:
    body = {
        "bucket": {"id": balance.bucket},
        "units": balance.unit,
        "remaining": balance.remaining,
        "reserved": balance.reserved,
        "available": max(balance.available(month), ZERO),
        "creditLimit": -balance.floor if balance.floor else ZERO,
        "spendingLimit": balance.spending_limit,
        "spentThisMonth": balance.spent if balance.spent_in == month else ZERO,
        "lowBalanceThreshold": balance.threshold,
    }
    return Response(200, exact_json.encode(body), (CONTENT_TYPE,))
