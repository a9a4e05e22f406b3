"""Cells before anything in them is read as an edit: blank, text, or the balance that was written there."""

from sheetsync.core.accounts import Unit
from sheetsync.core.amounts import MAX_MINOR, format_amount
from sheetsync.core.tab import CellValue

_EXACT = 10**15
"""Below it a spreadsheet's number keeps every digit of a whole number."""


def is_blank(value: CellValue) -> bool:
    """Whether a cell holds nothing, spaces included."""
    return value is None or (isinstance(value, str) and not value.strip())


def text_of(value: CellValue) -> str:
    """Return a text cell's content, whatever a spreadsheet made of it: ``7`` and ``7.0`` were typed as 7."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return str(value)


def written(minor: int | None, unit: Unit) -> int | float | str | None:
    """Return what a cell reads as after the service wrote this balance into it.

    The quotient is the double nearest to the amount; beyond a spreadsheet's digits it is text.
    """
    if minor is None:
        return None
    if abs(minor) > MAX_MINOR:
        return format_amount(minor, unit)
    return minor / 10**unit.scale if unit.scale else minor


def shows(value: CellValue, minor: int | None, unit: Unit) -> bool:
    """Whether a raw cell holds exactly what the service would write for this balance."""
    if minor is None:
        return is_blank(value)
    return value == written(minor, unit) and not isinstance(value, bool)
