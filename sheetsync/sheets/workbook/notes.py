"""Sizes of people's notes, which openpyxl does not read: every note would shrink to its default."""

import re
import zipfile

from openpyxl import Workbook

from sheetsync.sheets.workbook.safety import relations, tabs

_SHAPE = re.compile(rb"<\w+:shape\s.*?</\w+:shape>", re.DOTALL)
_ROW = re.compile(rb"<\w+:Row>\s*(\d+)\s*</")
_COLUMN = re.compile(rb"<\w+:Column>\s*(\d+)\s*</")
_SIZE = {side: re.compile(rb"[;\"'\s]" + side + rb":\s*([\d.]+)(pt|px)") for side in (b"width", b"height")}
_PIXELS_PER_POINT = 96 / 72


def keep_sizes(book: Workbook, package: zipfile.ZipFile) -> None:
    """Give every note of the loaded workbook the size that it has in the file."""
    for path, title in tabs(package).items():
        cells = book[title]._cells  # noqa: SLF001 - the public access would create empty cells
        for part in relations(package, path).values():
            for shape in _SHAPE.findall(package.read(part)) if part.endswith(".vml") else ():
                cell = cells.get(_place(shape))
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
