"""Generated requests find what no written check asks for. They need a server on the network, so one is started."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from common.conformance import generating
from common.conformance.check import Outcome, Profile
from common.conformance.checks.generated import CHECKS
from common.conformance.run import Plan, Run
from common.conformance.target import Target
from tests.common.conformance.broken import Answered, Broken
from tests.common.conformance.mutants import creating, honest
from tests.common.conformance.test_mutants import CONTRACT, backend, failed, oracle, shared
from tests.server import free_port

__all__ = ["backend", "oracle", "shared"]
pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def time_enough(monkeypatch):
    monkeypatch.setattr(generating, "SECONDS_MAX", 600)


@contextmanager
def served(application) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(application, port=port, lifespan="off", log_config=None, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def judged(backend, oracle, behave) -> Run:
    with served(Broken(backend.suite().application, behave)) as url:
        target = Target(url + CONTRACT.base_path)
        plan = Plan(Profile.FULL, only=("generated",), resources=("category",))
        run = Run(target, CONTRACT, tag="generated", plan=plan, oracle=oracle)
        list(run.go())
        target.close()
    return run


async def failing_on_more_than_the_least(asked, forward):
    if creating(asked) and len(asked.object) > 2:
        return Answered(500, {"content-type": "application/json"}, b"{}")
    return await forward(asked)


async def answering_what_nobody_declared(asked, forward):
    answer = await forward(asked)
    return Answered(218, answer.headers, answer.body) if asked.on("PATCH") else answer


async def answering_numbers_for_texts(asked, forward):
    answer = await forward(asked)
    return answer.each(lambda one: {**one, "name": 5}) if creating(asked) and answer.ok else answer


async def finding_nothing_to_delete(asked, forward):
    if asked.on("DELETE"):
        return Answered(404, {"content-type": "application/json"}, b'{"code":"x","reason":"gone","@type":"Error"}')
    return await forward(asked)


BROKEN = {
    "generated.no_server_error": failing_on_more_than_the_least,
    "generated.declared": answering_what_nobody_declared,
    "generated.schema": answering_numbers_for_texts,
    "generated.links": finding_nothing_to_delete,
}


def test_a_correct_server_has_no_failure_and_is_left_clean(backend, oracle):
    run = judged(backend, oracle, honest)

    assert [one.outcome for one in run.results] == [Outcome.PASSED] * len(CHECKS)
    assert backend.suite().get(f"{CONTRACT.base_path}/category").json == []


@pytest.mark.parametrize("name", BROKEN)
def test_each_fault_is_found(backend, oracle, name):
    assert name in failed(judged(backend, oracle, BROKEN[name]))


def test_every_generated_check_is_proven():
    assert {one.name for one in CHECKS} == set(BROKEN)
