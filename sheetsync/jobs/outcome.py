"""What a command reports at its end."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sheetsync.core.states import NEEDS_ATTENTION
from sheetsync.errors import LayoutError, SheetError, SheetUnsafeError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.showing import Told, show

WORDS = ("confirmed", "confirmation_required", "rejected", "not_applied", "conflict")
"""Counts that are always there."""

UNSENT = frozenset({"conflict", "invalid"})
"""Statuses that a push found right before it would have sent: no state of an operation says them."""


def counts(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Count rows by status."""
    found = Counter(dict.fromkeys(WORDS, 0))
    found.update(row["status"] for row in rows)
    return dict(found)


def kept(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run keeps of a push or verify: the ledger has its rows, so their operations' keys do."""
    found = {name: result[name] for name in ("counts", "warnings", "sheet_requests") if name in result}
    unsent = {
        row["operation"]: {"status": row["status"], "message": row["message"]}
        for row in result["rows"]
        if row["status"] in UNSENT
    }
    return {**found, "operations": [row["operation"] for row in result["rows"]], "unsent": unsent}


def sheet_requests(desk: Desk) -> dict[str, dict[str, int]]:
    """Return what was asked of a spreadsheet that is a service: numbers of requests, and bytes both ways."""
    traffic = desk.sheet.traffic()
    return {"sheet_requests": traffic} if traffic else {}


def needs_attention(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether some row keeps a command from ending with 0."""
    return any(row["status"] in NEEDS_ATTENTION for row in rows)


def finish_showing(desk: Desk, told: Mapping[str, Told] | None = None) -> list[str]:
    """Bring the tab up to date; if that fails, say so: the money is where the ledger says it is.

    A connection that was never pulled has no tab yet: a write test may come before the first pull.
    """
    if desk.ledger.accounts.last_pull(desk.name) is None:
        return []
    try:
        show(desk, told)
    except (SheetError, LayoutError, SheetUnsafeError) as error:
        sentence = (
            f"The tab could not be brought up to date: {error.message} {error.hint} "
            "The ledger holds every result; the next verify or pull writes it to the tab."
        )
        return [sentence]
    return []
