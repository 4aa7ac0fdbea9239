"""The broker that the settings name."""

from __future__ import annotations

from common.broker.port import Broker
from common.errors import ConfigurationError
from common.settings import Settings

_NATS = ("nats", "tls", "ws", "wss")
_EXTRAS = {"nats": "nats", "confluent_kafka": "kafka"}


def open_broker(settings: Settings) -> Broker | None:
    """None when the settings name none; no connection is made yet.

    Errors: ConfigurationError for another scheme, or when its client library is not installed.
    """
    if not settings.broker_url:
        return None
    scheme = settings.broker_url.partition("://")[0]
    try:
        if scheme in _NATS:
            from common.broker.nats_adapter import NatsBroker

            return NatsBroker(settings)
        if scheme == "kafka":
            from common.broker.kafka_adapter import KafkaBroker

            return KafkaBroker(settings)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(error.name or "", scheme)
        raise ConfigurationError(f"BSS_BROKER_URL needs pip install 'tmf-bss[{extra}]'") from error
    raise ConfigurationError("BSS_BROKER_URL begins with nats:// or kafka://")
