"""openapi-core, which knows nothing of us, judges answers of every resource against the contracts."""

from __future__ import annotations

from functools import cache
from urllib.parse import parse_qsl

import pytest
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters

from common.spec.contract import Verb
from common.spec.load import load_document
from tests import official
from tests.conformance.documents import Generator
from tests.conformance.fitted import fitted

ORIGIN = "http://bss.example"
APIS = ("TMF620", "TMF622", "TMF629", "TMF632", "TMF635", "TMF637", "TMF666", "TMF678")


class Asked:
    """A request in openapi-core's words."""

    host_url = ORIGIN
    content_type = "application/json"

    def __init__(self, method, path):
        self.path, _, query = path.partition("?")
        self.method = method.lower()
        self.body = b""
        self.parameters = RequestParameters(query=dict(parse_qsl(query)))


class Answered:
    """A response in openapi-core's words."""

    def __init__(self, answer):
        self.status_code = answer.status
        self.data = answer.content
        self.headers = dict(answer.headers)
        self.content_type = answer.headers.get("content-type", "")


@cache
def oracle(api):
    """The judge of one API: TM Forum's file where it lies beside the project, else ours."""
    document = fitted(document_of(api))
    return OpenAPI.from_dict(document)


@cache
def document_of(api):
    from common.installation import PUBLISHED

    path = official.core_v5().get(api) or next(PUBLISHED.glob(f"{api}-*.json"))
    return load_document(path)


class Judge:
    """Sends requests and has every answer judged; `seen` counts them by operation and status."""

    def __init__(self, suite, contract):
        self._suite = suite
        self._oracle = oracle(contract.api)
        self.seen = {}

    def __call__(self, method, path, body=None, **options):
        answer = self._suite.request(method, path, body, **options)
        judged = Asked(method, path)
        self._oracle.validate_response(judged, Answered(answer))
        self.seen[answer.status] = self.seen.get(answer.status, 0) + 1
        return answer


def cases(suite):
    for contract in suite.installation.contracts:
        for resource in contract.resources.values():
            yield contract, resource
