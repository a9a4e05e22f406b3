"""Requests that do what a person does with the keyboard: find and replace, paste text."""

import csv
import io
import re

from tests.emulators.sheets.batch.common import Handler, corner, each, grid, tab
from tests.emulators.sheets.context import Box, Context
from tests.emulators.sheets.errors import ApiError, Json
from tests.emulators.sheets.model import Formula, Sheet
from tests.emulators.sheets.parsing import typed
from tests.emulators.sheets.writing import enter


def find_replace(context: Context, body: Json) -> Json:
    """Replace a text in cells."""
    pattern = _pattern(body)
    counts = {
        "valuesChanged": 0,
        "formulasChanged": 0,
        "rowsChanged": 0,
        "sheetsChanged": 0,
        "occurrencesChanged": 0,
    }
    for sheet, box in _scope(context, body):
        rows = _replace(context, sheet, box, (pattern, body), counts)
        counts["rowsChanged"] += len(rows)
        counts["sheetsChanged"] += bool(rows)
    return {name: count for name, count in counts.items() if count}


def _pattern(body: Json) -> re.Pattern[str]:
    text = body.get("find", "")
    if not text:
        raise ApiError("A text to find must be given.")
    text = text if body.get("searchByRegex") else re.escape(text)
    flags = 0 if body.get("matchCase") else re.IGNORECASE
    return re.compile(rf"\A(?:{text})\Z" if body.get("matchEntireCell") else text, flags)


def _scope(context: Context, body: Json) -> list[tuple[Sheet, Box]]:
    if "range" in body:
        return [grid(context, body["range"])]
    sheets = context.book.sheets if body.get("allSheets") else [tab(context, body.get("sheetId", 0))]
    return [(sheet, (0, 0, sheet.height, sheet.width)) for sheet in sheets]


def _replace(
    context: Context, sheet: Sheet, box: Box, what: tuple[re.Pattern[str], Json], counts: dict[str, int]
) -> set[int]:
    pattern, body = what
    by = body.get("replacement", "")
    rows = set()
    for row, at, column in each(sheet, box):
        cell = row.value(column)
        if cell is None or (isinstance(cell, Formula) and not body.get("includeFormulas")):
            continue
        old = cell.text if isinstance(cell, Formula) else str(cell)
        new, times = pattern.subn(by if body.get("searchByRegex") else by.replace("\\", r"\\"), old)
        if times:
            context.check_edit(sheet, (at, column, at + 1, column + 1))
            enter(row, column, new, typed)
            rows.add(at)
            counts["occurrencesChanged"] += times
            counts["formulasChanged" if isinstance(cell, Formula) else "valuesChanged"] += 1
    return rows


def paste_data(context: Context, body: Json) -> Json:
    """Paste lines of text, typed in cell by cell."""
    sheet, top, left = corner(context, body.get("coordinate", {}))
    delimiter = body.get("delimiter", "\t")
    if body.get("html"):
        raise ApiError("The emulator pastes text, not HTML.")
    rows = list(csv.reader(io.StringIO(body.get("data", "")), delimiter=delimiter))
    box = (top, left, top + len(rows), left + max(map(len, rows), default=0))
    if box[2] > sheet.height or box[3] > sheet.width:
        raise ApiError("Attempting to paste outside of the grid.")
    context.check_edit(sheet, box)
    for at, texts in enumerate(rows, top):
        for column, text in enumerate(texts, left):
            enter(sheet.rows[at], column, text, typed)
    return {}


HANDLERS: dict[str, Handler] = {"findReplace": find_replace, "pasteData": paste_data}
