"""The suite in process, addressed through its real HTTP stages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from sqlalchemy import make_url

from common import exact_json
from common.domain.clock import Clock, SettableClock
from common.installation import Installation
from common.jobs.inline import Inline
from common.rest.app import build
from common.settings import Settings
from tests.postgres import migrate

JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `json` is exact."""

    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content, parse_float=Decimal)


class Suite:
    """One installation with a fresh or given database, and a client for it."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        _begin_migrated(settings.database_url)
        self.installation = Installation.assemble(settings, clock)
        self.installation.database.migrate()
        self.installation.database.prepare()
        self.changes = 0
        self.work = Inline(self.installation)

    @cached_property
    def application(self) -> Any:
        move = self._move if self.installation.settings.clock else None
        return build(self.installation, committed=self._count, move=move)

    def _count(self) -> None:
        self.changes += 1

    def settle(self) -> int:
        """Do the work that is due; how many occasions there were."""
        return self.work.run_due()

    def advance(self, by: timedelta) -> None:
        """Move the clock, with the work that falls due on the way."""
        self._move(self.installation.clock.now() + by)

    def _move(self, target: datetime) -> None:
        clock = self.installation.clock
        assert isinstance(clock, SettableClock), "give the suite a clock that can be moved"
        self.work.move(clock, target)

    def close(self) -> None:
        self.installation.database.close()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        media_type: str = JSON,
    ) -> Answer:
        """One request; `body` is sent as exact JSON, `content` as it is."""
        sent = dict(headers or {})
        if body is not None:
            content = exact_json.encode(body)
        if content is not None:
            sent = {"content-type": media_type, **sent}
        return asyncio.run(self._send(method, path, content, sent))

    async def _send(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        transport = httpx.ASGITransport(self.application, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://bss.example") as client:
            answer = await client.request(method, path, content=content, headers=headers)
        return Answer(answer.status_code, answer.headers, answer.content)

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.request("POST", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.request("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        return self.request("DELETE", path, **options)

    def created(self, path: str, body: Any) -> Any:
        """The resource that a POST made; the test fails when it made none."""
        answer = self.post(path, body)
        assert answer.status == 201, answer.content
        return answer.json


def _begin_migrated(url: str) -> None:
    """A SQLite file that is not there yet begins as a copy of one with all tables: making them takes longer."""
    file = make_url(url).database
    if not url.startswith("sqlite") or not file or file == ":memory:" or Path(file).exists():
        return
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_bytes(_migrated())


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "bss.db"
        migrate(f"sqlite:///{file}")
        return file.read_bytes()
