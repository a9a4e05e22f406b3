"""What people made of a workbook is still there after a write."""

import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule, ColorScaleRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.filters import FilterColumn, Filters
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.table import Table

from sheetsync.core.tab import Patch
from sheetsync.sheets.workbook import WorkbookSheet
from tests.contract.sheet_suite import COLUMNS, account

TAB = "Credits"
FREE = 14
"""First column right of ours, plus one."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the workbook is."""
    return tmp_path / "credits.xlsx"


@pytest.fixture
def sheet(path: Path) -> WorkbookSheet:
    """Return the adapter over a tab with three rows."""
    sheet = WorkbookSheet(path, tab=TAB, columns=COLUMNS)
    sheet.create()
    sheet.write([], append=[account("1"), account("2"), account("3")])
    return sheet


def opened(path: Path) -> Any:  # noqa: ANN401 - openpyxl's stubs are too narrow to read freely
    """Load the workbook with everything in it."""
    return openpyxl.load_workbook(path, rich_text=True)


def survives(
    path: Path, sheet: WorkbookSheet, edit: Callable[[Any], None], look: Callable[[Any], Any]
) -> None:
    """Check that what ``look`` sees after the edit is the same after a write, an append and a create."""
    book = opened(path)
    edit(book)
    book.save(path)
    before = look(opened(path))
    assert before, "the edit must be visible"
    assert {"2"} == sheet.write([Patch("2", {"status": "Confirmed", "credits": 65})]).applied
    sheet.create()
    assert before == look(opened(path))


def test_formulas_stay_formulas(path: Path, sheet: WorkbookSheet) -> None:
    """Plain, array and data table formulas, in the tab and elsewhere."""

    def edit(book: Any) -> None:  # noqa: ANN401
        tab = book[TAB]
        tab.cell(2, FREE).value = "=SUM(D2:D4)"
        tab.cell(3, FREE).value = ArrayFormula("N3:N4", "=D2:D3*2")
        book.create_sheet("Sums")["A1"] = "=Credits!D2"
        book["Sums"]["B1"] = DataTableFormula(ref="B1:B2", dt2D=False, r1="A1")

    def look(book: Any) -> Any:  # noqa: ANN401
        tab, sums = book[TAB], book["Sums"]
        array, table = tab.cell(3, FREE).value, sums["B1"].value
        return tab.cell(2, FREE).value, dict(array), array.text, sums["A1"].value, dict(table)

    survives(path, sheet, edit, look)


def test_rich_text_and_styles_survive(path: Path, sheet: WorkbookSheet) -> None:
    """Half-bold text and colours, in people's cells and on ours."""

    def edit(book: Any) -> None:  # noqa: ANN401
        tab = book[TAB]
        tab.cell(2, FREE).value = CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"), " end")
        tab["D3"].fill = PatternFill("solid", start_color="FFFF00")
        tab["D3"].font = Font(italic=True)

    def look(book: Any) -> Any:  # noqa: ANN401
        tab = book[TAB]
        return repr(tab.cell(2, FREE).value), tab["D3"].fill.start_color.rgb, tab["D3"].font.i

    survives(path, sheet, edit, look)


def test_notes_links_and_merged_cells_survive(path: Path, sheet: WorkbookSheet) -> None:
    """A person's note keeps text, author and size."""

    def edit(book: Any) -> None:  # noqa: ANN401
        tab = book[TAB]
        tab["D3"].comment = Comment("ask Bea", "Ana", height=200, width=310)
        tab["A1"].comment = Comment("mine", "Ana")
        tab.cell(2, FREE).value = "site"
        tab.cell(2, FREE).hyperlink = "https://example.org/?a=1&b=2"
        tab.cell(9, FREE).value = "sub-total"
        tab.merge_cells(start_row=9, end_row=9, start_column=FREE, end_column=FREE + 2)

    def look(book: Any) -> Any:  # noqa: ANN401
        tab = book[TAB]
        note, other = tab["D3"].comment, tab["A1"].comment
        return note.text, note.author, other.text, tab.cell(2, FREE).hyperlink.target, str(tab.merged_cells)

    survives(path, sheet, edit, look)
    with zipfile.ZipFile(path) as package:
        shapes = package.read("xl/drawings/commentsDrawing1.vml").decode()
    assert "width:310" in shapes
    assert "height:200" in shapes


def test_peoples_rules_survive(path: Path, sheet: WorkbookSheet) -> None:
    """Dropdowns and conditional formats over columns that are not ours."""

    def edit(book: Any) -> None:  # noqa: ANN401
        tab = book[TAB]
        rule = DataValidation(type="whole", operator="between", formula1="1", formula2="9", sqref="N2:N4")
        tab.add_data_validation(rule)
        scale: Any = ColorScaleRule
        tab.conditional_formatting.add("D2:D4", scale("min", None, "FF0000", "max", None, "00FF00"))

    def look(book: Any) -> Any:  # noqa: ANN401
        tab = book[TAB]
        rules = [(str(rule.sqref), rule.type, rule.formula1) for rule in tab.data_validations.dataValidation]
        formats = {
            str(part.sqref): [(rule.type, rule.priority) for rule in part.rules]
            for part in tab.conditional_formatting
        }
        return sorted(rules), formats

    survives(path, sheet, edit, look)


def test_arrangement_survives(path: Path, sheet: WorkbookSheet) -> None:
    """Widths, hidden and grouped rows and columns, freeze, protection, print settings, names, tab colour."""

    def edit(book: Any) -> None:  # noqa: ANN401
        tab = book[TAB]
        tab.column_dimensions["C"].width = 77
        tab.column_dimensions.group("N", "Q", outline_level=1, hidden=True)
        tab.row_dimensions.group(3, 4, outline_level=1, hidden=True)
        tab.row_dimensions[2].height = 40
        tab.freeze_panes = "C2"
        tab.protection.enable()
        tab.print_area = "A1:D4"
        tab.print_title_rows = "1:1"
        tab.page_setup.orientation = "landscape"
        tab.oddFooter.center.text = "Page &P"
        tab.sheet_properties.tabColor = "FF0000"
        book.defined_names["Everyone"] = DefinedName("Everyone", attr_text="Credits!$A$2:$A$4")
        book.create_sheet("Secret").sheet_state = "veryHidden"

    def look(book: Any) -> Any:  # noqa: ANN401
        tab = book[TAB]
        rows = [(row, tab.row_dimensions[row].hidden, tab.row_dimensions[row].outlineLevel) for row in (3, 4)]
        columns = [(name, tab.column_dimensions[name].width) for name in ("A", "C")]
        group = tab.column_dimensions["N"]
        return (
            (rows, columns, tab.row_dimensions[2].height, group.min, group.max, group.hidden),
            (tab.freeze_panes, tab.protection.sheet, tab.print_area, tab.print_title_rows),
            (tab.page_setup.orientation, tab.oddFooter.center.text, tab.sheet_properties.tabColor.rgb),
            (book.defined_names["Everyone"].attr_text, book["Secret"].sheet_state),
        )

    survives(path, sheet, edit, look)


def test_a_filter_with_criteria_survives(path: Path, sheet: WorkbookSheet) -> None:
    """The filter keeps what it filters by, and hidden rows are known as hidden."""

    def edit(book: Any) -> None:  # noqa: ANN401
        tab = book[TAB]
        tab.auto_filter.filterColumn.append(FilterColumn(colId=0, filters=Filters(filter=["1"])))
        tab.row_dimensions[3].hidden = tab.row_dimensions[4].hidden = True

    def look(book: Any) -> Any:  # noqa: ANN401
        found = book[TAB].auto_filter
        return found.ref, [(part.colId, part.filters.filter) for part in found.filterColumn]

    survives(path, sheet, edit, look)
    assert {3, 4} == sheet.read().hidden


def test_dates_and_long_numbers_keep_every_digit(path: Path, sheet: WorkbookSheet) -> None:
    """Dates outside the calendar and doubles of 17 digits are not touched."""
    values = (-5, 0.1 + 0.2, 2958466.5, 45000.123456789, 12345678901234567)

    def edit(book: Any) -> None:  # noqa: ANN401
        for row, value in enumerate(values, 2):
            cell = book[TAB].cell(row, FREE)
            cell.value = value
            cell.number_format = "yyyy-mm-dd" if value in {-5, 2958466.5, 45000.123456789} else "General"

    book = opened(path)
    edit(book)
    for row, value in enumerate(values, 2):
        book[TAB].cell(row, FREE)._value = repr(value)
    book.save(path)
    sheet.write([Patch("2", {"status": "Confirmed"})])
    with zipfile.ZipFile(path) as package:
        xml = package.read("xl/worksheets/sheet1.xml").decode()
    for value in values:
        assert f"<v>{value!r}</v>" in xml


def test_other_tabs_survive(path: Path, sheet: WorkbookSheet) -> None:
    """Cells of other tabs, their order and which one is active."""

    def edit(book: Any) -> None:  # noqa: ANN401
        other = book.create_sheet("Ours first", 0)
        other.append(["=1+1", "text", 5, datetime(2026, 3, 12, 8, 0), True])  # noqa: DTZ001 - as cells hold it
        other["B1"].quotePrefix = True
        book.active = 1

    def look(book: Any) -> Any:  # noqa: ANN401
        other = book["Ours first"]
        return book.sheetnames, book.active.title, [cell.value for cell in other[1]], other["B1"].quotePrefix

    survives(path, sheet, edit, look)


def test_tables_and_ranges_grow_with_appended_rows(path: Path, sheet: WorkbookSheet) -> None:
    """What ended at the last row ends at the new last row; what ended elsewhere stays."""
    book = opened(path)
    tab = book[TAB]
    tab.auto_filter.ref = None
    tab.add_table(Table(displayName="Accounts", ref="A1:L4"))
    tab.add_data_validation(DataValidation(type="whole", formula1="1", operator="equal", sqref="N2:N4 O2:O3"))
    rule: Any = CellIsRule
    tab.conditional_formatting.add("D2:D4", rule(operator="lessThan", formula=["0"]))
    tab.conditional_formatting.add("E4", rule(operator="lessThan", formula=["0"]))
    book.save(path)
    sheet.create()
    sheet.write([], append=[account("4"), account("5")])
    tab = opened(path)[TAB]
    assert "A1:L6" == tab.tables["Accounts"].ref
    assert "A1:L6" == tab.tables["Accounts"].autoFilter.ref
    assert None is tab.auto_filter.ref
    assert "N2:N6 O2:O3" in {str(rule.sqref) for rule in tab.data_validations.dataValidation}
    assert {"D2:D6", "E4"} <= {str(part.sqref) for part in tab.conditional_formatting}


def test_the_filter_grows_with_appended_rows(path: Path, sheet: WorkbookSheet) -> None:
    """New rows can be filtered, too."""
    assert "A1:L4" == opened(path)[TAB].auto_filter.ref
    sheet.write([], append=[account("4")])
    assert "A1:L5" == opened(path)[TAB].auto_filter.ref


def test_appending_goes_below_peoples_cells(path: Path, sheet: WorkbookSheet) -> None:
    """A remark below the rows is not written beside."""
    book = opened(path)
    book[TAB].cell(8, FREE).value = "checked by Ana"
    book.save(path)
    sheet.write([], append=[account("4")])
    assert [2, 3, 4, 9] == list(sheet.read().numbers)


def test_heights_that_a_program_computed_stay_free(path: Path, sheet: WorkbookSheet) -> None:
    """A row grows with its text unless a person fixed its height."""
    book = opened(path)
    book[TAB].row_dimensions[2].height = 33
    book[TAB].row_dimensions[3].height = 44
    book.save(path)
    with zipfile.ZipFile(path) as package:
        contents = {name: package.read(name) for name in package.namelist()}
    name = "xl/worksheets/sheet1.xml"
    contents[name] = (
        contents[name]
        .replace(b'ht="33" customHeight="1"', b'ht="33"')
        .replace(b'customHeight="1" ht="33"', b'ht="33"')
    )
    with zipfile.ZipFile(path, "w") as package:
        for part, content in contents.items():
            package.writestr(part, content)
    sheet.write([Patch("2", {"status": "Confirmed"})])
    tab = opened(path)[TAB]
    assert [None, 44] == [tab.row_dimensions[row].height for row in (2, 3)]
