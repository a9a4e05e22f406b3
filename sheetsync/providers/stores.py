"""Where a board lives: in memory, or in a small file that the processes of one machine share."""

import fcntl
import mmap
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import psutil

from sheetsync.errors import LedgerError
from sheetsync.providers.board import BYTES_MOST, HEADER_BYTES, Board, length_of

LOCK_WAIT_S = 30.0
"""Seconds to wait for a file that is locked for microseconds at a time: whoever has it then is stopped."""

LOCK_PAUSE_S = 0.0005
"""Seconds between two tries to lock the file."""

FOLLOW_S = 1.0
"""Seconds between two looks whether the file was removed."""

_PREFIX = 8  # bytes before the first board; the first of them says which board counts
FILE_BYTES = _PREFIX + 2 * BYTES_MOST

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

    def __init__(self) -> None:
        self._board = Board()
        self._lock = threading.Lock()

    def change(self, work: Callable[[Board], T]) -> T:
        """Carry out ``work`` on the board."""
        with self._lock:
            return work(self._board)


class FileStore:
    """A board in a small file, for the processes of one machine.

    The file is mapped into memory: a system call would cost each of many threads its turn. It has room for
    two boards and a byte that says which one counts, so that a process that is killed while it writes
    changes nothing. A file that is removed while processes use it is made again by the first that notices,
    with what was in it.

    Args:
        path: made if missing; the folder must exist.
        clock: a number for this boot of this machine, because its clock starts anew.
    """

    def __init__(self, path: Path, clock: float) -> None:
        self._path, self._clock = path, clock
        self._lock = threading.Lock()
        self._open()

    def change(self, work: Callable[[Board], T]) -> T:
        """Carry out ``work`` on the board, locked against threads and processes.

        Raises:
            LedgerError: another process had the file locked for too long.
        """
        with self._lock:
            self._wait_for_lock()
            try:
                self._follow()
                board = Board(self._read(), self._clock, is_alive=is_alive)
                result = work(board)
                self._write(board.tobytes())
                return result
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file."""
        self._map.close()
        os.close(self._file)

    def _open(self) -> None:
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._wait_for_lock()
            size = os.fstat(self._file).st_size
            # written, not left as a hole: where the disk is full, a mapped hole would end the process
            os.pwrite(self._file, bytes(max(0, FILE_BYTES - size)), size)
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._map = mmap.mmap(self._file, FILE_BYTES)
        except OSError as error:
            raise LedgerError(
                f"The file of the rate limit cannot be used: {error.strerror or type(error).__name__}.",
                hint=f"Make room, or mend the permissions of {self._path.parent}.",
            ) from error
        self._follow_at_s = time.monotonic() + FOLLOW_S

    def _read(self) -> bytes:
        start = _PREFIX + self._map[0] % 2 * BYTES_MOST
        return self._map[start : start + length_of(self._map[start : start + HEADER_BYTES])]

    def _write(self, raw: bytes) -> None:
        other = 1 - self._map[0] % 2
        start = _PREFIX + other * BYTES_MOST
        self._map[start : start + len(raw)] = raw
        self._map[0] = other

    def _follow(self) -> None:
        """Look now and then whether the file still has its name; if not, go to the one that has it now."""
        if time.monotonic() < self._follow_at_s:
            return
        self._follow_at_s = time.monotonic() + FOLLOW_S
        while not os.fstat(self._file).st_nlink:
            kept = self._read()
            self.close()
            self._open()
            self._wait_for_lock()
            if not self._read():
                self._write(kept)

    def _wait_for_lock(self) -> None:
        deadline_s = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    raise LedgerError(
                        f"Another process has had the file of the rate limit locked for {LOCK_WAIT_S:g} s: "
                        "it is stopped, or hangs.",
                        hint="Nothing was sent. Look for a stopped sheetsync process (state T in ps), "
                        "let it go on or end it, and try again.",
                    ) from None
                time.sleep(LOCK_PAUSE_S)
            else:
                return


def is_alive(pid: int) -> bool:
    """Whether a process of this machine exists and is more than a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
