"""An emulator of the Google Sheets API v4, a little of Drive v3, and `/token`."""

from tests.emulators.sheets.server import SheetsEmulator

__all__ = ["SheetsEmulator"]
