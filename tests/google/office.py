"""A Google spreadsheet in the emulator, and people who work in it through the same API."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import requests
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.service_account import Credentials
from requests.adapters import HTTPAdapter

from sheetsync.core.tab import CellValue
from sheetsync.ports import Columns
from sheetsync.sheets.google import Access, GoogleSheet, Waiting
from sheetsync.sheets.layout import letter
from tests.emulators.sheets.keyfile import key_file

TAB = "Credits"
SCOPES = ["https://www.googleapis.com/auth/spreadsheets"]

Json = dict[str, Any]


@dataclass
class GoogleOffice:
    """One spreadsheet, and what is needed to reach it.

    Attributes:
        address: of the emulator.
        key: of the service account.
    """

    address: str
    key: str
    spreadsheet_id: str = ""

    @cached_property
    def _session(self) -> requests.Session:
        credentials = Credentials.from_service_account_info(json.loads(self.key), scopes=SCOPES)  # type: ignore[no-untyped-call]
        return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]

    def call(self, method: str, path: str, body: Json | None = None, **params: Any) -> Json:  # noqa: ANN401 - any
        """Ask the API as a person's program would; ``path`` follows the spreadsheet's id."""
        url = (
            f"{self.address}/v4/spreadsheets{'/' + self.spreadsheet_id if self.spreadsheet_id else ''}{path}"
        )
        reply = self._session.request(method, url, json=body, params=params)
        assert reply.ok, reply.text
        found: Json = reply.json()
        return found

    def new(self) -> "GoogleOffice":
        """Return the same with a new spreadsheet."""
        fresh = GoogleOffice(self.address, self.key)
        found = fresh.call("POST", "", {"properties": {"title": "Office"}})
        return GoogleOffice(self.address, self.key, found["spreadsheetId"])

    def values(self, a1: str, render: str = "UNFORMATTED_VALUE") -> list[list[CellValue]]:
        """Return cells, rows first."""
        found = self.call("GET", f"/values/{a1}", valueRenderOption=render)
        return cast("list[list[CellValue]]", found.get("values", []))

    def put(self, a1: str, rows: Sequence[Sequence[CellValue]], *, typed: bool = False) -> None:
        """Write cells as they are, or as if they were typed."""
        option = "USER_ENTERED" if typed else "RAW"
        self.call("PUT", f"/values/{a1}", {"values": rows}, valueInputOption=option)

    def change(self, *changes: Json) -> Json:
        """Change the structure."""
        return self.call("POST", ":batchUpdate", {"requests": list(changes)})

    def sheets(self) -> list[Json]:
        """Return properties and looks of all tabs."""
        found: list[Json] = self.call("GET", "")["sheets"]
        return found

    def sheet_id(self, tab: str = TAB) -> int:
        """Return a tab's id."""
        found = [each["properties"] for each in self.sheets()]
        return next(int(each.get("sheetId", 0)) for each in found if each["title"] == tab)


@contextmanager
def serving() -> Iterator[GoogleOffice]:
    """Start an emulator; yield it with a new spreadsheet."""
    command = [sys.executable, "-m", "tests.emulators.sheets", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().split()[-1].rstrip("/")
            yield GoogleOffice(address, json.dumps(key_file(address))).new()
        finally:
            process.terminate()


class People:
    """What people do to the tab with their own hands."""

    def __init__(self, office: GoogleOffice, tab: str = TAB) -> None:
        self.office, self.tab = office, tab

    def raw_cells(self) -> list[list[CellValue]]:
        """Return every row from the header down, all equally long."""
        rows = self.office.values(self.tab)
        width = max(map(len, rows), default=0)
        return [[None if cell == "" else cell for cell in (*row, *[""] * (width - len(row)))] for row in rows]

    def column(self, header: str) -> int:
        """Return the place of a column."""
        return self.raw_cells()[0].index(header)

    def row(self, account_id: str) -> int:
        """Return the number of an account's row."""
        place = self.column("User ID")
        found = [str(row[place]) for row in self.raw_cells()]
        return found.index(account_id) + 1

    def cell(self, account_id: str, header: str) -> CellValue:
        """Return a cell."""
        return self.raw_cells()[self.row(account_id) - 1][self.column(header)]

    def type_in(self, account_id: str, header: str, value: CellValue) -> None:
        """Type into a cell; a formula is a formula, everything else stays as it is."""
        a1 = f"{self.tab}!{letter(self.column(header))}{self.row(account_id)}"
        formula = isinstance(value, str) and value.startswith("=")
        self.office.put(a1, [["" if value is None else value]], typed=formula)

    def sort_rows(self, header: str, *, reverse: bool = False) -> None:
        """Sort whole rows."""
        self.sort(header, 0, len(self.raw_cells()[0]), reverse=reverse)

    def sort(self, header: str, start: int, end: int, *, reverse: bool = False) -> None:
        """Sort some columns."""
        rows = len(self.raw_cells())
        span = self._span(1, rows) | {"startColumnIndex": start, "endColumnIndex": end}
        order = {"dimensionIndex": self.column(header), "sortOrder": "DESCENDING" if reverse else "ASCENDING"}
        self.office.change({"sortRange": {"range": span, "sortSpecs": [order]}})

    def insert_people_column(self, header: str, *, before: str, values: Sequence[CellValue]) -> None:
        """Insert a column of their own."""
        place = self.column(before)
        self.insert("COLUMNS", place)
        column: list[list[CellValue]] = [[header], *([value] for value in values)]
        self.office.put(f"{self.tab}!{letter(place)}1:{letter(place)}{len(column)}", column)

    def insert(self, dimension: str, place: int, number: int = 1) -> None:
        """Insert blank rows or columns before a place."""
        span = self._dimension(dimension, place, place + number)
        self.office.change({"insertDimension": {"range": span, "inheritFromBefore": False}})

    def move_column(self, header: str, to: int) -> None:
        """Move a column before another place."""
        place = self.column(header)
        source = self._dimension("COLUMNS", place, place + 1)
        self.office.change({"moveDimension": {"source": source, "destinationIndex": to}})

    def delete_row(self, account_id: str) -> None:
        """Delete a row."""
        row = self.row(account_id)
        self.office.change({"deleteDimension": {"range": self._dimension("ROWS", row - 1, row)}})

    def hide_row(self, account_id: str) -> None:
        """Hide a row by hand."""
        row = self.row(account_id)
        span = self._dimension("ROWS", row - 1, row)
        hidden = {"range": span, "properties": {"hiddenByUser": True}, "fields": "hiddenByUser"}
        self.office.change({"updateDimensionProperties": hidden})

    def rename_header(self, old: str, new: str) -> None:
        """Overtype a header."""
        self.office.put(f"{self.tab}!{letter(self.column(old))}1", [[new]])

    def rename_tab(self, title: str) -> None:
        """Rename the tab."""
        properties = {"sheetId": self.office.sheet_id(self.tab), "title": title}
        self.office.change({"updateSheetProperties": {"properties": properties, "fields": "title"}})
        self.tab = title

    def delete_tab(self) -> None:
        """Delete the tab; another one is left."""
        self.office.change({"deleteSheet": {"sheetId": self.office.sheet_id(self.tab)}})

    def add_tab(self, title: str, rows: Sequence[Sequence[CellValue]]) -> None:
        """Add a tab."""
        self.office.change({"addSheet": {"properties": {"title": title}}})
        self.office.put(f"'{title}'!A1", rows)

    def cells_of(self, title: str) -> list[list[CellValue]]:
        """Return all cells of a tab."""
        return People(self.office, title).raw_cells()

    def remove_note(self, title: str) -> None:
        """Remove the note at A1."""
        span = {"sheetId": self.office.sheet_id(title), "endRowIndex": 1, "endColumnIndex": 1}
        self.office.change({"repeatCell": {"range": span, "cell": {}, "fields": "note"}})

    def tabs(self) -> list[str]:
        """Return the titles of all tabs but the one that a new spreadsheet has."""
        found = [str(each["properties"]["title"]) for each in self.office.sheets()]
        return [title for title in found if title != "Sheet1"]

    def _span(self, start: int, end: int) -> Json:
        return {"sheetId": self.office.sheet_id(self.tab), "startRowIndex": start, "endRowIndex": end}

    def _dimension(self, dimension: str, start: int, end: int) -> Json:
        sheet_id = self.office.sheet_id(self.tab)
        return {"sheetId": sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}


@dataclass
class Meddler(HTTPAdapter):
    """Lets somebody act right before a request leaves; the request itself is real.

    Attributes:
        at: before which request, counted from 0; None for never.
        act: what they do.
        seen: method and last part of the address of each request.
    """

    at: int | None = None
    act: Callable[[], object] = field(default=lambda: None)
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as in requests
        """Send a request, after the meddling."""
        path = (request.url or "").partition("?")[0]
        number = len(self.seen)
        self.seen.append(f"{request.method} {path.rpartition('/')[2]}")
        if number == self.at:
            self.act()
        return super().send(request, *args, **kwargs)


def adapter(
    office: GoogleOffice,
    columns: Columns,
    *,
    tab: str = TAB,
    meddler: Meddler | None = None,
    waiting: Waiting | None = None,
    quota: int = 100_000,
) -> GoogleSheet:
    """Return the adapter over a tab of the spreadsheet."""
    access = Access(
        key=lambda: office.key,
        base_url=office.address,
        waiting=waiting or Waiting(time.monotonic, time.sleep, lambda _text: None),
        reads=quota,
        writes=quota,
    )
    sheet = GoogleSheet(office.spreadsheet_id, tab=tab, columns=columns, access=access)
    if meddler is not None:
        sheet._book.http.session.mount(f"{office.address}/v4", meddler)
    return sheet
