"""How the tab looks: made once, repaired where damaged, and people's own choices stay."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from sheetsync.core.accounts import Action, Unit
from sheetsync.core.fields import NAME
from sheetsync.core.tab import Patch
from sheetsync.ports import Columns
from sheetsync.sheets.google import looks
from tests.contract.sheet_suite import COLUMNS, account, cell, column
from tests.google.office import TAB, GoogleOffice, Meddler, People, adapter, serving


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleOffice]:
    """Start the emulator once."""
    with serving() as google:
        yield google


@pytest.fixture
def office(google: GoogleOffice) -> GoogleOffice:
    """Return a spreadsheet with the tab made."""
    office = google.new()
    adapter(office, COLUMNS).create()
    return office


def tab_of(office: GoogleOffice) -> dict[str, Any]:
    """Return the tab's looks, with those of its first two rows."""
    found = office.call("GET", "", ranges=f"{TAB}!1:2", includeGridData="true")
    return next(sheet for sheet in found["sheets"] if sheet["properties"]["title"] == TAB)


def cells(office: GoogleOffice, row: int) -> list[dict[str, Any]]:
    """Return what row 1 or 2 has, cell by cell."""
    found: list[dict[str, Any]] = tab_of(office)["data"][0]["rowData"][row - 1].get("values", [])
    return found


def test_a_new_tab_looks_as_it_is_to_look(office: GoogleOffice) -> None:
    """Frozen bold header with notes, formats, dropdowns, colours, protection, filter, hidden Key."""
    tab = tab_of(office)
    head, below = cells(office, 1), cells(office, 2)
    assert 1 == tab["properties"]["gridProperties"]["frozenRowCount"]
    assert all(each["userEnteredFormat"]["textFormat"]["bold"] for each in head[:12])
    assert all(each["note"] for each in head[:12])
    kinds = {0: "TEXT", 3: "NUMBER", 5: "NUMBER", 10: "DATE_TIME", 11: "TEXT"}
    assert kinds == {at: below[at]["userEnteredFormat"]["numberFormat"]["type"] for at in kinds}
    action = below[4]["dataValidation"]
    assert ["Add", "Reset", "Adjust"] == [each["userEnteredValue"] for each in action["condition"]["values"]]
    assert (True, True) == (action["strict"], action["showCustomUi"])
    assert not below[6]["dataValidation"].get("strict")
    assert "basicFilter" in tab
    spans = [
        (each["range"].get("startColumnIndex", 0), each["range"]["endColumnIndex"])
        for each in tab["protectedRanges"]
    ]
    assert [(0, 4), (8, 12)] == sorted(spans)
    assert all(each["warningOnly"] for each in tab["protectedRanges"])
    hidden = [
        place for place, each in enumerate(tab["data"][0]["columnMetadata"]) if each.get("hiddenByUser")
    ]
    assert [11] == hidden


def test_units_with_decimals_show_them(google: GoogleOffice) -> None:
    """The format has exactly the unit's places."""
    office = google.new()
    units = (Unit("balance", "Balance", 2), Unit("free_starts", "Free Starts", 0))
    adapter(office, Columns(units=units, actions=(Action.ADD,), reasons=("Other",))).create()
    patterns = [
        each.get("userEnteredFormat", {}).get("numberFormat", {}).get("pattern") for each in cells(office, 2)
    ]
    assert ["#,##0.00", "#,##0"] == [patterns[3], patterns[4]]


def test_a_laundry_s_tab_is_made_once_too(google: GoogleOffice) -> None:
    """Four units, details to look at, and a dropdown of locations whose note names them."""
    office = google.new()
    codes = ("balance", "bonus", "loyalty_points", "free_starts")
    units = tuple(Unit(code, code.replace("_", " ").title(), 2 if code[0] == "b" else 0) for code in codes)
    laundry = Columns(
        units=units,
        actions=(Action.ADD, Action.CASH),
        reasons=("Goodwill",),
        extras=("location_id",),
        choices={"location_id": {"12": "Main Street", "13": "Harbour"}},
        details=("last_activity", "mobile_phone"),
    )
    adapter(office, laundry).create()
    header = People(office).raw_cells()[0]
    place = header.index("Location ID")
    words = cells(office, 2)[place]["dataValidation"]["condition"]["values"]
    assert ["12", "13"] == [each["userEnteredValue"] for each in words]
    assert "13 Harbour" in cells(office, 1)[place]["note"]
    assert () == adapter(office, laundry).create()


def test_colours_are_rules(office: GoogleOffice) -> None:
    """First the rules for a new edit beside a settled status, then a colour for each word."""
    rules = tab_of(office)["conditionalFormats"]
    conditions = [rule["booleanRule"]["condition"] for rule in rules]
    formulas = [
        each["values"][0]["userEnteredValue"] for each in conditions if each["type"] == "CUSTOM_FORMULA"
    ]
    words = [each["values"][0]["userEnteredValue"] for each in conditions if each["type"] == "TEXT_EQ"]
    assert ["CUSTOM_FORMULA"] * 5 == [each["type"] for each in conditions][:5]
    assert all(looks.SIGNATURE in each for each in formulas)
    assert '(($I2="Confirmed")+($I2="Rejected")+' in formulas[0]
    assert '(($E2<>"")+($F2<>"")+($G2<>"")+($H2<>"")>0)' in formulas[0]
    assert not any(separator in each for each in formulas for separator in ",;")
    assert {"Confirmed", "Conflict", "Queued"} < set(words)


def test_a_second_time_nothing_is_written(office: GoogleOffice) -> None:
    """Also not after rows were written, sorted and hidden."""
    meddler = Meddler()
    sheet = adapter(office, COLUMNS, meddler=meddler)
    sheet.write([], append=[account(each) for each in ("3", "1", "2")])
    people = People(office)
    people.sort_rows("User ID")
    people.hide_row("1")
    meddler.seen.clear()
    assert () == sheet.create(rows=3)
    assert [] == [each for each in meddler.seen if each.startswith("POST")]


def change(office: GoogleOffice, **request: Any) -> None:  # noqa: ANN401 - any request
    """Damage the tab."""
    office.change(request)


def without_rule(office: GoogleOffice) -> None:
    """Take the dropdown of Action away."""
    cells_of = looks.cells_of(office.sheet_id(), 4)
    change(office, setDataValidation={"range": cells_of})


def shown_key(office: GoogleOffice) -> None:
    """Show the Key."""
    span = looks.columns_of(office.sheet_id(), 11)
    shown = {"range": span, "properties": {"hiddenByUser": False}, "fields": "hiddenByUser"}
    change(office, updateDimensionProperties=shown)


def unprotected(office: GoogleOffice) -> None:
    """Take one protection away."""
    first = tab_of(office)["protectedRanges"][0]["protectedRangeId"]
    change(office, deleteProtectedRange={"protectedRangeId": first})


def uncoloured(office: GoogleOffice) -> None:
    """Take the first rule away."""
    change(office, deleteConditionalFormatRule={"sheetId": office.sheet_id(), "index": 0})


def unfrozen(office: GoogleOffice) -> None:
    """Let the header scroll away."""
    properties = {"sheetId": office.sheet_id(), "gridProperties": {"frozenRowCount": 0}}
    change(
        office, updateSheetProperties={"properties": properties, "fields": "gridProperties.frozenRowCount"}
    )


def untexted(office: GoogleOffice) -> None:
    """Let ids be numbers."""
    cell_ = {"userEnteredFormat": {"numberFormat": {"type": "NUMBER", "pattern": "0"}}}
    span = looks.cells_of(office.sheet_id(), 0)
    change(office, repeatCell={"range": span, "cell": cell_, "fields": "userEnteredFormat.numberFormat"})


DAMAGES: dict[str, Callable[[GoogleOffice], object]] = {
    "dropdown Action": without_rule,
    "hidden Key": shown_key,
    "protection": unprotected,
    "colours": uncoloured,
    "frozen header": unfrozen,
    "format User ID": untexted,
    "header Note": lambda office: People(office).rename_header("Note", ""),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_what_is_damaged_is_repaired_once(office: GoogleOffice, what: str) -> None:
    """It is named, nothing else is touched, and then all is well."""
    before = tab_of(office)
    DAMAGES[what](office)
    sheet = adapter(office, COLUMNS)
    repaired = sheet.create()
    assert what in repaired
    assert len(repaired) <= 2
    assert () == sheet.create()
    after = tab_of(office)
    assert len(before["conditionalFormats"]) == len(after["conditionalFormats"])
    assert len(before["protectedRanges"]) == len(after["protectedRanges"])


def test_people_s_own_looks_stay(office: GoogleOffice) -> None:
    """A note, a number format, a rule of their own, and no filter where they took it away."""
    sheet_id = office.sheet_id()
    own_rule = {
        "ranges": [looks.cells_of(sheet_id, 2)],
        "booleanRule": {"condition": {"type": "NOT_BLANK"}, "format": {"textFormat": {"bold": True}}},
    }
    number = {"userEnteredFormat": {"numberFormat": {"type": "NUMBER", "pattern": "0.000"}}}
    balances, email = looks.cells_of(sheet_id, 3), looks.header_cells(sheet_id, 1)
    office.change(
        {"clearBasicFilter": {"sheetId": sheet_id}},
        {"repeatCell": {"range": email, "cell": {"note": "Ask Ana"}, "fields": "note"}},
        {"repeatCell": {"range": balances, "cell": number, "fields": "userEnteredFormat.numberFormat"}},
        {"addConditionalFormatRule": {"rule": own_rule, "index": 0}},
    )
    assert () == adapter(office, COLUMNS).create()
    assert "Ask Ana" == cells(office, 1)[1]["note"]


def test_moved_columns_are_still_well_after_a_repair(office: GoogleOffice) -> None:
    """Columns moved and inserted: at most one repair, then none."""
    people = People(office)
    people.move_column("Status", 0)
    people.insert_people_column("Region", before="Email", values=["North"])
    sheet = adapter(office, COLUMNS)
    sheet.create()
    assert () == sheet.create()
    assert ["Status", "User ID", "Region", "Email"] == people.raw_cells()[0][:4]


def test_a_tab_that_is_there_and_empty_becomes_ours(google: GoogleOffice) -> None:
    """What stands in other columns stays, and ours go to the right of it."""
    office = google.new()
    office.change({"addSheet": {"properties": {"title": TAB}}})
    office.put(f"{TAB}!A1:B3", [["Mine", ""], ["x", "y"], ["=1+1", 5]])
    adapter(office, COLUMNS).create()
    rows = People(office).raw_cells()
    assert ["Mine", None, "User ID", "Email"] == rows[0][:4]
    assert [["x", "y"], ["=1+1", 5]] == [row[:2] for row in rows[1:]]


def test_a_tab_that_differs_in_case_is_no_other_one(google: GoogleOffice) -> None:
    """Google takes both for one, and so do we."""
    office = google.new()
    office.change({"addSheet": {"properties": {"title": "CREDITS"}}})
    adapter(office, COLUMNS).create()
    assert 1 == sum(each["properties"]["title"].casefold() == "credits" for each in office.sheets())


def test_the_tab_grows_with_its_rows(google: GoogleOffice) -> None:
    """More rows than the grid has; new ones have formats and dropdowns."""
    office = google.new()
    office.change(
        {"addSheet": {"properties": {"title": TAB, "gridProperties": {"rowCount": 5, "columnCount": 3}}}}
    )
    sheet = adapter(office, COLUMNS)
    sheet.create(rows=3)
    sheet.write([], append=[account(str(each)) for each in range(3)])
    sheet.write([], append=[account(str(each)) for each in range(3, 200)])
    assert [str(each) for each in range(200)] == column(sheet.read(), "account_id")
    assert () == sheet.create(rows=200)
    found = office.call("GET", "", ranges=f"{TAB}!E200", includeGridData="true")["sheets"][0]
    assert "dataValidation" in found["data"][0]["rowData"][0]["values"][0]


def test_formulas_dates_and_hidden_rows_are_known(office: GoogleOffice) -> None:
    """A date in an amount is a date and not 46,000 credits; a formula's result is its value."""
    sheet = adapter(office, COLUMNS)
    sheet.write([], append=[account(each) for each in ("3", "1", "2")])
    people = People(office)
    people.type_in("1", "Amount", "=10+15")
    day = {"userEnteredFormat": {"numberFormat": {"type": "DATE", "pattern": "yyyy-mm-dd"}}}
    span = looks.cells_of(office.sheet_id(), 5, start_row=3)
    office.change({"repeatCell": {"range": span, "cell": day, "fields": "userEnteredFormat.numberFormat"}})
    office.put(f"{TAB}!F4", [["2026-03-12"]], typed=True)
    people.hide_row("3")
    tab = sheet.read()
    assert {3: {"amount"}} == dict(tab.formulas)
    assert frozenset() == tab.unread_formulas(3)
    assert {2} == tab.hidden
    assert [None, 25, date(2026, 3, 12)] == column(tab, "amount")


def test_text_that_looks_like_a_formula_is_none(office: GoogleOffice) -> None:
    """Written RAW."""
    sheet = adapter(office, COLUMNS)
    sheet.write([], append=[account("1")])
    sheet.write([Patch("1", {"note": "=1+1"})])
    tab = sheet.read()
    assert ("=1+1", {}) == (cell(tab, "1", "note"), dict(tab.formulas))
    assert NAME in tab.fields


def test_a_large_tab_costs_no_more_requests(office: GoogleOffice) -> None:
    """Thousands of rows: details of typed cells are asked for in blocks."""
    meddler = Meddler()
    sheet = adapter(office, COLUMNS, meddler=meddler)
    office.change(looks.more(office.sheet_id(), "ROWS", 5000))
    office.put(f"{TAB}!A2:A5001", [[str(each)] for each in range(5000)])
    office.put(f"{TAB}!F5000", [["=2+3"]], typed=True)
    meddler.seen.clear()
    tab = sheet.read()
    assert 2 == len(meddler.seen)
    assert {5000: {"amount"}} == dict(tab.formulas)
    assert 5 == cell(tab, "4998", "amount")
