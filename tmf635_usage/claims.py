"""How far the usage of accounts is billed.

Every account has one open claim, with a number. Rating stamps it on the lines of the account, holding the claim (others
who rate do, too); whoever bills the account has it alone, sums up the lines with its number, and moves on to the next.
So a line with a lower number than the open claim's is billed, all others are not, and a bill writes no line at all: the
lines of a month lie in as many places as there are, because they came one by one.

Usage from the end of the claim's period on is for the bill after it, and gets the next number. Where that was not to be
known, the bill run gives those lines the other number (`billed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.component import Recording
from common.store.statements import Question
from tmf635_usage.tables import CHARGED, CLAIMS


@dataclass(frozen=True)
class Claim:
    """The open claim of an account. Shapes: usage from `until` on is for the one after it; None is not known."""

    number: int = 0
    until: datetime | None = None

    def number_at(self, at: datetime) -> int:
        """That of usage of an instant."""
        return self.number + (self.until is not None and at >= self.until)

    def is_billed(self, line: Mapping[str, Any]) -> bool:
        """Whether a line of the account is on a bill."""
        return bool(line["state"] == CHARGED and line["claim"] < self.number)


# What is charged to no account is billed to nobody.
NOBODYS = Claim()


def insert_missing(records: Recording, accounts: Iterable[str | None]) -> None:
    """Every account has an open claim."""
    named = sorted({one for one in accounts if one is not None})
    records(CLAIMS.name).insert_missing({"account": one, "number": 0} for one in named)


def asking_claims(records: Recording, accounts: Iterable[str | None]) -> Question[Any]:
    """The open claims of accounts, which nobody closes until the end of the transaction."""
    return records(CLAIMS.name).asking_shared((one,) for one in accounts if one is not None)


def claims_in(found: Mapping[Any, Mapping[str, Any]]) -> dict[str | None, Claim]:
    """The claims in what `asking_claims` is answered, by account."""
    return {account: Claim(row["number"], row["until"]) for (account,), row in found.items()}


def read_claims(records: Recording, accounts: Iterable[str | None]) -> dict[str | None, Claim]:
    """The open claims of accounts as they are now; an account without one was never charged any usage."""
    return claims_in(records(CLAIMS.name).get_many((one,) for one in accounts if one is not None))
