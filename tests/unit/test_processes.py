"""Which process is which: a stopped one is alive, an ended one is dead, and a number alone says nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import psutil
import pytest

from sheetsync.ports import Owner
from sheetsync.processes import LocalProcesses

PROCESSES = LocalProcesses()


def owner_of(process: subprocess.Popen[str]) -> Owner:
    """Return the identity that the process itself would write into a lease."""
    assert process.stdout is not None
    started = process.stdout.readline().strip()
    return replace(PROCESSES.me(), pid=process.pid, started=started)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """Start a process that says who it is and then waits."""
    program = (
        "import sys; from sheetsync.processes import LocalProcesses; "
        "print(LocalProcesses().me().started, flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.kill()


def wait_for(process: subprocess.Popen[str], status: str) -> None:
    """Wait until the process has a status."""
    while psutil.Process(process.pid).status() != status:
        time.sleep(0.005)


def test_me() -> None:
    """This process is alive, under the same identity every time."""
    assert PROCESSES.me() == LocalProcesses().me()
    assert PROCESSES.me().pid == os.getpid()
    assert PROCESSES.is_alive(PROCESSES.me()) is True


def test_child(process: subprocess.Popen[str]) -> None:
    """Another process is known by what it says of itself."""
    assert PROCESSES.is_alive(owner_of(process)) is True


def test_stopped_is_alive(process: subprocess.Popen[str]) -> None:
    """A stopped process would go on sending when it continues."""
    owner = owner_of(process)
    process.send_signal(signal.SIGSTOP)
    wait_for(process, psutil.STATUS_STOPPED)
    assert PROCESSES.is_alive(owner) is True


def test_zombie_is_dead(process: subprocess.Popen[str]) -> None:
    """A process that ended sends nothing, even while nobody has collected it."""
    owner = owner_of(process)
    process.kill()
    wait_for(process, psutil.STATUS_ZOMBIE)
    assert PROCESSES.is_alive(owner) is False
    process.wait()
    assert PROCESSES.is_alive(owner) is False


@pytest.mark.parametrize("stopped", [False, True])
def test_end(process: subprocess.Popen[str], *, stopped: bool) -> None:
    """A process is ended for good, stopped or not; ending it twice is no mistake."""
    owner = owner_of(process)
    if stopped:
        process.send_signal(signal.SIGSTOP)
        wait_for(process, psutil.STATUS_STOPPED)
    assert PROCESSES.end(owner) is True
    assert process.wait() == -signal.SIGKILL
    assert PROCESSES.end(owner) is True


def test_pid_of_another(process: subprocess.Popen[str]) -> None:
    """A process that got an old number is left alone: the one that was meant is dead."""
    owner = replace(owner_of(process), started="1")
    assert PROCESSES.is_alive(owner) is False
    assert PROCESSES.end(owner) is True
    assert process.poll() is None


def test_other_machine(process: subprocess.Popen[str]) -> None:
    """What lives in another process table cannot be seen, and is not ended."""
    owner = replace(owner_of(process), machine="elsewhere|boot|pid:[1]")
    assert PROCESSES.is_alive(owner) is None
    assert PROCESSES.end(owner) is False
    assert process.poll() is None


def test_no_suicide() -> None:
    """A process does not end itself, whatever its lease says."""
    assert PROCESSES.end(PROCESSES.me()) is False


def test_uptime() -> None:
    """The boot-time clock only grows."""
    first = PROCESSES.uptime_s()
    assert PROCESSES.uptime_s() >= first > 0
