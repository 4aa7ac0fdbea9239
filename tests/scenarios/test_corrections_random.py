"""Whatever customers and clerks do, in any order: bills, receivables, payments and the books agree after every step."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from common.assurance import assure
from tests.scenarios.billing import BILLS
from tests.scenarios.cashier import FEBRUARY
from tests.scenarios.corrections import (
    ADJUSTMENTS,
    CREDIT_NOTES,
    DISPUTES,
    WRITE_OFFS,
    Clerk,
    clerk,
    collecting_stage,
    postgres_server,
)
from tests.scenarios.kit import found
from tests.tmf676_payment.kit import PAYMENTS, paying

__all__ = ["clerk", "collecting_stage", "postgres_server"]

STEPS = 30
# Refusals that are meant: what somebody asks for is not there any more.
REFUSED = {
    *("bill.over-credited", "bill.nothing-open", "bill.written-off", "bill.is-credit-note", "correction.ended"),
}


class Chance:
    """One thing at random, on an account with two bills or more."""

    def __init__(self, clerk: Clerk, seed: int) -> None:
        self.clerk, self.chance = clerk, random.Random(seed)

    def act(self) -> str:
        actions = (
            self.pay,
            self.credit,
            self.dispute,
            self.decide,
            self.adjust,
            self.write_off,
            self.recover,
            self.wait,
        )
        return self.chance.choice(actions)()

    def amount(self) -> dict[str, Any]:
        return {"unit": "EUR", "value": Decimal(self.chance.randrange(1, 6_000)).scaleb(-2)}

    def bill(self) -> dict[str, Any]:
        return {"id": self.chance.choice(self.clerk.bills("ann"))["id"]}

    def pay(self) -> str:
        return self.asked("POST", PAYMENTS, paying(self.amount()["value"], "ann"))

    def credit(self) -> str:
        what = self.chance.choice(({}, {"amount": self.amount()}, {"percentage": self.chance.randrange(1, 100)}))
        return self.asked("POST", CREDIT_NOTES, {"bill": self.bill(), "reason": "chance", **what})

    def dispute(self) -> str:
        return self.asked("POST", DISPUTES, {"bill": self.bill(), "reason": "chance", "amount": self.amount()})

    def decide(self) -> str:
        state = self.chance.choice(("won", "lost", "withdrawn"))
        return self.ended(DISPUTES, {"state": state})

    def adjust(self) -> str:
        kind, when = self.chance.choice(("credit", "debit")), self.chance.choice(("nextBill", "atOnce"))
        of = {"billingAccount": {"id": "ann"}, "adjustmentType": kind, "when": when, "name": "chance", "taxRate": 19}
        return self.asked(
            "POST", ADJUSTMENTS, {**of, "taxCategory": "VAT", "amount": self.amount(), "reason": "chance"}
        )

    def write_off(self) -> str:
        return self.asked("POST", WRITE_OFFS, {"bill": self.bill(), "reason": "chance"})

    def recover(self) -> str:
        what = self.chance.choice(({}, {"amount": self.amount()}))
        return self.ended(WRITE_OFFS, {"state": "recovered", **what})

    def wait(self) -> str:
        self.clerk.shop.wait(days=self.chance.randrange(1, 25))
        return "waited"

    def ended(self, path: str, change: dict[str, Any]) -> str:
        listed = found(self.clerk.shop.suite.get(path))
        if not listed:
            return "nothing to end"
        return self.asked("PATCH", f"{path}/{self.chance.choice(listed)['id']}", change)

    def asked(self, method: str, path: str, body: dict[str, Any]) -> str:
        answer = self.clerk.shop.suite.request(method, path, body)
        assert answer.status in (200, 201) or answer.json["code"] in REFUSED, (method, path, body, answer.content)
        self.clerk.shop.run()
        return f"{method} {path} {answer.status}"


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))])
def test_the_books_agree_after_anything(clerk: Clerk, seed: int) -> None:
    clerk.plan("plan", clerk.recurring("base", "31", inAdvance=True), clerk.one_time("setup", "10"))
    clerk.account("ann")
    clerk.sell("plan", account="ann")
    clerk.shop.wait_until(FEBRUARY)
    chance, done = Chance(clerk, seed), []

    for _ in range(STEPS):
        done.append(chance.act())
        clerk.check()
        clerk.check_payments()
        wrong = [
            (one.check.name, each.message)
            for one in assure(clerk.shop.suite.installation)
            for each in one.findings
            if one.check.name.startswith("ledger.")
        ]
        assert wrong == [], (seed, done)

    assert any(" 201" in one for one in done), (seed, done)
    assert found(clerk.shop.suite.get(f"{BILLS}?billingAccount.id=ann&limit=100"))
