"""How a tab is to look, as requests of ``spreadsheets.batchUpdate``; one function for each kind of thing.

Rows and columns in requests are counted from 0, and ends are exclusive; without an end, a range goes as far
as the tab does, also when it grows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sheetsync.core import fields
from sheetsync.core.states import RowStatus
from sheetsync.sheets.layout import (
    HEADER_ROW,
    STATUS_PAINT,
    TEXT_FORMAT,
    TIME_FORMAT,
    Column,
    Owner,
    Paint,
    letter,
)

Request = dict[str, Any]

OURS = "Sheetsync: written by the service; change it in the credit system."
"""Description of our protections: only those are ever replaced."""

SIGNATURE = '("Sheetsync"<>"")'
"""Always true; stands in our formulas, so that our rules are known again."""

HEADER_PAINT = Paint("E8EAED", "202124")
STALE_PAINT = Paint("E8EAED", "5F6368")
NEW_PAINT = Paint("FEEFC3", "5C3A00")

SETTLED = (RowStatus.CONFIRMED, RowStatus.REJECTED, RowStatus.NOT_APPLIED, RowStatus.ALREADY_SENT)
"""Statuses that say how an earlier edit ended, not what becomes of one typed since."""

_CHARACTER = 7  # pixels
_PADDING = 12


def colour(digits: str) -> dict[str, float]:
    """Return a colour of six hexadecimal digits as Google writes it."""
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    return {name: round(part, 4) for name, part in zip(("red", "green", "blue"), parts, strict=True)}


def cells_of(
    sheet_id: int, place: int, *, start_row: int = HEADER_ROW, end_place: int | None = None
) -> Request:
    """Return the range of a column's cells below the header, or of several columns'."""
    end = place + 1 if end_place is None else end_place
    return {"sheetId": sheet_id, "startRowIndex": start_row, "startColumnIndex": place, "endColumnIndex": end}


def header_cells(sheet_id: int, place: int) -> Request:
    """Return the range of one header."""
    return cells_of(sheet_id, place, start_row=HEADER_ROW - 1) | {"endRowIndex": HEADER_ROW}


def header_text(sheet_id: int, place: int, column: Column) -> Iterator[Request]:
    """Put a header in a free column, as wide as what stands below it."""
    cell = {"userEnteredValue": {"stringValue": column.header}}
    yield {
        "updateCells": {
            "range": header_cells(sheet_id, place),
            "rows": [{"values": [cell]}],
            "fields": "userEnteredValue",
        }
    }
    yield {
        "updateDimensionProperties": {
            "range": columns_of(sheet_id, place),
            "properties": {"pixelSize": column.width * _CHARACTER + _PADDING},
            "fields": "pixelSize",
        }
    }


def header_looks(sheet_id: int, place: int) -> Request:
    """Make a header bold on grey."""
    looks = {"textFormat": {"bold": True}, "backgroundColor": colour(HEADER_PAINT.fill)}
    return _repeat(
        header_cells(sheet_id, place),
        {"userEnteredFormat": looks},
        "userEnteredFormat(textFormat.bold,backgroundColor)",
    )


def note(sheet_id: int, place: int, text: str) -> Request:
    """Explain a column at its header."""
    return _repeat(header_cells(sheet_id, place), {"note": text}, "note")


def _repeat(cells: Request, cell: Request, names: str) -> Request:
    return {"repeatCell": {"range": cells, "cell": cell, "fields": names}}


def number_format(pattern: str) -> dict[str, str]:
    """Return a format by its code."""
    kind = {TEXT_FORMAT: "TEXT", TIME_FORMAT: "DATE_TIME"}.get(pattern, "NUMBER")
    return {"type": kind, "pattern": pattern}


def formatted(sheet_id: int, place: int, pattern: str, *, start_row: int = HEADER_ROW) -> Request:
    """Give a column's cells their number format; "General" is Google's own choice."""
    own = {} if pattern == "General" else {"numberFormat": number_format(pattern)}
    cell = {"userEnteredFormat": own}
    return _repeat(cells_of(sheet_id, place, start_row=start_row), cell, "userEnteredFormat.numberFormat")


def dropdown_rule(column: Column) -> Request:
    """Return the rule of a dropdown; a word that Google would take for a formula is left out."""
    words = [word for word in column.choices if not word.startswith(("=", "+"))]
    return {
        "condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": word} for word in words]},
        "strict": column.strict and len(words) == len(column.choices),
        "showCustomUi": True,
    }


def dropdown(sheet_id: int, place: int, column: Column, *, start_row: int = HEADER_ROW) -> Request:
    """Offer a column's choices."""
    cells = cells_of(sheet_id, place, start_row=start_row)
    return {"setDataValidation": {"range": cells, "rule": dropdown_rule(column)}}


def columns_of(sheet_id: int, place: int) -> Request:
    """Return one column as a dimension."""
    return {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": place, "endIndex": place + 1}


def hidden(sheet_id: int, place: int) -> Request:
    """Hide a column."""
    return {
        "updateDimensionProperties": {
            "range": columns_of(sheet_id, place),
            "properties": {"hiddenByUser": True},
            "fields": "hiddenByUser",
        }
    }


def frozen(sheet_id: int) -> Request:
    """Keep the header in sight."""
    properties = {"sheetId": sheet_id, "gridProperties": {"frozenRowCount": HEADER_ROW}}
    return {"updateSheetProperties": {"properties": properties, "fields": "gridProperties.frozenRowCount"}}


def filtered(sheet_id: int, width: int) -> Request:
    """Put a filter over the header."""
    cells = {"sheetId": sheet_id, "startRowIndex": 0, "startColumnIndex": 0, "endColumnIndex": width}
    return {"setBasicFilter": {"filter": {"range": cells}}}


def more(sheet_id: int, dimension: str, length: int) -> Request:
    """Add rows or columns at the end."""
    return {"appendDimension": {"sheetId": sheet_id, "dimension": dimension, "length": length}}


def protected(sheet_id: int, start: int, end: int) -> Request:
    """Warn whoever edits the service's columns; nobody is locked out."""
    cells = {"sheetId": sheet_id, "startColumnIndex": start, "endColumnIndex": end}
    rule = {"range": cells, "description": OURS, "warningOnly": True}
    return {"addProtectedRange": {"protectedRange": rule}}


def protected_columns(places: Mapping[str, int], expected: Sequence[Column]) -> list[tuple[int, int]]:
    """Return start and end of each run of columns that belong to the service."""
    ours = sorted(places[column.field] for column in expected if column.owner is Owner.SERVICE)
    runs: list[tuple[int, int]] = []
    for place in ours:
        if runs and runs[-1][1] == place:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs


def colour_rules(sheet_id: int, places: Mapping[str, int], expected: Sequence[Column]) -> list[Request]:
    """Return the conditional formats, the one that goes first first.

    A settled Status beside a new edit turns grey, because it speaks of the edit before; the cells of that new
    edit are marked. Then each status has its colour. The formulas have no functions and no separators, which
    a spreadsheet in another language would want otherwise.
    """
    edits = [places[column.field] for column in expected if column.owner is Owner.PERSON]
    status = places[fields.STATUS]
    first = HEADER_ROW + 1
    settled = "+".join(f'(${letter(status)}{first}="{each.label}")' for each in SETTLED)
    typed = "+".join(f'(${letter(place)}{first}<>"")' for place in edits)
    stale = f"={SIGNATURE}*({settled}>0)*({typed}>0)"
    rules = [_rule([cells_of(sheet_id, status)], "CUSTOM_FORMULA", stale, STALE_PAINT, italic=True)]
    for place in edits:
        new = f'={SIGNATURE}*({settled}>0)*(${letter(place)}{first}<>"")'
        rules.append(_rule([cells_of(sheet_id, place)], "CUSTOM_FORMULA", new, NEW_PAINT))
    for each, paint in STATUS_PAINT.items():
        rules.append(_rule([cells_of(sheet_id, status)], "TEXT_EQ", each.label, paint))
    return rules


def _rule(cells: list[Request], kind: str, value: str, paint: Paint, *, italic: bool = False) -> Request:
    text: Request = {"foregroundColor": colour(paint.ink)}
    looks: Request = {"backgroundColor": colour(paint.fill), "textFormat": text}
    if italic:
        text["italic"] = True
    condition = {"type": kind, "values": [{"userEnteredValue": value}]}
    return {"ranges": cells, "booleanRule": {"condition": condition, "format": looks}}
