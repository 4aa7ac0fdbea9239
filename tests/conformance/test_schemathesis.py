"""schemathesis tries every operation of every API in its majors: no server error, nothing against the contract.

It reads the contracts made fit (`fitted.py`). What it generates is the same at every run. Checks that cannot say
anything here: ignored_auth (no security schemes in the files) and missing_required_header (no required headers).
"""

from __future__ import annotations

import json
import re
from functools import cache

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema

from tests.conformance.fitted import CONTRACTS, fitted_contract, merge_patches_only

CONTRACT = "/contract-for-schemathesis.json"
# The examples of the files have a test of their own (test_official_examples). Each phase of a contract runs on one
# database, for each major on the other: what it finds it finds on either.
PHASES = (("coverage",), ("fuzzing", "stateful"))
EXAMPLES_MAX = 3
STEPS_MAX = 4

# Refusals of what a schema allows, each with the reason. The pattern is sought in "code message".
POLICY = {
    r"^body\.malformed .*(34 digits|U\+0000|nested deeper)": "limits of what both databases keep exactly",
    r"^body\.invalid .*/id: an id is 1 to 255": "an id is part of an address; the files have any text, '' too",
    r"^body\.invalid .*cannot be changed": "id and href are immutable (TMF630 1.8); TMF635's update schema has them",
    r"^body\.invalid .*/callback: ": "a callback is a URL that may be called; the files have any text",
    r"^query\.invalid ": "the grammar of fields, filter, sort, cursors and a hub's query is in no schema",
    r"^body\.invalid .*(leads back to the resource itself|contains this one already)": "rule: trees have no cycles",
    r"^body\.invalid .*the period ends before it starts": "rule: periods",
    r"^body\.invalid .*a range goes from the smaller": "rule: ranges",
    r"^body\.invalid .*a new \w+ starts as one of": "rule: the first state of the lifecycle",
    r"^body\.invalid .*(an item has an id|stands twice)": "rule: order items have ids of their own",
    r"^body\.invalid .*/(url|path): ": "rule: jobs read and write inside the configured folder, and known resources",
    r"^body\.invalid .*names of attributes do not start with ~": "the mark of what is kept for v4 only",
    r"^body\.invalid .*a quantity is 1 or more": "rule: quantities of ordered products",
    r"^body\.invalid .*/@type: must be one of": "a type that the contract has for something else, which no schema says",
    r"^body\.invalid .*a currency is three capital letters": "rule: currencies",
    r"^body\.invalid .*a price is an amount or a percentage": "rule: prices",
    r"^body\.invalid .*(from 0 to \d+ days|say the same length in both|bills cannot be made)": "rule: bill cycles",
    r"^body\.invalid .*(is 0 or more|has one payment at least)": "rule: limits and instalments of accounts",
    r"^body\.invalid .*an IANA time zone": "rule: time zones",
    r"^body\.invalid .*(say how much|give an amount above zero|the items come to|the payment is in)": "rule: amounts",
    r"^body\.invalid .*(a payment method is one of|/\w+: a \w+ has a \w+|a full card number)": "rule: means of paying",
    r"^body\.invalid .*say whose consumption": "rule: a question of what was consumed has a subject",
    r"^body\.invalid .*/value: |: value is required": "the type that @type names is judged, not its base alone",
}
STATES = {"state", "status", "lifecycleStatus"}
# A word, such as a state, is left out.
_NO_WORD = re.compile(r"violates `required` at \S+ \(was \"\w+\"\)")
# The standard's own examples break the format `uri`, so it is not asked of clients.
_NO_URI = re.compile(r"violates `format` at \S*@schemaLocation|is not a \"uri\"")


def is_policy(failure: Failure, sent: Case, content: bytes) -> bool:
    """Whether we mean to answer so."""
    match type(failure).__name__:
        case "RejectedPositiveData":
            answer = json.loads(content)
            return any(re.search(pattern, f"{answer['code']} {answer['message']}") for pattern in POLICY)
        case "AcceptedNegativeData":
            # In a merge patch null removes, and nothing is mandatory; in a create null is absent, and who says no state
            # begins with the first; an unknown @type is an extension (Part 2).
            broken = re.findall("violates .*", failure.message)
            free = bool(broken) and all("became null" in one or _NO_URI.search(one) for one in broken)
            if broken and all(_NO_WORD.match(one) for one in broken):
                free = free or _has_begun(sent, content)
            return sent.method == "PATCH" or free or "/properties/@type" in failure.message
        case "JsonSchemaError":  # stored with such an @type or URI; mandatory attributes that were not selected
            unselected = "fields" in (sent.query or {}) and "is a required property" in failure.message
            return unselected or "/properties/@type:" in failure.message or bool(_NO_URI.search(failure.message))
        case _:
            return False


def _has_begun(sent: Case, content: bytes) -> bool:
    """Whether all that a create left out, of what its contract demands, is the state that it was then given."""
    body = sent.body if isinstance(sent.body, dict) else {}
    given = json.loads(content)
    return bool(STATES & (given.keys() - body.keys()))


@cache
def contract_of(key: str) -> bytes:
    return json.dumps(merge_patches_only(fitted_contract(key)), default=str).encode()


def served_with_contract(suite, key):
    """The application, and the fitted contract beside it."""
    document = json.loads(contract_of(key))
    # A listener path takes other systems' events; its body is judged by its envelope (test_unkind_requests).
    document["paths"] = {path: item for path, item in document["paths"].items() if not path.startswith("/listener")}
    base = next(c.base_path for c in suite.installation.contracts if c.key == key)
    body = json.dumps(document | {"servers": [{"url": base}]}).encode()

    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["path"] == CONTRACT:
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await suite.application(scope, receive, send)

    return application


def configuration(phases, examples):
    return SchemathesisConfig.from_dict(
        {
            "workers": 1,
            "suppress-health-check": ["all"],
            "generation": {"max-examples": examples, "no-shrink": True, "deterministic": True, "database": "none"},
            "phases": {
                "examples": {"enabled": "examples" in phases},
                "coverage": {
                    "enabled": "coverage" in phases,
                    "unexpected-methods": [],
                    "generation": {"mode": "positive"},
                    "extra-data-sources": {"responses": False},
                },
                # Ids and dates of answers are new at every run; not sent back, so that requests stay the same.
                "fuzzing": {"enabled": "fuzzing" in phases, "extra-data-sources": {"responses": False}},
                "stateful": {"enabled": "stateful" in phases, "max-steps": STEPS_MAX},
            },
        }
    )


def findings(suite, key, phases, examples=EXAMPLES_MAX):
    """What schemathesis holds against us, without what is policy, and the number of requests it made."""
    schema = schemathesis.openapi.from_asgi(
        CONTRACT, served_with_contract(suite, key), config=configuration(phases, examples)
    )
    found, requests = [], 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.append(str(getattr(event, "info", None) or event.exception))
        if not isinstance(event, events.ScenarioFinished):
            continue
        for case, checks in event.recorder.checks.items():
            requests += 1
            answer = event.recorder.interactions[case].response
            for failure in (check.failure_info.failure for check in checks if check.failure_info):
                sent = event.recorder.cases[case].value
                if not is_policy(failure, sent, answer.content):
                    found.append(
                        f"{sent.as_curl_command()}\n{failure.title}: {failure.message}\n{answer.content.decode()}"
                    )
    return found, requests


@pytest.mark.long
@pytest.mark.parametrize("key", CONTRACTS)
def test_schemathesis_finds_nothing(shared_backend, backend, suite, key):
    on_sqlite = suite.installation.database.dialect_name == "sqlite"
    found, requests = findings(suite, key, PHASES[on_sqlite == key.endswith("v4")])

    assert not found, "\n\n".join(found)
    assert requests > 0


@pytest.mark.parametrize("key", ["TMF629/v5", "TMF629/v4"])
def test_schemathesis_finds_nothing_quickly(suite, key):
    found, requests = findings(suite, key, ("fuzzing",), examples=2)

    assert not found, "\n\n".join(found)
    assert requests > 0
