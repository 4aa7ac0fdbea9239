"""A check: one rule, its place in the standard, and the function that judges a server by it.

A check passes, fails with a finding, or did not run and says why. What did not run never counts as passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

from common.spec.contract import Verb

if TYPE_CHECKING:
    from common.conformance.subject import Subject
    from common.conformance.target import Exchange

# Longest text of a value that a finding shows; the exchanges have all of it.
SHOWN_MAX = 400


class Level(StrEnum):
    """How binding a rule is. Only a MUST decides the verdict."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Profile(StrEnum):
    """CORE is what clients live from; FULL adds what is rarer or takes longer."""

    CORE = "core"
    FULL = "full"


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "notRun"


PART_1 = "TMF630 Part 1"
PART_2 = "TMF630 Part 2"
PART_5 = "TMF630 Part 5"
PART_6 = "TMF630 Part 6"
CONTRACT = "the API's contract"
PROFILE = "conformance profiles"
HTTP = "RFC 9110"
CUSTOM = "practice"


@dataclass(frozen=True, slots=True)
class Rule:
    """Where the standard says it, how strongly, and what it means in plain words."""

    document: str
    section: str
    level: Level
    text: str

    @property
    def cited(self) -> str:
        return f"{self.document}, {self.section}" if self.section else self.document


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong: what the rule asks for, what came, and the exchanges (by number) that show it."""

    expected: str
    got: str
    exchanges: tuple[int, ...] = ()


class CheckFailed(Exception):
    """Ends a check with a finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"expected {finding.expected}; got {finding.got}")
        self.finding = finding


class CheckNotRun(Exception):
    """Ends a check that cannot say anything about this server."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule to judge one resource by.

    Shapes: `name` is `area.what`; `verbs` are the operations that the contract must have for the check to apply.
    """

    name: str
    rule: Rule
    profile: Profile
    verbs: frozenset[Verb]
    judge: Callable[[Subject], None]

    @property
    def area(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Result:
    """How one check of one resource ended."""

    check: Check
    api: str
    resource: str
    outcome: Outcome
    finding: Finding | None = None
    reason: str = ""
    exchanges: tuple[int, ...] = field(default=())

    @property
    def key(self) -> str:
        """What names the result in every run: `TMF620/v5 category paging.limit`."""
        return f"{self.api} {self.resource} {self.check.name}"


def check(
    name: str, rule: Rule, *verbs: Verb, profile: Profile = Profile.CORE
) -> Callable[[Callable[[Subject], None]], Check]:
    """Make a judging function a check."""

    def made(judge: Callable[[Subject], None]) -> Check:
        return Check(name, rule, profile, frozenset(verbs), judge)

    return made


def expect(holds: bool, expected: str, got: Any, *exchanges: Exchange) -> None:
    """Fail the check unless `holds`; `got` is shown shortened."""
    if not holds:
        fail(expected, got, *exchanges)


def fail(expected: str, got: Any, *exchanges: Exchange) -> NoReturn:
    raise CheckFailed(Finding(expected, shown(got), tuple(exchange.number for exchange in exchanges)))


def not_run(reason: str) -> NoReturn:
    raise CheckNotRun(reason)


def need(holds: bool, reason: str) -> None:
    """End the check as not run unless `holds`."""
    if not holds:
        not_run(reason)


def shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + " ..."


def selected(checks: Iterable[Check], profile: Profile, wanted: Iterable[str] = ()) -> list[Check]:
    """The checks of a profile, of these areas or names only when any are given."""
    names = frozenset(wanted)
    return [
        one
        for one in checks
        if (profile is Profile.FULL or one.profile is Profile.CORE)
        and (not names or one.name in names or one.area in names)
    ]
