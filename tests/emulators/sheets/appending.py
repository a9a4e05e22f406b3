"""`values.append`: finding the table at the end of which values go."""

from typing import Any

from tests.emulators.sheets import values
from tests.emulators.sheets.a1 import Area
from tests.emulators.sheets.context import Box, Context
from tests.emulators.sheets.errors import Json
from tests.emulators.sheets.model import Row, Sheet


def append(context: Context, area: Area, body: Json, options: Json) -> Json:
    """Write values below the last table in the area; the grid grows where needed."""
    table = find_table(area)
    target = _below(area, table)
    rows = len(body.get("values") or [])
    if options.get("insertDataOption") == "INSERT_ROWS":
        area.sheet.rows[target.top : target.top] = [Row() for _ in range(rows)]
    _make_room(context, target, body)
    reply: Json = {"spreadsheetId": context.book.spreadsheet_id}
    if table:
        top, left, bottom, right = table
        reply["tableRange"] = Area(area.sheet, top, left, bottom, right).named()
    reply["updates"] = values.update(context, target, body, options)
    return reply


def _below(area: Area, table: Box | None) -> Area:
    top, left = (table[2], table[1]) if table else (area.top, area.left)
    return Area(area.sheet, top, left, top + 1, left + 1, open_end=True)


def _make_room(context: Context, target: Area, body: Json) -> None:
    rows: list[list[Any]] = body.get("values") or []
    columns = body.get("majorDimension") == "COLUMNS"
    height = max(map(len, rows), default=0) if columns else len(rows)
    sheet = target.sheet
    more = max(target.top + max(height, 1) - sheet.height, 0)
    if more:
        context.book.check_size(more * sheet.width)
        sheet.resize(sheet.height + more, sheet.width)


def find_table(area: Area) -> Box | None:
    """The last table that the area touches: a block of cells that nothing but empty cells surround."""
    top, left, bottom, right = area.box()
    sheet = area.sheet
    for row in range(bottom - 1, top - 1, -1):
        cells = sheet.rows[row].values
        for column in range(min(right, len(cells)) - 1, left - 1, -1):
            if cells[column] is not None:
                return _spread(sheet, row, column)
    return None


def _spread(sheet: Sheet, row: int, column: int) -> Box:
    top, left, bottom, right = row, column, row + 1, column + 1
    while True:
        before = (top, left, bottom, right)
        while top and _any(sheet, (top - 1, left - 1, top, right + 1)):
            top -= 1
        while bottom < sheet.height and _any(sheet, (bottom, left - 1, bottom + 1, right + 1)):
            bottom += 1
        while left and _any(sheet, (top - 1, left - 1, bottom + 1, left)):
            left -= 1
        while right < sheet.width and _any(sheet, (top - 1, right, bottom + 1, right + 1)):
            right += 1
        if before == (top, left, bottom, right):
            return before


def _any(sheet: Sheet, box: Box) -> bool:
    top, left, bottom, right = box
    return any(
        cell is not None
        for row in sheet.rows[max(top, 0) : bottom]
        for cell in row.values[max(left, 0) : right]
    )
