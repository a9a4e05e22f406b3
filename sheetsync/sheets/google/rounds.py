"""The rounds of a write: read, write, read again, until everything is where it belongs."""

from collections.abc import Collection, Mapping, Sequence
from datetime import tzinfo

from sheetsync.core import fields
from sheetsync.core.tab import CellValue, Patch
from sheetsync.ports import Written
from sheetsync.sheets.google import layouting, looks
from sheetsync.sheets.google.grid import Grid
from sheetsync.sheets.google.patience import Patience, give_up
from sheetsync.sheets.google.refusals import ChangedError, PassingError
from sheetsync.sheets.google.spreadsheet import Spreadsheet
from sheetsync.sheets.google.writing import Batch, plan, strays
from sheetsync.sheets.layout import HEADER_ROW, Column

MOVES = 6
"""How often a write looks again because rows or columns moved, before it gives up."""

SMALL_CELLS = 200_000
"""Cells of a tab that is read whole before and after a write, so that any move can be put right."""

Rows = Sequence[Mapping[str, CellValue]]


class Rounds:
    """Writes to one tab that people may sort at the same time.

    Args:
        book: the spreadsheet and its tab.
        columns: of the tab.
        zone: whose wall clock the times in cells show.
    """

    def __init__(self, book: Spreadsheet, columns: Sequence[Column], zone: tzinfo) -> None:
        self._book, self._columns, self._zone = book, columns, zone
        self._begun: set[str] = set()

    def write(self, patches: Sequence[Patch], append: Rows, *, seen: Grid | None, fresh: bool) -> Written:
        """Write patches and new rows; return what became of the patches.

        Args:
            patches: for rows that are there.
            append: new rows.
            seen: the tab as it was read last, if it was.
            fresh: whether that may stand for a reading right before the write: no patch depends on a cell.

        Raises:
            SheetError, LayoutError: Google refused, or the tab never stood still.
        """
        patience = self._book.waiting.patience()
        grid = seen if seen is not None and fresh else self._before(seen, patches, whole=bool(append))
        batch = self._plan(grid, patches, append)
        moves = 0
        while batch.cells:
            sent = self._send(grid, batch, patience)
            after = self._after(grid, batch, whole=not sent)
            if after.shows(grid, batch.cells):
                return batch.written()
            after = after if after.complete else self._book.whole()
            mended = strays(grid, after, batch)
            grid = after.overlaid(mended)
            self._begun |= batch.appended.keys()
            again = self._plan(grid, patches, append)
            if sent and not mended and again.cells == batch.cells:
                return batch.written()  # nothing moved: Google keeps these values in a spelling of its own
            again.put_back(mended)
            batch, moves = again, moves + sent
            if moves == MOVES:
                raise give_up("it was written")
        return batch.written()

    def _plan(self, grid: Grid, patches: Sequence[Patch], append: Rows) -> Batch:
        grid.require()
        return plan(grid, patches, append, zone=self._zone, begun=self._begun)

    def _before(self, seen: Grid | None, patches: Sequence[Patch], *, whole: bool) -> Grid:
        """Return the tab as it is right before a write: of a large one, the columns that matter."""
        if seen is None or whole or seen.last * len(seen.columns) <= SMALL_CELLS:
            return self._book.whole()
        codes = {fields.ACCOUNT_ID, fields.KEY}
        for patch in patches:
            codes |= {*patch.only_if, *patch.cells, *patch.otherwise}
        some = self._book.some(_places(seen, codes))
        return some if some.header == seen.header else self._book.whole()

    def _after(self, before: Grid, batch: Batch, *, whole: bool) -> Grid:
        """Return the tab as it is after a write; of a large one, what tells whether rows moved."""
        last = max(before.last, batch.rows)
        if whole or last * max(len(before.header), 1) <= SMALL_CELLS:
            return self._book.whole()
        codes = {fields.ACCOUNT_ID}
        written = {place for row, place in batch.cells if row <= before.last}
        if written:
            codes.add(fields.KEY)
        if before.places.get(fields.STATUS) in written:
            codes.add(fields.STATUS)
        return self._book.some(_places(before, codes))

    def _send(self, grid: Grid, batch: Batch, patience: Patience) -> bool:
        """Write a batch; return whether all of it arrived. Else somebody has to look before trying again."""
        try:
            lacking = batch.rows - grid.rows
            if grid.rows and lacking > 0:
                self._grow(grid, lacking + layouting.ROOM)
            self._book.write(batch.cells)
        except PassingError as error:
            patience.wait(error)
            return False
        except ChangedError:
            return False
        return True

    def _grow(self, grid: Grid, length: int) -> None:
        """Add rows at the end; a lost answer is no harm, because the next try looks how many there are."""
        if self._book.sheet_id is None:
            self._book.describe([f"{HEADER_ROW}:{HEADER_ROW}"], "data(startRow)")
        sheet_id = self._book.sheet_id or 0
        more = looks.more(sheet_id, "ROWS", length)
        self._book.change([more, *layouting.dress(sheet_id, self._columns, grid.places, start_row=grid.rows)])
        grid.rows += length


def _places(grid: Grid, codes: Collection[str]) -> list[int]:
    return sorted(grid.places[code] for code in codes if code in grid.places)
