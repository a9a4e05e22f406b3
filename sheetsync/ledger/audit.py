"""``sheetsync ledger check``: recomputes what the ledger says from the events alone."""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, String, Text, select, type_coerce

from sheetsync.core.states import OperationState
from sheetsync.ledger.events import event_hash
from sheetsync.ledger.schema import events, operation_units, operations, systems

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

_IN_PAGES = {"yield_per": 1000}
"""So that rows are not all held in memory at once."""


@dataclass(slots=True)
class _Told:
    """What the events say of one operation.

    Attributes:
        asked: unit → amount.
        before, expected: unit → balance, of the last attempt; empty before the first.
        changes: unit → what was proven to have changed; empty before that.
    """

    state: OperationState
    attempts: int = 0
    asked: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)


def audit(connection: Connection) -> dict[str, Any]:
    """Return number of events, verdict on the chain, and verdict on states and sums.

    The chain is "ok" when every event's hash follows from its content and the event before it, and the newest
    is the head. The sums are "ok" when the events lead to exactly the states, amounts and balances that the
    operations have, and the changes they report are those of the confirmed operations.
    """
    total, problem = 0, ""
    heads: dict[str, tuple[int, str]] = {}
    told: dict[str, _Told] = {}
    query = select(events).with_only_columns(
        *(column for column in events.c if column.name not in {"at", "body"}),
        type_coerce(events.c.at, String).label("at"),
        type_coerce(events.c.body, Text).label("body"),
    )
    ordered = query.order_by(events.c.system, events.c.number)
    with connection.execute(ordered, execution_options=_IN_PAGES) as found:
        for row in found.mappings():
            total += 1
            previous = heads.get(row["system"], (0, ""))
            linked = (row["number"] - 1, row["previous"]) == previous
            if not problem and not (linked and row["hash"] == event_hash(dict(row))):
                problem = f"broken at event {row['number']} of {row['system']}"
            heads[row["system"]] = (row["number"], row["hash"])
            if row["operation"] and row["kind"] in _STATE_OF:
                _tell(told, row["operation"], row["kind"], row["body"])
    return {
        "events": total,
        "chain": problem or _heads_problem(connection, heads) or "ok",
        "sums": _sums_problem(connection, told) or "ok",
    }


def _tell(told: dict[str, _Told], key: str, kind: str, text: str) -> None:
    try:
        body = json.loads(text)
    except ValueError:
        body = {}  # the chain is broken here, and says so
    known = told.setdefault(key, _Told(_STATE_OF[kind]))
    known.state = _STATE_OF[kind]
    if kind == "queued":
        known.asked, known.before, known.expected = body.get("changes", {}), {}, {}
    elif kind == "intent":
        known.attempts = body.get("attempt", 0)
        known.before, known.expected = body.get("before", {}), body.get("expected", {})
    elif kind == "confirmed":
        known.changes = body.get("changes", {})


def _heads_problem(connection: Connection, heads: dict[str, tuple[int, str]]) -> str:
    stored = {row.system: (row.events, row.head) for row in connection.execute(select(systems))}
    for system in sorted(stored.keys() | heads.keys()):
        if heads.get(system, (0, "")) != stored.get(system):
            return f"the newest event of {system} is not its head: events were cut off"
    return ""


def _sums_problem(connection: Connection, told: dict[str, _Told]) -> str:
    query = select(operations.c.key, operations.c.state, operations.c.attempts, operation_units).join(
        operation_units, operation_units.c.operation == operations.c.key
    )
    seen = set()
    with connection.execute(query, execution_options=_IN_PAGES) as found:
        for row in found:
            seen.add(row.key)
            problem = _problem(row, told.get(row.key))
            if problem:
                return f"operation {row.key} {problem}"
    lost = set(told) - seen
    return f"operation {min(lost)} is in the events and nowhere else" if lost else ""


def _problem(row: Any, told: _Told | None) -> str:  # noqa: ANN401 - a database row
    if told is None:
        return f"is {row.state}, its events say nothing"
    if (told.state, told.attempts) != (row.state, row.attempts):
        stands = f"{row.state} after {row.attempts} attempts"
        return f"is {stands}, its events say {told.state} after {told.attempts}"
    if told.asked.get(row.unit) != row.amount:
        return f"asks for {row.amount} {row.unit}, its events say {told.asked.get(row.unit)}"
    events_say = told.before.get(row.unit), told.expected.get(row.unit)
    if told.expected and events_say != (row.before, row.expected):
        return f"goes from {row.before} to {row.expected} {row.unit}, its events say otherwise"
    if row.state == OperationState.CONFIRMED and row.expected is not None:
        change = row.expected - (row.before or 0)
        if told.changes.get(row.unit) != change:
            return f"changed {row.unit} by {change}, its events say otherwise"
    return ""
