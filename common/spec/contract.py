"""A contract as the rest of the suite sees it, whatever dialect its document is written in.

Built by `spec.load` from a v4 (Swagger 2.0) or v5 (OpenAPI 3.0/3.1) document; immutable from then on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import quote

from common.domain.query import Document, FieldPath
from common.errors import Violation

PLACEHOLDER = re.compile(r"\{[^{}]*\}")


class Verb(StrEnum):
    """The five operations that a resource may have."""

    LIST = "list"
    RETRIEVE = "retrieve"
    CREATE = "create"
    PATCH = "patch"
    DELETE = "delete"


class EventKind(StrEnum):
    """Why an event is raised."""

    CREATE = "Create"
    DELETE = "Delete"
    STATE_CHANGE = "StateChange"
    ATTRIBUTE_VALUE_CHANGE = "AttributeValueChange"
    OTHER = "Other"  # raised by rules only: Milestone, JeopardyAlert, InformationRequired ...


class Validator(Protocol):
    """A schema, compiled once."""

    def violations(self, document: Any) -> list[Violation]:
        """Everything wrong with the document; empty when it is valid."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a resource.

    Shapes: `statuses` are the declared success codes; `media_types` those declared for the request body;
            `parameters` the declared query parameter names.
    """

    verb: Verb
    method: str
    path: str
    operation_id: str
    statuses: tuple[int, ...]
    media_types: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventContract:
    """One declared event.

    Shapes: `type` is the body's eventType (`ProductOrderStateChangeEvent`; v4 documents say `...Notification` or
            `...Event` in schema names: the type always ends in `Event`); `payload_key` the member under
            `body_key` (`event`, or `payload` in TMF666 v4) that carries the resource (`productOrder`);
            `listener_path` starts with `/listener/`; `resource` is the name in the contract, or None when the
            event belongs to no served resource.
    """

    type: str
    kind: EventKind
    resource: str | None
    payload_key: str
    body_key: str
    listener_path: str


@dataclass(frozen=True, slots=True)
class ReferenceAt:
    """A reference met in a document: where, to what type (`@referredType`, else by schema), to which id."""

    pointer: str
    steps: tuple[str, ...]  # attribute names to the referring object, array positions left out
    target_type: str
    id: str


class Fields(Protocol):
    """What the contract says of the attributes of one resource, at any depth.

    Shapes: `instants` are the names of all members that are declared as date-times.
    """

    @property
    def instants(self) -> frozenset[str]: ...

    def path(self, steps: tuple[str, ...]) -> FieldPath:
        """The place with its kind; unknown attributes are UNKNOWN and many. All subtypes of a place count."""

    def declares(self, steps: tuple[str, ...]) -> bool:
        """Whether something may stand at a place; anything may below what the contract leaves open."""

    def undeclared(self, document: Document) -> list[str]:
        """Pointers to the members, at any depth, that the contract does not have.

        An object that names its own schema (`@schemaLocation`) has what that one says.
        """

    def normalise(self, document: Document) -> None:
        """Rewrite every declared date-time in place to the stored form (`clock.normal_instant`)."""

    def references(self, document: Document) -> list[ReferenceAt]:
        """Every reference in the document, in document order (objects whose schema is a ...Ref with an id)."""

    def target_types(self, steps: tuple[str, ...]) -> frozenset[str]:
        """The type names that a reference at `steps` may lead to by its schemas; empty when none stands there.

        `ProductSpecificationRef` leads to `ProductSpecification`, a party reference to every concrete party type.
        """


@dataclass(frozen=True)
class ResourceContract:
    """One resource of one API in one major version.

    Shapes: `name` is the last segment of its path (`productOffering`), `path` that path (`/productOffering`),
            `type_name` the schema's name (`ProductOffering`).
            `parents` are the names of the resources that a nested one lies below, outermost first; its `path` is
            then the document's template (`/topic/{topicId}/event`), with a placeholder for each. Where another
            path of the document has the last segment already, `name` begins with the parent's (`topicHub`).
            `creating` judges a create body, without demanding what `fillable` lists; None when there is no create.
            `patched` judges the result of a patch: the whole resource, plus what create demands at the top level.
            `whole` judges what the server answers.
            `attributes` are all top-level names; `settable` those a create may carry; `immutable` those a patch
            may not change (always with id and href); `mandatory` those a create demands; `fillable` the mandatory
            ones that the server itself sets when the client leaves them out (the state, server dates).
            `timestamps` are the top-level date-times by which the server says when: creation (`creationDate`,
            `orderDate`) and last change (`lastUpdate`, `lastModified`).
            `states` is the enum of the state attribute; empty when it is free text or there is none.
    """

    name: str
    path: str
    type_name: str
    operations: Mapping[Verb, Operation]
    creating: Validator | None
    patched: Validator | None
    whole: Validator
    attributes: frozenset[str]
    settable: frozenset[str]
    immutable: frozenset[str]
    mandatory: frozenset[str]
    fillable: frozenset[str]
    created_at: str | None
    updated_at: str | None
    state_attribute: str | None
    states: tuple[str, ...]
    events: Mapping[EventKind, EventContract]
    other_events: Mapping[str, EventContract]
    fields: Fields
    typed: bool  # v5: the resource and its parts carry a mandatory @type
    parents: tuple[str, ...] = ()

    def path_below(self, parents: Sequence[str]) -> str:
        """The path of the collection below the parents with these ids."""
        ids = iter(parents)
        return PLACEHOLDER.sub(lambda _: quote(next(ids), safe=""), self.path) if self.parents else self.path


@dataclass(frozen=True)
class HubContract:
    """The hub of an API: which of its operations the document has."""

    creatable: bool
    retrievable: bool
    deletable: bool


@dataclass(frozen=True)
class Contract:
    """One API in one major version, as one document states it.

    Shapes: `key` is `TMF620/v5`; `base_path` like `/tmf-api/productCatalogManagement/v5`, without trailing slash;
            `document` the raw document, as published at `{base_path}/openapi.json`.
            `gaps` are operations of the document that are not served, each with its reason (`PUT /gadget`), and
            what is served and falls short of what a reader would expect, by its path (`/topic/{topicId}/hub`).
    """

    key: str
    api: str
    major: int
    version: str
    title: str
    base_path: str
    aliases: tuple[str, ...]
    document: Mapping[str, Any]
    resources: Mapping[str, ResourceContract]
    hub: HubContract | None
    events: Mapping[str, EventContract]
    gaps: Mapping[str, str]

    @property
    def is_v4(self) -> bool:
        return self.major < 5
