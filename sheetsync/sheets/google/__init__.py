"""A tab of a Google spreadsheet."""

from sheetsync.sheets.google.access import Access
from sheetsync.sheets.google.http import Waiting
from sheetsync.sheets.google.sheet import GoogleSheet

__all__ = ["Access", "GoogleSheet", "Waiting"]
