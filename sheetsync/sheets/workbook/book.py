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
from xml.etree.ElementTree import Element, ParseError, iterparse

from openpyxl import Workbook
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from sheetsync.errors import LayoutError
from sheetsync.sheets.layout import PULL_HINT
from sheetsync.sheets.workbook import keeping, safety

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

_STRING = f"{{{SHEET_MAIN_NS}}}si"
_RUNS = (f"{{{SHEET_MAIN_NS}}}t", f"{{{SHEET_MAIN_NS}}}r/{{{SHEET_MAIN_NS}}}t")

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


class _PlainReader(ExcelReader):
    """Reads texts without their formats, in a third of openpyxl's time."""

    def read_strings(self) -> None:
        package: Any = self.package
        part = package.find(SHARED_STRINGS)
        if part is None:
            return
        with self.archive.open(part.PartName.lstrip("/")) as source:
            for _, element in iterparse(source):  # noqa: S314 - expat itself bounds the expansion of entities
                if element.tag == _STRING:
                    self.shared_strings.append(plain_text(element))
                    element.clear()


def plain_text(element: Element) -> str:
    """Return the text of a shared or inline string; not its formats, nor how it is pronounced."""
    runs = (run.text or "" for path in _RUNS for run in element.findall(path))
    return "".join(runs).replace("x005F_", "")


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
    keeping.keep(book, package)
    return book


def _loaded(data: bytes, name: str) -> Workbook:
    reader = _FaithfulReader(io.BytesIO(data), keep_links=True, rich_text=True)
    try:
        reader.read()
    except _BROKEN as error:
        raise safety.unreadable(name, error) from error
    book: Workbook = reader.wb
    return book


def open_read_only(data: bytes, name: str) -> Any:  # noqa: ANN401 - read-only sheets have no public type
    """Open a workbook without loading its rows; nothing is refused, for nothing is written.

    Raises:
        SheetError: it is damaged or no workbook.
    """
    safety.refuse_strict(safety.open_package(data, name), name)
    reader = _PlainReader(io.BytesIO(data), read_only=True, keep_links=False)
    with _caught_warnings():
        try:
            reader.read()
        except _BROKEN as error:
            raise safety.unreadable(name, error) from error
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
        raise safety.unreadable(name, error) from error


def missing_tab(tab: str, path: Path, tabs: list[str]) -> LayoutError:
    """Return the error for a tab that is not there."""
    return LayoutError(
        f"The workbook {path} has no tab {tab!r}; it has {', '.join(map(repr, tabs))}.",
        hint=f"{PULL_HINT} If the tab was renamed, name it in the configuration or rename it back.",
        details={"tab": tab, "tabs": tabs},
    )
