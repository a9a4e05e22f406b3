"""Creating and repairing the tab of a workbook."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation

from sheetsync.core import fields
from sheetsync.core.accounts import Action, Unit
from sheetsync.core.states import RowStatus
from sheetsync.core.tab import Patch
from sheetsync.errors import LayoutError, SheetUnsafeError
from sheetsync.ports import Columns
from sheetsync.sheets import layout
from sheetsync.sheets.values import COMPARED_TEXT
from sheetsync.sheets.workbook import WorkbookSheet
from tests.contract.sheet_suite import COLUMNS, account, cell

TAB = "Credits"
SEVERAL = Columns(
    units=(Unit("balance", "Balance", 2), Unit("bonus", "Bonus", 2)),
    actions=(Action.ADD, Action.APPLY_PROMO),
    reasons=("Goodwill", "Refund, late"),
    reasons_strict=True,
    environment="test",
    extras=(fields.LOCATION_ID, fields.SUBSCRIPTION_ID),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the workbook is."""
    return tmp_path / "credits.xlsx"


def opened(path: Path) -> Any:  # noqa: ANN401 - openpyxl's stubs are too narrow to read freely
    """Load the tab."""
    return openpyxl.load_workbook(path)[TAB]


def created(path: Path, columns: Columns = COLUMNS) -> WorkbookSheet:
    """Create the tab."""
    sheet = WorkbookSheet(path, tab=TAB, columns=columns)
    sheet.create()
    return sheet


def lists(tab: Any) -> dict[str, str]:  # noqa: ANN401 - as above
    """Return the dropdowns: range → list."""
    return {str(rule.sqref): rule.formula1 for rule in tab.data_validations.dataValidation}


def test_a_new_tab_is_ready_for_people(path: Path) -> None:
    """Frozen bold header with notes, a filter, dropdowns, formats, colours, and no Key in sight."""
    created(path)
    tab = opened(path)
    assert ("A2", "A1:L1") == (tab.freeze_panes, tab.auto_filter.ref)
    assert all(header.font.b and header.comment.author == "Sheetsync" for header in tab[1])
    assert {"E2:E1048576": '"Add,Reset,Adjust"', "G2:G1048576": '"Goodwill,Promotion,Other"'} == lists(tab)
    assert ["@", "#,##0", "@"] == [tab.column_dimensions[name].number_format for name in ("A", "D", "L")]
    assert tab.column_dimensions["L"].hidden
    assert [TAB] == openpyxl.load_workbook(path).sheetnames


def test_every_status_has_a_colour_by_its_word(path: Path) -> None:
    """One rule a word, over the whole Status column."""
    created(path)
    (formatting,) = opened(path).conditional_formatting
    words = {rule.formula[0].strip('"') for rule in formatting.rules}
    assert {status.label for status in RowStatus} - {""} == words
    assert "I2:I1048576" == str(formatting.sqref)


def test_several_units_and_extras_have_their_columns(path: Path) -> None:
    """Headers of a system with several units."""
    created(path, SEVERAL)
    words = (
        "User ID,Email,Name,Balance,Bonus,Action,Change Balance,Change Bonus,Reason,Note,Location ID,"
        "Subscription ID,Invoice preview,Status,Message,Checked at,Key"
    )
    tab = opened(path)
    assert words.split(",") == [header.value for header in tab[1]]
    assert "#,##0.00" == tab.column_dimensions["D"].number_format
    assert "TEST" in tab["A1"].comment.text


def test_a_reason_with_a_comma_is_left_out_and_nothing_refused(path: Path) -> None:
    """The list cannot hold it, so typing it must be let through even where reasons are strict."""
    created(path, SEVERAL)
    (rule,) = [rule for rule in opened(path).data_validations.dataValidation if "Goodwill" in rule.formula1]
    assert ('"Goodwill"', False) == (rule.formula1, bool(rule.showErrorMessage))


def test_action_is_strict_and_reason_is_not(path: Path) -> None:
    """A person may type a reason of their own."""
    created(path)
    rules = {rule.errorTitle: rule.showErrorMessage for rule in opened(path).data_validations.dataValidation}
    assert {"Action": True, "Reason": False} == {word: bool(shown) for word, shown in rules.items()}


def test_create_again_leaves_the_file_alone(path: Path) -> None:
    """Not one byte changes, hence no duplicate rules or notes."""
    sheet = created(path)
    before, stamp = path.read_bytes(), path.stat().st_mtime_ns
    sheet.create()
    assert (before, stamp) == (path.read_bytes(), path.stat().st_mtime_ns)


def test_writing_nothing_new_leaves_the_file_alone(path: Path) -> None:
    """No patches, patches without a row, and cells that hold it already."""
    sheet = created(path)
    checked = datetime(2026, 3, 12, 9, 30, 5, 250_000, tzinfo=UTC)
    sheet.write([], append=[{**account("1"), "checked_at": checked, "name": "=1"}])
    before, stamp = path.read_bytes(), path.stat().st_mtime_ns
    sheet.write([])
    sheet.write([Patch("nobody", {"status": "Edited"})])
    sheet.write([Patch("1", {**account("1"), "checked_at": checked, "name": "=1", "status": None})])
    assert (before, stamp) == (path.read_bytes(), path.stat().st_mtime_ns)


def test_peoples_own_layout_is_not_undone(path: Path) -> None:
    """Widths, formats, header style, filter, freeze and dropdown colours that a person chose stay."""
    sheet = created(path)
    book = openpyxl.load_workbook(path)
    tab: Any = book[TAB]
    tab.column_dimensions["D"].width = 55
    tab.column_dimensions["D"].number_format = "0.000"
    tab["D1"].font = Font(color="FF0000")
    tab.auto_filter.ref = "A1:C1"
    tab.freeze_panes = "D2"
    book.save(path)
    before = path.read_bytes()
    sheet.create()
    assert before == path.read_bytes()


def test_a_repair_puts_back_what_was_broken(path: Path) -> None:
    """Pasted-over dropdowns, a shown Key, lost colours, notes and filter."""
    sheet = created(path)
    book = openpyxl.load_workbook(path)
    tab: Any = book[TAB]
    tab.data_validations.dataValidation = []
    tab.add_data_validation(DataValidation(type="list", formula1='"Add"', sqref="E2:E9"))
    tab.column_dimensions["L"].hidden = False
    tab.conditional_formatting = type(tab.conditional_formatting)()
    tab["A1"].comment = None
    tab.freeze_panes = None
    book.save(path)
    sheet.create()
    tab = opened(path)
    assert {"E2:E1048576", "G2:G1048576"} == set(lists(tab))
    assert tab.column_dimensions["L"].hidden
    assert 1 == len(tab.conditional_formatting)
    assert ("A2", "Sheetsync") == (tab.freeze_panes, tab["A1"].comment.author)


def test_a_changed_list_of_reasons_replaces_the_old_one(path: Path) -> None:
    """The configuration's list is the one that is offered."""
    created(path)
    WorkbookSheet(
        path, tab=TAB, columns=Columns(units=COLUMNS.units, actions=COLUMNS.actions, reasons=("New",))
    ).create()
    assert {"E2:E1048576": '"Add,Reset,Adjust"', "G2:G1048576": '"New"'} == lists(opened(path))


def test_a_new_column_in_a_shared_width_changes_no_neighbour(path: Path) -> None:
    """Files store equal neighbouring columns as one; hiding Key must not hide the others."""
    book = openpyxl.Workbook()
    tab: Any = book.active
    tab.title = TAB
    tab["A1"] = "Mine"
    tab.column_dimensions["A"].width = 9
    tab.column_dimensions["A"].min, tab.column_dimensions["A"].max = 1, 16384
    book.save(path)
    created(path)
    tab = opened(path)
    assert ["Mine", "User ID"] == [tab["A1"].value, tab["B1"].value]
    spans = {(part.min, part.max): part for part in tab.column_dimensions.values()}
    assert (9, True, False) == (spans[1, 1].width, spans[13, 13].hidden, spans[14, 16384].hidden)


def test_new_rows_get_the_columns_formats(path: Path) -> None:
    """Also where a person made a whole column bold."""
    sheet = created(path)
    book = openpyxl.load_workbook(path)
    tab: Any = book[TAB]
    tab.column_dimensions["C"].font = Font(bold=True)
    book.save(path)
    sheet.write([], append=[account("00123")])
    tab = opened(path)
    assert ["@", "#,##0"] == [tab["A2"].number_format, tab["D2"].number_format]
    assert tab["C2"].font.b


def test_text_like_a_formula_is_marked_as_quoted(path: Path) -> None:
    """So that it stays text when a person edits the cell; and the mark goes with the text."""
    sheet = created(path)
    sheet.write([], append=[account("1", name="=1+1")])
    assert (True, "s") == (bool(opened(path)["C2"].quotePrefix), opened(path)["C2"].data_type)
    sheet.write([Patch("1", {"name": "Ana"})])
    assert not opened(path)["C2"].quotePrefix


def test_times_are_shown_by_the_zones_clock(path: Path) -> None:
    """A moment in UTC is written as Berlin's wall clock."""
    created(path)
    sheet = WorkbookSheet(path, tab=TAB, columns=COLUMNS, timezone=ZoneInfo("Europe/Berlin"))
    moment = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    sheet.write([], append=[{**account("1"), "checked_at": moment}])
    expected = datetime(2026, 7, 1, 12, 0)  # noqa: DTZ001 - cells know no zones
    assert expected == cell(sheet.read(), "1", "checked_at")
    assert layout.TIME_FORMAT == opened(path)["K2"].number_format
    assert {"1"} == sheet.write([Patch("1", {"status": "Edited"}, only_if={"checked_at": moment})]).applied


def test_text_that_no_cell_holds_is_made_storable(path: Path) -> None:
    """Control characters are replaced, line ends unified, and what is too long is cut with a mark."""
    sheet = created(path)
    sheet.write([], append=[account("1", name="a\x00b\x1b\r\nc\ud800\uffff")])
    sheet.write([Patch("1", {"message": "x" * 40_000})])
    assert "a\ufffdb\ufffd\nc\ufffd\ufffd" == cell(sheet.read(), "1", "name")
    message = str(cell(sheet.read(), "1", "message"))
    assert (COMPARED_TEXT, "…") == (len(message), message[-1])


def test_numbers_too_long_for_a_cell_are_written_as_text(path: Path) -> None:
    """No digit is ever lost silently."""
    sheet = created(path)
    sheet.write([], append=[{**account("1"), "credits": 12345678901234567}])
    assert "12345678901234567" == cell(sheet.read(), "1", "credits")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (1.23e16, "1.23e+16"),
        (10**15, "1000000000000000.0"),
        (True, "TRUE"),
    ],
)
def test_numeric_ids(path: Path, typed: float, expected: str) -> None:
    """Whole numbers are digits; numbers that lost digits come back in a form that matches nothing."""
    sheet = created(path)
    book = openpyxl.load_workbook(path)
    tab: Any = book[TAB]
    tab["A2"] = typed
    book.save(path)
    assert [expected] == [row[0] for row in sheet.read().values]


@pytest.mark.parametrize("tab", ["", "x" * 32, "a/b", "a:b", "'a", "[x]"])
def test_impossible_tab_names_are_said(path: Path, tab: str) -> None:
    """The program's own rules for tab names, in words."""
    with pytest.raises(LayoutError, match="no tab called"):
        WorkbookSheet(path, tab=tab, columns=COLUMNS).create()
    assert not path.exists()


def test_a_tab_that_differs_in_case_is_said(path: Path) -> None:
    """A workbook cannot hold both."""
    created(path)
    with pytest.raises(LayoutError, match="upper and lower case"):
        WorkbookSheet(path, tab="CREDITS", columns=COLUMNS).create()


def test_a_merged_cell_in_our_columns_is_said(path: Path) -> None:
    """A covered cell cannot be written; nothing else is written either."""
    sheet = created(path)
    sheet.write([], append=[account("1")])
    book = openpyxl.load_workbook(path)
    tab: Any = book[TAB]
    tab.merge_cells("H2:I2")
    book.save(path)
    before = path.read_bytes()
    with pytest.raises(SheetUnsafeError, match="I2"):
        sheet.write([Patch("1", {"status": "Edited"})])
    assert before == path.read_bytes()


def test_colours_are_readable() -> None:
    """Every colour has a contrast of at least 7 between word and background."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for status, paint in layout.STATUS_PAINT.items():
        contrast = (luminance(paint.fill) + 0.05) / (luminance(paint.ink) + 0.05)
        assert contrast >= 7, status


def test_column_letters() -> None:
    """Counted from 0."""
    assert ["A", "Z", "AA", "AZ", "ZZ", "AAA"] == [layout.letter(at) for at in (0, 25, 26, 51, 701, 702)]
