"""Jobs and due work as DBOS workflows: a step that was done is not done again, a killed one goes on where it was.

Imported only when there is something to carry out, in a thread (docs/decisions/0004: 1.6 s, 8 threads). One process has
one DBOS, so one installation of a process at a time carries out jobs. The functions' names and the order of their
steps are what a later process replays: when that changes, change `_VERSION`.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import structlog
from dbos import DBOS, SetWorkflowID

from common.domain.ids import ordered_id
from common.jobs.carrier import Carrier, Report, add_notes, first_place
from common.jobs.ledger import JobId
from common.jobs.patience import Patience
from common.jobs.works import Answer, Call, Works, carry_out, log_failure
from common.store.database import Database
from common.store.shares import beside

_VERSION = "jobs-1"
_WORK, _JOB = "bss.work", "bss.job"
_SHUTDOWN_SECONDS_MAX = 8
_LIVING = ("PENDING", "ENQUEUED", "DELAYED")
# Workflows looked at or forgotten in one statement.
_AT_ONCE = 500

_log = structlog.get_logger(__name__)
_process = threading.Lock()
_hands: Hands | None = None


@dataclass(frozen=True)
class Living:
    """A workflow that is not over, of whichever process: of a work, or of the job `key` when it has no kind."""

    workflow: str
    kind: str | None
    key: str


@dataclass(frozen=True)
class Hands:
    """What workflows do their steps with. `ended` is told the id of a work's workflow whose last step is done."""

    patience: Patience
    carrier: Carrier
    works: Works
    ended: Callable[[str], None]


class Engine:
    """DBOS of this process, while it runs for one installation.

    `name` tells it from those of other processes of the store that run now. DBOS itself recovers nothing, as this
    executor has left nothing behind. What another has left is taken up by who has its share (`take_up`), through a
    queue that nobody else listens to.
    """

    def __init__(self, database: Database, hands: Hands, name: str) -> None:
        self._database, self._given, self._queue = database, hands, f"bss-{name}"

    def launch(self) -> bool:
        """Start DBOS; False when this process runs it for another installation."""
        global _hands
        if not _process.acquire(blocking=False):
            return False
        _hands = self._given
        try:
            _quiet()
            DBOS(
                config={
                    "name": "bss",
                    "system_database_url": _system_database(self._database),
                    "executor_id": f"{self._queue}-{ordered_id()}",
                    "application_version": _VERSION,
                    "log_level": "WARNING",
                    "enable_otlp": False,
                    "run_migrations": True,
                }
            )
            DBOS.listen_queues([self._queue])
            DBOS.launch()
            DBOS.register_queue(self._queue, on_conflict="never_update")
        except BaseException:
            self.close(is_busy=False)
            raise
        return True

    def start_job(self, job: JobId, url: str) -> None:
        """Begin a job, unless it was begun ever before."""
        with SetWorkflowID(job.workflow):
            DBOS.start_workflow(carry_out_job, job.stored, job.id, job.position, url)

    def start_work(self, workflow: str, kind: str, key: str, revision: int) -> bool:
        """Begin an occasion of a work; False while one with the same id goes on.

        One that is over did not change its row: the row is of a restored backup, and its occasion still to come.
        """
        state = self.state(workflow)
        if state == "living":
            return False
        if state == "over":
            DBOS.delete_workflow(workflow)
        with SetWorkflowID(workflow):
            DBOS.start_workflow(carry_out_work, workflow, kind, key, revision)
        return True

    def state(self, workflow: str) -> str | None:
        """`living`, `over` or None when it was never begun."""
        found = DBOS.get_workflow_status(workflow)
        if found is None:
            return None
        return "living" if found.status in _LIVING else "over"

    def forget(self, workflow: str) -> None:
        """Drop what DBOS kept of one that is over."""
        if self.state(workflow) == "over":
            DBOS.delete_workflow(workflow)

    def forget_works(self, ended: list[str]) -> list[str]:
        """Drop what DBOS kept of works; those whose end it has not noted yet."""
        living = []
        for start in range(0, len(ended), _AT_ONCE):
            some = ended[start : start + _AT_ONCE]
            found = DBOS.list_workflows(
                workflow_ids=some, status=list(_LIVING), load_input=False, load_output=False, limit=_AT_ONCE
            )
            unfinished = {one.workflow_id for one in found}
            DBOS.delete_workflows([one for one in some if one not in unfinished])
            living += sorted(unfinished)
        return living

    def living(self) -> list[Living]:
        """What is not over, of any process; works that are over are forgotten."""
        while over := DBOS.list_workflows(
            name=_WORK, status=["SUCCESS", "ERROR"], load_input=False, load_output=False, limit=_AT_ONCE
        ):
            DBOS.delete_workflows([one.workflow_id for one in over])
        living = []
        for one in DBOS.list_workflows(name=[_WORK, _JOB], status=list(_LIVING), load_output=False):
            assert one.input is not None
            # carry_out_work(workflow, kind, key, ...), carry_out_job(stored, id, ...)
            _, *named = one.input["args"]
            living.append(
                Living(one.workflow_id, named[0], named[1])
                if one.name == _WORK
                else Living(one.workflow_id, None, named[0])
            )
        return living

    def take_up(self, workflows: list[str]) -> None:
        """Go on with what another process left, from the step after its last one."""
        if workflows:
            DBOS.resume_workflows(workflows, queue_name=self._queue)

    def close(self, *, is_busy: bool) -> None:
        """Stop; steps under way end first, without an outcome, and are done again by whoever comes next."""
        global _hands
        self._given.patience.stop()
        try:
            # DBOS looks once a second whether its workflows have ended; nothing to wait for is the usual case.
            DBOS.destroy(workflow_completion_timeout_sec=_SHUTDOWN_SECONDS_MAX if is_busy else 0)
        finally:
            _hands = None
            _process.release()


@DBOS.workflow(name=_WORK)
def carry_out_work(workflow: str, kind: str, key: str, revision: int) -> None:
    """One occasion of a work."""
    try:
        carry_out(_STEPS, kind, key, revision)
    except Exception:
        # The worker edge: the work is tried again, whatever its steps tripped over.
        log_failure(kind, key)
        _postpone(kind, key)
    finally:
        _ours().ended(workflow)


class _Steps:
    """The steps of a work as DBOS notes them."""

    def prepare(self, kind: str, key: str, revision: int) -> list[Call]:
        return _prepare(kind, key, revision)

    def perform(self, kind: str, call: Call) -> Answer:
        return _perform(kind, call)

    def settle(self, kind: str, key: str, calls: list[Call], answers: list[Answer]) -> None:
        _settle(kind, key, calls, answers)


_STEPS = _Steps()


@DBOS.step(name="bss.work.prepare")
def _prepare(kind: str, key: str, revision: int) -> list[Call]:
    return _ours().works.prepare(kind, key, revision)


@DBOS.step(name="bss.work.perform")
def _perform(kind: str, call: Call) -> Answer:
    return _ours().works.perform(kind, call)


@DBOS.step(name="bss.work.settle")
def _settle(kind: str, key: str, calls: list[Call], answers: list[Answer]) -> None:
    _ours().works.settle(kind, key, calls, answers)


@DBOS.step(name="bss.work.postpone")
def _postpone(kind: str, key: str) -> None:
    _ours().works.postpone(kind, key)


@DBOS.workflow(name=_JOB)
def carry_out_job(stored: str, id: str, position: str, url: str) -> str:
    """One job from begin to end."""
    job = JobId(stored, id, position)
    try:
        if not _begin(stored, id, position):
            return _cancelled(stored, id, position, url)
        return _export(job, url) if _ours().carrier.kind(job) == "export" else _import(job, url)
    except Exception:
        # The worker edge: whatever a step of ours trips over ends this job and no other.
        _log.exception("job failed", job=id)
        _give_up(stored, id, position)
        return "failed"


def _export(job: JobId, url: str) -> str:
    parts = (job.stored, job.id, job.position)
    report = _write_file(*parts)
    if "cancelled" in report:
        return _cancelled(*parts, url)
    _end_export(*parts, report)
    return "done"


def _import(job: JobId, url: str) -> str:
    parts = (job.stored, job.id, job.position)
    report, notes = first_place(), list[str]()
    while not report.get("is_last"):
        report = _read_batch(*parts, report)
        if "cancelled" in report:
            return _cancelled(*parts, url)
        notes = add_notes(notes, report["notes"])
    _end_import(*parts, report, notes)
    return "done"


@DBOS.step(name="bss.job.begin")
def _begin(stored: str, id: str, position: str) -> bool:
    return _ours().carrier.begin(JobId(stored, id, position))


@DBOS.step(name="bss.job.write_file")
def _write_file(stored: str, id: str, position: str) -> Report:
    return _ours().carrier.export(JobId(stored, id, position))


@DBOS.step(name="bss.job.read_batch")
def _read_batch(stored: str, id: str, position: str, before: Report) -> Report:
    return _ours().carrier.read_batch(JobId(stored, id, position), before)


@DBOS.step(name="bss.job.end_export")
def _end_export(stored: str, id: str, position: str, report: Report) -> None:
    _ours().carrier.end_export(JobId(stored, id, position), report)


@DBOS.step(name="bss.job.end_import")
def _end_import(stored: str, id: str, position: str, report: Report, notes: list[str]) -> None:
    _ours().carrier.end_import(JobId(stored, id, position), report, notes)


@DBOS.step(name="bss.job.cancelled")
def _cancelled(stored: str, id: str, position: str, url: str) -> str:
    _ours().carrier.clear(JobId(stored, id, position), url)
    return "cancelled"


@DBOS.step(name="bss.job.give_up")
def _give_up(stored: str, id: str, position: str) -> None:
    _ours().carrier.give_up(JobId(stored, id, position), "the server failed; its log says why")


def _ours() -> Hands:
    assert _hands is not None, "a workflow runs while DBOS does"
    return _hands


def _system_database(database: Database) -> str:
    """Where DBOS keeps its own: a file beside the suite's, or the schema `dbos` of the same PostgreSQL."""
    if database.dialect_name == "sqlite":
        path = beside(database, "jobs.db")
        with closing(sqlite3.connect(path)) as connection:
            # Kept in the file. DBOS leaves SQLite's default, under which readers and writers wait for each other.
            connection.execute("PRAGMA journal_mode=WAL")
        return f"sqlite:///{path}"
    return database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _quiet() -> None:
    """Let DBOS log as everything else does, and only what somebody has to see."""
    logger = logging.getLogger("dbos")
    logger.handlers[:] = []
    logger.propagate = True
