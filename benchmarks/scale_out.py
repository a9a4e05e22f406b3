"""How much more several worker processes push, each with 32 requests in flight, on one PostgreSQL ledger.

Run: ``python -m benchmarks.scale_out [--workers 1 2 4] [--rows 1000]``. There are as many credit systems as
workers at most, because pushes to one system exclude each other; each answers after 50 ms.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.databases import databases
from benchmarks.push_rate import CONFIG, LATENCY_S, REQUESTS_PER_ROW, server, type_edits
from sheetsync.bootstrap import Office
from sheetsync.jobs.preview import preview
from sheetsync.jobs.pull import pull

PARALLEL = 32
PASSWORD = {"PASSWORD": "abcd efgh ijkl mnop qrst uvwx"}
LONGEST_S = 600


def configure(folder: Path, database_url: str, addresses: list[str]) -> Path:
    """Write a configuration with a connection for each credit system."""
    parts = []
    for number, address in enumerate(addresses):
        text = CONFIG.format(database_url=database_url, address=address, rate=10_000, parallel=PARALLEL)
        _, _, connection = text.partition("[connections.shop]")
        named = f"[connections.shop]{connection}".replace("connections.shop", f"connections.shop{number}")
        parts.append(named.replace("credits.xlsx", f"credits{number}.xlsx"))
    path = folder / "sheetsync.toml"
    service = f'[service]\ndatabase_url = "{database_url}"\nqueue_url = "{database_url}"\n'
    path.write_text(service + "\n".join(parts), encoding="utf-8")
    return path


def plan(config: Path, name: str, rows: int) -> str:
    """Pull, type an edit in every row, and return the plan."""
    with Office.open(config, PASSWORD) as office:
        with office.desk(name, actor="cli:ana") as desk:
            pull(desk)
        type_edits(config.parent / f"credits{name.removeprefix('shop')}.xlsx", rows)
        with office.desk(name, actor="cli:ana") as desk:
            return preview(desk, write=False).plan.digest


def command(config: Path, *arguments: str) -> list[str]:
    """Return a command line."""
    return [sys.executable, "-m", "sheetsync", *arguments, "--config", str(config)]


@contextmanager
def workers(config: Path, count: int) -> Iterator[None]:
    """Run worker processes."""
    env = os.environ | PASSWORD
    with ExitStack() as stack:
        for _ in range(count):
            process = stack.enter_context(
                subprocess.Popen(
                    command(config, "worker"), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
            stack.callback(process.terminate)
        yield


def ended(office: Office, name: str) -> bool:
    """Whether a push has ended; asked in this process, for a command keeps a core busy for a second."""
    return any(run.kind == "push" and run.ended_at for run in office.ledger.runs.newest(name, limit=5))


def measure(make: object, count: int, rows: int) -> list[float]:
    """Return the rows per second of each system's push, carried out by so many workers at once."""
    assert callable(make)
    with tempfile.TemporaryDirectory(prefix="sheetsync-scale-") as name, ExitStack() as stack:
        folder = Path(name)
        addresses = [stack.enter_context(server(rows)) for _ in range(count)]
        config = configure(folder, make(folder), addresses)
        names = [f"shop{number}" for number in range(count)]
        digests = {each: plan(config, each, rows) for each in names}
        for each, digest in digests.items():
            arguments = ("push", each, "--plan", digest, "--detach", "--no-verify", "--json")
            subprocess.run(
                command(config, *arguments), env=os.environ | PASSWORD, stdout=subprocess.DEVNULL, check=True
            )
        began_s = time.monotonic()
        with Office.open(config, PASSWORD) as office, workers(config, count):
            took: dict[str, float] = {}
            while len(took) < count:
                for each in names:
                    if each not in took and ended(office, each):
                        took[each] = time.monotonic() - began_s
                if time.monotonic() - began_s > LONGEST_S:
                    sys.exit(f"{count} workers did not end within {LONGEST_S} s")
                time.sleep(0.2)
    return [rows / seconds for seconds in took.values()]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rows", type=int, default=1000)
    asked = parser.parse_args()
    most = PARALLEL / LATENCY_S / REQUESTS_PER_ROW
    print(f"Rows per second from the start of the workers to the end; one could reach {most:.0f}.\n")
    print("| workers | rows/s, all | of one worker | slowest to quickest |\n| ---: | ---: | ---: | ---: |")
    one = 0.0
    with databases(["postgresql"]) as makes:
        for count in asked.workers:
            found = measure(makes["postgresql"], count, asked.rows)
            total = count * min(found)
            one = one or total
            print(
                f"| {count} | {total:.0f} | {total / one:.2f} | {min(found) / max(found):.2f} |", flush=True
            )


if __name__ == "__main__":
    main()
