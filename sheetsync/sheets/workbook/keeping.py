"""Small things that openpyxl loads wrongly; set right in the loaded workbook, so that a save keeps them."""

import re
import zipfile

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from sheetsync.sheets.workbook.safety import relations, tabs

_ROW_TAG = re.compile(rb"<(?:\w+:)?row\s[^>]*\bht=[^>]*>")
_ROW_NUMBER = re.compile(rb"\sr=[\"'](\d+)")
_FIXED_HEIGHT = re.compile(rb"customHeight=[\"'](?:1|true)")
_SHAPE = re.compile(rb"<\w+:shape\s.*?</\w+:shape>", re.DOTALL)
_ROW = re.compile(rb"<\w+:Row>\s*(\d+)\s*</")
_COLUMN = re.compile(rb"<\w+:Column>\s*(\d+)\s*</")
_SIZE = {side: re.compile(rb"[;\"'\s]" + side + rb":\s*([\d.]+)(pt|px)") for side in (b"width", b"height")}
_PIXELS_PER_POINT = 96 / 72


def keep(book: Workbook, package: zipfile.ZipFile) -> None:
    """Set digits, row heights and sizes of notes right, as the file has them."""
    for path, title in tabs(package).items():
        sheet = book[title]
        _keep_digits(sheet)
        _keep_heights(sheet, package.read(path))
        for part in relations(package, path).values():
            if part.endswith(".vml"):
                _keep_note_sizes(sheet, package.read(part))


def _keep_digits(sheet: Worksheet) -> None:
    """Keep all digits of long numbers: openpyxl writes 16, a double may need 17."""
    for cell in sheet._cells.values():  # noqa: SLF001 - the public iteration would create every empty cell
        value: object = cell.value
        long_int = type(value) is int and abs(value) >= 10**16
        if long_int or (type(value) is float and float(f"{value:.16g}") != value):
            cell._value = repr(value)  # type: ignore[union-attr]  # noqa: SLF001 - ``value`` would make it text


def _keep_heights(sheet: Worksheet, xml: bytes) -> None:
    """Forget heights that a program computed: saved as if a person had set them, rows would not grow."""
    for tag in _ROW_TAG.findall(xml):
        number, fixed = _ROW_NUMBER.search(tag), _FIXED_HEIGHT.search(tag)
        if number is not None and fixed is None and int(number[1]) in sheet.row_dimensions:
            sheet.row_dimensions[int(number[1])].height = None


def _keep_note_sizes(sheet: Worksheet, vml: bytes) -> None:
    """Keep the sizes of people's notes: every one would shrink to openpyxl's default."""
    for shape in _SHAPE.findall(vml):
        cell = sheet._cells.get(_place(shape))  # noqa: SLF001 - as above
        if cell is not None and cell.comment is not None:
            cell.comment.width = _pixels(shape, b"width") or cell.comment.width
            cell.comment.height = _pixels(shape, b"height") or cell.comment.height


def _place(shape: bytes) -> tuple[int, int]:
    row, column = _ROW.search(shape), _COLUMN.search(shape)
    return (int(row[1]) + 1, int(column[1]) + 1) if row and column else (0, 0)


def _pixels(shape: bytes, side: bytes) -> float:
    found = _SIZE[side].search(shape)
    if found is None:
        return 0
    return round(float(found[1]) * (_PIXELS_PER_POINT if found[2] == b"pt" else 1), 2)
