"""One spreadsheet over HTTP: the few requests that the adapter makes of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sheetsync.errors import LayoutError
from sheetsync.sheets.google import ranges
from sheetsync.sheets.google.cells import Json
from sheetsync.sheets.google.grid import Grid, trimmed
from sheetsync.sheets.google.http import SheetsHttp, Waiting
from sheetsync.sheets.google.ranges import Place
from sheetsync.sheets.google.refusals import ChangedError, NoSuchTabError
from sheetsync.sheets.layout import PULL_HINT, Column

T = TypeVar("T")

_UNFORMATTED = {
    "majorDimension": "COLUMNS",  # columns carry no brackets for each row: a third fewer bytes
    "valueRenderOption": "UNFORMATTED_VALUE",
    "dateTimeRenderOption": "SERIAL_NUMBER",
    "prettyPrint": "false",
}

_PROPERTIES = "sheetId,title,gridProperties(rowCount,columnCount,frozenRowCount)"


class Spreadsheet:
    """A spreadsheet and the tab in it that is ours.

    Once the tab was seen it is followed by its id, so that a run ends in the tab that it began in although a
    person renames it meanwhile.

    Args:
        http: how it is asked.
        spreadsheet_id: which one.
        tab: title of the tab.
        expected: the tab's columns.
    """

    def __init__(
        self, http: SheetsHttp, spreadsheet_id: str, *, tab: str, expected: Sequence[Column]
    ) -> None:
        self.http = http
        self.tab = tab
        self.sheet_id: int | None = None
        self._id = spreadsheet_id
        self._expected = expected

    @property
    def waiting(self) -> Waiting:
        """How to wait, and whom to tell."""
        return self.http.waiting

    def whole(self) -> Grid:
        """Read the whole tab in one request, so that all of it is of one moment.

        ``spreadsheets.values.batchGet``; changes no credits.

        Raises:
            LayoutError: there is no such tab.
            SheetError: it cannot be read.
        """

        def read(title: str) -> Grid:
            found = self._values([ranges.whole(title)])[0]
            extent = ranges.extent(str(found.get("range", "")))
            return Grid.of_whole(title, extent, found.get("values", []), self._expected)

        return self._in_tab(read)

    def some(self, places: Sequence[int]) -> Grid:
        """Read the header row and some columns in one request.

        ``spreadsheets.values.batchGet``; changes no credits.

        Raises:
            LayoutError: there is no such tab.
            SheetError: it cannot be read.
        """

        def read(title: str) -> Grid:
            asked = [ranges.header(title), *(ranges.column(title, place) for place in places)]
            head, *rest = self._values(asked)
            header = [each[0] if each else None for each in head.get("values", [])]
            columns = {
                place: [None if cell == "" else cell for cell in (found.get("values") or [[]])[0]]
                for place, found in zip(places, rest, strict=True)
            }
            rows, _ = ranges.extent(str(rest[0].get("range", "")))
            _, width = ranges.extent(str(head.get("range", "")))
            shown = trimmed([None if each == "" else each for each in header])
            return Grid(title, rows, width, shown, columns, complete=False, expected=self._expected)

        return self._in_tab(read)

    def _values(self, asked: Sequence[str]) -> list[dict[str, Any]]:
        reply = self.http.values_batch_get(self._id, list(asked), params=dict(_UNFORMATTED))
        found: list[dict[str, Any]] = reply.get("valueRanges", [])
        return found

    def write(self, written: Mapping[Place, Json]) -> None:
        """Write cells of the tab; all cells of one row go together.

        ``spreadsheets.values.batchUpdate``; changes no credits.

        Raises:
            PassingError, ChangedError: look again before writing again.
            SheetError, LayoutError: refused.
        """
        for data in ranges.requests(self.tab, written):
            try:
                self.http.write_values(self._id, data)
            except NoSuchTabError as error:
                self._follow()
                raise ChangedError("The tab was renamed in this very moment.", hint="Try again.") from error

    def describe(self, parts: Sequence[str], fields: str) -> dict[str, Any]:
        """Return what a field mask asks of some ranges of the tab, such as ``1:2``.

        ``spreadsheets.get``; changes no credits.

        Raises:
            LayoutError: there is no such tab; names those there are.
            SheetError: it cannot be read.
        """
        return self._in_tab(lambda title: self._describe(title, parts, fields))

    def describe_if_there(self, parts: Sequence[str], fields: str) -> dict[str, Any] | None:
        """Return the same, or None if there is no such tab."""
        if self.sheet_id is not None:
            return self.describe(parts, fields)
        try:
            return self._describe(self.tab, parts, fields)
        except NoSuchTabError:
            return None

    def _describe(self, title: str, parts: Sequence[str], fields: str) -> dict[str, Any]:
        asked = [f"{ranges.quoted(title)}!{part}" for part in parts]
        mask = f"sheets(properties({_PROPERTIES}),{fields})"
        params: dict[str, Any] = {"ranges": asked, "fields": mask, "prettyPrint": "false"}
        reply = self.http.spreadsheets_get(self._id, params=params)
        found = _tab(reply.get("sheets", []), title)
        self.sheet_id = int(found.get("properties", {}).get("sheetId", 0))
        return found

    def rewrite_setting(self) -> None:
        """Set the frozen rows of the first tab to what they are.

        ``spreadsheets.get`` and ``spreadsheets.batchUpdate``; changes nothing.

        Raises:
            SheetError: no access, or no right to write.
        """
        params: dict[str, Any] = {"fields": f"sheets(properties({_PROPERTIES}))", "prettyPrint": "false"}
        first = self.http.spreadsheets_get(self._id, params=params)["sheets"][0]["properties"]
        frozen = first.get("gridProperties", {}).get("frozenRowCount", 0)
        same = {"sheetId": first.get("sheetId", 0), "gridProperties": {"frozenRowCount": frozen}}
        self.change(
            [{"updateSheetProperties": {"properties": same, "fields": "gridProperties.frozenRowCount"}}]
        )

    def titles(self) -> dict[int, str]:
        """Return id → title of every tab.

        ``spreadsheets.get``; changes no credits.
        """
        params: dict[str, Any] = {"fields": "sheets(properties(sheetId,title))", "prettyPrint": "false"}
        reply = self.http.spreadsheets_get(self._id, params=params)
        found = [sheet.get("properties", {}) for sheet in reply.get("sheets", [])]
        return {int(each.get("sheetId", 0)): str(each.get("title", "")) for each in found}

    def change(self, requests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Change the tab's structure, all or nothing.

        ``spreadsheets.batchUpdate``; changes no credits. Never repeated without looking first.

        Raises:
            PassingError: look again before changing again.
            SheetError, LayoutError: refused.
        """
        reply: dict[str, Any] = self.http.batch_update(self._id, {"requests": list(requests)})
        return reply

    def _in_tab(self, read: Callable[[str], T]) -> T:
        try:
            return read(self.tab)
        except NoSuchTabError:
            self._follow()
        return read(self.tab)

    def _follow(self) -> None:
        """Take the tab's new title if it was renamed.

        Raises:
            LayoutError: it is not there any more, or was never seen.
        """
        titles = self.titles()
        if self.sheet_id is None or titles.get(self.sheet_id, self.tab) == self.tab:
            raise self._missing(list(titles.values()))
        self.tab = titles[self.sheet_id]

    def refuse_alike(self) -> None:
        """Refuse a tab whose title differs from another one only in upper and lower case: Google takes one.

        Raises:
            LayoutError: there is such a tab.
        """
        titles = list(self.titles().values())
        alike = [each for each in titles if each.casefold() == self.tab.casefold()]
        if alike and self.tab not in titles:
            raise LayoutError(
                f"The tab {self.tab!r} differs from the tab {alike[0]!r} only in upper and lower case.",
                hint="Rename the tab, or name it in the configuration as it is called.",
            )

    def _missing(self, titles: Sequence[str]) -> LayoutError:
        """Return the error for a tab that is not there."""
        return LayoutError(
            f"The spreadsheet {self._id} has no tab {self.tab!r}; it has {', '.join(map(repr, titles))}.",
            hint=f"{PULL_HINT} If the tab was renamed, name it in the configuration or rename it back.",
            details={"tab": self.tab, "tabs": list(titles)},
        )


def _tab(sheets: Sequence[Mapping[str, Any]], title: str) -> dict[str, Any]:
    """Return the tab of an answer; one about some ranges may list other tabs as well."""
    named = [sheet for sheet in sheets if sheet.get("properties", {}).get("title") == title]
    found = named[0] if named else (sheets[0] if sheets else {})
    return dict(found)
