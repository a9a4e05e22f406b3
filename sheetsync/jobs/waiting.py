"""What waits in the tab: edits that were not sent, by what they are. Asks no credit system."""

from typing import Any

from sheetsync.core.plan import counts
from sheetsync.core.states import RowStatus
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.survey import from_book, survey

SENT = frozenset({RowStatus.CONFIRMATION_REQUIRED, RowStatus.ALREADY_SENT, RowStatus.UNCHANGED})
"""Rows of these statuses hold nothing that was never sent."""


def waiting(desk: Desk) -> dict[str, Any]:
    """Read the tab once and count the rows that hold an edit, by the balances of the pull.

    Returns:
        ``unsent``: rows with an edit that was not sent; ``counts``: as in a plan, by action or status;
        ``hidden``: rows with an edit that the tab's filter hides.

    Raises:
        UsageError: the tab is not what a pull wrote.
        SheetError: it cannot be read.
    """
    tab = desk.sheet.read()
    book = desk.book()
    found = survey(desk, tab, live=from_book(book))
    asking = [row for row in found.results if row.status is not RowStatus.UNCHANGED]
    unsent = sum(row.status not in SENT for row in asking)
    return {"unsent": unsent, "counts": counts(asking), "hidden": found.hidden}
