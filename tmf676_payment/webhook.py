"""Where the payment provider tells of what happened (`openapi/extensions/payments.yaml`).

`Payment-Signature: sha256=HEX` is the HMAC-SHA256 of the body with the secret that both sides know. What is not signed
so is not read. A notice that was told before is acknowledged and does nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from common.domain.money import money_of
from common.errors import ClientError, InvalidBody, Violation
from common.installation import Installation
from common.rest.headers import read_object
from common.rest.messages import Request, Response
from common.store.keys import is_storable
from tmf676_payment.notices import CHARGE_BACK, Notice, take
from tmf676_payment.providers.port import Answer, Operation, Outcome

HEADER, ALGORITHM = "payment-signature", "sha256="
_TYPES = (*(one.value for one in Operation), CHARGE_BACK)
_OUTCOMES = tuple(one.value for one in Outcome if one is not Outcome.UNKNOWN)
_TEXTS = ("reference", "code", "reason")
_LENGTH_MAX = 255


class SignatureMismatch(ClientError):
    code, status, reason = "payment.signature", 401, "Not signed by the payment provider"


def signature(body: bytes, secret: str) -> str:
    """The header's value for a body."""
    return ALGORITHM + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Webhook:
    """POST of a notice (`component.Route`)."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._installation, self._committed = installation, committed

    def __call__(self, request: Request) -> Response:
        """204. Errors: SignatureMismatch; InvalidBody; NotFound for a key that nothing of ours has."""
        secret = self._installation.settings.payment_webhook_secret
        given = request.headers.get(HEADER, "")
        if not secret or not hmac.compare_digest(given.encode(), signature(request.body, secret).encode()):
            raise SignatureMismatch("sign the body with the secret of BSS_PAYMENT_WEBHOOK_SECRET (docs/payments.md)")
        if take(self._installation, _read(read_object(request))):
            self._committed()
        return Response(204)


def _read(body: dict[str, Any]) -> Notice:
    wrong = [
        Violation(f"/{name}", "type", f"a text of 1 to {_LENGTH_MAX} characters")
        for name in ("id", "key")
        if not _is_text(body.get(name))
    ]
    wrong += [Violation(f"/{name}", "type", "a text") for name in _TEXTS if not isinstance(body.get(name, ""), str)]
    kind, outcome = body.get("type"), body.get("outcome")
    if kind not in _TYPES:
        wrong.append(Violation("/type", "enum", f"one of {', '.join(_TYPES)}"))
    elif kind != CHARGE_BACK and outcome not in _OUTCOMES:
        wrong.append(Violation("/outcome", "enum", f"one of {', '.join(_OUTCOMES)}"))
    if "amount" in body and money_of(body["amount"]) is None:
        wrong.append(Violation("/amount", "type", "an amount such as {unit: EUR, value: 10}"))
    if wrong:
        raise InvalidBody(wrong)
    said = {name: str(body.get(name, "")) for name in _TEXTS}
    answer = None if kind == CHARGE_BACK else Answer(Outcome(str(outcome)), **said)
    return Notice(body["id"], body["key"], str(kind), answer, money_of(body.get("amount")), said["reason"])


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LENGTH_MAX and is_storable(value)
