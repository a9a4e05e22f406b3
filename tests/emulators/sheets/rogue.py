"""A person who works in the spreadsheet while programs do: scripted edits, without quota or protection."""

from collections.abc import Callable

from tests.emulators.sheets import a1, batch, values
from tests.emulators.sheets.batch.common import as_range
from tests.emulators.sheets.context import Context
from tests.emulators.sheets.errors import Json
from tests.emulators.sheets.model import Spreadsheet

PERSON = "person@example.com"


def act(book: Spreadsheet, edits: list[Json]) -> None:
    """Carry out a person's edits, one after the other.

    Args:
        book: The spreadsheet.
        edits: Each an object with one key, a name of `EDITS`, or `request` for any request of batchUpdate.

    Raises:
        ApiError: An edit is not possible.
        KeyError: There is no such edit.
    """
    context = Context(book, PERSON)
    for edit in edits:
        [(name, details)] = edit.items()
        EDITS[name](context, details)


def _type(context: Context, details: Json) -> None:
    area = a1.parse(context.book, details["range"])
    body = {"values": details.get("values") or [[details.get("value", "")]]}
    values.update(context, area, body, {"valueInputOption": "USER_ENTERED"})


def _clear(context: Context, details: Json) -> None:
    values.clear(context, a1.parse(context.book, details["range"]))


def _sort(context: Context, details: Json) -> None:
    """Sort the rows of a range by a column; columns outside of the range stay."""
    area = a1.parse(context.book, details["range"]).clipped()
    order = "DESCENDING" if details.get("descending") else "ASCENDING"
    spec = {"dimensionIndex": a1.number(details["by"]), "sortOrder": order}
    _run(context, {"sortRange": {"range": as_range(area.sheet, area.box()), "sortSpecs": [spec]}})


def _lines(details: Json, context: Context) -> Json:
    """Rows `5:7` or columns `C:D` of a range as a `DimensionRange`."""
    area = a1.parse(context.book, details["range"])
    top, left, bottom, right = area.box()
    rows = area.right is None
    start, end = (top, bottom) if rows else (left, right)
    dimension = "ROWS" if rows else "COLUMNS"
    return {"sheetId": area.sheet.sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}


def _insert(context: Context, details: Json) -> None:
    _run(context, {"insertDimension": {"range": _lines(details, context)}})


def _delete(context: Context, details: Json) -> None:
    _run(context, {"deleteDimension": {"range": _lines(details, context)}})


def _move(context: Context, details: Json) -> None:
    to = details["to"]
    index = a1.number(to) if isinstance(to, str) else to - 1
    _run(context, {"moveDimension": {"source": _lines(details, context), "destinationIndex": index}})


def _hide(context: Context, details: Json) -> None:
    properties = {"hiddenByUser": bool(details.get("hidden", True))}
    body = {"range": _lines(details, context), "properties": properties, "fields": "hiddenByUser"}
    _run(context, {"updateDimensionProperties": body})


def _filter(context: Context, details: Json) -> None:
    """Filter a range: rows whose cell in a column shows one of the values are hidden."""
    area = a1.parse(context.book, details["range"]).clipped()
    criteria = {str(a1.number(details["by"])): {"hiddenValues": details.get("hide", [])}}
    body = {"range": as_range(area.sheet, area.box()), "criteria": criteria}
    _run(context, {"setBasicFilter": {"filter": body}})


def _rename(context: Context, details: Json) -> None:
    sheet = a1.parse(context.book, a1.quote(details["tab"])).sheet
    body = {"properties": {"sheetId": sheet.sheet_id, "title": details["to"]}, "fields": "title"}
    _run(context, {"updateSheetProperties": body})


def _run(context: Context, request: Json) -> None:
    batch.run(context, {"requests": [request]})


EDITS: dict[str, Callable[[Context, Json], None]] = {
    "type": _type,
    "clear": _clear,
    "sort": _sort,
    "insert": _insert,
    "delete": _delete,
    "move": _move,
    "hide": _hide,
    "filter": _filter,
    "rename": _rename,
    "request": _run,
}
