"""Identity of processes: pid and start time in one process table of one boot of one machine."""

import hashlib
import os
import platform
import time
from pathlib import Path

import psutil

from sheetsync.ports import Owner

END_TIMEOUT_S = 5
"""How long an ended process may take to disappear."""

END_PAUSE_S = 0.01
"""Between two looks whether it did."""

GONE = frozenset({psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD})
"""Such a process sends nothing any more."""


class LocalProcesses:
    """The process table that this process sees."""

    def __init__(self) -> None:
        self._machine = _machine()

    def me(self) -> Owner:
        """Return the identity of this process."""
        return Owner(self._machine, os.getpid(), _started(psutil.Process()))

    def is_alive(self, owner: Owner) -> bool | None:
        """Whether the process still exists, stopped ones included; None if that cannot be seen from here."""
        if owner.machine != self._machine:
            return None
        try:
            return self._find(owner) is not None
        except psutil.AccessDenied:
            return None

    def end(self, owner: Owner) -> bool:
        """Kill the process and wait until it is gone; False if it could not be, or is this very process."""
        if owner.machine != self._machine or owner.pid == os.getpid():
            return self.is_alive(owner) is False
        try:
            process = self._find(owner)
            if process is not None:
                process.kill()
                self._wait_for_end(owner)
            return self._find(owner) is None
        except psutil.NoSuchProcess:
            return True
        except psutil.AccessDenied:
            return False

    def _wait_for_end(self, owner: Owner) -> None:
        deadline_s = time.monotonic() + END_TIMEOUT_S
        while self._find(owner) is not None and time.monotonic() < deadline_s:
            time.sleep(END_PAUSE_S)

    def uptime_s(self) -> float:
        """Return the boot-time clock, which a suspended machine does not stop."""
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

    @staticmethod
    def _find(owner: Owner) -> psutil.Process | None:
        """Return the process; None where it is gone, ended but not collected, or another one has its pid.

        Raises:
            psutil.AccessDenied: there is such a process, but it is hidden from us.
        """
        try:
            process = psutil.Process(owner.pid)
            if _started(process) != owner.started or process.status() in GONE:
                return None
        except psutil.NoSuchProcess as error:
            if _is_hidden(owner.pid):
                raise psutil.AccessDenied(owner.pid) from error
            return None
        return process


def _started(process: psutil.Process) -> str:
    """Return the start time in clock ticks since boot, which setting the clock does not change."""
    if not Path("/proc/self/stat").exists():
        return f"{process.create_time():.0f}"
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError) as error:
        raise psutil.NoSuchProcess(process.pid) from error
    return stat.rpartition(")")[2].split()[19]


def _is_hidden(pid: int) -> bool:
    """Whether there is a process of somebody else that /proc does not show us."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return False


def boot_number() -> float:
    """Return a number of this boot of this machine, whose clock counts from it."""
    return _number(_boot())


def home_number() -> float:
    """Return a number of the process table that this process sees."""
    return _number(_machine())


def _number(words: str) -> float:
    """Return a whole number that a double holds exactly."""
    return float(int.from_bytes(hashlib.sha256(words.encode()).digest()[:6]))


def _machine() -> str:
    """Return host, boot and process namespace: two containers of one host do not see each other's pids."""
    namespace = Path("/proc/self/ns/pid")
    return "|".join((platform.node(), _boot(), str(namespace.readlink()) if namespace.exists() else ""))


def _boot() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id")
    return boot.read_text().strip() if boot.exists() else f"{psutil.boot_time():.0f}"
