"""The service as a process: prints its address first, is alone on its ledger, ends gently."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import urllib3

CONFIG = """
[auth.roles]
"boss@example.org" = "admin"
"*@example.org" = "viewer"
"""


def _start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sheetsync", "serve", "--port", "0"]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )


def _sign_in_link(folder: Path, address: str, email: str) -> dict[str, Any]:
    """Return what ``sheetsync sign-in`` prints beside a running service."""
    command = [sys.executable, "-m", "sheetsync", "sign-in", "--json", "--email", email, "--address", address]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_link_is_for_somebody_with_a_role(tmp_path: Path) -> None:
    """Nobody else could do anything with it."""
    (tmp_path / "sheetsync.toml").write_text(CONFIG)
    told = _sign_in_link(tmp_path, "http://127.0.0.1:1", "eve@elsewhere.org")
    assert "eve@elsewhere.org has no role." == told["error"]["message"]


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
        told = _sign_in_link(tmp_path, address, "Vera@example.org")
        second_person = pool.request("POST", told["link"], redirect=False)
        with _start(tmp_path) as second:
            _, refused = second.communicate(timeout=30)
        process.send_signal(signal.SIGTERM)
        log = process.communicate(timeout=30)[1]
    assert ("vera@example.org", 303) == (told["email"], second_person.status)
    assert (200, 303, 4, 0) == (ready.status, signed_in.status, second.returncode, process.returncode)
    assert "Another sheetsync serve" in refused
    assert "/sign-in/<secret>" in log
    assert link.rsplit("/", 1)[-1] not in log
