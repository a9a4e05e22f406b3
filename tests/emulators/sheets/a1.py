"""Ranges as people write them: `Sheet1!A1:C`, `'My tab'!2:5`, a title, a named range, R1C1."""

import re
from dataclasses import dataclass

from tests.emulators.sheets.errors import ApiError
from tests.emulators.sheets.model import Sheet, Spreadsheet

_CELL = re.compile(r"\$?([A-Za-z]{1,3})?(?:\$?([1-9]\d*))?\Z")
_R1C1 = re.compile(r"[Rr]([1-9]\d*)[Cc]([1-9]\d*)\Z")
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_LOOKS_LIKE_CELL = re.compile(r"(?:[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*[Cc][0-9]*|[Rr][0-9]*|[Cc][0-9]*)\Z")


@dataclass(frozen=True)
class Area:
    """A rectangle of one tab; row and column numbers from 0, ends excluded, None for open.

    Attributes:
        sheet: The tab.
        top: First row.
        left: First column.
        bottom: Row after the last.
        right: Column after the last.
        open_end: Whether the person named no end, so that values may run on.
    """

    sheet: Sheet
    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None
    open_end: bool = False

    def text(self) -> str:
        """As in A1 notation, without the tab."""
        bottom, right = self.bottom, self.right
        start = f"{letters(self.left)}{self.top + 1}"
        if bottom is None and right is None:
            return start if (self.top, self.left) != (0, 0) else ""
        if bottom is None:
            return f"{letters(self.left)}{self.top + 1 if self.top else ''}:{letters((right or 1) - 1)}"
        if right is None:
            return f"{self.top + 1}:{bottom}"
        if (bottom - self.top, right - self.left) == (1, 1):
            return start
        return f"{start}:{letters(right - 1)}{bottom}"

    def named(self) -> str:
        """As in A1 notation, with the tab."""
        text = self.text()
        title = quote(self.sheet.title)
        return f"{title}!{text}" if text else title

    def clipped(self) -> "Area":
        """Within the grid, with both ends known.

        Raises:
            ApiError: It starts outside of the grid.
        """
        sheet = self.sheet
        if self.top >= sheet.height or self.left >= sheet.width:
            raise self.outside()
        bottom = sheet.height if self.bottom is None else min(self.bottom, sheet.height)
        right = sheet.width if self.right is None else min(self.right, sheet.width)
        return Area(sheet, self.top, self.left, bottom, right, self.open_end)

    def outside(self) -> ApiError:
        """That it does not fit into the grid."""
        return ApiError(
            f"Range ({self.named()}) exceeds grid limits. "
            f"Max rows: {self.sheet.height}, max columns: {self.sheet.width}"
        )

    def box(self) -> tuple[int, int, int, int]:
        """Top, left, bottom, right of the clipped area."""
        area = self.clipped()
        return area.top, area.left, area.bottom or 0, area.right or 0


def letters(column: int) -> str:
    """A column number from 0 as letters."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def number(text: str) -> int:
    """Letters of a column as a number from 0."""
    column = 0
    for letter in text.upper():
        column = column * 26 + ord(letter) - 64
    return column - 1


def quote(title: str) -> str:
    """A title as it stands in a range: quoted unless it is a plain word that is no cell."""
    if _BARE.match(title) and not _LOOKS_LIKE_CELL.match(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def parse(book: Spreadsheet, text: str) -> Area:
    """Find what a range means.

    Raises:
        ApiError: It means nothing in this spreadsheet.
    """
    title, cells = split(text)
    failed = ApiError(f"Unable to parse range: {text}")
    if title is not None:
        sheet = book.titled(title)
        if sheet is None:
            raise failed
        area = _whole(sheet) if cells is None else _cells(sheet, cells)
    else:
        first = next((sheet for sheet in book.sheets if not sheet.extra.get("hidden")), book.sheets[0])
        area = _cells(first, cells or "") or _named(book, text) or _titled(book, text)
    if area is None:
        raise failed
    return area


def split(text: str) -> tuple[str | None, str | None]:
    """Tab and cells of a range; a text without `!` and quotes is in the second place."""
    if text.startswith("'"):
        quoted = re.match(r"'((?:[^']|'')+)'(?:!(.+))?\Z", text, re.DOTALL)
        if quoted:
            return quoted[1].replace("''", "'"), quoted[2]
    title, mark, cells = text.rpartition("!")
    return (title, cells) if mark and title else (None, text)


def _whole(sheet: Sheet) -> Area:
    return Area(sheet, open_end=True)


def _titled(book: Spreadsheet, text: str) -> Area | None:
    sheet = book.titled(text)
    return _whole(sheet) if sheet else None


def _named(book: Spreadsheet, text: str) -> Area | None:
    for named in book.named:
        if named["name"].casefold() == text.casefold():
            spot = named["range"]
            sheet = book.sheet(spot.get("sheetId", 0))
            if sheet is None:
                return None
            return Area(
                sheet,
                spot.get("startRowIndex", 0),
                spot.get("startColumnIndex", 0),
                spot.get("endRowIndex"),
                spot.get("endColumnIndex"),
            )
    return None


def _cells(sheet: Sheet, text: str) -> Area | None:
    first, colon, second = text.partition(":")
    start = _corner(first)
    if start is None:
        return None
    if not colon:
        row, column = start
        if row is None or column is None:
            return None
        return Area(sheet, row, column, row + 1, column + 1, open_end=True)
    end = _corner(second)
    return None if end is None else _between(sheet, start, end)


def _corner(text: str) -> tuple[int | None, int | None] | None:
    r1c1 = _R1C1.match(text)
    if r1c1:
        return int(r1c1[1]) - 1, int(r1c1[2]) - 1
    cell = _CELL.match(text)
    if not cell or not (cell[1] or cell[2]):
        return None
    return int(cell[2]) - 1 if cell[2] else None, number(cell[1]) if cell[1] else None


def _between(sheet: Sheet, one: tuple[int | None, int | None], two: tuple[int | None, int | None]) -> Area:
    top, bottom = _span(one[0], two[0])
    left, right = _span(one[1], two[1])
    return Area(sheet, top, left, bottom, right)


def _span(one: int | None, two: int | None) -> tuple[int, int | None]:
    if one is None or two is None:
        return (one if two is None else two) or 0, None
    return min(one, two), max(one, two) + 1
