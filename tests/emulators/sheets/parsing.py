"""What a person's typing becomes: USER_ENTERED, as an English (US) spreadsheet reads it."""

import re
from datetime import UTC, date, datetime, timedelta

from tests.emulators.sheets.errors import Json
from tests.emulators.sheets.model import Cell, Formula

EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
ERRORS = ("#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#ERROR!")
# Whole numbers beyond this are no longer exact in a double.
MAX_EXACT = 2**53

_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<dollar>\$?)\s*(?P<sign2>[+-]?)"
    r"(?P<whole>\d{1,3}(?:,\d{3})+|\d*)(?P<part>\.\d*)?(?P<power>[eE][+-]?\d+)?\s*(?P<percent>%?)\Z"
)
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\Z")
_US = re.compile(r"(\d{1,2})([-/])(\d{1,2})(?:\2(\d{4}|\d{2}))?\Z")
_DAY_FIRST = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3,9})\.?(?:[- ,]+(\d{4}|\d{2}))?\Z")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:,? (\d{4}))?\Z")
_TIME = re.compile(r"(\d{1,3}):(\d{2})(?::(\d{2})(\.\d+)?)?(?:\s*([AaPp])\.?[Mm]\.?)?\Z")
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]


def number(value: float) -> float:
    """A number as a cell holds it: a double, shown as a whole number where it is one."""
    if isinstance(value, int):
        return value if abs(value) <= MAX_EXACT else float(value)
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def typed(text: str, *, today: date | None = None) -> tuple[Cell, Json | None]:  # noqa: PLR0911 - reads as a table
    """The value of a typed text, and the number format that typing it sets.

    Args:
        text: What was typed.
        today: For a date without a year.
    """
    if text.startswith("'"):
        return text[1:], None
    bare = text.strip()
    if text.startswith("=") and len(text) > 1:
        return Formula(text), None
    if bare.upper() in {"TRUE", "FALSE"}:
        return bare.upper() == "TRUE", None
    if bare.upper() in ERRORS:
        return Formula("=" + bare.upper()), None
    found = _numeric(bare) or _moment(bare, today or datetime.now(UTC).date())
    if found:
        return found
    if text.startswith("+") and len(text) > 1:
        return Formula("=" + text), None
    return text or None, None


def _numeric(text: str) -> tuple[Cell, Json | None] | None:
    inner = text[1:-1] if text.startswith("(") and text.endswith(")") else text
    found = _NUMBER.match(inner)
    if not found or not re.search(r"\d", (found["whole"] or "") + (found["part"] or "")):
        return None
    sign = "-" if inner is not text or "-" in found["sign"] + found["sign2"] else ""
    digits = (found["whole"].replace(",", "") or "0") + (found["part"] or "") + (found["power"] or "")
    value = float(sign + digits)
    if found["percent"]:
        value = float(f"{sign}{digits}e-2") if not found["power"] else value / 100
    return number(value), _number_format(found)


def _number_format(found: re.Match[str]) -> Json | None:
    decimals = len(found["part"] or "") - 1
    tail = ".00" if decimals > 0 else ""
    if found["percent"]:
        return {"type": "PERCENT", "pattern": f"0{tail}%"}
    if found["dollar"]:
        return {"type": "CURRENCY", "pattern": f'"$"#,##0{tail}'}
    if found["power"]:
        return {"type": "SCIENTIFIC", "pattern": "0.00E+00"}
    if "," in found["whole"]:
        return {"type": "NUMBER", "pattern": f"#,##0{tail}"}
    return None


def _moment(text: str, today: date) -> tuple[Cell, Json | None] | None:
    time = _time(text)
    if time:
        return number(time[0]), {"type": "TIME", "pattern": time[1]}
    day = _day(text, today)
    if day:
        return _serial(day[0]), {"type": "DATE", "pattern": day[1]}
    return _both(text, today)


def _both(text: str, today: date) -> tuple[Cell, Json | None] | None:
    parts = re.match(r"(\S.*?)(?:[ T]+)(\d{1,2}:\d{2}.*?)Z?\Z", text)
    day = _day(parts[1], today) if parts else None
    time = _time(parts[2]) if parts else None
    if not day or not time or time[0] >= 1:
        return None
    return number(_serial(day[0]) + time[0]), {"type": "DATE_TIME", "pattern": f"{day[1]} {time[1]}"}


def _time(text: str) -> tuple[float, str] | None:
    found = _TIME.match(text)
    if not found or int(found[2]) > 59 or int(found[3] or 0) > 59:
        return None
    hours = int(found[1])
    if found[5]:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if found[5].lower() == "p" else 0)
    seconds = hours * 3600 + int(found[2]) * 60 + int(found[3] or 0) + float(found[4] or 0)
    pattern = "h:mm" + (":ss" if found[3] else "") + (" am/pm" if found[5] else "")
    return seconds / 86400, pattern


def _day(text: str, today: date) -> tuple[date, str] | None:
    found = _ISO.match(text)
    if found:
        return _made(
            int(found[1]), int(found[2]), int(found[3]), "yyyy-mm-dd" if "-" in text else "yyyy/mm/dd"
        )
    found = _US.match(text)
    if found:
        pattern = f"m{found[2]}d" + (
            "" if not found[4] else f"{found[2]}{'yyyy' if len(found[4]) == 4 else 'yy'}"
        )
        return _made(_year(found[4], today), int(found[1]), int(found[3]), pattern)
    found = _DAY_FIRST.match(text)
    if found and _month(found[2]):
        return _made(
            _year(found[3], today), _month(found[2]), int(found[1]), "d-mmm" + ("-yyyy" if found[3] else "")
        )
    found = _MONTH_FIRST.match(text)
    if found and _month(found[1]):
        return _made(
            _year(found[3], today), _month(found[1]), int(found[2]), "mmm d" + (", yyyy" if found[3] else "")
        )
    return None


def _month(text: str) -> int:
    low = text.lower()
    for index, name in enumerate(_MONTHS, 1):
        if low in {name, name[:3]}:
            return index
    return 0


def _year(text: str | None, today: date) -> int:
    if not text:
        return today.year
    return int(text) + (2000 if int(text) < 50 else 1900) if len(text) == 2 else int(text)


def _made(year: int, month: int, day: int, pattern: str) -> tuple[date, str] | None:
    try:
        return date(year, month, day), pattern
    except ValueError:
        return None


def _serial(day: date) -> int:
    return (day - EPOCH.date()).days


def moment(serial: float) -> datetime:
    """The date and time of a serial number, rounded to milliseconds."""
    return EPOCH + timedelta(milliseconds=round(serial * 86_400_000))
