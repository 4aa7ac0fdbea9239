"""Whether usage, ratings and lines agree (`bss assure`).

Received = rated + rejected + waiting: every number of a source leads to a usage that is here, every usage that is rated
has the lines that say what it costs, and every line belongs to such a usage.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from common.assurance import Books, Check, Finding, in_parts
from common.domain.clock import instant_text
from common.store.audit import Values
from common.store.records import Between, Summed
from tmf635_usage.rate import EXPLANATION
from tmf635_usage.tables import (
    BILLED,
    BILLED_SUMS,
    HOLDS,
    KEYS,
    LINES,
    PREPAID,
    RATINGS,
    RETIRED_SUMS,
    SESSIONS,
    SUMMED,
    UNBILLED,
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
_NOT_BILLED = (UNBILLED, PREPAID, VOID)
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
    where = {"state": UNBILLED, "account": None, "kind": _PRICED}
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
    by = ["product", "at", "usage_type", "price", "quantity", "unit"]
    where = {"kind": "usage", "reverses": None, "state": UNBILLED, "unit": _MEASURED}
    for group in books.audit.repeated(LINES.name, by, where):
        of = group.group
        used = f"{of['usage_type']} {of['quantity']:f} {of['unit']}"
        yield Finding(
            (f"product {of['product']}",),
            f"{group.count} usages of {used} began at {instant_text(of['at'])}",
            "see whether a source sent one record under two numbers; if so, reject one of them",
        )


def _states(books: Books) -> Iterator[Finding]:
    """A line is unbilled, on one item of a bill, paid from a balance, or void."""
    for row in books.audit.rows(LINES.name, ["usage"], ["id"], {"state": BILLED, "bill_item": None}):
        yield Finding((f"productUsage {row['usage']}",), "it counts as billed, and is on no item of a bill", _KEEP)
    for one in books.audit.sums(LINES.name, [], ["state"]):
        if one.group["state"] not in (BILLED, *_NOT_BILLED):
            told = f"{one.count} are in a state that there is not"
            yield Finding((f"rated lines in state {one.group['state']}",), told, _KEEP)
    for one in books.audit.sums(LINES.name, [], ["state", "bill_item"], {"state": _NOT_BILLED}):
        if one.group["bill_item"] is not None:
            told = f"{one.count} lines of it are {one.group['state']}"
            yield Finding((f"item {one.group['bill_item']}",), told, _KEEP)


def _sums(books: Books) -> Iterator[Finding]:
    """What items of usage are charged by is the sum of the lines."""
    columns = ["quantity", "amount"]
    lines = {
        tuple(of if of is not None else "" for of in one.group.values()): one
        for one in books.audit.sums(LINES.name, columns, SUMMED, {"state": BILLED})
    }
    for gone in books.audit.sums(RETIRED_SUMS.name, [*columns, "lines"], SUMMED):
        key = tuple(gone.group.values())
        here = lines.get(key, Summed(gone.group, 0, dict.fromkeys(columns, Decimal(0))))
        more = {name: here.sums[name] + gone.sums[name] for name in columns}
        lines[key] = Summed(gone.group, here.count + int(gone.sums["lines"]), more)
    for kept in books.audit.sums(BILLED_SUMS.name, [*columns, "lines"], SUMMED):
        one = lines.pop(tuple(kept.group.values()), None)
        is_so = one is not None and one.count == kept.sums["lines"]
        if one is None or not is_so or any(one.sums[name] != kept.sums[name] for name in columns):
            amount = one.sums["amount"] if one is not None else 0
            yield _differs(kept.group, f"bills charge {kept.sums['amount']:f}, and its billed lines come to {amount:f}")
    for one in lines.values():
        yield _differs(one.group, f"its billed lines come to {one.sums['amount']:f}, and no bill charges them")


def _differs(group: Mapping[str, Any], message: str) -> Finding:
    what = f"{group['usage_type']} at price {group['price']} {group['version']}"
    return Finding((f"billingAccount {group['account']}", f"product {group['product']}", what), message, _KEEP)


def _forgotten(books: Books) -> Iterator[Finding]:
    """Usage that was rated before a bill of its time was issued, and is on none; and usage that nobody bills."""
    billing = books.offered("billing")
    if billing is None:
        return
    unbilled = books.audit.sums(LINES.name, ["amount"], ["account"], {"state": UNBILLED, "kind": _PRICED})
    for groups in in_parts(one for one in unbilled if one.group["account"] is not None):
        covered = billing.covered([one.group["account"] for one in groups])
        for group in groups:
            account, amount = group.group["account"], group.sums["amount"]
            last = covered.get(account)
            if last is None and amount:
                told = f"{group.count} lines of usage are unbilled, and no bill run knows of it"
                yield Finding((f"billingAccount {account}",), told, "PATCH the account, which has it billed")
            elif last is not None and last.until is not None:
                yield from _left_out(books, account, last.until, last.issued_at)


def _left_out(books: Books, account: str, until: datetime, issued_at: datetime) -> Iterator[Finding]:
    where = {"account": account, "state": UNBILLED, "at": Between(end=until)}
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
    Check("usage.states", "What is rated is unbilled, on one item of a bill, prepaid, or void.", _states),
    Check("usage.sums", "What bills charge usage by is the sum of its lines.", _sums),
    Check("usage.billed", "Usage is on the bill of its time, or came after it.", _forgotten),
    Check("usage.held", "Free units are kept for sessions that are going on.", _held),
)
