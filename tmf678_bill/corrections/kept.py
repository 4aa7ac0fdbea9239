"""Decisions as they are kept: each counts once by what whoever made it calls it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common import exact_json
from common.component import Recording, RuleContext
from common.domain.money import Money
from common.domain.query import Document
from common.errors import NotFound
from common.store.records import Row
from tmf678_bill.corrections.errors import OtherExternal
from tmf678_bill.corrections.tables import CORRECTIONS


@dataclass(frozen=True)
class Asked:
    """How a decision is told apart. Shapes: `mark` is of everything that was asked for."""

    reason: str
    external: str | None = None
    mark: str = ""


def mark_of(body: Mapping[str, Any]) -> str:
    """What must be the same when an externalId comes again."""
    return hashlib.sha256(exact_json.encode(dict(sorted(body.items())))).hexdigest()


def recording(context: RuleContext) -> Recording:
    assert context.records is not None, "corrections are made where bills are stored"
    return context.records


def known(context: RuleContext, kind: str, asked: Asked) -> Document | None:
    """What was decided under this externalId. Errors: OtherExternal when that was something else."""
    if asked.external is None:
        return None
    found = recording(context)(CORRECTIONS.name).find({"kind": kind, "external": asked.external}, limit=1)
    if not found:
        return None
    if found[0]["mark"] != asked.mark:
        raise OtherExternal(kind, asked.external)
    return shown(found[0])


def keep(
    context: RuleContext,
    kind: str,
    asked: Asked,
    *,
    id: str,
    account: str,
    bill: str | None,
    state: str,
    amount: Money,
    doc: Document,
) -> Document:
    """A new decision; the document. Errors: OtherExternal when another has taken the externalId just now."""
    told = {} if asked.external is None else {"externalId": asked.external}
    row: Row = {
        **{"id": id, "kind": kind, "account": account, "bill": bill, "state": state, "at": context.now},
        **{"external": asked.external, "mark": asked.mark, "currency": amount.currency, "amount": amount.amount},
        "doc": {"state": state, **doc, "reason": asked.reason, **told},
    }
    if not recording(context)(CORRECTIONS.name).insert_new([row]):
        raise OtherExternal(kind, asked.external or id)
    return shown(row)


def held(context: RuleContext, kind: str, id: str) -> Row:
    """A decision. Who changes one holds its account, and reads it after that. Errors: NotFound."""
    row = recording(context)(CORRECTIONS.name).get(id)
    if row is None or row["kind"] != kind:
        raise NotFound(kind, id)
    return row


def change(context: RuleContext, row: Row, state: str, **changes: Any) -> Document:
    """The decision in another state."""
    new = {**row, "state": state, "doc": {**row["doc"], **changes, "state": state}}
    recording(context)(CORRECTIONS.name).put([new])
    return shown(new)


def shown(row: Mapping[str, Any]) -> Document:
    """As it is answered, without its address."""
    return {"id": row["id"], **row["doc"]}


def reference(type_name: str, id: str, name: str | None = None) -> Document:
    named = {} if name is None else {"name": name}
    return {"@type": f"{type_name}Ref", "id": id, **named, "@referredType": type_name}
