"""How operations of the ledger are told: to the diff, in sentences and as JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sheetsync.core import words
from sheetsync.core.accounts import Action, Change, Unit
from sheetsync.core.amounts import format_amount
from sheetsync.core.decide import Known
from sheetsync.core.states import UNPROVEN, UNSETTLED, OperationState, row_status
from sheetsync.core.undoing import Done, changed, undo_key
from sheetsync.core.verify import Sent
from sheetsync.jobs.desk import Desk
from sheetsync.ports import OperationRecord, UnitRecord

_OUTCOMES = {
    OperationState.QUEUED: "not sent yet.",
    OperationState.SENDING: "being sent.",
    OperationState.ACCEPTED: "accepted, not proven yet.",
    OperationState.UNKNOWN: "it is not known yet whether it arrived.",
    OperationState.CONFIRMED: "confirmed.",
    OperationState.NOT_APPLIED: "it did not arrive.",
    OperationState.REJECTED: "refused.",
    OperationState.WITHDRAWN: "never sent.",
}


def deed(desk: Desk, record: OperationRecord) -> str:
    """Return what was asked for: ``Added 25, Goodwill``."""
    return words.deed(Action(record.action), changes(record), desk.units, record.reason)


def changes(record: OperationRecord) -> tuple[Change, ...]:
    """Return the operation's changes."""
    return tuple(Change(unit.unit, unit.amount) for unit in record.units)


def known(desk: Desk, record: OperationRecord) -> Known:
    """Return what the diff has to know of an operation."""
    when = desk.local(record.sent_at or record.created_at)
    verb = "sent" if record.attempts else "queued"
    story, outcome = f"{deed(desk, record)}, {verb} {when} by {record.actor}", _OUTCOMES[record.state]
    if record.state in (OperationState.CONFIRMED, OperationState.REJECTED, OperationState.NOT_APPLIED):
        outcome = f"{outcome[:-1]} ({record.message.rstrip('.')})."
    return Known(
        key=record.key,
        account_id=record.account_id,
        units=tuple(unit.unit for unit in record.units),
        state=record.state,
        attempts=record.attempts,
        closed=record.closed,
        story=story,
        outcome=outcome,
        advice=_advice(desk, record, story),
    )


def _advice(desk: Desk, record: OperationRecord, story: str) -> str:
    """Return what a verify said of an operation that it could not decide, else the way to one."""
    if record.state not in UNSETTLED:
        return ""
    if record.state not in UNPROVEN:
        return f"{story}. Not sent yet."
    if record.evidence is not None:
        return record.message
    return (
        f"{story}. Not proven yet: run sheetsync verify {desk.name}; if that cannot tell, settle operation "
        f"{record.key} by sheetsync resolve {desk.name}."
    )


def done(record: OperationRecord) -> Done:
    """Return what has to be known of an operation to say what it changed."""
    return Done(
        key=record.key,
        action=Action(record.action),
        state=record.state,
        amounts={unit.unit: unit.amount for unit in record.units},
        before={unit.unit: unit.before for unit in record.units},
        expected={unit.unit: unit.expected for unit in record.units},
        evidence=record.evidence or {},
    )


UNDO_OF = "Undo of "
"""Starts the reason of an operation that takes another one back; that one's key follows."""


def is_undo(record: OperationRecord) -> bool:
    """Whether an operation takes another one back."""
    key = record.reason.removeprefix(UNDO_OF)
    return key != record.reason and record.key == undo_key(key)


def changed_by(record: OperationRecord) -> Mapping[str, int]:
    """Return unit code → what a confirmed operation changed, signed, in minor units.

    A reset that a person settled changed what it was to change, as far as anybody knows.
    """
    known = changed(done(record))
    if known is not None:
        return known
    return {unit.unit: (unit.expected or 0) - (unit.before or 0) for unit in record.units}


def sent(desk: Desk, record: OperationRecord) -> Sent:
    """Return what a verdict needs."""
    return Sent(
        key=record.key,
        account_id=record.account_id,
        action=Action(record.action),
        changes=changes(record),
        reason=record.reason,
        state=record.state,
        before={unit.unit: unit.before for unit in record.units},
        expected={unit.unit: unit.expected for unit in record.units},
        left_at=record.left_at or desk.clock.now(),
        connection=desk.name,
        page=desk.page(record.account_id) or "",
        sent_at=record.sent_at,
        at_pull={unit.unit: unit.at_pull for unit in record.units},
        by_change=not desk.rules.capabilities.sets,
        extras=record.extras,
    )


def evidence_json(record: OperationRecord) -> dict[str, Any] | None:
    """Return evidence with amounts as text; one unit's amounts stand alone, several by unit code."""
    evidence = record.evidence
    if evidence is not None and evidence.get("kind") == "transaction":
        return {name: evidence[name] for name in ("kind", "id", "ids") if name in evidence}
    if evidence is None or evidence.get("kind") != "balance":
        return None if evidence is None else dict(evidence)
    units = {unit.unit: unit for unit in record.units}
    told: dict[str, Any] = {"kind": "balance"}
    for name in ("before", "after", "now"):
        amounts = {code: _text(minor, units[code]) for code, minor in evidence[name].items()}
        told[name] = amounts if len(units) > 1 else next(iter(amounts.values()), None)
    return told


def operation_row(record: OperationRecord, *, page: str | None = None) -> dict[str, Any]:
    """Return an operation as push and verify list it.

    Args:
        record: the operation.
        page: address of the customer's page.
    """
    return {
        "account_id": record.account_id,
        "email": record.email,
        "operation": record.key,
        "action": record.action,
        "status": row_status(record.state).value,
        "changes": changes_json(record),
        "evidence": evidence_json(record),
        "message": record.message,
        "user_url": page,
    }


def changes_json(record: OperationRecord) -> dict[str, Any]:
    """Return unit code → amount, before and after as text."""
    return {
        unit.unit: {
            "amount": _text(unit.amount, unit),
            "before": _text(unit.before, unit),
            "after": _text(unit.expected, unit),
        }
        for unit in record.units
    }


def _text(minor: int | None, unit: UnitRecord) -> str | None:
    return None if minor is None else format_amount(minor, Unit(unit.unit, unit.unit, unit.scale))


def history_row(record: OperationRecord, *, page: str | None, now: datetime) -> dict[str, Any]:
    """Return an operation as ``history`` lists it; its age counts while it is not settled."""
    since = record.sent_at or record.created_at
    return {
        **operation_row(record, page=page),
        "age_s": round((now - since).total_seconds()) if record.state in UNSETTLED else None,
        "connection": record.connection,
        "actor": record.actor,
        "reason": record.reason,
        "note": record.note,
        "run": record.run,
        "created_at": moment(record.created_at),
        "sent_at": moment(record.sent_at),
        "settled_at": moment(record.settled_at),
        "attempts": record.attempts,
    }


def moment(value: datetime | None) -> str | None:
    """Return a time as JSON has it."""
    return None if value is None else f"{value:%Y-%m-%dT%H:%M:%SZ}"
