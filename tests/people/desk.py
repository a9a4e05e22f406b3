"""A person at a workbook, who reads what the product says."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from rich.console import Console

from sheetsync.cli import printing
from sheetsync.jobs.preview import preview_json
from tests.e2e.harness import headers, places
from tests.rules.clerk import Clerk

LONG_ID = "1234567890123456"
"""A customer whose id no spreadsheet keeps as a number."""


class Ana(Clerk):
    """A clerk who also types into single cells and reads messages."""

    @property
    def path(self) -> Path:
        """The workbook."""
        return self.process.path

    def open(self) -> tuple[Workbook, Worksheet]:
        """Open the workbook and its tab in another program."""
        book = load_workbook(self.path)
        return book, book["Credits"]

    def type(self, edits: Mapping[str, Mapping[str, object]]) -> None:
        """Type into rows: User ID → header → value."""
        book, tab = self.open()
        columns, rows = headers(tab), places(tab)
        for account, cells in edits.items():
            for header, value in cells.items():
                tab.cell(rows[account], columns[header]).value = value  # type: ignore[assignment]
        book.save(self.path)

    def hide(self, *accounts: str) -> None:
        """Filter these rows away."""
        book, tab = self.open()
        rows = places(tab)
        tab.auto_filter.ref = tab.dimensions
        for account in accounts:
            tab.row_dimensions[rows[account]].hidden = True
        book.save(self.path)

    def sees(self, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - of preview
        """Preview; return its JSON."""
        return preview_json(self.desk, self.preview(**options))

    def told(self, account: str) -> tuple[str, str]:
        """Preview; return Status and Message of the account's row, as the tab shows them."""
        self.preview()
        row = self.row(account)
        return str(row["Status"] or ""), str(row["Message"] or "")


def printed(show: printing.Show) -> str:
    """Return what a person reads on a wide terminal."""
    out = io.StringIO()
    show(Console(file=out, width=240, highlight=False))
    return out.getvalue()
