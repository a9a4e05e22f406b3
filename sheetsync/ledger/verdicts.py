"""The state changes that settle an operation: by proof, by a person, or because nothing had to be sent."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import bindparam, select, update

from sheetsync.core.states import OperationState
from sheetsync.ledger.database import Transaction
from sheetsync.ledger.events import Event
from sheetsync.ledger.schema import holdings, operation_units, operations

_RAISE_EPOCH = (
    update(holdings)
    .where(
        holdings.c.system == bindparam("which_system"),
        holdings.c.account_id == bindparam("id"),
        holdings.c.unit == bindparam("which_unit"),
        holdings.c.epoch <= bindparam("passed"),
    )
    .values(epoch=bindparam("passed") + 1)
)


def settle(
    transaction: Transaction,
    key: str,
    *,
    from_states: Collection[OperationState],
    state: OperationState,
    message: str,
    evidence: Mapping[str, Any],
    attempt: int | None = None,
    actor: str | None = None,
    reading: int | None = None,
) -> str | None:
    """Settle an operation; a confirmed one moves the epochs of its units on, exactly once.

    Args:
        transaction: the transaction.
        key: of the operation.
        from_states: states it may be in.
        state: confirmed or not applied.
        message: for the person.
        evidence: what proves it.
        attempt: the attempt that was judged; None for any.
        actor: who settles it, if not who asked for it.
        reading: that proves it.

    Returns:
        Its credit system, or None if the operation moved meanwhile.
    """
    if state not in {OperationState.CONFIRMED, OperationState.NOT_APPLIED}:
        raise AssertionError(f"an operation is not settled as {state}")
    connection = transaction.connection
    system = connection.execute(
        select(operations.c.system).where(operations.c.key == key)
    ).scalar_one_or_none()
    if system is None:
        return None
    transaction.chain.lock(system)
    where = [operations.c.key == key, operations.c.state.in_(from_states)]
    if attempt is not None:
        where.append(operations.c.attempts == attempt)
    values = {
        "state": state,
        "message": message,
        "evidence": dict(evidence),
        "settled_at": transaction.now,
        "checked_at": transaction.now,
        "shown": False,
        "reading": reading,
    }
    columns = (operations.c.account_id, operations.c.attempts, operations.c.actor, operations.c.run)
    row = connection.execute(
        update(operations).where(*where).values(**values).returning(*columns)
    ).one_or_none()
    if row is None:
        return None
    units = connection.execute(select(operation_units).where(operation_units.c.operation == key)).all()
    if state is OperationState.CONFIRMED:
        place = {"which_system": system, "id": row.account_id}
        connection.execute(
            _RAISE_EPOCH, [{**place, "which_unit": each.unit, "passed": each.epoch} for each in units]
        )
    changes = {
        each.unit: None if each.expected is None else each.expected - (each.before or 0) for each in units
    }
    body = {"evidence": dict(evidence), "changes": changes, "attempt": row.attempts}
    transaction.chain.append(
        Event(system, transaction.now, actor or row.actor, state.value, key, row.run, body)
    )
    return str(system)


def alert(transaction: Transaction, key: str, *, message: str, evidence: Mapping[str, Any]) -> bool:
    """Keep a contradiction as an event and on the row; what is queued becomes unknown: it is not sent."""
    connection = transaction.connection
    columns = (operations.c.system, operations.c.state, operations.c.message, operations.c.actor)
    row = connection.execute(select(*columns, operations.c.run).where(operations.c.key == key)).one_or_none()
    if row is None or row.message == message:
        return False
    transaction.chain.lock(row.system)
    values: dict[str, Any] = {"message": message, "shown": False, "checked_at": transaction.now}
    body = {"why": message, "evidence": dict(evidence)}
    if row.state == OperationState.QUEUED:
        values |= {"state": OperationState.UNKNOWN, "doubtful": True, "settled_at": None}
    if row.state != OperationState.CONFIRMED:
        values |= {"evidence": dict(evidence)}
    where = (operations.c.key == key, operations.c.state == row.state)
    if not connection.execute(update(operations).where(*where).values(values)).rowcount:
        return False
    if row.state == OperationState.QUEUED:
        transaction.chain.append(
            Event(row.system, transaction.now, row.actor, "unknown", key, row.run, {"why": message})
        )
    transaction.chain.append(Event(row.system, transaction.now, row.actor, "alert", key, row.run, body))
    return True


def settle_unsent(transaction: Transaction, key: str, *, message: str, evidence: Mapping[str, Any]) -> bool:
    """``queued → confirmed`` of a Reset to the balance that is there already: it changed nothing."""
    queued = {OperationState.QUEUED}
    query = select(operations.c.state).where(operations.c.key == key)
    if transaction.connection.execute(query).scalar_one_or_none() not in queued:
        return False
    transaction.connection.execute(
        update(operation_units)
        .where(operation_units.c.operation == key)
        .values(before=operation_units.c.expected)
    )
    return bool(
        settle(
            transaction,
            key,
            from_states=queued,
            state=OperationState.CONFIRMED,
            message=message,
            evidence=evidence,
        )
    )
