"""200 add-on clients poll and start runs against one ``serve``: requests per second, latencies, errors.

Run: ``python -m benchmarks.load [--clients 200] [--seconds 60]``
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import urllib3

from sheetsync.bootstrap import Office
from sheetsync.jobs.pull import pull
from sheetsync.sandbox import Sandbox
from tests.emulators.identity import AUDIENCE, IdentityEmulator
from tests.web.kit import CONFIG, SHEET

POLL_S = 2.0
"""Seconds between two polls of one sidebar."""

STARTS = 0.02
"""Part of the requests that start a run."""


class Client(threading.Thread):
    """One sidebar.

    Attributes:
        took_s: of each answered request, in seconds.
        errors: whatever was not as it should be.
    """

    def __init__(self, address: str, token: str, until_s: float, number: int) -> None:
        super().__init__(daemon=True)
        self._address, self._until_s = address, until_s
        self._headers = {"Authorization": f"Bearer {token}", "X-Sheetsync-Spreadsheet": SHEET}
        self._pool = urllib3.PoolManager(timeout=30, retries=False)
        self._random = random.Random(number)
        self.took_s: list[float] = []
        self.errors: list[str] = []

    def run(self) -> None:
        """Ask until the end."""
        time.sleep(self._random.random() * POLL_S)
        while time.monotonic() < self._until_s:
            began_s = time.monotonic()
            self._ask()
            self.took_s.append(time.monotonic() - began_s)
            time.sleep(max(0.0, POLL_S - self.took_s[-1]))

    def _ask(self) -> None:
        path, method, wanted = "", "GET", 200
        if self._random.random() < STARTS:
            path, method, wanted = "/verifications", "POST", 202
        url = f"{self._address}/api/v1/connections/shop{path}"
        body = b"{}" if method == "POST" else None
        try:
            reply = self._pool.request(method, url, headers=self._headers, body=body)
        except urllib3.exceptions.HTTPError as error:
            self.errors.append(type(error).__name__)
        else:
            if reply.status != wanted:
                self.errors.append(f"{reply.status} {reply.data[:200]!r}")


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    with IdentityEmulator() as google, Sandbox(users=200) as sandbox, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "sheetsync.toml"
        text = CONFIG.format(
            audience=AUDIENCE,
            certs=google.certs_url,
            address=sandbox.base_url,
            username=sandbox.username,
            sheet="far",
        )
        config.write_text(text)
        env = {**os.environ, "PASSWORD": sandbox.password}
        with Office.open(config, env) as office:
            office.store.callers.link("shop", SHEET, by="cli:benchmark")
            with office.desk("shop", actor="cli:benchmark") as desk:
                pull(desk)
        _measure(config, env, google.token("ed@example.org"), asked.clients, asked.seconds)


def _measure(config: Path, env: dict[str, str], token: str, clients: int, seconds: float) -> None:
    command = [sys.executable, "-m", "sheetsync", "serve", "--port", "0", "--config", str(config)]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        if process.stdout is None:
            raise AssertionError("a pipe was asked for")
        address = process.stdout.readline().strip()
        until_s = time.monotonic() + seconds
        crowd = [Client(address, token, until_s, number) for number in range(clients)]
        for each in crowd:
            each.start()
        for each in crowd:
            each.join()
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
    took_s = sorted(each for client in crowd for each in client.took_s)
    errors = [error for client in crowd for error in client.errors]
    print(
        json.dumps(
            {
                "clients": clients,
                "requests": len(took_s),
                "requests_per_s": round(len(took_s) / seconds, 1),
                "p50_ms": round(took_s[len(took_s) // 2] * 1000, 1),
                "p99_ms": round(took_s[int(len(took_s) * 0.99)] * 1000, 1),
                "errors": len(errors),
            }
        )
    )
    if errors or code != 0:
        raise SystemExit(f"{len(errors)} requests went wrong; serve ended with {code}: {errors[:3]}")


if __name__ == "__main__":
    main()
