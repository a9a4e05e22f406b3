"""How fast a push sends, what a row costs, and how near to the allowed rate it gets without exceeding it.

Run: ``python -m benchmarks.push_rate``. The server answers after 50 ms, in a process of its own. A bare
thread pool that sends the same two requests a row, without ledger or limit, runs in turn with the pushes.
"""

import argparse
import bisect
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import urllib3
from openpyxl import load_workbook
from requests.adapters import HTTPAdapter

from benchmarks.databases import databases
from benchmarks.profiling import profiled
from sheetsync.bootstrap import Office
from sheetsync.jobs.preview import preview
from sheetsync.jobs.pull import pull
from sheetsync.jobs.push import push
from tests.e2e.harness import headers, places

LATENCY_S = 0.05
REQUESTS_PER_ROW = 2
AMPLE = 2
"""Allowed requests per second, as a multiple of what so many in flight can reach: the limit does not bind."""

RATE_PARALLEL = 32

CONFIG = """
[service]
database_url = "{database_url}"
[connections.shop]
provider = "fastcredit"
base_url = "{address}"
username = "kassa"
application_password = {{ env = "PASSWORD" }}
timeout_s = 20
settle_after_s = 60
[connections.shop.routes.list_users]
path = "/users"
result = "credits"
[connections.shop.routes.get_credits]
path = "/balance"
query = {{ uid = "{{user_id}}" }}
result = "credits"
[connections.shop.routes.add_credits]
method = "POST"
path = "/add"
body = {{ uid = "{{user_id}}", points = "{{amount}}" }}
[connections.shop.routes.reset_credits]
method = "PUT"
path = "/balance"
body = {{ uid = "{{user_id}}", total = "{{amount}}" }}
[connections.shop.sheet]
kind = "xlsx"
path = "credits.xlsx"
tab = "Credits"
[connections.shop.limits]
requests_per_second = {rate}
parallel_requests = {parallel}
max_rows_per_push = 100000
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """What one measurement came to.

    Attributes:
        rows_per_s: rows sent.
        cpu_ms: of our process, per row.
        arrivals: at the server, in seconds.
    """

    rows_per_s: float
    cpu_ms: float
    arrivals: tuple[float, ...] = ()


@dataclass(slots=True)
class Stage:
    """Looks at the clocks while rows are sent: what comes before and after is no part of the rate."""

    first: tuple[float, float, int] | None = None
    last: tuple[float, float, int] = (0.0, 0.0, 0)

    def __call__(self, what: str, done: int, _total: int | None) -> None:
        """Hear of progress."""
        if what == "Pushing":
            self.last = (time.monotonic(), time.process_time(), done)
            self.first = self.first or self.last

    def pace(self, arrivals: tuple[float, ...]) -> Pace:
        """Return what it saw."""
        assert self.first is not None
        seconds, cpu_s, rows = (b - a for a, b in zip(self.first, self.last, strict=True))
        return Pace(rows / seconds, 1000 * cpu_s / rows, arrivals)


@contextmanager
def server(users: int, *, latency_s: float = LATENCY_S, limit: int = 0) -> Iterator[str]:
    """Start the server, which may refuse more than so many requests a second; yield its address."""
    command = [
        *(sys.executable, "-m", "benchmarks.server", "--users", str(users), "--latency", str(latency_s)),
        *("--limit", str(limit)),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def measure_push(address: str, make: Any, *, rows: int, rate: float, parallel: int) -> Pace:
    """Push rows from a fresh office and return how it went."""
    with tempfile.TemporaryDirectory(prefix="sheetsync-rate-") as folder:
        config = Path(folder) / "sheetsync.toml"
        text = CONFIG.format(database_url=make(folder), address=address, rate=rate, parallel=parallel)
        config.write_text(text, encoding="utf-8")
        with Office.open(config, {"PASSWORD": "abcd efgh ijkl mnop qrst uvwx"}) as office:
            digest = _prepare(office, Path(folder) / "credits.xlsx", rows)
            _arrivals(address)
            stage = Stage()
            with office.desk("shop", actor="cli:ana", pushes=True, report=stage) as desk, profiled():
                result = push(desk, digest, check=False)
            assert len(result["rows"]) == rows
            return stage.pace(_arrivals(address))


def _prepare(office: Office, path: Path, rows: int) -> str:
    with office.desk("shop", actor="cli:ana") as desk:
        pull(desk)
    type_edits(path, rows)
    with office.desk("shop", actor="cli:ana") as desk:
        chosen = {str(user) for user in range(1, rows + 1)}
        return preview(desk, account_ids=chosen, write=False).plan.digest


def type_edits(path: Path, rows: int) -> None:
    """Type the same edit into the rows of the first users of a workbook."""
    book = load_workbook(path)
    tab = book["Credits"]
    columns, numbers = headers(tab), places(tab)
    for user in range(1, rows + 1):
        tab.cell(numbers[str(user)], columns["Action"]).value = "Add"
        tab.cell(numbers[str(user)], columns["Amount"]).value = 5
    book.save(path)
    book.close()


def _arrivals(address: str) -> tuple[float, ...]:
    """Take what the server noted since the last time."""
    with urllib3.PoolManager() as pool:
        return tuple(json.loads(pool.request("GET", f"{address}/arrivals").data))


def measure_bare(address: str, *, rows: int, parallel: int) -> Pace:
    """Send the same requests from a thread pool, with nothing beside."""
    with (
        urllib3.connection_from_url(address, maxsize=parallel, retries=False) as pool,
        ThreadPoolExecutor(parallel) as threads,
    ):

        def one(user: int) -> None:
            json.loads(pool.request("GET", f"/balance?uid={user}").data)
            body = json.dumps({"uid": str(user), "points": 5}).encode()
            reply = pool.request("POST", "/add", body=body, headers={"Content-Type": "application/json"})
            assert json.loads(reply.data)["ok"]

        began_s, began_cpu_s = time.monotonic(), time.process_time()
        list(threads.map(one, range(1, rows + 1)))
        seconds, cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu_s
    return Pace(rows / seconds, 1000 * cpu_s / rows)


def measure_sessions(address: str, *, rows: int, parallel: int) -> Pace:
    """Send the same from a pool of threads that share a ``requests.Session``, as scripts do."""
    with requests.Session() as session, ThreadPoolExecutor(parallel) as threads:
        session.trust_env = False
        session.mount("http://", HTTPAdapter(pool_maxsize=parallel))

        def one(user: int) -> None:
            session.get(f"{address}/balance", params={"uid": user}, timeout=30).json()
            assert session.post(f"{address}/add", json={"uid": str(user), "points": 5}, timeout=30).json()[
                "ok"
            ]

        began_s, began_cpu_s = time.monotonic(), time.process_time()
        list(threads.map(one, range(1, rows + 1)))
        seconds, cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu_s
    return Pace(rows / seconds, 1000 * cpu_s / rows)


def windows_above(arrivals: tuple[float, ...], rate: float) -> int:
    """Count the one-second windows, one from each arrival on, that hold more than the rate."""
    times = sorted(arrivals)
    return sum(1 for place, at in enumerate(times) if bisect.bisect_left(times, at + 1.0) - place > rate)


def share_of(arrivals: tuple[float, ...], rate: float) -> float:
    """Return the part of the allowed rate that was reached, after a first window that begins unused.

    From one arrival to that whole windows later: within a window requests need not be evenly spread.
    """
    times = sorted(arrivals)
    steady = [at for at in times if at >= times[0] + 1.0] or times
    whole = max((len(steady) - 1) // int(rate) * int(rate), 1)
    return whole / (steady[whole] - steady[0]) / rate


def rows_for(rate_per_s: float, seconds: float) -> int:
    """Return how many rows take about so long at a rate of requests."""
    return max(8, int(seconds * rate_per_s / REQUESTS_PER_ROW))


def compare(arguments: argparse.Namespace, makers: dict[str, Any]) -> None:
    """Print rows per second and CPU per row, beside the bare pool."""
    print("| requests in flight | what | rows/s | of bare | CPU ms/row | of bare |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for parallel in arguments.parallel:
        most = parallel / LATENCY_S
        rows = rows_for(most, arguments.seconds)
        found: dict[str, list[Pace]] = defaultdict(list)
        with server(rows) as address:
            for _ in range(arguments.repeats):
                found["bare pool"].append(measure_bare(address, rows=rows, parallel=parallel))
                sessions = measure_sessions(address, rows=rows, parallel=parallel)
                found["pool of requests.Session"].append(sessions)
                for kind in arguments.databases:
                    pace = measure_push(
                        address, makers[kind], rows=rows, rate=AMPLE * most, parallel=parallel
                    )
                    found[f"push, {kind}"].append(pace)
        bare_rate, bare_cpu = _medians(found["bare pool"])
        for name, paces in found.items():
            rate, cpu = _medians(paces)
            print(
                f"| {parallel} | {name} | {rate:.1f} | {rate / bare_rate:.2f} | {cpu:.2f} "
                f"| {cpu / bare_cpu:.2f} |",
                flush=True,
            )


def limits(arguments: argparse.Namespace, makers: dict[str, Any]) -> None:
    """Print the share of the allowed rate, and how often it was exceeded at the server."""
    print("| allowed requests/s | ledger | reached | one-second windows above | CPU ms/row |")
    print("| ---: | --- | ---: | ---: | ---: |")
    for rate in arguments.rates:
        rows = rows_for(rate, 3 * arguments.seconds)
        for kind in arguments.databases:
            with server(rows) as address:
                pace = measure_push(address, makers[kind], rows=rows, rate=rate, parallel=RATE_PARALLEL)
            above = windows_above(pace.arrivals, rate)
            share = share_of(pace.arrivals, rate)
            print(
                f"| {rate:g} | {kind} | {100 * share:.1f} % | {above} of {len(pace.arrivals)} "
                f"| {pace.cpu_ms:.2f} |",
                flush=True,
            )


def _medians(paces: list[Pace]) -> tuple[float, float]:
    return (
        statistics.median(each.rows_per_s for each in paces),
        statistics.median(each.cpu_ms for each in paces),
    )


def main() -> None:
    """Measure everything and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="about, per measurement")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--parallel", type=int, nargs="*", default=[1, 8, 32])
    parser.add_argument("--rates", type=float, nargs="*", default=[5, 50, 200])
    parser.add_argument(
        "--databases", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"]
    )
    arguments = parser.parse_args()
    print(f"python -m benchmarks.push_rate {' '.join(sys.argv[1:])}".rstrip() + "\n")
    with databases(arguments.databases) as makers:
        compare(arguments, makers)
        print()
        limits(arguments, makers)


if __name__ == "__main__":
    main()
