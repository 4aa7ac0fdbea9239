"""Records that others send, out of a stream and into the component that takes them.

The partitions of a stream are shares (`store.shares`): each is read by one worker at a time, so that what belongs to
one account is worked on in one place. A batch is settled with the broker after the component has committed it; a worker
that dies in between is given the same records again, or its successor is, and the component knows them by their keys.
What cannot be used goes to the stream of the dead, with the reason, before the batch is settled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import structlog

from common import exact_json
from common.broker.port import Broker, BrokerUnavailable, Incoming, Outgoing, Reader
from common.broker.streams import DEAD, intake_stream
from common.component import Intake, Refusal, Taker
from common.errors import ServerError, Unavailable
from common.installation import Installation
from common.store.shares import Share, shares_of

# Messages in one batch, which is one transaction.
BATCH = 500
# How long a partition is waited at for a batch to become full, before the next one is looked at; and all of them when
# they are empty.
_LOOK_SECONDS, _IDLE_SECONDS = 0.02, 0.2
_PAUSE_SECONDS_MAX = 30

_log = structlog.get_logger(__name__)


class IntakeWorker:
    """Reads the partitions that fall to this process, in turn, until told to stop.

    `start` and `close` are for a thread of its own; `step` is one look at each partition.
    """

    def __init__(
        self,
        installation: Installation,
        intake: Intake,
        broker: Broker,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self._broker, self._group = broker, f"{intake.role}-{intake.stream}"
        self._stream = intake_stream(intake.stream, installation.settings)
        self._taker: Taker = intake.open(installation, committed)
        self._shares = shares_of(installation.database, {f"stream-{intake.stream}": self._stream.partitions})
        self._readers: dict[Share, Reader] = {}
        self._is_prepared = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Work in a thread; returns at once."""
        self._thread = threading.Thread(target=self.run, name="bss-intake", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, when the batch under way is done."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._leave()

    def run(self) -> None:
        """Work until `close`. The worker edge: trouble is logged and tried again after a pause."""
        troubles = 0
        while not self._stopping.is_set():
            try:
                taken = self.step()
            except Exception as error:
                if isinstance(error, BrokerUnavailable | Unavailable):
                    _log.warning("records wait", stream=self._stream.name, problem=error.message)
                else:
                    _log.exception("taking records failed", stream=self._stream.name)
                self._leave()
                self._stopping.wait(min(2**troubles, _PAUSE_SECONDS_MAX))
                troubles = min(troubles + 1, 5)
                continue
            troubles = 0
            if not taken:
                self._stopping.wait(_IDLE_SECONDS)

    def step(self) -> int:
        """One batch of each partition; how many records there were.

        Errors: BrokerUnavailable; Unavailable: what was fetched comes again.
        """
        if not self._is_prepared:
            self._broker.prepare(self._stream)
            self._broker.prepare(DEAD)
            self._is_prepared = True
        self._share_out()
        return sum(self._batch(reader) for reader in list(self._readers.values()) if not self._stopping.is_set())

    def _share_out(self) -> None:
        """Have a reader for each partition that is this process's, and for no other."""
        if not self._shares.holds():
            self._leave()
            if not self._shares.join():
                return
        self._shares.balance()
        for share in self._readers.keys() - self._shares.held:
            self._readers.pop(share).close()
        for share in sorted(self._shares.held - self._readers.keys()):
            self._readers[share] = self._broker.reader(self._stream, self._group, share.number, BATCH)

    def _batch(self, reader: Reader) -> int:
        messages = reader.fetch(BATCH, _LOOK_SECONDS)
        if messages:
            try:
                self._bury(messages, self._refusals(messages))
            except ServerError:
                reader.give_back()
                raise
            reader.settle()
        return len(messages)

    def _refusals(self, messages: Sequence[Incoming]) -> list[Refusal | None]:
        """What became of each, in their order; None for what was taken."""
        try:
            return self._taker.take([message.body for message in messages])
        except ServerError:
            raise
        except Exception as error:
            # Something in it trips a fault of ours. Alone, it stops none of the others.
            _log.exception("records cannot be taken", stream=self._stream.name, records=len(messages))
            if len(messages) == 1:
                return [{"code": "fault", "message": f"{type(error).__name__}: {error}"}]
            return [refusal for message in messages for refusal in self._refusals([message])]

    def _bury(self, messages: Sequence[Incoming], refusals: Sequence[Refusal | None]) -> None:
        """Keep what was refused, as it came, with the reason; once however often it comes again."""
        name = self._stream.name
        dead = [
            Outgoing(
                topic=DEAD.name,
                kind=name,
                key=message.key,
                id=f"{name}-{message.place}",
                body=exact_json.encode({**refusal, "place": message.place, "record": _text(message.body)}),
            )
            for message, refusal in zip(messages, refusals, strict=True)
            if refusal is not None
        ]
        self._broker.publish(DEAD, dead)

    def _leave(self) -> None:
        readers, self._readers = self._readers, {}
        self._shares.leave()
        try:
            for reader in readers.values():
                reader.close()
        except BrokerUnavailable:
            return  # there is nothing to take leave of, and nobody is to wait for its answer for each of them


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
