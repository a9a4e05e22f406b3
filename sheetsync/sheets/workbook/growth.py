"""Letting filters, tables, dropdowns and conditional formats reach rows that were appended below them."""

from openpyxl.formatting.formatting import ConditionalFormatting, ConditionalFormattingList
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange
from openpyxl.worksheet.worksheet import Worksheet


def extend(sheet: Worksheet, old_last: int, new_last: int) -> None:
    """Make what ended at the old last row end at the new one."""
    if sheet.auto_filter.ref:
        sheet.auto_filter.ref = _longer(str(sheet.auto_filter.ref), old_last, new_last, from_header=True)
    for table in sheet.tables.values():
        if not table.totalsRowCount:
            table.ref = _longer(table.ref, old_last, new_last)
            if table.autoFilter is not None:
                table.autoFilter.ref = table.ref
    for validation in sheet.data_validations.dataValidation:
        validation.sqref = _all_longer(validation.sqref, old_last, new_last)
    _extend_formats(sheet, old_last, new_last)


def _extend_formats(sheet: Worksheet, old_last: int, new_last: int) -> None:
    longer = ConditionalFormattingList()
    for formatting in sheet.conditional_formatting:
        ranges = _all_longer(formatting.sqref, old_last, new_last)
        for rule in formatting.rules:
            longer.add(ConditionalFormatting(ranges, pivot=formatting.pivot), rule)
    sheet.conditional_formatting = longer


def _all_longer(ranges: MultiCellRange, old_last: int, new_last: int) -> MultiCellRange:
    return MultiCellRange([CellRange(_longer(part.coord, old_last, new_last)) for part in ranges.ranges])


def _longer(reference: str, old_last: int, new_last: int, *, from_header: bool = False) -> str:
    """Return the range, down to the new last row if it reached the old one but not the new one.

    What covers one row only was meant for that row and stays, except a filter over nothing but the header.
    """
    found = CellRange(reference)
    if old_last <= found.max_row < new_last and (from_header or found.max_row > found.min_row):
        found.max_row = new_last
    return str(found.coord)
