"""Widths and styles of whole columns; a file stores those of equal neighbours as one."""

from copy import copy

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.dimensions import ColumnDimension
from openpyxl.worksheet.worksheet import Worksheet


def covering(sheet: Worksheet, column: int) -> ColumnDimension | None:
    """Return what the file says about the column, alone or together with its neighbours."""
    for letters, dimension in sheet.column_dimensions.items():
        first, last = _span(letters, dimension, column)
        if first <= column <= last:
            return dimension
    return None


def _span(letters: str, dimension: ColumnDimension, column: int) -> tuple[int, int]:
    if dimension.min and dimension.max:
        return dimension.min, dimension.max
    return (column, column) if letters == get_column_letter(column) else (0, -1)


def own(sheet: Worksheet, column: int) -> ColumnDimension:
    """Return the column's own settings, to be changed; what it shared with neighbours stays with them."""
    shared = covering(sheet, column)
    if shared is None:
        return sheet.column_dimensions[get_column_letter(column)]
    first, last = shared.min or column, shared.max or column
    if first != last:
        del sheet.column_dimensions[get_column_letter(first)]
        for start, end in ((first, column - 1), (column, column), (column + 1, last)):
            if start <= end:
                _copy(sheet, shared, start, end)
    return sheet.column_dimensions[get_column_letter(column)]


def _copy(sheet: Worksheet, shared: ColumnDimension, first: int, last: int) -> None:
    letters = get_column_letter(first)
    dimension = ColumnDimension(
        sheet,
        index=letters,
        width=shared.width,
        bestFit=shared.bestFit,
        hidden=shared.hidden,
        outlineLevel=shared.outlineLevel,
        collapsed=shared.collapsed,
        min=first,
        max=last,
    )
    dimension._style = copy(shared._style)  # type: ignore[attr-defined]  # noqa: SLF001 - missing in the stubs
    sheet.column_dimensions[letters] = dimension
