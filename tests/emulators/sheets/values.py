"""The `spreadsheets.values` collection: reading and writing rectangles of values."""

from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any

from tests.emulators.sheets import a1
from tests.emulators.sheets.a1 import Area
from tests.emulators.sheets.context import Context
from tests.emulators.sheets.errors import ApiError, Json
from tests.emulators.sheets.formats import is_moment, shown
from tests.emulators.sheets.formulas import computed
from tests.emulators.sheets.model import Cell, Failure, Formula, Row, Value
from tests.emulators.sheets.parsing import typed
from tests.emulators.sheets.writing import Written, put

MAX_TEXT = 50_000


def get(context: Context, area: Area, options: Json) -> Json:
    """A `ValueRange` with what is in the area."""
    area = area.clipped()
    rows = read(context, area, options)
    columns = options.get("majorDimension") == "COLUMNS"
    if columns:
        rows = [_trimmed(list(column)) for column in zip_longest(*rows)]
    rows = [_trimmed(row) for row in rows]
    while rows and not rows[-1]:
        rows.pop()
    reply: Json = {"range": area.named(), "majorDimension": "COLUMNS" if columns else "ROWS"}
    if rows:
        reply["values"] = [["" if cell is None else cell for cell in row] for row in rows]
    return reply


def read(context: Context, area: Area, options: Json) -> list[list[Any]]:
    """The values of an area as the options want them; None where nothing is."""
    top, left, bottom, right = area.box()
    show = _shower(context, area, options)
    return [
        [cell if cell is None or type(cell) is str else show(cell, at, row, column) for column, cell in cells]
        for at, row in enumerate(area.sheet.rows[top:bottom], top)
        for cells in [list(enumerate(row.values[left:right], left))]
    ]


def _trimmed(row: list[Any]) -> list[Any]:
    while row and row[-1] is None:
        row.pop()
    return row


def _shower(context: Context, area: Area, options: Json) -> Callable[[Cell, int, Row, int], Any]:
    render = options.get("valueRenderOption", "FORMATTED_VALUE")
    dates = options.get("dateTimeRenderOption") == "FORMATTED_STRING"

    def show(cell: Cell, at: int, row: Row, column: int) -> Any:  # noqa: ANN401 - JSON
        if isinstance(cell, Formula):
            if render == "FORMULA":
                return cell.text
            value: Value = computed(context.book, area.sheet, (at, column), cell)
        else:
            value = cell
        form = row.look(column).form.get("numberFormat")
        if render == "FORMATTED_VALUE" or isinstance(value, Failure) or (dates and is_moment(form)):
            return shown(value, form)
        return value

    return show


def update(context: Context, area: Area, body: Json, options: Json) -> Json:
    """Write values; answers with an `UpdateValuesResponse`."""
    written = write(context, area, body, options)
    return _updated(context, written, options)


def batch_update(context: Context, body: Json) -> Json:
    """Write several rectangles; all ranges are checked before anything is written."""
    plans = []
    for index, data in enumerate(body.get("data", [])):
        try:
            area = a1.parse(context.book, data.get("range", ""))
            plans.append((area, data, _prepared(context, area, data)))
        except ApiError as error:
            raise error.within(f"data[{index}]") from error
    written = []
    for index, (area, data, _rows) in enumerate(plans):
        if index and index == len(plans) // 2:
            context.halfway()
        written.append(write(context, area, data, body))
    return _batch_reply(context, written, body)


def _batch_reply(context: Context, written: list[Written], body: Json) -> Json:
    rows = {(w.area.sheet.sheet_id, row) for w in written for row in w.rows}
    columns = {(w.area.sheet.sheet_id, column) for w in written for column in w.columns}
    reply: Json = {"spreadsheetId": context.book.spreadsheet_id}
    totals = {
        "totalUpdatedRows": len(rows),
        "totalUpdatedColumns": len(columns),
        "totalUpdatedCells": sum(w.cells for w in written),
        "totalUpdatedSheets": len({sheet for sheet, _ in rows}),
    }
    reply.update({name: count for name, count in totals.items() if count})
    reply["responses"] = [_updated(context, one, body) for one in written]
    return reply


def _updated(context: Context, written: Written, options: Json) -> Json:
    reply: Json = {"spreadsheetId": context.book.spreadsheet_id, "updatedRange": written.area.named()}
    if written.cells:
        reply["updatedRows"] = len(written.rows)
        reply["updatedColumns"] = len(written.columns)
        reply["updatedCells"] = written.cells
    if str(options.get("includeValuesInResponse", "")).lower() == "true":
        wanted = {
            "majorDimension": options.get("majorDimension", "ROWS"),
            "valueRenderOption": options.get("responseValueRenderOption", "FORMATTED_VALUE"),
            "dateTimeRenderOption": options.get("responseDateTimeRenderOption", "SERIAL_NUMBER"),
        }
        reply["updatedData"] = get(context, written.area, wanted)
    return reply


def write(context: Context, area: Area, body: Json, options: Json) -> Written:
    """Write a `ValueRange` at an area.

    Raises:
        ApiError: It does not fit, is protected, or holds something that is no value.
    """
    rows = _prepared(context, area, body)
    user_entered = _input_option(options) == "USER_ENTERED"
    written = put(context, area, rows, typed if user_entered else None)
    context.book.touched()
    return written


def _input_option(options: Json) -> str:
    option = str(options.get("valueInputOption", "INPUT_VALUE_OPTION_UNSPECIFIED"))
    if option == "INPUT_VALUE_OPTION_UNSPECIFIED":
        raise ApiError("'valueInputOption' is required but not specified")
    return option


def _prepared(context: Context, area: Area, body: Json) -> list[list[Any]]:
    """The rows to write, checked."""
    rows = body.get("values") or []
    _check_cells(rows)
    if body.get("majorDimension") == "COLUMNS":
        rows = [list(row) for row in zip_longest(*rows)]
    area.clipped()
    height, width = len(rows), max(map(len, rows), default=0)
    _check_fit(area, height, width)
    end = (area.top + height, area.left + width)
    if not context.grow and (end[0] > area.sheet.height or end[1] > area.sheet.width):
        raise Area(area.sheet, area.top, area.left, *end).outside()
    context.check_edit(area.sheet, (area.top, area.left, end[0], end[1]))
    return rows


def _check_fit(area: Area, height: int, width: int) -> None:
    if area.open_end:
        return
    if area.bottom is not None and area.top + height > area.bottom:
        raise ApiError(
            f"Requested writing within range [{area.named()}], but tried writing to row [{area.bottom + 1}]"
        )
    if area.right is not None and area.left + width > area.right:
        raise ApiError(
            f"Requested writing within range [{area.named()}], "
            f"but tried writing to column [{a1.letters(area.right)}]"
        )


def _check_cells(rows: Iterable[list[Any]]) -> None:
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                if len(cell) > MAX_TEXT:
                    raise ApiError(
                        f"Your input contains more than the maximum of {MAX_TEXT} characters "
                        "in a single cell."
                    )
            elif isinstance(cell, (list, dict)):
                kind = "list_value" if isinstance(cell, list) else "struct_value"
                raise ApiError(f"Invalid values[{at}][{column}]: {kind} {{\n}}\n")


def clear(context: Context, area: Area) -> str:
    """Empty an area's values, and nothing else; gives the range cleared."""
    area = area.clipped()
    top, left, bottom, right = area.box()
    context.check_edit(area.sheet, (top, left, bottom, right))
    for row in area.sheet.rows[top:bottom]:
        filled = len(row.values)
        if filled <= right:
            del row.values[left:]
        else:
            row.values[left:right] = [None] * (right - left)
    context.book.touched()
    return area.named()
