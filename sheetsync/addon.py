"""Where the files of the Google Sheets add-on are."""

from pathlib import Path

_INSTALLED = Path(__file__).parent / "appsscript"
"""Inside the installed package; the build puts them there."""

_SOURCE = Path(__file__).parents[1] / "appsscript"
"""In a working copy."""


def folder() -> Path:
    """Return the folder that holds the add-on's files, as they are pushed to Apps Script."""
    return _INSTALLED if _INSTALLED.is_dir() else _SOURCE
