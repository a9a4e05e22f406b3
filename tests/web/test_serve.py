"""The service as a process: prints its address first, is alone on its ledger, ends gently."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import urllib3

CONFIG = """
[auth.roles]
"boss@example.org" = "admin"
"""


def _start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sheetsync", "serve", "--port", "0"]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )


def test_serve(tmp_path: Path) -> None:
    """The address stands first, the link signs in, a second one is refused, SIGTERM ends with 0."""
    (tmp_path / "sheetsync.toml").write_text(CONFIG)
    with _start(tmp_path) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        link = process.stdout.readline().rsplit(" ", 1)[-1].strip()
        pool = urllib3.PoolManager(timeout=10, retries=False)
        ready = pool.request("GET", f"{address}/readyz")
        signed_in = pool.request("POST", link, redirect=False)
        with _start(tmp_path) as second:
            _, told = second.communicate(timeout=30)
        process.send_signal(signal.SIGTERM)
        log = process.communicate(timeout=30)[1]
    assert (200, 303, 4, 0) == (ready.status, signed_in.status, second.returncode, process.returncode)
    assert "Another sheetsync serve" in told
    assert "/sign-in/<secret>" in log
    assert link.rsplit("/", 1)[-1] not in log
