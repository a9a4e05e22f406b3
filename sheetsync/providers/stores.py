"""Where a board lives: in memory, or in a small file that the processes of one machine share."""

import fcntl
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import psutil

from sheetsync.errors import LedgerError
from sheetsync.providers.board import Board

LOCK_WAIT_S = 30.0
"""Seconds to wait for a file that is locked for microseconds at a time: whoever has it then is stopped."""

LOCK_PAUSE_S = 0.0005
"""Seconds between two tries to lock the file."""

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

    A file that is removed while processes use it is made again by the first of them, with what was in it.

    Args:
        path: made if missing; the folder must exist.
        clock: a number for this boot of this machine, because its clock starts anew.
    """

    def __init__(self, path: Path, clock: float) -> None:
        self._path, self._clock = path, clock
        self._lock = threading.Lock()
        self._file = self._open()

    def change(self, work: Callable[[Board], T]) -> T:
        """Carry out ``work`` on the board, locked against threads and processes.

        Raises:
            LedgerError: another process had the file locked for too long.
        """
        with self._lock:
            raw = self._locked()
            try:
                board = Board(raw, self._clock, is_alive=is_alive)
                result = work(board)
                if (changed := board.tobytes()) != raw:
                    os.pwrite(self._file, changed, 0)
                    os.ftruncate(self._file, len(changed))
                return result
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _locked(self) -> bytes:
        """Lock the file that has the name now, and return what is in it."""
        kept = b""
        while True:
            self._wait_for_lock()
            status = os.fstat(self._file)
            if status.st_nlink:
                return os.pread(self._file, status.st_size, 0) or kept
            # somebody emptied the folder for temporary files: the others look for it under its name, too
            kept = os.pread(self._file, status.st_size, 0)
            os.close(self._file)
            self._file = self._open()

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
