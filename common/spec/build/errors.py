"""The one error of the contract sources: it names the file, the entity and what to change."""

from __future__ import annotations


class SourceError(Exception):
    """A contract source that cannot be built; the message says where it is and what to change."""

    def __init__(self, file: str, entity: str, change: str) -> None:
        self.file = file
        self.entity = entity
        self.change = change
        super().__init__(f"{file}: {entity}: {change}" if entity else f"{file}: {change}")
