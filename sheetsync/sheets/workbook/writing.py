"""Applying patches to a loaded tab, and appending rows below the last one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from openpyxl.cell import MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from sheetsync.core import fields
from sheetsync.core.tab import CellValue, Patch
from sheetsync.errors import SheetUnsafeError
from sheetsync.ports import Written
from sheetsync.sheets.layout import HEADER_ROW, Column, find_columns, require_columns
from sheetsync.sheets.values import account_id as id_text
from sheetsync.sheets.values import comparable
from sheetsync.sheets.workbook import cells, columns, growth

NO_FORMAT = "General"


@dataclass
class _Outcome:
    """What became of the patches so far."""

    applied: set[str] = field(default_factory=set)
    otherwise: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)

    def written(self) -> Written:
        return Written(frozenset(self.applied), frozenset(self.otherwise), frozenset(self.missing))


def header_values(sheet: Worksheet) -> list[object]:
    """Return the texts of the header row, from column A on."""
    row = {column: cell for (row, column), cell in sheet._cells.items() if row == HEADER_ROW}  # noqa: SLF001
    return [row[place].value if place in row else None for place in range(1, max(row, default=0) + 1)]


class TabWriter:
    """Writes to one loaded tab; ``changed`` says whether any cell got another value."""

    def __init__(self, sheet: Worksheet, expected: Sequence[Column], zone: tzinfo) -> None:
        self.changed = False
        self._sheet = sheet
        self._zone = zone
        self._formats = {column.field: column.number_format for column in expected}
        places = find_columns(header_values(sheet), expected, tab=sheet.title)
        require_columns(places, expected, tab=sheet.title)
        self._places = {code: place + 1 for code, place in places.items()}
        self._rows = self._rows_by_id()

    def _rows_by_id(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        column = self._places[fields.ACCOUNT_ID]
        last = last_row(self._sheet)
        for number in range(HEADER_ROW + 1, last + 1):
            cell = self._sheet._cells.get((number, column))  # noqa: SLF001 - ``cell()`` would create it
            if cell is not None and cell.value not in (None, ""):
                rows.setdefault(id_text(cells.typed(cell)), []).append(number)
        return rows

    def apply(self, patches: Iterable[Patch]) -> Written:
        """Write the patches; rows are found by their id."""
        outcome = _Outcome()
        for patch in patches:
            rows = self._rows.get(patch.account_id, [])
            if not rows:
                outcome.missing.add(patch.account_id)
            for row in [patch.row] if patch.row in rows else rows:
                holds = self._holds(row, patch.only_if)
                self._put_all(row, patch.cells if holds else patch.otherwise)
                (outcome.applied if holds else outcome.otherwise).add(patch.account_id)
        return outcome.written()

    def _holds(self, row: int, expected: Mapping[str, CellValue]) -> bool:
        return all(self._equals(row, code, value) for code, value in expected.items())

    def _equals(self, row: int, code: str, value: CellValue) -> bool:
        place = self._places.get(code)
        cell = self._sheet._cells.get((row, place)) if place else None  # noqa: SLF001
        if cell is None:
            return not comparable(value)
        expected = comparable(cells.at_zone(value, self._zone))
        return cell.data_type != "f" and comparable(cells.typed(cell)) == expected

    def append(self, rows: Iterable[Mapping[str, CellValue]]) -> None:
        """Write new rows below the last one that holds anything.

        A row whose id got a row meanwhile (another run appended it) is left out: two rows for one account
        would both be invalid.
        """
        old_last = number = last_row(self._sheet)
        for row in rows:
            account_id = id_text(row.get(fields.ACCOUNT_ID))
            if account_id and account_id in self._rows:
                continue
            number += 1
            self._put_all(number, row)
            self._rows.setdefault(account_id, []).append(number)
        if number > old_last:
            growth.extend(self._sheet, old_last, number)

    def _put_all(self, row: int, values: Mapping[str, CellValue]) -> None:
        for code, value in values.items():
            if code in self._places:
                self._put(row, code, value)

    def _put(self, row: int, code: str, value: CellValue) -> None:
        place = self._places[code]
        if value in (None, "") and (row, place) not in self._sheet._cells:  # noqa: SLF001
            return
        cell = styled_cell(self._sheet, row, place)
        if cell.number_format == NO_FORMAT and self._formats[code]:
            cell.number_format = self._formats[code]
        self.changed |= cells.put(cell, value, self._zone)


def styled_cell(sheet: Worksheet, row: int, column: int) -> Any:  # noqa: ANN401 - openpyxl's stubs miss its styles
    """Return the cell; a new one gets the style that its row or column has.

    Raises:
        SheetUnsafeError: it is covered by merged cells.
    """
    known = sheet._cells.get((row, column))  # noqa: SLF001 - ``cell()`` would create it
    if isinstance(known, MergedCell):
        raise SheetUnsafeError(
            f"The cell {get_column_letter(column)}{row} of {sheet.title!r} is covered by merged cells.",
            hint="Unmerge the cells in the service's columns.",
        )
    if known is not None:
        return known
    cell: Any = sheet.cell(row, column)
    style = _inherited(sheet, row, column)
    if style is not None:
        cell._style = copy(style)  # noqa: SLF001 - how openpyxl itself copies styles
    return cell


def _inherited(sheet: Worksheet, row: int, column: int) -> Any:  # noqa: ANN401 - as above
    for dimension in _dimensions(sheet, row, column):
        if dimension.has_style:
            return dimension._style  # noqa: SLF001
    return None


def _dimensions(sheet: Worksheet, row: int, column: int) -> Iterator[Any]:
    if row in sheet.row_dimensions:
        yield sheet.row_dimensions[row]
    covering = columns.covering(sheet, column)
    if covering is not None:
        yield covering


def last_row(sheet: Worksheet) -> int:
    """Return the number of the last row in which any cell has a value; at least the header's."""
    filled = (row for (row, _), cell in sheet._cells.items() if cell.value not in (None, ""))  # noqa: SLF001
    return max(filled, default=HEADER_ROW)
