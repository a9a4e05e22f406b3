"""A command as a person starts it, and what it cost."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one command; the peak is of its resident memory."""

    seconds: float
    cpu_s: float
    peak_mb: float


def run(folder: Path, *args: str, env: Mapping[str, str]) -> Cost:
    """Run a command in a folder and return what it cost.

    Args:
        folder: has the configuration; what the command prints goes there, into ``out.json``.
        args: of ``sheetsync``.
        env: secrets that the configuration names.

    Raises:
        SystemExit: it failed.
    """
    whole, began_s = os.environ | env | {"PYTHONPATH": str(Path.cwd())}, time.monotonic()
    with (folder / "out.json").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "sheetsync", *args, "--json"], cwd=folder, env=whole, stdout=out
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        told = (folder / "out.json").read_text()[:500]
        raise SystemExit(f"{args} ended with {process.returncode}: {told}")
    return Cost(time.monotonic() - began_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
