"""Many operations, bad weather, workers killed at random: counted against the site's own journal.

Run: ``python -m benchmarks.chaos --operations 10000 --kills 20 --faults 0.2 --database sqlite``
"""

import argparse
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.databases import database
from tests.chaos.storm import Storm, Tally

COLUMNS = ("operations", "kills", "faults", "doubled", "lost", "wrong", "seconds")
TITLES = {"wrong": "wrongly reported"}


def main() -> int:
    """Run one storm and print one table; exit 1 if it did any harm."""
    arguments = _arguments()
    started_s = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - started_s:7.1f} s  {words}", file=sys.stderr, flush=True)

    with (
        tempfile.TemporaryDirectory(prefix="sheetsync-chaos-") as folder,
        database(arguments.database, Path(folder)) as url,
    ):
        storm = Storm(
            Path(folder),
            url,
            operations=arguments.operations,
            kills=arguments.kills,
            faults=arguments.faults,
            seed=arguments.seed,
            sites=arguments.systems,
            workers=arguments.workers,
            parallel=arguments.parallel,
            lease_s=5,
            say=say,
        )
        tally = storm.ride()
    print(f"{arguments.database}, {arguments.workers} workers, {arguments.systems} systems:")
    print(table(tally))
    for problem in tally.problems:
        print(f"problem: {problem}")
    return 1 if tally.problems or tally.doubled or tally.lost or tally.wrong else 0


def table(tally: Tally) -> str:
    """Return the result as a Markdown table."""
    values = asdict(tally) | {"seconds": f"{tally.seconds:.0f}"}
    lines = (
        [TITLES.get(name, name) for name in COLUMNS],
        ["---:" for _ in COLUMNS],
        [str(values[name]) for name in COLUMNS],
    )
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--faults", type=float, default=0.2, help="share of the writes that go wrong")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--systems", type=int, default=20, help="credit systems, each with a tab of its own")
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    parser.add_argument("--parallel", type=int, default=8, help="requests in flight per system")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
