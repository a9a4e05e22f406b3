"""What of a copied cell is pasted."""

from dataclasses import replace

from tests.emulators.sheets.model import Cell, Look, Row


def pasted(row: Row, column: int, content: tuple[Cell, Look], kind: str) -> None:
    """Paste value, look or both into a cell.

    Args:
        row: Of the cell.
        column: Of the cell.
        content: The copied value and look.
        kind: A `PasteType`.
    """
    cell, look = content
    old = row.look(column)
    if kind not in {"PASTE_FORMAT", "PASTE_DATA_VALIDATION", "PASTE_CONDITIONAL_FORMATTING"}:
        row.put(column, cell)
    if kind == "PASTE_NORMAL":
        row.dress(column, look)
    elif kind == "PASTE_FORMAT":
        row.dress(column, replace(old, form=look.form))
    elif kind == "PASTE_DATA_VALIDATION":
        row.dress(column, replace(old, validation=look.validation))
    elif kind == "PASTE_NO_BORDERS":
        form = {name: value for name, value in look.form.items() if name != "borders"}
        row.dress(column, replace(look, form=form))
