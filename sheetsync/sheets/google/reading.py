"""From a grid to a ``Tab``: rows of the fields that we know, and what Google says about single cells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest
from typing import Any

from sheetsync.core import fields
from sheetsync.core.tab import CellValue, Tab
from sheetsync.sheets.google import cells
from sheetsync.sheets.google.grid import Grid
from sheetsync.sheets.google.spreadsheet import Spreadsheet
from sheetsync.sheets.layout import HEADER_ROW, Column, Owner, letter

ONE_LOOK_ROWS = 4000
"""Rows up to which details of all typed cells are asked for: some 100 bytes for each cell."""

BLOCKS = 40
"""Ranges of one request about details: more would make an address too long."""

_FIELDS = (
    "data(startRow,startColumn,rowMetadata(hiddenByFilter,hiddenByUser),"
    "rowData(values(userEnteredValue(formulaValue),effectiveFormat(numberFormat(type)))))"
)


@dataclass
class Details:
    """What values alone do not tell.

    Attributes:
        hidden: rows that a filter or a person hides.
        formulas: (row, place) of cells with a formula.
        dates: (row, place) → type of format, of cells whose number is a date or time.
    """

    hidden: set[int] = field(default_factory=set)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    dates: dict[tuple[int, int], str] = field(default_factory=dict)

    def add(self, sheet: Mapping[str, Any]) -> None:
        """Take over an answer of ``spreadsheets.get``."""
        for block in sheet.get("data", []):
            top, left = block.get("startRow", 0) + 1, block.get("startColumn", 0)
            for row, found in enumerate(block.get("rowMetadata", []), top):
                if found.get("hiddenByFilter") or found.get("hiddenByUser"):
                    self.hidden.add(row)
            for row, found in enumerate(block.get("rowData", []), top):
                for place, cell in enumerate(found.get("values", []), left):
                    self._add_cell((row, place), cell)

    def _add_cell(self, at: tuple[int, int], cell: Mapping[str, Any]) -> None:
        if "formulaValue" in cell.get("userEnteredValue", {}):
            self.formulas.add(at)
        kind = cell.get("effectiveFormat", {}).get("numberFormat", {}).get("type", "")
        if kind in ("DATE", "TIME", "DATE_TIME"):
            self.dates[at] = kind


def look(book: Spreadsheet, grid: Grid, expected: Sequence[Column]) -> Details:
    """Ask in one request which rows are hidden, and which typed cells hold formulas or dates.

    Of a large tab the details of cells are asked only where somebody typed, beside one nearly blank column
    that stands for all rows.
    """
    found = Details()
    places = _typed_places(grid, expected)
    if grid.last <= HEADER_ROW or not places:
        return found
    first, last = letter(min(places)), letter(max(places))
    parts = [f"{first}{HEADER_ROW + 1}:{last}{grid.last}"]
    if grid.last > ONE_LOOK_ROWS:
        blank = letter(grid.places.get(fields.NOTE, min(places)))
        blocks = _blocks(_typed_rows(grid, expected))
        parts = [f"{blank}{HEADER_ROW + 1}:{blank}{grid.last}"]
        parts += [f"{first}{top}:{last}{bottom}" for top, bottom in blocks]
    found.add(book.describe(parts, _FIELDS))
    return found


def _typed_places(grid: Grid, expected: Sequence[Column]) -> list[int]:
    """Return where people type: their own columns, and balances, which they may overtype."""
    typed = [each for each in expected if each.owner is Owner.PERSON or each.number_format.startswith("#")]
    return [grid.places[each.field] for each in typed if each.field in grid.places]


def _typed_rows(grid: Grid, expected: Sequence[Column]) -> list[int]:
    codes = [column.field for column in expected if column.owner is Owner.PERSON]
    columns = [grid.columns[grid.places[code]] for code in codes if code in grid.places]
    rows = enumerate(zip_longest(*columns), 1)
    return [row for row, found in rows if row > HEADER_ROW and any(each is not None for each in found)]


def _blocks(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield first and last row of at most ``BLOCKS`` blocks that hold all these rows, closing small gaps."""
    gaps = sorted((after - before for before, after in pairwise(rows)), reverse=True)
    least = gaps[BLOCKS - 1] if len(gaps) >= BLOCKS else 1
    start = before = rows[0] if rows else 0
    for row in rows[1:]:
        if row - before > least:
            yield start, before
            start = row
        before = row
    if rows:
        yield start, before


def tab_of(grid: Grid, details: Details, expected: Sequence[Column]) -> Tab:
    """Return the rows that hold anything of ours."""
    places = grid.places
    columns = [_column(grid, details, code, place) for code, place in places.items()]
    length = max(map(len, columns), default=0)
    padded = [[*column, *[None] * (length - len(column))] for column in columns]
    values: list[Sequence[CellValue]] = []
    numbers: list[int] = []
    for number, row in enumerate(zip(*padded, strict=True), 1):
        if number > HEADER_ROW and (row[0] or any(_says_something(value) for value in row)):
            values.append(row)
            numbers.append(number)
    amounts = [column.field for column in expected if _is_amount(column)]
    return Tab(
        tuple(places),
        values,
        numbers,
        _formulas(details, places),
        frozenset(details.hidden),
        computed=frozenset(amounts),
    )


def _is_amount(column: Column) -> bool:
    return column.owner is Owner.PERSON and (column.field == "amount" or column.field.startswith("change_"))


def _says_something(value: CellValue) -> bool:
    return value is not None and bool(str(value).strip())


def _column(grid: Grid, details: Details, code: str, place: int) -> Sequence[CellValue]:
    if code == fields.ACCOUNT_ID:
        return [each or None for each in grid.ids]
    found = grid.columns.get(place, [])
    dated = [(row, kind) for (row, at), kind in details.dates.items() if at == place and row <= len(found)]
    if not dated:
        return found
    column = list(found)
    for row, kind in dated:
        column[row - 1] = cells.moment(column[row - 1], kind)
    return column


def _formulas(details: Details, places: Mapping[str, int]) -> dict[int, frozenset[str]]:
    codes = {place: code for code, place in places.items()}
    found: dict[int, set[str]] = {}
    for row, place in details.formulas:
        if place in codes:
            found.setdefault(row, set()).add(codes[place])
    return {row: frozenset(each) for row, each in sorted(found.items())}
