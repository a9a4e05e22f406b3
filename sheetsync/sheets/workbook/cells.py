"""Cell values: how ours are written and how theirs are compared."""

from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any

from openpyxl.styles.numbers import is_date_format, is_timedelta_format
from openpyxl.utils.datetime import from_excel

from sheetsync.core.tab import CellValue
from sheetsync.sheets.values import EXACT_DIGITS, local, storable

_FORMULA_STARTS = ("=", "+", "-", "@")


def at_zone(value: CellValue, zone: tzinfo) -> CellValue:
    """Return the value as a cell would show it: a moment by the zone's wall clock."""
    return local(value, zone) if isinstance(value, datetime) else value


def moment(value: float, epoch: datetime) -> CellValue:
    """Return the moment that a cell's number stands for; the number itself if it is no valid one."""
    try:
        found: CellValue = from_excel(value, epoch)
    except (OverflowError, ValueError):
        return value
    return found


def typed(cell: Any) -> CellValue:  # noqa: ANN401 - openpyxl's stubs do not fit its cells
    """Return a loaded cell's value as reading the tab returns it; a formula's is its text."""
    value = cell._value  # noqa: SLF001 - ``value`` is the same, slower
    if cell.data_type == "f":
        return formula_text(value)
    if isinstance(value, list):
        return str(value)
    if cell.data_type == "n" and value is not None:
        value = _number(value) if isinstance(value, str) else value
        style = cell.number_format
        if is_date_format(style) and not is_timedelta_format(style):
            return moment(value, cell.parent.parent.epoch)
    found: CellValue = value
    return found


def _number(digits: str) -> float:
    return int(digits) if digits.lstrip("-").isdigit() else float(digits)


def formula_text(value: object) -> str:
    """Return a formula as text, whichever kind it is."""
    return value if isinstance(value, str) else str(getattr(value, "text", None) or "=")


def _as_number(value: float | Decimal) -> tuple[object, str]:
    """Return what is stored and its type: a number only if every digit of it survives."""
    number = Decimal(str(value))
    if not number.is_finite() or len(number.normalize().as_tuple().digits) > EXACT_DIGITS:
        return str(value), "s"
    return (int(number) if number == number.to_integral_value() else float(number)), "n"


def stored(value: CellValue, zone: tzinfo) -> tuple[object, str]:
    """Return what a cell stores for a value, and the cell's type.

    The type is given, never guessed from the text: ``=1+1``, ``TRUE``, ``#N/A`` and ``00123`` stay text.
    """
    if value is None or value == "":
        return None, "n"
    if isinstance(value, bool):
        return value, "b"
    if isinstance(value, str):
        return storable(value), "s"
    if isinstance(value, datetime):
        return local(value, zone), "d"
    if isinstance(value, date | time):
        return value, "d"
    return _as_number(value)


def begins_like_a_formula(content: object, data_type: str) -> bool:
    """Whether a text would become a formula as soon as a person edits its cell."""
    return data_type == "s" and str(content).startswith(_FORMULA_STARTS)


def put(cell: Any, value: CellValue, zone: tzinfo) -> bool:  # noqa: ANN401 - as above
    """Write a value into a cell, keeping the cell's style; return whether the cell held something else.

    Text that begins like a formula is marked as quoted, so that it stays text when a person edits the cell.
    """
    content, data_type = stored(value, zone)
    if _holds(cell, content, data_type):
        return False
    number_format = cell.number_format
    cell.value = content
    cell.data_type = data_type
    if number_format not in {cell.number_format, "General"}:
        cell.number_format = number_format
    quoted = begins_like_a_formula(content, data_type)
    if quoted or cell.quotePrefix:
        cell.quotePrefix = quoted
    return True


def _holds(cell: Any, content: object, data_type: str) -> bool:  # noqa: ANN401 - as above
    if content is None:
        return cell._value in (None, "")  # noqa: SLF001
    present = typed(cell)
    kind = "d" if isinstance(present, datetime | date | time) else cell.data_type
    return kind == data_type and not isinstance(cell._value, list) and present == content  # noqa: SLF001
