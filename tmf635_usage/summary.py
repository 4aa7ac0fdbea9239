"""How much rated usage there is: usages, quantities and amounts of a product, an account or a customer in a period.

Counted and added by the database, exactly, from the rated lines: what was taken back is gone, and what was corrected
after it was billed counts as it is now. Amounts are unrounded and as the prices are, with or without tax.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.component import Library, Recording
from common.domain.query import Compare, FieldPath, Kind, Operator
from common.errors import ClientError
from common.rules import reference_id
from common.store.records import Between, Day
from tmf635_usage.claims import read_claims
from tmf635_usage.rating.amounts import total
from tmf635_usage.rating.values import ZERO, LineKind
from tmf635_usage.tables import CHARGED, LINES, PREPAID

STATUS, UNBILLED, BILLED = "status", "unbilled", "billed"
# What a summary can be grouped by, and the column of the rated lines that has it; a status is worked out.
GROUPINGS: Mapping[str, str | Day] = {
    "usageType": "usage_type",
    STATUS: STATUS,
    "day": Day("at"),
    "price": "price",
    "product": "product",
}
GROUPS_MAX = 10_000
OWNERS_MAX = 1_000
_PARTY = FieldPath(("relatedParty", "partyOrPartyRole", "id"), Kind.STRING, many=True)
_MEASURED = (LineKind.USAGE, LineKind.ALLOWANCE)


class TooMuch(ClientError):
    code, status, reason = "usage.summary-too-large", 400, "The summary is too large"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; ask for less")


@dataclass(frozen=True)
class Asked:
    """What to count.

    Shapes: one of `product`, `account` and `customer` is said, each an id; [start, end) is the time of the usages, None
            is open; `by` are names of GROUPINGS.
    """

    product: str | None = None
    account: str | None = None
    customer: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    by: tuple[str, ...] = ()


@dataclass
class Group:
    """What usages that have something in common come to.

    Shapes: `key` has a value for each grouping; `quantities` in base units, `free` the part of them that allowances
            gave; `amounts` by currency.
    """

    key: tuple[str, ...]
    usages: int = 0
    quantities: dict[str, Decimal] = field(default_factory=dict)
    free: dict[str, Decimal] = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)

    def add(self, group: Mapping[str, Any], sums: Mapping[str, Decimal]) -> None:
        if group["kind"] in _MEASURED:
            _add(self.quantities, group["unit"], sums["quantity"])
        if group["kind"] == LineKind.ALLOWANCE:
            _add(self.free, group["unit"], sums["quantity"])
        if group["currency"] is not None:
            _add(self.amounts, group["currency"], sums["amount"])


@dataclass(frozen=True)
class Summary:
    """The groups by key, and all of them together."""

    groups: tuple[Group, ...]
    whole: Group


def summary(asked: Asked, records: Recording, library: Library) -> Summary:
    """Errors: TooMuch."""
    whole, groups = Group(()), dict[tuple[str, ...], Group]()
    lines = records(LINES.name)
    columns = [GROUPINGS[name] for name in asked.by if name != STATUS]
    names = [column.column if isinstance(column := GROUPINGS[name], Day) else column for name in asked.by]
    period = {"at": Between(asked.start, asked.end), "state": (CHARGED, PREPAID)}
    for owner in _owners(asked, library):
        where = {**owner, **period}
        [counted] = lines.sum((), where, different="usage")
        whole.usages += counted.count
        for of_status, these in _by_status(where, records) if STATUS in asked.by else [({}, where)]:
            for row in lines.sum((), these, by=columns, different="usage") if asked.by else ():
                key = _key({**row.group, **of_status}, names)
                if row.count:
                    groups.setdefault(key, Group(key)).usages += row.count
            for row in lines.sum(["quantity", "amount"], these, by=(*columns, "kind", "unit", "currency")):
                whole.add(row.group, row.sums)
                if asked.by:
                    groups[_key({**row.group, **of_status}, names)].add(row.group, row.sums)
        if len(groups) > GROUPS_MAX:
            raise TooMuch(f"there are more than {GROUPS_MAX} groups")
    return Summary(tuple(groups[key] for key in sorted(groups)), whole)


def _by_status(where: Mapping[str, Any], records: Recording) -> Iterator[tuple[dict[str, str], Mapping[str, Any]]]:
    """The lines parted by how they are paid for: accounts whose open claims have the same number are asked together."""
    yield {STATUS: PREPAID}, {**where, "state": PREPAID}
    charged = {**where, "state": CHARGED}
    accounts = [one.group["account"] for one in records(LINES.name).sum((), charged, by=["account"])]
    claims, together = read_claims(records, accounts), dict[int, list[str]]()
    for account in accounts:
        if account is None:
            yield {STATUS: UNBILLED}, {**charged, "account": None}
        else:
            together.setdefault(claims[account].number if account in claims else 0, []).append(account)
    for number, named in sorted(together.items()):
        theirs = {**charged, "account": tuple(named)}
        yield {STATUS: BILLED}, {**theirs, "claim": Between(end=number)}
        yield {STATUS: UNBILLED}, {**theirs, "claim": Between(number)}


def _key(group: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(group[name] for name in names)


def _owners(asked: Asked, library: Library) -> Iterator[dict[str, Any]]:
    """Whose lines: no line belongs to two of them.

    A customer's are those of the accounts that name it, or that its products are charged to, and those of its products
    that are charged to no account.
    """
    if asked.product is not None:
        yield {"product": asked.product}
    elif asked.account is not None:
        yield {"account": asked.account}
    else:
        where = Compare(_PARTY, Operator.EQ, (asked.customer or "",))
        accounts = {one["id"] for one in _all(library, "billingAccount", where)}
        alone = set()
        for product in _all(library, "product", where):
            account = reference_id(product, "billingAccount")
            if account is None:
                alone.add(product["id"])
            else:
                accounts.add(account)
        if accounts:
            yield {"account": tuple(sorted(accounts))}
        if alone:
            yield {"account": None, "product": tuple(sorted(alone))}


def _all(library: Library, resource: str, where: Compare) -> list[dict[str, Any]]:
    found = library.find(resource, where, OWNERS_MAX + 1)
    if len(found) > OWNERS_MAX:
        raise TooMuch(f"the customer has more than {OWNERS_MAX} of {resource}")
    return found


def _add(sums: dict[str, Decimal], name: str, amount: Decimal) -> None:
    sums[name] = total((sums.get(name, ZERO), amount))
