"""Policies of the legal entities that issue bills: one YAML file (BSS_BILLING_FILE), a mapping by entity.

    legalEntities:
      main:
        name: Larkwing Mobile plc
        rounding: half-even
        ...

What each part of an entity means is known by whoever uses it (docs/bill-runs.md lists them all).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from common.domain.query import Document
from common.errors import ConfigurationError
from common.rules import reference_id
from common.settings import Settings

_TOP = "legalEntities"
_ROLE = "legalentity"


def legal_entity(settings: Settings, id: str) -> Mapping[str, Any]:
    """What the file says of an entity; nothing when there is no file, or the entity is not in it.

    Errors: ConfigurationError for a file that cannot be read.
    """
    if not settings.billing_file:
        return {}
    path = Path(settings.billing_file)
    try:
        written = path.stat().st_mtime_ns
    except OSError as error:
        raise ConfigurationError(f"BSS_BILLING_FILE: {path} cannot be read: {error.strerror}") from error
    return _entities(path, written).get(id, {})


def legal_entity_of(account: Document, settings: Settings) -> str:
    """The legal entity in whose books an account is: its related party in that role, or the operator's only one."""
    for party in account.get("relatedParty", ()):
        id = reference_id(party, "partyOrPartyRole")
        if str(party.get("role", "")).casefold() == _ROLE and id:
            return id
    return settings.legal_entity


def billing_folder(settings: Settings) -> Path:
    """The folder that file names in the file are relative to."""
    return Path(settings.billing_file).parent if settings.billing_file else Path()


@lru_cache(maxsize=16)
def _entities(path: Path, written: int) -> Mapping[str, Mapping[str, Any]]:
    """Read anew when the file has changed (`written`)."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"BSS_BILLING_FILE: {path} cannot be read: {error}") from error
    entities = content.get(_TOP) if isinstance(content, dict) else None
    if not isinstance(entities, dict) or not all(isinstance(one, dict) for one in entities.values()):
        raise ConfigurationError(f"BSS_BILLING_FILE: {path} has a mapping {_TOP}, and below it one for each entity")
    return {str(id): entity for id, entity in entities.items()}
