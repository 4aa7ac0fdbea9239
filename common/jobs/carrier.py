"""Carrying out one job, in steps that may each be done again. Knows nothing of how they are kept durable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from common.installation import Installation
from common.jobs.batches import Batch, Place
from common.jobs.exporting import Cancelled, write_export
from common.jobs.files import clear_parts
from common.jobs.importing import import_batch
from common.jobs.ledger import NOTED_MAX, Counts, JobId, Ledger, error_log
from common.jobs.patience import Patience
from common.jobs.places import PlaceRefused, locate
from common.jobs.states import FAILED, SUCCEEDED, Kind

# What a step gives to the next one; kept by the workflow engine, so plain JSON values only.
Report = dict[str, Any]


class Carrier:
    """The steps of jobs on one installation."""

    def __init__(
        self, installation: Installation, patience: Patience, committed: Callable[[], None] = lambda: None
    ) -> None:
        self.ledger = Ledger(installation, committed)
        self._installation = installation
        self._committed = committed
        self._patiently = patience

    def kind(self, job: JobId) -> Kind:
        return self.ledger.kind(job)

    def begin(self, job: JobId) -> bool:
        """Whether there is something to do: the job was not deleted."""
        return self._patiently(lambda: self.ledger.begin(job)) is not None

    def export(self, job: JobId) -> Report:
        """Write the file of an export."""
        try:
            written, problem = self._patiently(
                lambda: write_export(self._installation, self.ledger, job, self._patiently.check)
            )
        except Cancelled:
            return {"cancelled": True}
        return {"written": written, "problem": problem}

    def read_batch(self, job: JobId, before: Report) -> Report:
        """Create the next documents of an import and show how far it is."""
        batch = self._patiently(lambda: self._read_batch(job, _place(before)))
        if batch is None:
            return {"cancelled": True}
        place = batch.place
        return {
            **{"offset": place.offset, "number": place.number, "counts": asdict(place.counts)},
            **{"notes": list(batch.notes), "is_last": batch.is_last, "problem": batch.problem},
        }

    def end_export(self, job: JobId, report: Report) -> None:
        """Say what came of an export."""
        problem, written = report["problem"], report["written"]
        progress = {"written": written}
        if problem:
            self._end(job, FAILED, error_log(problem, [], 0), progress)
        else:
            self._end(job, SUCCEEDED, "", progress)

    def end_import(self, job: JobId, report: Report, notes: list[str]) -> None:
        """Say what came of an import: it succeeded when every document was created or present already."""
        counts = Counts(**report["counts"])
        problem = report["problem"]
        if not counts.failed and not problem:
            self._end(job, SUCCEEDED, "", asdict(counts))
            return
        found = [*([problem] if problem else []), *notes]
        self._end(job, FAILED, error_log(str(counts), found, counts.failed - len(notes)), asdict(counts))

    def give_up(self, job: JobId, reason: str) -> None:
        """End a job that cannot be carried out, by a fault of ours."""
        self._end(job, FAILED, error_log(reason, [], 0), {})

    def clear(self, job: JobId, url: str) -> None:
        """Remove what is left of the file of a job that was deleted."""
        try:
            clear_parts(locate(url, self._installation.settings.jobs), job.position)
        except PlaceRefused:
            return

    def _read_batch(self, job: JobId, place: Place) -> Batch | None:
        batch = import_batch(self._installation, self.ledger, job, place, self._patiently.check, self._committed)
        if batch is None or self.ledger.note(job, asdict(batch.place.counts)) is None:
            return None
        return batch

    def _end(self, job: JobId, status: str, log: str, progress: Report) -> None:
        self._patiently(lambda: self.ledger.end(job, status, log, progress))


def first_place() -> Report:
    """Where every import begins."""
    return {"offset": 0, "number": 0, "counts": asdict(Counts())}


def add_notes(notes: list[str], more: list[str]) -> list[str]:
    """The first notes of a job; the others are only counted."""
    return [*notes, *more][:NOTED_MAX]


def _place(report: Report) -> Place:
    return Place(report["offset"], report["number"], Counts(**report["counts"]))
