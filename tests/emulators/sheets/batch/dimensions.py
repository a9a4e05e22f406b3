"""Requests about whole rows and columns."""

from dataclasses import replace
from typing import TypeVar

from tests.emulators.sheets import shifting
from tests.emulators.sheets.batch.common import Handler, lines, tab
from tests.emulators.sheets.context import Context
from tests.emulators.sheets.errors import ApiError, Json
from tests.emulators.sheets.formats import shown
from tests.emulators.sheets.formulas import value_of
from tests.emulators.sheets.masks import merged, update_mask
from tests.emulators.sheets.model import PLAIN, Look, Row, Sheet
from tests.emulators.sheets.render import COLUMN_PIXELS, ROW_PIXELS

# Of an average letter of the usual font, and of the margin left and right.
_LETTER_PIXELS = 7
_MARGIN_PIXELS = 6
MIN_COLUMN_PIXELS = 21

Item = TypeVar("Item")


def append_dimension(context: Context, body: Json) -> Json:
    """Add rows or columns at the end."""
    sheet = tab(context, body.get("sheetId", 0))
    length = body.get("length", 0)
    rows = sheet.height + (length if body.get("dimension") != "COLUMNS" else 0)
    columns = sheet.width + (length if body.get("dimension") == "COLUMNS" else 0)
    context.book.check_size(rows * columns - sheet.height * sheet.width)
    sheet.resize(rows, columns)
    return {}


def insert_dimension(context: Context, body: Json) -> Json:
    """Insert rows or columns; they look like those after them, or before them."""
    sheet, rows, start, end = lines(context, body.get("range", {}))
    size = sheet.height if rows else sheet.width
    if start > size:
        raise ApiError(
            f"range.startIndex[{start}] is after last {'row' if rows else 'column'} in grid[{size}]"
        )
    before = bool(body.get("inheritFromBefore"))
    if before and start == 0:
        raise ApiError("inheritFromBefore cannot be true when inserting at the start of the grid.")
    context.check_edit(sheet, _crossed(sheet, rows, start))
    count = end - start
    context.book.check_size(count * (sheet.width if rows else sheet.height))
    insert(context, sheet, rows=rows, at=start, count=count)
    _inherit(sheet, rows, start, count, start - 1 if before else start + count)
    return {}


def _crossed(sheet: Sheet, rows: bool, at: int) -> tuple[int, int, int, int]:  # noqa: FBT001 - as `lines` gives it
    """The line that an insertion pushes away."""
    return (at, 0, at + 1, sheet.width) if rows else (0, at, sheet.height, at + 1)


def insert(context: Context, sheet: Sheet, *, rows: bool, at: int, count: int) -> None:
    """Put empty rows or columns before row or column `at`."""
    if rows:
        sheet.rows[at:at] = [Row() for _ in range(count)]
    else:
        sheet.columns[at:at] = [{} for _ in range(count)]
        for row in sheet.rows:
            if len(row.values) > at:
                row.values[at:at] = [None] * count
            if len(row.looks) > at:
                row.looks[at:at] = [PLAIN] * count
    shift, place = shifting.inserted(at, count), shifting.place_inserted(at, count)
    shifting.everything(context.book, sheet, rows=rows, shift=shift, place=place)


def _inherit(sheet: Sheet, rows: bool, at: int, count: int, source: int) -> None:  # noqa: FBT001
    if rows:
        if source < sheet.height:
            looks = sheet.rows[source].looks
            for row in sheet.rows[at : at + count]:
                row.looks = [_format_only(look) for look in looks]
        return
    for row in sheet.rows:
        look = _format_only(row.look(source))
        for column in range(at, at + count):
            row.dress(column, look)


def _format_only(look: Look) -> Look:
    return replace(look, note="", runs=()) if look.note or look.runs else look


def delete_dimension(context: Context, body: Json) -> Json:
    """Remove rows or columns."""
    sheet, rows, start, end = lines(context, body.get("range", {}))
    size, word = (sheet.height, "rows") if rows else (sheet.width, "columns")
    if start >= size or end > size:
        raise ApiError(f"Cannot delete {word} beyond the end of the grid, which has {size}.")
    if start <= 0 and end >= size:
        raise ApiError(f"You can't delete all the {word} on the sheet.")
    if sheet.frozen.get("frozenRowCount" if rows else "frozenColumnCount", 0) and _keeps_frozen_only(
        sheet, rows, start, end
    ):
        raise ApiError(f"Sorry, it is not possible to delete all non-frozen {word}.")
    box = (start, 0, end, sheet.width) if rows else (0, start, sheet.height, end)
    context.check_edit(sheet, box)
    remove(context, sheet, rows=rows, start=start, end=end)
    return {}


def _keeps_frozen_only(sheet: Sheet, rows: bool, start: int, end: int) -> bool:  # noqa: FBT001
    frozen = sheet.frozen.get("frozenRowCount" if rows else "frozenColumnCount", 0)
    return start <= frozen and end >= (sheet.height if rows else sheet.width)


def remove(context: Context, sheet: Sheet, *, rows: bool, start: int, end: int) -> None:
    """Cut rows or columns out."""
    if rows:
        del sheet.rows[start:end]
    else:
        del sheet.columns[start:end]
        for row in sheet.rows:
            del row.values[start:end]
            del row.looks[start:end]
    name = "frozenRowCount" if rows else "frozenColumnCount"
    frozen = sheet.frozen.get(name, 0)
    if start < frozen:
        sheet.frozen[name] = frozen - (min(end, frozen) - start)
    shift, place = shifting.deleted(start, end), shifting.place_deleted(start, end)
    shifting.everything(context.book, sheet, rows=rows, shift=shift, place=place)


def move_dimension(context: Context, body: Json) -> Json:
    """Put rows or columns elsewhere."""
    sheet, rows, start, end = lines(context, body.get("source", {}))
    to, size = body.get("destinationIndex", 0), sheet.height if rows else sheet.width
    if to > size or end > size:
        raise ApiError(f"destinationIndex[{to}] or source lies outside of the grid[{size}]")
    if start < to < end:
        raise ApiError("The destination must not lie within the source.")
    first, last = min(start, to), max(end, to)
    context.check_edit(sheet, (first, 0, last, sheet.width) if rows else (0, first, sheet.height, last))
    if rows:
        _move(sheet.rows, start, end, to)
    else:
        _move(sheet.columns, start, end, to)
        for row in sheet.rows:
            _move_padded(row.values, None, (start, end, to))
            _move_padded(row.looks, PLAIN, (start, end, to))
    shift, place = shifting.moved(start, end, to), shifting.place_moved(start, end, to)
    shifting.everything(context.book, sheet, rows=rows, shift=shift, place=place)
    return {}


def _move(items: list[Item], start: int, end: int, to: int) -> None:
    cut = items[start:end]
    del items[start:end]
    at = to if to <= start else to - (end - start)
    items[at:at] = cut


def _move_padded(items: list[Item], filler: Item, where: tuple[int, int, int]) -> None:
    start, end, to = where
    far = max(end, to)
    if len(items) > min(start, to):
        items.extend([filler] * (far - len(items)))
        _move(items, start, end, to)


def update_dimension_properties(context: Context, body: Json) -> Json:
    """Hide, show or size rows or columns."""
    sheet, rows, start, end = lines(context, body.get("range", {}))
    tree = update_mask(body.get("fields", ""))
    wanted = body.get("properties", {})
    for meta in _metas(sheet, rows, start, end):
        changed = merged(meta, wanted, tree)
        meta.clear()
        meta.update({name: value for name, value in changed.items() if value is not False})
    return {}


def _metas(sheet: Sheet, rows: bool, start: int, end: int) -> list[Json]:  # noqa: FBT001
    return [row.meta for row in sheet.rows[start:end]] if rows else sheet.columns[start:end]


def auto_resize_dimensions(context: Context, body: Json) -> Json:
    """Make columns as wide as their longest text, and rows as high as one line."""
    sheet, rows, start, end = lines(context, body.get("dimensions", {}))
    for index, meta in enumerate(_metas(sheet, rows, start, end), start):
        size = ROW_PIXELS if rows else _fitting(context, sheet, index)
        meta.pop("pixelSize", None)
        if size != (ROW_PIXELS if rows else COLUMN_PIXELS):
            meta["pixelSize"] = size
    return {}


def _fitting(context: Context, sheet: Sheet, column: int) -> int:
    longest = 0
    for at, row in enumerate(sheet.rows):
        if row.value(column) is not None:
            value = value_of(context.book, sheet, at, column)
            text = shown(value, row.look(column).form.get("numberFormat"))
            longest = max(longest, *map(len, text.split("\n")))
    return max(longest * _LETTER_PIXELS + _MARGIN_PIXELS, MIN_COLUMN_PIXELS) if longest else COLUMN_PIXELS


def _groups(context: Context, spot: Json) -> tuple[Sheet, str, Json]:
    sheet, rows, start, end = lines(context, spot)
    whole = {
        "sheetId": sheet.sheet_id,
        "dimension": "ROWS" if rows else "COLUMNS",
        "startIndex": start,
        "endIndex": end,
    }
    return sheet, "rowGroups" if rows else "columnGroups", whole


def add_dimension_group(context: Context, body: Json) -> Json:
    """Group rows or columns so that they can be folded."""
    sheet, name, spot = _groups(context, body.get("range", {}))
    groups = sheet.parts.setdefault(name, [])
    inside = [g["depth"] for g in groups if _contains(g["range"], spot)]
    for group in groups:
        if _contains(spot, group["range"]) and group["range"] != spot:
            group["depth"] += 1
    groups.append({"range": spot, "depth": max(inside, default=0) + 1})
    return {"dimensionGroups": _shown(groups)}


def _contains(outer: Json, inner: Json) -> bool:
    return bool(outer["startIndex"] <= inner["startIndex"] and outer["endIndex"] >= inner["endIndex"])


def _shown(groups: list[Json]) -> list[Json]:
    return [
        {**group, "range": {k: v for k, v in group["range"].items() if (k, v) != ("sheetId", 0)}}
        for group in groups
    ]


def delete_dimension_group(context: Context, body: Json) -> Json:
    """Ungroup rows or columns, the innermost group first."""
    sheet, name, spot = _groups(context, body.get("range", {}))
    groups: list[Json] = sheet.parts.get(name, [])
    inner = [group for group in groups if _contains(group["range"], spot)]
    if not inner:
        raise ApiError("No group exists for the rows or columns given.")
    groups.remove(max(inner, key=lambda group: int(group["depth"])))
    if not groups:
        sheet.parts.pop(name)
        return {}
    return {"dimensionGroups": _shown(groups)}


def update_dimension_group(context: Context, body: Json) -> Json:
    """Fold or unfold a group."""
    wanted = body.get("dimensionGroup", {})
    tree = update_mask(body.get("fields", ""))
    sheet, name, spot = _groups(context, wanted.get("range", {}))
    groups = sheet.parts.get(name, [])
    for index, group in enumerate(groups):
        if group["range"] == spot and group["depth"] == wanted.get("depth", group["depth"]):
            groups[index] = merged(group, wanted, tree)
            for meta in _metas(sheet, name == "rowGroups", spot["startIndex"], spot["endIndex"]):
                meta.pop("hiddenByUser", None)
                if wanted.get("collapsed"):
                    meta["hiddenByUser"] = True
            return {}
    raise ApiError("No group exists for the rows or columns given.")


HANDLERS: dict[str, Handler] = {
    "appendDimension": append_dimension,
    "insertDimension": insert_dimension,
    "deleteDimension": delete_dimension,
    "moveDimension": move_dimension,
    "updateDimensionProperties": update_dimension_properties,
    "autoResizeDimensions": auto_resize_dimensions,
    "addDimensionGroup": add_dimension_group,
    "deleteDimensionGroup": delete_dimension_group,
    "updateDimensionGroup": update_dimension_group,
}
