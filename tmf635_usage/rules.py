"""TMF635 v5.0.0 product usage: what the contract cannot say.

- Usage of a product that is not here waits: it stays `initialized` until the product is, and can be rejected
  meanwhile (reference modes `process` and `strict`).
- What was rated stays as it was rated: only its status moves. To mend one, move it to `corrected` first.
- Usage that was validated is accounted for and stays; usage that came to nothing may be deleted.
The last two are proposals: the standard has states and no rules about them.
"""

from __future__ import annotations

from common.component import RuleContext
from common.domain.query import Document
from common.errors import Conflict
from common.rules import reference_id

# After a decision about money: what was decided upon is evidence.
_DECIDED = frozenset({"rated", "superseded", "notRated"})
_DELETABLE = frozenset({"initialized", "rejected", "failed"})
# The server's own date changes with the status.
_MOVING = frozenset({"status", "lastUpdate"})


def on_patch(before: Document, after: Document, context: RuleContext) -> None:
    status = before.get("status")
    if status in _DECIDED:
        changed = sorted(n for n in (before.keys() | after.keys()) - _MOVING if before.get(n) != after.get(n))
        if changed:
            raise Conflict(
                f"productUsage {before['id'][:80]!r} is {status} and keeps its {', '.join(changed)}; "
                "where it can be moved to corrected, do so first"
            )
    if status == "initialized" and after.get("status") == "validated":
        _require_product(after, context)


def on_delete(usage: Document, context: RuleContext) -> None:
    status = usage.get("status")
    if status not in _DELETABLE:
        raise Conflict(
            f"productUsage {usage['id'][:80]!r} is {status}; only {', '.join(sorted(_DELETABLE))} usage is deleted"
        )


def _require_product(usage: Document, context: RuleContext) -> None:
    id = reference_id(usage, "product")
    if context.settings.reference_mode == "off" or not context.library.serves("product") or id is None:
        return
    if context.library.get("product", id) is None:
        raise Conflict(f"there is no product with id {id[:80]!r} yet; the usage waits for it, or can be rejected")
