"""The ``Sheet`` port over one tab of an ``.xlsx`` file."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path

from openpyxl import Workbook

from sheetsync.core.tab import CellValue, Patch, Tab
from sheetsync.errors import LayoutError, SheetError
from sheetsync.ports import Columns, ReportColumn, Written
from sheetsync.sheets.layout import layout, report_note
from sheetsync.sheets.workbook import book as books
from sheetsync.sheets.workbook import files, formatting, reports, safety
from sheetsync.sheets.workbook.reading import read_tab
from sheetsync.sheets.workbook.writing import TabWriter

MAX_TRIES = 5
"""How often a write starts again because another program saved the file meanwhile."""


class WorkbookSheet:
    """One tab of a workbook on disk.

    A write loads the whole file, changes cells and puts a new file in place of the old one in a single step.
    Other tabs, people's columns, styles, notes, filters and formulas survive; what would not survive is
    refused before anything is written. Formulas lose their stored results until a spreadsheet program
    computes them again.

    Args:
        path: the file; ``create`` makes it if it is missing.
        tab: title of the tab.
        columns: which columns the tab has.
        timezone: whose wall clock the times in cells show.
    """

    def __init__(self, path: Path, *, tab: str, columns: Columns, timezone: tzinfo = UTC) -> None:
        self._path = path
        self._tab = tab
        self._columns = layout(columns)
        self._timezone = timezone

    def ensure_writable(self) -> None:
        """Raise now what a write would raise: locked, damaged, or holding what we would destroy.

        Raises:
            SheetError: open in a spreadsheet program, damaged, or no permission.
            SheetUnsafeError: a rewrite would destroy something, e.g. a chart.
        """
        path = self._target()
        files.require_writable(path)
        if path.exists():
            package = safety.open_package(files.read_bytes(path), path.name)
            safety.refuse_strict(package, path.name)
            safety.refuse_losses(package, path.name)

    def prove_writable(self) -> None:
        """Do as ``ensure_writable``: looking at a file tells all.

        Raises:
            SheetError, SheetUnsafeError: as there.
        """
        self.ensure_writable()

    def read(self) -> Tab:
        """Read the tab as it was last saved; a workbook that someone has open can be read, too.

        Raises:
            LayoutError: file, tab or headers are missing, or headers are doubled.
            SheetError: it cannot be read.
        """
        path = self._target()
        return read_tab(files.read_bytes(path), path, tab=self._tab, expected=self._columns)

    def create(self, *, rows: int = 0) -> tuple[str, ...]:
        """Create file, tab and headers where they are missing, repair the layout, keep everything else.

        Args:
            rows: a workbook needs no room made.

        Returns:
            What was made or repaired, in words.

        Raises:
            LayoutError: headers are doubled, or the tab's name is impossible.
            SheetError, SheetUnsafeError: nothing was written.
        """
        del rows
        repaired: tuple[str, ...] = ()

        def lay_out(book: Workbook) -> bool:
            nonlocal repaired
            repaired = formatting.lay_out(book, self._tab, self._columns)
            return bool(repaired)

        self._rewrite(lay_out, new_file=True)
        return repaired

    def traffic(self) -> dict[str, int]:
        """Return nothing: a file asks nobody."""
        return {}

    def write(self, patches: Sequence[Patch], *, append: Sequence[Mapping[str, CellValue]] = ()) -> Written:
        """Write patches, all together or not at all, and append new rows below the last.

        The file is left alone if every cell already holds what it should. A field without a column is
        skipped; a new row whose id is there by now is not appended again.

        Raises:
            LayoutError, SheetError, SheetUnsafeError: nothing was written.
        """
        written = Written()

        def change(book: Workbook) -> bool:
            nonlocal written
            if self._tab not in book.sheetnames:
                raise books.missing_tab(self._tab, self._path, book.sheetnames)
            writer = TabWriter(book[self._tab], self._columns, self._timezone)
            written = writer.apply(patches)
            writer.append(append)
            return writer.changed

        if patches or append:
            self._rewrite(change)
        return written

    def replace_report(
        self,
        tab: str,
        about: str,
        *,
        columns: Sequence[ReportColumn],
        rows: Iterable[Sequence[CellValue]],
        remark: str = "",
    ) -> tuple[str, ...]:
        """Fill a whole tab of its own with a read-only report, in place of what the report held before.

        Widths, formats of whole columns and the colours of a report that is there already stay. The whole
        report is in memory while the file is written, and whenever the workbook is rewritten later.

        Raises:
            LayoutError: no tab can be called like this, or it is the connection's own tab.
            SheetUnsafeError: the tab is not this report's, or writing would destroy something.
            SheetError: it cannot be written, or has no room for so many rows.
        """
        if tab.casefold() == self._tab.casefold():
            raise LayoutError(
                f"The tab {tab!r} is the connection's own.", hint="A report needs a tab of its own."
            )

        count = 0

        def change(book: Workbook) -> bool:
            nonlocal count
            sheet = reports.empty(book, tab, about, columns=columns)
            count = reports.fill(sheet, columns, rows, zone=self._timezone)
            formatting.put_note(sheet, 1, report_note(about, remark))
            return True

        self._rewrite(change, new_file=True)
        return reports.costs(tab, count)

    def _target(self) -> Path:
        """Return the file itself: replacing a symbolic link would leave the file behind it old."""
        return self._path.resolve()

    def _rewrite(self, change: Callable[[Workbook], bool], *, new_file: bool = False) -> None:
        """Load, change and replace the file; start again if another program saved it meanwhile."""
        path = self._target()
        files.require_writable(path)
        with files.exclusive(path):
            for _ in range(MAX_TRIES):
                files.require_writable(path)
                before = files.signature(path)
                book = _empty_book() if before is None and new_file else self._load(path)
                if not change(book) or files.replace(path, partial(books.save, book), expected=before):
                    return
        raise SheetError(
            f"Nothing was written to {path}: another program saved it {MAX_TRIES} times meanwhile.",
            hint="Try again when nobody works on it.",
        )

    def _load(self, path: Path) -> Workbook:
        return books.load(files.read_bytes(path), path.name)


def _empty_book() -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    return book
