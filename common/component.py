"""What a tmfNNN package hands over, and how the suite finds it.

A package's `__init__` is one `COMPONENT` descriptor and nothing else. Components are loaded by name from the
settings; nothing imports them otherwise.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from common.domain.lifecycle import Lifecycle
from common.domain.query import Condition, Document
from common.errors import ConfigurationError, InvalidBody, Violation
from common.settings import Settings
from common.store.description import RecordTable
from common.v4.shapes import ApiMapping

if TYPE_CHECKING:
    from common.installation import Installation
    from common.rest.messages import Request, Response
    from common.store.records import Records
    from common.store.statements import Question


class Library(Protocol):
    """Reading other resources of this installation, in the transaction of the request.

    Resources are named as in their contract (`productSpecification`); one that is not served here has no
    documents and `serves` says so. `target_type` is a reference's `@referredType` or schema name.
    """

    def serves(self, resource: str) -> bool: ...

    def get(self, resource: str, id: str) -> Document | None: ...

    def get_many(self, resource: str, ids: set[str]) -> dict[str, Document]: ...

    def read_ahead(self, wanted: dict[str, set[str]], *also: Question[Any]) -> list[Any]:
        """Read what will be asked for by id, of several resources at once; it is answered as it is now.

        The answers to what else is asked then.
        """

    def find(self, resource: str, where: Condition, limit: int = 100) -> list[Document]: ...

    def owner_of(self, target_type: str) -> str | None: ...


class Change(Protocol):
    """Changes another resource in the transaction of the request, with its events.

    Top-level attributes are replaced, as `changes` says. The lifecycle table applies; that resource's own
    rules do not run, so that rules of two resources may act on each other. It may take effect at once or after
    the rule has returned. `told` are types of events beyond those that the contract has for the change.
    Errors: NotFound; IllegalTransition; RevisionConflict.
    """

    def __call__(self, resource: str, id: str, changes: Mapping[str, Any], told: tuple[str, ...] = ()) -> None: ...


class Making(Protocol):
    """Makes another resource in the transaction of the request, as a POST does it, with its rules and events.

    It is not held against the contract. One that is `as_stored` has no nulls, and its instants are written as they are
    stored (`clock.instant_text`): nobody goes through it for that.
    Errors: NotFound when nothing serves the resource; IdTaken; what its rules raise.
    """

    def __call__(self, resource: str, document: Mapping[str, Any], *, as_stored: bool = False) -> Document: ...


# Another resource by name and id, which nobody else changes until the transaction of the request ends. Who holds (or
# shares) several does so in one order everywhere: an order before its tasks, products before their account.
Holding = Callable[[str, str], Document | None]
# The records of a table (`RecordTable.name`), in the transaction of the request.
Recording = Callable[[str], "Records"]


@dataclass
class RuleContext:
    """What a rule may know, and where it says what is wrong.

    A rule reads `library`, calls `refuse` for each thing wrong with the body (all are reported together when the
    rule returns), raises a Conflict when the present state forbids the request, and may change the document it
    was given. `raise_event` adds an event the contract declares beyond the four generic kinds. `schedule(kind, key,
    at)` has a work of the component done, or looked at again, at an instant at the latest; it is written with the
    request's change. `hold` reads what nobody else changes meanwhile, `share` what nobody changes and others may share:
    a rule that judges by another resource reads it so. `in_turn(name)` has one request at a time go on from here, for
    rules that judge by many. `records` are the component's own tables;
    `offered(name)` is what another component offers (`Component.offers`), None when it is not served.
    """

    resource: str
    now: datetime
    settings: Settings
    library: Library
    correlation_id: str | None = None
    violations: list[Violation] = field(default_factory=list)
    extra_events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    update: Change | None = None
    create: Making | None = None
    schedule: Callable[[str, str, datetime], None] | None = None
    hold: Holding | None = None
    share: Holding | None = None
    in_turn: Callable[[str], None] | None = None
    records: Recording | None = None
    offered: Callable[[str], Any] | None = None

    def refuse(self, pointer: str, rule: str, message: str) -> None:
        self.violations.append(Violation(pointer, rule, message))

    def raise_event(self, event_type: str, extra: Mapping[str, Any] | None = None) -> None:
        self.extra_events.append((event_type, extra or {}))

    def settle(self) -> None:
        """Raise what the rules refused, all at once."""
        if self.violations:
            raise InvalidBody(self.violations)


CreateRule = Callable[[Document, RuleContext], None]
PatchRule = Callable[[Document, Document, RuleContext], None]
DeleteRule = Callable[[Document, RuleContext], None]


@dataclass(frozen=True)
class Resource:
    """What a component adds to one resource of its contract.

    Shapes: `indexed` are dotted attribute names that lists are filtered by; `counted` are those of them that few
            documents have a value of their own for, so that it is kept how many have which (one at least that passes
            through no array); `holds` are dotted paths of references whose targets may not be deleted while this
            document is there (they are indexed too); `is_text` and `monthly` say how it is kept (`StoredResource`);
            `defaults` are values for mandatory attributes that the client left out, beside the initial state.
            `on_create(document, context)` runs on the stamped document before it is stored; `on_patch(before, after,
            context)` on the patched one; `on_delete(document, context)` before it goes.
    """

    name: str
    indexed: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    lifecycle: Lifecycle | None = None
    versioned: bool = False
    is_text: bool = False
    monthly: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    on_create: CreateRule | None = None
    on_patch: PatchRule | None = None
    on_delete: DeleteRule | None = None
    counted: tuple[str, ...] = ()


class Steps(Protocol):
    """How one kind of work is carried out.

    One occasion: `prepare`, each of its calls to `perform`, `settle` with the answers, and again, until `prepare` has
    nothing to ask. What is given from one to the next is plain JSON (text, integers, booleans, null, lists, objects)
    and kept: an answer that was received is never asked for again. Any of the three may be done twice when the process
    dies before it was noted that it was done: `prepare` then asks the same, with the same ids, the outside takes a call
    with an id it knows as the same call, and `settle` finds that it has settled.

    `prepare` and `settle` are transactions of their own. They hold the resource first and the row second
    (`Actions.hold`, `work(kind).get(key, for_update=True)`), look at things as they are, and put the row with its next
    due, None to wait for a wake, or remove it. `prepare` comes last, so what it puts stands; whoever wakes the row
    after that gets an occasion of their own. An exception is a fault of ours: the occasion ends and is tried again
    after a pause, which grows. A failure of the outside is an answer.
    """

    def prepare(self, key: str) -> list[dict[str, Any]]:
        """What is to be asked of the outside now; nothing when there is nothing more to do on this occasion."""

    def perform(self, call: dict[str, Any]) -> dict[str, Any]:
        """Ask it, with no transaction open."""

    def settle(self, key: str, calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        """Write down what the answers mean."""


@dataclass(frozen=True)
class Work:
    """A kind of work that a component has to do later (`uow.work(kind)`, `RuleContext.schedule`).

    Shapes: `kind` is unique in the installation; `steps` names what makes its Steps, given the Installation
            (`tmf622_ordering.fulfil:Fulfil`), which is imported by whoever carries it out; `role` is what a worker is
            told to be to do it (`bss worker --role`).
    """

    kind: str
    steps: str
    role: str

    def open(self, installation: Installation) -> Steps:
        steps: Steps = imported(self.steps)(installation)
        return steps


# Why a record of a stream could not be used: `code`, `message`, and `errors` when there are several.
Refusal = dict[str, Any]


class Taker(Protocol):
    """Takes the records of a stream into the store."""

    def take(self, bodies: Sequence[bytes]) -> list[Refusal | None]:
        """What is wrong with each, in their order; the others are stored for good when it returns. The same record may
        come again, and is found to be here then.

        Errors: ServerError, and then nothing was taken.
        """


@dataclass(frozen=True)
class Intake:
    """A stream of a message broker that a component reads (`common.broker`).

    Shapes: `stream` is its name, unique in the installation; `taker` names what makes the Taker, given the Installation
            and what is to be called after a change (`tmf635_usage.stream:UsageTaker`), which is imported by whoever
            reads it; `role` is what a worker is told to be to do it.
    """

    stream: str
    taker: str
    role: str

    def open(self, installation: Installation, committed: Callable[[], None]) -> Taker:
        taker: Taker = imported(self.taker)(installation, committed)
        return taker


@dataclass(frozen=True)
class Route:
    """A path that a component answers beside its contract, where another system reports to it.

    Shapes: `path` begins behind `/tmf-api`, and its last segment may be a placeholder; `handler` names what makes the
            handler, given the Installation and what is to be called after a change
            (`tmf622_ordering.listener:Listener`), which is imported at the first request.
    """

    method: str
    path: str
    handler: str

    def open(self, installation: Installation, committed: Callable[[], None]) -> Callable[[Request], Response]:
        handler: Callable[[Request], Response] = imported(self.handler)(installation, committed)
        return handler


def imported(name: str) -> Any:
    """What a dotted name stands for (`package.module:attribute`)."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


@dataclass(frozen=True)
class Component:
    """One TMF API of the suite.

    Shapes: `name` is the package's; `api` like `TMF620`; `jobs` says which resources are jobs that `common.jobs`
            carries out, and of which kind (`import`, `export`); `works` are what it has to do later; `intakes` are
            the streams that it reads; `routes` are paths beside its contract; `commands` names the typer application of
            each `bss` command that it adds (`order` -> `tmf622_ordering.command:order_app`), which is imported when the
            command is called; `records` are tables of its own beside its documents; `offers` names what other
            components may ask, given the records of a transaction (`productHistory` ->
            `tmf637_inventory.history:ProductHistory`); `imports` names what an import job may load besides documents,
            by the name that its path has for it (`jobs.kinds.Importing`); `checks` names what its books are held
            against each other by, a list of `assurance.Check` (`tmf635_usage.assure:CHECKS`); `samples` is the folder
            of sample documents, relative to the package; `v4` says how its v4 documents say what the stored ones say
            (None: v4 is not served).
    """

    name: str
    api: str
    resources: tuple[Resource, ...]
    jobs: Mapping[str, Literal["import", "export"]] = field(default_factory=dict)
    works: tuple[Work, ...] = ()
    intakes: tuple[Intake, ...] = ()
    routes: tuple[Route, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    records: tuple[RecordTable, ...] = ()
    offers: Mapping[str, str] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)
    checks: str | None = None
    samples: str = "samples"
    v4: ApiMapping | None = None

    def resource(self, name: str) -> Resource | None:
        return next((resource for resource in self.resources if resource.name == name), None)


def load_components(names: tuple[str, ...]) -> tuple[Component, ...]:
    """The components of these packages, in this order.

    Errors: ConfigurationError when a package is not there or has no COMPONENT.
    """
    loaded = []
    for name in names:
        try:
            component = importlib.import_module(name).COMPONENT
        except ModuleNotFoundError as error:
            raise ConfigurationError(f"BSS_COMPONENTS names {name!r}, and no such package is installed") from error
        except AttributeError as error:
            raise ConfigurationError(f"the package {name!r} has no COMPONENT") from error
        if not isinstance(component, Component) or component.name != name:
            raise ConfigurationError(f"{name}.COMPONENT is not the descriptor of {name!r}")
        loaded.append(component)
    return tuple(loaded)
