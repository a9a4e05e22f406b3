"""Rows of plans, kept while somebody looks through them.

A plan is one text in the ledger, because it is frozen as a whole. Reading one of 50,000 rows again for every
page would be slow, so the last ones stay here, without what pages do not show.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sheetsync.ledger.pages import PageStore, PlanHead

PLANS = 2
"""Plans kept; one of 50,000 rows takes some 70 MB."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan as its preview showed it.

    Attributes:
        facts: everything but the rows.
        largest: places of the rows, those that move the most first.
    """

    facts: dict[str, Any]
    rows: tuple[dict[str, Any], ...]
    largest: tuple[int, ...]


class Shelf:
    """Plans that were looked at lately.

    Args:
        pages: reads them.
    """

    def __init__(self, pages: PageStore) -> None:
        self._pages = pages
        self._kept: OrderedDict[tuple[str, str, str], Shown] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, head: PlanHead) -> Shown | None:
        """Return a plan's rows; None if it was made by a version that kept none."""
        key = (head.connection, head.digest, head.created_at.isoformat())
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        facts = self._pages.plan_part(head, "shown")
        if facts is None:
            return None
        rows = tuple(facts.pop("rows"))
        order = sorted(range(len(rows)), key=lambda place: -_moves(rows[place]))
        shown = Shown(facts, rows, tuple(order))
        with self._lock:
            self._kept[key] = shown
            while len(self._kept) > PLANS:
                self._kept.popitem(last=False)
        return shown


def filtered(shown: Shown, *, words: Sequence[str], status: str, largest: bool) -> list[dict[str, Any]]:
    """Return rows in which all words stand, of one status, in the plan's order or the largest first."""
    rows = (shown.rows[place] for place in shown.largest) if largest else shown.rows
    folded = [word.casefold() for word in words]
    return [
        row
        for row in rows
        if (not status or row["status"] == status) and all(word in _text(row) for word in folded)
    ]


def _text(row: dict[str, Any]) -> str:
    names = ("account_id", "email", "action", "message", "operation")
    return "\n".join(str(row.get(name) or "") for name in names).casefold()


def _moves(row: dict[str, Any]) -> Decimal:
    """Return by how much a row's largest change moves a balance; rows that send nothing come last."""
    if row["status"] not in ("edited", "awaiting_approval"):
        return Decimal(-1)
    return max((_moved(each) for each in row["changes"].values()), default=Decimal(0))


def _moved(change: dict[str, Any]) -> Decimal:
    try:
        return abs(Decimal(change["after"] or 0) - Decimal(change["before"] or 0))
    except InvalidOperation:
        return Decimal(0)
