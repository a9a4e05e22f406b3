"""A spreadsheet in memory: tabs, rows, cells and what is attached to them."""

import copy
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.emulators.sheets.errors import ApiError, Json

ROWS = 1000
COLUMNS = 26
# Of a whole spreadsheet, all tabs together.
MAX_CELLS = 10_000_000
MAX_COLUMNS = 18_278


@dataclass(frozen=True)
class Formula:
    """A formula as typed, with its leading `=`."""

    text: str


@dataclass(frozen=True)
class Failure:
    """The value of a formula that cannot be computed, such as `#DIV/0!`."""

    code: str


Scalar = str | int | float | bool
Value = Scalar | Failure | None
Cell = Scalar | Formula | None


@dataclass(frozen=True)
class Look:
    """All of a cell but its value; never changed in place, so that cells may share one.

    Attributes:
        form: `userEnteredFormat`.
        note: Text of the note.
        validation: `dataValidation`.
        runs: `textFormatRuns`.
    """

    form: Json = field(default_factory=dict)
    note: str = ""
    validation: Json | None = None
    runs: tuple[Any, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is attached at all."""
        return not (self.form or self.note or self.validation or self.runs)


PLAIN = Look()


class Row:
    """One row; both lists are as long as something was written and never longer than the grid."""

    __slots__ = ("looks", "meta", "values")

    def __init__(self) -> None:
        self.values: list[Cell] = []
        self.looks: list[Look] = []
        self.meta: Json = {}

    def clone(self) -> "Row":
        """A copy that can be changed on its own."""
        other = Row()
        other.values = self.values.copy()
        other.looks = self.looks.copy()
        other.meta = copy.deepcopy(self.meta) if self.meta else {}
        return other

    def value(self, column: int) -> Cell:
        """What is in a cell."""
        return self.values[column] if column < len(self.values) else None

    def look(self, column: int) -> Look:
        """What a cell looks like."""
        return self.looks[column] if column < len(self.looks) else PLAIN

    def put(self, column: int, value: Cell) -> None:
        """Set a cell's value; the look stays."""
        short = column + 1 - len(self.values)
        if short > 0:
            if value is None:
                return
            self.values.extend([None] * short)
        self.values[column] = value

    def dress(self, column: int, look: Look) -> None:
        """Set a cell's look; the value stays."""
        short = column + 1 - len(self.looks)
        if short > 0:
            if look is PLAIN:
                return
            self.looks.extend([PLAIN] * short)
        self.looks[column] = look


@dataclass
class Sheet:
    """One tab.

    Attributes:
        sheet_id: Its `sheetId`.
        title: Its name.
        rows: All rows of the grid.
        columns: Metadata of all columns of the grid.
        extra: Rest of `SheetProperties`, such as `hidden` and `tabColorStyle`.
        frozen: `frozenRowCount`, `frozenColumnCount`, `hideGridlines` and so on.
        parts: What hangs on ranges: merges, basicFilter, protectedRanges, conditionalFormats, …
    """

    sheet_id: int
    title: str
    rows: list[Row] = field(default_factory=list)
    columns: list[Json] = field(default_factory=list)
    extra: Json = field(default_factory=dict)
    frozen: Json = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """Rows in the grid."""
        return len(self.rows)

    @property
    def width(self) -> int:
        """Columns in the grid."""
        return len(self.columns)

    def resize(self, rows: int, columns: int) -> None:
        """Grow or cut the grid at its end."""
        del self.rows[rows:]
        self.rows.extend(Row() for _ in range(rows - len(self.rows)))
        if columns < self.width:
            for row in self.rows:
                del row.values[columns:]
                del row.looks[columns:]
        del self.columns[columns:]
        self.columns.extend({} for _ in range(columns - self.width))

    def value(self, row: int, column: int) -> Cell:
        """What is in a cell; outside of the grid nothing."""
        return self.rows[row].value(column) if row < len(self.rows) else None

    def clone(self) -> "Sheet":
        """A copy that can be changed on its own."""
        return replace(
            self,
            rows=[row.clone() for row in self.rows],
            columns=copy.deepcopy(self.columns),
            extra=copy.deepcopy(self.extra),
            frozen=dict(self.frozen),
            parts=copy.deepcopy(self.parts),
        )


@dataclass
class Spreadsheet:
    """A spreadsheet with its tabs in the order shown.

    Attributes:
        spreadsheet_id: As in its address.
        properties: Title, locale, time zone.
        sheets: The tabs.
        named: Named ranges.
        metadata: Developer metadata of the whole spreadsheet.
        revision: Counts changes; computed values are kept per revision.
        computed: Values of formulas in this revision.
    """

    spreadsheet_id: str
    properties: Json
    sheets: list[Sheet]
    named: list[Json] = field(default_factory=list)
    metadata: list[Json] = field(default_factory=list)
    revision: int = 0
    computed: dict[tuple[int, int, int], Any] = field(default_factory=dict)

    def touched(self) -> None:
        """Forget what formulas were worth: something changed."""
        self.revision += 1
        self.computed.clear()

    def sheet(self, sheet_id: int) -> Sheet | None:
        """The tab with this id."""
        return next((sheet for sheet in self.sheets if sheet.sheet_id == sheet_id), None)

    def titled(self, title: str) -> Sheet | None:
        """The tab with this name, in whatever case."""
        wanted = title.casefold()
        return next((sheet for sheet in self.sheets if sheet.title.casefold() == wanted), None)

    def new_id(self) -> int:
        """An id that no tab, named range or other object has."""
        return secrets.randbelow(2_000_000_000) + 1

    def check_size(self, more: int = 0) -> None:
        """Refuse to grow beyond the cell limit.

        Args:
            more: Cells that come on top.

        Raises:
            ApiError: The spreadsheet would hold more than `MAX_CELLS` cells.
        """
        if sum(sheet.height * sheet.width for sheet in self.sheets) + more > MAX_CELLS:
            raise ApiError(
                "This action would increase the number of cells in the workbook above the limit of "
                f"{MAX_CELLS} cells."
            )

    def keep(self) -> tuple[Json, list[Sheet], list[Json], list[Json]]:
        """All of it as it is now, for `put_back`."""
        return (
            copy.deepcopy(self.properties),
            [sheet.clone() for sheet in self.sheets],
            copy.deepcopy(self.named),
            copy.deepcopy(self.metadata),
        )

    def put_back(self, kept: tuple[Json, list[Sheet], list[Json], list[Json]]) -> None:
        """Undo every change since `keep`."""
        self.properties, self.sheets, self.named, self.metadata = kept
        self.touched()


def new_sheet(sheet_id: int, title: str, *, rows: int = ROWS, columns: int = COLUMNS) -> Sheet:
    """An empty tab."""
    sheet = Sheet(sheet_id, title)
    sheet.resize(rows, columns)
    return sheet


def new_spreadsheet(title: str, *, sheets: Iterable[Sheet] = (), locale: str = "en_US") -> Spreadsheet:
    """An empty spreadsheet with an id of Google's length."""
    properties = {
        "title": title,
        "locale": locale,
        "autoRecalc": "ON_CHANGE",
        "timeZone": "Etc/GMT",
    }
    return Spreadsheet(
        "1" + secrets.token_urlsafe(43)[:43], properties, list(sheets) or [new_sheet(0, "Sheet1")]
    )
