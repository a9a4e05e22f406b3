"""Compares how a tab looks with how it is to look, and says what to repair; people's own choices stay."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sheetsync.sheets.google import looks
from sheetsync.sheets.google.looks import Request
from sheetsync.sheets.layout import HEADER_ROW, TEXT_FORMAT, Column

LOOKED_AT = (f"{HEADER_ROW}:{HEADER_ROW + 1}",)
"""The header and the first row below: what whole columns have, that row has."""

FIELDS = (
    "protectedRanges(protectedRangeId,range,description,warningOnly),conditionalFormats,"
    "basicFilter(range),"
    "data(startRow,startColumn,columnMetadata(hiddenByUser),"
    "rowData(values(formattedValue,note,dataValidation,userEnteredFormat(numberFormat,textFormat(bold)))))"
)
"""Field mask of what is compared; no values, because those are read with all rows."""

ROOM = 50
"""Blank rows below the last one, for people."""

MAX_SHEET_ID = 2**31 - 1
"""Ids of tabs are positive numbers of 31 bits; ours are chosen at random."""

COLUMNS_FOR_PEOPLE = 8
"""Columns of a new tab beside ours: 10 million cells are all that a spreadsheet has."""

NOTE_START = 30
"""Characters by which a note of ours is known although its end was worded differently then."""


@dataclass
class Repairs:
    """Requests, and what they repair in words."""

    requests: list[Request] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def add(self, word: str, *requests: Request) -> None:
        """Note one repair; without a word it belongs to another one."""
        self.requests += requests
        self.words += [word] if word else []


@dataclass(frozen=True)
class Looks:
    """How a tab looks, as Google describes it.

    Attributes:
        sheet: the ``Sheet`` object of the answer.
    """

    sheet: Mapping[str, Any]

    @property
    def sheet_id(self) -> int:
        """The tab's id."""
        return int(self.sheet.get("properties", {}).get("sheetId", 0))

    @property
    def grid(self) -> Mapping[str, int]:
        """Sizes of the grid."""
        found: Mapping[str, int] = self.sheet.get("properties", {}).get("gridProperties", {})
        return found

    def cell(self, row: int, place: int) -> Mapping[str, Any]:
        """Return note, format and dropdown of a cell; rows are counted from 1."""
        for block in self.sheet.get("data", []):
            rows = block.get("rowData", [])
            down, right = row - 1 - block.get("startRow", 0), place - block.get("startColumn", 0)
            if 0 <= down < len(rows):
                values = rows[down].get("values", [])
                if 0 <= right < len(values):
                    found: Mapping[str, Any] = values[right]
                    return found
        return {}

    def is_hidden(self, place: int) -> bool:
        """Whether a column is hidden."""
        for block in self.sheet.get("data", []):
            columns = block.get("columnMetadata", [])
            right = place - block.get("startColumn", 0)
            if 0 <= right < len(columns):
                return bool(columns[right].get("hiddenByUser"))
        return False


def new_tab(title: str, sheet_id: int, expected: Sequence[Column], *, rows: int) -> Request:
    """Return the request that makes the tab, with room for ``rows`` rows."""
    grid = {
        "rowCount": max(1000, HEADER_ROW + rows + ROOM),
        "columnCount": len(expected) + COLUMNS_FOR_PEOPLE,
        "frozenRowCount": HEADER_ROW,
    }
    return {"addSheet": {"properties": {"sheetId": sheet_id, "title": title, "gridProperties": grid}}}


def repairs(
    seen: Looks,
    expected: Sequence[Column],
    places: Mapping[str, int],
    missing: Sequence[Column],
    *,
    rows: int,
) -> Repairs:
    """Return what makes the tab look as it is to look; nothing if it does.

    Args:
        seen: how it looks.
        expected: its columns.
        places: field → place, of every column; also of those that are to be made.
        missing: columns whose header is to be written.
        rows: rows below the header that it is about to hold.
    """
    found = Repairs()
    _room(found, seen, expected, places, rows)
    for column in missing:
        found.add(f"header {column.header}", *looks.header_text(seen.sheet_id, places[column.field], column))
    if not seen.grid.get("frozenRowCount"):
        found.add("frozen header", looks.frozen(seen.sheet_id))
    for column in expected:
        _column(found, seen, column, places[column.field], is_new=column in missing)
    _protection(found, seen, looks.protected_columns(places, expected))
    _colours(found, seen, looks.colour_rules(seen.sheet_id, places, expected))
    if (
        len(missing) == len(expected) and "basicFilter" not in seen.sheet
    ):  # later it is the people's to take away
        found.add("filter", looks.filtered(seen.sheet_id, max(places.values()) + 1))
    return found


def _room(
    found: Repairs, seen: Looks, expected: Sequence[Column], places: Mapping[str, int], rows: int
) -> None:
    have = seen.grid.get("rowCount", 0)
    lacking = lacking_rows(have, rows)
    if lacking:
        found.requests += [looks.more(seen.sheet_id, "ROWS", lacking)]
        found.requests += dress(seen.sheet_id, expected, places, start_row=have)
    width = max(places.values()) + 1
    if seen.grid.get("columnCount", 0) < width:
        found.requests.append(looks.more(seen.sheet_id, "COLUMNS", width - seen.grid.get("columnCount", 0)))


def lacking_rows(have: int, rows: int) -> int:
    """Return how many rows a grid of ``have`` rows needs more, to hold ``rows`` below the header."""
    need = HEADER_ROW + rows
    return need + ROOM - have if have < need else 0


def dress(
    sheet_id: int, expected: Sequence[Column], places: Mapping[str, int], *, start_row: int
) -> Iterator[Request]:
    """Yield what new rows at the end need: formats and dropdowns."""
    for column in expected:
        place = places.get(column.field)
        if place is not None and column.number_format:
            yield looks.formatted(sheet_id, place, column.number_format, start_row=start_row)
        if place is not None and column.choices:
            yield looks.dropdown(sheet_id, place, column, start_row=start_row)


def _column(found: Repairs, seen: Looks, column: Column, place: int, *, is_new: bool) -> None:
    head, below = seen.cell(HEADER_ROW, place), seen.cell(HEADER_ROW + 1, place)
    note = str(head.get("note", ""))
    own_note = note and note[:NOTE_START] != column.note[:NOTE_START]
    checks = {
        "bold header": (_is_bold(head), looks.header_looks(seen.sheet_id, place)),
        "note": (note == column.note or own_note, looks.note(seen.sheet_id, place, column.note)),
        "format": (
            not _needs_format(below, column, is_new=is_new),
            looks.formatted(seen.sheet_id, place, column.number_format),
        ),
        "dropdown": (
            not column.choices or _offers(below.get("dataValidation"), column),
            looks.dropdown(seen.sheet_id, place, column),
        ),
        "hidden": (not column.hidden or seen.is_hidden(place), looks.hidden(seen.sheet_id, place)),
    }
    for what, (well, request) in checks.items():
        if not well:
            found.add("" if is_new else f"{what} {column.header}", request)


def _is_bold(head: Mapping[str, Any]) -> bool:
    return bool(head.get("userEnteredFormat", {}).get("textFormat", {}).get("bold"))


def _needs_format(below: Mapping[str, Any], column: Column, *, is_new: bool) -> bool:
    """Whether cells lack their format; a format of numbers or times that a person chose stays."""
    present = below.get("userEnteredFormat", {}).get("numberFormat", {})
    if not column.number_format:
        return False
    if column.number_format == TEXT_FORMAT or is_new:
        return bool(present.get("type") != looks.number_format(column.number_format)["type"])
    return not present.get("type")


def _offers(rule: Mapping[str, Any] | None, column: Column) -> bool:
    """Whether a dropdown is as it is to be, or is a person's own kind where any text is taken."""
    if rule is None:
        return False
    wanted = looks.dropdown_rule(column)
    condition = rule.get("condition", {})
    if condition.get("type") != "ONE_OF_LIST":
        return not column.strict
    same = _words(condition) == _words(wanted["condition"])
    strict = bool(rule.get("strict")) == bool(wanted["strict"])
    return same and strict and bool(rule.get("showCustomUi"))


def _words(condition: Mapping[str, Any]) -> list[str]:
    return [str(each.get("userEnteredValue", "")) for each in condition.get("values", [])]


def _protection(found: Repairs, seen: Looks, wanted: Sequence[tuple[int, int]]) -> None:
    ours = [each for each in seen.sheet.get("protectedRanges", []) if each.get("description") == looks.OURS]
    present = sorted(_columns_of(each) for each in ours)
    warns = all(each.get("warningOnly") for each in ours)
    if present == sorted(wanted) and warns:
        return
    away = [{"deleteProtectedRange": {"protectedRangeId": each["protectedRangeId"]}} for each in ours]
    found.add("protection", *away, *(looks.protected(seen.sheet_id, *each) for each in wanted))


def _columns_of(protection: Mapping[str, Any]) -> tuple[int, int]:
    cells = protection.get("range", {})
    return int(cells.get("startColumnIndex", 0)), int(cells.get("endColumnIndex", 0))


def _colours(found: Repairs, seen: Looks, wanted: Sequence[Request]) -> None:
    """Put our rules in: those with formulas first, the words' colours last, so that people's rules win there.

    A word that has a rule keeps it, whoever chose the colours. Rules of ours that no longer fit go.
    """
    present = list(seen.sheet.get("conditionalFormats", []))
    signed = [rule for rule in wanted if _kind(rule) == "CUSTOM_FORMULA"]
    mine = [place for place, rule in enumerate(present) if looks.SIGNATURE in _formula(rule)]
    fits = [_essence(present[place]) for place in mine] == [_essence(rule) for rule in signed]
    words = [
        rule for rule in wanted if rule not in signed and not any(_covers(each, rule) for each in present)
    ]
    if fits and not words:
        return
    requests: list[Request] = []
    if not fits:
        requests += [_drop(seen.sheet_id, place) for place in reversed(mine)]
        requests += [_add(rule, place) for place, rule in enumerate(signed)]
    end = len(present) + (0 if fits else len(signed) - len(mine))
    requests += [_add(rule, end + place) for place, rule in enumerate(words)]
    found.add("colours", *requests)


def _add(rule: Request, place: int) -> Request:
    return {"addConditionalFormatRule": {"rule": rule, "index": place}}


def _drop(sheet_id: int, place: int) -> Request:
    return {"deleteConditionalFormatRule": {"sheetId": sheet_id, "index": place}}


def _kind(rule: Mapping[str, Any]) -> str:
    return str(rule.get("booleanRule", {}).get("condition", {}).get("type", ""))


def _formula(rule: Mapping[str, Any]) -> str:
    words = _words(rule.get("booleanRule", {}).get("condition", {}))
    return words[0] if words else ""


def _essence(rule: Mapping[str, Any]) -> tuple[Any, ...]:
    spans = sorted(
        (each.get("startColumnIndex", 0), each.get("endColumnIndex", 0)) for each in rule.get("ranges", [])
    )
    return _kind(rule), _formula(rule), tuple(spans)


def _covers(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a rule for the same word covers the column from its first row on."""
    if (_kind(present), _formula(present)) != (_kind(wanted), _formula(wanted)):
        return False
    place = wanted["ranges"][0]["startColumnIndex"]
    return any(
        each.get("startRowIndex", 0) <= HEADER_ROW
        and each.get("startColumnIndex", 0) <= place < each.get("endColumnIndex", place + 1)
        for each in present.get("ranges", [])
    )
