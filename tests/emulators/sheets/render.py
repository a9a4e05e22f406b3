"""`spreadsheets.get`: a spreadsheet as JSON, with or without its cells."""

import copy
from typing import Any

from tests.emulators.sheets import masks
from tests.emulators.sheets.a1 import Area
from tests.emulators.sheets.errors import Json
from tests.emulators.sheets.formats import shown
from tests.emulators.sheets.formulas import value_of
from tests.emulators.sheets.model import Cell, Failure, Formula, Look, Sheet, Spreadsheet, Value
from tests.emulators.sheets.styles import DEFAULT_FORMAT, THEME, effective

ROW_PIXELS = 21
COLUMN_PIXELS = 100
_ERROR_TYPES = {
    "#NULL!": "NULL_VALUE",
    "#DIV/0!": "DIVIDE_BY_ZERO",
    "#VALUE!": "VALUE",
    "#REF!": "REF",
    "#NAME?": "NAME",
    "#NUM!": "NUM",
    "#N/A": "N_A",
}
# Parts of a tab in the order in which Google sends them.
_BEFORE = ("merges", "conditionalFormats", "filterViews", "protectedRanges", "basicFilter")
_AFTER = ("bandedRanges", "developerMetadata", "rowGroups", "columnGroups")


def spreadsheet(book: Spreadsheet, areas: list[Area], *, with_cells: bool, tree: masks.Tree) -> Json:
    """A `Spreadsheet`.

    Args:
        book: The spreadsheet.
        areas: Only these parts, if any.
        with_cells: Whether the cells are wanted.
        tree: Field mask; what it leaves out need not be made.
    """
    wanted = [sheet for sheet in book.sheets if not areas or any(area.sheet is sheet for area in areas)]
    reply: Json = {
        "spreadsheetId": book.spreadsheet_id,
        "properties": {**book.properties, "defaultFormat": DEFAULT_FORMAT, "spreadsheetTheme": THEME},
        "sheets": [
            _sheet(book, sheet, areas, with_cells=with_cells, tree=tree.get("sheets", {})) for sheet in wanted
        ],
    }
    if book.named:
        reply["namedRanges"] = [{**named, "range": spot(named["range"])} for named in book.named]
    reply["spreadsheetUrl"] = f"https://docs.google.com/spreadsheets/d/{book.spreadsheet_id}/edit"
    if book.metadata:
        reply["developerMetadata"] = book.metadata
    return copy.deepcopy(reply) if not with_cells else reply


def spot(grid_range: Json) -> Json:
    """A `GridRange` as Google sends it: without the id of the first tab."""
    return {name: value for name, value in grid_range.items() if (name, value) != ("sheetId", 0)}


def spots(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Any object as Google sends it: without the id of the first tab in its ranges."""
    if isinstance(value, list):
        return [spots(item) for item in value]
    if isinstance(value, dict):
        return spot({name: spots(item) for name, item in value.items()})
    return value


def properties(book: Spreadsheet, sheet: Sheet) -> Json:
    """A tab's `SheetProperties`."""
    grid = {"rowCount": sheet.height, "columnCount": sheet.width, **sheet.frozen}
    return {
        "sheetId": sheet.sheet_id,
        "title": sheet.title,
        "index": book.sheets.index(sheet),
        "sheetType": "GRID",
        "gridProperties": {name: value for name, value in grid.items() if value},
        **{name: value for name, value in sheet.extra.items() if value},
    }


def _sheet(book: Spreadsheet, sheet: Sheet, areas: list[Area], *, with_cells: bool, tree: masks.Tree) -> Json:
    reply: Json = {"properties": properties(book, sheet)}
    if with_cells:
        mine = [area for area in areas if area.sheet is sheet] or [Area(sheet)]
        branch = tree.get("data", {})
        reply["data"] = [_grid(book, area.clipped(), branch) for area in mine]
    for name in (*_BEFORE, *_AFTER):
        if sheet.parts.get(name):
            reply[name] = spots(sheet.parts[name])
    return reply


def _grid(book: Spreadsheet, area: Area, tree: masks.Tree) -> Json:
    top, left, bottom, right = area.box()
    sheet = area.sheet
    reply: Json = {"startRow": top, "startColumn": left}
    reply = {name: value for name, value in reply.items() if value}
    if masks.wants(tree, "rowData"):
        rows = _rows(book, area, tree.get("rowData", {}).get("values", {}))
        if rows:
            reply["rowData"] = rows
    if masks.wants(tree, "rowMetadata"):
        reply["rowMetadata"] = [{"pixelSize": ROW_PIXELS, **row.meta} for row in sheet.rows[top:bottom]]
    if masks.wants(tree, "columnMetadata"):
        reply["columnMetadata"] = [{"pixelSize": COLUMN_PIXELS, **meta} for meta in sheet.columns[left:right]]
    return reply


def _rows(book: Spreadsheet, area: Area, tree: masks.Tree) -> list[Json]:
    top, left, bottom, right = area.box()
    sheet, rows = area.sheet, []
    for at in range(top, bottom):
        row = sheet.rows[at]
        filled = min(right, max(len(row.values), len(row.looks)))
        cells = [cell_data(book, sheet, at, column, tree) for column in range(left, filled)]
        while cells and not cells[-1]:
            cells.pop()
        rows.append({"values": cells} if cells else {})
    while rows and not rows[-1]:
        rows.pop()
    return rows


def cell_data(book: Spreadsheet, sheet: Sheet, at: int, column: int, tree: masks.Tree) -> Json:
    """A `CellData`; empty for a cell that holds nothing and looks like nothing."""
    cell, look = sheet.rows[at].value(column), sheet.rows[at].look(column)
    if cell is None and look.empty:
        return {}
    value = value_of(book, sheet, at, column)
    reply = _valued(cell, value, look, tree)
    if look.form:
        reply["userEnteredFormat"] = look.form
    if masks.wants(tree, "effectiveFormat"):
        reply["effectiveFormat"] = _effective(value, look)
    if look.note:
        reply["note"] = look.note
    if look.runs:
        reply["textFormatRuns"] = list(look.runs)
    if look.validation:
        reply["dataValidation"] = look.validation
    return reply


def _valued(cell: Cell, value: Value, look: Look, tree: masks.Tree) -> Json:
    if cell is None:
        return {}
    reply: Json = {"userEnteredValue": extended(cell), "effectiveValue": _effective_value(value)}
    if masks.wants(tree, "formattedValue"):
        reply["formattedValue"] = shown(value, look.form.get("numberFormat"))
    return reply


def extended(cell: Cell) -> Json:
    """A cell's content as an `ExtendedValue`."""
    if isinstance(cell, Formula):
        return {"formulaValue": cell.text}
    if isinstance(cell, bool):
        return {"boolValue": cell}
    return {"stringValue": cell} if isinstance(cell, str) else {"numberValue": cell}


def _effective_value(value: Value) -> Json:
    if isinstance(value, Failure):
        return {"errorValue": {"type": _ERROR_TYPES.get(value.code, "ERROR"), "message": value.code}}
    return extended(value)


def _effective(value: Value, look: Look) -> Json:
    form = effective(look.form)
    if "horizontalAlignment" not in form and value is not None:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        centred = isinstance(value, (bool, Failure))
        form["horizontalAlignment"] = "CENTER" if centred else "RIGHT" if number else "LEFT"
    form.setdefault("hyperlinkDisplayType", "PLAIN_TEXT")
    return form
