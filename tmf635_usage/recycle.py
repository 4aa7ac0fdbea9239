"""Usage that waits or was rejected, rated again after the cause was mended.

Only what rating itself gave a reason is taken up; what another system or a person rejected stays so. Each chunk is a
transaction; a usage moves as the lifecycle table says, with an event for each step. What fails again stays what it is,
with its reason or the present one.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from common.component import RuleContext
from common.domain.query import Compare, Cursor, Document, FieldPath, Kind, Operator, Query
from common.installation import Installation
from common.rest.actions import Actions, acting
from common.store.repository import Row
from tmf635_usage.ingest import CHUNK
from tmf635_usage.rate import EXPLANATION, RATED, REASON, REJECTED, WAITING, horizon, rate
from tmf635_usage.reading import read
from tmf635_usage.subjects import Guide, Guided

# What rating writes onto a usage.
WRITTEN = ("product", "usageProductPrice", EXPLANATION)

_NOT_RATED = Compare(FieldPath(("status",), Kind.STRING, many=False), Operator.EQ, (WAITING, REJECTED))


@dataclass
class Recycled:
    """What was taken up: how many usages, how many of them are rated now, and why the others are not, by code."""

    taken: int = 0
    rated: int = 0
    left: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Recycle:
    """Which usage: with this reason, of this product; None is any."""

    installation: Installation
    reason: str | None = None
    product: str | None = None
    dry_run: bool = False
    size: int = CHUNK
    progress: Callable[[Recycled], None] = lambda recycled: None

    def run(self) -> Recycled:
        """Each usage once. A dry run does the same and keeps nothing, so each chunk finds the counters as they are."""
        recycled = Recycled()
        after: Cursor | None = None
        while True:
            with self.installation.database.write() as uow:
                act = acting(self.installation, uow)
                query = Query(where=_NOT_RATED, limit=self.size, after=after)
                found = uow.repository(self.installation.by_name["productUsage"].stored.name).find(query)
                if not found.rows:
                    return recycled
                self._chunk(act, found.rows, recycled)
                if not self.dry_run:
                    uow.commit()
            after = found.cursors[-1]
            self.progress(recycled)

    def _chunk(self, act: Actions, rows: tuple[Row, ...], recycled: Recycled) -> None:
        # Held in the order of ids, as everybody does who holds several.
        held = [act.hold("productUsage", id) for id in sorted(row.id for row in rows)]
        wanted = [one for one in held if one is not None and self._is_wanted(one)]
        context = act.context("productUsage")
        if self.product is not None:
            wanted = _of_product(wanted, self.product, context)
        again = [copy.deepcopy(one) for one in wanted]
        for one in again:
            one["status"] = WAITING
            one.pop(REASON)
        rate(again, context, horizon(act.records))
        for before, after in zip(wanted, again, strict=True):
            recycled.taken += 1
            if after["status"] == RATED:
                recycled.rated += 1
                move(act, before, after)
            else:
                recycled.left[after[REASON]["code"]] += 1
                _keep_waiting(act, before, after)

    def _is_wanted(self, usage: Document) -> bool:
        reason = usage.get(REASON)
        if usage["status"] not in (WAITING, REJECTED) or not isinstance(reason, dict):
            return False
        return self.reason is None or reason.get("code") == self.reason


def move(act: Actions, before: Document, after: Document) -> None:
    """From where a usage is to rated, step by step."""
    id = before["id"]
    written = {name: after[name] for name in WRITTEN if name in after}
    if before["status"] == REJECTED:
        act.change("productUsage", id, {"status": WAITING, REASON: None})
    act.change("productUsage", id, {"status": "validated", REASON: None})
    act.change("productUsage", id, {"status": RATED, **written})


def _keep_waiting(act: Actions, before: Document, after: Document) -> None:
    """Where it is, or on to being rejected, or back to waiting; with the present reason."""
    changes = {"status": after["status"], REASON: after[REASON]}
    if after["status"] == REJECTED and "product" in after:
        changes["product"] = after["product"]
    act.change("productUsage", before["id"], changes)


def _of_product(usages: list[Document], product: str, context: RuleContext) -> list[Document]:
    """Those that name the product, or lead to it."""
    guided = Guide(context).guide([read(one) for one in usages])
    return [
        one
        for one in usages
        if (one.get("product") or {}).get("id") == product
        or (isinstance(found := guided[one["id"]], Guided) and found.product == product)
    ]
