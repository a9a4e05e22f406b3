"""Reading a tab: one pass over the worksheet's XML, without building the workbook in memory."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl.utils import coordinate_to_tuple
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS

from sheetsync.core import fields
from sheetsync.core.tab import CellValue, Tab
from sheetsync.sheets.layout import HEADER_ROW, Column, find_columns, require_columns
from sheetsync.sheets.values import account_id
from sheetsync.sheets.workbook import book as books
from sheetsync.sheets.workbook import cells

_INLINE, _FORMULA = f"{{{SHEET_MAIN_NS}}}is", f"{{{SHEET_MAIN_NS}}}f"
_TRUE = frozenset({"1", "true", "on"})


class _Parser(WorkSheetParser):
    """Skips what is no cell and hands out every row's own attributes, so that hidden rows are known."""

    def parse_extensions(self, element: Any) -> None:  # noqa: ANN401 - as in openpyxl
        """Skip extensions: nothing is written, so nothing is lost."""

    def parse_formatting(self, element: Any) -> None:  # noqa: ANN401 - as in openpyxl
        """Skip conditional formats."""

    def parse_cell(self, element: Any) -> dict[str, Any]:  # noqa: ANN401 - as in openpyxl
        """Read a cell; text inside the cell, which is most of it, takes a shorter way than openpyxl's."""
        text, place = element.find(_INLINE), element.get("r")
        if text is None or place is None or element.find(_FORMULA) is not None:
            cell: dict[str, Any] = super().parse_cell(element)
            return cell
        row, self.col_counter = coordinate_to_tuple(place)
        return {
            "row": row,
            "column": self.col_counter,
            "value": books.plain_text(text) or None,
            "data_type": "s",
            "style_id": 0,
        }

    def rows(self) -> Iterator[tuple[int, bool, list[dict[str, Any]]]]:
        """Yield number, whether hidden, and cells of each row that the file has."""
        for number, row in self.parse():
            attributes = self.row_dimensions.pop(str(number), {})
            yield number, attributes.get("hidden", "0") in _TRUE, row


@dataclass
class _Rows:
    """What was read so far; lists side by side, because a tab may have 100,000 rows."""

    values: list[tuple[CellValue, ...]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    formulas: dict[int, frozenset[str]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)


def read_tab(data: bytes, path: Path, *, tab: str, expected: Sequence[Column]) -> Tab:
    """Read the tab from a workbook's bytes.

    openpyxl's read-only mode knows neither hidden rows nor formulas' kinds, so its parser is used directly;
    100,000 rows take a few seconds and only the values' memory.

    Raises:
        LayoutError: tab or headers are missing or doubled.
        SheetError: the file is damaged.
    """
    book = books.open_read_only(data, path.name)
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if tab not in sheets:
        raise books.missing_tab(tab, path, list(sheets))
    sheet = sheets[tab]
    with books.reading_rows(path.name), sheet._get_source() as source:  # noqa: SLF001 - the only way to its XML
        parser = _Parser(source, sheet._shared_strings)  # noqa: SLF001
        return _tab(parser.rows(), _Styles(book), tab=tab, expected=expected)


class _Styles:
    """Turns a cell's number into a moment where its style says so."""

    def __init__(self, book: Any) -> None:  # noqa: ANN401 - as in openpyxl
        self._dates: Collection[int] = book._date_formats - book._timedelta_formats  # noqa: SLF001
        self._epoch = book.epoch

    def value(self, cell: Mapping[str, Any]) -> CellValue:
        """Return a cell's raw value; a formula's is its text."""
        value: Any = cell["value"]
        if cell["data_type"] == "f":
            return cells.formula_text(value)
        if cell["data_type"] == "n" and value is not None and cell["style_id"] in self._dates:
            return cells.moment(value, self._epoch)
        result: CellValue = value
        return result


def _tab(
    rows: Iterator[tuple[int, bool, list[dict[str, Any]]]],
    styles: _Styles,
    *,
    tab: str,
    expected: Sequence[Column],
) -> Tab:
    number, _, header = next(rows, (0, False, []))
    places = find_columns(_headers(header if number == HEADER_ROW else []), expected, tab=tab)
    require_columns(places, expected, tab=tab)
    ours = {place + 1: code for code, place in places.items()}
    found = _Rows()
    for number, hidden, row in rows:
        _add_row(found, number, [cell for cell in row if cell["column"] in ours], ours=ours, styles=styles)
        if hidden and found.numbers and found.numbers[-1] == number:
            found.hidden.add(number)
    return Tab(tuple(places), found.values, found.numbers, found.formulas, frozenset(found.hidden))


def _headers(row: Sequence[Mapping[str, Any]]) -> list[object]:
    headers: list[object] = [None] * max((cell["column"] for cell in row), default=0)
    for cell in row:
        headers[cell["column"] - 1] = cell["value"]
    return headers


def _add_row(
    found: _Rows, number: int, row: Sequence[Mapping[str, Any]], *, ours: Mapping[int, str], styles: _Styles
) -> None:
    values = {ours[cell["column"]]: styles.value(cell) for cell in row}
    if not any(value is not None and str(value).strip() for value in values.values()):
        return
    formulas = frozenset(ours[cell["column"]] for cell in row if cell["data_type"] == "f")
    if fields.ACCOUNT_ID in values and values[fields.ACCOUNT_ID] is not None:
        values[fields.ACCOUNT_ID] = account_id(values[fields.ACCOUNT_ID])
    found.values.append(tuple(values.get(code) for code in ours.values()))
    found.numbers.append(number)
    if formulas:
        found.formulas[number] = formulas
