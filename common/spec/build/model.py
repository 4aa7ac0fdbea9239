"""What the contract sources say, as frozen values.

An entity is written once. The forms a document publishes (for create, for patch, for answers) are
not stored here; `forms.py` derives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

#: What a source may call a type besides an entity's name, and what a document then says.
PRIMITIVES: Mapping[str, Mapping[str, object]] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "int32": {"type": "integer", "format": "int32"},
    "number": {"type": "number"},
    "float": {"type": "number", "format": "float"},
    "date-time": {"type": "string", "format": "date-time"},
    "uri": {"type": "string", "format": "uri"},
    "base64": {"type": "string", "format": "base64"},
    "object": {"type": "object"},
    "map": {"type": "object", "additionalProperties": {"type": "object"}},
    "any": {},
}


#: The kinds of events, and what each tells of its resource.
EVENT_KINDS: Mapping[str, str] = {
    "Create": "was created",
    "AttributeValueChange": "changed in an attribute other than its state",
    "StateChange": "moved to another state",
    "StatusChange": "moved to another status",
    "Delete": "was deleted",
    "InformationRequired": "needs information that only the client can give",
    "ErrorMessage": "ran into an error",
    "JeopardyAlert": "is at risk of being late or failing",
    "Milestone": "reached or missed a milestone",
    "Batch": "changed together with others of its kind",
    "Cancel": "was cancelled",
    "Failure": "failed",
}


class Form(Enum):
    """The forms of an entity; the value is the suffix its name takes in a document."""

    FULL = ""
    CREATE = "_FVO"
    PATCH = "_MVO"
    ANSWER = "_RES"


@dataclass(frozen=True)
class Type:
    """The type of a field: a primitive, an entity, a list of words or an inline object; maybe many of it."""

    name: str = ""
    many: bool = False
    values: tuple[str, ...] = ()
    fields: Mapping[str, Type] = field(default_factory=dict)


@dataclass(frozen=True)
class Field:
    """One attribute of an entity. `about` is empty where the glossary's sentence is right."""

    type: Type
    about: str = ""
    default: str | int | None = None
    items_min: int | None = None


@dataclass(frozen=True)
class FormRule:
    """How one form of an entity differs from the entity itself.

    `extends` replaces the bases, literally as written; `plain` names the fields whose type stays
    the full form of its target instead of following the form.
    """

    extends: tuple[str, ...] | None = None
    require: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()


@dataclass(frozen=True)
class V4Rule:
    """How the v4 documents write an entity; what is None or empty is as in v5.

    `becomes` names the entity that stands in its place. `without` may name inherited fields, too, and
    `require` holds for all forms, whatever the bases require.
    """

    about: str = ""
    name: str = ""
    becomes: str = ""
    extends: tuple[str, ...] | None = None
    one_of: tuple[str, ...] | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] | None = None
    require: tuple[str, ...] | None = None
    create: FormRule | None = None
    patch: FormRule | None = None
    values: tuple[str, ...] = ()

    def rule(self, form: Form) -> FormRule | None:
        """What is said of one form, if anything."""
        return {Form.CREATE: self.create, Form.PATCH: self.patch}.get(form)


@dataclass(frozen=True)
class Entity:
    """One definition of the standard, as the sources state it."""

    name: str
    file: str
    about: str
    extends: tuple[str, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    require: tuple[str, ...] = ()
    create: FormRule = FormRule()
    patch: FormRule = FormRule()
    one_of: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    list_of: str = ""
    forms: frozenset[Form] | None = None
    is_root: bool = False
    maps_also: tuple[str, ...] = ()
    maps_not: tuple[str, ...] = ()
    v4: V4Rule = V4Rule()

    def rule(self, form: Form) -> FormRule:
        """What this entity says about one form."""
        return {Form.CREATE: self.create, Form.PATCH: self.patch}.get(form, FormRule())


@dataclass(frozen=True)
class Event:
    """One kind of event of a resource.

    `carries` is empty where the payload is the resource itself, `payload` and `listener` where the
    names follow from the resource and the kind.
    """

    kind: str
    payload: str = ""
    listener: str = ""
    carries: Mapping[str, Type] = field(default_factory=dict)


@dataclass(frozen=True)
class Resource:
    """A resource of an API: what can be done with it and what it tells its listeners."""

    name: str
    verbs: tuple[str, ...]
    events: tuple[Event, ...]
    is_task: bool = False

    @property
    def key(self) -> str:
        """The resource's name in paths, tags and event payloads."""
        return self.name[0].lower() + self.name[1:]


@dataclass(frozen=True)
class Api:
    """One API: its resources, what it publishes besides, and its own entities' exceptions applied."""

    code: str
    file: str
    title: str
    version: str
    about: str
    base_path: str
    aliases: tuple[str, ...]
    resources: tuple[Resource, ...]
    hub_verbs: tuple[str, ...]
    list_parameters: tuple[str, ...]
    patch_media: str
    answers_identified: bool
    publishes_also: tuple[str, ...]
    leaves_out: tuple[str, ...]
    forms: Mapping[str, frozenset[Form]]
    forms_default: frozenset[Form] | None
    entities: Mapping[str, Entity]


@dataclass(frozen=True)
class Heading:
    """What the documents of both majors say alike of an API."""

    code: str
    file: str
    title: str
    about: str


@dataclass(frozen=True)
class V4Exception:
    """What one API's v4 document says otherwise than the entities."""

    entities: tuple[str, ...]
    rule: V4Rule


@dataclass(frozen=True)
class V4Api:
    """One API as its v4 document has it. Resources and entities go by their names in the sources."""

    code: str
    file: str
    title: str
    version: str
    about: str
    base_path: str
    aliases: tuple[str, ...]
    resources: tuple[Resource, ...]
    publishes_also: tuple[str, ...]
    is_later: bool
    event_key: str
    exceptions: tuple[V4Exception, ...]
    entities: Mapping[str, Entity]


@dataclass(frozen=True)
class Sources:
    """Everything under the source folder: the APIs of both majors and the glossary of attribute sentences."""

    apis: tuple[Api, ...]
    v4_apis: tuple[V4Api, ...]
    glossary: Mapping[str, str]
