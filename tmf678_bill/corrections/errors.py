"""Why a correction cannot be made as things stand."""

from __future__ import annotations

from common.domain.money import Money
from common.errors import Conflict


def told(amount: Money) -> str:
    return f"{amount.amount:f} {amount.currency}"


class NotIssuedHere(Conflict):
    code, reason = "bill.not-issued", "The bill was not issued here"

    def __init__(self, bill: str) -> None:
        super().__init__(
            f"customerBill {bill[:80]!r} has no items of ours: it was loaded; correct it where it was issued"
        )


class IsCreditNote(Conflict):
    code, reason = "bill.is-credit-note", "A credit note is not corrected"

    def __init__(self, number: str) -> None:
        super().__init__(f"{number[:80]!r} is a credit note; charge what was credited too much by an adjustment")


class OverCredited(Conflict):
    code, reason = "bill.over-credited", "More than was billed"

    def __init__(self, what: str, amount: Money, left: Money) -> None:
        super().__init__(
            f"{told(amount)} cannot be credited of {what[:100]}: {told(left)} are left; credit that at most"
        )


class IsWrittenOff(Conflict):
    code, reason = "bill.written-off", "The bill was written off"

    def __init__(self, number: str, amount: Money) -> None:
        super().__init__(f"{told(amount)} of bill {number[:80]!r} were written off; recover them before it is credited")


class NothingOpen(Conflict):
    code, reason = "bill.nothing-open", "Nothing of it is open"

    def __init__(self, what: str, amount: Money, left: Money) -> None:
        super().__init__(f"{told(amount)} of {what[:100]} are not there: {told(left)} are left; say that at most")


class OtherCurrency(Conflict):
    code, reason = "currency.other", "Another currency"

    def __init__(self, what: str, expected: str, given: str) -> None:
        super().__init__(f"{what[:100]} is in {expected}; say the amount in {expected} and not in {given[:20]}")


class HasEnded(Conflict):
    code, reason = "correction.ended", "It was decided already"

    def __init__(self, kind: str, id: str, state: str) -> None:
        super().__init__(f"{kind} {id[:80]!r} is {state}; it cannot be changed any more")


class OtherExternal(Conflict):
    code, reason = "correction.external-id", "The externalId was used for something else"

    def __init__(self, kind: str, external: str) -> None:
        super().__init__(f"externalId {external[:80]!r} came with another {kind} before; use a new one")
