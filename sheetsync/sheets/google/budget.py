"""Google's quota: so many reads and writes a minute for one account, shared by everybody who uses it.

Requests are counted before they leave, by threads and processes together, so that the quota is hardly ever
used up; where it is (another program uses the same account), everybody waits together.
"""

import fcntl
import os
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

Kind = Literal["read", "write"]

WINDOW_S = 60.5
"""Seconds in which a quota counts, and half a second for requests that arrive sooner than others."""

READS_PER_MINUTE = 60
WRITES_PER_MINUTE = 60
"""Google's quota for one user of a project; a service account is one user."""

_DOUBLE = struct.calcsize("d")
_NOT_BEFORE, _NEXT, _HEADER = 0, 1, 2


class Store(Protocol):
    """Where the times of the last minute are kept, as plain numbers."""

    @contextmanager
    def locked(self, numbers: int) -> Iterator["memoryview[float]"]:
        """Yield that many numbers while nobody else looks at them; zeros at first."""
        ...


class MemoryStore:
    """For the threads of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._raw = bytearray()

    @contextmanager
    def locked(self, numbers: int) -> Iterator["memoryview[float]"]:
        """Yield the numbers."""
        with self._lock:
            if len(self._raw) != numbers * _DOUBLE:
                self._raw = bytearray(numbers * _DOUBLE)
            yield memoryview(self._raw).cast("d")


class FileStore:
    """For all processes of one machine; a lost file costs nothing but a quota used up.

    Args:
        path: made if missing; the folder must exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    @contextmanager
    def locked(self, numbers: int) -> Iterator["memoryview[float]"]:
        """Yield the numbers, locked against threads and processes."""
        size = numbers * _DOUBLE
        with self._lock:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                raw = bytearray(os.pread(file, size, 0).ljust(size, b"\0"))
                yield memoryview(raw).cast("d")
                os.pwrite(file, raw, 0)
            finally:
                os.close(file)  # gives the lock back


class Budget:
    """Lets a request leave as soon as fewer than the quota left within the last minute.

    Args:
        store: shared by everybody on this account.
        reads: a minute.
        writes: a minute.
        ticks: seconds on a clock that all sharers read alike.
        sleep: waits.
    """

    def __init__(
        self,
        store: Store,
        *,
        reads: int = READS_PER_MINUTE,
        writes: int = WRITES_PER_MINUTE,
        ticks: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._store, self._ticks, self._sleep = store, ticks, sleep
        self._sizes: dict[Kind, int] = {"read": reads, "write": writes}

    def take(self, kind: Kind, waiting: Callable[[float], None]) -> None:
        """Return when a request may leave.

        Args:
            kind: which quota it counts to.
            waiting: told the seconds before each wait.
        """
        while (left_s := self._claim(kind)) > 0:
            waiting(left_s)
            self._sleep(left_s)

    def refused(self, kind: Kind, pause_s: float) -> None:
        """The quota is used up all the same: nobody asks again before ``pause_s`` seconds have passed."""
        with self._ring(kind) as ring:
            ring[_NOT_BEFORE] = max(ring[_NOT_BEFORE], self._ticks() + pause_s)

    def _claim(self, kind: Kind) -> float:
        """Note a departure and return 0, or return the seconds after which to ask again."""
        size = self._sizes[kind]
        with self._ring(kind) as ring:
            now = self._ticks()
            at = _HEADER + int(ring[_NEXT]) % size
            free_at = max(ring[at] + WINDOW_S if ring[at] else 0.0, ring[_NOT_BEFORE])
            if now < free_at <= now + 2 * WINDOW_S:  # further off is a number of another clock
                return free_at - now
            ring[at] = now
            ring[_NEXT] = (at - _HEADER + 1) % size
            return 0.0

    @contextmanager
    def _ring(self, kind: Kind) -> Iterator["memoryview[float]"]:
        """Yield the ring of one kind: when its last requests left, oldest next."""
        lengths = {each: _HEADER + size for each, size in self._sizes.items()}
        start = 0 if kind == "read" else lengths["read"]
        with self._store.locked(sum(lengths.values())) as numbers:
            yield numbers[start : start + lengths[kind]]
