"""`bss conformance` judges this suite: no binding rule is broken, and what is left open is known.

The same checks as for anybody's server. What no client can create is put into the store as a component does it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from common.conformance.check import Level, Outcome, Profile, Result, selected
from common.conformance.checks import CHECKS
from common.conformance.config import Config, ResourceConfig, read_config
from common.conformance.discovery import our_contracts
from common.conformance.oracle import Oracle
from common.conformance.report.matrix import column
from common.conformance.run import Plan, Run
from common.conformance.target import Target
from common.spec.contract import Verb
from tests.common.conformance.in_process import ADDRESS, InProcess, PumpedListener
from tests.conformance.fitted import CONTRACTS
from tests.conformance.test_oracle import stored
from tests.test_architecture import ROOT

PAGE = ROOT / "docs" / "conformance.md"
CONFIG = ROOT / "openapi" / "conformance.yaml"
STORED = 4
# SHOULD and MAY that this suite does not follow; docs/conformance.md says why.
LEFT_OPEN = {
    "TMF635/v4 usageSpecification read_only.first_state",
    "TMF670/v4 paymentMethod polymorphism.extending_type",
}


@cache
def oracle(key: str) -> Oracle:
    return Oracle(contract_of(key).document)


def contract_of(key: str):
    return next(contract for contract in our_contracts() if contract.key == key)


def judged(suite, key: str, profile: Profile) -> Run:
    """The kit on one API of the suite, what clients cannot create stored before."""
    contract = contract_of(key)
    config = read_config(CONFIG)
    for resource in contract.resources.values():
        if Verb.CREATE not in resource.operations:
            ids = tuple(stored(suite, contract, resource) for _ in range(STORED))
            said = replace(config.resource(key, resource.name), ids=ids)
            config = Config(config.headers, {**config.resources, f"{key} {resource.name}": said}, config.not_run)
    target = Target(ADDRESS + contract.base_path, transport=InProcess(suite.application))
    listener = PumpedListener(suite)
    run = Run(target, contract, tag="kit", config=config, plan=Plan(profile), listener=listener, oracle=oracle(key))
    try:
        list(run.go())
    finally:
        listener.close()
        target.close()
    return run


def told(results: list[Result]) -> list[str]:
    return [f"{one.key}: {one.finding}" for one in results]


def _holds(run: Run) -> None:
    failed = [one for one in run.results if one.outcome is Outcome.FAILED]
    assert told([one for one in failed if one.check.rule.level is Level.MUST]) == []
    assert told([one for one in failed if one.key not in LEFT_OPEN]) == []
    assert _shown(run) == _documented(run), "run python -m tests.conformance.write_matrix"
    for resource in {one.resource for one in run.results}:
        passed = [one for one in run.results if one.resource == resource and one.outcome is Outcome.PASSED]
        assert passed, f"nothing of {resource} could be judged"


def _shown(run: Run) -> dict[str, str]:
    """The cells of the published table that a run fills."""
    results = [{"check": one.check.name, "outcome": str(one.outcome)} for one in run.results]
    cells = column(results)
    return {one.name: cells[one.name] for one in selected(CHECKS, run.plan.profile)}


def _documented(run: Run) -> dict[str, str]:
    rows = [line.strip("| \n").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    head = next(row for row in rows if row[0] == "check")
    at = head.index(run.contract.key.removeprefix("TMF").replace("/", " "))
    cells = {row[0].strip("`"): row[at] for row in rows if len(row) == len(head)}
    return {one.name: cells.get(one.name, "no row") for one in selected(CHECKS, run.plan.profile)}


@pytest.mark.parametrize("shared_backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "key", [key if key.endswith("v5") else pytest.param(key, marks=pytest.mark.long) for key in CONTRACTS]
)
def test_no_binding_rule_is_broken(suite_with, key):
    _holds(judged(suite_with(callback_allow_private=True), key, Profile.CORE))


@pytest.mark.long
@pytest.mark.parametrize("key", CONTRACTS)
def test_no_rule_of_the_full_profile_is_broken(suite_with, key):
    _holds(judged(suite_with(callback_allow_private=True), key, Profile.FULL))


def test_what_is_left_open_is_explained():
    page = PAGE.read_text()
    for key in LEFT_OPEN:
        api, resource, check = key.split(" ")
        assert f"| {api} | `{resource}` | `{check}` |" in page


def test_the_readme_tells_how_much_is_judged():
    text = " ".join((ROOT / "README.md").read_text().split())
    assert f"Here {len(CHECKS)} checks run on {len(CONTRACTS)} contracts: no MUST fails" in text


def test_the_configuration_is_of_resources_that_there_are():
    known = {name for contract in our_contracts() for name in contract.resources}
    assert {name.rpartition(" ")[2] for name in read_config(CONFIG).resources} <= known
    assert all(isinstance(said, ResourceConfig) for said in read_config(CONFIG).resources.values())
