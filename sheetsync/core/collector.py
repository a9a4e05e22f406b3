"""Python's garbage collector, and where it would only be in the way."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_pauses = 0


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the search for cycles while very many small objects are built that form none.

    Each new generation of them would be walked through again and again: half of the time of reading a
    million rows. What is not in a cycle is freed as ever. Threads may pause it at the same time.
    """
    global _pauses  # noqa: PLW0603 - the collector is the process's
    with _lock:
        _pauses += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _pauses -= 1
            if not _pauses:
                gc.enable()
