"""What the requests of a batch have in common."""

from collections.abc import Callable, Iterator

from tests.emulators.sheets.context import Box, Context, bounds
from tests.emulators.sheets.errors import ApiError, Json, no_grid
from tests.emulators.sheets.model import Row, Sheet

# Carries out one request and gives its reply, empty if there is nothing to say.
Handler = Callable[[Context, Json], Json]


def tab(context: Context, sheet_id: int) -> Sheet:
    """The tab with this id.

    Raises:
        ApiError: There is none.
    """
    sheet = context.book.sheet(sheet_id)
    if sheet is None:
        raise no_grid(sheet_id)
    return sheet


def grid(context: Context, spot: Json) -> tuple[Sheet, Box]:
    """The tab and cells of a `GridRange`.

    Raises:
        ApiError: No such tab, or the range lies outside of its grid.
    """
    sheet = tab(context, spot.get("sheetId", 0))
    top, left, bottom, right = box = bounds(spot, sheet)
    if top >= sheet.height:
        raise ApiError(f"range.startRowIndex[{top}] is after last row in grid[{sheet.height}]")
    if left >= sheet.width:
        raise ApiError(f"range.startColumnIndex[{left}] is after last column in grid[{sheet.width}]")
    if top >= bottom or left >= right:
        raise ApiError("range is empty: an end must come after its start")
    return sheet, box


def corner(context: Context, spot: Json) -> tuple[Sheet, int, int]:
    """The tab, row and column of a `GridCoordinate`.

    Raises:
        ApiError: No such tab, or outside of its grid.
    """
    sheet = tab(context, spot.get("sheetId", 0))
    row, column = spot.get("rowIndex", 0), spot.get("columnIndex", 0)
    if row >= sheet.height:
        raise ApiError(f"GridCoordinate.rowIndex[{row}] is after last row in grid[{sheet.height}]")
    if column >= sheet.width:
        raise ApiError(f"GridCoordinate.columnIndex[{column}] is after last column in grid[{sheet.width}]")
    return sheet, row, column


def lines(context: Context, spot: Json) -> tuple[Sheet, bool, int, int]:
    """The tab of a `DimensionRange`, whether it is of rows, its start and end.

    Raises:
        ApiError: No such tab, or no such rows.
    """
    sheet = tab(context, spot.get("sheetId", 0))
    rows = spot.get("dimension") != "COLUMNS"
    size = sheet.height if rows else sheet.width
    return sheet, rows, spot.get("startIndex", 0), spot.get("endIndex", size)


def each(sheet: Sheet, box: Box) -> Iterator[tuple[Row, int, int]]:
    """Every cell of a box as row, row number, column number."""
    top, left, bottom, right = box
    for at in range(top, bottom):
        row = sheet.rows[at]
        for column in range(left, right):
            yield row, at, column


def as_range(sheet: Sheet, box: Box) -> Json:
    """A box as a `GridRange`."""
    return {
        "sheetId": sheet.sheet_id,
        "startRowIndex": box[0],
        "endRowIndex": box[2],
        "startColumnIndex": box[1],
        "endColumnIndex": box[3],
    }
