"""Cell values as every kind of sheet compares them."""

import re
from datetime import date, datetime, time, tzinfo
from decimal import Decimal

from sheetsync.core.tab import CellValue

EXACT_DIGITS = 15
"""Decimal digits that a cell's number (a double) keeps, whatever they are."""

COMPARED_TEXT = 32_767
"""Characters of a text that count in a comparison: what a workbook's cell holds."""

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def storable(text: str, limit: int = COMPARED_TEXT) -> str:
    """Return the text as a cell can hold it: no control characters, line ends as line feeds, not too long."""
    text = _UNSTORABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def account_id(value: CellValue) -> str:
    """Return an id cell as text.

    A whole number that a cell keeps exactly is its digits (a tool turned "7" into 7). Any other number has
    lost digits or never was an id: it comes back in a form that matches nothing.
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        exact = abs(value) < 10**EXACT_DIGITS and value == int(value)
        return str(int(value)) if exact else repr(float(value))
    return "" if value is None else str(value)


def comparable(value: CellValue) -> str:
    """Return a value as text in which 25, 25.0, "25" and " 25 " are equal, and None equals ""."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float | Decimal):
        return _digits(Decimal(str(value)))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return storable(value).strip()


def _digits(number: Decimal) -> str:
    if not number.is_finite():
        return str(number)
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def local(moment: datetime, zone: tzinfo) -> datetime:
    """Return a moment as the wall clock of the zone shows it; cells know no zones."""
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
