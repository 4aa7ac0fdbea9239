"""The provider that is built in: it says yes, unless a script has it decline, go silent, tell twice, or take back.

It remembers what it was asked in a table of its own and in transactions of its own, as a bank would: a question that
comes again is the same one, whatever became of the first answer. Its webhooks come by the clock (`payment.sandbox`).
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from common.domain.money import Money
from common.installation import Installation
from common.store.unit_of_work import UnitOfWork
from tmf676_payment.notices import Notice, take
from tmf676_payment.providers.names import SANDBOX_WORK as WORK
from tmf676_payment.providers.port import Answer, NoAnswer, Operation, Outcome, Question
from tmf676_payment.providers.script import AT_ONCE, Rule, read_rules
from tmf676_payment.tables import SANDBOX

_DONE = {
    Operation.AUTHORISE: Outcome.AUTHORISED,
    Operation.CAPTURE: Outcome.CAPTURED,
    Operation.REFUND: Outcome.REFUNDED,
}
_UNHEARD = ""
_CHARGE_BACK = "chargeBack"
_SEPARATOR = "|"


class Sandbox:
    """A provider (`port.Provider`)."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def authorise(self, question: Question) -> Answer:
        return self._ask(question)

    def capture(self, question: Question) -> Answer:
        return self._ask(question)

    def refund(self, question: Question) -> Answer:
        return self._ask(question)

    def status(self, question: Question) -> Answer:
        with self._installation.database.read() as uow:
            row = uow.records(SANDBOX.name).get(question.key, question.operation.value)
        if row is None or row["outcome"] == _UNHEARD:
            return Answer(Outcome.UNKNOWN)
        return self._answer(row)

    # -- the parts ----------------------------------------------------------------------------------------------------

    def _ask(self, question: Question) -> Answer:
        rule = self._rule(question)
        with self._installation.database.write() as uow:
            row = self._heard(uow, question, rule)
            uow.commit()
        if row["outcome"] == _UNHEARD:
            raise NoAnswer("the sandbox was told not to hear")
        is_first = row["asked"] == rule.unheard + 1
        if is_first and rule.is_early:
            for _ in range(max(rule.webhooks, 1)):
                take(self._installation, _decided(row))
        if row["asked"] <= rule.unheard + rule.lost:
            raise NoAnswer("the sandbox was told not to answer")
        return self._answer(row)

    def _rule(self, question: Question) -> Rule:
        """The first rule that fits; one that is for some questions only counts those that it was for."""
        file = self._installation.settings.payment_sandbox_file
        rules = read_rules(Path(file)) if file else ()
        with self._installation.database.read() as uow:
            known = uow.records(SANDBOX.name).get(question.key, question.operation.value)
            if known is not None:
                return rules[known["rule"]] if 0 <= known["rule"] < len(rules) else AT_ONCE
            for index, rule in enumerate(rules):
                used = uow.records(SANDBOX.name).sum([], {"rule": index}) if rule.times else []
                if rule.fits(question) and (not rule.times or sum(one.count for one in used) < rule.times):
                    return rule
        return AT_ONCE

    def _heard(self, uow: UnitOfWork, question: Question, rule: Rule) -> dict[str, Any]:
        table, now = uow.records(SANDBOX.name), self._installation.clock.now()
        file = self._installation.settings.payment_sandbox_file
        rules = read_rules(Path(file)) if file else ()
        fresh = {
            **{"key": question.key, "operation": question.operation.value, "outcome": _UNHEARD},
            **{"currency": question.amount.currency, "amount": question.amount.amount, "asked": 0},
            **{"code": "", "reason": "", "decided_at": now, "rule": rules.index(rule) if rule in rules else -1},
        }
        table.insert_new([fresh])
        row = table.get(question.key, question.operation.value, for_update=True)
        assert row is not None, "it was just written"
        row["asked"] += 1
        if row["outcome"] == _UNHEARD and row["asked"] > rule.unheard:
            row["outcome"] = (Outcome.DECLINED if rule.is_declined else _DONE[question.operation]).value
            row["code"], row["reason"] = (rule.code, rule.reason) if rule.is_declined else ("", "")
            row["decided_at"] = now if rule.delay is None else rule.delay.after(now)
            self._plan(uow, row, rule)
        table.put([row])
        return row

    def _plan(self, uow: UnitOfWork, row: dict[str, Any], rule: Rule) -> None:
        """The webhooks that come later."""
        work, place = uow.work(WORK), f"{row['key']}{_SEPARATOR}{row['operation']}"
        if rule.webhooks and not rule.is_early:
            work.put(f"{place}{_SEPARATOR}decided", row["decided_at"], {"times": rule.webhooks})
        if rule.charge_back is not None and row["outcome"] == Outcome.CAPTURED.value:
            at = rule.charge_back.after(row["decided_at"])
            work.put(f"{place}{_SEPARATOR}{_CHARGE_BACK}", at, {"times": max(rule.webhooks, 1)})

    def _answer(self, row: dict[str, Any]) -> Answer:
        if row["decided_at"] > self._installation.clock.now():
            return Answer(Outcome.PENDING, reference=_reference(row))
        return Answer(Outcome(row["outcome"]), _reference(row), row["code"], row["reason"])


class Webhooks:
    """Tells of what was decided, and of charge-backs (`component.Steps`)."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def prepare(self, key: str) -> list[dict[str, Any]]:
        with self._installation.database.read() as uow:
            row = uow.work(WORK).get(key)
        if row is None or row.due is None or row.due > self._installation.clock.now():
            return []
        return [{"key": key, "times": row.doc.get("times", 1)}]

    def perform(self, call: dict[str, Any]) -> dict[str, Any]:
        key, operation, event = call["key"].split(_SEPARATOR)
        with self._installation.database.read() as uow:
            row = uow.records(SANDBOX.name).get(key, operation)
        assert row is not None, "what is told was asked"
        notice = _charged_back(row) if event == _CHARGE_BACK else _decided(row)
        for _ in range(call["times"]):
            take(self._installation, notice)
        return {}

    def settle(self, key: str, calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        with self._installation.database.write() as uow:
            uow.work(WORK).remove(key)
            uow.commit()


def captured(installation: Installation) -> dict[str, Money]:
    """What the sandbox took from customers, by the key of the payment."""
    with installation.database.read() as uow:
        rows = uow.records(SANDBOX.name).find({"operation": "capture", "outcome": Outcome.CAPTURED.value})
    return {row["key"]: Money(Decimal(row["amount"]), row["currency"]) for row in rows}


def _decided(row: dict[str, Any]) -> Notice:
    answer = Answer(Outcome(row["outcome"]), _reference(row), row["code"], row["reason"])
    return Notice(f"sandbox-{row['key']}-{row['operation']}", row["key"], row["operation"], answer)


def _charged_back(row: dict[str, Any]) -> Notice:
    amount = Money(row["amount"], row["currency"])
    reason = "the customer's bank took it back"
    return Notice(f"sandbox-{row['key']}-chargeback", row["key"], _CHARGE_BACK, None, amount, reason)


def _reference(row: dict[str, Any]) -> str:
    return f"sandbox-{row['operation']}-{row['key']}"
