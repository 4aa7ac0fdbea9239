"""Usage that is old enough is given up by the month: documents, ratings, lines, and the numbers of their sources.

What bills charge stays: items of bills are documents of their own, and what the lines given up came to is added to the
retired sums of their claim, so that the billed sums still agree with what there is (`assure`). Records of usage before
the horizon are refused from then on, because nobody could tell whether they were here before. On PostgreSQL whole
partitions are dropped; nobody rates meanwhile, which is as long as it takes to look for what may not go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from common.errors import Conflict
from common.installation import Installation
from common.store.partitions import Month
from common.store.records import Between, Summed
from common.store.unit_of_work import UnitOfWork
from tmf635_usage.claims import NOBODYS, read_claims
from tmf635_usage.rate import WAITING
from tmf635_usage.tables import CHARGED, HORIZON, KEYS, LINES, RATINGS, RETIRED_SUMS, SESSIONS

_USAGE = "usage"


def read_month(text: str) -> Month | None:
    """`2026-01`; None for what is no month that a date can be in."""
    found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text)
    return Month(int(found[1]), int(found[2])) if found is not None and int(found[1]) > 0 else None


class NotRetirable(Conflict):
    """Something before the month is still needed."""

    code, reason = "usage.needed", "Usage of that time is still needed"


@dataclass(frozen=True)
class Retired:
    """How many of each are no longer here."""

    before: datetime
    usages: int = 0
    ratings: int = 0
    lines: int = 0
    numbers: int = 0


@dataclass(frozen=True)
class Retire:
    """Gives up what lies before a month."""

    installation: Installation
    uow: UnitOfWork = field(repr=False)

    @classmethod
    def run(cls, installation: Installation, before: Month, *, keep: bool = False) -> Retired:
        """What went; with `keep` it only says what would.

        Errors: NotRetirable naming what is still needed.
        """
        with installation.database.write() as uow:
            done = cls(installation, uow)._before(before)
            if not keep:
                uow.commit()
        return done

    def _before(self, before: Month) -> Retired:
        usage = self.installation.by_name["productUsage"].stored.name
        retirement = self.uow.retirement
        # The horizon too: who has read it takes usage in, or is done, before it moves.
        retirement.keep_others_out([KEYS.name, HORIZON.name, RATINGS.name, LINES.name], [usage])
        if waiting := retirement.count(usage, "x_status", WAITING, before):
            raise NotRetirable(f"{waiting} usages wait to be rated; run `bss usage recycle`, or reject them")
        self._check(before.start)
        self._carry_sums(before.start)
        usages = retirement.documents(usage, before, RATINGS.name, "usage")
        lines, ratings = (retirement.records(name, before) for name in (LINES.name, RATINGS.name))
        numbers = retirement.orphans(KEYS.name, "usage", usage)
        self.uow.records(HORIZON.name).put([{"kind": _USAGE, "before": before.start}])
        return Retired(before.start, usages, ratings, lines, numbers)

    def _check(self, before: datetime) -> None:
        sums = self._charged(["amount"], ["account", "claim"], before)
        owing = [one for one, is_billed in sums if one.sums["amount"] and not is_billed]
        if owing:
            accounts = list(dict.fromkeys(str(one.group["account"]) for one in owing))
            raise NotRetirable(
                f"{sum(one.count for one in owing)} lines of {len(accounts)} accounts are not billed yet "
                f"({', '.join(accounts[:5])}); run `bss bill run`, or choose an earlier month"
            )
        begun = self.uow.records(SESSIONS.name).find({"state": "open", "started": Between(end=before)}, limit=5)
        if begun:
            named = ", ".join(row["id"] for row in begun)
            raise NotRetirable(f"charging sessions that began earlier are open: {named}; they lapse by themselves")

    def _carry_sums(self, before: datetime) -> None:
        """What the billed lines that go come to, added to what went earlier."""
        table = self.uow.records(RETIRED_SUMS.name)
        charged = self._charged(["quantity", "amount"], RETIRED_SUMS.key, before)
        sums = [one for one, is_billed in charged if is_billed]
        keys = [tuple("" if (of := one.group[name]) is None else of for name in RETIRED_SUMS.key) for one in sums]
        earlier = table.get_many(keys)
        table.put(
            _added(dict(zip(RETIRED_SUMS.key, key, strict=True)), one.sums, one.count, earlier.get(key))
            for key, one in zip(keys, sums, strict=True)
        )

    def _charged(self, columns: Sequence[str], by: Sequence[str], before: datetime) -> list[tuple[Summed, bool]]:
        """Sums of the lines that bills charge, or will, and whether they do. Shapes: `by` account and claim."""
        where = {"at": Between(end=before), "state": CHARGED}
        sums = self.uow.records(LINES.name).sum(columns, where, by)
        claims = read_claims(self.uow.records, {one.group["account"] for one in sums})
        return [(one, one.group["claim"] < claims.get(one.group["account"], NOBODYS).number) for one in sums]


def _added(
    key: Mapping[str, Any], sums: Mapping[str, Any], count: int, earlier: Mapping[str, Any] | None
) -> dict[str, Any]:
    before = earlier or {"quantity": 0, "amount": 0, "lines": 0}
    more = {name: sums[name] + before[name] for name in ("quantity", "amount")}
    return {**key, **more, "lines": count + before["lines"]}
