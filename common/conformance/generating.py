"""Requests that nobody wrote: schemathesis makes them from the contract, and follows one answer into the next call."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import Any
from urllib.parse import unquote

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema

from common.conformance.check import not_run
from common.conformance.fitted import merge_patches_only
from common.conformance.subject import Subject

EXAMPLES_MAX = 2
STEPS_MAX = 5
# What a whole contract may take, shared by its resources: a large schema is slow to make cases of.
SECONDS_MAX = 20.0
# What an answer may lack or say that the schema does not know: it was selected away, or a client's text is no URI.
_FREE = re.compile(r"is not a \"uri\"|violates `format`|/properties/@type")


@dataclass(frozen=True)
class Generated:
    """A generated request whose answer is wrong: how, what was sent (as a command) and the answer."""

    kind: str
    told: str


class Cases:
    """What schemathesis holds against one resource."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.requests = 0
        # Ids that are there: calls of one scenario also lead to what an earlier one created.
        self._created: set[str] = set()

    @cached_property
    def found(self) -> list[Generated]:
        """Everything that it found; what it created is deleted with the rest of the run."""
        target, path = self._subject.target, self._subject.path
        if not target.is_network:
            not_run("generated requests need a server on the network")
        document: dict[str, Any] = merge_patches_only(copy.deepcopy(self._subject.oracle.document))
        document["paths"] = {
            name: item for name, item in document["paths"].items() if name == path or name.startswith(f"{path}/{{")
        }
        document["servers"] = [{"url": target.base}]
        schema = schemathesis.openapi.from_dict(document, config=_configuration(target.base, target.given))
        found: list[Generated] = []
        end = monotonic() + SECONDS_MAX / len(self._subject.contract.resources)
        stream = from_schema(schema).execute()
        for event in stream:
            if isinstance(event, events.ScenarioFinished):
                self._read(event, found)
            if monotonic() > end:
                stream.stop()
        return found

    def _read(self, event: events.ScenarioFinished, found: list[Generated]) -> None:
        recorder = event.recorder
        for case, interaction in recorder.interactions.items():
            self.requests += 1
            sent, answer = recorder.cases[case].value, interaction.response
            made = self._made(sent, answer)
            if made:
                self._created.add(made)
            elif answer is not None and (told := _unlinked(self._created, sent, answer.status_code)):
                found.append(Generated("Unlinked", f"{told}; {sent.as_curl_command()}"))
        for case, checks in recorder.checks.items():
            sent = recorder.cases[case].value
            for failure in (one.failure_info.failure for one in checks if one.failure_info):
                if not _is_free(failure, sent):
                    answer = recorder.interactions[case].response
                    content = answer.content[:300].decode(errors="replace") if answer else ""
                    told = f"{failure.title}: {failure.message[:300]}; {sent.as_curl_command()}; {content}"
                    found.append(Generated(type(failure).__name__, told))

    def _made(self, sent: Any, answer: Any) -> str | None:
        """The id of what a request created; it is deleted at the end of the run."""
        if answer is None or sent.method != "POST" or not 200 <= answer.status_code < 300:
            return None
        try:
            id = answer.json().get("id")
        except (ValueError, AttributeError):
            return None
        if not isinstance(id, str) or not id:
            return None
        self._subject.ledger.entries[self._subject.item(id)] = self._subject.resource.name
        return id


def _unlinked(created: set[str], sent: Any, status: int) -> str | None:
    """What does not follow from the calls before: what was created is not found. A delete takes it out."""
    id = unquote(str((sent.path_parameters or {}).get("id", "")))
    if id not in created:
        return None
    if status in (404, 410):
        return f"{id} was created and not deleted, and {sent.method} answers {status}"
    if sent.method == "DELETE" and 200 <= status < 300:
        created.discard(id)
    return None


def _is_free(failure: Failure, sent: Any) -> bool:
    unselected = "fields" in (sent.query or {}) and "is a required property" in failure.message
    return unselected or bool(_FREE.search(failure.message))


def _configuration(base: str, headers: dict[str, str]) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "base-url": base,
            "headers": headers,
            "workers": 1,
            "suppress-health-check": ["all"],
            "generation": {"max-examples": EXAMPLES_MAX, "no-shrink": True, "deterministic": True, "database": "none"},
            "phases": {
                "examples": {"enabled": False},
                "coverage": {"enabled": False},
                "fuzzing": {"enabled": True, "extra-data-sources": {"responses": False}},
                "stateful": {"enabled": True, "max-steps": STEPS_MAX},
            },
        }
    )
