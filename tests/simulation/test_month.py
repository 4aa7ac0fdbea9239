"""A month of an operator, against a slow and obvious model: every unit and every amount is what the model says.

A failure names the seed; `-k "seed-17"` plays the same month again.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from random import Random

import pytest

from common.store.unit_of_work import UnitOfWork
from tests.postgres import postgres_server  # noqa: F401
from tests.scenarios.conftest import Stage
from tests.simulation.month.model import Known
from tests.simulation.month.operator import CHUNK, Operator
from tests.simulation.usage_truth import Told, told
from tmf635_usage import batch
from tmf635_usage.ingest import chunks

DAYS = 40
# Each month on one of the databases.
QUICK = [("sqlite", 1), ("sqlite", 2), ("postgresql", 3)]
LONG = [(("sqlite", "postgresql")[seed % 2], seed) for seed in range(11, 27)]


def _name(value: object) -> str:
    return f"seed-{value}" if isinstance(value, int) else str(value)


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("month")
    if request.param == "sqlite":
        yield from _stage(f"sqlite:///{folder}/bss.db", folder)
    else:
        with request.getfixturevalue("postgres_server").database() as url:
            yield from _stage(url, folder)


def _stage(url: str, folder: Path) -> Iterator[Stage]:
    stage = Stage(url, folder, unversioned_prices="follow")
    yield stage
    stage.suite.close()


def play(stage: Stage, seed: int, folder: Path, *, size: int, days: int, records_each: int) -> Operator:
    operator = Operator(stage.open(), Random(seed), folder, size)
    commit = UnitOfWork.commit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(UnitOfWork, "commit", lambda uow: operator.commit(commit, uow))
        patch.setattr(batch, "chunks", partial(chunks, size=CHUNK))
        operator.play(days, records_each)
    return operator


@pytest.mark.parametrize(("stage", "seed"), QUICK, indirect=["stage"], ids=_name)
def test_a_month_comes_to_what_a_slow_model_says(stage: Stage, tmp_path: Path, seed: int) -> None:
    check(stage, play(stage, seed, tmp_path, size=5, days=DAYS, records_each=5), seed)


@pytest.mark.long
@pytest.mark.parametrize(("stage", "seed"), LONG, indirect=["stage"], ids=_name)
def test_a_busier_month_comes_to_what_a_slow_model_says(stage: Stage, tmp_path: Path, seed: int) -> None:
    check(stage, play(stage, seed, tmp_path, size=12, days=DAYS, records_each=14), seed)


def check(stage: Stage, operator: Operator, seed: int) -> None:
    told_by_it, model = told(stage.suite.installation), operator.model
    stage.tidy()
    said = f"play it again with seed {seed}"
    assert _usages(told_by_it) == {key: _usage(known) for key, known in model.usages.items()}, said
    used = {
        ((allowance, scope, start), is_rolled): Fraction(quantity)
        for scope, allowance, start, _, *both in told_by_it.buckets
        for is_rolled, quantity in zip((False, True), both, strict=True)
        if quantity
    }
    assert used == model.used(), said
    counted = {(price, scope, start): Fraction(n) for scope, price, start, n in told_by_it.counters if n}
    assert counted == model.counted(), said
    balances = {
        line.id: Fraction(told_by_it.balances[f"credit-{line.id}"]) for line in operator.lines if line.is_prepaid
    }
    assert balances == {product: model.balance(product) for product in balances}, said
    assert operator.deaths, said


def _usages(found: Told) -> dict[str, tuple[object, ...]]:
    return {
        key: (
            document["status"],
            document.get("statusReason", {}).get("code", ""),
            [
                (kind, *of, Fraction(quantity), Fraction(amount))
                for kind, _, *of, _, quantity, amount in found.lines[key]
            ],
        )
        for key, document in found.usages.items()
    }


def _usage(known: Known) -> tuple[object, ...]:
    lines = () if known.rating is None else known.rating.lines
    return known.status, known.reason, [(o.kind, o.price, o.version, o.quantity, o.amount) for o in lines]
