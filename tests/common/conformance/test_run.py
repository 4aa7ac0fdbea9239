"""A run leaves a server as it was, whatever happens, and says what it could not do."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from common.conformance import run as running
from common.conformance.check import Outcome
from common.conformance.config import Config, ResourceConfig, read_config
from common.conformance.discovery import chosen, locate, our_contracts
from common.conformance.run import Plan, Run
from common.conformance.target import Target, Unreachable
from common.errors import ConfigurationError
from tests.common.conformance.in_process import ADDRESS, InProcess
from tests.common.conformance.test_mutants import CONTRACT, backend, oracle, shared

__all__ = ["backend", "oracle", "shared"]
PLAN = Plan(only=("operations",), resources=("category",))


@pytest.fixture
def target(backend):
    return Target(ADDRESS + CONTRACT.base_path, transport=InProcess(backend.suite().application))


def left(backend) -> list[object]:
    return backend.suite().get(f"{CONTRACT.base_path}/category").json


def test_a_run_that_is_stopped_half_way_deletes_what_it_created(backend, target, oracle):
    results = Run(target, CONTRACT, tag="half", plan=PLAN, oracle=oracle).go()
    for _ in range(4):
        next(results)
    assert left(backend) != []

    results.close()

    assert left(backend) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_a_check_that_breaks_leaves_nothing_behind(backend, target, oracle, monkeypatch, error):
    def breaking(subject):
        subject.new()
        raise error

    broken = [replace(one, judge=breaking) if one.name == "operations.json" else one for one in running.CHECKS]
    monkeypatch.setattr(running, "CHECKS", broken)
    with pytest.raises(error):
        list(Run(target, CONTRACT, tag="broken", plan=PLAN, oracle=oracle).go())

    assert left(backend) == []


def test_what_cannot_be_deleted_is_told(backend):
    contract = next(one for one in our_contracts() if one.key == "TMF622/v5")
    target = Target(ADDRESS + contract.base_path, transport=InProcess(backend.suite().application))
    plan = Plan(only=("operations.create",), resources=("cancelProductOrder",))
    run = Run(target, contract, tag="kept", plan=plan)
    (result,) = run.go()

    assert result.outcome is Outcome.PASSED
    (left,) = run.ledger.left
    assert left.startswith("cancelProductOrder /cancelProductOrder/")
    assert left.endswith(": the contract has no delete")


def test_what_the_configuration_leaves_out_does_not_run_and_says_so(target, oracle):
    config = Config(not_run={"operations.create": "closed today"}, resources={"catalog": ResourceConfig(skip=True)})
    run = Run(target, CONTRACT, tag="less", config=config, plan=Plan(only=("operations.create",)), oracle=oracle)
    list(run.go())

    assert {one.outcome for one in run.results} == {Outcome.NOT_RUN}
    assert {one.reason for one in run.results} == {"the configuration says: closed today"}


def test_an_answer_that_makes_no_sense_does_not_stop_the_run(oracle):
    nonsense = httpx.MockTransport(lambda request: httpx.Response(200, json=[{"id": {"a": 1}}, 7, None]))
    run = Run(
        Target(ADDRESS, transport=nonsense), CONTRACT, tag="odd", plan=Plan(resources=("category",)), oracle=oracle
    )
    list(run.go())

    assert len(run.results) > 100


def test_what_is_given_for_a_server_is_not_told_to_another():
    seen: dict[str, str | None] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        seen[request.url.host] = request.headers.get("authorization")
        return httpx.Response(200)

    target = Target(
        "http://one.example", headers={"Authorization": "Bearer s3cret"}, transport=httpx.MockTransport(answer)
    )
    target.request("GET", "/a")
    target.request("GET", "http://other.example/a")

    assert seen == {"one.example": "Bearer s3cret", "other.example": None}
    assert "s3cret" not in target.exchanges[0].curl()
    assert "Authorization: ***" in target.exchanges[0].curl()


def test_a_server_that_is_not_there_is_unreachable():
    with pytest.raises(Unreachable):
        Target("http://127.0.0.1:9").request("GET", "/")


@pytest.mark.parametrize(
    ("served", "given", "found"),
    [
        ("/tmf-api/productCatalogManagement/v5", "", "/tmf-api/productCatalogManagement/v5"),
        ("/productCatalogManagement/v5", "", "/productCatalogManagement/v5"),
        ("", "", ""),
        ("/odd/place/v5", "/odd/place/v5", "/odd/place/v5"),
    ],
)
def test_an_api_is_found_where_servers_put_it(served, given, found):
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if request.url.path.startswith(f"{served}/c") else 404, json=[])

    target = Target(ADDRESS + given, transport=httpx.MockTransport(answer))
    place = locate(target, ADDRESS + given, CONTRACT)

    assert (place.answers, place.base) == (True, ADDRESS + found)


def test_contracts_are_chosen_by_api_and_version():
    assert [one.key for one in chosen(["tmf620"], "v4", [])] == ["TMF620/v4"]
    assert [one.key for one in chosen(["TMF629/v5"], None, [])] == ["TMF629/v5"]
    assert len(chosen([], None, [])) == len(our_contracts())
    for apis, version in ((["TMF999"], None), (["TMF620"], "five"), (["TMF670"], "v5")):
        with pytest.raises(ConfigurationError):
            chosen(apis, version, [])


@pytest.mark.parametrize("text", ["[1]", "resourcs: {}", "resources: {customer: {bdy: 1}}", "a: ["])
def test_a_configuration_that_means_nothing_is_refused(tmp_path, text):
    path = tmp_path / "kit.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError):
        read_config(path)


def test_a_configuration_is_of_a_resource_or_of_a_resource_in_an_api(tmp_path):
    path = tmp_path / "kit.yaml"
    path.write_text("resources: {customer: {ids: [7]}, TMF629/v4: {customer: {ids: [8]}}}")
    config = read_config(path)

    assert config.resource("TMF629/v5", "customer").ids == ("7",)
    assert config.resource("TMF629/v4", "customer").ids == ("8",)
    assert config.resource("TMF629/v4", "account") == ResourceConfig()
