"""A tab of an ``.xlsx`` workbook on disk."""

from sheetsync.sheets.workbook.sheet import WorkbookSheet

__all__ = ["WorkbookSheet"]
