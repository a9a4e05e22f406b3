"""The ``Sheet`` port over one tab of a Google spreadsheet."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from functools import cached_property

from sheetsync.core.tab import CellValue, Patch, Tab
from sheetsync.errors import LayoutError
from sheetsync.ports import Columns, ReportColumn, Written
from sheetsync.sheets.google import layouting, reading, reporting
from sheetsync.sheets.google.access import Access
from sheetsync.sheets.google.grid import Grid
from sheetsync.sheets.google.layouting import Looks
from sheetsync.sheets.google.patience import give_up
from sheetsync.sheets.google.refusals import ChangedError, PassingError
from sheetsync.sheets.google.rounds import MOVES, Rounds
from sheetsync.sheets.google.spreadsheet import Spreadsheet
from sheetsync.sheets.layout import HEADER_ROW, fold, layout

ANSWERED_S = 60.0
"""Seconds for which an answer proves that the spreadsheet can be reached."""

KNOWN_S = 3600.0
"""Seconds for which looks may be compared that were read before; header texts are compared again."""

FRESH_S = 30.0
"""Seconds for which a reading may serve a write that depends on no cell: rows that move are found after."""


class GoogleSheet:
    """One tab of a Google spreadsheet.

    Nobody can lock a tab, so every write is read back: ``writing`` tells how. Text is written RAW, ids stay
    text, and what people keep in their own columns, formats and filters stays theirs.

    Args:
        spreadsheet_id: the part of its address between ``/d/`` and ``/edit``.
        tab: title of the tab.
        columns: which columns the tab has.
        access: how Google is reached.
        timezone: whose wall clock the times in cells show.
    """

    def __init__(
        self, spreadsheet_id: str, *, tab: str, columns: Columns, access: Access, timezone: tzinfo = UTC
    ) -> None:
        self._id, self._tab, self._access, self._zone = spreadsheet_id, tab, access, timezone
        self._columns = layout(columns)
        self._opened: Spreadsheet | None = None
        self._answered_s: float | None = None
        self._seen: tuple[Looks | None, float] | None = None
        self._made: tuple[Grid, float] | None = None
        self._read: tuple[Grid, float] | None = None

    @cached_property
    def _book(self) -> Spreadsheet:
        http = self._access.open(self._id)
        self._opened = Spreadsheet(http, self._id, tab=self._tab, expected=self._columns)
        return self._opened

    def traffic(self) -> dict[str, int]:
        """Return requests to Google so far, and bytes of bodies both ways."""
        return self._opened.http.traffic.as_dict() if self._opened else {"reads": 0, "writes": 0, "bytes": 0}

    def largest(self) -> int:
        """Return the bytes of the largest body so far, sent or received."""
        return self._opened.http.traffic.largest if self._opened else 0

    def ensure_writable(self) -> None:
        """Raise now what a write would raise, as far as Google tells: no access, or nobody answers.

        Asks nothing if the spreadsheet answered within the last minute.

        Raises:
            SheetError: no access, or nobody answers.
            ConfigError: the service account's key cannot be used.
        """
        if self._answered_s is not None and self._now() - self._answered_s <= ANSWERED_S:
            return
        self._seen = (self._look(), self._now())

    def prove_writable(self) -> None:
        """Do as ``ensure_writable``, and write a setting that is there already: only a write tells an editor.

        Raises:
            SheetError: no access, no right to write, or nobody answers.
            ConfigError: the service account's key cannot be used.
        """
        self._book.rewrite_setting()
        self._answered_s = self._now()

    def read(self) -> Tab:
        """Read the tab: all its values at one moment, then which rows are hidden.

        Raises:
            LayoutError: the tab or its headers are missing, or headers are doubled.
            SheetError: it cannot be read.
        """
        made, self._made = self._made, None
        grid = made[0] if made and self._now() - made[1] <= FRESH_S else self._book.whole()
        self._answered_s = self._now()
        grid.require()
        details = reading.look(self._book, grid, self._columns)
        self._read = (grid, self._now())
        return reading.tab_of(grid, details, self._columns)

    def create(self, *, rows: int = 0) -> tuple[str, ...]:
        """Create tab and headers where they are missing, repair the layout, keep everything else.

        Args:
            rows: rows below the header that the tab is about to hold; room is made for them.

        Returns:
            What was made or repaired, in words; empty if nothing was.

        Raises:
            LayoutError: headers are doubled.
            SheetError: nothing was changed.
        """
        patience = self._book.waiting.patience()
        changes = 0
        while changes < MOVES:
            try:
                return self._lay_out(rows)
            except PassingError as error:
                patience.wait(error)
            except ChangedError:
                self._book.refuse_alike()
                changes += 1
            self._seen = None
        raise give_up("its layout was repaired")

    def _lay_out(self, rows: int) -> tuple[str, ...]:
        self._read = self._made = None
        seen = self._known_looks()
        if seen is None:
            return self._make(rows)
        grid = self._book.whole()
        if not _shows(seen, grid):
            fresh = self._look()
            if fresh is None:
                raise ChangedError("The tab was deleted just now.", hint="Try again.")
            seen = fresh
        missing = [column for column in self._columns if column.field not in grid.places]
        free = max((place for place, cells in grid.columns.items() if cells), default=-1) + 1
        places = dict(grid.places) | {each.field: free + at for at, each in enumerate(missing)}
        found = layouting.repairs(seen, self._columns, places, missing, rows=rows)
        self._seen = None
        if found.requests:
            self._book.change(found.requests)
        made = grid.overlaid({(HEADER_ROW, places[each.field]): each.header for each in missing})
        made.rows = grid.rows + layouting.lacking_rows(grid.rows, rows)
        self._made = (made.with_its_header(), self._now())
        return tuple(found.words)

    def _make(self, rows: int) -> tuple[str, ...]:
        """Make the tab, with headers and looks, in one request."""
        sheet_id = secrets.randbelow(layouting.MAX_SHEET_ID) + 1
        new = layouting.new_tab(self._book.tab, sheet_id, self._columns, rows=rows)
        places = {column.field: place for place, column in enumerate(self._columns)}
        blank = Looks({"properties": new["addSheet"]["properties"]})
        found = layouting.repairs(blank, self._columns, places, self._columns, rows=rows)
        self._seen = None
        self._book.change([new, *found.requests])
        self._book.sheet_id = sheet_id
        return (f"tab {self._book.tab}",)

    def _known_looks(self) -> Looks | None:
        """Return how the tab looks, as read a while ago or now; None if there is no tab."""
        if self._seen is not None and self._now() - self._seen[1] <= KNOWN_S:
            return self._seen[0]
        return self._look()

    def _look(self) -> Looks | None:
        try:
            found = self._book.describe_if_there(layouting.LOOKED_AT, layouting.FIELDS)
        except LayoutError:  # it was deleted since
            found = None
        self._answered_s = self._now()
        return None if found is None else Looks(found)

    def write(self, patches: Sequence[Patch], *, append: Sequence[Mapping[str, CellValue]] = ()) -> Written:
        """Write patches and append new rows below the last, sort-proof.

        All cells of one row go in one request, and so does everything up to 2 MB. What must still hold is
        read right before, at every try. A field without a column is skipped.

        Raises:
            LayoutError: the tab or its headers are missing; nothing was written unless they went meanwhile.
            SheetError: Google refused, or the tab never stood still; the next pull puts it right.
        """
        if not patches and not append:
            return Written()
        read, self._read, self._made = self._read, None, None
        free = not any(patch.only_if for patch in patches)
        fresh = read is not None and free and self._now() - read[1] <= FRESH_S
        rounds = Rounds(self._book, self._columns, self._zone)
        return rounds.write(patches, append, seen=read[0] if read else None, fresh=fresh)

    def replace_report(
        self,
        tab: str,
        about: str,
        *,
        columns: Sequence[ReportColumn],
        rows: Iterable[Sequence[CellValue]],
        remark: str = "",
    ) -> tuple[str, ...]:
        """Fill a whole tab of its own with a read-only report, in place of what the report held before.

        Widths and colours of a report that is there already stay. Up to 2 MB are replaced in one step; of a
        longer report some rows may be new and others old if Google fails half-way: pull it again.

        Raises:
            LayoutError: no tab can be called like this, or it is the connection's own tab.
            SheetUnsafeError: the tab is not this report's.
            SheetError: it cannot be written.
        """
        if tab.casefold() == self._tab.casefold():
            raise LayoutError(
                f"The tab {tab!r} is the connection's own.", hint="A report needs a tab of its own."
            )
        book = Spreadsheet(self._book.http, self._id, tab=tab, expected=())
        reporting.replace(book, about, columns=columns, rows=rows, remark=remark, zone=self._zone)
        return ()

    def _now(self) -> float:
        return self._access.waiting.ticks()


def _shows(seen: Looks, grid: Grid) -> bool:
    """Whether looks belong to this very header row."""
    texts = [fold(seen.cell(HEADER_ROW, place).get("formattedValue")) for place in range(len(grid.header))]
    return texts == [fold(text) for text in grid.header] and seen.grid.get("columnCount") == grid.width
