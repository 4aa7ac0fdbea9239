"""The sample data of the components: read from their folders and loaded in reference order, again without duplicates.

A file of samples comes after the files that its references lead to; no order of resources is written down. What a
client may create goes through the public API. What the API can only show (bills) or decides itself (how far an order
has come) goes straight into the store, beside its Create events; such a file says so in its head, with a reason.
Does not: change or delete anything that is already there.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import yaml

from common import exact_json
from common.component import Component
from common.domain.ids import ordered_id
from common.domain.query import Document
from common.errors import ConfigurationError, IdTaken, InvalidBody, ServerError
from common.events.derive import derive
from common.installation import Installation, Served
from common.rest.app import build
from common.store.unit_of_work import UnitOfWork

TIMEOUT_SECONDS = 30


class Load(StrEnum):
    """The way samples take into the suite."""

    API = "api"
    STORE = "store"


@dataclass(frozen=True)
class SampleFile:
    """One file of samples. `reason` says why it does not go through the API; empty when it does."""

    resource: str
    load: Load
    reason: str
    documents: tuple[Document, ...]


@dataclass(frozen=True)
class Samples:
    """The samples of one file, and the resource that takes them."""

    served: Served
    load: Load
    documents: tuple[Document, ...]

    @property
    def resource(self) -> str:
        return self.served.name

    @property
    def path(self) -> str:
        """Where a client creates them."""
        return self.served.contract.base_path + self.served.resource.path


@dataclass
class Report:
    """How many samples of each resource are new, and how many were there before."""

    created: Counter[str] = field(default_factory=Counter)
    present: Counter[str] = field(default_factory=Counter)

    def count(self, resource: str, created: bool) -> None:
        self.created[resource] += created
        self.present[resource] += not created

    def rows(self) -> list[dict[str, Any]]:
        """One for each resource, in the order they were loaded."""
        return [
            {"resource": name, "created": count, "present": self.present[name]} for name, count in self.created.items()
        ]


class SampleRefused(ServerError):
    """The samples and the suite do not fit; the message names the sample and what the suite said of it."""

    code, reason = "seed.refused", "A sample was refused"

    def __init__(self, resource: str, id: str, problem: str) -> None:
        super().__init__(f"{resource} {id!r}: {problem}")


class ServerSilent(ServerError):
    """The server that samples were to be sent to cannot be reached."""

    code, reason = "seed.server-silent", "The server does not answer"


Noted = Callable[[str], None]  # told of the resource whenever one of its samples is done


def _unnoted(resource: str) -> None:
    return None


# -- loading ----------------------------------------------------------------------------------------------------------


def load(
    installation: Installation, samples: Iterable[Samples], base_url: str, client: httpx.Client, noted: Noted = _unnoted
) -> Report:
    """Load samples in the order given, each on its way; a file's samples are seen by those of the next.

    Errors: as `seed` and `install`; what was loaded before stays, and is `present` the next time.
    """
    report = Report()
    for part in samples:
        done = seed(base_url, [part], client) if part.load is Load.API else install(installation, [part])
        report.created.update(done.created)
        report.present.update(done.present)
        for _ in part.documents:
            noted(part.resource)
    return report


def seed(base_url: str, samples: Iterable[Samples], client: httpx.Client) -> Report:
    """Create through the API what is not there; `base_url` is the server's scheme, host and prefix.

    Errors: SampleRefused with the server's message for any answer but 201 and 409 for an id that is taken;
            ServerSilent when the server does not answer.
    """
    report = Report()
    for part in samples:
        for document in part.documents:
            report.count(part.resource, _create(base_url.rstrip("/"), part, document, client))
    return report


def _create(base_url: str, part: Samples, document: Document, client: httpx.Client) -> bool:
    url, body, id = base_url + part.path, exact_json.encode(document), document["id"]
    key = {"Idempotency-Key": f"seed-{part.resource}-{hashlib.sha256(body).hexdigest()}"}
    answer = _send(client, "POST", url, body, key)
    if "idempotency-replayed" in answer.headers:
        # The answer of an earlier seeding. If the resource was deleted since, the key must not keep it away.
        if _send(client, "GET", f"{url}/{quote(id, safe='')}").status_code != httpx.codes.NOT_FOUND:
            return False
        answer = _send(client, "POST", url, body)
    if answer.status_code == httpx.codes.CREATED:
        return True
    if answer.status_code == httpx.codes.CONFLICT and _problem(answer).get("code") == IdTaken.code:
        return False
    said = _problem(answer).get("message") or answer.text[:200]
    raise SampleRefused(part.resource, id, f"the server answers {answer.status_code}: {said}")


def _send(
    client: httpx.Client, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    content_type = {} if body is None else {"Content-Type": "application/json"}
    try:
        return client.request(method, url, content=body, headers={**content_type, **(headers or {})})
    except httpx.TransportError as error:
        raise ServerSilent(f"{url}: {error}") from error


def _problem(answer: httpx.Response) -> dict[str, Any]:
    """The TMF Error in an answer; empty when it holds none (a proxy's page, say)."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def install(installation: Installation, samples: Iterable[Samples]) -> Report:
    """Write into the store what is not there, with its Create event; one transaction for each file.

    Errors: SampleRefused when a sample is not what the contract lets the server answer; nothing of its file is stored.
    """
    report = Report()
    for part in samples:
        with installation.database.write() as uow:
            there = uow.repository(part.served.stored.name).get_many([document["id"] for document in part.documents])
            for document in part.documents:
                report.count(part.resource, document["id"] not in there)
                if document["id"] not in there:
                    _store(installation, uow, part, document)
            uow.commit()
    return report


def _store(installation: Installation, uow: UnitOfWork, part: Samples, document: Document) -> None:
    contract, stored, now = part.served.resource, part.served.stored, installation.clock.now()
    document = exact_json.decode_own(exact_json.encode(document))  # a copy: normalising changes it
    violations = contract.whole.violations({**document, "href": f"{part.path}/{quote(document['id'], safe='')}"})
    if violations:
        raise SampleRefused(part.resource, document["id"], InvalidBody(violations).message)
    contract.fields.normalise(document)
    version = str(document.get("version", "")) if stored.versioned else ""
    uow.repository(stored.name).add(document["id"], document, now, version)
    uow.record(
        derive(contract, stored.name, before=None, after=document, now=now, new_id=ordered_id, correlation_id=None)
    )


# -- reading ----------------------------------------------------------------------------------------------------------


def collect(installation: Installation, components: Iterable[str] = ()) -> list[Samples]:
    """The samples of these components of the installation (of all when none is named), in reference order.

    Errors: ConfigurationError for a component that is not served, and for a file that cannot be used.
    """
    wanted = set(components)
    names = [component.name for component in installation.components]
    if unknown := sorted(wanted.difference(names)):
        raise ConfigurationError(f"{', '.join(unknown)} is not served here; there are {', '.join(names)}")
    chosen = [component for component in installation.components if not wanted or component.name in wanted]
    return _ordered(installation, [part for component in chosen for part in _of(installation, component)])


def _of(installation: Installation, component: Component) -> Iterator[Samples]:
    served = {item.name: item for item in installation.kept if item.component is component}
    for sample in read_folder(Path(str(files(component.name))) / component.samples):
        if sample.resource not in served:
            raise ConfigurationError(f"{component.name} has samples of {sample.resource!r}, which it does not serve")
        yield Samples(served[sample.resource], sample.load, sample.documents)


def _ordered(installation: Installation, samples: list[Samples]) -> list[Samples]:
    """Each file after those that it refers to; where that leaves a choice, in the order given.

    Errors: ConfigurationError naming files that refer to each other in a circle.
    """
    holders = {(part.resource, document["id"]): n for n, part in enumerate(samples) for document in part.documents}
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for n, part in enumerate(samples):
        references = [found for one in part.documents for found in part.served.resource.fields.references(one)]
        targets = {(installation.owners.get(found.target_type, ""), found.id) for found in references}
        sorter.add(n, *({holders[target] for target in targets if target in holders} - {n}))
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " -> ".join(samples[n].resource for n in error.args[1])
        raise ConfigurationError(f"samples refer to each other in a circle: {circle}") from error
    order: list[int] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return [samples[n] for n in order]


def read_folder(folder: Path) -> list[SampleFile]:
    """The sample files of a folder, by name: `product.yaml`, and beside it `product.store.yaml`.

    Errors: ConfigurationError naming the file.
    """
    return [_read(path) for path in sorted(folder.glob("*.yaml"))]


def _read(path: Path) -> SampleFile:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _JsonLoader)
        sample = SampleFile(
            resource=path.name.split(".")[0],
            load=Load(content["load"]),
            reason=content.get("reason", ""),
            documents=tuple(content["samples"]),
        )
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{path}: is no file of samples (load, samples): {error}") from error
    if (sample.load is Load.STORE) != bool(sample.reason):
        raise ConfigurationError(f"{path}: a file says why (reason) when it is loaded into the store, and only then")
    if not all(isinstance(document, dict) and isinstance(document.get("id"), str) for document in sample.documents):
        raise ConfigurationError(f"{path}: every sample is an object with an id of its own")
    return sample


class _JsonLoader(yaml.CSafeLoader):
    """YAML that means what the same JSON would: 4.20 keeps its digits, a date stays text, `no` is no boolean."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  (as PyYAML has it)


_SCALARS = (
    ("null", r"null", "n"),
    ("bool", r"true|false", "tf"),
    ("int", r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
)
for _name, _pattern, _first in _SCALARS:
    _JsonLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"(?:{_pattern})\\Z"), list(_first))
_JsonLoader.add_constructor("tag:yaml.org,2002:float", lambda _, node: Decimal(node.value))


# -- without a server -------------------------------------------------------------------------------------------------


@contextmanager
def in_process(installation: Installation) -> Iterator[httpx.Client]:
    """A client of the application of this installation, which runs in this process and listens to nobody else.

    The base URL to use with it is `local_url`.
    """
    transport = _ApplicationTransport(build(installation))
    with httpx.Client(transport=transport, timeout=TIMEOUT_SECONDS) as client:
        yield client


def local_url(installation: Installation) -> str:
    return f"http://{installation.settings.host}:{installation.settings.port}{installation.settings.base_prefix}"


class _ApplicationTransport(httpx.BaseTransport):
    """Hands the requests of a synchronous client to an ASGI application, one after the other."""

    def __init__(self, application: Any) -> None:
        self._transport = httpx.ASGITransport(application)
        self._runner = asyncio.Runner()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._runner.run(self._handled(request))

    async def _handled(self, request: httpx.Request) -> httpx.Response:
        answer = await self._transport.handle_async_request(request)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body, request=request)

    def close(self) -> None:
        self._runner.close()
