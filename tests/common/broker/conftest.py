"""The brokers and databases of these tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nats as client
import pytest
from nats.js.api import AckPolicy, ConsumerConfig

from tests.common.broker.servers import KafkaCluster, NatsServer, nats_server
from tests.postgres import empty_postgres_url, postgres_server, postgres_url
from tests.scenarios.conftest import shop, stage

__all__ = ["empty_postgres_url", "postgres_server", "postgres_url", "shop", "stage"]


@pytest.fixture(scope="module")
def kafka() -> KafkaCluster:
    return KafkaCluster()


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path / "nats") as server:
        yield server


def kept(server: NatsServer, stream: str) -> list[Any]:
    """The messages of a stream, in order, as whoever looks at JetStream sees them."""

    async def ask() -> list[Any]:
        connection = await client.connect(server.url)
        try:
            jetstream = connection.jetstream()
            info = await jetstream.stream_info(stream)
            if not info.state.messages:
                return []
            looking = ConsumerConfig(ack_policy=AckPolicy.NONE)
            subscription = await jetstream.pull_subscribe("", stream=stream, config=looking)
            found: list[Any] = []
            while len(found) < info.state.messages:
                found += await subscription.fetch(min(1_000, info.state.messages - len(found)), timeout=5)
            return found
        finally:
            await connection.close()

    return asyncio.run(ask())
