"""What happened to a resource, before anybody decides how to tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One TMF event, written in the transaction of its change.

    Shapes: `source` is the stored resource's name (`StoredResource.name`), `resource` its name in the contract;
            `document` is the whole resource after the change (before it, for a deletion), without `href`;
            `changed` names the top-level attributes that the change touched; `extra` are further members
            of the event's payload (`informationRequired`, say);
            `parents` are the ids of what a nested resource lies below, outermost first.
    """

    id: str
    type: str
    occurred_at: datetime
    source: str
    resource: str
    resource_id: str
    document: Mapping[str, Any]
    changed: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    correlation_id: str | None = None
