"""Every benchmark still runs; how fast is for people to read."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TIME_LIMIT_S = 150


def run(*arguments: str) -> str:
    """Run a benchmark and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_chaos(database: str) -> None:
    """A storm of a few rows, without a kill."""
    options = ["--operations", "8", "--kills", "0", "--faults", "0", "--systems", "1", "--workers", "1"]
    printed = run("benchmarks.chaos", *options, "--database", database)
    cells = [cell.strip() for cell in printed.splitlines()[-1].strip("| ").split("|")]
    assert ["8", "0", "0", "0", "0", "0"] == cells[:6]


def test_push_rate() -> None:
    """Both tables with all their rows, and no window above the limit."""
    options = ["--seconds", "0.2", "--repeats", "1", "--parallel", "4", "--rates", "40"]
    printed = run("benchmarks.push_rate", *options)
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in printed.splitlines()
        if line.startswith("|")
    ]
    beside = ["bare pool", "pool of requests.Session", "push, sqlite", "push, postgresql"]
    assert beside == [row[1] for row in rows[2:6]]
    assert ["sqlite", "postgresql"] == [row[1] for row in rows[8:]]
    assert {"0"} == {row[3].partition(" of ")[0] for row in rows[8:]}
