"""Totals: what was changed by day, by reason or by person."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from typing import Any

from sheetsync.core.accounts import Unit
from sheetsync.core.amounts import format_amount
from sheetsync.core.states import OperationState, row_status
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Report
from sheetsync.jobs.history import PAGE, Wanted
from sheetsync.ports import Ledger, OperationRecord

UNDO = "Undo"
"""The one group of all undos: the reason of each names the operation that it takes back."""

NO_REASON = "(no reason)"


class By(StrEnum):
    """What is counted together."""

    DAY = "day"
    REASON = "reason"
    PERSON = "person"


@dataclass(slots=True)
class UnitTotal:
    """What confirmed operations changed of one unit, in minor units.

    Attributes:
        scale: decimal places.
        operations: that changed it, or set it to what it was.
        added, removed: without signs.
    """

    scale: int
    operations: int = 0
    added: int = 0
    removed: int = 0

    @property
    def net(self) -> int:
        """Return what was added less what was removed."""
        return self.added - self.removed


@dataclass(slots=True)
class Group:
    """Attributes: what is counted, how many operations are in which status, and unit code → total."""

    connection: str
    name: str
    statuses: Counter[str] = field(default_factory=Counter)
    units: dict[str, UnitTotal] = field(default_factory=dict)


def totals(
    ledger: Ledger,
    wanted: Wanted,
    by: By,
    *,
    zone: tzinfo,
    report: Report = lambda _what, _done, _total: None,
) -> list[Group]:
    """Return the totals of operations, sorted by connection and name; only what is proven counts as changed.

    Args:
        ledger: where they are.
        wanted: which are meant.
        by: what is counted together.
        zone: decides which day a moment belongs to.
        report: told of progress.
    """
    groups: dict[tuple[str, str], Group] = {}
    for done, record in enumerate(wanted.all_of(ledger), start=1):
        place = (record.connection, _name(record, by, zone))
        _count(groups.setdefault(place, Group(*place)), record)
        if done % PAGE == 0:
            report("Adding up", done, None)
    return [groups[place] for place in sorted(groups)]


def _name(record: OperationRecord, by: By, zone: tzinfo) -> str:
    if by is By.DAY:
        return f"{(record.sent_at or record.created_at).astimezone(zone):%Y-%m-%d}"
    if by is By.PERSON:
        return record.actor
    if telling.is_undo(record):
        return UNDO
    return record.reason or NO_REASON


def _count(group: Group, record: OperationRecord) -> None:
    group.statuses[_status(record.state)] += 1
    if record.state is not OperationState.CONFIRMED:
        return
    changed = telling.changed_by(record)
    for unit in record.units:
        total = group.units.setdefault(unit.unit, UnitTotal(unit.scale))
        moved = changed.get(unit.unit, 0)
        total.operations += 1
        total.added += max(moved, 0)
        total.removed += max(-moved, 0)


def _status(state: OperationState) -> str:
    return "withdrawn" if state is OperationState.WITHDRAWN else row_status(state).value


def totals_json(groups: list[Group], by: By, *, zone: tzinfo) -> dict[str, Any]:
    """Return the JSON of ``history --totals``."""
    return {"by": by.value, "timezone": str(zone), "totals": [_group_json(group) for group in groups]}


def _group_json(group: Group) -> dict[str, Any]:
    return {
        "connection": group.connection,
        "name": group.name,
        "operations": group.statuses.total(),
        "statuses": dict(sorted(group.statuses.items())),
        "units": {code: _unit_json(code, total) for code, total in sorted(group.units.items())},
    }


def _unit_json(code: str, total: UnitTotal) -> dict[str, Any]:
    unit = Unit(code, code, total.scale)
    amounts: Mapping[str, int] = {"added": total.added, "removed": total.removed, "net": total.net}
    return {
        "operations": total.operations,
        **{name: format_amount(minor, unit) for name, minor in amounts.items()},
    }


CSV_HEADER = ("connection", "name", "operations", "confirmed", "unit", "added", "removed", "net")


def csv_rows(told: Mapping[str, Any]) -> list[list[Any]]:
    """Return the rows of a CSV file: one for each group and unit."""
    rows = []
    for group in told["totals"]:
        first = [
            group["connection"],
            group["name"],
            group["operations"],
            group["statuses"].get("confirmed", 0),
        ]
        for unit, total in (group["units"] or {"": {}}).items():
            rows.append([*first, unit, *(total.get(name, "") for name in ("added", "removed", "net"))])
    return rows
