"""A plan: the frozen, ordered operations that a push would send, with control totals and digest."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sheetsync.core.accounts import Action, Change, Operation, Unit
from sheetsync.core.amounts import format_amount
from sheetsync.core.decide import Planned, RowResult
from sheetsync.core.quotes import agreed
from sheetsync.core.states import RowStatus


@dataclass(frozen=True, slots=True)
class Totals:
    """Control totals of one unit, in minor units.

    Attributes:
        rows: operations that change the unit.
        added, removed: both positive.
        largest: the largest single change, without its sign.
    """

    rows: int = 0
    added: int = 0
    removed: int = 0
    largest: int = 0

    @property
    def net(self) -> int:
        """What is added minus what is removed."""
        return self.added - self.removed

    def plus(self, change: int) -> "Totals":
        """Return the totals with one more change."""
        return Totals(
            rows=self.rows + 1,
            added=self.added + max(change, 0),
            removed=self.removed + max(-change, 0),
            largest=max(self.largest, abs(change)),
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a preview found.

    Attributes:
        operations: in order of account id; the only part that the digest covers.
        rows: every row that is not unchanged.
        hidden: rows with edits that the tab's filter hides; they are left out.
        ignored: rows without a User ID.
        ahead: some Key is newer than the ledger, so that nothing may be pushed.
        accounts: accounts that the credit system had at the last pull; 0 where only some are in scope.
        present: rows of the tab with a User ID.
    """

    connection: str
    operations: tuple[Planned, ...]
    rows: tuple[RowResult, ...]
    totals: Mapping[str, Totals] = field(default_factory=dict)
    hidden: int = 0
    ignored: int = 0
    ahead: bool = False
    accounts: int = 0
    present: int = 0

    @property
    def changed_percent(self) -> int | None:
        """Share of the accounts that the plan changes, rounded up; None where only some are in scope."""
        changed = len({each.operation.account_id for each in self.operations})
        return _percent(changed, self.accounts)

    @property
    def absent_percent(self) -> int | None:
        """Share of the accounts that the tab lacks, rounded up; None where only some are in scope."""
        return _percent(max(self.accounts - self.present, 0), self.accounts)

    @property
    def digest(self) -> str:
        """SHA-256 over keys, attempts, epochs, bases, amounts and prices; not live balances or people."""
        return plan_digest(self.connection, self.operations)


def _percent(part: int, whole: int) -> int | None:
    return -(-100 * part // whole) if whole else None


def plan_digest(connection: str, operations: Iterable[Planned]) -> str:
    """Return the digest of exactly these operations, in this order."""
    body = [
        {
            "account_id": each.operation.account_id,
            "operation": each.operation.key,
            "attempt": each.attempt,
            "action": each.operation.action.value,
            "amounts": {change.unit: change.amount for change in each.operation.changes},
            "epochs": dict(each.epochs),
            "basis": each.basis,
            **({"terms": terms} if (terms := agreed(each.operation.extras)) else {}),
        }
        for each in operations
    ]
    text = json.dumps([connection, body], sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def build(
    connection: str, results: Iterable[RowResult], units: Sequence[Unit], *, hidden: int = 0, ignored: int = 0
) -> Plan:
    """Freeze what was decided into a plan."""
    rows = sorted(
        (row for row in results if row.status is not RowStatus.UNCHANGED),
        key=lambda row: (account_order(row.account_id), row.number),
    )
    operations = tuple(planned for row in rows if row.status is RowStatus.EDITED for planned in row.planned)
    return Plan(
        connection=connection,
        operations=operations,
        rows=tuple(rows),
        totals=totals(operations, units),
        hidden=hidden,
        ignored=ignored,
        ahead=any(row.ahead for row in rows),
    )


def account_order(account_id: str) -> tuple[int, str]:
    """Order ids so that 9 comes before 10, and every id has its place."""
    return (len(account_id), account_id)


def totals(operations: Iterable[Planned], units: Sequence[Unit]) -> dict[str, Totals]:
    """Sum what the operations change, per unit; a unit that nothing changes is left out."""
    sums: dict[str, Totals] = {}
    for planned in operations:
        for code, after in planned.after.items():
            change = after - (planned.before.get(code) or 0)
            sums[code] = sums.get(code, Totals()).plus(change)
    return {unit.code: sums[unit.code] for unit in units if unit.code in sums}


def counts(rows: Iterable[RowResult]) -> dict[str, int]:
    """Count rows: valid edits by action, all others by status; the usual words are always there."""
    found = Counter({"add": 0, "reset": 0, "adjust": 0, "invalid": 0, "conflict": 0, "already_sent": 0})
    for row in rows:
        valid = row.status is RowStatus.EDITED and row.action is not None
        found[row.action.value if valid and row.action else row.status.value] += 1
    return dict(found)


def freeze(planned: Planned) -> dict[str, Any]:
    """Return the operation as JSON; ``thaw`` reads it again."""
    operation = planned.operation
    return {
        "key": operation.key,
        "account_id": operation.account_id,
        "email": operation.email,
        "action": operation.action.value,
        "changes": [[change.unit, change.amount] for change in operation.changes],
        "reason": operation.reason,
        "note": operation.note,
        "actor": operation.actor,
        "extras": dict(operation.extras),
        "attempt": planned.attempt,
        "epochs": dict(planned.epochs),
        "basis": planned.basis,
        "at_pull": dict(planned.at_pull),
        "before": dict(planned.before),
        "after": dict(planned.after),
        "sets": planned.sets,
        "sends": planned.sends,
    }


def thaw(data: Mapping[str, Any]) -> Planned:
    """Return what ``freeze`` wrote."""
    operation = Operation(
        key=data["key"],
        account_id=data["account_id"],
        email=data["email"],
        action=Action(data["action"]),
        changes=tuple(Change(unit, amount) for unit, amount in data["changes"]),
        reason=data["reason"],
        note=data["note"],
        actor=data["actor"],
        extras=data["extras"],
    )
    return Planned(
        operation=operation,
        attempt=data["attempt"],
        epochs=data["epochs"],
        basis=data["basis"],
        at_pull=data["at_pull"],
        before=data["before"],
        after=data["after"],
        sets=data["sets"],
        sends=data["sends"],
    )


def totals_json(found: Mapping[str, Totals], units: Sequence[Unit]) -> dict[str, dict[str, Any]]:
    """Return control totals with amounts as text of the unit's scale."""
    scale = {unit.code: unit for unit in units}
    return {
        code: {
            "rows": total.rows,
            "added": format_amount(total.added, scale[code]),
            "removed": format_amount(total.removed, scale[code]),
            "net": format_amount(total.net, scale[code]),
            "largest": format_amount(total.largest, scale[code]),
        }
        for code, total in found.items()
    }
