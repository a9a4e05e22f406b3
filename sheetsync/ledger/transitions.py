"""The state changes of a push: always a compare-and-set, always with an event."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, select, update

from sheetsync.core.accounts import Balances
from sheetsync.core.states import SENDABLE, OperationState
from sheetsync.core.words import SAFE_AGAIN
from sheetsync.errors import LostLeaseError
from sheetsync.ledger.chunks import chunks
from sheetsync.ledger.database import Transaction
from sheetsync.ledger.events import Event
from sheetsync.ledger.schema import leases, operation_units, operations, runs
from sheetsync.ports import Lease

LOST = (
    "The process that sent it ended before the answer was written down: it may have arrived. "
    "A verify after settle_after_s can prove it."
)
ENDED = "The push ended before this row was sent."

DOUBTED = (
    "An earlier attempt may still have counted, so this answer settles nothing: verify before anything else. "
    "The last attempt: "
)
"""Said before an answer that settles nothing, because an earlier attempt is in doubt."""

LEASED = ("push", "undo", "write_test", "recovery")
"""Kinds of run that hold the lease while they go on."""

_LEASE = select(leases.c.fence, leases.c.run).where(leases.c.system == bindparam("which"))
_CLAIM = (
    update(operations)
    .where(
        operations.c.key == bindparam("which"),
        operations.c.state == OperationState.QUEUED,
        operations.c.run == bindparam("of_run"),
        operations.c.attempts == bindparam("attempt") - 1,
        exists().where(
            leases.c.system == bindparam("of_system"),
            leases.c.fence == bindparam("new_fence"),
            leases.c.run == bindparam("of_run"),
        ),
    )
    .values(
        state=OperationState.SENDING,
        attempts=bindparam("attempt"),
        fence=bindparam("new_fence"),
        sent_at=bindparam("now"),
        left_at=None,
        checks=0,
        shown=False,
    )
    .returning(operations.c.actor)
)
_EXPECT = (
    update(operation_units)
    .where(operation_units.c.operation == bindparam("which"), operation_units.c.unit == bindparam("code"))
    .values(before=bindparam("was"), expected=bindparam("becomes"))
)
_mine, _other = operation_units.alias("mine"), operation_units.alias("other")
_CLOSE_OTHERS = (
    update(operations)
    .where(
        operations.c.key.in_(
            select(_other.c.operation)
            .join(
                _mine,
                and_(
                    _mine.c.system == _other.c.system,
                    _mine.c.account_id == _other.c.account_id,
                    _mine.c.unit == _other.c.unit,
                ),
            )
            .where(_mine.c.operation == bindparam("which"), _other.c.operation != bindparam("which"))
        ),
        operations.c.closed.is_(False),
        operations.c.attempts > 0,
        operations.c.state.in_(SENDABLE),
    )
    .values(closed=True)
)
_SENT = select(
    operations.c.state, operations.c.fence, operations.c.attempts, operations.c.doubtful, operations.c.actor
).where(operations.c.key == bindparam("which"))
_CONCLUDE_NOW = (
    update(operations)
    .where(
        operations.c.key == bindparam("which"),
        operations.c.state == OperationState.SENDING,
        operations.c.fence == bindparam("of_fence"),
        operations.c.attempts == bindparam("attempt"),
    )
    .values(
        state=bindparam("new_state"),
        doubtful=True,
        left_at=bindparam("new_left_at"),
        message=bindparam("new_message"),
        settled_at=None,
        shown=False,
    )
    .returning(operations.c.actor)
)
"""The answer of nearly every request: it came in time, and settles nothing yet."""
_CONCLUDE = (
    update(operations)
    .where(operations.c.key == bindparam("which"), operations.c.state == OperationState.SENDING)
    .values(
        state=bindparam("new_state"),
        doubtful=bindparam("new_doubtful"),
        left_at=bindparam("new_left_at"),
        message=bindparam("new_message"),
        settled_at=bindparam("new_settled_at"),
        shown=False,
    )
)


def check_lease(transaction: Transaction, lease: Lease) -> None:
    """Make sure that the lease holds, and goes on to hold until the transaction ends.

    Raises:
        LostLeaseError: it does not.
    """
    transaction.chain.lock(lease.system)
    row = transaction.connection.execute(_LEASE, {"which": lease.system}).one_or_none()
    if row is None or (row.fence, row.run) != (lease.fence, lease.run):
        raise LostLeaseError(
            "This process was silent for too long and another one took the push over.",
            hint="Nothing more is sent from here; see how it goes on with: sheetsync runs",
        )


def intend(
    transaction: Transaction,
    key: str,
    *,
    lease: Lease,
    attempt: int,
    before: Balances,
    expected: Mapping[str, int],
) -> bool:
    """``queued → sending``; closes others of the same account and unit that could have been sent again."""
    transaction.chain.lock(lease.system)
    connection = transaction.connection
    claim = {
        "which": key,
        "of_system": lease.system,
        "of_run": lease.run,
        "attempt": attempt,
        "new_fence": lease.fence,
        "now": transaction.now,
    }
    actor = connection.execute(_CLAIM, claim).scalar_one_or_none()
    if actor is None:
        check_lease(transaction, lease)
        return False
    moves = [
        {"which": key, "code": code, "was": before.get(code), "becomes": after}
        for code, after in expected.items()
    ]
    if moves:
        connection.execute(_EXPECT, moves)
    connection.execute(_CLOSE_OTHERS, {"which": key})
    body = {"attempt": attempt, "fence": lease.fence, "before": dict(before), "expected": dict(expected)}
    transaction.chain.append(Event(lease.system, transaction.now, actor, "intent", key, lease.run, body))
    return True


def conclude(
    transaction: Transaction,
    key: str,
    *,
    lease: Lease,
    attempt: int,
    state: OperationState,
    message: str,
    left_at: datetime,
) -> OperationState | None:
    """``sending → accepted | unknown | rejected | not_applied``; a late answer is kept as an event alone."""
    transaction.chain.lock(lease.system)
    body = {"attempt": attempt, "fence": lease.fence, "words": message}
    if state not in SENDABLE:
        answer = {
            "which": key,
            "of_fence": lease.fence,
            "attempt": attempt,
            "new_state": state,
            "new_left_at": left_at,
            "new_message": message,
        }
        actor = transaction.connection.execute(_CONCLUDE_NOW, answer).scalar_one_or_none()
        if actor is not None:
            transaction.chain.append(
                Event(lease.system, transaction.now, actor, state.value, key, lease.run, body)
            )
            return state
    row = transaction.connection.execute(_SENT, {"which": key}).one_or_none()
    if row is None:
        return None
    now_sending = (OperationState.SENDING, lease.fence, attempt)
    in_time = (row.state, row.fence, row.attempts) == now_sending
    ends_as = OperationState.UNKNOWN if row.doubtful and state in SENDABLE else state
    if in_time:
        settled = ends_as in SENDABLE
        answer = {
            "which": key,
            "new_state": ends_as,
            "new_doubtful": row.doubtful or not settled,
            "new_left_at": left_at,
            "new_message": message if ends_as is state else f"{DOUBTED}{message.removesuffix(SAFE_AGAIN)}",
            "new_settled_at": transaction.now if settled else None,
        }
        transaction.connection.execute(_CONCLUDE, answer)
    kind = ends_as.value if in_time else f"late_{state.value}"
    transaction.chain.append(Event(lease.system, transaction.now, row.actor, kind, key, lease.run, body))
    return ends_as if in_time else None


def withdraw(transaction: Transaction, run: str, *, keys: Collection[str] | None, why: str) -> int:
    """``queued → withdrawn``, of a whole run or of the operations named; return how many."""
    system = transaction.connection.execute(
        select(runs.c.system).where(runs.c.run == run)
    ).scalar_one_or_none()
    if system is not None:
        transaction.chain.lock(system)
    queued = and_(operations.c.run == run, operations.c.state == OperationState.QUEUED)
    values = {"state": OperationState.WITHDRAWN, "settled_at": transaction.now, "message": why}
    if keys is None:
        return _move(transaction, queued, values, run=run, body={"why": why})
    return sum(
        _move(transaction, and_(queued, operations.c.key.in_(chunk)), values, run=run, body={"why": why})
        for chunk in chunks(sorted(keys))
    )


def take_over(transaction: Transaction, lease: Lease, *, left_at: datetime) -> tuple[int, int]:
    """``sending → unknown`` and ``queued → withdrawn`` under every older fence; ends their runs."""
    check_lease(transaction, lease)
    older = and_(operations.c.system == lease.system, operations.c.fence < lease.fence)
    sending = {"state": OperationState.UNKNOWN, "doubtful": True, "left_at": left_at, "message": LOST}
    lost = _move(
        transaction,
        and_(older, operations.c.state == OperationState.SENDING),
        sending,
        run=lease.run,
        body={"fence": lease.fence, "why": LOST},
    )
    queued = {"state": OperationState.WITHDRAWN, "settled_at": transaction.now, "message": ENDED}
    ended = _move(
        transaction,
        and_(older, operations.c.state == OperationState.QUEUED),
        queued,
        run=lease.run,
        body={"fence": lease.fence, "why": ENDED},
    )
    _interrupt(transaction, lease)
    return lost, ended


def _interrupt(transaction: Transaction, lease: Lease) -> None:
    """End the runs of dead owners, with an event for each."""
    rows = transaction.connection.execute(
        update(runs)
        .where(
            runs.c.system == lease.system,
            runs.c.state == "running",
            runs.c.run != lease.run,
            runs.c.kind.in_(LEASED),
        )
        .values(state="interrupted", ended_at=transaction.now)
        .returning(runs.c.run, runs.c.actor)
    ).all()
    for row in rows:
        body = {"state": "interrupted", "fence": lease.fence}
        transaction.chain.append(
            Event(lease.system, transaction.now, row.actor, "run_ended", None, row.run, body)
        )


def _move(
    transaction: Transaction,
    where: ColumnElement[bool],
    values: Mapping[str, Any],
    *,
    run: str | None,
    body: dict[str, Any],
) -> int:
    """Change the state of all matching operations, with an event for each; return how many."""
    rows = transaction.connection.execute(
        update(operations)
        .where(where)
        .values(shown=False, **values)
        .returning(operations.c.key, operations.c.system, operations.c.actor)
    ).all()
    for row in sorted(rows, key=lambda row: str(row.key)):
        kind = values["state"].value
        transaction.chain.append(Event(row.system, transaction.now, row.actor, kind, row.key, run, body))
    return len(rows)
