"""The workbook keeps the promises of ``ports.Sheet``."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from sheetsync.core.tab import CellValue
from sheetsync.ports import Sheet
from sheetsync.sheets.workbook import WorkbookSheet
from tests.contract.report_suite import ReportContract, ReportHands
from tests.contract.sheet_suite import COLUMNS, Hands, SheetContract

TAB = "Credits"


class WorkbookHands:
    """A person with a spreadsheet program, as far as openpyxl can play one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _open(self) -> Worksheet:
        self._open_book()
        sheet = self._book[TAB]
        assert isinstance(sheet, Worksheet)
        return sheet

    def _open_book(self) -> None:
        self._book = openpyxl.load_workbook(self._path)

    def _save(self) -> None:
        self._book.save(self._path)

    @staticmethod
    def _column(sheet: Worksheet, header: str) -> int:
        return [cell.value for cell in sheet[1]].index(header) + 1

    def _row(self, sheet: Worksheet, account_id: str) -> int:
        column = self._column(sheet, "User ID")
        return next(row for row in range(2, sheet.max_row + 1) if sheet.cell(row, column).value == account_id)

    def type_in(self, account_id: str, header: str, value: CellValue) -> None:
        """Type into a cell."""
        sheet = self._open()
        sheet.cell(self._row(sheet, account_id), self._column(sheet, header)).value = value
        self._save()

    def sort_rows(self, header: str, *, reverse: bool = False) -> None:
        """Sort the rows' values."""
        sheet = self._open()
        at = self._column(sheet, header) - 1
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
        for number, row in enumerate(sorted(rows, key=lambda row: str(row[at]), reverse=reverse), 2):
            for place, value in enumerate(row, 1):
                sheet.cell(number, place).value = value
        self._save()

    def insert_people_column(self, header: str, *, before: str, values: Sequence[CellValue]) -> None:
        """Insert a column."""
        sheet = self._open()
        place = self._column(sheet, before)
        sheet.insert_cols(place)
        for row, value in enumerate([header, *values], 1):
            sheet.cell(row, place).value = value
        self._save()

    def delete_row(self, account_id: str) -> None:
        """Delete a row."""
        sheet = self._open()
        sheet.delete_rows(self._row(sheet, account_id))
        self._save()

    def rename_header(self, old: str, new: str) -> None:
        """Overtype a header."""
        sheet = self._open()
        sheet.cell(1, self._column(sheet, old)).value = new
        self._save()

    def delete_tab(self) -> None:
        """Delete the tab."""
        self._book = openpyxl.load_workbook(self._path)
        self._book.create_sheet("Other")
        self._book.remove(self._book[TAB])
        self._save()

    def raw_cells(self) -> list[list[CellValue]]:
        """Return all values."""
        return [[cast(CellValue, cell.value) for cell in row] for row in self._open().iter_rows()]

    def add_tab(self, title: str, rows: Sequence[Sequence[CellValue]]) -> None:
        """Add a tab."""
        self._open()
        added = self._book.create_sheet(title)
        for row in rows:
            added.append(row)
        self._save()

    def cells_of(self, title: str) -> list[list[CellValue]]:
        """Return all values of a tab."""
        self._open_book()
        return [[cast(CellValue, cell.value) for cell in row] for row in self._book[title].iter_rows()]

    def remove_note(self, title: str) -> None:
        """Remove the note at A1."""
        self._open()
        self._book[title]["A1"].comment = None
        self._save()

    def tabs(self) -> list[str]:
        """Return all titles."""
        self._open_book()
        return self._book.sheetnames


class TestWorkbook(SheetContract, ReportContract):
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """Return where the workbook will be."""
        return tmp_path / "credits.xlsx"

    @pytest.fixture
    def sheet(self, path: Path) -> Sheet:
        """Return the adapter."""
        return WorkbookSheet(path, tab=TAB, columns=COLUMNS)

    @pytest.fixture
    def hands(self, path: Path) -> Hands:
        """Return the person."""
        return WorkbookHands(path)

    @pytest.fixture
    def report_hands(self, path: Path) -> ReportHands:
        """Return the person."""
        return WorkbookHands(path)
