"""When what is not proven is asked again: at growing pauses, then left to a person."""

from datetime import datetime, timedelta

from sheetsync.core.states import UNPROVEN, OperationState
from sheetsync.jobs.proving import LOOKED_FOR, is_look_due
from sheetsync.ports import Ledger, OperationRecord

CHECKS_MOST = 8
"""Automatic checks of one operation; after these a person looks at it."""

PAUSE_MOST = timedelta(hours=6)
"""The longest pause between two checks."""


def due_at(record: OperationRecord, settle_after: timedelta) -> datetime | None:
    """Return when an operation is to be checked next; None if it waits for a person, or needs no check.

    The first check comes when a lost request can be judged; then the pauses double.
    """
    if record.state not in (OperationState.ACCEPTED, OperationState.UNKNOWN) or record.left_at is None:
        return None
    if record.checks >= CHECKS_MOST:
        return None
    if record.checked_at is None or record.checks == 0:
        return record.left_at + settle_after
    pause: timedelta = settle_after * 2**record.checks
    return record.checked_at + min(pause, PAUSE_MOST)


def is_left_to_a_person(record: OperationRecord, settle_after: timedelta) -> bool:
    """Whether no automatic check looks at an unproven operation any more."""
    return record.state in UNPROVEN and record.checks > 0 and due_at(record, settle_after) is None


def is_due(ledger: Ledger, system: str, settle_after: timedelta) -> bool:
    """Whether some operation of the system is to be checked now, or a settled one looked for again."""
    now = ledger.runs.now()
    moments = (due_at(record, settle_after) for record in ledger.operations.unsettled(system))
    if any(moment is not None and moment <= now for moment in moments):
        return True
    return any(is_look_due(record, now) for record in ledger.operations.lately(system, now - LOOKED_FOR))
