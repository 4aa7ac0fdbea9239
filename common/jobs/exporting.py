"""Writing documents of this installation to a file, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from common.domain.query import Cursor, Document, Query
from common.errors import BssError, ServerError
from common.exact_json import encode
from common.installation import Installation, Served
from common.jobs.files import new_file
from common.jobs.ledger import TENANT, JobId, Ledger
from common.jobs.places import NDJSON, PlaceRefused, format_of, locate
from common.jobs.scope import Choice, choice_of, resources_of
from common.v4.mapping import shown_in_v5

PAGE = 500


class Cancelled(Exception):
    """The job was deleted."""


def write_export(installation: Installation, ledger: Ledger, job: JobId, check: Callable[[], None]) -> tuple[int, str]:
    """Write what a job asks for; how many documents, and why it could not be done ("" when it was).

    The file is there whole or not at all. `check` is called between pages and may end it by an exception.
    Errors: Cancelled when the job was deleted meanwhile; Unavailable.
    """
    document = ledger.document(job)
    if document is None:
        raise Cancelled
    settings, served = installation.settings, ledger.served(job)
    try:
        target = locate(document["url"], settings.jobs)
        is_lines = format_of(document.get("contentType"), document["url"]) == NDJSON
        resources = resources_of(installation, served, document.get("path"))
        chosen = [(each, choice_of(each, document.get("query"), settings)) for each in resources]
        with new_file(target, job.position) as file:
            return _write(file, _texts(installation, ledger, job, chosen, check), is_lines), ""
    except ServerError:
        raise
    except (PlaceRefused, ValueError, BssError) as error:
        return 0, str(error)
    except OSError as error:
        return 0, f"the file cannot be written: {error.strerror}"


def _write(file: BinaryIO, texts: Iterator[bytes], is_lines: bool) -> int:
    written = 0
    if not is_lines:
        file.write(b"[")
    for text in texts:
        if not is_lines:
            file.write(b",\n" if written else b"\n")
        file.write(text)
        if is_lines:
            file.write(b"\n")
        written += 1
    if not is_lines:
        file.write(b"\n]\n")
    return written


def _texts(
    installation: Installation,
    ledger: Ledger,
    job: JobId,
    chosen: list[tuple[Served, Choice]],
    check: Callable[[], None],
) -> Iterator[bytes]:
    for served, choice in chosen:
        after: Cursor | None = None
        while True:
            check()
            with installation.database.read(TENANT) as uow:
                if ledger.document_in(uow, job) is None:
                    raise Cancelled
                query = Query(where=choice.where, sort=choice.sort, limit=PAGE, after=after)
                found = uow.repository(served.stored.name).find(query)
            for row in found.rows:
                yield encode(_typed(shown_in_v5(row.document()), served))
            if len(found.rows) < PAGE:
                break
            after = found.cursors[-1]


def _typed(document: Document, served: Served) -> Document:
    """A document that says what it is, so that an import knows."""
    return document if "@type" in document else {**document, "@type": served.resource.type_name}
