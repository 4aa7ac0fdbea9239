"""What import jobs load besides documents: kinds of records that components declare (`Component.imports`).

A job's `path` names the kind and says the rest like a query: `/tariffTable?table=intl&currency=EUR`. All of a file is
one transaction, with the job's progress in it: it is loaded whole or not at all, and never twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import BinaryIO, Literal, Protocol
from urllib.parse import parse_qsl, urlsplit

from common.component import Component, Recording, imported, load_components
from common.jobs.scope import root_name
from common.settings import Settings


class ImportRefused(Exception):
    """A file that cannot be loaded, and nothing of it was.

    Shapes: `problems` has a text for each thing wrong, with its line where it has one; `read` is how many records were
            looked at and `failed` how many of them are wrong.
    """

    def __init__(self, problems: tuple[str, ...], read: int = 0, failed: int = 0) -> None:
        super().__init__("; ".join(problems))
        self.problems, self.read, self.failed = problems, read, failed


class Loading(Protocol):
    """A file that was read and can be stored."""

    @property
    def size(self) -> int:
        """How many records it has."""

    def store(self, records: Recording, now: datetime) -> bool:
        """Write all of them; False when exactly these are here already. Errors: ImportRefused."""


class Importing(Protocol):
    """A kind of records that an import job may load.

    Shapes: `media_type` is what its files are; `parameters` are those of the job's path, each once.
    """

    media_type: str

    def wrong_with(self, parameters: Mapping[str, str]) -> list[str]:
        """What can be said before the file is read."""

    def read(self, file: BinaryIO, parameters: Mapping[str, str]) -> Loading:
        """Read all of it, without a transaction. Errors: ImportRefused."""


def kind_of(resource: str, path: str | None, settings: Settings) -> Importing | None:
    """The kind that an import job's path names; None when it names none, or the job writes.

    Errors: ValueError for a path that names nothing at all.
    """
    components = load_components(settings.component_names)
    name = root_name(path)
    maker = next((one.imports[name] for one in components if name in one.imports), None) if name else None
    if maker is None or _kind_of_job(resource, components) != "import":
        return None
    kind: Importing = imported(maker)()
    return kind


def parameters_of(path: str) -> dict[str, str]:
    """What a path says like a query. Errors: ValueError when it says something twice."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(urlsplit(path).query, keep_blank_values=True):
        if name in found:
            raise ValueError(f"path says {name[:40]} twice")
        found[name] = value
    return found


def _kind_of_job(resource: str, components: tuple[Component, ...]) -> Literal["import", "export"] | None:
    return next((one.jobs[resource] for one in components if resource in one.jobs), None)
