"""What moves along when rows or columns are inserted, deleted or moved."""

from collections.abc import Callable
from typing import Any

from tests.emulators.sheets.errors import Json
from tests.emulators.sheets.formulas import Reference, rewritten
from tests.emulators.sheets.model import Formula, Sheet, Spreadsheet

# Where a range from..to is after the change; None if nothing is left of it.
Shift = Callable[[int, int], tuple[int, int] | None]
# Where an index is after the change, for one edge of a range; None if it is gone.
Place = Callable[[int, int], int | None]


def inserted(at: int, count: int) -> Shift:
    """Of `count` new rows before row `at`: what begins there moves on, what contains it grows."""

    def shift(start: int, end: int) -> tuple[int, int]:
        if at <= start:
            return start + count, end + count
        return start, end + count if at < end else end

    return shift


def deleted(start: int, end: int) -> Shift:
    """Of the rows from `start` to before `end` gone."""

    def shift(first: int, last: int) -> tuple[int, int] | None:
        first, last = _after_cut(first, start, end), _after_cut(last, start, end)
        return None if first >= last else (first, last)

    return shift


def _after_cut(index: int, start: int, end: int) -> int:
    return index - max(0, min(index, end) - start)


def moved(start: int, end: int, to: int) -> Shift:
    """Of the rows from `start` to before `end` put before row `to`."""
    count = end - start
    target = to if to <= start else to - count

    def shift(first: int, last: int) -> tuple[int, int] | None:
        if start <= first and last <= end:
            return first - start + target, last - start + target
        if first <= start and end <= last and first <= to <= last:
            return first, last
        left = deleted(start, end)(first, last)
        return None if left is None else inserted(target, count)(*left)

    return shift


def place_inserted(at: int, count: int) -> Place:
    """Like `inserted`, for the cells in formulas."""
    return lambda index, _edge: index + count if index >= at else index


def place_deleted(start: int, end: int) -> Place:
    """Like `deleted`, for the cells in formulas: the edge of a range moves to the next cell that is left."""

    def place(index: int, edge: int) -> int | None:
        if not start <= index < end:
            return index - (end - start) if index >= end else index
        return {-1: start, 1: start - 1}.get(edge)

    return place


def place_moved(start: int, end: int, to: int) -> Place:
    """Like `moved`, for the cells in formulas."""
    count = end - start
    target = to if to <= start else to - count

    def place(index: int, _edge: int) -> int:
        if start <= index < end:
            return index - start + target
        index = index - count if index >= end else index
        return index + count if index >= target else index

    return place


def everything(book: Spreadsheet, sheet: Sheet, *, rows: bool, shift: Shift, place: Place) -> None:
    """Move along whatever hangs on a tab's rows or columns, but the cells themselves."""
    for name, part in list(sheet.parts.items()):
        kept = _shifted(part, sheet, rows=rows, shift=shift)
        if kept is None:
            del sheet.parts[name]
        else:
            sheet.parts[name] = kept
    book.named = _shifted(book.named, sheet, rows=rows, shift=shift) or []
    _formulas(book, sheet, rows=rows, place=place)


def _shifted(part: Any, sheet: Sheet, *, rows: bool, shift: Shift) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """A part with every range in it moved; None for one of which nothing is left."""
    if isinstance(part, list):
        kept = [_shifted(item, sheet, rows=rows, shift=shift) for item in part]
        return [item for item in kept if item is not None] or None
    if not isinstance(part, dict):
        return part
    if "dimension" in part and "startIndex" in part:
        return _line_range(part, rows=rows, shift=shift)
    if part.keys() <= _GRID_RANGE and part:
        return _grid_range(part, sheet, rows=rows, shift=shift)
    result = {name: _shifted(item, sheet, rows=rows, shift=shift) for name, item in part.items()}
    gone = any(
        result[name] is None and part[name] is not None for name in ("range", "ranges") if name in part
    )
    return None if gone else result


_GRID_RANGE = {"sheetId", "startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex"}


def _line_range(part: Json, *, rows: bool, shift: Shift) -> Json | None:
    if (part["dimension"] == "ROWS") != rows:
        return part
    there = shift(part["startIndex"], part["endIndex"])
    return None if there is None else {**part, "startIndex": there[0], "endIndex": there[1]}


def _grid_range(part: Json, sheet: Sheet, *, rows: bool, shift: Shift) -> Json | None:
    if part.get("sheetId", 0) != sheet.sheet_id:
        return part
    first, last = ("startRowIndex", "endRowIndex") if rows else ("startColumnIndex", "endColumnIndex")
    if last not in part and first not in part:
        return part
    far = 1 << 40
    there = shift(part.get(first, 0), part.get(last, far))
    if there is None:
        return None
    result = {**part, first: there[0]}
    if last in part:
        result[last] = there[1]
    return result


def _formulas(book: Spreadsheet, sheet: Sheet, *, rows: bool, place: Place) -> None:
    title = sheet.title.casefold()
    for tab in book.sheets:
        here = tab is sheet

        def mover(at: Reference, *, here: bool = here) -> tuple[int, int] | None:
            if here if at.title is None else at.title.casefold() == title:
                index = place(at.row if rows else at.column, at.edge)
                if index is None:
                    return None
                return (index, at.column) if rows else (at.row, index)
            return at.row, at.column

        for row in tab.rows:
            for column, cell in enumerate(row.values):
                if type(cell) is Formula:
                    row.values[column] = Formula(rewritten(cell.text, mover))
