"""A file of usage needs the memory of a chunk, however large it is."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from benchmarks.usage import resident, stock, write
from common.collecting import seldom_collecting
from common.installation import Installation
from common.settings import Settings
from tmf635_usage.feed import Feed
from tmf635_usage.ingest import UNKNOWN_PRODUCT, Ingest

PRODUCTS, FIRST, LAST = 300, 20_000, 60_000
# What the process may grow by over 40,000 records: less than their keys alone need when they are kept.
GROWTH_MEGABYTES_MAX = 12


@pytest.mark.long
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path}/bss.db", tmp_path / "usage.ndjson"
    stock(url, PRODUCTS)
    write(file, LAST, PRODUCTS)
    installation = Installation.assemble(Settings(database_url=url))
    take = Ingest.of(installation, assumed=UNKNOWN_PRODUCT).take
    memory = {}

    with seldom_collecting():
        for taken in Feed(file, tmp_path / "rejects", tmp_path / "checkpoint", take).run():
            if taken.received in (FIRST, LAST):
                gc.collect()
                memory[taken.received] = resident()
    installation.database.close()

    assert taken.states == {"rated": LAST}
    assert memory[LAST] - memory[FIRST] < GROWTH_MEGABYTES_MAX, memory
