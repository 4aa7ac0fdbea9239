"""A record as its client wrote it becomes a usage as it would be stored, or is refused as a POST of it would be.

What a network writes is plain: it has nothing that the server sets, nothing for the other major, no date-times but in
characteristics, no extension type. Whether a record is so is told from its text, which is made anyway for its
fingerprint; a plain one has only to be valid. Every other one goes the way of a POST, step by step, and so does
whatever is wrong: the reasons are told there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common import exact_json
from common.domain.ids import ordered_ids
from common.domain.query import Document
from common.errors import BssError, ClientError, InvalidBody, Violation
from common.installation import Installation, Served
from common.rest.checking import check, refuse_marked
from common.rest.stamping import ID_MAX, check_id, drop_nulls, drop_server_set, stamp_created
from common.rest.view import MappedView, NativeView, View
from common.spec.contract import Validator
from common.spec.validators import JoinedValidator
from common.v4.routes import MARK
from tmf635_usage.reading import OURS, fingerprint, said, source_key


@dataclass(slots=True)
class Record:
    """A record that is well-formed: as its client wrote it, and as it is stored.

    Shapes: `place` is that among the records it came with; `key` what it counts once by; `mark` tells it from another
            one under that key. `new` is never changed: whoever tries to store it makes a `document` of it.
    """

    place: int
    given: Document
    new: Document
    has_own_id: bool
    key: tuple[str, str] | None
    mark: str
    document: Document = field(init=False)


@dataclass
class Intake:
    """Reads records in the form of one contract; `assumed` has what it wants and these records may lack."""

    installation: Installation
    served: Served
    assumed: Mapping[str, Any]
    _unusual: frozenset[str] = field(init=False)
    _marks: tuple[bytes, ...] = field(init=False)
    _judge: Validator = field(init=False)
    _takes_plain: bool = field(init=False)

    def __post_init__(self) -> None:
        contract = self.served.resource
        self._takes_plain = self.served.mapping is None and self.installation.settings.unknown_attributes != "refuse"
        # Names that the server sets, or looks at; and in a text what is more than plain.
        self._unusual = OURS | (contract.attributes - contract.settable)
        assert contract.creating is not None, "usage can be created in every version"
        self._judge, extensions = contract.creating, list[bytes]()
        if isinstance(contract.creating, JoinedValidator):
            self._judge, known = contract.creating.parts
            extensions = known.marks
        quoted = [exact_json.encode(name) for name in sorted(contract.fields.instants)]
        self._marks = (b"null", exact_json.encode(MARK)[:-1], *quoted, *extensions)

    def read(self, records: Sequence[Document | BssError]) -> tuple[list[Record], dict[int, ClientError]]:
        """The well-formed ones, in their order, and what is wrong with each of the others, by place."""
        kept = self.served.kept
        stamp: Document = {}
        stamp_created(stamp, kept.resource, kept.descriptor, self.installation.clock.now())
        found: list[Record] = []
        wrong: dict[int, ClientError] = {}
        for place, (record, id) in enumerate(zip(records, ordered_ids(len(records)), strict=True)):
            try:
                text = self._plain(record)
                if text is None:
                    found.append(self._careful(place, record, id))
                    continue
                assert isinstance(record, dict), "what is plain is an object"
                mark, key = hashlib.sha256(text).hexdigest(), _key(record)
                found.append(Record(place, record, {"id": id, **record, **stamp}, False, key, mark))
            except ClientError as error:
                wrong[place] = error
        return found, wrong

    def _plain(self, record: Document | BssError) -> bytes | None:
        """What a plain record says (`reading.said`); None of one that is not, or is not valid."""
        if not self._takes_plain or not isinstance(record, dict) or not record.keys().isdisjoint(self._unusual):
            return None
        text = said(record)
        for mark in self._marks:
            if mark in text:
                return None
        return text if not self._judge.violations({**self.assumed, **record}) else None

    def _careful(self, place: int, record: Document | BssError, id: str) -> Record:
        """As a POST does it. Errors: ClientError for what that would refuse before it looks into the store."""
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
        document: Document = {"id": stored.pop("id", None) or id, **stored}
        stamp_created(document, kept.resource, kept.descriptor, self.installation.clock.now())
        kept.resource.fields.normalise(document)
        return Record(place, given, document, has_own_id, _key(document), fingerprint(document))

    def _shown_as(self) -> View:
        served = self.served
        return MappedView(served.resource, served.mapping) if served.mapping else NativeView(served.resource)


def _key(document: Document) -> tuple[str, str] | None:
    """Errors: InvalidBody for one that no index can hold."""
    key = source_key(document)
    if key is not None and max(map(len, key)) > ID_MAX:
        told = f"owner and id have at most {ID_MAX} characters each"
        raise InvalidBody([Violation("/externalIdentifier/0/id", "identifier", told)])
    return key
