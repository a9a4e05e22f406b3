"""The two tables that everybody compares, made from a seed."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER = ("User ID", "Email", "Name", "Credits", "Action", "Amount")
KEY = "Key"
"""A seventh column, which only Sheetsync has and reads: the hidden cell that ties a row to the ledger."""

Row = list[str]


@dataclass(frozen=True, slots=True)
class Tables:
    """What was pulled, what stands in the tab now, and what every method has to find.

    Attributes:
        baseline, tab: rows of six texts.
        changed: rows in both that differ: valid edits and invalid ones.
        invalid: of these, rows whose amount is no number.
        added, gone: rows that only the tab, only the baseline has.
    """

    baseline: list[Row]
    tab: list[Row]
    changed: int
    invalid: int
    added: int
    gone: int

    @property
    def expected(self) -> tuple[int, int, int]:
        """Changed, added and gone rows."""
        return self.changed, self.added, self.gone


def tables(size: int, *, shuffled: bool, seed: int = 7) -> Tables:
    """Return ``size`` rows pulled; 1 % changed since, 0.1 % added, 0.1 % gone, 0.1 % invalid."""
    dice = random.Random(seed)
    ids = [f"{number:08d}" for number in range(1, size + 1)]
    baseline = [[each, f"user{each}@example.org", f"User {each}", str(dice.randrange(500))] for each in ids]
    for row in baseline:
        row += ["", ""]
    few, many = max(1, size // 1000), max(2, size // 100)
    picked = dice.sample(range(size), few + few + many)
    gone, invalid, edited = set(picked[:few]), set(picked[few : 2 * few]), set(picked[2 * few :])
    tab = []
    for place, row in enumerate(baseline):
        if place in gone:
            continue
        amount = "1O0" if place in invalid else str(dice.randrange(1, 60)) if place in edited else ""
        tab.append([*row[:4], "Add", amount] if amount else list(row))
    new = (f"{number:08d}" for number in range(size + 1, size + 1 + few))
    tab += [[each, f"user{each}@example.org", f"User {each}", "0", "Add", "5"] for each in new]
    if shuffled:
        dice.shuffle(tab)
    return Tables(baseline, tab, changed=many + few, invalid=few, added=few, gone=few)


def write(rows: list[Row], path: Path, *, header: tuple[str, ...] = HEADER) -> None:
    """Write a table with its header as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(header)
        lines.writerows(rows)


def lines(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV without its header."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows


def read(path: Path) -> list[Row]:
    """Return the rows of a CSV without its header."""
    return list(lines(path))
