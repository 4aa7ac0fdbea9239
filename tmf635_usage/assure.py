"""Whether usage, ratings and lines agree (`bss assure`).

Received = rated + rejected + waiting: every number of a source leads to a usage that is here, every usage that is rated
has the lines that say what it costs, and every line belongs to such a usage.
"""

from __future__ import annotations

import heapq
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise, repeat
from typing import Any

from common.assurance import Books, Check, Finding, in_parts
from common.domain.clock import instant_text
from common.store.audit import Values
from common.store.records import Between, Summed
from tmf635_usage.claims import NOBODYS, Claim, read_claims
from tmf635_usage.rate import EXPLANATION
from tmf635_usage.tables import (
    BILLED_SUMS,
    CHARGED,
    CLAIMS,
    HOLDS,
    KEYS,
    LINES,
    PREPAID,
    RATINGS,
    RETIRED_SUMS,
    SESSIONS,
    SUMMED,
    VOID,
)

# Usage that nobody could rate for so long is not about to come right by itself.
WAITED = timedelta(days=1)
# Numbers of one source that are compared; a longer series is checked up to here.
NUMBERS_MAX = 50_000_000
_SERIES = re.compile(r"(.*?)([0-9]{1,18})")
_PRICED = ("usage", "setup", "correction")
# Base units of what lasts or has a size.
_MEASURED = ("s", "B")
_SOMEBODYS = {"state": CHARGED, "account": Between("")}
_COLUMNS = ("quantity", "amount", "lines")
_KEEP = "keep the account from the next bill, and tell us: this must not happen"


def _lost(books: Books) -> Iterator[Finding]:
    usage = books.stored("productUsage")
    for id in books.audit.missing(Values(KEYS.name, "usage"), Values(usage, "id")):
        yield Finding(
            (f"productUsage {id}",),
            "the number of its source is noted, and the usage is not here",
            "ask the source for the record and restore it from its file; the number keeps it from being sent again",
        )


def _rated(books: Books) -> Iterator[Finding]:
    usage = books.stored("productUsage")
    current = Values(RATINGS.name, "usage", {"is_current": True})
    for ids in in_parts(books.audit.missing(Values(usage, "id", {"status": "rated"}), current)):
        documents = books.library.get_many("productUsage", set(ids))
        # What another system rated says nothing of why; it is loaded as it is, and charged there.
        for id in (id for id in ids if EXPLANATION in documents.get(id, {})):
            yield Finding(
                (f"productUsage {id}",),
                "it is rated, and nothing says what it costs: its rating is lost",
                "PATCH it to corrected and run `bss usage rerate` for its product",
            )
    for id in books.audit.missing(current, Values(usage, "id", {"status": ("rated", "superseded")})):
        yield Finding(
            (f"productUsage {id}",),
            "it has a rating that counts, and is not rated",
            "run `bss usage rerate` for its product, which takes the rating back",
        )
    for group in books.audit.repeated(RATINGS.name, ["usage"], {"is_current": True}):
        yield Finding(
            (f"productUsage {group.group['usage']}",),
            f"{group.count} of its ratings count; one may",
            "run `bss usage rerate` for its product and tell us: this must not happen",
        )


def _lines(books: Books) -> Iterator[Finding]:
    for id in books.audit.missing(Values(RATINGS.name, "usage"), Values(LINES.name, "usage")):
        yield Finding(
            (f"productUsage {id}",),
            "it was rated, and no line says what it costs",
            "run `bss usage rerate` for its product",
        )
    for id in books.audit.missing(Values(LINES.name, "usage"), Values(RATINGS.name, "usage")):
        yield Finding(
            (f"productUsage {id}",),
            "lines charge it, and it was never rated",
            "keep the lines from the next bill and tell us: this must not happen",
        )


def _unpaid(books: Books) -> Iterator[Finding]:
    """Lines that no bill can take up, because nobody is said to pay for them."""
    where = {"state": CHARGED, "account": None, "kind": _PRICED}
    for group in books.audit.sums(LINES.name, ["amount"], ["product", "currency"], where):
        amount, currency = group.sums["amount"], group.group["currency"]
        if amount and currency is not None:
            yield Finding(
                (f"product {group.group['product']}",),
                f"{group.count} lines of {amount:f} {currency} are for no billing account",
                "give the product a billingAccount, then run `bss usage rerate` for it",
            )


def _waiting(books: Books) -> Iterator[Finding]:
    usage = books.stored("productUsage")
    before = instant_text(books.now - WAITED)
    where = {"status": ("initialized", "rejected"), "creationDate": Between(end=before)}
    for group in books.audit.sums(usage, [], ["status", "usageType"], where):
        status, kind = group.group["status"], group.group["usageType"]
        yield Finding(
            (f"productUsage?status={status}&usageType={kind or ''}",),
            f"{group.count} usages have waited for more than {WAITED.days} day",
            "read their statusReason, mend the cause, then `bss usage recycle`",
        )


def _gaps(books: Books) -> Iterator[Finding]:
    """Numbers that a source left out: of records numbered one after the other, in letters that stay the same."""
    series: dict[tuple[str, str], array[int]] = {}
    for row in books.audit.rows(KEYS.name, ["source", "external"], ["source", "external"]):
        named = _SERIES.fullmatch(row["external"])
        if named is not None:
            numbers = series.setdefault((row["source"], named[1]), array("q"))
            if len(numbers) < NUMBERS_MAX:
                numbers.append(int(named[2]))
    for (source, letters), listed in sorted(series.items()):
        ordered = sorted(listed)
        if len(ordered) < 2 or ordered[-1] - ordered[0] >= 2 * len(ordered):
            continue  # these are no numbers that count records
        for earlier, later in pairwise(ordered):
            if later - earlier > 1:
                first, last = f"{letters}{earlier + 1}", f"{letters}{later - 1}"
                named_gap = first if later - earlier == 2 else f"{first} to {last}"
                yield Finding(
                    (f"source {source}",),
                    f"{named_gap} did not come, what is before and after did",
                    "ask the source for these records",
                )


def _alike(books: Books) -> Iterator[Finding]:
    """The same use of the same product at the same instant under two numbers. Messages may well go out together."""
    by = ["product", "at", "usage_type", "price", "quantity", "unit", "account", "claim"]
    where = {"kind": "usage", "reverses": None, "state": CHARGED, "unit": _MEASURED}
    for groups in in_parts(books.audit.repeated(LINES.name, by, where)):
        claims = read_claims(books.records, [group.group["account"] for group in groups])
        for group in groups:
            of = group.group
            if of["claim"] < claims.get(of["account"], NOBODYS).number:
                continue  # whoever pays has seen it
            used = f"{of['usage_type']} {of['quantity']:f} {of['unit']}"
            yield Finding(
                (f"product {of['product']}",),
                f"{group.count} usages of {used} began at {instant_text(of['at'])}",
                "see whether a source sent one record under two numbers; if so, reject one of them",
            )


def _states(books: Books) -> Iterator[Finding]:
    """A line is charged by a bill, or will be, is paid from a balance, or void."""
    for one in books.audit.sums(LINES.name, [], ["state"]):
        if one.group["state"] not in (CHARGED, PREPAID, VOID):
            told = f"{one.count} are in a state that there is not"
            yield Finding((f"rated lines in state {one.group['state']}",), told, _KEEP)
    for account in books.audit.missing(
        Values(LINES.name, "account", {"state": CHARGED}), Values(CLAIMS.name, "account")
    ):
        yield Finding(
            (f"billingAccount {account}",), "usage is charged to it, and nothing says how far it is billed", _KEEP
        )
    for account, claim, groups in _by_account(books, []):
        lost = sum(one.count for one in groups if one.group["claim"] > claim.number + 1)
        if lost:
            told = f"{lost} lines wait for a bill that is not the next one, nor the one after that"
            yield Finding((f"billingAccount {account}",), told, _KEEP)


def _by_account(
    books: Books, columns: Sequence[str], where: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, Claim, list[Summed]]]:
    """The sums of the lines that accounts are charged, by claim."""
    sums = books.audit.sums(LINES.name, columns, ["account", "claim"], {**_SOMEBODYS, **(where or {})})
    for part in in_parts((account, list(of)) for account, of in groupby(sums, key=lambda one: one.group["account"])):
        claims = read_claims(books.records, [account for account, _ in part])
        for account, groups in part:
            yield account, claims.get(account, NOBODYS), groups


def _sums(books: Books) -> Iterator[Finding]:
    """What items of usage are charged by is the sum of the lines of each claim, also of those that were given up."""
    by = [*SUMMED, "claim"]
    lines = books.audit.sums(LINES.name, ["quantity", "amount"], by, _SOMEBODYS)
    counted = (replace(one, sums={**one.sums, "lines": Decimal(one.count)}) for one in lines)
    gone, charged = (books.audit.sums(table.name, _COLUMNS, by) for table in (RETIRED_SUMS, BILLED_SUMS))
    named = (zip(repeat("used"), counted), zip(repeat("used"), gone), zip(repeat("charged"), charged))
    merged = heapq.merge(*named, key=lambda told: told[1].group["account"])
    accounts = groupby(merged, key=lambda told: told[1].group["account"])
    for part in in_parts((account, list(told)) for account, told in accounts):
        claims = read_claims(books.records, [account for account, _ in part])
        for account, told in part:
            yield from _of_claims(claims.get(account, NOBODYS), told)


def _of_claims(claim: Claim, told: Iterable[tuple[str, Summed]]) -> Iterator[Finding]:
    used, charged = dict[tuple[Any, ...], dict[str, Decimal]](), dict[tuple[Any, ...], dict[str, Decimal]]()
    for name, one in told:
        if one.group["claim"] < claim.number:
            key = tuple("" if of is None else of for of in one.group.values())
            sums = (charged if name == "charged" else used).setdefault(key, dict.fromkeys(_COLUMNS, Decimal(0)))
            sums |= {column: sums[column] + one.sums[column] for column in _COLUMNS}
        elif name == "charged":
            yield _differs(one.group, "bills charge it, and count it as not billed yet")
    for key in sorted(used.keys() | charged.keys()):
        group, here, there = dict(zip((*SUMMED, "claim"), key, strict=True)), used.get(key), charged.get(key)
        if there is None and here is not None:
            yield _differs(group, f"its billed lines come to {here['amount']:f}, and no bill charges them")
        elif there is not None and here != there:
            amount = Decimal(0) if here is None else here["amount"]
            yield _differs(group, f"bills charge {there['amount']:f}, and its billed lines come to {amount:f}")


def _differs(group: Mapping[str, Any], message: str) -> Finding:
    what = f"{group['usage_type']} at price {group['price']} {group['version']}"
    return Finding((f"billingAccount {group['account']}", f"product {group['product']}", what), message, _KEEP)


def _forgotten(books: Books) -> Iterator[Finding]:
    """Usage that was rated before a bill of its time was issued, and is on none; and usage that nobody bills."""
    billing = books.offered("billing")
    if billing is None:
        return
    for part in in_parts(_by_account(books, ["amount"], {"kind": _PRICED})):
        covered = billing.covered([account for account, _, _ in part])
        for account, claim, groups in part:
            unbilled = [one for one in groups if one.group["claim"] >= claim.number]
            last = covered.get(account)
            if last is None and any(one.sums["amount"] for one in unbilled):
                told = f"{sum(one.count for one in unbilled)} lines of usage are unbilled, and no bill run knows of it"
                yield Finding((f"billingAccount {account}",), told, "PATCH the account, which has it billed")
            elif unbilled and last is not None and last.until is not None:
                yield from _left_out(books, account, claim, last.until, last.issued_at)


def _left_out(books: Books, account: str, claim: Claim, until: datetime, issued_at: datetime) -> Iterator[Finding]:
    of_bills = {"state": CHARGED, "claim": Between(claim.number)}
    where = {"account": account, **of_bills, "at": Between(end=until)}
    for rows in in_parts(books.audit.rows(LINES.name, ["usage"], ["usage", "id"], where)):
        usages = sorted({row["usage"] for row in rows})
        rated: dict[str, datetime] = {}
        for rating in books.records(RATINGS.name).find({"usage": tuple(usages)}):
            rated[rating["usage"]] = max(rating["rated_at"], rated.get(rating["usage"], rating["rated_at"]))
        for usage in usages:
            if usage in rated and rated[usage] < issued_at:
                told = f"it was rated before the bill of its time was issued, and is not on it (account {account})"
                yield Finding(
                    (f"productUsage {usage}",), told, "the next bill takes it up; tell us: this must not happen"
                )


def _held(books: Books) -> Iterator[Finding]:
    for id in books.audit.missing(Values(HOLDS.name, "session"), Values(SESSIONS.name, "id", {"state": "open"})):
        told = "free units are kept for it, and it has ended"
        yield Finding((f"session {id}",), told, "tell us: nobody else can use these units until their period ends")


CHECKS = (
    Check("usage.here", "Every record that a source numbered and that was taken is here.", _lost),
    Check("usage.rated-once", "What is rated has one rating that counts, and nothing else has.", _rated),
    Check("usage.lines", "Ratings and the lines that are charged belong together.", _lines),
    Check("usage.payer", "What usage costs is charged to an account.", _unpaid),
    Check("usage.waiting", "Usage that could not be rated is mended within a day.", _waiting),
    Check("usage.gaps", "Sources that number their records left none out.", _gaps),
    Check("usage.alike", "No use is charged under two numbers.", _alike),
    Check("usage.states", "What is rated is charged by one bill, prepaid, or void.", _states),
    Check("usage.sums", "What bills charge usage by is the sum of its lines.", _sums),
    Check("usage.billed", "Usage is on the bill of its time, or came after it.", _forgotten),
    Check("usage.held", "Free units are kept for sessions that are going on.", _held),
)
