"""TMF635 v5.0.0 product usage: what the contract cannot say.

- A record of a source counts once: the same externalIdentifier again is the duplicate it is, and refused when it says
  something else.
- Usage is rated as it is created (`rate`), unless it comes with a status that another system gave it (v4).
- Usage of a product that is not here waits: it stays `initialized` until the product is, and can be rejected
  meanwhile (reference modes `process` and `strict`).
- What was rated stays as it was rated: only its status moves. To mend one, move it to `corrected` first.
- Usage that was validated is accounted for and stays; usage that came to nothing may be deleted.
The last two are proposals: the standard has states and no rules about them.
"""

from __future__ import annotations

from datetime import datetime

from common.component import Recording, RuleContext
from common.domain.query import Document
from common.errors import AttributesKept, Conflict
from common.rules import reference_id
from common.store.statements import Question
from tmf635_usage.rate import REASON, WAITING, asking_horizon, horizon_in, rate
from tmf635_usage.reading import fingerprint, read, source_key
from tmf635_usage.subjects import Guide, Products
from tmf635_usage.tables import KEYS

# After a decision about money: what was decided upon is evidence.
_DECIDED = frozenset({"rated", "superseded", "notRated"})
_DELETABLE = frozenset({"initialized", "rejected", "failed"})
# The server's own date changes with the status.
_MOVING = frozenset({"status", "lastUpdate"})


class Duplicate(Conflict):
    """The same record of the same source, again."""

    code, reason = "usage.duplicate", "The usage is here already"


class OtherContent(Conflict):
    """Another record under the number of one that is here."""

    code, reason = "usage.other-content", "The record was another one before"


def on_create(usage: Document, context: RuleContext) -> None:
    """Errors: Duplicate; OtherContent."""
    if context.records is None:
        return
    is_rated = usage.get("status", WAITING) == WAITING and context.settings.reference_mode != "off"
    since, products = claim(usage, context.records, Guide(context).asking([read(usage)] if is_rated else []))
    if not is_rated:
        return
    rate([usage], context, since, written=True, products=products)
    if context.settings.reference_mode == "strict" and usage["status"] == WAITING:
        context.refuse("/product/id", "reference", usage[REASON]["message"])


def claim(usage: Document, records: Recording, also: Question[Products]) -> tuple[datetime | None, Products]:
    """Note the number of a record at its source; the `horizon`, and what is `also` asked with it.

    Errors: Duplicate; OtherContent.
    """
    table, key, asked = records(KEYS.name), source_key(usage), (asking_horizon(records), also)
    if key is None:
        before, answer = table.answers(*asked)
        return horizon_in(before), answer
    mark = fingerprint(usage)
    source, external = key
    row = {"source": source, "external": external, "usage": usage["id"], "fingerprint": mark}
    made, before, answer = table.answers(table.asking_new([row]), *asked)
    if made:
        return horizon_in(before), answer
    known = table.get(source, external)
    assert known is not None, "what could not be inserted is there"
    named = f"record {external[:80]!r} of {source[:80]!r} is productUsage {known['usage'][:80]!r}"
    if known["fingerprint"] == mark:
        raise Duplicate(f"{named}; it counts once")
    raise OtherContent(f"{named}, which says something else; correct that one, or give this one its own number")


def on_patch(before: Document, after: Document, context: RuleContext) -> None:
    status = before.get("status")
    if status in _DECIDED:
        changed = sorted(n for n in (before.keys() | after.keys()) - _MOVING if before.get(n) != after.get(n))
        if changed:
            raise AttributesKept("productUsage", before["id"], "status", status, changed, "corrected")
    if status == "initialized" and after.get("status") == "validated":
        _require_product(after, context)


def on_delete(usage: Document, context: RuleContext) -> None:
    status = usage.get("status")
    if status not in _DELETABLE:
        raise Conflict(
            f"productUsage {usage['id'][:80]!r} is {status}; only {', '.join(sorted(_DELETABLE))} usage is deleted"
        )
    if context.records is not None:
        context.records(KEYS.name).delete({"usage": usage["id"]})


def _require_product(usage: Document, context: RuleContext) -> None:
    id = reference_id(usage, "product")
    if context.settings.reference_mode == "off" or not context.library.serves("product") or id is None:
        return
    if context.library.get("product", id) is None:
        raise Conflict(f"there is no product with id {id[:80]!r} yet; the usage waits for it, or can be rejected")
