"""Jobs as DBOS workflows: a step that was done is not done again, a killed job goes on where it was.

Imported only when there is a job to carry out, in a thread (docs/decisions/0004: 1.6 s, 8 threads). One process has
one DBOS, so one installation of a process at a time carries out jobs. The functions' names and the order of their
steps are what a later process replays: when that changes, change `_VERSION`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

import structlog
from dbos import DBOS, SetWorkflowID

from common.jobs.carrier import Carrier, Report, add_notes, first_place
from common.jobs.ledger import JobId
from common.store.alone import beside
from common.store.database import Database

# The same for every process: whoever holds the place (`alone`) recovers what the one before it left.
_EXECUTOR = "bss-jobs"
_VERSION = "jobs-1"
_SHUTDOWN_SECONDS_MAX = 8
_LIVING = frozenset({"PENDING", "ENQUEUED", "DELAYED"})

_log = structlog.get_logger(__name__)
_process = threading.Lock()
_carrier: Carrier | None = None


class Engine:
    """DBOS of this process, while it runs for one installation."""

    def __init__(self, database: Database, carrier: Carrier) -> None:
        self._database, self._carrier = database, carrier

    def launch(self) -> bool:
        """Start DBOS and let it recover; False when this process runs it for another installation."""
        global _carrier
        if not _process.acquire(blocking=False):
            return False
        _carrier = self._carrier
        try:
            _quiet()
            DBOS(
                config={
                    "name": "bss",
                    "system_database_url": _system_database(self._database),
                    "executor_id": _EXECUTOR,
                    "application_version": _VERSION,
                    "log_level": "WARNING",
                    "enable_otlp": False,
                    "run_migrations": True,
                }
            )
            DBOS.launch()
        except BaseException:
            self.close()
            raise
        return True

    def start(self, job: JobId, url: str) -> None:
        """Begin a job, unless it was begun ever before."""
        with SetWorkflowID(job.workflow):
            DBOS.start_workflow(carry_out, job.stored, job.id, job.position, url)

    def state(self, job: JobId) -> str | None:
        """`living`, `over` or None when it was never begun."""
        found = DBOS.get_workflow_status(job.workflow)
        if found is None:
            return None
        return "living" if found.status in _LIVING else "over"

    def forget(self, job: JobId) -> None:
        """Drop what DBOS kept of a job that is over."""
        if self.state(job) == "over":
            DBOS.delete_workflow(job.workflow)

    def close(self, begun: Iterable[JobId] = ()) -> None:
        """Stop; steps under way end first, without an outcome, and are done again by whoever comes next."""
        global _carrier
        self._carrier.stop()
        try:
            # DBOS looks once a second whether its workflows have ended; nothing to wait for is the usual case.
            is_busy = any(self.state(job) == "living" for job in begun)
            DBOS.destroy(workflow_completion_timeout_sec=_SHUTDOWN_SECONDS_MAX if is_busy else 0)
        finally:
            _carrier = None
            _process.release()


@DBOS.workflow(name="bss.job")
def carry_out(stored: str, id: str, position: str, url: str) -> str:
    """One job from begin to end."""
    job = JobId(stored, id, position)
    try:
        if not _begin(stored, id, position):
            return _cancelled(stored, id, position, url)
        return _export(job, url) if _ours().kind(job) == "export" else _import(job, url)
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
    return _ours().begin(JobId(stored, id, position))


@DBOS.step(name="bss.job.write_file")
def _write_file(stored: str, id: str, position: str) -> Report:
    return _ours().export(JobId(stored, id, position))


@DBOS.step(name="bss.job.read_batch")
def _read_batch(stored: str, id: str, position: str, before: Report) -> Report:
    return _ours().read_batch(JobId(stored, id, position), before)


@DBOS.step(name="bss.job.end_export")
def _end_export(stored: str, id: str, position: str, report: Report) -> None:
    _ours().end_export(JobId(stored, id, position), report)


@DBOS.step(name="bss.job.end_import")
def _end_import(stored: str, id: str, position: str, report: Report, notes: list[str]) -> None:
    _ours().end_import(JobId(stored, id, position), report, notes)


@DBOS.step(name="bss.job.cancelled")
def _cancelled(stored: str, id: str, position: str, url: str) -> str:
    _ours().clear(JobId(stored, id, position), url)
    return "cancelled"


@DBOS.step(name="bss.job.give_up")
def _give_up(stored: str, id: str, position: str) -> None:
    _ours().give_up(JobId(stored, id, position), "the server failed; its log says why")


def _ours() -> Carrier:
    assert _carrier is not None, "a workflow runs while DBOS does"
    return _carrier


def _system_database(database: Database) -> str:
    """Where DBOS keeps its own: a file beside the suite's, or the schema `dbos` of the same PostgreSQL."""
    if database.dialect_name == "sqlite":
        return f"sqlite:///{beside(database, 'jobs.db')}"
    return database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _quiet() -> None:
    """Let DBOS log as everything else does, and only what somebody has to see."""
    logger = logging.getLogger("dbos")
    logger.handlers[:] = []
    logger.propagate = True
