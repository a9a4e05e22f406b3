"""What the tests of the Google Sheets emulator share: one server, plain requests, replies checked."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from tests.emulators.sheets import SheetsEmulator
from tests.emulators.sheets.discovery import check_reply


class Client:
    """Speaks to the emulator and checks every good reply against what Google publishes.

    Args:
        emulator: The server.
    """

    def __init__(self, emulator: SheetsEmulator) -> None:
        self.emulator = emulator
        self._pool = urllib3.PoolManager()
        self.book = ""

    def send(self, method: str, path: str, body: object = None, **query: object) -> tuple[int, Any]:
        """One request; gives the status and the JSON."""
        headers = {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        address = f"{self.emulator.url}{path}{'?' + urlencode(query, doseq=True) if query else ''}"
        reply = self._pool.request(method, address, body=data, headers=headers, retries=False)
        return reply.status, json.loads(reply.data) if reply.data else None

    def good(self, method: str, path: str, body: object = None, **query: object) -> Any:  # noqa: ANN401 - JSON
        """A request that must be answered with 200."""
        status, reply = self.send(method, path, body, **query)
        assert 200 == status, reply
        return reply

    def refused(self, method: str, path: str, body: object = None, **query: object) -> str:
        """A request that must be refused; gives what Google says."""
        status, reply = self.send(method, path, body, **query)
        assert 400 <= status, reply
        return str(reply["error"]["message"])

    def create(self, title: str = "Book") -> str:
        """A new spreadsheet, in which everything after happens."""
        made = self.good("POST", "/v4/spreadsheets", {"properties": {"title": title}})
        check_reply("sheets.spreadsheets.create", made)
        self.book = made["spreadsheetId"]
        return self.book

    def path(self, rest: str = "") -> str:
        """A path in the spreadsheet."""
        return f"/v4/spreadsheets/{self.book}{rest}"

    def write(self, at: str, values: list[list[Any]], option: str = "RAW", **query: object) -> Any:  # noqa: ANN401
        """Update a range."""
        path = self.path(f"/values/{quote(at)}")
        reply = self.good("PUT", path, {"values": values}, valueInputOption=option, **query)
        check_reply("sheets.spreadsheets.values.update", reply)
        return reply

    def typed(self, at: str, *texts: object) -> None:
        """Type a row of texts."""
        self.write(at, [list(texts)], "USER_ENTERED")

    def read(self, at: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        """The values of a range; empty where there are none."""
        reply = self.good("GET", self.path(f"/values/{quote(at)}"), **query)
        check_reply("sheets.spreadsheets.values.get", reply)
        return reply.get("values", [])

    def batch(self, *requests: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Replies to a batch of requests."""
        reply = self.good("POST", self.path(":batchUpdate"), {"requests": list(requests)})
        check_reply("sheets.spreadsheets.batchUpdate", reply)
        return reply["replies"]

    def unbatched(self, *requests: dict[str, Any]) -> str:
        """What Google says to a batch that it refuses."""
        return self.refused("POST", self.path(":batchUpdate"), {"requests": list(requests)})

    def tab(self, index: int = 0) -> Any:  # noqa: ANN401 - JSON
        """A tab without its cells."""
        reply = self.good("GET", self.path())
        check_reply("sheets.spreadsheets.get", reply)
        return reply["sheets"][index]

    def cell(self, at: str) -> Any:  # noqa: ANN401 - JSON
        """All of one cell."""
        reply = self.good("GET", self.path(), ranges=at, includeGridData="true")
        check_reply("sheets.spreadsheets.get", reply)
        return reply["sheets"][0]["data"][0].get("rowData", [{"values": [{}]}])[0]["values"][0]


def box(top: int, left: int, bottom: int, right: int) -> dict[str, int]:
    """A `GridRange` on the first tab."""
    return {
        "sheetId": 0,
        "startRowIndex": top,
        "endRowIndex": bottom,
        "startColumnIndex": left,
        "endColumnIndex": right,
    }


def rows(start: int, end: int) -> dict[str, Any]:
    """A `DimensionRange` of rows on the first tab."""
    return {"sheetId": 0, "dimension": "ROWS", "startIndex": start, "endIndex": end}


def columns(start: int, end: int) -> dict[str, Any]:
    """A `DimensionRange` of columns on the first tab."""
    return {"sheetId": 0, "dimension": "COLUMNS", "startIndex": start, "endIndex": end}
