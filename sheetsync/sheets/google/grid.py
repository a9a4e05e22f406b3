"""A tab as it was read at one moment, column by column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sheetsync.core import fields
from sheetsync.core.tab import CellValue
from sheetsync.sheets.google.ranges import Place
from sheetsync.sheets.layout import HEADER_ROW, Column, find_columns, fold, require_columns
from sheetsync.sheets.values import account_id, comparable


@dataclass
class Grid:
    """Cells of one tab, unformatted.

    Attributes:
        title: of the tab when it was read.
        rows: of the grid, empty ones included; 0 if unknown.
        width: columns of the grid, likewise.
        header: texts of row 1.
        columns: place → cells from row 1 down, as far as they hold anything; places that were not read are
            missing.
        complete: whether every column was read.
    """

    title: str
    rows: int
    width: int
    header: list[CellValue]
    columns: dict[int, list[CellValue]]
    complete: bool
    expected: Sequence[Column] = field(repr=False, default=())

    @classmethod
    def of_whole(
        cls, title: str, extent: tuple[int, int], columns: Sequence[Sequence[Any]], expected: Sequence[Column]
    ) -> "Grid":
        """Return the grid of a reading of the whole tab, columns first."""
        cells = {place: [None if cell == "" else cell for cell in each] for place, each in enumerate(columns)}
        header = trimmed([each[0] if each else None for each in cells.values()])
        return cls(title, *extent, header, cells, complete=True, expected=expected)

    @cached_property
    def places(self) -> dict[str, int]:
        """Field → place of its column.

        Raises:
            LayoutError: a header of ours stands over two columns.
        """
        return find_columns(self.header, self.expected, tab=self.title)

    def require(self) -> None:
        """Check that the tab has the columns without which no row can be understood.

        Raises:
            LayoutError: headers are missing or doubled.
        """
        require_columns(self.places, self.expected, tab=self.title)

    @cached_property
    def last(self) -> int:
        """Number of the last row in which anything stands, of what was read; at least the header's."""
        return max((_filled(cells) for cells in self.columns.values()), default=0) or HEADER_ROW

    @cached_property
    def ids(self) -> list[str]:
        """The account id of each row, from row 1 down; empty where there is none."""
        place = self.places.get(fields.ACCOUNT_ID)
        cells = self.columns.get(place, []) if place is not None else []
        return [each if each.__class__ is str else account_id(each) for each in cells]

    @cached_property
    def by_id(self) -> dict[str, list[int]]:
        """Account id → numbers of its rows."""
        found: dict[str, list[int]] = {}
        for number, each in enumerate(self.ids[HEADER_ROW:], HEADER_ROW + 1):
            if each:
                found.setdefault(each, []).append(number)
        return found

    def id_at(self, row: int) -> str:
        """Return the account id of a row."""
        return self.ids[row - 1] if HEADER_ROW < row <= len(self.ids) else ""

    def at(self, row: int, place: int) -> CellValue:
        """Return a cell; None where nothing stands or nothing was read."""
        cells = self.columns.get(place, ())
        return cells[row - 1] if row <= len(cells) else None

    def cell(self, row: int, code: str) -> CellValue:
        """Return a cell by its field; None where the tab lacks the column."""
        place = self.places.get(code)
        return None if place is None else self.at(row, place)

    @cached_property
    def identities(self) -> dict[str, int]:
        """Header text, as compared → place, of every column that has a header of its own."""
        places: dict[str, list[int]] = {}
        for place, text in enumerate(self.header):
            places.setdefault(fold(text), []).append(place)
        return {text: at[0] for text, at in places.items() if text and len(at) == 1}

    def shows(self, before: "Grid", written: Mapping[Place, CellValue]) -> bool:
        """Whether this is an earlier grid with some cells written and nothing else changed."""
        expected = before.overlaid(written)
        return self.header == before.header and all(
            _alike(cells, expected.columns[place])
            for place, cells in self.columns.items()
            if place in expected.columns
        )

    def with_its_header(self) -> "Grid":
        """Return the grid with the header row that its columns have now."""
        places = range(max(self.columns, default=-1) + 1)
        header = trimmed([self.at(HEADER_ROW, place) for place in places])
        return replace(self, header=header, width=max(self.width, len(header)))

    def overlaid(self, changed: Mapping[Place, CellValue]) -> "Grid":
        """Return the grid with some cells changed; the columns that do not change are shared."""
        columns = dict(self.columns)
        for place in {place for _, place in changed}:
            columns[place] = list(columns.get(place, ()))
        for (row, place), value in changed.items():
            cells = columns[place]
            cells.extend([None] * (row - len(cells)))
            cells[row - 1] = None if value == "" else value
        return Grid(self.title, self.rows, self.width, self.header, columns, self.complete, self.expected)


def _alike(one: Sequence[CellValue], other: Sequence[CellValue]) -> bool:
    return one[: _filled(one)] == other[: _filled(other)]


def trimmed(cells: list[CellValue]) -> list[CellValue]:
    """Return cells without the blank ones at their end, as Google leaves them out."""
    return cells[: _filled(cells)]


def same(one: CellValue, other: CellValue) -> bool:
    """Whether two cells hold the same, compared as text after normalisation."""
    return (one == other and one.__class__ is other.__class__) or comparable(one) == comparable(other)


def _filled(cells: Sequence[CellValue]) -> int:
    for number in range(len(cells), 0, -1):
        if cells[number - 1] is not None:
            return number
    return 0
