"""One running suite: settings, clock, contracts, components and store, put together and checked at start-up."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from common.component import Component, Intake, Resource, Work, imported, load_components
from common.domain.clock import Clock, SettableClock, SystemClock, read_instant
from common.domain.query import Condition, Document, Query
from common.errors import ConfigurationError
from common.settings import Settings
from common.spec.contract import Contract, ResourceContract
from common.spec.extensions import ExtensionSchemas, own_types
from common.spec.load import load_contracts, spec_files
from common.store.database import Database
from common.store.description import Index, RecordTable, StoredResource
from common.store.repository import Row
from common.store.statements import Question
from common.store.unit_of_work import UnitOfWork
from common.v4.mapping import Mapping, Mappings

PUBLISHED = Path(__file__).resolve().parent.parent / "openapi" / "published"
# PostgreSQL cuts identifiers at 63 bytes; the lookup table and index names add to ours.
TABLE_NAME_MAX = 40


@dataclass(frozen=True)
class Served:
    """One resource of one contract, with what its component adds and where it is stored."""

    contract: Contract
    resource: ResourceContract
    stored: StoredResource
    descriptor: Resource
    component: Component | None = None
    mapping: Mapping | None = None
    canonical: Served | None = None

    @property
    def name(self) -> str:
        return self.resource.name

    @property
    def kept(self) -> Served:
        """The resource as it is stored: itself, or the v5 one that this is another form of."""
        return self.canonical or self


@dataclass(frozen=True)
class Holder:
    """A reference that keeps its target from being deleted: resources of `served` point to it at `path`."""

    served: Served
    path: str


@dataclass(frozen=True)
class Installation:
    """Everything that a request, a worker or a command needs.

    Shapes: `clock` tells business time, `machine` how long a lease, a pause or a kept reply lasts: the same unless the
            settings give the business a clock that stands still; `served` by contract key and resource name; `by_name`
            the first one of each resource name, components first, without nested resources, which an id alone does not
            find; `owners` maps a type name (`ProductOffering`) to the resource name that keeps it;
            `holders` maps a resource name to the references that protect it.
    """

    settings: Settings
    clock: Clock
    database: Database
    contracts: tuple[Contract, ...]
    components: tuple[Component, ...]
    extensions: ExtensionSchemas
    served: dict[tuple[str, str], Served]
    by_name: dict[str, Served] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    holders: dict[str, tuple[Holder, ...]] = field(default_factory=dict)
    machine: Clock = field(default_factory=SystemClock)

    @classmethod
    def assemble(cls, settings: Settings, clock: Clock | None = None) -> Installation:
        """Read contracts and components, compare one with the other, open the store.

        Errors: ConfigurationError naming what does not fit; the suite does not start half.
        """
        components = load_components(settings.component_names)
        if settings.extension_dir or settings.spec_dir:
            extensions = _extensions(settings)
            contracts = load_contracts(_documents(settings), extensions)
        else:
            extensions, contracts = _published()
        served = _join(contracts, components)
        stored = {item.stored.name: item.stored for item in served.values()}
        records = [table for component in components for table in component.records]
        database = Database.open(settings, [*stored.values(), *records])
        by_name = _by_name(served.values())
        owners = {item.resource.type_name: item.name for item in by_name.values()}
        return cls(
            settings=settings,
            clock=clock or _clock(settings),
            machine=clock or SystemClock(),
            database=database,
            contracts=tuple(contracts),
            components=components,
            extensions=extensions,
            served=served,
            by_name=by_name,
            owners=owners,
            holders=_holders(by_name, owners),
        )

    def open_store(self) -> None:
        """Make the store ready for use. A SQLite file belongs to the suite alone and is brought up to date.

        Errors: ConfigurationError when a PostgreSQL schema is behind (`bss migrate` is the operator's to call).
        """
        if self.database.dialect_name == "sqlite":
            self.database.migrate()
        self.database.prepare()

    @cached_property
    def works(self) -> dict[str, Work]:
        """What the components have to do later, by kind.

        Errors: ConfigurationError when two call it the same.
        """
        works: dict[str, Work] = {}
        for component in self.components:
            for work in component.works:
                if work.kind in works:
                    raise ConfigurationError(f"{component.name}: another component has a work {work.kind!r}")
                works[work.kind] = work
        return works

    @property
    def intakes(self) -> list[Intake]:
        """The streams that the components read."""
        return [intake for component in self.components for intake in component.intakes]

    @cached_property
    def offers(self) -> dict[str, str]:
        """What the components offer each other, by name."""
        return {name: maker for component in self.components for name, maker in component.offers.items()}

    def offered(self, name: str, uow: UnitOfWork) -> Any:
        """What a component offers under a name, in a transaction; None when no component does."""
        maker = self.offers.get(name)
        return None if maker is None else imported(maker)(uow.records)

    @property
    def kept(self) -> list[Served]:
        """Every stored resource once, in the form it is stored in."""
        return [served for served in self.served.values() if served.mapping is None]

    def children(self, parent: Served) -> list[Served]:
        """The resources that lie directly below another."""
        resources = parent.contract.resources.values()
        nested = [each.name for each in resources if each.parents[-1:] == (parent.name,)]
        return [self.served[parent.contract.key, name] for name in nested]

    def library(self, uow: UnitOfWork) -> StoreLibrary:
        return StoreLibrary(self, uow)


def _clock(settings: Settings) -> Clock:
    start = read_instant(settings.clock) if settings.clock else None
    return SystemClock() if start is None else SettableClock(start)


def component_resources() -> list[StoredResource | RecordTable]:
    """What the components store, for the generator of migrations; needs no database."""
    components = load_components(Settings().component_names)
    served = _join(load_contracts(published_documents()), components)
    resources = {item.stored.name: item.stored for item in served.values()}
    return [*resources.values(), *(table for component in components for table in component.records)]


class StoreLibrary:
    """Reading other resources in the transaction of a request (`component.Library`)."""

    def __init__(self, installation: Installation, uow: UnitOfWork) -> None:
        self._installation, self._uow = installation, uow
        self._ahead: dict[str, dict[str, Row | None]] = {}

    def serves(self, resource: str) -> bool:
        return resource in self._installation.by_name

    def get(self, resource: str, id: str) -> Document | None:
        return self.get_many(resource, {id}).get(id)

    def get_many(self, resource: str, ids: set[str]) -> dict[str, Document]:
        served = self._installation.by_name.get(resource)
        if served is None or not ids:
            return {}
        ahead = self._ahead.get(resource, {})
        if ids <= ahead.keys():
            rows = {id: row for id in sorted(ids) if (row := ahead[id]) is not None}
        else:
            rows = self._uow.repository(served.stored.name).get_many(ids)
        return {id: row.document() for id, row in rows.items()}

    def read_ahead(self, wanted: dict[str, set[str]], *also: Question[Any]) -> list[Any]:
        asked = [(resource, ids) for resource, ids in wanted.items() if ids and self.serves(resource)]
        stored = [self._installation.by_name[resource].stored.name for resource, _ in asked]
        questions = [self._uow.repository(name).asking_many(ids) for name, (_, ids) in zip(stored, asked, strict=True)]
        answers = self._uow.answers(*questions, *also)
        for (resource, ids), rows in zip(asked, answers, strict=False):
            self._ahead.setdefault(resource, {}).update({id: rows.get(id) for id in ids})
        return answers[len(asked) :]

    def find(self, resource: str, where: Condition, limit: int = 100) -> list[Document]:
        served = self._installation.by_name.get(resource)
        if served is None:
            return []
        found = self._uow.repository(served.stored.name).find(Query(where=where, limit=limit))
        return [row.document() for row in found.rows]

    def owner_of(self, target_type: str) -> str | None:
        return self._installation.owners.get(target_type)


def published_documents() -> list[Path]:
    """Our own contracts, both majors."""
    return [*spec_files(PUBLISHED), *spec_files(PUBLISHED / "v4")]


def extension(name: str) -> dict[str, Any]:
    """The published document of something of ours beside the standard's APIs."""
    document: dict[str, Any] = json.loads((PUBLISHED / "extensions" / f"{name}.oas.json").read_text(encoding="utf-8"))
    return document


@cache
def _published() -> tuple[ExtensionSchemas, list[Contract]]:
    """Our own documents alone: the same for all installations of a process."""
    extensions = ExtensionSchemas(own=own_types(extension("price-plans")))
    return extensions, load_contracts(published_documents(), extensions)


def _extensions(settings: Settings) -> ExtensionSchemas:
    own = own_types(extension("price-plans"))
    return (
        ExtensionSchemas.load(Path(settings.extension_dir), own)
        if settings.extension_dir
        else ExtensionSchemas(own=own)
    )


def _documents(settings: Settings) -> list[Path]:
    files = published_documents()
    if settings.spec_dir:
        folder = Path(settings.spec_dir)
        if not folder.is_dir():
            raise ConfigurationError(f"BSS_SPEC_DIR is {settings.spec_dir!r}, and there is no such folder")
        # Documents of the folder come last: of two for one API and major the folder's wins when it is not older.
        files = [*files, *spec_files(folder)]
    return files


def _join(contracts: Iterable[Contract], components: Iterable[Component]) -> dict[tuple[str, str], Served]:
    by_api = {component.api: component for component in components}
    served: dict[tuple[str, str], Served] = {}
    contracts = sorted(contracts, key=lambda each: -each.major)  # what is stored comes before its other forms
    stored_major: dict[str, int] = {}
    for contract in contracts:
        stored_major.setdefault(contract.api, min(contract.major, 5))  # an API of v4 only is stored as v4 has it
    for contract in contracts:
        component = by_api.get(contract.api)
        if component is not None and contract.major < stored_major[contract.api]:
            served |= _other_forms(contract, component, served)
            continue
        if component is not None:
            _compare(component, contract)
        for resource in contract.resources.values():
            descriptor = (component.resource(resource.name) if component else None) or Resource(resource.name)
            served[contract.key, resource.name] = Served(
                contract=contract,
                resource=resource,
                stored=_stored(contract, resource, descriptor),
                descriptor=descriptor,
                component=component,
            )
    return served


def _other_forms(
    contract: Contract, component: Component, served: dict[tuple[str, str], Served]
) -> dict[tuple[str, str], Served]:
    """The v4 resources of a component over what v5 stores; one that v5 does not have is stored as it is.

    A v4 contract may declare events that v5 does not (TMF635 usage): those are raised too, for whoever listens in v4.
    """
    canonical = {s.name: s for s in served.values() if s.component is component}
    mappings = None
    if component.v4 is not None and canonical:
        mappings = Mappings.of(component.v4, contract, next(iter(canonical.values())).contract)
    forms: dict[tuple[str, str], Served] = {}
    for name, resource in contract.resources.items():
        kept = canonical.get(mappings.stored[name]) if mappings is not None and name in mappings.stored else None
        if kept is None or mappings is None:
            descriptor = Resource(name)
            forms[contract.key, name] = Served(contract, resource, _stored(contract, resource, descriptor), descriptor)
            continue
        kept = replace(kept, resource=replace(kept.resource, events={**resource.events, **kept.resource.events}))
        forms[kept.contract.key, kept.name] = kept
        forms[contract.key, name] = Served(
            contract, resource, kept.stored, kept.descriptor, component, mappings.by_name[name], kept
        )
    return forms


def _stored(contract: Contract, resource: ResourceContract, descriptor: Resource) -> StoredResource:
    steps = [tuple(name.split(".")) for name in dict.fromkeys((*descriptor.indexed, *descriptor.holds))]
    counted = {tuple(name.split(".")) for name in descriptor.counted}
    indexes = tuple(Index(resource.fields.path(path), path in counted) for path in steps)
    family = contract.api.lower() + ("" if contract.major == 5 else f"_v{contract.major}")
    name = f"{family}_{snake(resource.name)}"
    if len(name) > TABLE_NAME_MAX:
        digest = hashlib.sha256(name.encode()).hexdigest()[:6]
        name = f"{name[: TABLE_NAME_MAX - 7]}_{digest}"
    return StoredResource(
        name, resource.name, indexes, descriptor.versioned, monthly=descriptor.monthly, is_text=descriptor.is_text
    )


def snake(name: str) -> str:
    """`productOffering` as `product_offering`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def _compare(component: Component, contract: Contract) -> None:
    """A descriptor that does not fit its contract is a mistake of ours; say so before anybody is served."""
    for descriptor in component.resources:
        resource = contract.resources.get(descriptor.name)
        if resource is None:
            raise ConfigurationError(f"{component.name}: {contract.key} has no resource {descriptor.name!r}")
        for name in (*descriptor.indexed, *descriptor.holds):
            first = name.split(".")[0]
            if first not in resource.attributes and first != "id":
                raise ConfigurationError(f"{component.name}: {descriptor.name} has no attribute {name!r} to index")
        for name in set(descriptor.counted) - {*descriptor.indexed, *descriptor.holds}:
            raise ConfigurationError(f"{component.name}: {descriptor.name} counts {name!r}, which is not indexed")
        if descriptor.versioned and any(descriptor.name in each.parents for each in contract.resources.values()):
            raise ConfigurationError(f"{component.name}: {descriptor.name} is versioned, and others lie below it")
        lifecycle = descriptor.lifecycle
        if lifecycle is None:
            continue
        if lifecycle.attribute not in resource.attributes:
            raise ConfigurationError(f"{component.name}: {descriptor.name} has no {lifecycle.attribute!r}")
        unknown = set(lifecycle.moves) - set(resource.states) if resource.states else set()
        if unknown:
            raise ConfigurationError(
                f"{component.name}: {descriptor.name} has no state {', '.join(sorted(unknown))} in {contract.key}"
            )


def _by_name(served: Iterable[Served]) -> dict[str, Served]:
    top = (item for item in served if not item.resource.parents and item.mapping is None)
    ordered = sorted(top, key=lambda item: (item.component is None, -item.contract.major))
    result: dict[str, Served] = {}
    for item in ordered:
        result.setdefault(item.name, item)
    return result


def _holders(by_name: dict[str, Served], owners: dict[str, str]) -> dict[str, tuple[Holder, ...]]:
    """Who keeps whom from being deleted, by the types that the contract gives the references."""
    holders: dict[str, list[Holder]] = {}
    for served in by_name.values():
        for path in served.descriptor.holds:
            steps = tuple(path.split("."))
            for target_type in served.resource.fields.target_types(steps[:-1]):
                if target_type in owners:
                    holders.setdefault(owners[target_type], []).append(Holder(served, path))
    return {name: tuple(found) for name, found in holders.items()}
