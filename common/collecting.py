"""How often Python looks for rubbish, in a process that does one thing for long."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS_BETWEEN_LOOKS = 50_000


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """For a process that does nothing else meanwhile: rubbish is looked for seldom, not among what was there."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
