"""Many usages at once: so many in one transaction, and an outcome for each, in their order.

Each record is held against the contract, its key and the rules as a POST of it would be (`intake`). A refused one never
stops the others: what a chunk cannot take together is taken one by one. A record counts once by its key (its source and
its number there); one without a key is a new usage every time.

A chunk is looked up, rated and written as a set: what is new goes out by COPY (`store.bulk`), each document written
once for its row and its event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from common.component import RuleContext
from common.domain.query import Document
from common.errors import BssError, ClientError, IdTaken, InvalidBody, Violation
from common.exact_json import encode
from common.installation import Installation, Served
from common.rest.changes import rule_context
from common.rest.references import check_references
from common.spec.contract import EventKind
from common.store.bulk import AlreadyThere, Told, Written, without_id
from common.store.records import Records
from common.store.unit_of_work import UnitOfWork
from common.v4.pointers import shown_pointer
from tmf635_usage.intake import Intake, Record
from tmf635_usage.rate import REASON, WAITING, horizon, rate
from tmf635_usage.rules import Duplicate, OtherContent
from tmf635_usage.tables import KEYS

# Usages in one transaction: the cost of a transaction and of looking things up is shared, and nobody waits long for it.
CHUNK = 1_000
# Sources in a chunk that are asked for one by one.
SOURCES_MAX = 10
# How often a chunk is tried that somebody else has taken a part of meanwhile.
ATTEMPTS = 3
# A network knows numbers and no products; v5 wants one.
UNKNOWN_PRODUCT = {"product": {"@type": "ProductRef", "id": "unknown"}}
CREATED, DUPLICATE, REFUSED = "created", "duplicate", "refused"


class Outcome(NamedTuple):
    """What became of a record.

    Shapes: `result` is one of the three above; `id` that of the usage that is here, of this record or of the first one
            with its key; `status` what a created one is; `code` and `message` say why it waits, was rejected or was
            refused; `violations` everything that is wrong with a refused one.
    """

    result: str
    id: str | None = None
    status: str | None = None
    code: str | None = None
    message: str | None = None
    violations: tuple[Violation, ...] = ()


def chunks(records: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """The records in lists of so many, none of them read before it is asked for."""
    rest = iter(records)
    while chunk := list(islice(rest, size)):
        yield chunk


@dataclass(frozen=True)
class Ingest:
    """Takes usages in the form of one contract.

    Shapes: `served` is the resource of the contract whose form they have: `productUsage` of v5, `usage` of v4;
            `assumed` has what the contract wants and these records may lack.
    """

    installation: Installation
    served: Served
    correlation_id: str | None = None
    committed: Callable[[], None] = lambda: None
    tenant: str = "default"
    assumed: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, installation: Installation, resource: str = "productUsage", **more: Any) -> Ingest:
        """By the resource's name: `productUsage` or, as v4 has it, `usage`."""
        served = next(one for one in installation.served.values() if one.name == resource)
        return cls(installation, served, **more)

    def take(self, records: Sequence[Document | BssError]) -> list[Outcome]:
        """The outcome of each record, all in one transaction; an error stands for a record that could not be read.

        Errors: ServerError, and then nothing was taken.
        """
        fresh, wrong = self._intake.read(records)
        outcomes = {place: refused(error) for place, error in wrong.items()}
        if fresh:
            outcomes |= self._taken(fresh)
        return [outcomes[place] for place in range(len(records))]

    @cached_property
    def _intake(self) -> Intake:
        return Intake(self.installation, self.served, self.assumed)

    # -- storing ------------------------------------------------------------------------------------------

    def _taken(self, fresh: list[Record], attempts: int = ATTEMPTS) -> dict[int, Outcome]:
        try:
            with self.installation.database.write(self.tenant) as uow:
                outcomes = self._store(uow, fresh)
                uow.commit()
        except AlreadyThere:
            # Somebody else took a key or an id between our look and our writing: now we see it.
            if attempts > 1:
                return self._taken(fresh, attempts - 1)
            if len(fresh) == 1:
                raise
            return self._one_by_one(fresh)
        except ClientError as error:
            # One of them broke a rule only when it was stored.
            return {fresh[0].place: refused(error)} if len(fresh) == 1 else self._one_by_one(fresh)
        self.committed()
        return outcomes

    def _one_by_one(self, fresh: list[Record]) -> dict[int, Outcome]:
        return {place: outcome for one in fresh for place, outcome in self._taken([one]).items()}

    def _store(self, uow: UnitOfWork, fresh: list[Record]) -> dict[int, Outcome]:
        context = rule_context(self.installation, uow, self.served.kept, self.correlation_id)
        outcomes: dict[int, Outcome] = {}
        for one in fresh:
            one.document = dict(one.new)
        wanted = self._unclaimed(uow, fresh, outcomes)
        kept = self._rated(wanted, context, uow, outcomes)
        # In the order of the keys: two that claim the same ones wait for each other in one direction only.
        keyed = sorted((one.key, one) for one in kept if one.key is not None)
        uow.records(KEYS.name).load([_row(one) for _, one in keyed])
        texts = [encode(one.document).decode() for one in kept]
        name = self.served.kept.stored.name
        written = [
            Written(one.document["id"], one.document, without_id(one.document["id"], text))
            for one, text in zip(kept, texts, strict=True)
        ]
        uow.add_written(name, written, context.now)
        outcomes |= {one.place: created(one.document) for one in kept}
        assert not context.extra_events, "rating raises no event of one usage"
        event = self.served.kept.resource.events.get(EventKind.CREATE)
        if event is not None:
            alike = Told(event.type, name, self.served.kept.resource.name, context.now, self.correlation_id)
            uow.tell(alike, [one.id for one in written], texts)
        return outcomes

    def _unclaimed(self, uow: UnitOfWork, fresh: list[Record], outcomes: dict[int, Outcome]) -> list[Record]:
        """Those whose keys and ids nobody has; of the others, what they are."""
        table, rows = uow.records(KEYS.name), uow.repository(self.served.kept.stored.name)
        known = _known(table, [one.key for one in fresh if one.key is not None])
        given = {one.document["id"] for one in fresh if one.has_own_id}
        rows.hold_new(given)
        ids = set(rows.get_many(given)) if given else set()
        first: dict[tuple[str, str], Record] = {}
        left: list[Record] = []
        for one in fresh:
            row = known.get(one.key) if one.key is not None else None
            if row is None and one.key in first:
                row = _row(first[one.key])
            if row is not None:
                outcomes[one.place] = repeated(one, row)
            elif one.document["id"] in ids:
                outcomes[one.place] = refused(IdTaken("productUsage", one.document["id"]))
            else:
                ids.add(one.document["id"])
                left.append(one)
                if one.key is not None:
                    first[one.key] = one
        return left

    def _rated(
        self, wanted: list[Record], context: RuleContext, uow: UnitOfWork, outcomes: dict[int, Outcome]
    ) -> list[Record]:
        """Rated together, as far as they are to be; those that are to be stored."""
        mode = self.installation.settings.reference_mode
        if mode == "off":
            return wanted
        left = []
        for one in wanted:
            try:
                check_references(self.installation, uow, self.served.kept, one.document)
                left.append(one)
            except InvalidBody as error:
                outcomes[one.place] = refused(self._pointing(one, error))
        assert context.records is not None, "usage is rated where it is stored"
        waiting = [one.document for one in left if one.document["status"] == WAITING]
        rate(waiting, context, horizon(context.records), written=True)
        if mode == "strict":
            for one in [one for one in left if one.document["status"] == WAITING]:
                left.remove(one)
                message = one.document[REASON]["message"]
                dangling = InvalidBody([Violation("/product/id", "reference", message)])
                outcomes[one.place] = refused(self._pointing(one, dangling))
        return left

    def _pointing(self, one: Record, error: InvalidBody) -> InvalidBody:
        """What rules find wrong with the stored document is told of the client's."""
        mapping = self.served.mapping
        if mapping is None:
            return error
        return InvalidBody(
            [replace(each, pointer=shown_pointer(mapping, one.given, each.pointer)) for each in error.violations]
        )


def created(document: Document) -> Outcome:
    reason = document.get(REASON) or {}
    return Outcome(CREATED, document["id"], document["status"], reason.get("code"), reason.get("message"))


def repeated(one: Record, row: dict[str, Any]) -> Outcome:
    """The same record again, or another one under its key."""
    assert one.key is not None, "only what has a key is known by it"
    source, external = one.key
    named = f"record {external[:80]!r} of {source[:80]!r} is productUsage {row['usage'][:80]!r}"
    if row["fingerprint"] == one.mark:
        return Outcome(DUPLICATE, row["usage"], code=Duplicate.code, message=f"{named}; it counts once")
    message = f"{named}, which says something else; correct that one, or give this one its own number"
    return Outcome(REFUSED, row["usage"], code=OtherContent.code, message=message)


def refused(error: ClientError) -> Outcome:
    violations = error.violations if isinstance(error, InvalidBody) else ()
    return Outcome(REFUSED, code=error.code, message=error.message, violations=violations)


def _known(table: Records, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows of those keys that are there: a question for each source, of which a chunk has few."""
    numbers: dict[str, list[str]] = {}
    for source, external in keys:
        numbers.setdefault(source, []).append(external)
    if len(numbers) > SOURCES_MAX:
        return table.get_many(set(keys))
    rows = [
        row for source, listed in numbers.items() for row in table.find({"source": source, "external": tuple(listed)})
    ]
    return {(row["source"], row["external"]): row for row in rows}


def _row(one: Record) -> dict[str, Any]:
    assert one.key is not None, "only what has a key claims one"
    return {"source": one.key[0], "external": one.key[1], "usage": one.document["id"], "fingerprint": one.mark}
