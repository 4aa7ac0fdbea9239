"""A component with nothing but work: loaves to be baked, two at a time, in an oven that is outside."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from common.component import Component, Work
from common.installation import Installation

COMPONENT = Component(
    name=__name__, api="TMF000", resources=(), works=(Work("bake", "tests.common.jobs.toy_work:Bake", "baking"),)
)


class Oven:
    """The outside. A call with an id it knows is the same call."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.asked: Counter[str] = Counter()
        self.looks: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()
        self.at_once_max = 0
        self.broken: set[str] = set()
        self.during: Callable[[str], None] = lambda key: None
        self.after_prepare: Callable[[str, bool], None] = lambda key, is_last: None


OVEN = Oven()


def fresh_oven() -> Oven:
    global OVEN
    OVEN = Oven()
    return OVEN


class Bake:
    """`wanted` loaves are baked, then the row waits, or goes (`ends`). With `every` (hours): one each time."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def prepare(self, key: str) -> list[dict[str, Any]]:
        with self._installation.database.write() as uow:
            work = uow.work("bake")
            row = work.get(key, for_update=True)
            loaves: list[int] = []
            if row is not None and not row.doc.get("idle"):
                doc = {"baked": 0, "wanted": 1, **row.doc}
                if "every" in doc:
                    loaves = [doc["baked"]] if row.due is not None and row.due <= self._installation.clock.now() else []
                elif doc["baked"] < doc["wanted"]:
                    loaves = list(range(doc["baked"], min(doc["wanted"], doc["baked"] + 2)))
                elif doc.get("ends"):
                    work.remove(key)
                else:
                    work.put(key, None, doc)
            uow.commit()
        with OVEN.turn:
            OVEN.looks[key] += 1
        OVEN.after_prepare(key, not loaves)
        return [{"key": key, "loaf": loaf} for loaf in loaves]

    def perform(self, call: dict[str, Any]) -> dict[str, Any]:
        key, loaf = call["key"], f"{call['key']}/{call['loaf']}"
        with OVEN.turn:
            OVEN.under_way[key] += 1
            OVEN.at_once_max = max(OVEN.at_once_max, OVEN.under_way[key])
            OVEN.asked[loaf] += 1
        try:
            OVEN.during(key)
            if loaf in OVEN.broken:
                raise RuntimeError("the oven is broken")
        finally:
            with OVEN.turn:
                OVEN.under_way[key] -= 1
        return {"loaf": call["loaf"]}

    def settle(self, key: str, calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        now = self._installation.clock.now()
        with self._installation.database.write() as uow:
            row = uow.work("bake").get(key, for_update=True)
            if row is not None:
                baked = max([row.doc.get("baked", 0), *(answer["loaf"] + 1 for answer in answers)])
                due = now + timedelta(hours=row.doc["every"]) if "every" in row.doc else row.due
                uow.work("bake").put(key, due, {"wanted": 1, **row.doc, "baked": baked})
                uow.commit()
