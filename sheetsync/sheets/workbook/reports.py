"""Filling a tab with a report: the whole tab is the service's, from the note at A1 on."""

from collections.abc import Iterable, Sequence
from copy import copy
from datetime import tzinfo
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from sheetsync.core.tab import CellValue
from sheetsync.errors import SheetError
from sheetsync.ports import ColumnKind, ReportColumn
from sheetsync.sheets.layout import HEADER_ROW, REPORT_FORMATS, is_report_note, not_the_reports
from sheetsync.sheets.workbook import cells, formatting
from sheetsync.sheets.workbook import columns as dimensions
from sheetsync.sheets.workbook.formatting import MAX_ROW

HEAVY_ROWS = 5000
"""Rows of a report from which every write of the workbook takes some seconds longer."""

_WIDTHS: dict[ColumnKind, int] = {"text": 18, "number": 10, "money": 12, "time": 20}
"""Kind of a column → its width in characters."""


def empty(book: Workbook, tab: str, about: str, *, columns: Sequence[ReportColumn]) -> Worksheet:
    """Return the report's tab with nothing but its headers; it is made at the end if it is missing.

    Raises:
        LayoutError: no tab can be called like this.
        SheetUnsafeError: the tab is there, and is not this report's.
    """
    sheet, created = formatting.sheet_of(book, tab)
    if not created and not _is_marked(sheet, about):
        raise not_the_reports(tab, about)
    _forget(sheet)
    for place, column in enumerate(columns, start=1):
        _head(sheet, place, column, created=created)
    formatting.freeze(sheet)
    return sheet


def _is_marked(sheet: Worksheet, about: str) -> bool:
    first = sheet._cells.get((HEADER_ROW, 1))  # noqa: SLF001 - ``cell()`` would create it
    return first is not None and first.comment is not None and is_report_note(first.comment.text, about)


def _forget(sheet: Worksheet) -> None:
    """Forget every row; widths, colours and the filter's buttons are the columns' and stay."""
    for merged in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(str(merged))
    sheet._cells.clear()  # noqa: SLF001 - openpyxl deletes rows one cell at a time
    sheet.row_dimensions.clear()
    sheet.auto_filter.filterColumn = []
    sheet.auto_filter.sortState = None


def _head(sheet: Worksheet, place: int, column: ReportColumn, *, created: bool) -> None:
    formatting.put_header(sheet, place, column.header)
    if created:
        dimensions.own(sheet, place).width = max(_WIDTHS[column.kind], len(column.header) + 4)


def fill(
    sheet: Worksheet,
    columns: Sequence[ReportColumn],
    rows: Iterable[Sequence[CellValue]],
    *,
    zone: tzinfo,
    most: int = MAX_ROW - HEADER_ROW,
) -> int:
    """Write the rows below the header, and put the filter over them; return how many there were.

    Raises:
        SheetError: more rows than a tab has.
    """
    styles = [_style(sheet, place, column.kind) for place, column in enumerate(columns, start=1)]
    number = HEADER_ROW
    for number, row in enumerate(rows, start=HEADER_ROW + 1):
        if number - HEADER_ROW > most:
            raise SheetError(
                f"The report has more rows than a tab has room for: {most}.",
                hint="Ask for fewer: --since, --location or --limit.",
            )
        for place, value in enumerate(row, start=1):
            if value not in (None, ""):
                _put(sheet.cell(number, place), value, styles[place - 1], zone)
    sheet.auto_filter.ref = f"A{HEADER_ROW}:{get_column_letter(max(1, len(columns)))}{number}"
    return number - HEADER_ROW


def costs(tab: str, rows: int) -> tuple[str, ...]:
    """Say what a long report costs: the workbook is read and written as a whole, whatever changes in it."""
    if rows <= HEAVY_ROWS:
        return ()
    sentence = (
        f"The tab {tab!r} has {rows} rows, and every pull and push of this workbook has to carry them along: "
        "ask for less with --since or --limit, or delete the tab when you are done."
    )
    return (sentence,)


def _style(sheet: Worksheet, place: int, kind: ColumnKind) -> Any:  # noqa: ANN401 - openpyxl's stubs miss its styles
    """Return the style of a column's cells; looking a format up at every cell costs as much as the cell."""
    cell: Any = sheet.cell(HEADER_ROW + 1, place)
    cell.number_format = REPORT_FORMATS[kind]
    style = cell._style  # noqa: SLF001 - how openpyxl itself copies styles
    del sheet._cells[HEADER_ROW + 1, place]  # noqa: SLF001
    return style


def _put(cell: Any, value: CellValue, style: Any, zone: tzinfo) -> None:  # noqa: ANN401 - as above
    content, data_type = cells.stored(value, zone)
    cell._value, cell.data_type = content, data_type  # noqa: SLF001 - ``value`` would guess a type from the text
    cell._style = style  # noqa: SLF001 - as above
    if cells.begins_like_a_formula(content, data_type):
        cell._style = copy(style)  # noqa: SLF001 - the next line changes the style itself
        cell.quotePrefix = True
