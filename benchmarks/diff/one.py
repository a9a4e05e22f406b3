"""One method once, in a process of its own: seconds, and what the process held at its peak.

Run by ``benchmarks.diff``; prints one JSON object.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.diff import ours, rivals
from benchmarks.diff.rows import lines, read

OURS = "Sheetsync"


def memory_mb(which: str) -> float:
    """Return this process's memory now (``VmRSS``) or at its peak (``VmHWM``).

    From Linux itself: ``getrusage`` passes the parent's peak on to a child.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(which))


def in_memory(method: str, folder: Path) -> dict[str, object]:
    """Measure from rows that are in memory; the input's own memory is named beside the peak."""
    run: Callable[[], rivals.Found]
    empty = memory_mb("VmRSS")
    if method == OURS:
        book, tab = (
            ours.book_of(lines(folder / "baseline-keyed.csv")),
            ours.tab_of(lines(folder / "tab-keyed.csv")),
        )
        live = {each.account_id: each.balances["credits"] for each in book.baselines.values()}
        run = lambda: ours.classify(tab, book, live.__getitem__)[0]  # noqa: E731 - a name for either of two calls
    else:
        baseline, now = read(folder / "baseline.csv"), read(folder / "tab.csv")
        run = lambda: rivals.IN_MEMORY[method](baseline, now)  # noqa: E731
    gc.collect()
    gc.freeze()
    parsed = memory_mb("VmRSS") - empty
    began_s = time.perf_counter()
    found = run()
    seconds = time.perf_counter() - began_s
    return {"found": found, "seconds": seconds, "parsed_mb": parsed, "peak_mb": memory_mb("VmHWM") - empty}


def end_to_end(method: str, folder: Path) -> dict[str, object]:
    """Measure from two CSV files."""
    empty, began_s = memory_mb("VmRSS"), time.perf_counter()
    if method == OURS:
        found = ours.end_to_end(folder / "baseline-keyed.csv", folder / "tab-keyed.csv")
    else:
        found = rivals.END_TO_END[method](folder / "baseline.csv", folder / "tab.csv")
    return {
        "found": found,
        "seconds": time.perf_counter() - began_s,
        "parsed_mb": 0,
        "peak_mb": memory_mb("VmHWM") - empty,
    }


if __name__ == "__main__":
    kind, name, place = sys.argv[1:]
    measure = {"memory": in_memory, "files": end_to_end}[kind]
    print(json.dumps(measure(name, Path(place))))
