"""What is done by the clock: the provider is asked, and bills are collected when they are due."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from common.component import imported
from common.domain.money import Money
from common.errors import ConfigurationError
from common.installation import Installation
from common.rest.actions import acting
from tmf676_payment import charges, collecting, outcomes
from tmf676_payment.looking import Looking
from tmf676_payment.methods import NO_PROVIDER
from tmf676_payment.providers.port import Answer, NoAnswer, Operation, Outcome, Provider, Question
from tmf676_payment.tables import ASKED

_BUILT_IN = {"sandbox": "tmf676_payment.providers.sandbox:Sandbox"}


def provider_of(installation: Installation) -> Provider:
    """The provider that the settings name. Errors: ConfigurationError."""
    name = installation.settings.payment_provider
    try:
        provider: Provider = imported(_BUILT_IN.get(name, name))(installation)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            f"BSS_PAYMENT_PROVIDER is {name!r}; use sandbox, {NO_PROVIDER}, or package.module:Class of yours"
        ) from error
    return provider


class Ask:
    """Asks the provider for one payment or refund until it is decided (`component.Steps`)."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._provider = provider_of(installation)

    def prepare(self, key: str) -> list[dict[str, Any]]:
        with self._installation.database.write() as uow:
            act = acting(self._installation, uow, key)
            work, row = uow.work(charges.WORK), charges.held(act.context("payment"), key)
            work.get(key, for_update=True)
            if row is None or row["state"] != charges.OPEN:
                work.remove(key)
                uow.commit()
                return []
            if row["due"] is not None and row["due"] > act.now:
                work.put(key, row["due"], {})
                uow.commit()
                return []
        return [
            {
                **{"key": key, "operation": row["operation"], "is_pending": row["is_pending"]},
                **{"amount": f"{row['amount']:f}", "currency": row["currency"]},
                **{"method": row["method"], "token": row["token"], "original": row["original"] or ""},
            }
        ]

    def perform(self, call: dict[str, Any]) -> dict[str, Any]:
        amount = Money(Decimal(call["amount"]), call["currency"])
        operation = Operation(call["operation"])
        question = Question(call["key"], operation, amount, call["method"], call["token"], call["original"])
        try:
            answer = self._asked(question, is_first=self._mark(call))
        except NoAnswer as silence:
            return {"outcome": "", "reason": str(silence)}
        said = {"reference": answer.reference, "code": answer.code, "reason": answer.reason}
        return {"outcome": answer.outcome.value, **said}

    def settle(self, key: str, calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        ((call,), (given,)) = calls, answers
        said = {name: given.get(name, "") for name in ("reference", "code", "reason")}
        answer = Answer(Outcome(given["outcome"]), **said) if given["outcome"] else None
        with self._installation.database.write() as uow:
            act = acting(self._installation, uow, key)
            context = act.context("payment")
            row = charges.held(context, key)
            if row is not None:
                outcomes.note(context, row, call["operation"], answer)
            uow.commit()

    def _mark(self, call: dict[str, Any]) -> bool:
        """Note that it is asked now; whether that is the first time."""
        with self._installation.database.write() as uow:
            now = self._installation.clock.now()
            row = {"charge": call["key"], "operation": call["operation"], "at": now}
            is_first = bool(uow.records(ASKED.name).insert_new([row]))
            uow.commit()
        return is_first

    def _asked(self, question: Question, *, is_first: bool) -> Answer:
        ask = {
            Operation.AUTHORISE: self._provider.authorise,
            Operation.CAPTURE: self._provider.capture,
            Operation.REFUND: self._provider.refund,
        }[question.operation]
        if is_first:
            return ask(question)
        known = self._provider.status(question)
        return ask(question) if known.outcome is Outcome.UNKNOWN else known


class Collect(Looking):
    """Collects one bill from its due date on; it is the payment that asks the provider."""

    kind = collecting.WORK
    look = staticmethod(collecting.collect)
