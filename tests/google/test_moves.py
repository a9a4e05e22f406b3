"""While the adapter writes, somebody moves rows and columns: before every single request of every write."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from requests import PreparedRequest, Response

from sheetsync.core.tab import CellValue, Patch
from sheetsync.errors import SheetError
from sheetsync.sheets.google import GoogleSheet
from tests.contract.sheet_suite import COLUMNS, account
from tests.google.office import TAB, GoogleOffice, Meddler, People, adapter, serving

IDS = ("5", "3", "1", "2", "4")
EDITED = ("3", "2")
REQUESTS = 3
"""Requests of a write that nobody disturbs: read, write, read."""

Disturbance = Callable[[People], object]

DISTURBANCES: dict[str, Disturbance] = {
    "sorts whole rows": lambda people: people.sort_rows("User ID"),
    "inserts a row on top": lambda people: people.insert("ROWS", 1),
    "inserts rows in the middle": lambda people: people.insert("ROWS", 3, 2),
    "deletes a row that nobody writes": lambda people: people.delete_row("5"),
    "hides a row": lambda people: people.hide_row("5"),
    "moves Status to the front": lambda people: people.move_column("Status", 0),
    "moves a column of theirs to the end": lambda people: people.move_column("Region", 14),
    "inserts a column": lambda people: people.insert("COLUMNS", 4),
    "renames the tab": lambda people: people.rename_tab("Credits 2026"),
}

MOVING_NEW_ROWS = (
    "sorts whole rows",
    "inserts rows in the middle",
    "deletes a row that nobody writes",
    "inserts a column",
    "renames the tab",
)


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleOffice]:
    """Start the emulator once."""
    with serving() as google:
        yield google


@pytest.fixture
def office(google: GoogleOffice) -> GoogleOffice:
    """Return a spreadsheet with five accounts, edits in two rows, and a column of the people's own."""
    office = google.new()
    adapter(office, COLUMNS).create()
    people = People(office)
    people.insert_people_column("Region", before="Status", values=[])
    header = people.raw_cells()[0]
    rows = [
        untouched(each) | ({"Action": "Add", "Amount": int(each) * 10} if each in EDITED else {})
        for each in IDS
    ]
    office.put(f"{TAB}!A2", [[row.get(name, "") for name in header] for row in rows])
    return office


def confirmation(account_id: str) -> Patch:
    """Return what a confirmed operation writes."""
    return Patch(
        account_id,
        {
            "action": None,
            "amount": None,
            "credits": 40 + int(account_id) * 10,
            "status": "Confirmed",
            "message": f"Added to {account_id}",
            "key": f"K2-{account_id}",
        },
        only_if={"action": "Add", "amount": int(account_id) * 10, "key": f"K-{account_id}"},
    )


def rows_of(people: People) -> dict[CellValue, dict[CellValue, CellValue]]:
    """Return user id → header → cell, of rows with an id; blank headers left out."""
    header, *rows = people.raw_cells()
    named = [dict(zip(header, row, strict=True)) for row in rows]
    assert all(not any(row.values()) for row in named if not row["User ID"])
    return {
        row["User ID"]: {k: v for k, v in row.items() if k is not None} for row in named if row["User ID"]
    }


def untouched(account_id: str) -> dict[CellValue, CellValue]:
    """Return a row that nobody wrote to."""
    return {
        "User ID": account_id,
        "Email": f"u{account_id}@example.org",
        "Name": "Ana",
        "Credits": 40,
        "Region": f"region {account_id}",
        "Message": f"old {account_id}",
        "Key": f"K-{account_id}",
    }


def confirmed(account_id: str) -> dict[CellValue, CellValue]:
    """Return a row whose edit was confirmed."""
    return untouched(account_id) | {
        "Credits": 40 + int(account_id) * 10,
        "Status": "Confirmed",
        "Message": f"Added to {account_id}",
        "Key": f"K2-{account_id}",
    }


def without_blanks(row: dict[CellValue, CellValue]) -> dict[CellValue, CellValue]:
    """Leave out blank cells."""
    return {header: cell for header, cell in row.items() if cell is not None}


def disturbed(office: GoogleOffice, at: int, act: Disturbance) -> tuple[GoogleSheet, People, Meddler]:
    """Return the adapter, after it read the tab, with somebody who acts before request ``at``."""
    meddler, people = Meddler(), People(office)
    sheet = adapter(office, COLUMNS, meddler=meddler)
    sheet.ensure_writable()
    sheet.read()
    meddler.seen.clear()
    meddler.at, meddler.act = at, lambda: act(people)
    return sheet, people, meddler


@pytest.mark.parametrize("at", range(REQUESTS))
@pytest.mark.parametrize("what", DISTURBANCES)
def test_nothing_ends_in_a_wrong_row(office: GoogleOffice, what: str, at: int) -> None:
    """Every row shows its own status, people's columns are theirs, and what was cleared was confirmed."""
    sheet, people, _ = disturbed(office, at, DISTURBANCES[what])
    written = sheet.write([confirmation(each) for each in EDITED])
    found = {each: without_blanks(row) for each, row in rows_of(people).items()}
    expected = {each: confirmed(each) if each in EDITED else untouched(each) for each in IDS}
    assert set(EDITED) == written.applied
    assert {name: expected[name] for name in EDITED} == {name: found[name] for name in EDITED}
    assert [] == [each for each, row in found.items() if row != expected[str(each)]]


@pytest.mark.parametrize("at", range(REQUESTS))
@pytest.mark.parametrize("what", MOVING_NEW_ROWS)
def test_new_rows_overwrite_nobody(office: GoogleOffice, what: str, at: int) -> None:
    """Rows that a pull appends stand once, and the rows above are as they were."""
    sheet, people, _ = disturbed(office, at, DISTURBANCES[what])
    sheet.write([], append=[account(each) for each in ("6", "7")])
    found = {each: without_blanks(row) for each, row in rows_of(people).items()}
    gone = {"5"} if "deletes" in what and "5" not in found else set()
    assert {*IDS, "6", "7"} - gone == set(found)
    assert [] == [each for each in ("1", "4") if found[each] != untouched(each)]
    assert ["Add", "Add"] == [found[each]["Action"] for each in EDITED]
    assert all(found[each].keys() <= untouched("1").keys() for each in ("6", "7"))
    assert 1 + len(found) == len([row for row in people.raw_cells() if row[people.column("User ID")]])


@pytest.mark.parametrize("at", range(REQUESTS))
def test_a_row_deleted_under_our_hands_takes_nobody_along(office: GoogleOffice, at: int) -> None:
    """The status of a row that is gone is missing, and stands in no other row."""
    sheet, people, _ = disturbed(office, at, lambda people: people.delete_row("3"))
    sheet.write([confirmation(each) for each in EDITED])
    found = {each: without_blanks(row) for each, row in rows_of(people).items() if each != "3"}
    assert confirmed("2") == found["2"]
    assert [] == [each for each in ("5", "1", "4") if found[each] != untouched(each)]


@pytest.mark.parametrize("at", range(REQUESTS))
def test_a_torn_sort_shows_statuses_by_the_id(office: GoogleOffice, at: int) -> None:
    """Somebody sorts ids, e-mails and names away from the rest: a status goes with the id that people see."""
    sheet, people, _ = disturbed(office, at, lambda people: people.sort("User ID", 0, 3))
    written = sheet.write([confirmation(each) for each in EDITED])
    rows = rows_of(people)
    statuses = {each: row["Status"] for each, row in rows.items() if row["Status"]}
    messages = {each: row["Message"] for each, row in rows.items()}
    assert dict.fromkeys(written.applied, "Confirmed") == statuses
    assert all(messages[each] == f"Added to {each}" for each in written.applied)
    keys = [row["Key"] for row in rows.values()]
    assert len(set(keys)) == len(keys)


def test_a_tab_that_never_stands_still_is_given_up(office: GoogleOffice) -> None:
    """Bounded; the sentence says what puts it right."""
    people, meddler = People(office), Restless()
    sheet = adapter(office, COLUMNS, meddler=meddler)
    meddler.act = lambda: people.sort_rows("User ID", reverse=len(meddler.seen) % 4 > 1)
    with pytest.raises(SheetError, match="again and again") as caught:
        sheet.write([confirmation(each) for each in EDITED])
    assert "next pull" in caught.value.hint


class Restless(Meddler):
    """Acts before every write, and not only once."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - as there
        """Send a request, after the meddling."""
        self.at = len(self.seen) if request.method == "POST" else None
        return super().send(request, *args, **kwargs)


def test_a_person_who_types_meanwhile_keeps_it(office: GoogleOffice) -> None:
    """Right before our reading: the edit is another one, and stays."""
    sheet, people, _ = disturbed(office, 0, lambda people: people.type_in("3", "Amount", 31))
    written = sheet.write([confirmation(each) for each in EDITED])
    assert [{"2"}, {"3"}] == [written.applied, written.otherwise]
    assert [31, "Add", "K-3"] == [people.cell("3", header) for header in ("Amount", "Action", "Key")]


def test_typing_elsewhere_costs_one_more_look_and_nothing_else(office: GoogleOffice) -> None:
    """Between write and reading back: what was typed stays, nothing is written again."""
    sheet, people, meddler = disturbed(office, 2, lambda people: people.type_in("5", "Note", "hello"))
    sheet.write([confirmation(each) for each in EDITED])
    assert "hello" == people.cell("5", "Note")
    assert ["GET values:batchGet", "POST values:batchUpdate", "GET values:batchGet"] == meddler.seen
