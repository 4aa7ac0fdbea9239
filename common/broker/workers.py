"""What a process does with the broker of the settings: tell it of events, take records from it, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from common.broker.bridge import RELAY, Bridge
from common.broker.intake import IntakeWorker
from common.broker.opening import open_broker
from common.events.publication import Publication
from common.installation import Installation


class BrokerWorkers:
    """The threads of those roles that have to do with a broker; none when the settings name none.

    `committed` is called after every change.

    Errors: ConfigurationError for a broker that is none.
    """

    def __init__(
        self,
        installation: Installation,
        publications: Iterable[Publication],
        roles: Collection[str],
        committed: Callable[[], None],
    ) -> None:
        intakes = [each for each in installation.intakes if each.role in roles]
        needed = RELAY in roles or intakes
        self._broker = open_broker(installation.settings) if needed else None
        self._workers: list[Bridge | IntakeWorker] = []
        if self._broker is None:
            return
        if RELAY in roles:
            self._workers.append(Bridge(installation.database, publications, installation.settings, self._broker))
        self._workers += [IntakeWorker(installation, each, self._broker, committed) for each in intakes]

    def start(self) -> None:
        """Work in threads; returns at once."""
        for worker in self._workers:
            worker.start()

    def close(self) -> None:
        """Stop, when what is under way has ended."""
        for worker in self._workers:
            worker.close()
        if self._broker is not None:
            self._broker.close()
            self._broker = None
