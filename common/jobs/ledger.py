"""The jobs as the store has them: which are unfinished, and how one's state changes, event and all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.query import Compare, Document, Operator, Query
from common.errors import ConfigurationError
from common.installation import Installation, Served
from common.jobs.states import (
    COMPLETED_AT,
    ERROR_LOG,
    KINDS,
    NOT_STARTED,
    PROGRESS,
    RUNNING,
    STATUS,
    UNFINISHED,
    Kind,
)
from common.rest.changes import record
from common.store.unit_of_work import UnitOfWork

# Requests carry no other tenant yet (rest.messages.Request); jobs are those of the same one.
TENANT = "default"
NOTED_MAX = 100
LOG_CHARACTERS_MAX = 10_000


@dataclass(frozen=True)
class JobId:
    """One job. `position` tells it from a later one with the same id."""

    stored: str
    id: str
    position: str

    @property
    def workflow(self) -> str:
        return f"{self.stored}/{self.id}/{self.position}"


@dataclass(frozen=True)
class Unfinished:
    """A job that is to be begun or to be ended."""

    job: JobId
    url: str


@dataclass(frozen=True)
class Counts:
    """What became of the documents of a file so far."""

    read: int = 0
    created: int = 0
    present: int = 0
    failed: int = 0

    def __str__(self) -> str:
        return f"{self.read} read: {self.created} created, {self.present} present, {self.failed} failed"


class Ledger:
    """The job resources of an installation.

    Each method is a transaction of its own. Errors: Unavailable.
    """

    def __init__(self, installation: Installation, committed: Callable[[], None] = lambda: None) -> None:
        self._installation = installation
        self._committed = committed
        self._kinds: dict[str, Kind] = {}
        self._served: dict[str, Served] = {}
        for served in installation.kept:
            kind = served.component.jobs.get(served.name) if served.component else None
            if kind is None:
                continue
            if kind not in KINDS:
                raise ConfigurationError(f"{served.name}: {kind!r} is no kind of job; {' or '.join(KINDS)} is")
            self._served[served.stored.name] = served
            self._kinds[served.stored.name] = kind

    def served(self, job: JobId) -> Served:
        return self._served[job.stored]

    def kind(self, job: JobId) -> Kind:
        return self._kinds[job.stored]

    def unfinished(self, most: int) -> list[Unfinished]:
        """The first jobs, by creation, of every job resource that are not ended."""
        found = []
        with self._installation.database.read(TENANT) as uow:
            for name, served in self._served.items():
                status = served.resource.fields.path((STATUS,))
                where = Compare(status, Operator.EQ, UNFINISHED)
                for row in uow.repository(name).find(Query(where=where, limit=most)).rows:
                    found.append(Unfinished(JobId(name, row.id, row.position), str(row.document().get("url", ""))))
        return sorted(found, key=lambda one: one.job.position)

    def document(self, job: JobId) -> Document | None:
        """The job as it is now; None when it was deleted, which cancels it."""
        with self._installation.database.read(TENANT) as uow:
            return self.document_in(uow, job)

    def document_in(self, uow: UnitOfWork, job: JobId) -> Document | None:
        row = uow.repository(job.stored).get(job.id)
        return row.document() if row is not None and row.position == job.position else None

    def hold(self, uow: UnitOfWork, job: JobId) -> Document | None:
        """The job in a transaction, which nobody else changes until it ends; None when it was deleted."""
        row = uow.repository(job.stored).get(job.id, for_update=True)
        return row.document() if row is not None and row.position == job.position else None

    def note_in(self, uow: UnitOfWork, job: JobId, progress: dict[str, Any]) -> None:
        """Show how far a job is that was held, when the transaction commits; `committed` is called then."""
        self._change_in(uow, job, lambda document: {**document, PROGRESS: progress})

    def committed(self) -> None:
        """Somebody has committed a change of a job: its events can go out."""
        self._committed()

    def begin(self, job: JobId) -> Document | None:
        """Set a job running; None when it was deleted. One that runs already goes on."""

        def begun(document: Document) -> Document:
            return {**document, STATUS: RUNNING} if document[STATUS] == NOT_STARTED else document

        return self._change(job, begun)

    def note(self, job: JobId, progress: dict[str, Any]) -> Document | None:
        """Show how far a running job is; None when it was deleted."""
        return self._change(job, lambda document: {**document, PROGRESS: progress})

    def end(self, job: JobId, status: str, log: str, progress: dict[str, Any]) -> Document | None:
        """Say what came of a job. One that has ended stays as it is."""

        def ended(document: Document) -> Document:
            outcome = {STATUS: status, COMPLETED_AT: instant_text(self._installation.clock.now())}
            noted = {PROGRESS: progress} if progress else {}
            return {**document, **outcome, **noted, **({ERROR_LOG: log} if log else {})}

        return self._change(job, ended)

    def _change(self, job: JobId, change: Callable[[Document], Document]) -> Document | None:
        """One change of an unfinished job with its events, as a PATCH would make it."""
        with self._installation.database.write(TENANT) as uow:
            before, after = self._change_in(uow, job, change)
            if after != before:
                uow.commit()
        if after != before:
            self._committed()
        return after

    def _change_in(
        self, uow: UnitOfWork, job: JobId, change: Callable[[Document], Document]
    ) -> tuple[Document | None, Document | None]:
        """The job before and after; the same when there is nothing to change."""
        served, now = self._served[job.stored], self._installation.clock.now()
        repository = uow.repository(job.stored)
        row = repository.get(job.id, for_update=True)
        if row is None or row.position != job.position:
            return None, None
        before = row.document()
        after = change(before) if before[STATUS] in UNFINISHED else before
        if after == before:
            return before, before
        context = RuleContext(
            resource=served.name,
            now=now,
            settings=self._installation.settings,
            library=self._installation.library(uow),
            correlation_id=job.id,
        )
        repository.replace(row, after, now)
        record(uow, served, before, after, context)
        return before, after


def error_log(headline: str, notes: list[str], more: int) -> str:
    """What a failed job says: the headline, then what was wrong where, within bounds."""
    lines, left = [headline[:1_000]], LOG_CHARACTERS_MAX
    for place, note in enumerate(notes[:NOTED_MAX]):
        left -= len(note) + 1
        if left < 0:
            more += len(notes) - place
            break
        lines.append(note)
    else:
        more += len(notes[NOTED_MAX:])
    return "\n".join([*lines, *([f"and {more} more"] if more else [])])
