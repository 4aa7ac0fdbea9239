"""The kit is worth what it finds: every broken server is caught by the checks meant for it, and by no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.conformance.check import Outcome, Profile
from common.conformance.checks import CHECKS, generated
from common.conformance.config import Config, ResourceConfig
from common.conformance.discovery import our_contracts
from common.conformance.oracle import Oracle
from common.conformance.run import Plan, Run
from common.conformance.target import Target
from tests.common.conformance import mutants_of_changes, mutants_of_creates
from tests.common.conformance.broken import Answered, Broken
from tests.common.conformance.in_process import ADDRESS, InProcess, PumpedListener
from tests.common.conformance.mutants import MUTANTS, Mutant, as_it_is, honest, without
from tests.conformance.conftest import Backend

assert mutants_of_changes, "its servers are among MUTANTS"
assert mutants_of_creates, "its servers are among MUTANTS"
CONTRACT = next(contract for contract in our_contracts() if contract.key == "TMF620/v5")
CONFIG = Config(resources={"category": ResourceConfig(next_state="In Design")})
MUTANTS_MIN = 40
QUICK = ("wrong total count", "null_is_ignored", "no create event")


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle(CONTRACT.document)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    folder = tmp_path_factory.mktemp("mutants")
    backend = Backend(f"sqlite:///{folder}/bss.db", folder)
    yield backend
    backend.close()


@pytest.fixture
def backend(shared: Backend) -> Iterator[Backend]:
    yield shared
    shared.empty()


def judged(backend: Backend, oracle: Oracle, behave=honest, deliver=as_it_is) -> Run:
    """The whole kit on one resource of a server that behaves so."""
    suite = backend.suite(callback_allow_private=True)
    target = Target(ADDRESS + CONTRACT.base_path, transport=InProcess(Broken(suite.application, behave)))
    listener = PumpedListener(suite, deliver)
    plan = Plan(Profile.FULL, resources=("category",))
    run = Run(target, CONTRACT, tag="mutant", config=CONFIG, plan=plan, listener=listener, oracle=oracle)
    try:
        list(run.go())
    finally:
        listener.close()
        target.close()
    return run


def failed(run: Run) -> set[str]:
    return {one.check.name for one in run.results if one.outcome is Outcome.FAILED}


def test_there_are_enough_of_them():
    assert len(MUTANTS) >= MUTANTS_MIN
    assert len({one.name for one in MUTANTS}) == len(MUTANTS)


def test_a_correct_server_has_no_failure(backend, oracle):
    run = judged(backend, oracle)

    assert failed(run) == set()
    not_run = {one.check.name for one in run.results if one.outcome is Outcome.NOT_RUN}
    of_the_network = {one.name for one in generated.CHECKS}
    assert not_run == {"read_only.created_at", "read_only.dates_are_the_servers", *of_the_network}
    assert run.ledger.left == []
    assert backend.suite(callback_allow_private=True).get(f"{CONTRACT.base_path}/category").json == []


@pytest.mark.parametrize("broken", [one for one in MUTANTS if one.name in QUICK], ids=str)
def test_some_are_caught_quickly(backend, oracle, broken):
    assert failed(judged(backend, oracle, *broken.make())) == broken.caught_by


@pytest.mark.long
@pytest.mark.parametrize("broken", [one for one in MUTANTS if one.name not in QUICK], ids=str)
def test_each_is_caught_by_the_checks_meant_for_it_and_by_no_other(backend, oracle, broken: Mutant):
    assert broken.caught_by, "a fault that nothing finds proves nothing"
    assert failed(judged(backend, oracle, *broken.make())) == broken.caught_by


def test_a_server_that_finds_nothing_has_nothing_passed(backend, oracle):
    async def nothing(asked, forward):
        return Answered(404, {"content-type": "application/json"}, b'{"code":"404","reason":"Not found"}')

    run = judged(backend, oracle, nothing)

    assert [one.check.name for one in run.results if one.outcome is Outcome.PASSED] == []
    assert "operations.list" in failed(run)


def of_products(backend: Backend, behave, name: str) -> Outcome:
    """How one check ends on products, which have a date of creation that only the server sets."""
    suite = backend.suite(callback_allow_private=True)
    contract = next(one for one in our_contracts() if one.key == "TMF637/v5")
    target = Target(ADDRESS + contract.base_path, transport=InProcess(Broken(suite.application, behave)))
    (result,) = Run(target, contract, tag="product", plan=Plan(only=(name,), resources=("product",))).go()
    return result.outcome


async def no_creation_date(asked, forward):
    answer = await forward(asked)
    return answer.each(without("creationDate")) if answer.ok and answer.body else answer


async def creation_date_of_the_client(asked, forward):
    answer = await forward(asked)
    said = asked.object.get("creationDate")
    return answer.each(lambda one: {**one, "creationDate": said}) if said and answer.ok else answer


ON_PRODUCTS = {
    "read_only.created_at": no_creation_date,
    "read_only.dates_are_the_servers": creation_date_of_the_client,
}


@pytest.mark.parametrize("name", ON_PRODUCTS)
def test_dates_of_creation_are_judged_too(backend, name):
    assert of_products(backend, honest, name) is Outcome.PASSED
    assert of_products(backend, ON_PRODUCTS[name], name) is Outcome.FAILED


def test_every_check_is_proven_by_a_broken_server():
    proven = set(ON_PRODUCTS).union(*(one.caught_by for one in MUTANTS))
    # Those of generated requests are proven in test_generated.
    assert {one.name for one in CHECKS} - {one.name for one in generated.CHECKS} == proven
