"""Requests that write `CellData`: values, formats, notes, validation."""

from dataclasses import replace
from typing import Any

from tests.emulators.sheets.batch.common import Handler, corner, each, grid, tab
from tests.emulators.sheets.context import Box, Context
from tests.emulators.sheets.discovery import check_update_mask
from tests.emulators.sheets.errors import ApiError, Json
from tests.emulators.sheets.formulas import carried
from tests.emulators.sheets.masks import Tree, merged, update_mask
from tests.emulators.sheets.model import PLAIN, Cell, Formula, Look, Row, Sheet
from tests.emulators.sheets.parsing import number
from tests.emulators.sheets.styles import completed

_SIDES = ("top", "bottom", "left", "right")
_LOOKS = {"userEnteredFormat", "note", "dataValidation", "textFormatRuns"}


def cell_mask(text: str) -> Tree:
    """The mask of a request that writes cells.

    Raises:
        ApiError: It names no field, or one that cells do not have.
    """
    tree = update_mask(text)
    check_update_mask("CellData", tree)
    return tree


def content(value: Json | None) -> Cell:
    """An `ExtendedValue` as a cell's content."""
    if not value:
        return None
    [(kind, plain)] = list(value.items())[:1]
    if kind == "formulaValue":
        return Formula(plain) if str(plain).startswith("=") else plain or None
    if kind == "numberValue":
        return number(plain)
    return None if kind == "errorValue" or plain == "" else plain


class Dresser:
    """Gives cells the look of a `CellData`; the same look again costs nothing.

    Args:
        data: The `CellData`.
        tree: Its fields that count.
    """

    def __init__(self, data: Json, tree: Tree) -> None:
        self._data, self._tree = data, tree
        self._known: dict[int, tuple[Look, Look]] = {}
        self._idle = "*" not in tree and not _LOOKS & tree.keys()

    def dress(self, row: Row, column: int) -> None:
        """Change one cell."""
        if self._idle:
            return
        old = row.look(column)
        known = self._known.get(id(old))
        if known is None:
            known = self._known[id(old)] = (old, self._changed(old))
        row.dress(column, known[1])

    def _changed(self, old: Look) -> Look:
        data, tree = self._data, self._tree
        look = old
        if self._counts("userEnteredFormat"):
            branch = tree.get("userEnteredFormat", {})
            fresh = completed(data.get("userEnteredFormat", {}))
            base = _without_pairs(old.form, branch)
            look = replace(look, form=completed(_tidy(merged(base, fresh, branch))))
        if self._counts("note"):
            look = replace(look, note=data.get("note", ""))
        if self._counts("dataValidation"):
            look = replace(look, validation=data.get("dataValidation"))
        if self._counts("textFormatRuns"):
            look = replace(look, runs=tuple(data.get("textFormatRuns", ())))
        return PLAIN if look.empty else look

    def _counts(self, name: str) -> bool:
        return "*" in self._tree or name in self._tree


def _tidy(form: Json) -> Json:
    return {name: value for name, value in form.items() if value is not None}


def _without_pairs(form: Json, tree: Tree) -> Json:
    """A format without the other notation of the colours that are about to change."""
    result = dict(form)
    for name, branch in tree.items():
        result.pop(f"{name}Style" if not name.endswith("Style") else name.removesuffix("Style"), None)
        if branch and isinstance(result.get(name), dict):
            result[name] = _without_pairs(result[name], branch)
    return result


def writes_value(tree: Tree) -> bool:
    """Whether a mask covers the value."""
    return "*" in tree or "userEnteredValue" in tree


def repeat_cell(context: Context, body: Json) -> Json:
    """Write one cell's data all over a range."""
    tree = cell_mask(body.get("fields", ""))
    sheet, box = grid(context, body.get("range", {}))
    context.check_edit(sheet, box)
    data = body.get("cell", {})
    value, dresser = content(data.get("userEnteredValue")), Dresser(data, tree)
    values = writes_value(tree)
    for row, at, column in each(sheet, box):
        if values:
            row.put(column, carried(value, at - box[0], column - box[1]))
        dresser.dress(row, column)
    return {}


def update_cells(context: Context, body: Json) -> Json:
    """Write rows of cells; in a range, cells without data lose the fields named."""
    tree = cell_mask(body.get("fields", ""))
    rows = body.get("rows", [])
    if "start" in body:
        sheet, top, left = corner(context, body["start"])
        box = (
            top,
            left,
            top + len(rows),
            left + max((len(row.get("values", [])) for row in rows), default=0),
        )
        if box[2] > sheet.height or box[3] > sheet.width:
            raise ApiError("Attempting to write outside of the grid: add rows or columns first.")
    else:
        sheet, box = grid(context, body.get("range", {}))
        _check_rows(rows, box)
    context.check_edit(sheet, box)
    _write_rows(sheet, box, rows, tree, ragged="start" in body)
    return {}


def _check_rows(rows: list[Json], box: Box) -> None:
    if len(rows) > box[2] - box[0]:
        raise ApiError(f"Attempting to write row: {box[2]}, beyond the last requested row of: {box[2] - 1}")
    for row in rows:
        if len(row.get("values", [])) > box[3] - box[1]:
            raise ApiError(
                f"Attempting to write column: {box[3]}, beyond the last requested column of: {box[3] - 1}"
            )


def _write_rows(sheet: Sheet, box: Box, rows: list[Json], tree: Tree, *, ragged: bool) -> None:
    values = writes_value(tree)
    for at in range(box[0], box[2]):
        data = rows[at - box[0]].get("values", []) if at - box[0] < len(rows) else []
        for column in range(box[1], box[1] + len(data) if ragged else box[3]):
            cell = data[column - box[1]] if column - box[1] < len(data) else {}
            if values:
                sheet.rows[at].put(column, content(cell.get("userEnteredValue")))
            Dresser(cell, tree).dress(sheet.rows[at], column)


def append_cells(context: Context, body: Json) -> Json:
    """Write rows of cells after the last row that holds a value."""
    tree = cell_mask(body.get("fields", ""))
    sheet = tab(context, body.get("sheetId", 0))
    rows = body.get("rows", [])
    last = max(
        (at for at, row in enumerate(sheet.rows) if any(v is not None for v in row.values)), default=-1
    )
    width = max([sheet.width, *(len(row.get("values", [])) for row in rows)])
    height = max(sheet.height, last + 1 + len(rows))
    context.book.check_size(height * width - sheet.height * sheet.width)
    sheet.resize(height, width)
    box = (last + 1, 0, last + 1 + len(rows), width)
    context.check_edit(sheet, box)
    _write_rows(sheet, box, rows, tree, ragged=True)
    return {}


def set_data_validation(context: Context, body: Json) -> Json:
    """Set or remove the rule that says what cells may hold."""
    sheet, box = grid(context, body.get("range", {}))
    context.check_edit(sheet, box)
    dresser = Dresser({"dataValidation": body.get("rule")}, {"dataValidation": {}})
    for row, _at, column in each(sheet, box):
        dresser.dress(row, column)
    return {}


def update_borders(context: Context, body: Json) -> Json:
    """Draw lines around and within a range."""
    sheet, box = grid(context, body.get("range", {}))
    context.check_edit(sheet, box)
    for row, at, column in each(sheet, box):
        drawn = _borders(body, box, at, column)
        if drawn:
            look = row.look(column)
            borders = {**look.form.get("borders", {}), **completed(drawn)}
            borders = {side: line for side, line in borders.items() if line.get("style") != "NONE"}
            row.dress(column, replace(look, form={**look.form, "borders": borders}))
    return {}


def _borders(body: Json, box: Box, at: int, column: int) -> dict[str, Any]:
    edges = {
        "top": at == box[0],
        "bottom": at == box[2] - 1,
        "left": column == box[1],
        "right": column == box[3] - 1,
    }
    drawn = {}
    for side in _SIDES:
        inner = "innerHorizontal" if side in {"top", "bottom"} else "innerVertical"
        name = side if edges[side] else inner
        if name in body:
            drawn[side] = body[name]
    return drawn


HANDLERS: dict[str, Handler] = {
    "repeatCell": repeat_cell,
    "updateCells": update_cells,
    "appendCells": append_cells,
    "setDataValidation": set_data_validation,
    "updateBorders": update_borders,
}
