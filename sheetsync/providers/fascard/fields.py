"""From a field of a record to a cell: times, codes, amounts and nested values. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sheetsync.core.tab import CellValue
from sheetsync.ports import ColumnKind, ReportColumn
from sheetsync.providers.fascard.codes import WEEKDAYS, Codes
from sheetsync.providers.fascard.records import MalformedError, moment_of

Record = Mapping[str, Any]

FieldKind = Literal["text", "id", "number", "money", "cents", "time", "yes_no", "version", "weekly"]

_COLUMNS: Mapping[FieldKind, ColumnKind] = {
    "number": "number",
    "money": "money",
    "cents": "money",
    "time": "time",
}
_DAY_MIN = 24 * 60
_WEEK_MIN = 7 * _DAY_MIN
_FIRST_YEAR = 1900
"""Spreadsheets know no earlier time; FasCard's "never" is the year 1."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a report.

    Attributes:
        path: names, and places in lists, down to the value: ``Status``, ``UplinkStatus.0``.
        header: of the column.
        kind: how the value is written there; an ``id`` of 0 stands for none.
        codes: number → meaning; any other number is shown as it is.
        under: path of the code that says what this code means.
        shape: makes the cell of the value, where ``kind`` says too little.
    """

    path: str
    header: str
    kind: FieldKind = "text"
    codes: Codes | None = None
    under: str = ""
    shape: Callable[[Any], CellValue] | None = None

    @property
    def column(self) -> ReportColumn:
        """The column in the tab; numbers that are only names are text there."""
        return ReportColumn(self.header, _COLUMNS.get(self.kind, "text"))

    def cell(self, record: Record) -> CellValue:
        """Return the record's value for this column; what is not as documented is shown as it is."""
        value = find(record, self.path)
        if value is None:
            return None
        if self.codes is not None:
            return _meaning(value, self.codes, under=find(record, self.under) if self.under else None)
        if self.shape is not None:
            return self.shape(value)
        return _WRITERS[self.kind](value)


def find(record: Record, path: str) -> Any:  # noqa: ANN401 - JSON
    """Return the value at a path, None where there is none."""
    found: Any = record
    for part in path.split("."):
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def plain(value: Any) -> CellValue:  # noqa: ANN401 - JSON
    """Return a value as it came; what is nested as JSON."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, dict | list):
        return json.dumps(value, default=str, ensure_ascii=False)
    found: CellValue = value
    return found


def text(value: Any) -> CellValue:  # noqa: ANN401 - JSON
    """Return a value as text, with all digits of a number."""
    shown = plain(value)
    if isinstance(shown, Decimal):
        return f"{shown:f}"
    return str(shown) if isinstance(shown, int) else shown


def _meaning(value: Any, codes: Codes, *, under: object) -> CellValue:  # noqa: ANN401 - JSON
    if isinstance(value, list | dict) or isinstance(under, list | dict):
        return plain(value)
    return codes.get(value if under is None else (under, value)) or text(value)


def _time(value: Any) -> CellValue:  # noqa: ANN401 - JSON
    try:
        moment: datetime = moment_of(value)
    except MalformedError:
        return text(value)
    if moment.year == 1:
        return None
    return moment if moment.year >= _FIRST_YEAR else text(value)


def _id(value: Any) -> CellValue:  # noqa: ANN401 - JSON
    return None if value == 0 else text(value)


def _cents(value: Any) -> CellValue:  # noqa: ANN401 - JSON
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return plain(value)
    return Decimal(value).scaleb(-2)


def version(value: Any) -> CellValue:  # noqa: ANN401 - JSON
    """Return 10413 as v1.04.13."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return text(value)
    return f"v{value // 10_000}.{value // 100 % 100:02}.{value % 100:02}"


def weekly(value: Any) -> CellValue:  # noqa: ANN401 - JSON
    """Return minutes since Sunday midnight as a day and a time; a week has 10080."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _WEEK_MIN:
        return text(value)
    day, minute = divmod(value % _WEEK_MIN, _DAY_MIN)
    return f"{WEEKDAYS[day]} {minute // 60:02}:{minute % 60:02}"


_WRITERS: Mapping[FieldKind, Callable[[Any], CellValue]] = {
    "text": text,
    "id": _id,
    "number": plain,
    "money": plain,
    "cents": _cents,
    "time": _time,
    "yes_no": plain,
    "version": version,
    "weekly": weekly,
}
