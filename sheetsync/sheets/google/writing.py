"""Writing to a tab that people sort and move at the same time.

Google locks nothing. So rows are found by reading, written, and read again; where a row or a column moved in
between, what landed in a wrong place is put back and what is missing is written again, a few times at most.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cached_property

from sheetsync.core import fields
from sheetsync.core.tab import CellValue, Patch
from sheetsync.ports import Written
from sheetsync.sheets.google import cells
from sheetsync.sheets.google.cells import Json
from sheetsync.sheets.google.grid import Grid, same
from sheetsync.sheets.google.ranges import Place
from sheetsync.sheets.layout import HEADER_ROW, fold
from sheetsync.sheets.values import account_id


@dataclass
class Batch:
    """What is to be written at one moment.

    Attributes:
        cells: place → what it is to hold.
        appended: account ids of new rows → number of the row.
        rows: rows that the grid must have.
    """

    cells: dict[Place, Json] = field(default_factory=dict)
    appended: dict[str, int] = field(default_factory=dict)
    applied: set[str] = field(default_factory=set)
    otherwise: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    rows: int = 0

    def of_row(self, row: int) -> Mapping[int, Json]:
        """Return the cells of one row: place → what it is to hold."""
        return self._rows.get(row, {})

    @cached_property
    def _rows(self) -> dict[int, dict[int, Json]]:
        rows: dict[int, dict[int, Json]] = {}
        for (row, place), value in self.cells.items():
            rows.setdefault(row, {})[place] = value
        return rows

    def put_back(self, mended: Mapping[Place, CellValue]) -> None:
        """Add what is to be put back; what is to be written anew goes before it.

        Values as they were read are values as they are sent.
        """
        for at, value in mended.items():
            self.cells.setdefault(at, "" if value is None else value)  # type: ignore[arg-type]

    def written(self) -> Written:
        """Return what became of the patches."""
        return Written(frozenset(self.applied), frozenset(self.otherwise), frozenset(self.missing))


def plan(
    grid: Grid,
    patches: Sequence[Patch],
    append: Sequence[Mapping[str, CellValue]],
    *,
    zone: tzinfo,
    begun: Collection[str] = (),
) -> Batch:
    """Return what has to be written to a tab as it is, so that it shows patches and new rows.

    A cell that already holds what it should is left out. A new row whose id has a row is, too: another run
    appended it; unless an earlier try of ours began it.

    Args:
        grid: the tab as it is.
        patches: for rows that are there.
        append: new rows.
        zone: whose wall clock times show.
        begun: ids of new rows that an earlier try wrote, perhaps not whole.
    """
    batch = Batch()
    for patch in patches:
        rows = grid.by_id.get(patch.account_id, [])
        if not rows:
            batch.missing.add(patch.account_id)
        for row in [patch.row] if patch.row in rows else rows:
            _patch_row(batch, grid, row, patch, zone)
    last = grid.last
    for new in append:
        name = account_id(new.get(fields.ACCOUNT_ID))
        if name in batch.appended or (name in grid.by_id and name not in begun):
            continue
        row = grid.by_id[name][0] if name in grid.by_id else last + 1
        last = max(last, row)
        batch.appended[name] = row
        for code, value in new.items():
            content = cells.stored(value, zone)
            if code in grid.places and not _holds(grid, row, code, content):
                batch.cells[row, grid.places[code]] = content
    batch.rows = last if batch.appended else 0
    return batch


def _patch_row(batch: Batch, grid: Grid, row: int, patch: Patch, zone: tzinfo) -> None:
    wanted = {code: cells.stored(value, zone) for code, value in patch.cells.items()}
    done = all(_holds(grid, row, code, value) for code, value in wanted.items())
    if not (done and wanted) and not _fits(grid, row, patch, zone):
        batch.otherwise.add(patch.account_id)
        wanted = {code: cells.stored(value, zone) for code, value in patch.otherwise.items()}
    else:
        batch.applied.add(patch.account_id)
    for code, value in wanted.items():
        if code in grid.places and not _holds(grid, row, code, value):
            batch.cells[row, grid.places[code]] = value


def _fits(grid: Grid, row: int, patch: Patch, zone: tzinfo) -> bool:
    return all(same(grid.cell(row, code), cells.stored(value, zone)) for code, value in patch.only_if.items())


def _holds(grid: Grid, row: int, code: str, value: Json) -> bool:
    """Whether a cell holds exactly this; the number 1 is not the text "1"."""
    present = grid.cell(row, code)
    if value == "" or present is None:
        return present is None and (value == "" or code not in grid.places)
    texts = isinstance(present, str) == isinstance(value, str)
    return texts and present == value and isinstance(present, bool) == isinstance(value, bool)


SHOWN = frozenset({fields.STATUS, fields.MESSAGE, fields.CHECKED_AT})
"""What belongs to the id that people see in the row; the rest of a row belongs to its Key as well."""


def strays(before: Grid, after: Grid, batch: Batch) -> dict[Place, CellValue]:
    """Return what to put back: cells that hold what was meant for another row or column.

    Args:
        before: the tab on which the batch was planned.
        after: the tab read after it was written.
        batch: what was written.
    """
    mended = _overrun(before, after, batch)
    overlaid = after.overlaid(mended) if mended else after
    torn = _is_torn(before, after, batch)
    moved = before.header != after.header or _ids_moved(before, after, batch)
    written: dict[int, set[Json]] = {}
    for (_, place), value in batch.cells.items():
        written.setdefault(place, set()).add(value)
    for place, values in written.items():
        stray = _Stray(before, overlaid, batch, place, values, moved=moved, torn=torn)
        mended |= {at: value for at, value in stray.mended() if at not in mended}
    return mended


def _is_torn(before: Grid, after: Grid, batch: Batch) -> bool:
    """Whether somebody sorted ids away from Keys: then only what shows an id's status is put back by id.

    Rows that we did not write tell: their Key is in another row than their id.
    """
    found = enumerate(after.columns.get(after.places.get(fields.KEY, -1), []), 1)
    keys: dict[CellValue, int] = {text: row for row, text in found if row > HEADER_ROW and text}
    for name, (row, *others) in before.by_id.items():
        key, now = before.cell(row, fields.KEY), after.by_id.get(name, [])
        if not others and len(now) == 1 and not batch.of_row(row) and keys.get(key, now[0]) != now[0]:
            return True
    return False


def _ids_moved(before: Grid, after: Grid, batch: Batch) -> bool:
    known = before.ids[: before.last]
    appended = {row: name for name, row in batch.appended.items()}
    wanted = known + [appended.get(row, "") for row in range(len(known) + 1, batch.rows + 1)]
    return _trimmed(wanted) != _trimmed(after.ids)


def _trimmed(ids: Sequence[str]) -> list[str]:
    end = len(ids)
    while end and not ids[end - 1]:
        end -= 1
    return list(ids[HEADER_ROW:end])


@dataclass(slots=True)
class _Stray:
    """One column of the grid after a write, and the values that were written where it stands now."""

    before: Grid
    after: Grid
    batch: Batch
    place: int
    values: set[Json]
    moved: bool
    torn: bool

    def mended(self) -> list[tuple[Place, CellValue]]:
        header = self.after.header[self.place] if self.place < len(self.after.header) else None
        was_at = self._was_at(header)
        code = next((code for code, place in self.after.places.items() if place == self.place), "")
        if not self.moved and code not in (*SHOWN, fields.KEY):
            return []  # nobody moved anything: what differs was typed
        texts = {(value.__class__ is str, value) for value in self.values}
        found: list[tuple[Place, CellValue]] = []
        for row in range(HEADER_ROW + 1, max(self.after.last, self.batch.rows) + 1):
            present = self.after.at(row, self.place)
            shown = "" if present is None else present
            if (shown.__class__ is str, shown) in texts and self._is_stray(row, was_at, shown, code):
                found.append(((row, self.place), self._original(row, was_at)))
        return found

    def _was_at(self, header: CellValue) -> int | None:
        return self.before.identities.get(fold(header)) if header is not None else None

    def _row_before(self, row: int) -> int | None:
        name = self.after.id_at(row)
        new = [self.batch.appended[name]] if name in self.batch.appended else []
        rows = self.before.by_id.get(name, new)
        return rows[0] if len(rows) == 1 else None

    def _is_stray(self, row: int, was_at: int | None, shown: CellValue, code: str) -> bool:
        """Whether the cell holds what was meant for another row or column."""
        row_before = self._row_before(row)
        if row_before is None or was_at is None:
            return self.batch.cells.get((row, self.place)) == shown and shown != ""
        if was_at not in self.before.columns:
            return False
        meant = self.batch.cells.get((row_before, was_at))
        if same(self.before.at(row_before, was_at), shown):
            return False
        if meant is not None and same(meant, shown) and self._arrived(row, row_before):
            return False
        return code in SHOWN or not self.torn

    def _arrived(self, row: int, row_before: int) -> bool:
        """Whether all that was meant for a row is in it: its cells travelled together."""
        for place, value in self.batch.of_row(row_before).items():
            now_at = self.after.identities.get(fold(self.before.header[place]))
            if now_at is None or not same(self.after.at(row, now_at), value):
                return False
        return True

    def _original(self, row: int, was_at: int | None) -> CellValue:
        row_before = self._row_before(row)
        if row_before is None or was_at is None:
            return None
        return self.before.at(row_before, was_at)


def _overrun(before: Grid, after: Grid, batch: Batch) -> dict[Place, CellValue]:
    """Return how to put rows back over which new ones were written, because rows were inserted above them."""
    if not batch.appended:
        return {}
    present = {"", *after.ids}
    lost = [row for row in range(HEADER_ROW + 1, before.last + 1) if before.id_at(row) not in present]
    new = sorted(batch.appended.values())
    if not lost or len(lost) > len(new) or lost[-1] != before.last or not after.id_at(before.last):
        return {}
    owners = dict(zip(new, lost, strict=False))
    return {
        (row, place): before.at(owners[row], place)
        for row, place in batch.cells
        if row in owners and place in before.columns
    }
