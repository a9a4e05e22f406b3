"""Who holds a SQLite ledger's write lock, in words: a stopped process holds it until it goes on."""

import os
from pathlib import Path

import psutil

WRITE_LOCK_BYTE = 120
"""Where the one writer locks the shared-memory file of a write-ahead log: sqlite.org/walformat.html."""


def waited_for(database: Path) -> str:
    """Return a sentence about the process that holds the lock, and what to do about it."""
    pid = writer_of(database)
    if pid is None:
        return "Look for a stopped or hanging process that uses the ledger (state T or D in ps), and end it."
    if pid == os.getpid():
        return "This very process holds it: start it again."
    try:
        process = psutil.Process(pid)
        name, is_stopped = process.name(), process.status() == psutil.STATUS_STOPPED
    except psutil.Error:
        return f"Process {pid} held it until now: try again."
    if is_stopped:
        return (
            f"Process {pid} ({name}) holds it and is stopped: let it go on with kill -CONT {pid}, or end it "
            f"with kill -9 {pid}; what it had not committed is undone, and its run can be taken over."
        )
    return f"Process {pid} ({name}) holds it: wait for it, or end it; what it had not committed is undone."


def writer_of(database: Path) -> int | None:
    """Return the process that holds the write lock, where the system's list of locks shows it."""
    try:
        inode = database.with_name(f"{database.name}-shm").stat().st_ino
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    return next((pid for line in lines if (pid := _holder(line, inode)) is not None), None)


def _holder(line: str, inode: int) -> int | None:
    """Return the pid in a line such as ``3: POSIX ADVISORY WRITE 812 fe:01:5512 120 120`` of the lock."""
    fields = line.split()
    if (
        len(fields) != 8
        or fields[1] != "POSIX"
        or fields[3] != "WRITE"
        or fields[5].split(":")[-1] != str(inode)
    ):
        return None
    first, last = int(fields[6]), fields[7]
    covers = first <= WRITE_LOCK_BYTE and (last == "EOF" or int(last) >= WRITE_LOCK_BYTE)
    pid = int(fields[4])
    return pid if covers and pid > 0 else None
