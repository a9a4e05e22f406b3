"""Requests that move or copy cells within a tab: copy, cut, sort, shift, merge."""

from tests.emulators.sheets.batch.common import Handler, as_range, corner, each, grid
from tests.emulators.sheets.batch.pasting import pasted
from tests.emulators.sheets.context import Box, Context, bounds
from tests.emulators.sheets.errors import ApiError, Json
from tests.emulators.sheets.formulas import Reference, carried, rewritten, value_of
from tests.emulators.sheets.model import PLAIN, Cell, Failure, Formula, Look, Sheet, Value

_Content = list[list[tuple[Cell, Look]]]


def _taken(sheet: Sheet, box: Box) -> _Content:
    """What is in a box."""
    columns = range(box[1], box[3])
    return [
        [(row.value(column), row.look(column)) for column in columns] for row in sheet.rows[box[0] : box[2]]
    ]


def _wiped(sheet: Sheet, box: Box) -> None:
    for row, _at, column in each(sheet, box):
        row.put(column, None)
        row.dress(column, PLAIN)


def copy_paste(context: Context, body: Json) -> Json:
    """Copy a range over another, repeated if the other is larger."""
    source, box = grid(context, body.get("source", {}))
    target, wide = grid(context, body.get("destination", {}))
    content = _taken(source, box)
    if body.get("pasteOrientation") == "TRANSPOSE":
        content = [list(column) for column in zip(*content, strict=True)]
    height, width = _tiled(wide[2] - wide[0], len(content)), _tiled(wide[3] - wide[1], len(content[0]))
    over = (wide[0], wide[1], min(wide[0] + height, target.height), min(wide[1] + width, target.width))
    context.check_edit(target, over)
    kind = body.get("pasteType", "PASTE_NORMAL")
    values = _computed(context, source, box) if kind == "PASTE_VALUES" else None
    for row, at, column in each(target, over):
        down, right = (at - over[0]) % len(content), (column - over[1]) % len(content[0])
        cell, look = content[down][right]
        moved = carried(cell, at - box[0] - down, column - box[1] - right)
        if values is not None:
            moved = values[down][right]
        pasted(row, column, (moved, look), kind)
    return {}


def _tiled(room: int, size: int) -> int:
    """As many whole copies as fit, but at least one."""
    return max(room // size, 1) * size


def _computed(context: Context, sheet: Sheet, box: Box) -> list[list[Cell]]:
    return [
        [_plain(value_of(context.book, sheet, at, column)) for column in range(box[1], box[3])]
        for at in range(box[0], box[2])
    ]


def _plain(value: Value) -> Cell:
    return Formula(f"={value.code}") if isinstance(value, Failure) else value


def cut_paste(context: Context, body: Json) -> Json:
    """Move a range; formulas that name its cells follow."""
    source, box = grid(context, body.get("source", {}))
    target, top, left = corner(context, body.get("destination", {}))
    over = (top, left, top + box[2] - box[0], left + box[3] - box[1])
    if over[2] > target.height or over[3] > target.width:
        raise ApiError("Attempting to paste outside of the grid.")
    context.check_edit(source, box)
    context.check_edit(target, over)
    content = _taken(source, box)
    kind = body.get("pasteType", "PASTE_NORMAL")
    _wiped(source, box)
    for row, at, column in each(target, over):
        pasted(row, column, content[at - top][column - left], kind)
    _follow(context, source, box, (target, top - box[0], left - box[1]))
    return {}


def _follow(context: Context, source: Sheet, box: Box, to: tuple[Sheet, int, int]) -> None:
    """Formulas that name a moved cell name its new place; only within one tab."""
    target, down, right = to
    if target is not source:
        return
    title = source.title.casefold()
    for sheet in context.book.sheets:

        def mover(at: Reference, *, here: bool = sheet is source) -> tuple[int, int]:
            mine = here if at.title is None else at.title.casefold() == title
            if mine and box[0] <= at.row < box[2] and box[1] <= at.column < box[3]:
                return at.row + down, at.column + right
            return at.row, at.column

        for row in sheet.rows:
            for column, cell in enumerate(row.values):
                if type(cell) is Formula:
                    row.values[column] = Formula(rewritten(cell.text, mover))


def sort_range(context: Context, body: Json) -> Json:
    """Sort the rows of a range; what lies left and right of it stays where it is."""
    sheet, box = grid(context, body.get("range", {}))
    context.check_edit(sheet, box)
    order = list(range(box[0], box[2]))
    for spec in reversed(body.get("sortSpecs", [])):
        column = spec.get("dimensionIndex", 0)
        if not box[1] <= column < box[3]:
            raise ApiError(f"SortSpec.dimensionIndex[{column}] must lie within the range.")
        order = _sorted(context, sheet, order, column, descending=spec.get("sortOrder") == "DESCENDING")
    content = _taken(sheet, box)
    for at, old in enumerate(order, box[0]):
        row = sheet.rows[at]
        for column, (cell, look) in enumerate(content[old - box[0]], box[1]):
            row.put(column, carried(cell, at - old, 0))
            row.dress(column, look)
    return {}


def _sorted(context: Context, sheet: Sheet, order: list[int], column: int, *, descending: bool) -> list[int]:
    """Rows by one column: numbers, texts, booleans, errors; what is empty comes last in either order."""
    keyed = [(at, value_of(context.book, sheet, at, column)) for at in order]
    filled = [(at, value) for at, value in keyed if value is not None]
    filled.sort(key=lambda pair: _key(pair[1]), reverse=descending)
    return [at for at, _ in filled] + [at for at, value in keyed if value is None]


def _key(value: Value) -> tuple[int, float, str]:
    if isinstance(value, bool):
        return 2, float(value), ""
    if isinstance(value, (int, float)):
        return 0, float(value), ""
    return (3, 0, value.code) if isinstance(value, Failure) else (1, 0, str(value).casefold())


def insert_range(context: Context, body: Json) -> Json:
    """Put empty cells into a range; what was there moves down or right, as does what comes after."""
    return _shift(context, body, insert=True)


def delete_range(context: Context, body: Json) -> Json:
    """Cut a range out; what comes after moves up or left."""
    return _shift(context, body, insert=False)


def _shift(context: Context, body: Json, *, insert: bool) -> Json:
    sheet, box = grid(context, body.get("range", {}))
    rows = body.get("shiftDimension") != "COLUMNS"
    far = (box[0], box[1], sheet.height, box[3]) if rows else (box[0], box[1], box[2], sheet.width)
    context.check_edit(sheet, far)
    content = _taken(sheet, far)
    down, right = (box[2] - box[0], 0) if rows else (0, box[3] - box[1])
    if not insert:
        down, right = -down, -right
    _wiped(sheet, far)
    for row, at, column in each(sheet, far):
        from_row, from_column = at - down - far[0], column - right - far[1]
        if 0 <= from_row < len(content) and 0 <= from_column < len(content[0]):
            cell, look = content[from_row][from_column]
            row.put(column, carried(cell, 0, 0))
            row.dress(column, look)
    return {}


def merge_cells(context: Context, body: Json) -> Json:
    """Merge cells; all but the first lose their values."""
    sheet, box = grid(context, body.get("range", {}))
    context.check_edit(sheet, box)
    _unmerge(sheet, box)
    kind = body.get("mergeType", "MERGE_ALL")
    boxes = [box]
    if kind == "MERGE_ROWS":
        boxes = [(at, box[1], at + 1, box[3]) for at in range(box[0], box[2])]
    elif kind == "MERGE_COLUMNS":
        boxes = [(box[0], column, box[2], column + 1) for column in range(box[1], box[3])]
    for one in boxes:
        for row, at, column in each(sheet, one):
            if (at, column) != one[:2]:
                row.put(column, None)
        sheet.parts.setdefault("merges", []).append(as_range(sheet, one))
    return {}


def unmerge_cells(context: Context, body: Json) -> Json:
    """Take merged cells apart."""
    sheet, box = grid(context, body.get("range", {}))
    context.check_edit(sheet, box)
    _unmerge(sheet, box)
    return {}


def _unmerge(sheet: Sheet, box: Box) -> None:
    kept = []
    for merge in sheet.parts.pop("merges", []):
        top, left, bottom, right = bounds(merge, sheet)
        inside = box[0] <= top and box[1] <= left and box[2] >= bottom and box[3] >= right
        if not inside and top < box[2] and box[0] < bottom and left < box[3] and box[1] < right:
            raise ApiError("You must select all cells in a merged range to merge or unmerge them.")
        if not inside:
            kept.append(merge)
    if kept:
        sheet.parts["merges"] = kept


HANDLERS: dict[str, Handler] = {
    "copyPaste": copy_paste,
    "cutPaste": cut_paste,
    "sortRange": sort_range,
    "insertRange": insert_range,
    "deleteRange": delete_range,
    "mergeCells": merge_cells,
    "unmergeCells": unmerge_cells,
}
