"""``serve`` as processes: stopped gently, killed, and two of them on one ledger; nothing is applied twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from sheetsync.bootstrap import Office
from sheetsync.sandbox import Sandbox
from tests.web.kit import CONFIG, SHEET, counts, edit_book

ROWS = 9
SHOP = "/api/v1/connections/shop"


@dataclass
class Firm:
    """A configuration, its sandbox, and a token that every process of it knows."""

    folder: Path
    sandbox: Sandbox
    token: str

    @contextmanager
    def serve(self, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """Start a process; yield it with its address."""
        command = [sys.executable, "-m", "sheetsync", "serve", "--port", "0", *options]
        env = {**os.environ, "PASSWORD": self.sandbox.password}
        log = (self.folder / "serve.log").open("a")
        with (
            log,
            subprocess.Popen(
                command, cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=log, text=True
            ) as process,
        ):
            try:
                assert process.stdout is not None
                yield process, process.stdout.readline().strip()
            finally:
                if process.poll() is None:
                    process.kill()

    def ask(self, address: str, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:  # noqa: ANN401
        """Send a request; return its reply."""
        given = {"Authorization": f"Bearer {self.token}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        pool = urllib3.PoolManager(timeout=60, retries=False)
        reply = pool.request(method, f"{address}{path}", json=body, headers=given)
        assert reply.status < 300, reply.data
        found: dict[str, Any] = reply.json()
        return found

    def until(self, address: str, run: str, *, done: int | None = None) -> dict[str, Any]:
        """Follow a run to its end, or until so many of its rows are done."""
        end_s = time.monotonic() + 120
        while time.monotonic() < end_s:
            found = self.ask(address, "GET", f"/api/v1/runs/{run}")
            if done is not None and found["done"] >= done:
                return found
            if found["state"] not in ("queued", "running", "interrupted"):
                return found
            time.sleep(0.05)
        raise AssertionError(f"run {run} does not end")

    def planned(self, address: str) -> str:
        """Pull, type an Add of 1 into every row, preview; return the digest."""
        self.until(address, self.ask(address, "POST", f"{SHOP}/pulls", {})["run"])
        edit_book(self.folder / "credits.xlsx", dict.fromkeys(range(2, 2 + ROWS), 1))
        digest: str = self.ask(address, "POST", f"{SHOP}/plans", {"scope": "all"})["plan"]["digest"]
        return digest

    def added(self) -> list[int]:
        """Return what every user got, by the credit system's own books."""
        return sorted(each.delta_minor for each in self.sandbox.book.journal(cause="api"))


@contextmanager
def _firm(folder: Path, *, database: str = "sqlite:///ledger.db", per_s: int = 1000) -> Iterator[Firm]:
    with Sandbox(users=ROWS) as sandbox:
        text = CONFIG.format(
            audience="a", certs="http://127.0.0.1:9/certs", address=sandbox.base_url,
            username=sandbox.username, sheet=SHEET,
        )  # fmt: skip
        text = text.replace("sqlite:///ledger.db", database)
        text = text.replace("requests_per_second = 1000", f"requests_per_second = {per_s}")
        config = folder / "sheetsync.toml"
        config.write_text(text)
        with Office.open(config, {"PASSWORD": sandbox.password}) as office:
            made = office.store.callers.create_token(
                "boss@example.org", "admin", connection=None, expires=None, by="cli:test"
            )
        yield Firm(folder, sandbox, made[0])


def test_stopped_gently(tmp_path: Path) -> None:
    """SIGTERM in the middle of a push: it ends with 0, the run waits, and the next process finishes it."""
    with _firm(tmp_path, per_s=6) as firm:
        with firm.serve() as (process, address):
            digest = firm.planned(address)
            run = firm.ask(address, "POST", f"{SHOP}/pushes", {"plan": digest}, Idempotency_Key="p")["run"]
            firm.until(address, run, done=2)
            process.send_signal(signal.SIGTERM)
            assert 0 == process.wait(timeout=60)
        with firm.serve() as (_, address):
            again = firm.ask(address, "POST", f"{SHOP}/pushes", {"plan": digest}, Idempotency_Key="p")["run"]
            ended = firm.until(address, again)
        assert (run, "done", counts(confirmed=ROWS)) == (again, ended["state"], ended["counts"])
        assert [1] * ROWS == firm.added()


def test_killed(tmp_path: Path) -> None:
    """Killed with -9 in the middle of a push: another goes on with the run; nothing is done twice."""
    with _firm(tmp_path, per_s=6) as firm:
        with firm.serve() as (process, address):
            digest = firm.planned(address)
            run = firm.ask(address, "POST", f"{SHOP}/pushes", {"plan": digest}, Idempotency_Key="p")["run"]
            firm.until(address, run, done=2)
            process.kill()
            process.wait(timeout=60)
        with firm.serve() as (_, address):
            again = firm.ask(address, "POST", f"{SHOP}/pushes", {"plan": digest}, Idempotency_Key="p")["run"]
            firm.until(address, again)
            firm.until(address, firm.ask(address, "POST", f"{SHOP}/verifications", {})["run"])
            rows = firm.ask(address, "GET", f"{SHOP}/history?limit=500")["operations"]
        assert run == again
        added = firm.added()
        assert [1] * len(added) == added
        states = sorted(row["status"] for row in rows)
        assert len(added) >= states.count("confirmed")
        assert {"confirmed", "confirmation_required", "not_applied"} >= set(states), states
        assert ROWS == len(rows)


def test_a_reply_is_in_flight_when_it_ends(tmp_path: Path) -> None:
    """SIGTERM while a preview is waited for: the request is still answered, then the process ends with 0."""
    with _firm(tmp_path, per_s=6) as firm, firm.serve() as (process, address):
        firm.planned(address)
        given = {"Authorization": f"Bearer {firm.token}", "Content-Type": "application/json"}
        pool = urllib3.PoolManager(timeout=60, retries=False)
        waiting = pool.request(
            "POST", f"{address}{SHOP}/plans", body=b"{}", headers=given, preload_content=False
        )
        process.send_signal(signal.SIGTERM)
        assert waiting.status in (200, 202)
        assert waiting.json()
        assert 0 == process.wait(timeout=60)


def test_two_on_one_ledger(tmp_path: Path, postgresql_url: str) -> None:
    """Two services on PostgreSQL: what one starts the other one shows; one push of two equal ones sends."""
    with (
        _firm(tmp_path, database=postgresql_url) as firm,
        firm.serve("--no-worker") as (_, one),
        firm.serve() as (_, other),
        subprocess.Popen(
            [sys.executable, "-m", "sheetsync", "worker"],
            cwd=tmp_path,
            env={**os.environ, "PASSWORD": firm.sandbox.password},
            stderr=subprocess.DEVNULL,
        ) as worker,
    ):
        digest = firm.planned(one)
        runs = [
            firm.ask(at, "POST", f"{SHOP}/pushes", {"plan": digest}, Idempotency_Key="p")["run"]
            for at in (one, other)
        ]
        assert runs[0] == runs[1]
        assert counts(confirmed=ROWS) == firm.until(other, runs[0])["counts"]
        assert [1] * ROWS == firm.added()
        worker.send_signal(signal.SIGTERM)
        assert 0 == worker.wait(timeout=60)
