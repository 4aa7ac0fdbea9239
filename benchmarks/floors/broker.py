"""The same messages to JetStream with nothing around them: ready bytes, ids, and the server's word for each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import nats
from nats.js.api import StreamConfig

STREAM = "bare"
# On their way without an answer, as the suite has them at most.
AT_ONCE = 500


def publish(url: str, bodies: Sequence[bytes], name: str) -> float:
    """Seconds until all are kept; `name` makes their ids this round's own."""
    return asyncio.run(_publish(url, bodies, name))


async def _publish(url: str, bodies: Sequence[bytes], name: str) -> float:
    connection = await nats.connect(url)
    jetstream = connection.jetstream(publish_async_max_pending=AT_ONCE * 2)
    await jetstream.add_stream(StreamConfig(name=STREAM, subjects=[f"{STREAM}.>"]))
    begun = time.perf_counter()
    for start in range(0, len(bodies), AT_ONCE):
        answers = [
            await jetstream.publish_async(f"{STREAM}.event", body, headers={"Nats-Msg-Id": f"{name}-{start + place}"})
            for place, body in enumerate(bodies[start : start + AT_ONCE])
        ]
        await asyncio.gather(*answers)
    seconds = time.perf_counter() - begun
    await connection.close()
    return seconds
