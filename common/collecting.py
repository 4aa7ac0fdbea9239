"""How often Python looks for rubbish, in a process that does one thing for long."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# About those of a chunk of work. What holds itself in a circle is rare, and looking for it among all that is alive
# took a third of the time of taking usage in.
_OBJECTS_BETWEEN_LOOKS = 100_000


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
