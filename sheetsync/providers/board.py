"""The board of slots that all processes on one credit system share: plain numbers behind a lock.

One layout serves memory, a small file and a database row, so that one algorithm serves threads, processes
and machines. Times are seconds on a clock that all sharers read alike.
"""

import fcntl
import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import psutil

READ, WRITE = 0.0, 1.0

BURIED_S = 1.0
"""Least seconds that a dead holder's slot rests: its last request may have left at its last moment."""

PUSH_QUIET_S = 10.0
"""Seconds after a push's last request until readers may use every slot again."""

RECOVERY_STEPS = 10
"""Steps from no slot to all of them, after the system was too busy: neither a new crowd nor a lost hour."""

_HEADER = 8  # doubles, named below
_SLOTS, _CURSOR, _PUSH_UNTIL, _NOT_BEFORE, _USABLE, _REFUSED_AT, _BOOT, _LAST = range(_HEADER)
_FIELDS = 4  # doubles per slot: free at, held until, kind, process of the holder


class Board:
    """Numbers of one credit system's slots, over a buffer that the caller has locked.

    Args:
        buffer: at least ``size(slots)`` bytes; zeros are a fresh board.
        slots: how many there are; a board made for another number starts afresh.
        boot: identifies the clock; a board of another clock starts afresh.
        is_alive: whether a holder of this machine still exists; None where holders are out of sight.
    """

    def __init__(
        self,
        buffer: memoryview,
        slots: int,
        boot: float = 0.0,
        *,
        is_alive: Callable[[int], bool] | None = None,
    ) -> None:
        self._is_alive = is_alive
        self._numbers = buffer.cast("d")
        numbers = self._numbers
        if (numbers[_SLOTS], numbers[_BOOT]) != (slots, boot):
            for place in range(_HEADER + _FIELDS * slots):
                numbers[place] = 0.0
            numbers[_SLOTS] = numbers[_USABLE] = slots
            numbers[_BOOT] = boot

    @staticmethod
    def size(slots: int) -> int:
        """Return the bytes that a board takes."""
        return struct.calcsize("d") * (_HEADER + _FIELDS * slots)

    def claim(self, now: float, *, kind: float, hold_s: float, apart_s: float) -> tuple[int, float] | None:
        """Hold the slot that comes free first; return its number and when it may be used, or None.

        While a push runs, readers hold at most half of the slots. Two departures are at least ``apart_s``
        apart. A slot whose holder died comes back one second after that is noticed, or ``hold_s`` later.
        """
        numbers = self._numbers
        if kind == WRITE:
            numbers[_PUSH_UNTIL] = now + PUSH_QUIET_S
        usable = max(1, int(numbers[_USABLE]))
        if kind == READ and numbers[_PUSH_UNTIL] > now and self._readers(now, usable) >= max(1, usable // 2):
            return None
        index = self._first_free(now, usable)
        if index is None:
            self._bury(now, usable, rest_s=max(BURIED_S, 2 * apart_s * numbers[_SLOTS]))
            return None
        at = _HEADER + _FIELDS * index
        start = max(now, numbers[at], numbers[_NOT_BEFORE], numbers[_LAST] + apart_s)
        numbers[_LAST] = start
        numbers[at + 1] = start + hold_s
        numbers[at + 2] = kind
        numbers[at + 3] = os.getpid()
        return index, start

    def give_back(self, index: int, free_at: float) -> None:
        """End a hold; the slot may be used again from ``free_at`` on."""
        at = _HEADER + _FIELDS * index
        self._numbers[at] = free_at
        self._numbers[at + 1] = 0.0

    def refused(self, now: float, pause_s: float) -> None:
        """The system said that it is too busy: everybody pauses, and half of the slots rest.

        What is refused while everybody pauses had left before, and met the same crowd: it halves no more.
        """
        numbers = self._numbers
        if now >= numbers[_NOT_BEFORE]:
            numbers[_USABLE] = max(1.0, numbers[_USABLE] // 2)
        numbers[_NOT_BEFORE] = max(numbers[_NOT_BEFORE], now + pause_s)
        numbers[_REFUSED_AT] = now

    def recover(self, now: float, *, every_s: float) -> None:
        """Take a tenth of the slots back into use for every ``every_s`` without a refusal."""
        numbers = self._numbers
        if numbers[_USABLE] < numbers[_SLOTS] and now - numbers[_REFUSED_AT] >= every_s:
            more = max(1.0, numbers[_SLOTS] // RECOVERY_STEPS)
            numbers[_USABLE] = min(numbers[_SLOTS], numbers[_USABLE] + more)
            numbers[_REFUSED_AT] = now

    def _first_free(self, now: float, usable: int) -> int | None:
        """Return an unheld slot that is free, else the unheld one that comes free first."""
        numbers = self._numbers
        next_up = int(numbers[_CURSOR]) % usable
        best, best_at = None, 0.0
        for step in range(usable):
            index = (next_up + step) % usable
            at = _HEADER + _FIELDS * index
            if numbers[at + 1] > now:
                continue
            if numbers[at] <= now:
                best = index
                break
            if best is None or numbers[at] < best_at:
                best, best_at = index, numbers[at]
        if best is not None:
            numbers[_CURSOR] = best + 1
        return best

    def _bury(self, now: float, usable: int, *, rest_s: float) -> None:
        """End the holds of processes that died; their requests may have left just now."""
        if self._is_alive is None:
            return
        numbers = self._numbers
        for at in range(_HEADER, _HEADER + _FIELDS * usable, _FIELDS):
            if numbers[at + 1] > now and not self._is_alive(int(numbers[at + 3])):
                numbers[at], numbers[at + 1] = now + rest_s, 0.0

    def _readers(self, now: float, usable: int) -> int:
        numbers = self._numbers
        places = range(_HEADER, _HEADER + _FIELDS * usable, _FIELDS)
        return sum(
            1 for at in places if numbers[at + 2] == READ and (numbers[at] > now or numbers[at + 1] > now)
        )


T = TypeVar("T")


class BoardStore(Protocol):
    """Where a board lives."""

    def change(self, work: Callable[[Board], T]) -> T:
        """Carry out ``work`` on the board while nobody else changes it, and return what it returned.

        It may be carried out several times, of which one counts, so it changes nothing but the board.
        """
        ...


class MemoryStore:
    """A board for the threads of one process."""

    def __init__(self, slots: int) -> None:
        self._buffer = bytearray(Board.size(slots))
        self._board = Board(memoryview(self._buffer), slots)
        self._lock = threading.Lock()

    def change(self, work: Callable[[Board], T]) -> T:
        """Carry out ``work`` on the board."""
        with self._lock:
            return work(self._board)


class FileStore:
    """A board in a small file, for the processes of one machine.

    Nothing in it outlives its use: a lost file costs one second of waiting.

    Args:
        path: made if missing; the folder must exist.
        slots: how many slots there are.
        boot: a number for this boot of this machine, because its clock starts anew.
    """

    def __init__(self, path: Path, slots: int, boot: float) -> None:
        self._path, self._slots, self._boot = path, slots, boot
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def change(self, work: Callable[[Board], T]) -> T:
        """Carry out ``work`` on the board, locked against threads and processes."""
        size = Board.size(self._slots)
        with self._lock:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                raw = bytearray(os.pread(self._file, size, 0).ljust(size, b"\0"))
                result = work(Board(memoryview(raw), self._slots, self._boot, is_alive=_is_alive))
                os.pwrite(self._file, raw, 0)
                return result
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _is_alive(pid: int) -> bool:
    """Whether a process of this machine exists and is more than a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
