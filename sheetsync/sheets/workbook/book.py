"""Loading and saving a workbook through openpyxl with everything in it."""

import contextlib
import io
import threading
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from sheetsync.errors import LayoutError
from sheetsync.sheets.layout import PULL_HINT
from sheetsync.sheets.workbook import notes, safety

_BROKEN = (
    AttributeError,
    EOFError,
    IndexError,
    InvalidFileException,
    KeyError,
    OSError,
    ParseError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What openpyxl lets through when a file's XML is not what it should be."""

_HARMLESS = ("no default style",)
"""Warnings of openpyxl after which nothing is missing."""

_warnings_lock = threading.Lock()
"""Warning filters belong to the process; two loading threads would restore each other's."""


@contextlib.contextmanager
def _caught_warnings() -> Iterator[list[warnings.WarningMessage]]:
    with _warnings_lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


class _FaithfulReader(ExcelReader):
    """Reads dates as the numbers that they are stored as.

    openpyxl would turn them into moments and back, and a number that is no valid date into ``#VALUE!``.
    """

    def read_worksheets(self) -> None:
        book: Any = self.wb
        book._date_formats = set()  # noqa: SLF001 - openpyxl offers no switch; it is pinned below 3.2
        book._timedelta_formats = set()  # noqa: SLF001
        super().read_worksheets()


def load(data: bytes, name: str) -> Workbook:
    """Load a workbook so that saving it keeps everything.

    Raises:
        SheetUnsafeError: it holds what would be lost.
        SheetError: it is damaged or no workbook.
    """
    package = safety.open_package(data, name)
    safety.refuse_strict(package, name)
    safety.refuse_losses(package, name)
    with _caught_warnings() as caught:
        book = _loaded(data, name)
    lost = [str(warning.message) for warning in caught]
    lost = [words for words in lost if not any(harmless in words for harmless in _HARMLESS)]
    if lost:
        raise safety.unsafe(name, lost)
    notes.keep_sizes(book, package)
    for sheet in book.worksheets:
        _keep_digits(sheet)
    return book


def _loaded(data: bytes, name: str) -> Workbook:
    reader = _FaithfulReader(io.BytesIO(data), keep_links=True, rich_text=True)
    try:
        reader.read()
    except _BROKEN as error:
        raise safety.damaged(name, "it is damaged or incomplete") from error
    book: Workbook = reader.wb
    return book


def open_read_only(data: bytes, name: str) -> Any:  # noqa: ANN401 - read-only sheets have no public type
    """Open a workbook without loading its rows; nothing is refused, for nothing is written.

    Raises:
        SheetError: it is damaged or no workbook.
    """
    safety.refuse_strict(safety.open_package(data, name), name)
    reader = ExcelReader(io.BytesIO(data), read_only=True, keep_links=False)
    with _caught_warnings():
        try:
            reader.read()
        except _BROKEN as error:
            raise safety.damaged(name, "it is damaged or incomplete") from error
    return reader.wb


def save(book: Workbook, path: Path) -> None:
    """Write the workbook to a file."""
    with _caught_warnings():
        book.save(path)


@contextlib.contextmanager
def reading_rows(name: str) -> Iterator[None]:
    """Say in a sentence that a worksheet proved damaged while its rows were read; keep warnings quiet."""
    try:
        with _caught_warnings():
            yield
    except _BROKEN as error:
        raise safety.damaged(name, "it is damaged or incomplete") from error


def _keep_digits(sheet: Worksheet) -> None:
    """Keep all digits of long numbers: openpyxl writes 16, a double may need 17."""
    for cell in sheet._cells.values():  # noqa: SLF001 - the public iteration would create every empty cell
        value: object = cell.value
        long_int = type(value) is int and abs(value) >= 10**16
        if long_int or (type(value) is float and float(f"{value:.16g}") != value):
            cell._value = repr(value)  # type: ignore[union-attr]  # noqa: SLF001 - ``value`` would make it text


def missing_tab(tab: str, path: Path, tabs: list[str]) -> LayoutError:
    """Return the error for a tab that is not there."""
    return LayoutError(
        f"The workbook {path} has no tab {tab!r}; it has {', '.join(map(repr, tabs))}.",
        hint=f"{PULL_HINT} If the tab was renamed, name it in the configuration or rename it back.",
        details={"tab": tab, "tabs": tabs},
    )
