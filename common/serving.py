"""A server process: the application with the workers that run beside requests."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

import structlog
import uvicorn

from common import logs
from common.broker.bridge import RELAY
from common.broker.workers import BrokerWorkers
from common.collecting import seldom_collecting
from common.domain.query import Document
from common.errors import BssError, ConfigurationError
from common.events.delivery import DeliveryWorker
from common.events.publication import Publication, publication
from common.installation import Installation
from common.jobs.runner import JOBS, Runner
from common.rest.app import build
from common.rest.protocol import Protocol
from common.seed import collect, in_process, load, local_url
from common.settings import Settings
from common.spec.contract import Contract, ResourceContract
from common.v4.mapping import shown_in_v5

SHUTDOWN_SECONDS = 10
# How long a thread that has its answer waits for one that computes. Of charging under half of its load the slowest of a
# hundred answers took 100 ms with the usual 5 ms, and 18 with this.
SWITCH_SECONDS = 0.001
# The role of who posts events to the listeners of hubs. What components have to do says its role itself.
DELIVERY = "delivery"
log = structlog.get_logger("bss.server")


def application() -> Any:
    """The ASGI application of the settings in the environment (uvicorn's factory; one per server process)."""
    settings = Settings.from_environment()
    logs.configure(settings.log_level)
    sys.setswitchinterval(SWITCH_SECONDS)
    return assemble(Installation.assemble(settings))


def assemble(installation: Installation) -> Any:
    """The application with delivery and jobs running beside it, when the settings say so."""
    installation.open_store()
    worker = delivery_worker(installation)
    jobs = Runner(installation, committed=worker.wake)
    is_inline = installation.settings.delivery_inline
    others = broker_workers(installation, roles(installation) if is_inline else frozenset(), worker.wake)

    def committed() -> None:
        worker.wake()
        jobs.wake()

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        running = asyncio.create_task(worker.run()) if is_inline else None
        if running is not None:
            jobs.start()
        others.start()
        loading = asyncio.create_task(asyncio.to_thread(load_samples, installation, committed))
        try:
            with seldom_collecting():
                yield
        finally:
            await loading
            await asyncio.to_thread(others.close)
            if running is not None:
                await asyncio.to_thread(jobs.close)
                worker.stop()
                await running
            worker.close()
            installation.database.close()

    move = jobs.move if installation.settings.clock else None
    return build(installation, lifespan=lifespan, committed=committed, move=move)


def load_samples(installation: Installation, committed: Callable[[], None]) -> None:
    """Load the sample data when the settings ask for it; the server answers meanwhile.

    The edge of this work: what goes wrong is logged, and a later start or `bss seed` goes on where it stopped.
    """
    if not installation.settings.load_samples:
        return
    try:
        with in_process(installation) as client:
            report = load(installation, collect(installation), local_url(installation), client)
    except BssError as error:
        log.error("samples not loaded", error=error.message)
        return
    committed()
    log.info("samples loaded", created=report.created.total(), present=report.present.total())


def delivery_worker(installation: Installation) -> DeliveryWorker:
    """The worker that tells the listeners of every contract."""
    return DeliveryWorker(
        installation.database, publications(installation), installation.settings, installation.machine
    )


def broker_workers(installation: Installation, given: Collection[str], committed: Callable[[], None]) -> BrokerWorkers:
    """What has to do with the broker of the settings, for these roles.

    Errors: ConfigurationError for a broker that is none.
    """
    return BrokerWorkers(installation, publications(installation), given, committed)


def roles(installation: Installation) -> frozenset[str]:
    """What a worker may be told to be; together they are all that is done beside requests."""
    works = {work.role for work in installation.works.values()}
    return frozenset({DELIVERY, RELAY, JOBS, *works, *(intake.role for intake in installation.intakes)})


def publications(installation: Installation) -> list[Publication]:
    """Every contract as a sender of events."""
    return [
        publication(
            contract,
            {name: installation.served[contract.key, name].stored.name for name in contract.resources},
            _shown(installation, contract),
        )
        for contract in installation.contracts
    ]


def _shown(installation: Installation, contract: Contract) -> Callable[[ResourceContract, Document], Document]:
    """How the events of a contract show what is stored."""

    def shown(resource: ResourceContract, document: Document) -> Document:
        mapping = installation.served[contract.key, resource.name].mapping
        return shown_in_v5(document) if mapping is None else mapping.project(document)

    return shown


def serve(settings: Settings) -> None:
    """Serve until told to stop.

    Errors: ConfigurationError for several processes on SQLite, which has one writer.
    """
    if settings.workers > 1 and settings.database_url.startswith("sqlite"):
        raise ConfigurationError("BSS_WORKERS above 1 needs PostgreSQL; set BSS_DATABASE_URL")
    uvicorn.run(
        application() if settings.workers == 1 else "common.serving:application",
        factory=settings.workers > 1,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        http=Protocol,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ws="none",
    )


def export(**names: Any) -> None:
    """Put settings given on the command line where the server processes read theirs."""
    for name, value in names.items():
        if value is not None:
            os.environ[f"BSS_{name.upper()}"] = str(value)
