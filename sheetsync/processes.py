"""Identity of processes: pid and start time in one process table of one boot of one machine."""

import os
import platform
import time
from pathlib import Path

import psutil

from sheetsync.ports import Owner

END_TIMEOUT_S = 5
"""How long an ended process may take to disappear."""


class LocalProcesses:
    """The process table that this process sees."""

    def __init__(self) -> None:
        self._machine = _machine()

    def me(self) -> Owner:
        """Return the identity of this process."""
        return Owner(self._machine, os.getpid(), _started(psutil.Process()))

    def is_alive(self, owner: Owner) -> bool | None:
        """Whether the process still exists; None if it belongs to another process table."""
        if owner.machine != self._machine:
            return None
        return self._find(owner) is not None

    def end(self, owner: Owner) -> bool:
        """Kill the process and wait until it is gone."""
        process = self._find(owner) if owner.machine == self._machine else None
        if process is None:
            return owner.machine == self._machine
        try:
            process.kill()
            process.wait(END_TIMEOUT_S)
        except psutil.NoSuchProcess:
            return True
        except (psutil.AccessDenied, psutil.TimeoutExpired):
            return self._find(owner) is None
        return True

    def uptime_s(self) -> float:
        """Return the boot-time clock, which a suspended machine does not stop."""
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

    @staticmethod
    def _find(owner: Owner) -> psutil.Process | None:
        try:
            process = psutil.Process(owner.pid)
            if _started(process) != owner.started or process.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.NoSuchProcess:
            return None
        return process


def _started(process: psutil.Process) -> str:
    """Return the start time in clock ticks since boot, which setting the clock does not change."""
    stat = Path(f"/proc/{process.pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            return stat.read_text(errors="replace").rpartition(")")[2].split()[19]
        except FileNotFoundError as error:
            raise psutil.NoSuchProcess(process.pid) from error
    return f"{process.create_time():.0f}"


def _machine() -> str:
    """Return host, boot and process namespace: two containers of one host do not see each other's pids."""
    parts = [platform.node()]
    boot = Path("/proc/sys/kernel/random/boot_id")
    parts.append(boot.read_text().strip() if boot.exists() else f"{psutil.boot_time():.0f}")
    namespace = Path("/proc/self/ns/pid")
    parts.append(os.readlink(namespace) if namespace.exists() else "")
    return "|".join(parts)
