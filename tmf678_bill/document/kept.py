"""Documents that were made, kept as they were sent: one of each media type for a bill, never changed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.domain.ids import ordered_id
from common.domain.query import Document
from common.errors import ServerError
from common.settings import Settings
from common.store.description import Of, RecordTable
from common.store.records import Records

DOCUMENTS = RecordTable(
    "tmf678_document",
    {
        "id": Of.TEXT,
        "bill": Of.TEXT,
        "media_type": Of.TEXT,
        "language": Of.TEXT,
        "name": Of.TEXT,
        "sha256": Of.TEXT,
        "size": Of.INTEGER,
        "made_at": Of.INSTANT,
        "content": Of.BYTES,
    },
    key=("id",),
    unique=(("bill", "media_type"),),
)
PATH = "/billing/v1/document"
# The largest document that is kept: the usage of a bill of 200,000 lines as JSON.
BYTES_MAX = 64_000_000
_ENDINGS = {"application/pdf": ".pdf", "application/json": ".json"}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class TooLarge(ServerError):
    """A document that would not be kept; the bill's work is tried again until somebody looks at it."""

    code, reason = "bill.document-too-large", "A document of a bill is too large to be kept"

    def __init__(self, name: str, size: int) -> None:
        super().__init__(f"{name} has {size} bytes; {BYTES_MAX} are kept at most")


@dataclass(frozen=True)
class Made:
    """A document that was rendered."""

    media_type: str
    language: str
    content: bytes

    def named(self, number: str) -> str:
        """The name of its file, by the number of the bill."""
        return (_UNSAFE.sub("-", number).strip("-.") or "bill") + _ENDINGS[self.media_type]


def keep(records: Records, bill: str, number: str, documents: list[Made], now: datetime) -> None:
    """Those of which there is none of their media type yet. Errors: TooLarge."""
    for made in documents:
        name = made.named(number)
        if len(made.content) > BYTES_MAX:
            raise TooLarge(name, len(made.content))
        row = {
            "id": ordered_id(),
            "bill": bill,
            "media_type": made.media_type,
            "language": made.language,
            "name": name,
            "sha256": hashlib.sha256(made.content).hexdigest(),
            "size": len(made.content),
            "made_at": now,
            "content": made.content,
        }
        records.insert_new([row])


def attachment(row: dict[str, Any], settings: Settings) -> Document:
    """A kept document as a bill names it. Source: TMF678 v5.0.0 Attachment."""
    return {
        "@type": "Attachment",
        "id": row["id"],
        "name": row["name"],
        "attachmentType": "bill",
        "mimeType": row["media_type"],
        "url": f"{settings.base_url}{settings.base_prefix}/tmf-api{PATH}/{row['id']}",
        "size": {"amount": row["size"], "units": "byte"},
    }
