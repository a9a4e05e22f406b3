"""Operations: the one place where their state changes, always by compare-and-set, always with an event."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, or_, select, update

from sheetsync.core.accounts import Account, Balances, Capabilities
from sheetsync.core.decide import Planned
from sheetsync.core.states import SENDABLE, UNPROVEN, UNSETTLED, OperationState
from sheetsync.errors import LostLeaseError
from sheetsync.ledger.accounts import chunks, record_balances
from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.events import Event
from sheetsync.ledger.schema import holdings, leases, operation_texts, operation_units, operations, runs
from sheetsync.ports import Lease, OperationRecord, UnitRecord


LOST = "The process that sent it ended before the answer was written down: it may have arrived. Verify."
ENDED = "The push ended before this row was sent."


class OperationStore:
    """Operations of all credit systems."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # reading

    def by_key(self, keys: Collection[str]) -> dict[str, OperationRecord]:
        """Return the operations with these keys."""
        found: dict[str, OperationRecord] = {}
        for chunk in chunks(sorted(keys)):
            found |= {each.key: each for each in self._select(operations.c.key.in_(chunk))}
        return found

    def unsettled(self, system: str) -> list[OperationRecord]:
        """Return every operation of the system that is not settled, oldest first."""
        return self._select(operations.c.system == system, operations.c.state.in_(UNSETTLED))

    def unshown(self, connection_name: str) -> list[OperationRecord]:
        """Return operations of the connection whose present state its tab does not show yet."""
        return self._select(operations.c.connection == connection_name, operations.c.shown.is_(False))

    def history(
        self,
        connection_name: str | None,
        *,
        account_id: str | None = None,
        run: str | None = None,
        actor: str | None = None,
        since: datetime | None = None,
        unsettled: bool = False,
        before: tuple[datetime, str] | None = None,
        limit: int | None = 100,
    ) -> list[OperationRecord]:
        """Return operations, newest first, from the one after ``before`` (its time and key) on."""
        where: list[ColumnElement[bool]] = []
        for column, value in (
            (operations.c.connection, connection_name),
            (operations.c.account_id, account_id),
            (operations.c.run, run),
            (operations.c.actor, actor),
        ):
            if value is not None:
                where.append(column == value)
        if since is not None:
            where.append(operations.c.created_at >= since)
        if unsettled:
            where.append(operations.c.state.in_(UNSETTLED))
        if before is not None:
            moment, key = before
            older = operations.c.created_at < moment
            where.append(or_(older, and_(operations.c.created_at == moment, operations.c.key < key)))
        return self._select(*where, newest_first=True, limit=limit)

    def _select(
        self, *where: ColumnElement[bool], newest_first: bool = False, limit: int | None = None
    ) -> list[OperationRecord]:
        order = [operations.c.created_at, operations.c.key]
        query = (
            select(operations, operation_texts.c.email, operation_texts.c.note)
            .join(operation_texts, operation_texts.c.operation == operations.c.key)
            .where(*where)
            .order_by(*(column.desc() for column in order) if newest_first else order)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            units = _units(connection, [row.key for row in rows])
        return [_record(row, units[row.key]) for row in rows]

    # changing

    def queue(
        self,
        planned: Sequence[Planned],
        lease: Lease,
        *,
        connection_name: str,
        plan: str,
        capabilities: Capabilities,
    ) -> None:
        """Queue operations for the lease's run: new ones, and known ones that may be sent (again)."""
        fixed = {
            "connection": connection_name,
            "plan": plan,
            "evidence_kind": capabilities.evidence.value,
        }
        scales = {unit.code: unit.scale for unit in capabilities.units}

        def work(transaction: Transaction) -> None:
            _check_lease(transaction, lease)
            for chunk in chunks(planned):
                _queue(transaction, chunk, lease, fixed=fixed, scales=scales)

        self._database.write(work)

    def intend(
        self, key: str, lease: Lease, *, attempt: int, before: Balances, expected: Mapping[str, int]
    ) -> bool:
        """Commit the intent: ``queued → sending``. Only who gets True may send.

        Closes other operations of the same account and unit that could have been sent again.

        Raises:
            LostLeaseError: another process took over.
        """

        def work(transaction: Transaction) -> bool:
            _check_lease(transaction, lease)
            connection = transaction.connection
            changed = connection.execute(
                update(operations)
                .where(
                    operations.c.key == key,
                    operations.c.state == OperationState.QUEUED,
                    operations.c.run == lease.run,
                    operations.c.attempts == attempt - 1,
                )
                .values(
                    state=OperationState.SENDING,
                    attempts=attempt,
                    fence=lease.fence,
                    sent_at=transaction.now,
                    left_at=None,
                    shown=False,
                )
            )
            if not changed.rowcount:
                return False
            for code, after in expected.items():
                connection.execute(
                    update(operation_units)
                    .where(operation_units.c.operation == key, operation_units.c.unit == code)
                    .values(before=before.get(code), expected=after)
                )
            _close_others(connection, key)
            body = {
                "attempt": attempt,
                "fence": lease.fence,
                "before": dict(before),
                "expected": dict(expected),
            }
            _event(transaction, lease, _actor(connection, key), "intent", key, body)
            return True

        return self._database.write(work)

    def conclude(
        self, key: str, lease: Lease, *, attempt: int, state: OperationState, message: str, left_at: datetime
    ) -> OperationState | None:
        """Write what came back; return the state it led to, or None if this process lost the operation."""

        def work(transaction: Transaction) -> OperationState | None:
            connection = transaction.connection
            doubtful = connection.execute(
                select(operations.c.doubtful).where(operations.c.key == key)
            ).scalar_one()
            ends_as = OperationState.UNKNOWN if doubtful and state in SENDABLE else state
            settled = ends_as in SENDABLE
            changed = connection.execute(
                update(operations)
                .where(
                    operations.c.key == key,
                    operations.c.state == OperationState.SENDING,
                    operations.c.fence == lease.fence,
                    operations.c.attempts == attempt,
                )
                .values(
                    state=ends_as,
                    doubtful=doubtful or not settled,
                    left_at=left_at,
                    message=message,
                    settled_at=transaction.now if settled else None,
                    shown=False,
                )
            )
            kind = ends_as.value if changed.rowcount else f"late_{state.value}"
            body = {"attempt": attempt, "fence": lease.fence, "words": message}
            _event(transaction, lease, _actor(connection, key), kind, key, body)
            return ends_as if changed.rowcount else None

        return self._database.write(work)

    def withdraw(self, run: str, keys: Collection[str] | None = None, *, why: str) -> int:
        """Withdraw what was queued and never claimed, in one transaction; return how many."""

        def work(transaction: Transaction) -> int:
            where = [operations.c.run == run, operations.c.state == OperationState.QUEUED]
            if keys is not None:
                where.append(operations.c.key.in_(keys))
            rows = transaction.connection.execute(
                select(operations.c.key, operations.c.system, operations.c.actor).where(*where)
            ).all()
            transaction.connection.execute(
                update(operations)
                .where(*where)
                .values(state=OperationState.WITHDRAWN, message=why, settled_at=transaction.now, shown=False)
            )
            for row in rows:
                event = Event(row.system, transaction.now, row.actor, "withdrawn", row.key, run, {"why": why})
                transaction.chain.append(event)
            return len(rows)

        return self._database.write(work)

    def settle_without_sending(
        self, key: str, lease: Lease, *, message: str, evidence: Mapping[str, Any]
    ) -> bool:
        """``queued → confirmed`` for a Reset to the balance that is there already."""

        def work(transaction: Transaction) -> bool:
            _check_lease(transaction, lease)
            return _settle(
                transaction,
                key,
                {OperationState.QUEUED},
                OperationState.CONFIRMED,
                message=message,
                evidence=evidence,
                actor=None,
            )

        return self._database.write(work)

    def take_over(self, lease: Lease, *, left_at: datetime) -> tuple[int, int]:
        """Turn what dead owners left into something that can be verified: (made unknown, withdrawn)."""

        def work(transaction: Transaction) -> tuple[int, int]:
            _check_lease(transaction, lease)
            older = and_(operations.c.system == lease.system, operations.c.fence < lease.fence)
            sending = {"state": OperationState.UNKNOWN, "doubtful": True, "left_at": left_at, "message": LOST}
            lost = _move(
                transaction, and_(older, operations.c.state == OperationState.SENDING), sending, lease
            )
            queued = {"state": OperationState.WITHDRAWN, "settled_at": transaction.now, "message": ENDED}
            ended = _move(
                transaction, and_(older, operations.c.state == OperationState.QUEUED), queued, lease
            )
            transaction.connection.execute(
                update(runs)
                .where(
                    runs.c.system == lease.system,
                    runs.c.state == "running",
                    runs.c.run != lease.run,
                    runs.c.kind.in_(("push", "undo")),
                )
                .values(state="interrupted", ended_at=transaction.now)
            )
            return lost, ended

        return self._database.write(work)

    def verdict(
        self,
        key: str,
        *,
        attempt: int,
        state: OperationState,
        message: str,
        evidence: Mapping[str, Any],
        account: Account,
        reading: int,
    ) -> bool:
        """Write what a re-read proved: ``accepted | unknown → confirmed | not_applied``.

        Moves the baseline on to what was read, and the epochs of a confirmed operation's units.

        Returns:
            False if the operation moved meanwhile.
        """

        def work(transaction: Transaction) -> bool:
            from_states = {OperationState.ACCEPTED, OperationState.UNKNOWN}
            if not _settle(
                transaction, key, from_states, state, message=message, evidence=evidence, attempt=attempt
            ):
                return False
            system = transaction.connection.execute(
                select(operations.c.system).where(operations.c.key == key)
            ).scalar_one()
            record_balances(transaction, system, reading, [account])
            return True

        return self._database.write(work)

    def note(self, key: str, *, message: str, evidence: Mapping[str, Any] | None) -> None:
        """Keep what a verify saw of an operation that stays unproven."""

        def work(transaction: Transaction) -> None:
            transaction.connection.execute(
                update(operations)
                .where(operations.c.key == key, operations.c.state.in_(UNPROVEN))
                .values(message=message, evidence=evidence, checked_at=transaction.now, shown=False)
            )

        self._database.write(work)

    def resolve(self, key: str, *, applied: bool, actor: str, reason: str) -> bool:
        """Settle an unproven operation by a person's verdict; False if it is not unproven any more."""
        state = OperationState.CONFIRMED if applied else OperationState.NOT_APPLIED
        outcome = "applied" if applied else "not applied"

        def work(transaction: Transaction) -> bool:
            return _settle(
                transaction,
                key,
                {OperationState.ACCEPTED, OperationState.UNKNOWN},
                state,
                message=f"Settled as {outcome} by {actor}: {reason}",
                evidence={"kind": "person", "by": actor, "reason": reason},
                actor=actor,
            )

        return self._database.write(work)

    def mark_shown(self, keys: Collection[str]) -> None:
        """Note that the tab shows the present state of these operations."""
        for chunk in chunks(sorted(keys)):
            self._database.write(partial(_mark_shown, chunk))


def _queue(
    transaction: Transaction,
    planned: list[Planned],
    lease: Lease,
    *,
    fixed: Mapping[str, str],
    scales: Mapping[str, int],
) -> None:
    connection = transaction.connection
    keys = [each.operation.key for each in planned]
    query = select(operations.c.key, operations.c.state).where(operations.c.key.in_(keys))
    known = {row.key: OperationState(row.state) for row in connection.execute(query)}
    again = [key for key, state in known.items() if state in SENDABLE]
    wanted = [each for each in planned if each.operation.key not in known or each.operation.key in again]
    if not wanted:
        return
    for table in (operation_units, operation_texts):
        connection.execute(delete(table).where(table.c.operation.in_(again)))
    fresh = []
    for each in wanted:
        values = _queued_values(each, lease, fixed)
        if each.operation.key in known:
            where = operations.c.key == each.operation.key
            connection.execute(update(operations).where(where).values(**values))
        else:
            fresh.append({**_identity(each, lease.system, transaction.now), **values})
        body = _plan_facts(each, fixed["plan"])
        _event(transaction, lease, each.operation.actor, "queued", each.operation.key, body)
    if fresh:
        connection.execute(insert(operations), fresh)
    texts = [(each.operation.key, each.operation.email, each.operation.note) for each in wanted]
    connection.execute(
        insert(operation_texts),
        [{"operation": key, "email": email, "note": note} for key, email, note in texts],
    )
    connection.execute(
        insert(operation_units), [row for each in wanted for row in _unit_rows(each, lease.system, scales)]
    )


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
    }


def _identity(planned: Planned, system: str, now: datetime) -> dict[str, Any]:
    operation = planned.operation
    return {
        "key": operation.key,
        "system": system,
        "account_id": operation.account_id,
        "action": operation.action.value,
        "extras": dict(operation.extras),
        "attempts": 0,
        "closed": False,
        "doubtful": False,
        "created_at": now,
    }


def _mark_shown(keys: Collection[str], transaction: Transaction) -> None:
    transaction.connection.execute(update(operations).where(operations.c.key.in_(keys)).values(shown=True))


def _check_lease(transaction: Transaction, lease: Lease) -> None:
    query = select(leases.c.fence, leases.c.run).where(leases.c.system == lease.system)
    row = transaction.connection.execute(query).one_or_none()
    if row is None or (row.fence, row.run) != (lease.fence, lease.run):
        raise LostLeaseError(
            "This process was silent for too long and another one took the push over.",
            hint="Nothing more is sent from here; see how it goes on with: sheetsync runs",
        )


def _move(
    transaction: Transaction, where: ColumnElement[bool], values: Mapping[str, Any], lease: Lease
) -> int:
    """Change the state of all matching operations, with an event for each."""
    rows = transaction.connection.execute(select(operations.c.key, operations.c.actor).where(where)).all()
    if rows:
        transaction.connection.execute(update(operations).where(where).values(shown=False, **values))
    for row in rows:
        body = {"fence": lease.fence, "why": values["message"]}
        _event(transaction, lease, row.actor, values["state"].value, row.key, body)
    return len(rows)


def _settle(
    transaction: Transaction,
    key: str,
    from_states: Collection[OperationState],
    state: OperationState,
    *,
    message: str,
    evidence: Mapping[str, Any],
    attempt: int | None = None,
    actor: str | None = None,
) -> bool:
    connection = transaction.connection
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
    }
    if not connection.execute(update(operations).where(*where).values(**values)).rowcount:
        return False
    row = connection.execute(select(operations).where(operations.c.key == key)).one()
    units = connection.execute(select(operation_units).where(operation_units.c.operation == key)).all()
    if state is OperationState.CONFIRMED:
        for unit in units:
            connection.execute(
                update(holdings)
                .where(
                    holdings.c.system == row.system,
                    holdings.c.account_id == row.account_id,
                    holdings.c.unit == unit.unit,
                    holdings.c.epoch <= unit.epoch,
                )
                .values(epoch=unit.epoch + 1)
            )
    changes = {
        each.unit: None if each.expected is None else each.expected - (each.before or 0) for each in units
    }
    body = {"evidence": dict(evidence), "changes": changes, "attempt": row.attempts}
    event = Event(row.system, transaction.now, actor or row.actor, state.value, key, row.run, body)
    transaction.chain.append(event)
    return True


def _close_others(connection: Connection, key: str) -> None:
    """Close what could be sent again for the same account and unit: another edit is being sent instead."""
    mine = connection.execute(select(operation_units).where(operation_units.c.operation == key)).all()
    for unit in mine:
        others = select(operation_units.c.operation).where(
            operation_units.c.system == unit.system,
            operation_units.c.account_id == unit.account_id,
            operation_units.c.unit == unit.unit,
            operation_units.c.operation != key,
        )
        connection.execute(
            update(operations)
            .where(
                operations.c.key.in_(others),
                operations.c.closed.is_(False),
                operations.c.attempts > 0,
                operations.c.state.in_(SENDABLE),
            )
            .values(closed=True)
        )


def _actor(connection: Connection, key: str) -> str:
    query = select(operations.c.actor).where(operations.c.key == key)
    return str(connection.execute(query).scalar_one())


def _event(
    transaction: Transaction, lease: Lease, actor: str, kind: str, key: str, body: dict[str, Any]
) -> None:
    transaction.chain.append(Event(lease.system, transaction.now, actor, kind, key, lease.run, body))


def _plan_facts(planned: Planned, plan: str) -> dict[str, Any]:
    operation = planned.operation
    return {
        "plan": plan,
        "attempt": planned.attempt,
        "account_id": operation.account_id,
        "action": operation.action.value,
        "changes": {change.unit: change.amount for change in operation.changes},
        "epochs": dict(planned.epochs),
        "basis": planned.basis,
    }


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


def _units(connection: Connection, keys: Sequence[str]) -> dict[str, list[UnitRecord]]:
    found: dict[str, list[UnitRecord]] = {key: [] for key in keys}
    for chunk in chunks(keys):
        query = (
            select(operation_units)
            .where(operation_units.c.operation.in_(chunk))
            .order_by(operation_units.c.position)
        )
        for row in connection.execute(query):
            found[row.operation].append(
                UnitRecord(
                    unit=row.unit,
                    epoch=row.epoch,
                    scale=row.scale,
                    amount=row.amount,
                    at_pull=row.at_pull,
                    before=row.before,
                    expected=row.expected,
                )
            )
    return found


def _record(row: Row[Any], units: list[UnitRecord]) -> OperationRecord:
    values = dict(row._mapping)
    del values["fence"], values["evidence_kind"], values["doubtful"]
    values["state"] = OperationState(values["state"])
    return OperationRecord(units=tuple(units), **values)
