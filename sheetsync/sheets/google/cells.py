"""What a cell of Google Sheets holds: how ours are written, and how theirs are read."""

import json
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal

from sheetsync.core.tab import CellValue
from sheetsync.sheets.values import EXACT_DIGITS, local, storable

MAX_TEXT = 50_000
"""Characters that a cell holds."""

Json = str | int | float | bool
"""What travels; the empty text is an empty cell."""

_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - cells know no zones
_DAY_S = 86_400
_PLACES = 6  # of a day: less than a tenth of a second


def stored(value: CellValue, zone: tzinfo) -> Json:
    """Return what is sent for a value; the input is RAW, so text stays text whatever it looks like."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return storable(value, MAX_TEXT)
    return _dated(value, zone) if isinstance(value, datetime | date | time) else _number(value)


def _dated(value: datetime | date | time, zone: tzinfo) -> Json:
    """Return a date or time as the number of days that Google keeps it as."""
    if isinstance(value, datetime):
        return _serial(local(value, zone) - _DAY_ZERO)
    if isinstance(value, date):
        return (value - _DAY_ZERO.date()).days
    return _serial(timedelta(hours=value.hour, minutes=value.minute, seconds=value.second))


def _serial(since: timedelta) -> float:
    return round(round(since.total_seconds()) / _DAY_S, _PLACES)


def _number(value: float | Decimal) -> Json:
    """Return a number only if every digit of it survives in a double."""
    number = Decimal(str(value))
    if not number.is_finite() or len(number.normalize().as_tuple().digits) > EXACT_DIGITS:
        return str(value)
    return int(number) if number == number.to_integral_value() else float(number)


def moment(value: CellValue, kind: str) -> CellValue:
    """Return a number as the date or time that its format shows it as.

    Args:
        value: as read, unformatted.
        kind: the type of its number format, such as ``DATE``.
    """
    if isinstance(value, bool | str) or not isinstance(value, int | float):
        return value
    try:
        found = _DAY_ZERO + timedelta(seconds=round(value * _DAY_S))
    except OverflowError:
        return value
    if kind == "DATE":
        return found.date()
    if kind == "TIME":
        return found.time()
    return found if kind == "DATE_TIME" else value


def size(value: Json | None) -> int:
    """Return the bytes that a value takes in a request, its comma included."""
    return len(json.dumps(value, ensure_ascii=False).encode()) + 1
