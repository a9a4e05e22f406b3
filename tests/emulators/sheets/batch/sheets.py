"""Requests about tabs and the spreadsheet as a whole."""

from tests.emulators.sheets.batch.common import Handler, tab
from tests.emulators.sheets.context import Context
from tests.emulators.sheets.errors import ApiError, Json
from tests.emulators.sheets.masks import Tree, merged, update_mask
from tests.emulators.sheets.model import COLUMNS, MAX_COLUMNS, ROWS, Sheet, Spreadsheet, new_sheet
from tests.emulators.sheets.render import properties
from tests.emulators.sheets.styles import completed

MAX_TITLE = 100
_GRID_SIZE = ("rowCount", "columnCount")


def add_sheet(context: Context, body: Json) -> Json:
    """Add a tab."""
    wanted = body.get("properties", {})
    book = context.book
    title = wanted.get("title") or _free_title(context)
    _check_title(context, title)
    sheet_id = wanted.get("sheetId", book.new_id())
    if book.sheet(sheet_id):
        raise ApiError(f"Sheet with id {sheet_id} already exists.")
    grid = wanted.get("gridProperties", {})
    rows, columns = grid.get("rowCount", ROWS), grid.get("columnCount", COLUMNS)
    book.check_size(rows * columns)
    sheet = new_sheet(sheet_id, title, rows=rows, columns=columns)
    book.sheets.insert(wanted.get("index", len(book.sheets)), sheet)
    _set_rest(sheet, wanted)
    return {"properties": properties(book, sheet)}


def _free_title(context: Context) -> str:
    number = len(context.book.sheets) + 1
    while context.book.titled(f"Sheet{number}"):
        number += 1
    return f"Sheet{number}"


def _check_title(context: Context, title: str, *, of: Sheet | None = None) -> None:
    taken = context.book.titled(title)
    if taken and taken is not of:
        raise ApiError(f'A sheet with the name "{title}" already exists. Please enter another name.')
    if not title or len(title) > MAX_TITLE:
        raise ApiError(f"A sheet name must have 1 to {MAX_TITLE} characters.")


def _set_rest(sheet: Sheet, wanted: Json) -> None:
    grid = wanted.get("gridProperties", {})
    sheet.frozen = {name: value for name, value in grid.items() if name not in _GRID_SIZE}
    own = {"sheetId", "title", "index", "sheetType", "gridProperties"}
    sheet.extra = completed({name: value for name, value in wanted.items() if name not in own})


def delete_sheet(context: Context, body: Json) -> Json:
    """Remove a tab with everything on it."""
    book = context.book
    sheet = book.sheet(body.get("sheetId", 0))
    if sheet is None:
        raise ApiError(f"No sheet with id: {body.get('sheetId', 0)}")
    context.check_sheet(sheet)
    if all(other is sheet or other.extra.get("hidden") for other in book.sheets):
        raise ApiError("You can't remove all the visible sheets in a document.")
    book.sheets.remove(sheet)
    book.named = [named for named in book.named if named["range"].get("sheetId", 0) != sheet.sheet_id]
    return {}


def duplicate_sheet(context: Context, body: Json) -> Json:
    """Copy a tab within the spreadsheet."""
    book = context.book
    source = tab(context, body.get("sourceSheetId", 0))
    title = body.get("newSheetName") or _copy_title(book, source.title)
    _check_title(context, title)
    book.check_size(source.height * source.width)
    sheet = source.clone()
    sheet.sheet_id, sheet.title = body.get("newSheetId") or book.new_id(), title
    _point_to(sheet, source.sheet_id)
    book.sheets.insert(body.get("insertSheetIndex", book.sheets.index(source) + 1), sheet)
    return {"properties": properties(book, sheet)}


def copied(book: Spreadsheet, source: Sheet) -> Sheet:
    """Copy a tab of another spreadsheet to the end of this one."""
    sheet = source.clone()
    sheet.sheet_id, sheet.title = book.new_id(), _copy_title(book, source.title)
    _point_to(sheet, source.sheet_id)
    book.sheets.append(sheet)
    return sheet


def _copy_title(book: Spreadsheet, title: str) -> str:
    copy, number = f"Copy of {title}", 2
    while book.titled(copy):
        copy, number = f"Copy of {title} {number}", number + 1
    return copy


def _point_to(sheet: Sheet, old_id: int) -> None:
    """Make the ranges of a copied tab its own."""
    waiting: list[object] = [sheet.parts]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if part.get("sheetId") == old_id or (not old_id and "startRowIndex" in part):
                part["sheetId"] = sheet.sheet_id
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def update_sheet_properties(context: Context, body: Json) -> Json:
    """Rename, hide, move, resize, freeze a tab."""
    wanted = body.get("properties", {})
    tree = update_mask(body.get("fields", ""))
    sheet = context.book.sheet(wanted.get("sheetId", 0))
    if sheet is None:
        raise ApiError(f"No sheet with id: {wanted.get('sheetId', 0)}")
    context.check_sheet(sheet)
    everything = "*" in tree
    if (everything and "title" in wanted) or "title" in tree:
        _check_title(context, wanted.get("title", ""), of=sheet)
        sheet.title = wanted["title"]
    if "gridProperties" in tree or (everything and "gridProperties" in wanted):
        _update_grid(context, sheet, wanted.get("gridProperties", {}), tree.get("gridProperties", {}))
    _update_extra(context, sheet, wanted, tree)
    if "index" in tree or (everything and "index" in wanted):
        _reorder(context, sheet, wanted.get("index", 0))
    return {}


def _update_extra(context: Context, sheet: Sheet, wanted: Json, tree: Tree) -> None:
    own = {"sheetId", "title", "index", "sheetType", "gridProperties"}
    names = {name: branch for name, branch in tree.items() if name not in own}
    if "tabColor" in names or "tabColorStyle" in names:
        sheet.extra.pop("tabColor", None)
        sheet.extra.pop("tabColorStyle", None)
    if names:
        fresh = completed({name: value for name, value in wanted.items() if name not in own})
        sheet.extra = completed(merged(sheet.extra, fresh, names))
    if all(other.extra.get("hidden") for other in context.book.sheets):
        raise ApiError("You can't hide all the sheets in a document.")


def _update_grid(context: Context, sheet: Sheet, wanted: Json, tree: Tree) -> None:
    grid = merged({"rowCount": sheet.height, "columnCount": sheet.width, **sheet.frozen}, wanted, tree)
    rows, columns = grid.pop("rowCount", sheet.height), grid.pop("columnCount", sheet.width)
    if rows < 1 or columns < 1:
        raise ApiError("A grid must have at least one row and one column.")
    if columns > MAX_COLUMNS:
        raise ApiError(f"A sheet can have at most {MAX_COLUMNS} columns.")
    _check_frozen(grid, rows, columns)
    context.book.check_size(rows * columns - sheet.height * sheet.width)
    sheet.resize(rows, columns)
    sheet.frozen = {name: value for name, value in grid.items() if value}


def _check_frozen(grid: Json, rows: int, columns: int) -> None:
    if grid.get("frozenRowCount", 0) >= rows:
        raise ApiError("You can't freeze all the rows on the sheet.")
    if grid.get("frozenColumnCount", 0) >= columns:
        raise ApiError("You can't freeze all the columns on the sheet.")


def _reorder(context: Context, sheet: Sheet, index: int) -> None:
    """Put a tab before the one that has the index now."""
    sheets = context.book.sheets
    old = sheets.index(sheet)
    sheets.remove(sheet)
    sheets.insert(index - 1 if index > old else index, sheet)


def update_spreadsheet_properties(context: Context, body: Json) -> Json:
    """Change title, locale or time zone."""
    tree = update_mask(body.get("fields", ""))
    context.book.properties = merged(context.book.properties, body.get("properties", {}), tree)
    return {}


HANDLERS: dict[str, Handler] = {
    "addSheet": add_sheet,
    "deleteSheet": delete_sheet,
    "duplicateSheet": duplicate_sheet,
    "updateSheetProperties": update_sheet_properties,
    "updateSpreadsheetProperties": update_spreadsheet_properties,
}
