"""Cells to ranges: few, absolute, and in requests that are not too large."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from sheetsync.sheets.google import cells
from sheetsync.sheets.google.cells import Json
from sheetsync.sheets.layout import letter

MAX_BYTES = 1_950_000
"""Bytes of one request: Google advises 2 MB."""

RANGE_BYTES = 60
"""Bytes that a further range adds to a request, beside its title and its values."""

BRIDGED = 8
"""Columns from one written cell to the next up to which both go in one range."""

Place = tuple[int, int]
"""Number of the row, from 1, and of the column, from 0."""

Row = dict[int, Json | None]
"""Place → what one row's cell is to hold; None leaves it as it is."""

_ECHO = re.compile(r"[A-Z]+\d+(?::([A-Z]+)(\d+))?$")


def quoted(title: str) -> str:
    """Return a tab's title as ranges name it; one of letters alone may still be read as a range's name."""
    return "'" + title.replace("'", "''") + "'"


def whole(title: str) -> str:
    """Return the range of the whole tab."""
    return quoted(title)


def header(title: str) -> str:
    """Return the range of the header row."""
    return f"{quoted(title)}!1:1"


def column(title: str, place: int) -> str:
    """Return the range of one whole column."""
    return f"{quoted(title)}!{letter(place)}:{letter(place)}"


def extent(echo: str) -> tuple[int, int]:
    """Return rows and columns of the grid, from the range that an answer repeats; 0 where it does not say."""
    match = _ECHO.search(echo)
    if match is None or match[1] is None:
        return 0, 0
    return int(match[2]), index(match[1])


def index(letters: str) -> int:
    """Return the number of a column by its letters, counted from 1."""
    number = 0
    for each in letters:
        number = number * 26 + ord(each) - ord("A") + 1
    return number


def requests(title: str, written: Mapping[Place, Json]) -> Iterator[list[dict[str, Any]]]:
    """Yield the ``data`` of each request: all cells of a row are in one, and none is above ``MAX_BYTES``."""
    rows: dict[int, Row] = defaultdict(dict)
    for (row, place), value in written.items():
        rows[row][place] = value
    _bridge(rows)
    room = MAX_BYTES
    group: dict[int, Row] = {}
    above: set[tuple[int, int]] = set()
    for row in sorted(rows):
        runs = set(_runs(rows[row]))
        joined = runs & above if row - 1 in group else set()
        needed = sum(map(cells.size, rows[row].values()))
        needed += (len(runs) - len(joined)) * (RANGE_BYTES + len(title.encode()))
        if needed > room and group:
            yield list(_ranges(title, group))
            group, room, needed = {}, MAX_BYTES, needed + len(joined) * (RANGE_BYTES + len(title.encode()))
        group[row] = rows[row]
        room -= needed
        above = runs
    if group:
        yield list(_ranges(title, group))


def _bridge(rows: Mapping[int, Row]) -> None:
    """Close small gaps in rows that stand alone: a null leaves a cell as it is, and a range costs more."""
    for row, cells_of_row in rows.items():
        if row - 1 in rows or row + 1 in rows:
            continue
        places = sorted(cells_of_row)
        for before, after in pairwise(places):
            if after - before <= BRIDGED:
                cells_of_row.update(dict.fromkeys(range(before + 1, after)))


def _runs(row: Row) -> Iterator[tuple[int, int]]:
    """Yield first and last column of each run of neighbouring cells."""
    places = sorted(row)
    start = before = places[0]
    for place in places[1:]:
        if place != before + 1:
            yield start, before
            start = place
        before = place
    yield start, before


def _ranges(title: str, rows: Mapping[int, Row]) -> Iterator[dict[str, Any]]:
    """Yield one range for each block: rows below one another with the same run of columns."""
    blocks: dict[tuple[int, int], list[int]] = {}
    last = 0
    for row in sorted(rows):
        runs = list(_runs(rows[row]))
        if row != last + 1:
            yield from _all(title, rows, blocks)
            blocks = {}
        for run in [run for run in blocks if run not in runs]:
            yield _block(title, rows, run, blocks.pop(run))
        for run in runs:
            blocks.setdefault(run, []).append(row)
        last = row
    yield from _all(title, rows, blocks)


def _all(
    title: str, rows: Mapping[int, Row], blocks: Mapping[tuple[int, int], Sequence[int]]
) -> Iterator[dict[str, Any]]:
    for run, numbers in blocks.items():
        yield _block(title, rows, run, numbers)


def _block(
    title: str, rows: Mapping[int, Row], run: tuple[int, int], numbers: Sequence[int]
) -> dict[str, Any]:
    places = range(run[0], run[1] + 1)
    start = f"{quoted(title)}!{letter(run[0])}{numbers[0]}"
    if len(numbers) == 1:
        return {"range": start, "values": [[rows[numbers[0]][place] for place in places]]}
    values = [[rows[row][place] for row in numbers] for place in places]
    end = f"{letter(run[1])}{numbers[-1]}"
    return {"range": f"{start}:{end}", "majorDimension": "COLUMNS", "values": values}
