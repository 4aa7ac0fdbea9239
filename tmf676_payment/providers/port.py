"""What a payment provider is asked, and what it may answer.

Every question carries `key`, the id of the payment or refund: the provider takes the same key and operation as the same
question, whatever became of the first one. An adapter raises NoAnswer when it does not know whether it was heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from common.domain.money import Money


class Operation(StrEnum):
    AUTHORISE = "authorise"
    CAPTURE = "capture"
    REFUND = "refund"


class Outcome(StrEnum):
    """`PENDING`: taken, and decided later; `UNKNOWN`: the provider was never asked this."""

    AUTHORISED = "authorised"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    PENDING = "pending"
    DECLINED = "declined"
    UNKNOWN = "unknown"


class NoAnswer(Exception):
    """The provider could not be reached, or did not answer in time: it may have heard."""


@dataclass(frozen=True)
class Question:
    """One question.

    Shapes: `token` is what the provider knows the customer's means of paying by, `method` its kind (`tokenizedCard`);
            `original` is the key of the payment that a refund pays back.
    """

    key: str
    operation: Operation
    amount: Money
    method: str
    token: str
    original: str = ""


@dataclass(frozen=True)
class Answer:
    """What became of it. `reference` is the provider's own number, `code` and `reason` say why it declined."""

    outcome: Outcome
    reference: str = ""
    code: str = ""
    reason: str = ""


class Provider(Protocol):
    """A payment provider."""

    def authorise(self, question: Question) -> Answer:
        """Whether the money may be taken. Errors: NoAnswer."""

    def capture(self, question: Question) -> Answer:
        """Take it. Errors: NoAnswer."""

    def refund(self, question: Question) -> Answer:
        """Pay it back. Errors: NoAnswer."""

    def status(self, question: Question) -> Answer:
        """What became of this question; UNKNOWN when it was never asked. Errors: NoAnswer."""
