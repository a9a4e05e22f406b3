"""How a report looks in a workbook, and what of it people may arrange."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from sheetsync.errors import SheetError
from sheetsync.ports import ReportColumn
from sheetsync.sheets.workbook import WorkbookSheet, reports
from tests.contract.sheet_suite import COLUMNS

REPORT_COLUMNS = (ReportColumn("ID"), ReportColumn("Price", "money"), ReportColumn("When", "time"))
ROW = ("=1", Decimal("3.755"), datetime(2026, 7, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the workbook is."""
    return tmp_path / "laundry.xlsx"


def pull(path: Path, rows: int, remark: str = "") -> tuple[str, ...]:
    """Write a report of so many rows."""
    sheet = WorkbookSheet(path, tab="Credits", columns=COLUMNS, timezone=ZoneInfo("Europe/Berlin"))
    return sheet.replace_report("r", "x of y", columns=REPORT_COLUMNS, rows=[ROW] * rows, remark=remark)


def opened(path: Path) -> Worksheet:
    """Return the report's tab."""
    found = openpyxl.load_workbook(path)["r"]
    assert isinstance(found, Worksheet)
    return found


def test_it_looks_like_a_report(path: Path) -> None:
    """Header in sight, a filter over all rows, exact amounts, local times, text that stays text."""
    assert () == pull(path, 2, "Read today.")
    tab = opened(path)
    assert ("A2", "A1:C3", True) == (tab.freeze_panes, tab.auto_filter.ref, tab["A1"].font.b)
    assert tab["A1"].comment is not None
    assert tab["A1"].comment.text.startswith("Sheetsync: x of y. Read today. Everything in this tab")
    assert ("=1", "s", True, "@") == (
        tab["A2"].value,
        tab["A2"].data_type,
        tab["A2"].quotePrefix,
        tab["A2"].number_format,
    )
    assert (3.755, "#,##0.00##") == (tab["B2"].value, tab["B2"].number_format)
    assert datetime(2026, 7, 1, 14, 0) == tab["C3"].value  # noqa: DTZ001 - cells know no zones


def test_what_people_arranged_stays(path: Path) -> None:
    """Widths, hidden columns and another frozen pane; what they filtered away comes back."""
    pull(path, 3)
    book = openpyxl.load_workbook(path)
    book["r"].column_dimensions["B"].width = 44
    book["r"].column_dimensions["C"].hidden = True
    book["r"].freeze_panes = "B2"
    book["r"].auto_filter.add_filter_column(0, ["other"])
    book["r"].row_dimensions[2].hidden = True
    book.save(path)
    pull(path, 1)
    tab = opened(path)
    assert (44, True, "B2", "A1:C2") == (
        tab.column_dimensions["B"].width,
        tab.column_dimensions["C"].hidden,
        tab.freeze_panes,
        tab.auto_filter.ref,
    )
    assert ([], False) == (tab.auto_filter.filterColumn, tab.row_dimensions[2].hidden)


def test_a_long_report_says_what_it_costs() -> None:
    """From some thousand rows on."""
    assert () == reports.costs("r", reports.HEAVY_ROWS)
    [sentence] = reports.costs("r", reports.HEAVY_ROWS + 1)
    assert "--since" in sentence


def test_more_rows_than_a_tab_has() -> None:
    """The sentence says how to ask for fewer."""
    tab = openpyxl.Workbook().create_sheet("r")
    assert 2 == reports.fill(tab, REPORT_COLUMNS, [ROW] * 2, zone=UTC, most=2)
    with pytest.raises(SheetError) as caught:
        reports.fill(tab, REPORT_COLUMNS, [ROW] * 3, zone=UTC, most=2)
    assert "--limit" in caught.value.hint
