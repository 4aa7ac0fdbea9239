"""Two clients at the same moment: one wins, the other is told, nothing is lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.conformance.answers import CATEGORY, INDIVIDUAL, INDIVIDUAL_BODY, category, refused

WRITERS = 6


def at_once(*calls):
    """The answers to calls that start together."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]


def test_of_two_patches_with_the_same_etag_one_wins_and_the_other_is_412(suite):
    made = suite.post(CATEGORY, category())
    etag = made.headers["etag"]

    answers = at_once(
        *(
            lambda n=n: suite.patch(made.json["href"], {"description": f"by {n}"}, headers={"if-match": etag})
            for n in range(WRITERS)
        )
    )

    winners = [answer for answer in answers if answer.status == 200]
    assert len(winners) == 1
    for answer in answers:
        if answer is not winners[0]:
            refused(answer, 412, "precondition.failed")
    assert suite.get(made.json["href"]).json == winners[0].json


def test_patches_without_a_condition_all_take_effect(suite):
    made = suite.created(CATEGORY, category())

    answers = at_once(*(lambda n=n: suite.patch(made["href"], {f"x-{n}": n}) for n in range(WRITERS)))

    assert [answer.status for answer in answers] == [200] * WRITERS
    stored = suite.get(made["href"])
    assert {name: stored.json[name] for name in stored.json if name.startswith("x-")} == {
        f"x-{n}": n for n in range(WRITERS)
    }
    assert stored.headers["etag"].endswith(f'-{WRITERS + 1}"'), "every one of them is a revision"


def test_the_same_id_at_once_is_created_once(backend, suite):
    for path, body in ((CATEGORY, category(id="same")), (INDIVIDUAL, {**INDIVIDUAL_BODY, "id": "same"})):
        answers = at_once(*(partial(suite.post, path, body) for _ in range(WRITERS)))

        assert sorted(answer.status for answer in answers) == [201] + [409] * (WRITERS - 1)
        for answer in answers:
            if answer.status == 409:
                refused(answer, 409, "resource.id-taken")
        assert suite.get(path).headers["x-total-count"] == "1"
    assert backend.rows()["outbox"] == 2


def test_the_same_idempotency_key_at_once_creates_once(backend, suite):
    answers = at_once(
        *(lambda: suite.post(CATEGORY, category(), headers={"idempotency-key": "k"}) for _ in range(WRITERS))
    )

    created = [answer for answer in answers if answer.status == 201]
    assert len({answer.json["id"] for answer in created}) == 1
    for answer in answers:
        if answer.status != 201:
            refused(answer, 409, "idempotency.in-progress")
    assert suite.get(CATEGORY).headers["x-total-count"] == "1"
    assert backend.rows()["outbox"] == 1


def test_of_two_deletes_at_once_one_is_404(backend, suite):
    made = suite.created(CATEGORY, category())

    answers = at_once(*(lambda: suite.delete(made["href"]) for _ in range(WRITERS)))

    assert sorted(answer.status for answer in answers) == [204] + [404] * (WRITERS - 1)
    assert backend.rows()["outbox"] == 2


def test_new_versions_of_one_id_at_once_leave_one_latest(suite):
    suite.created(CATEGORY, category(id="c", version="0"))

    answers = at_once(
        *(lambda n=n: suite.post(CATEGORY, category(id="c", version=str(n))) for n in range(1, WRITERS + 1))
    )

    assert [answer.status for answer in answers] == [201] * WRITERS
    assert suite.get(f"{CATEGORY}?id=c").headers["x-total-count"] == "1"
