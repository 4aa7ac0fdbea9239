"""A run: every check of the profile on every resource of a contract, in a fixed order, and the cleaning up."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from time import monotonic

from common.conformance.check import Check, CheckFailed, CheckNotRun, Finding, Outcome, Profile, Result, selected
from common.conformance.checks import CHECKS
from common.conformance.config import Config
from common.conformance.listener import Listener
from common.conformance.oracle import Oracle
from common.conformance.subject import Ledger, Subject
from common.conformance.target import Target, Unreachable
from common.spec.contract import Contract, Verb

# What a judging function may stumble over in an answer that is nothing like the contract.
_STUMBLES = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError)


@dataclass(frozen=True)
class Plan:
    """What of the kit is run. Shapes: `only` areas or names of checks, `resources` names; empty means all."""

    profile: Profile = Profile.CORE
    only: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


class Run:
    """The checks of one contract on one server."""

    def __init__(
        self,
        target: Target,
        contract: Contract,
        *,
        tag: str,
        config: Config | None = None,
        plan: Plan | None = None,
        listener: Listener | None = None,
        oracle: Oracle | None = None,
    ) -> None:
        self.target, self.contract, self.tag = target, contract, tag
        self.config, self.plan = config or Config(), plan or Plan()
        self.ledger = Ledger()
        self.results: list[Result] = []
        self.seconds = 0.0
        self._listener = listener
        self._oracle = oracle or Oracle(contract.document)

    @property
    def untested(self) -> dict[str, str]:
        """Resources that no check is run on, each with the reason."""
        found = {}
        for name, resource in self.contract.resources.items():
            if resource.parents:
                found[name] = f"it lies below {resource.parents[-1]}"
            elif self.config.resource(self.contract.key, name).skip:
                found[name] = "the configuration leaves it alone"
        return found

    def subjects(self) -> list[Subject]:
        wanted = self.plan.resources
        return [
            Subject(
                self.target,
                self.contract,
                resource,
                self.config.resource(self.contract.key, name),
                self.tag,
                self.ledger,
                self._oracle,
                self._listener,
            )
            for name, resource in self.contract.resources.items()
            if name not in self.untested and (not wanted or name in wanted)
        ]

    def go(self) -> Generator[Result]:
        """Run it; results as they come. What was created is deleted at the end, whatever the end is."""
        started = monotonic()
        checks = selected(CHECKS, self.plan.profile, self.plan.only)
        try:
            for subject in self.subjects():
                for one in _applicable(checks, subject):
                    result = self._judged(one, subject)
                    self.results.append(result)
                    yield result
        finally:
            resources = self.contract.resources.values()
            self.ledger.clean_up(self.target, {one.name for one in resources if Verb.DELETE not in one.operations})
            self.seconds = monotonic() - started

    def _judged(self, one: Check, subject: Subject) -> Result:
        first = len(self.target.exchanges)
        outcome, finding, reason = self._outcome(one, subject)
        last = len(self.target.exchanges)
        shown = finding.exchanges if finding else ()
        return Result(
            check=one,
            api=self.contract.key,
            resource=subject.resource.name,
            outcome=outcome,
            finding=finding,
            reason=reason,
            exchanges=shown or tuple(range(max(first, last - 1), last)),
        )

    def _outcome(self, one: Check, subject: Subject) -> tuple[Outcome, Finding | None, str]:
        told = subject.config.not_run.get(one.name) or self.config.not_run.get(one.name)
        if told:
            return Outcome.NOT_RUN, None, f"the configuration says: {told}"
        try:
            one.judge(subject)
        except CheckFailed as failed:
            return Outcome.FAILED, failed.finding, ""
        except CheckNotRun as missing:
            return Outcome.NOT_RUN, None, str(missing)
        except Unreachable as error:
            return Outcome.FAILED, Finding("an answer", str(error)), ""
        except _STUMBLES as error:
            return Outcome.NOT_RUN, None, f"an answer could not be understood: {type(error).__name__} {error}"
        return Outcome.PASSED, None, ""


def _applicable(checks: Sequence[Check], subject: Subject) -> list[Check]:
    """Those whose operations the contract has."""
    verbs = subject.resource.operations.keys()
    return [one for one in checks if one.verbs <= verbs]
