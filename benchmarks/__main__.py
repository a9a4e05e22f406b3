"""Every benchmark in turn, and ``docs/performance.md`` from what they print.

Run: ``make bench``, or ``python -m benchmarks [--only NAME …] [--small] [--page docs/performance.md]``. The
section of a benchmark is written anew when it has run; the others stay. ``--small`` runs each with little, to
see that it still works, and writes nothing.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path("docs/performance.md")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark.

    Attributes:
        title: of its section.
        module: in this folder.
        arguments: as measured for the page.
        small: as run to see that it works.
    """

    title: str
    module: str
    arguments: str = ""
    small: str = ""

    @property
    def command(self) -> str:
        """What a person types."""
        return f"python -m benchmarks.{self.module} {self.arguments}".strip()

    def run(self, arguments: str) -> str:
        """Return what it prints.

        Raises:
            SystemExit: it failed.
        """
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{self.module}", *arguments.split()],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"{self.module} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout.strip()


BENCHMARKS = (
    Benchmark("Diff", "diff", "--sizes 10000 100000 1000000 --repeats 3", "--sizes 2000 --repeats 1"),
    Benchmark("Pull", "pull", "--accounts 100000", "--accounts 150 --tutorial 10"),
    Benchmark("Limiters", "limiters", "--rates 5 50 200 --seconds 10", "--rates 20 --seconds 1 --repeats 1"),
    Benchmark(
        "Push",
        "push_rate",
        "--parallel 1 16 64",
        "--parallel 4 --rates 50 --seconds 0.5 --repeats 1 --databases sqlite",
    ),
    Benchmark("Requests to Google Sheets", "sheets_cost", "", "--users 300 --scattered 20"),
    Benchmark("Ledger", "ledger", "--growth 1 10", "--operations 2000 --growth 1 --database sqlite"),
    Benchmark("Histories", "history", "", "--operations 2000"),
    Benchmark("Imports", "imports", "--lines 100000", "--lines 100"),
    Benchmark("Several workers", "scale_out", "--rows 1500", "--workers 1 --rows 20"),
    Benchmark("The service", "load", "", "--clients 4 --seconds 2"),
)


def begin(title: str) -> str:
    """Return the line before a measured section."""
    return f"<!-- measured: {title} -->"


def written(page: str, benchmark: Benchmark, printed: str) -> str:
    """Return the page with a benchmark's section written anew."""
    head, end = begin(benchmark.title), f"<!-- end: {benchmark.title} -->"
    before, found, rest = page.partition(head)
    if not found or end not in rest:
        sys.exit(f"{PAGE} has no place for {benchmark.title}: write {head} and {end} where it belongs.")
    _, _, after = rest.partition(end)
    if "|" not in printed:
        printed = f"```text\n{printed}\n```"
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {day}"
    return f"{before}{head}\n`{benchmark.command}` ({machine})\n\n{printed}\n{end}{after}"


def main() -> None:
    """Run them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[each.module for each in BENCHMARKS])
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--page", type=Path, default=PAGE)
    asked = parser.parse_args()
    for each in BENCHMARKS:
        if asked.only and each.module not in asked.only:
            continue
        began_s = time.monotonic()
        printed = each.run(each.small if asked.small else each.arguments)
        print(f"## {each.title}\n\n{printed}\n\n({time.monotonic() - began_s:.0f} s)\n", flush=True)
        if not asked.small:
            page = asked.page.read_text(encoding="utf-8")
            asked.page.write_text(written(page, each, printed), encoding="utf-8")


if __name__ == "__main__":
    main()
