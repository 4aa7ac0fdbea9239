"""Many usages at once: so many in one transaction, and an outcome for each, in their order.

Each record is held against the contract, its key and the rules as a POST of it would be. A refused one never stops the
others: what a chunk cannot take together is taken one by one. A record counts once by its key (its source and its
number there); one without a key is a new usage every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from common.component import RuleContext
from common.domain.ids import ordered_id
from common.domain.query import Document
from common.errors import BssError, ClientError, IdTaken, InvalidBody, Violation
from common.events.derive import derive
from common.installation import Installation, Served
from common.rest.changes import rule_context
from common.rest.checking import check, refuse_marked
from common.rest.references import check_references
from common.rest.stamping import ID_MAX, check_id, drop_nulls, drop_server_set, stamp_created
from common.rest.view import MappedView, NativeView, View
from common.store.unit_of_work import UnitOfWork
from common.v4.pointers import shown_pointer
from tmf635_usage.rate import REASON, WAITING, rate
from tmf635_usage.reading import fingerprint, source_key
from tmf635_usage.rules import Duplicate, OtherContent
from tmf635_usage.tables import KEYS

# Usages in one transaction: the cost of a transaction and of looking things up is shared, and nobody waits long for it.
CHUNK = 500
# A network knows numbers and no products; v5 wants one.
UNKNOWN_PRODUCT = {"product": {"@type": "ProductRef", "id": "unknown"}}
CREATED, DUPLICATE, REFUSED = "created", "duplicate", "refused"


@dataclass(frozen=True)
class Outcome:
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


@dataclass
class _New:
    """A record that is well-formed: as its client wrote it, and as it would be stored."""

    place: int
    given: Document
    document: Document
    has_own_id: bool
    key: tuple[str, str] | None
    mark: str


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
        outcomes: dict[int, Outcome] = {}
        fresh: list[_New] = []
        for place, record in enumerate(records):
            try:
                fresh.append(self._read(place, record))
            except ClientError as error:
                outcomes[place] = refused(error)
        if fresh:
            outcomes |= self._taken(fresh)
        return [outcomes[place] for place in range(len(records))]

    # -- reading ------------------------------------------------------------------------------------------

    def _read(self, place: int, record: Document | BssError) -> _New:
        """Errors: ClientError for what a POST would refuse before it looks into the store."""
        if isinstance(record, BssError):
            raise record
        if not isinstance(record, dict):
            raise InvalidBody([Violation("", "type", "a record is a JSON object")])
        contract = self.served.resource
        given: Document = drop_nulls(record)
        refuse_marked(given)
        given.pop("href", None)
        if "id" not in contract.settable:
            given.pop("id", None)
        assert contract.creating is not None, "usage can be created in every version"
        check({**self.assumed, **given}, contract.creating, contract, self.installation.settings)
        check_id(given)
        drop_server_set(given, contract)
        kept = self.served.kept
        stored = self._shown_as().stored(dict(given))
        has_own_id = "id" in stored
        document: Document = {"id": stored.pop("id", None) or ordered_id(), **stored}
        stamp_created(document, kept.resource, kept.descriptor, self.installation.clock.now())
        kept.resource.fields.normalise(document)
        key = source_key(document)
        if key is not None and max(map(len, key)) > ID_MAX:
            told = f"owner and id have at most {ID_MAX} characters each"
            raise InvalidBody([Violation("/externalIdentifier/0/id", "identifier", told)])
        return _New(place, given, document, has_own_id, key, fingerprint(document))

    def _shown_as(self) -> View:
        served = self.served
        return MappedView(served.resource, served.mapping) if served.mapping else NativeView(served.resource)

    # -- storing ------------------------------------------------------------------------------------------

    def _taken(self, fresh: list[_New]) -> dict[int, Outcome]:
        try:
            with self.installation.database.write(self.tenant) as uow:
                outcomes = self._store(uow, [replace(one, document=dict(one.document)) for one in fresh])
                uow.commit()
        except ClientError as error:
            if len(fresh) == 1:
                return {fresh[0].place: refused(error)}
            # One of them broke a rule only when it was stored (somebody else took its id just now).
            return {place: outcome for one in fresh for place, outcome in self._taken([one]).items()}
        self.committed()
        return outcomes

    def _store(self, uow: UnitOfWork, fresh: list[_New]) -> dict[int, Outcome]:
        context = rule_context(self.installation, uow, self.served.kept, self.correlation_id)
        outcomes: dict[int, Outcome] = {}
        wanted = self._claimed(uow, fresh, outcomes)
        kept = self._rated(wanted, context, uow, outcomes)
        uow.repository(self.served.kept.stored.name).add_many([one.document for one in kept], context.now)
        outcomes |= {one.place: created(one.document) for one in kept}
        assert not context.extra_events, "rating raises no event of one usage"
        uow.record(
            event
            for one in kept
            for event in derive(
                self.served.kept.resource,
                self.served.kept.stored.name,
                before=None,
                after=one.document,
                now=context.now,
                new_id=ordered_id,
                correlation_id=self.correlation_id,
            )
        )
        return outcomes

    def _claimed(self, uow: UnitOfWork, fresh: list[_New], outcomes: dict[int, Outcome]) -> list[_New]:
        """Those whose keys and ids nobody has; of the others, what they are."""
        table, rows = uow.records(KEYS.name), uow.repository(self.served.kept.stored.name)
        known = table.get_many({one.key for one in fresh if one.key is not None})
        ids = set(rows.get_many({one.document["id"] for one in fresh if one.has_own_id}))
        first: dict[tuple[str, str], _New] = {}
        left: list[_New] = []
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
        # In the order of the keys: two that claim the same ones wait for each other in one direction only.
        made = table.insert_new(_row(first[key]) for key in sorted(first))
        lost = first.keys() - made
        if lost:  # somebody else claimed them since we looked
            known = table.get_many(lost)
            outcomes |= {first[key].place: repeated(first[key], known[key]) for key in lost}
            left = [one for one in left if one.key not in lost]
        return left

    def _rated(
        self, wanted: list[_New], context: RuleContext, uow: UnitOfWork, outcomes: dict[int, Outcome]
    ) -> list[_New]:
        """Rated together, as far as they are to be; those that are to be stored."""
        mode = self.installation.settings.reference_mode
        if mode == "off":
            return wanted
        left, gone = [], []
        for one in wanted:
            try:
                check_references(self.installation, uow, self.served.kept, one.document)
                left.append(one)
            except InvalidBody as error:
                gone.append(one)
                outcomes[one.place] = refused(self._pointing(one, error))
        rate([one.document for one in left if one.document["status"] == WAITING], context)
        if mode == "strict":
            for one in [one for one in left if one.document["status"] == WAITING]:
                left.remove(one)
                gone.append(one)
                message = one.document[REASON]["message"]
                dangling = InvalidBody([Violation("/product/id", "reference", message)])
                outcomes[one.place] = refused(self._pointing(one, dangling))
        for one in gone:
            if one.key is not None:
                source, external = one.key
                uow.records(KEYS.name).delete({"source": source, "external": external})
        return left

    def _pointing(self, one: _New, error: InvalidBody) -> InvalidBody:
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


def repeated(one: _New, row: dict[str, Any]) -> Outcome:
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


def _row(one: _New) -> dict[str, Any]:
    assert one.key is not None, "only what has a key claims one"
    return {"source": one.key[0], "external": one.key[1], "usage": one.document["id"], "fingerprint": one.mark}
