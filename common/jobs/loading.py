"""Loading a file of records, whole or not at all, in the transaction that says so of its job."""

from __future__ import annotations

from dataclasses import asdict, replace

from common.domain.query import Document
from common.installation import Installation
from common.jobs.batches import Batch, Place
from common.jobs.files import Unreadable, open_file
from common.jobs.kinds import Importing, ImportRefused, Loading, parameters_of
from common.jobs.ledger import TENANT, Counts, JobId, Ledger
from common.jobs.places import PlaceRefused, locate
from common.jobs.states import PROGRESS


def load_file(
    installation: Installation, ledger: Ledger, job: JobId, document: Document, kind: Importing
) -> Batch | None:
    """Load a job's file; None when the job was deleted. Doing it again loads nothing again, and says the same.

    Errors: Unavailable.
    """
    try:
        parameters = parameters_of(document["path"])
        with open_file(locate(document["url"], installation.settings.jobs)) as file:
            loading = kind.read(file, parameters)
        return _stored(installation, ledger, job, loading)
    except ImportRefused as error:
        counts = Counts(read=error.read, failed=error.failed)
        headline = "nothing was loaded" if error.failed else "; ".join(error.problems)
        return Batch(Place(counts=counts), error.problems if error.failed else (), True, headline)
    except (PlaceRefused, Unreadable, ValueError) as error:
        return Batch(Place(), (), True, str(error))
    except OSError as error:
        return Batch(Place(), (), True, f"the file cannot be read: {error.strerror}")


def _stored(installation: Installation, ledger: Ledger, job: JobId, loading: Loading) -> Batch | None:
    read = Counts(read=loading.size)
    with installation.database.write(TENANT) as uow:
        now = ledger.hold(uow, job)
        if now is None:
            return None
        done = now.get(PROGRESS)
        if isinstance(done, dict) and done.get("created"):  # before the process died, and nobody could note it
            return Batch(Place(counts=Counts(**done)), (), True)
        try:
            is_new = loading.store(uow.records, installation.clock.now())
        except ImportRefused as error:
            return Batch(Place(counts=read), (), True, "; ".join(error.problems))
        counts = replace(read, created=read.read) if is_new else replace(read, present=read.read)
        ledger.note_in(uow, job, asdict(counts))
        uow.commit()
    ledger.committed()
    return Batch(Place(counts=counts), (), True)
