"""Tab × baseline × live balances, full classification, beside rivals that only compare two tables.

Run: ``python -m benchmarks.diff [--sizes 10000 100000 1000000] [--repeats 3]``. Every method runs in a
process of its own, in turn with the others; medians. What each finds is compared with what was made.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.diff import ours, rivals
from benchmarks.diff.one import OURS
from benchmarks.diff.rows import tables, write

Method = tuple[str, str]
"""("memory" or "files", method)."""


@dataclass
class Measured:
    """What one method took, one entry a run."""

    seconds: list[float] = field(default_factory=list)
    parsed_mb: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)

    @property
    def median_s(self) -> float:
        """Seconds, the middle one."""
        return statistics.median(self.seconds)


def prepared(size: int, folder: Path, *, shuffled: bool) -> tuple[int, int, int]:
    """Write the four files and return what there is to be found."""
    made = tables(size, shuffled=shuffled)
    write(made.baseline, folder / "baseline.csv")
    write(made.tab, folder / "tab.csv")
    known = frozenset(row[0] for row in made.baseline)
    write(ours.keyed(made.baseline), folder / "baseline-keyed.csv", header=ours.KEYED)
    write(ours.keyed(made.tab, known), folder / "tab-keyed.csv", header=ours.KEYED)
    return made.expected


def once(method: Method, folder: Path, expected: tuple[int, int, int], measured: Measured) -> None:
    """Run one method and keep what it took.

    Raises:
        SystemExit: it found something else than there is.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.diff.one", *method, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    if tuple(answer["found"]) != expected:
        sys.exit(f"{method[1]} found {answer['found']} (changed, added, gone) instead of {list(expected)}")
    measured.seconds.append(answer["seconds"])
    measured.parsed_mb.append(answer["parsed_mb"])
    measured.peak_mb.append(answer["peak_mb"])


def compare(size: int, *, shuffled: bool, repeats: int, alone: bool = False) -> dict[Method, Measured]:
    """Return what every method took on tables of this size."""
    methods = [("memory", name) for name in (OURS, *rivals.IN_MEMORY)]
    methods += [("files", name) for name in (OURS, *rivals.END_TO_END)]
    if alone:
        methods = [("memory", OURS), ("memory", "dictionary pass")]
    found: dict[Method, Measured] = defaultdict(Measured)
    with TemporaryDirectory() as place:
        expected = prepared(size, Path(place), shuffled=shuffled)
        for turn in range(repeats):
            for method in methods:
                if turn == 0 or method[1] not in rivals.SLOW:
                    once(method, Path(place), expected, found[method])
    return found


def table(size: int, found: dict[Method, Measured]) -> None:
    """Print a line for each method, relative to ours."""
    for kind, title in (("memory", "rows in memory"), ("files", "from two CSV files")):
        base = found["memory" if kind == "memory" else "files", OURS].median_s
        for (where, name), measured in found.items():
            if where != kind:
                continue
            print(
                f"| {size:,} | {title} | {name} | {measured.median_s:.2f} | {measured.median_s / base:.2f} | "
                f"{statistics.median(measured.peak_mb):.0f} |"
            )


def goals(found: dict[Method, Measured], shuffled: dict[Method, Measured], smaller: float | None) -> None:
    """Print the ratios that matter."""
    mine, plain = found["memory", OURS], found["memory", "dictionary pass"]
    whole, csv_diff_s = found["files", OURS].median_s, found["files", "csv-diff"].median_s
    memory = statistics.median(mine.peak_mb) / statistics.median(mine.parsed_mb)
    print(f"| in memory, to the plain dictionary pass | {mine.median_s / plain.median_s:.2f} × |")
    alike_s = found["files", "dictionary pass"].median_s
    mixed_s = shuffled["memory", "dictionary pass"].median_s
    print(f"| csv-diff to Sheetsync, from files | {csv_diff_s / whole:.1f} × |")
    print(f"| csv-diff to the plain dictionary pass, from files | {csv_diff_s / alike_s:.1f} × |")
    print(f"| daff to Sheetsync, from files | {found['files', 'daff'].median_s / whole:.1f} × |")
    print(f"| peak memory to the parsed input | {memory:.2f} × |")
    print(f"| shuffled to sorted | {shuffled['memory', OURS].median_s / mine.median_s:.2f} × |")
    print(f"| shuffled to sorted, the plain dictionary pass | {mixed_s / plain.median_s:.2f} × |")
    if smaller is not None:
        print(f"| growth from the size before | {mine.median_s / smaller:.1f} × |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    print(
        "| rows | what | method | seconds | to Sheetsync | peak MB |\n| --- | --- | --- | --- | --- | --- |"
    )
    smaller, found = None, {}
    for size in asked.sizes:
        smaller = found["memory", OURS].median_s if found else None
        found = compare(size, shuffled=False, repeats=asked.repeats)
        table(size, found)
    shuffled = compare(asked.sizes[-1], shuffled=True, repeats=asked.repeats, alone=True)
    print(f"\n| at {asked.sizes[-1]:,} rows | ratio |\n| --- | --- |")
    goals(found, shuffled, smaller)


if __name__ == "__main__":
    main()
