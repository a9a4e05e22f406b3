"""Creating and repairing a tab's layout, without undoing what people arranged."""

from collections.abc import Iterator, Sequence

from openpyxl import Workbook
from openpyxl.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from sheetsync.core import fields
from sheetsync.errors import LayoutError, SheetUnsafeError
from sheetsync.sheets.layout import HEADER_ROW, STATUS_PAINT, Column, find_columns
from sheetsync.sheets.workbook import columns
from sheetsync.sheets.workbook.writing import NO_FORMAT, header_values, last_row

AUTHOR = "Sheetsync"
"""Author of the header notes: only notes of this author are ever replaced."""

MAX_ROW = 1_048_576
MAX_LIST = 255
"""Characters of a dropdown's list inside its own rule."""

_MAX_TITLE = 31
_NOTE_SIZE = (240, 96)
_HEADER_FILL = "E8EAED"


def lay_out(book: Workbook, tab: str, expected: Sequence[Column]) -> tuple[str, ...]:
    """Create what is missing of the tab and repair it; return what was, in words.

    Raises:
        LayoutError: a header of ours is there twice, or the tab's name cannot be used.
    """
    sheet, created = sheet_of(book, tab)
    places = find_columns(header_values(sheet), expected, tab=tab)
    missing = [column for column in expected if column.field not in places]
    first = _first_free(sheet)
    places |= {column.field: first - 1 + index for index, column in enumerate(missing)}
    at = {column.field: places[column.field] + 1 for column in expected}
    for column in missing:
        _add_column(sheet, at[column.field], column)
    changes = [(created, f"tab {tab}"), *((True, f"header {column.header}") for column in missing)]
    changes += [(freeze(sheet), "frozen header"), (_filter(sheet), "filter")]
    for column in expected:
        place, name = at[column.field], column.header
        changes.append((_note(sheet, place, column), f"note {name}"))
        changes.append((_number_style(sheet, place, column), f"format {name}"))
        changes.append((_hide(sheet, place, column), f"hidden {name}"))
        changes.append((_dropdown(sheet, place, column), f"dropdown {name}"))
    changes.append((_colours(sheet, at[fields.STATUS]), "colours"))
    return tuple(word for changed, word in changes if changed)


def sheet_of(book: Workbook, tab: str) -> tuple[Worksheet, bool]:
    """Return the tab, and whether it was made just now, at the end.

    Raises:
        LayoutError: the tab's name cannot be used.
    """
    if tab in book.sheetnames:
        sheet = book[tab]
        if isinstance(sheet, Worksheet):
            return sheet, False
    alike = [title for title in book.sheetnames if title.casefold() == tab.casefold()]
    if alike:
        raise LayoutError(
            f"The tab {tab!r} differs from the tab {alike[0]!r} only in upper and lower case.",
            hint="Rename the tab, or name it in the configuration as it is called.",
        )
    if not 0 < len(tab) <= _MAX_TITLE or set(tab) & set("[]:*?/\\") or tab[0] == "'" or tab[-1] == "'":
        raise LayoutError(
            f"A workbook has no tab called {tab!r}: at most {_MAX_TITLE} characters, none of []:*?/\\.",
            hint="Choose another name for the tab in the configuration.",
        )
    return book.create_sheet(tab), True


def _first_free(sheet: Worksheet) -> int:
    """Return the first column right of everything that people wrote."""
    cells = sheet._cells.items()  # noqa: SLF001 - the public iteration would create every empty cell
    used = (column for (_, column), cell in cells if cell.value not in (None, "") or cell.comment is not None)
    return max(used, default=0) + 1


def _add_column(sheet: Worksheet, place: int, column: Column) -> None:
    if isinstance(sheet._cells.get((HEADER_ROW, place)), MergedCell):  # noqa: SLF001 - as above
        raise SheetUnsafeError(
            f"Row 1 of {sheet.title!r} has merged cells where the column {column.header!r} has to go.",
            hint="Unmerge the cells in row 1.",
        )
    put_header(sheet, place, column.header)
    columns.own(sheet, place).width = column.width


def put_header(sheet: Worksheet, place: int, text: str) -> None:
    """Write a header as headers look."""
    header = sheet.cell(HEADER_ROW, place, text)
    header.font = Font(bold=True)
    header.fill = PatternFill("solid", start_color=_HEADER_FILL, end_color=_HEADER_FILL)


def put_note(sheet: Worksheet, place: int, text: str) -> None:
    """Write our note at a header, in place of any other."""
    width, height = _NOTE_SIZE
    sheet.cell(HEADER_ROW, place).comment = Comment(text, AUTHOR, height=height, width=width)


def freeze(sheet: Worksheet) -> bool:
    """Keep the header in sight, unless a person froze something; return whether anything changed."""
    if sheet.freeze_panes is not None:
        return False
    sheet.freeze_panes = f"A{HEADER_ROW + 1}"
    return True


def _filter(sheet: Worksheet) -> bool:
    """Put a filter over the header, unless there is one or a table brings its own."""
    tables = [CellRange(table.ref) for table in sheet.tables.values()]
    if sheet.auto_filter.ref or any(table.min_row <= HEADER_ROW for table in tables):
        return False
    width = len(header_values(sheet))
    sheet.auto_filter.ref = f"A{HEADER_ROW}:{get_column_letter(width)}{last_row(sheet)}"
    return True


def _note(sheet: Worksheet, place: int, column: Column) -> bool:
    """Explain the column at its header; a person's own note stays."""
    cell = sheet.cell(HEADER_ROW, place)
    present = cell.comment
    if present is not None and (present.author != AUTHOR or present.text == column.note):
        return False
    put_note(sheet, place, column.note)
    return True


def _number_style(sheet: Worksheet, place: int, column: Column) -> bool:
    """Give the whole column its number format, unless a person chose one."""
    present = columns.covering(sheet, place)
    if not column.number_format or not (present is None or present.number_format == NO_FORMAT):
        return False
    columns.own(sheet, place).number_format = column.number_format
    return True


def _hide(sheet: Worksheet, place: int, column: Column) -> bool:
    """Hide a column that is not for people."""
    present = columns.covering(sheet, place)
    if not column.hidden or (present is not None and present.hidden):
        return False
    columns.own(sheet, place).hidden = True
    return True


def _dropdown(sheet: Worksheet, place: int, column: Column) -> bool:
    """Offer the column's choices; a list over this column alone is ours, one over more columns a person's."""
    if not column.choices:
        return False
    rule = _list_rule(place, column)
    present = sheet.data_validations.dataValidation
    if any(_covers(part, place) and not _only(part, place) for part in present):
        return False
    ours = [part for part in present if _covers(part, place)]
    if len(ours) == 1 and _same_rule(ours[0], rule, last_row(sheet)):
        return False
    sheet.data_validations.dataValidation = [part for part in present if part not in ours]
    sheet.add_data_validation(rule)
    return True


def _list_rule(place: int, column: Column) -> DataValidation:
    """Return the dropdown; words that a list cannot hold are left out, and then none is refused."""
    words = list(_listable(column.choices))
    complete = len(words) == len(column.choices)
    letters = get_column_letter(place)
    return DataValidation(
        type="list",
        formula1=f'"{",".join(words)}"',
        sqref=f"{letters}{HEADER_ROW + 1}:{letters}{MAX_ROW}",
        allow_blank=True,
        showErrorMessage=column.strict and complete,
        errorStyle="stop",
        errorTitle=column.header,
        error="Please choose one of the list.",
    )


def _listable(choices: Sequence[str]) -> Iterator[str]:
    """Yield the words that fit: a comma separates them, a quote ends the list, and its length is limited."""
    room = MAX_LIST
    for word in choices:
        if "," not in word and '"' not in word and len(word) < room:
            room -= len(word) + 1
            yield word


def _covers(rule: DataValidation, place: int) -> bool:
    return any(part.min_col <= place <= part.max_col for part in rule.sqref.ranges)


def _only(rule: DataValidation, place: int) -> bool:
    inside = all(part.min_col == place == part.max_col for part in rule.sqref.ranges)
    return inside and rule.type == "list"


def _same_rule(present: DataValidation, rule: DataValidation, last: int) -> bool:
    down = any(part.min_row <= HEADER_ROW + 1 and part.max_row >= last for part in present.sqref.ranges)
    strict = bool(present.showErrorMessage) == bool(rule.showErrorMessage)
    return down and strict and present.formula1 == rule.formula1


def _colours(sheet: Worksheet, place: int) -> bool:
    """Colour each status by its word; a word that already has a rule keeps it, whoever chose the colours."""
    letters = get_column_letter(place)
    known = set(_coloured(sheet, place))
    missing = [status for status in STATUS_PAINT if _quoted(status.label) not in known]
    for status in missing:
        paint = STATUS_PAINT[status]
        rule = CellIsRule(  # type: ignore[no-untyped-call]
            operator="equal",
            formula=[_quoted(status.label)],
            font=Font(color=paint.ink),
            fill=PatternFill("solid", start_color=paint.fill, end_color=paint.fill),
        )
        sheet.conditional_formatting.add(f"{letters}{HEADER_ROW + 1}:{letters}{MAX_ROW}", rule)
    return bool(missing)


def _quoted(word: str) -> str:
    return f'"{word}"'


def _coloured(sheet: Worksheet, place: int) -> Iterator[str]:
    """Yield the words, in quotes, that have a rule over the whole column."""
    last = last_row(sheet)
    for formatting in sheet.conditional_formatting:
        parts = [part for part in formatting.sqref.ranges if part.min_col <= place <= part.max_col]
        if any(part.min_row <= HEADER_ROW + 1 and part.max_row >= last for part in parts):
            for rule in formatting.rules:
                yield from rule.formula if rule.type == "cellIs" and rule.operator == "equal" else ()
