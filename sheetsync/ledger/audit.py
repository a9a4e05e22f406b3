"""``sheetsync ledger check``: recomputes what the ledger says from the events alone."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, select

from sheetsync.core.states import OperationState
from sheetsync.ledger.events import event_hash, stored
from sheetsync.ledger.schema import operation_units, operations, systems

_STATE_OF = {
    "queued": OperationState.QUEUED,
    "intent": OperationState.SENDING,
    "accepted": OperationState.ACCEPTED,
    "unknown": OperationState.UNKNOWN,
    "rejected": OperationState.REJECTED,
    "confirmed": OperationState.CONFIRMED,
    "not_applied": OperationState.NOT_APPLIED,
    "withdrawn": OperationState.WITHDRAWN,
}


def audit(connection: Connection) -> dict[str, Any]:
    """Return number of events, verdict on the chain, and verdict on states and sums.

    The chain is "ok" when every event's hash follows from its content and the event before it, and the newest
    is the head. The sums are "ok" when the events lead to exactly the states that the operations have, and the
    changes they report per account and unit are those of the confirmed operations.
    """
    total, problem = 0, ""
    heads: dict[str, tuple[int, str]] = {}
    states: dict[str, OperationState] = {}
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for number, previous, digest, item in stored(connection):
        total += 1
        before = heads.get(item.system, (0, ""))
        linked = (number - 1, previous) == before
        if not problem and not (linked and digest == event_hash(previous, number, item)):
            problem = f"broken at event {number} of {item.system}"
        heads[item.system] = (number, digest)
        if item.operation and item.kind in _STATE_OF:
            states[item.operation] = _STATE_OF[item.kind]
            if item.kind == "confirmed":
                for unit, change in item.body["changes"].items():
                    sums[item.operation, unit] += change or 0
    if not problem:
        problem = _heads_problem(connection, heads)
    return {
        "events": total,
        "chain": problem or "ok",
        "sums": _sums_problem(connection, states, sums) or "ok",
    }


def _heads_problem(connection: Connection, heads: dict[str, tuple[int, str]]) -> str:
    for row in connection.execute(select(systems)):
        if heads.get(row.system, (0, "")) != (row.events, row.head):
            return f"the newest event of {row.system} is not its head: events were cut off"
    return ""


def _sums_problem(
    connection: Connection, states: dict[str, OperationState], sums: dict[tuple[str, str], int]
) -> str:
    query = select(operations.c.key, operations.c.state, operation_units).join(
        operation_units, operation_units.c.operation == operations.c.key
    )
    seen = set()
    for row in connection.execute(query):
        seen.add(row.key)
        if states.get(row.key) != row.state:
            return f"operation {row.key} is {row.state}, its events say {states.get(row.key, 'nothing')}"
        if row.state == OperationState.CONFIRMED and row.expected is not None:
            change = row.expected - (row.before or 0)
            if sums[row.key, row.unit] != change:
                return f"operation {row.key} changed {row.unit} by {change}, its events say otherwise"
    lost = set(states) - seen
    return f"operation {min(lost)} is in the events and nowhere else" if lost else ""
