"""How an account stands with its bills, and a promise to pay (`openapi/extensions/payments.yaml`).

hold    until when no step of dunning is taken, and why; null ends it
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from common import exact_json
from common.component import RuleContext
from common.domain.clock import instant_text, read_instant
from common.domain.money import Money
from common.errors import InvalidBody, NotFound, Violation
from common.installation import Installation
from common.rest.actions import acting
from common.rest.headers import JSON, MERGE_PATCH, check_accept, media_type
from common.rest.messages import Request, Response
from common.rest.render import CONTENT_TYPE
from common.store.keys import is_storable
from tmf676_payment import charges, credit
from tmf676_payment.accounts import ACCOUNT, hold, offered, table
from tmf676_payment.dunning.wake import NONE, look_at
from tmf676_payment.tables import DUNNING, STEPS

REASON_MAX = 1_000


class _Account:
    """What both operations do (`component.Route`)."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._installation, self._committed = installation, committed


class RetrieveAccount(_Account):
    """GET: open bills, credit, payments under way, and the case of dunning."""

    def __call__(self, request: Request) -> Response:
        """Errors: NotFound."""
        check_accept(request)
        with self._installation.database.write(request.tenant) as uow:  # what is shown is held, and nothing is written
            account = _known(request, context := acting(self._installation, uow).context("payment"))
            return _answer(context, account)


class PatchAccount(_Account):
    """PATCH: hold dunning, or go on with it."""

    def __call__(self, request: Request) -> Response:
        """Errors: InvalidBody; NotFound."""
        check_accept(request)
        media_type(request, (JSON, MERGE_PATCH))
        asked = exact_json.decode(request.body)
        with self._installation.database.write(request.tenant) as uow:
            context = acting(self._installation, uow, request.correlation_id).context("payment")
            account = _known(request, context)
            until, reason = _read(asked, context.now)
            rows = table(context, DUNNING.name)
            rows.insert_new([{"account": account, "state": NONE, "number": 0, "steps": 0}])
            rows.update({"account": account}, {"hold_until": until, "hold_reason": reason})
            look_at(context, account, context.now)
            uow.commit()
        self._committed()
        with self._installation.database.write(request.tenant) as uow:
            return _answer(acting(self._installation, uow).context("payment"), account)


def _known(request: Request, context: RuleContext) -> str:
    account = request.id or ""
    if not is_storable(account) or not (hold(context, account) or table(context, DUNNING.name).get(account)):
        raise NotFound(ACCOUNT, account)
    return account


def _read(asked: Any, now: datetime) -> tuple[datetime | None, str | None]:
    """Until when, and why."""
    if not isinstance(asked, dict) or asked.keys() != {"hold"}:
        raise InvalidBody([Violation("", "type", "an object {hold: {until, reason}}, or {hold: null} to go on")])
    wanted = asked["hold"]
    if wanted is None:
        return None, None
    until = read_instant(str(wanted.get("until", ""))) if isinstance(wanted, dict) else None
    if until is None or until <= now:
        raise InvalidBody([Violation("/hold/until", "date-time", "a date-time to come")])
    reason = wanted.get("reason")
    if reason is not None and not (isinstance(reason, str) and len(reason) <= REASON_MAX and is_storable(reason)):
        raise InvalidBody([Violation("/hold/reason", "type", f"a text of {REASON_MAX} characters at most")])
    return until, reason


def _answer(context: RuleContext, account: str) -> Response:
    row = table(context, DUNNING.name).get(account)
    receivables = offered(context, "receivables")
    bills = [] if receivables is None else receivables.open(context, account)
    body: dict[str, Any] = {
        "account": {"id": account},
        "openBill": [
            {
                **{"id": one.id, "billNo": one.number, "due": instant_text(one.due)},
                **{"remaining": one.remaining.document(), "disputed": one.disputed.document()},
            }
            for one in bills
        ],
        "credit": [
            {"id": one["id"], "kind": one["kind"], "left": Money(one["left"], one["currency"]).document()}
            for one in credit.left(context, account)
        ],
        "pendingPayment": [
            {"id": one["id"], "amount": Money(one["amount"], one["currency"]).document()}
            for one in charges.pending(context, account)
        ],
        "dunning": None if row is None or row["state"] == NONE else _case(context, account, row),
        "hold": None if row is None or row["hold_until"] is None else _hold(row),
    }
    return Response(200, exact_json.encode(body), (CONTENT_TYPE,))


def _case(context: RuleContext, account: str, row: dict[str, Any]) -> dict[str, Any]:
    taken = table(context, STEPS.name).find({"account": account, "number": row["number"]})
    return {
        "state": row["state"],
        "since": instant_text(row["since"]),
        "next": None if row["next"] is None else instant_text(row["next"]),
        "step": [
            {
                **{"action": one["action"], "at": instant_text(one["at"])},
                **{"amount": Money(one["amount"], one["currency"]).document(), "bill": one["bills"]},
                "productOrder": [made["order"] for made in one["orders"]],
            }
            for one in taken
        ],
    }


def _hold(row: dict[str, Any]) -> dict[str, Any]:
    return {"until": instant_text(row["hold_until"]), "reason": row["hold_reason"]}
