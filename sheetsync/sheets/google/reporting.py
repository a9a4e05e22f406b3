"""Filling a tab with a report: the whole tab is the service's, from the note at A1 on."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import tzinfo

from sheetsync.core.tab import CellValue
from sheetsync.errors import LayoutError
from sheetsync.ports import ReportColumn
from sheetsync.sheets.google import cells, looks
from sheetsync.sheets.google.cells import Json
from sheetsync.sheets.google.layouting import FIELDS, LOOKED_AT, MAX_SHEET_ID, Looks
from sheetsync.sheets.google.looks import Request
from sheetsync.sheets.google.ranges import Place
from sheetsync.sheets.google.refusals import ChangedError, PassingError
from sheetsync.sheets.google.spreadsheet import Spreadsheet
from sheetsync.sheets.layout import (
    HEADER_ROW,
    REPORT_FORMATS,
    is_report_note,
    not_the_reports,
    report_note,
)


def replace(
    book: Spreadsheet,
    about: str,
    *,
    columns: Sequence[ReportColumn],
    rows: Iterable[Sequence[CellValue]],
    remark: str,
    zone: tzinfo,
) -> None:
    """Fill the tab of ``book`` with a report; what fits one request of 2 MB is replaced in one step.

    Writing a report again does no harm, because nobody else writes in its tab: so it is tried again as it is.

    Raises:
        LayoutError: no tab can be called like this.
        SheetUnsafeError: the tab is not this report's.
        SheetError: it cannot be written.
    """
    table = _table(columns, rows, zone)
    patience = book.waiting.patience()
    while True:
        try:
            _make_room(book, about, columns, len(table), remark)
            book.write(_cells(book, table))
        except PassingError as error:
            patience.wait(error)
        else:
            return


def _table(
    columns: Sequence[ReportColumn], rows: Iterable[Sequence[CellValue]], zone: tzinfo
) -> list[list[Json]]:
    """Return header and rows as they travel; all rows are gone through before anything is written."""
    header: list[Json] = [column.header for column in columns]
    return [header, *([cells.stored(value, zone) for value in row] for row in rows)]


def _make_room(
    book: Spreadsheet, about: str, columns: Sequence[ReportColumn], length: int, remark: str
) -> None:
    """Make the tab if it is missing, and everything but its cells as the report needs it."""
    found = book.describe_if_there(LOOKED_AT, FIELDS)
    if found is None:
        sheet_id = secrets.randbelow(MAX_SHEET_ID) + 1
        grid = {"rowCount": length + 1, "columnCount": max(len(columns), 1), "frozenRowCount": HEADER_ROW}
        properties = {"sheetId": sheet_id, "title": book.tab, "gridProperties": grid}
        _change(book, [{"addSheet": {"properties": properties}}, *_looks(sheet_id, about, columns, remark)])
        return
    seen = Looks(found)
    if not is_report_note(str(seen.cell(HEADER_ROW, 0).get("note", "")), about):
        raise not_the_reports(book.tab, about)
    _change(book, [*_growth(seen, length, len(columns)), *_looks(seen.sheet_id, about, columns, remark)])


def _change(book: Spreadsheet, requests: list[Request]) -> None:
    try:
        book.change(requests)
    except ChangedError as error:
        raise LayoutError(
            f"The spreadsheet has another tab called like {book.tab!r}.",
            hint="Rename that tab, then pull the report again.",
        ) from error


def _growth(seen: Looks, length: int, width: int) -> list[Request]:
    needed = {"ROWS": length + 1, "COLUMNS": width}
    present = {"ROWS": seen.grid.get("rowCount", 0), "COLUMNS": seen.grid.get("columnCount", 0)}
    short = {name: needed[name] - present[name] for name in needed if needed[name] > present[name]}
    return [looks.more(seen.sheet_id, dimension, number) for dimension, number in short.items()]


def _looks(sheet_id: int, about: str, columns: Sequence[ReportColumn], remark: str) -> list[Request]:
    requests = [looks.note(sheet_id, 0, report_note(about, remark)), looks.frozen(sheet_id)]
    for place, column in enumerate(columns):
        requests.append(looks.header_looks(sheet_id, place))
        requests.append(looks.formatted(sheet_id, place, REPORT_FORMATS[column.kind]))
    return [*requests, looks.filtered(sheet_id, len(columns))] if columns else requests


def _cells(book: Spreadsheet, table: Sequence[Sequence[Json]]) -> dict[Place, Json]:
    """Return every cell of the report, and blanks for what stood elsewhere in its tab."""
    before = book.whole()
    written: dict[Place, Json] = {
        (row, place): ""
        for place, column in before.columns.items()
        for row, value in enumerate(column, 1)
        if value is not None
    }
    for row, values in enumerate(table, 1):
        written |= {(row, place): value for place, value in enumerate(values)}
    return written
