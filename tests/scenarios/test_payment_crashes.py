"""Payments, collections and dunning by workers that die before any of their steps: it ends as if nobody had died."""

from __future__ import annotations

import random
from typing import Any

import pytest

from common.jobs.inline import Inline
from tests.scenarios.cashier import Cashier, cashier, collecting_stage, postgres_server
from tests.scenarios.charging import ANNA

__all__ = ["cashier", "collecting_stage", "postgres_server"]

SEED, POINTS = 5, 25
END = "2026-04-16T00:00:00Z"


class Died(BaseException):
    """A worker died."""


class Mortal:
    """Carries out due work, and dies before the step of this number; its heir begins anew or goes on (`is_noted`)."""

    def __init__(self, cashier: Cashier, dies_at: int | None, *, is_noted: bool) -> None:
        self._installation = cashier.shop.suite.installation
        self._dies_at, self._is_noted = dies_at, is_noted
        self.steps = 0
        self._worker = Inline(self._installation, self._step)

    def _step(self, step: str, kind: str, key: str) -> None:
        self.steps += 1
        if self.steps == self._dies_at:
            raise Died

    def run_due(self) -> int:
        return self._survived(lambda: self._worker.run_due())

    def move(self, clock: Any, target: Any) -> None:
        self._survived(lambda: self._worker.move(clock, target))

    def _survived(self, work: Any) -> Any:
        try:
            return work()
        except Died:
            if not self._is_noted:
                self._worker = Inline(self._installation, self._step)
            return work()


def story(cashier: Cashier, dies_at: int | None = None, *, is_noted: bool = True) -> tuple[int, dict[str, Any]]:
    """A debit that fails once and whose answer is lost then, a debt that is dunned, paid and dunned again."""
    cashier.provider(
        {"when": {"operation": "authorise"}, "outcome": "declined", "code": "insufficientFunds", "times": 1},
        {"when": {"operation": "capture"}, "lost": 2, "webhooks": 2, "times": 1},
    )
    products = [cashier.customer(), cashier.customer("ben", ANNA + "1")]
    cashier.pays_by()
    worker = Mortal(cashier, dies_at, is_noted=is_noted)
    cashier.shop.carrier = worker  # type: ignore[assignment]
    cashier.shop.wait_until("2026-03-12T00:00:00Z")
    cashier.pay("100", account="ben")
    cashier.shop.wait_until(END)
    return worker.steps, {
        "bills": [cashier.stand(account) for account in ("ann", "ben")],
        "payments": [cashier.payments(account) for account in ("ann", "ben")],
        "steps": [cashier.steps(account) for account in ("ann", "ben")],
        "status": [cashier.status(account) for account in ("ann", "ben")],
        "products": [cashier.product_status(product) for product in products],
        "taken": cashier.taken(),
        "cases": [(case["account"], case["step"]) for case in cashier.listed()],
    }


@pytest.mark.long
def test_a_worker_that_dies_before_any_step_changes_nothing(cashier: Cashier, collecting_stage: Any) -> None:
    steps, expected = story(cashier)
    assert expected["taken"] == ["100", "100", "100"], "three bills are due by then"
    assert expected["steps"][1][3] == "2026-03-11 suspend 100"
    chance = random.Random(SEED)
    points = sorted(chance.sample(range(1, steps + 1), POINTS))
    print(f"seed {SEED}, {steps} steps, dies before {points}")

    for number, point in enumerate(points):
        cashier.check_payments()
        collecting_stage.tidy()
        again = Cashier(collecting_stage.open())
        _, found = story(again, point, is_noted=number % 2 == 0)
        assert found == expected, f"died before step {point}"
        again.check_payments()
