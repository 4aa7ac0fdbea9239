"""What a job is about: which resources its `path` names and which documents its `query` chooses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from common.domain.query import AnyOf, Compare, Condition, FieldPath, Kind, Operator, SortKey
from common.errors import InvalidParameter
from common.filters import Resolve, parse_query
from common.installation import Installation, Served
from common.rest.query import read_list
from common.settings import Settings

_VERSION = re.compile(r"v\d+")
# A job's `query` chooses and orders; what a page of a list has beside that means nothing in a file.
_PARAMETERS = frozenset({"filter", "sort"})


@dataclass(frozen=True)
class Choice:
    """The documents of one resource that a job writes, and their order."""

    where: Condition | None
    sort: tuple[SortKey, ...]


def root_name(path: str | None) -> str | None:
    """The resource that a job's `path` names (`/category`, or its whole URL); None for everything of the API.

    Errors: ValueError when it names neither.
    """
    parts = [unquote(part) for part in urlsplit(path or "").path.split("/") if part]
    versions = [place for place, part in enumerate(parts) if _VERSION.fullmatch(part)]
    if versions:
        parts = parts[versions[0] + 1 :]
    if len(parts) > 1:
        raise ValueError("path names one resource, as in /category")
    return parts[0] if parts else None


def resources_of(installation: Installation, job: Served, path: str | None) -> list[Served]:
    """The resources that a job is about, those that others refer to first.

    Jobs themselves are left out, and so is what lies below others. `path` stays as the client sent it, so it may name
    a resource as either major does: `/catalog` is `/productCatalog`.
    Errors: ValueError when the API has no such resource.
    """
    jobs = job.component.jobs if job.component else {}
    own = [installation.served[job.contract.key, name] for name in _top(job) if name not in jobs]
    name = root_name(path)
    if name is None:
        return _targets_first(installation, own)
    v4 = job.component.v4 if job.component else None
    names = {name, v4.resources.get(name, name)} if v4 else {name}
    chosen = [served for served in own if served.name in names]
    if not chosen:
        raise ValueError(f"path: {job.contract.key} has no {name[:80]!r} to move")
    return chosen


def _top(job: Served) -> list[str]:
    return [name for name, resource in job.contract.resources.items() if not resource.parents]


def check_query(raw: str, settings: Settings) -> None:
    """Errors: InvalidParameter for a query that no resource could be asked."""
    read_choice(raw, lambda steps: FieldPath(steps, Kind.STRING, False), settings)


def read_choice(raw: str, resolve: Resolve, settings: Settings) -> Choice:
    """A job's `query`, in the grammar of lists.

    Errors: InvalidParameter, also for parameters that mean nothing in a file.
    """
    raw = raw.removeprefix("?")
    limits = {"terms_max": settings.filter_terms_max, "regex_length_max": settings.regex_length_max}
    for name in parse_query(raw, resolve, **limits).parameters:
        if name not in _PARAMETERS:
            raise InvalidParameter(name, "means nothing to a job; leave it out")
    asked = read_list(raw, resolve, settings).query
    return Choice(asked.where, asked.sort)


def choice_of(served: Served, raw: str | None, settings: Settings) -> Choice:
    """What to write of a resource: what a list would answer; without a query, every version too.

    Errors: InvalidParameter.
    """
    fields = served.resource.fields
    if raw:
        return read_choice(raw, fields.path, settings)
    if not served.descriptor.versioned:
        return Choice(None, ())
    # Naming the version is what makes the store look at all of them.
    version = fields.path(("version",))
    return Choice(AnyOf((Compare(version, Operator.EQ, ("",)), Compare(version, Operator.NE, ("",)))), ())


def _targets_first(installation: Installation, own: list[Served]) -> list[Served]:
    """In an order in which a file can be read again: what is referred to stands before what refers to it."""
    names = {served.name: served for served in own}
    needs: dict[str, set[str]] = {name: set() for name in names}
    for target in names:
        for holder in installation.holders.get(target, ()):
            if names.get(holder.served.name) is holder.served and holder.served.name != target:
                needs[holder.served.name].add(target)
    ordered: list[Served] = []
    while needs:
        # Of resources that refer to each other the first in the contract goes first.
        free = next((name for name, targets in needs.items() if not targets & needs.keys()), next(iter(needs)))
        ordered.append(names[free])
        del needs[free]
    return ordered
