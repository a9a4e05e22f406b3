"""How planned operations get into the ledger: new ones, and known ones that may be sent (again)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from sheetsync.core.decide import Planned
from sheetsync.core.states import SENDABLE, OperationState
from sheetsync.ledger.chunks import chunks
from sheetsync.ledger.database import Transaction
from sheetsync.ledger.events import Event
from sheetsync.ledger.schema import operation_texts, operation_units, operations
from sheetsync.ports import Lease

_QUEUED = (
    "connection", "plan", "evidence_kind", "state", "reason", "basis", "actor", "run", "fence", "settled_at",
    "message", "evidence", "shown", "extras",
)  # fmt: skip
_QUEUE_AGAIN = (
    update(operations)
    .where(operations.c.key == bindparam("which"))
    .values({name: bindparam(f"new_{name}") for name in _QUEUED})
)


def queue(
    transaction: Transaction,
    planned: Sequence[Planned],
    *,
    lease: Lease,
    fixed: Mapping[str, str],
    scales: Mapping[str, int],
) -> None:
    """Queue operations, inside a transaction whose lease was checked.

    Args:
        transaction: the transaction.
        planned: what to queue; what is underway, settled, closed or meant for another attempt is left alone.
        lease: of the run.
        fixed: columns that are the same for all.
        scales: unit code → decimal places.
    """
    for chunk in chunks(planned):
        _queue(transaction, chunk, lease=lease, fixed=fixed, scales=scales)


def _queue(
    transaction: Transaction,
    planned: list[Planned],
    *,
    lease: Lease,
    fixed: Mapping[str, str],
    scales: Mapping[str, int],
) -> None:
    connection = transaction.connection
    known = _known(transaction, planned)
    wanted = [each for each in planned if _may_go(each, known.get(each.operation.key))]
    if not wanted:
        return
    fresh, again = [], []
    for each in wanted:
        key, values = each.operation.key, _queued_values(each, lease, fixed)
        if key in known and known[key].attempts:
            # how it is proven stays as it was: what its first attempt left can only be found that way
            values["evidence_kind"] = known[key].evidence_kind
        if key in known:
            again.append({"which": key} | {f"new_{name}": value for name, value in values.items()})
        else:
            fresh.append({**_identity(each, lease.system, transaction), **values})
        transaction.chain.append(_event(each, lease, transaction, plan=fixed["plan"]))
    if again:
        for table in (operation_units, operation_texts):
            connection.execute(delete(table).where(table.c.operation.in_([each["which"] for each in again])))
        connection.execute(_QUEUE_AGAIN, again)
    if fresh:
        connection.execute(insert(operations), fresh)
    connection.execute(insert(operation_texts), [_text_row(each) for each in wanted])
    units = [row for each in wanted for row in _unit_rows(each, lease.system, scales)]
    connection.execute(insert(operation_units), units)


def _known(transaction: Transaction, planned: Sequence[Planned]) -> dict[str, Any]:
    names = ("key", "state", "closed", "attempts", "evidence_kind")
    query = select(*(operations.c[name] for name in names)).where(
        operations.c.key.in_([each.operation.key for each in planned])
    )
    return {row.key: row for row in transaction.connection.execute(query)}


def _may_go(planned: Planned, row: Any) -> bool:  # noqa: ANN401 - a database row, or None
    if row is None:
        return planned.attempt == 1
    return row.state in SENDABLE and not row.closed and row.attempts == planned.attempt - 1


def _queued_values(planned: Planned, lease: Lease, fixed: Mapping[str, str]) -> dict[str, Any]:
    return {
        **fixed,
        "state": OperationState.QUEUED,
        "reason": planned.operation.reason,
        "basis": planned.basis,
        "actor": planned.operation.actor,
        "run": lease.run,
        "fence": lease.fence,
        "settled_at": None,
        "message": "",
        "evidence": None,
        "shown": False,
        # what it may cost is asked for anew
        "extras": dict(planned.operation.extras),
    }


def _identity(planned: Planned, system: str, transaction: Transaction) -> dict[str, Any]:
    operation = planned.operation
    return {
        "key": operation.key,
        "system": system,
        "account_id": operation.account_id,
        "action": operation.action.value,
        "attempts": 0,
        "closed": False,
        "doubtful": False,
        "created_at": transaction.now,
    }


def _text_row(planned: Planned) -> dict[str, Any]:
    operation = planned.operation
    return {"operation": operation.key, "email": operation.email, "note": operation.note}


def _unit_rows(planned: Planned, system: str, scales: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "operation": planned.operation.key,
            "unit": change.unit,
            "position": position,
            "system": system,
            "account_id": planned.operation.account_id,
            "epoch": planned.epochs[change.unit],
            "scale": scales[change.unit],
            "amount": change.amount,
            "at_pull": planned.at_pull.get(change.unit),
            "before": planned.before.get(change.unit),
            "expected": planned.after.get(change.unit),
        }
        for position, change in enumerate(planned.operation.changes)
    ]


def _event(planned: Planned, lease: Lease, transaction: Transaction, *, plan: str) -> Event:
    operation = planned.operation
    body = {
        "plan": plan,
        "attempt": planned.attempt,
        "account_id": operation.account_id,
        "action": operation.action.value,
        "changes": {change.unit: change.amount for change in operation.changes},
        "epochs": dict(planned.epochs),
        "basis": planned.basis,
    }
    return Event(lease.system, transaction.now, operation.actor, "queued", operation.key, lease.run, body)
