"""Which tab a connection is bound to."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from sheetsync.config.base import FilePath, Table, Text

XLSX_TAB_MAX = 31
"""Characters that Excel allows in a tab's name."""

GOOGLE_TAB_MAX = 100
"""Characters that Google Sheets allows in a tab's name."""

_NOT_IN_A_TAB = set("[]:*?/\\")
_LINK = re.compile(r"/spreadsheets/d/([^/?#\s]+)")


class XlsxSheet(Table):
    """A tab of an Excel workbook.

    Attributes:
        path: absolute; a pull creates a missing workbook.
        tab: the tab's name.
    """

    kind: Literal["xlsx"]
    path: FilePath
    tab: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=XLSX_TAB_MAX)]

    @field_validator("path")
    @classmethod
    def _workbook(cls, path: Path) -> Path:
        if path.suffix.lower() != ".xlsx":
            raise ValueError("must name a workbook that ends in .xlsx")
        if path.is_dir():
            raise ValueError("is a folder: name the workbook in it")
        return path

    @field_validator("tab")
    @classmethod
    def _excel_allows(cls, tab: str) -> str:
        if _NOT_IN_A_TAB & set(tab) or tab.startswith("'") or tab.endswith("'"):
            raise ValueError("is not a tab's name in Excel: leave out [ ] : * ? / \\ and quotes at its ends")
        return tab

    @property
    def identity(self) -> str:
        """The tab's identity, for messages and comparison; Excel does not tell cases apart."""
        return f"{self.path}, tab {self.tab.casefold()}"


class GoogleSheet(Table):
    """A tab of a Google spreadsheet.

    Attributes:
        spreadsheet_id: from the spreadsheet's address, between ``/d/`` and ``/edit``.
        tab: the tab's name.
    """

    kind: Literal["google"]
    spreadsheet_id: Text
    tab: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=GOOGLE_TAB_MAX)]

    @field_validator("spreadsheet_id")
    @classmethod
    def _not_a_link(cls, value: str) -> str:
        link = _LINK.search(value)
        if link:
            raise ValueError(f'takes the id alone: "{link[1]}"')
        if "/" in value or any(char.isspace() for char in value):
            raise ValueError("must be the part of the spreadsheet's address between /d/ and /edit")
        return value

    @property
    def identity(self) -> str:
        """The tab's identity, for messages and comparison."""
        return f"spreadsheet {self.spreadsheet_id}, tab {self.tab.casefold()}"


SheetSettings = Annotated[XlsxSheet | GoogleSheet, Field(discriminator="kind")]
