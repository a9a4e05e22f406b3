"""Pages of long lists: how long one is, and where the next one starts."""

from datetime import datetime

from sheetsync.errors import UsageError
from sheetsync.ports import OperationRecord

PAGE = 50
"""Rows of a page: a person looks through so many, and a phone shows them at once."""


def cursor_of(record: OperationRecord) -> str:
    """Return where the page behind this operation starts."""
    return f"{record.created_at.isoformat()}~{record.key}"


def read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """Return time and key of a cursor.

    Raises:
        UsageError: it is none.
    """
    if not cursor:
        return None
    moment, _, key = cursor.partition("~")
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UsageError("This page's address is damaged.", hint="Start at the first page again.")
    return found, key
