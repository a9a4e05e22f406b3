"""Putting values into cells."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.emulators.sheets.a1 import Area
from tests.emulators.sheets.context import Context
from tests.emulators.sheets.errors import Json
from tests.emulators.sheets.model import Cell, Row
from tests.emulators.sheets.parsing import number

# Turns typed text into a value and the number format that typing it sets.
Typing = Callable[[str], tuple[Cell, Json | None]]


@dataclass
class Written:
    """What a write touched.

    Attributes:
        area: From the first to the last cell of the values given.
        rows: Numbers of the rows touched.
        columns: Numbers of the columns touched.
        cells: How many cells were touched; nulls touch nothing.
    """

    area: Area
    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    cells: int = 0


def plain(value: Any) -> Cell:  # noqa: ANN401 - JSON
    """A JSON value as RAW puts it into a cell."""
    if type(value) is str:
        return value or None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value)
    return value if isinstance(value, bool) else None


def put(context: Context, area: Area, rows: list[list[Any]], typing: Typing | None) -> Written:
    """Write rows of JSON values from the area's first cell on; null leaves a cell alone.

    Args:
        context: The request.
        area: Where.
        rows: The values.
        typing: How text is read; None takes it as it is.
    """
    sheet = area.sheet
    bottom, right = area.top + len(rows), area.left + max(map(len, rows), default=0)
    _grow(context, area, bottom, right)
    written = Written(_touched_area(area, bottom, right))
    for at, values in enumerate(rows, area.top):
        if not values:
            continue
        row = sheet.rows[at]
        if typing is None and None not in values:
            _put_whole(row, area.left, values)
            columns = list(range(area.left, area.left + len(values)))
        else:
            columns = _put_each(row, area.left, values, typing)
        if columns:
            written.rows.add(at)
            written.columns.update(columns)
            written.cells += len(columns)
    return written


def _grow(context: Context, area: Area, bottom: int, right: int) -> None:
    sheet = area.sheet
    if bottom > sheet.height or right > sheet.width:
        rows, columns = max(bottom, sheet.height), max(right, sheet.width)
        context.book.check_size(rows * columns - sheet.height * sheet.width)
        sheet.resize(rows, columns)


def _touched_area(area: Area, bottom: int, right: int) -> Area:
    return Area(area.sheet, area.top, area.left, max(bottom, area.top + 1), max(right, area.left + 1))


def _put_whole(row: Row, left: int, values: list[Any]) -> None:
    cells = [plain(value) for value in values]
    if len(row.values) < left:
        row.values.extend([None] * (left - len(row.values)))
    row.values[left : left + len(cells)] = cells


def _put_each(row: Row, left: int, values: list[Any], typing: Typing | None) -> list[int]:
    touched = []
    for column, value in enumerate(values, left):
        if value is None:
            continue
        touched.append(column)
        if typing is not None and isinstance(value, str):
            enter(row, column, value, typing)
        else:
            row.put(column, plain(value))
    return touched


def enter(row: Row, column: int, text: str, typing: Typing) -> None:
    """Type a text into a cell: a column of texts keeps it, and a date sets a format."""
    look = row.look(column)
    form = look.form.get("numberFormat", {})
    if form.get("type") == "TEXT" and not text.startswith("'"):
        row.put(column, text or None)
        return
    cell, pattern = typing(text)
    row.put(column, cell)
    if pattern and not form:
        row.dress(column, replace(look, form={**look.form, "numberFormat": pattern}))
