"""Creating the documents of a file, each as a POST would; files of records go their own way (`loading`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from common import exact_json
from common.domain.query import Document
from common.errors import ClientError, IdempotencyConflict, IdTaken, InvalidBody
from common.installation import Installation, Served
from common.jobs.batches import Batch, Place
from common.jobs.files import Item, Unreadable, open_file, read_elements, read_lines
from common.jobs.kinds import kind_of
from common.jobs.ledger import TENANT, Counts, JobId, Ledger
from common.jobs.loading import load_file
from common.jobs.places import NDJSON, PlaceRefused, format_of, locate
from common.jobs.scope import resources_of
from common.rest.endpoint import Endpoint
from common.rest.messages import Request
from common.spec.contract import Verb

# Documents between two looks at the job: it is told how far it is, and may have been deleted.
BATCH = 50
_NOTE_CHARACTERS_MAX = 500


def import_batch(
    installation: Installation,
    ledger: Ledger,
    job: JobId,
    place: Place,
    check: Callable[[], None],
    committed: Callable[[], None] = lambda: None,
) -> Batch | None:
    """Create the next documents of a job's file; None when the job was deleted.

    Doing the same batch again creates nothing again. `check` is called before each document and may end it by an
    exception.
    Errors: Unavailable.
    """
    document = ledger.document(job)
    if document is None:
        return None
    served, settings = ledger.served(job), installation.settings
    try:
        if (kind := kind_of(served.name, document.get("path"), settings)) is not None:
            return load_file(installation, ledger, job, document, kind)
        where = locate(document["url"], settings.jobs)
        is_lines = format_of(document.get("contentType"), document["url"]) == NDJSON
        creator = _Creator(installation, job, document, served, "line" if is_lines else "element", committed)
        with open_file(where) as file:
            read = read_lines if is_lines else read_elements
            items = read(file, place.offset, place.number, settings.body_bytes_max)
            notes: list[str] = []
            try:
                for done, item in enumerate(items, 1):
                    check()
                    counts, note = creator.create(item, place.counts)
                    notes += [note] if note else []
                    place = Place(item.end, item.number, counts)
                    if item.is_last or done == BATCH:
                        return Batch(place, tuple(notes), item.is_last)
            except Unreadable as error:
                return Batch(place, tuple(notes), True, str(error))
            return Batch(place, tuple(notes), True)
    except (PlaceRefused, Unreadable, ValueError) as error:
        return Batch(place, (), True, str(error))
    except OSError as error:
        return Batch(place, (), True, f"the file cannot be read: {error.strerror}")


class _Creator:
    """Puts one document after the other through the operation that creates its resource."""

    def __init__(
        self,
        installation: Installation,
        job: JobId,
        document: Document,
        served: Served,
        unit: str,
        committed: Callable[[], None],
    ) -> None:
        self._installation, self._job, self._unit = installation, job, unit
        resources = resources_of(installation, served, document.get("path"))
        self._only = resources[0] if document.get("path") and len(resources) == 1 else None
        self._by_type = {each.resource.type_name: each for each in resources}
        self._endpoints = {
            each.name: Endpoint(installation, each, committed)
            for each in resources
            if Verb.CREATE in each.resource.operations
        }

    def create(self, item: Item, before: Counts) -> tuple[Counts, str]:
        """The counts with one document more, and what was wrong with it."""
        counts = replace(before, read=before.read + 1)
        try:
            if item.content is None:
                raise ValueError(f"larger than {self._installation.settings.body_bytes_max} bytes")
            self._post(item)
        except IdTaken:
            return replace(counts, present=counts.present + 1), ""
        except IdempotencyConflict:
            raise
        except (ClientError, ValueError) as error:
            note = f"{self._unit} {item.number}: {_message(error)}"
            return replace(counts, failed=counts.failed + 1), note[:_NOTE_CHARACTERS_MAX]
        return replace(counts, created=counts.created + 1), ""

    def _post(self, item: Item) -> None:
        assert item.content is not None
        served = self._resource(exact_json.decode(item.content))
        if served.name not in self._endpoints:
            raise ValueError(f"the contract does not let anybody create a {served.name}")
        path = served.contract.base_path + served.resource.path
        # The stored reply to this key is what keeps a resumed job from creating a document without id again.
        headers = {"content-type": "application/json", "idempotency-key": f"{self._job.position}/{item.number}"}
        self._endpoints[served.name].create(
            Request(
                method="POST",
                path=path,
                base_path=served.contract.base_path,
                origin=self._installation.settings.base_url.rstrip("/") + self._installation.settings.base_prefix,
                headers=headers,
                body=item.content,
                correlation_id=self._job.id,
                tenant=TENANT,
            )
        )

    def _resource(self, document: object) -> Served:
        """Whose document this is, by its @type, else @baseType, else the job's path."""
        if not isinstance(document, dict):
            raise ValueError("not a JSON object")
        for name in ("@type", "@baseType"):
            given = document.get(name)
            if isinstance(given, str) and given in self._by_type:
                return self._by_type[given]
        if self._only is None:
            raise ValueError("/@type: names no resource that is imported here; give the job a path or correct it")
        return self._only


def _message(error: Exception) -> str:
    if isinstance(error, InvalidBody):
        return "; ".join(f"{one.pointer}: {one.message}" if one.pointer else one.message for one in error.violations)
    return str(error)
