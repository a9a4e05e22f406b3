"""How operations are read."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, or_, select

from sheetsync.core.accounts import EvidenceKind
from sheetsync.core.states import SENDABLE, UNSETTLED, OperationState
from sheetsync.ledger.chunks import chunks
from sheetsync.ledger.database import Database
from sheetsync.ledger.schema import operation_texts, operation_units, operations
from sheetsync.ports import OperationRecord, UnitRecord

_INTERNAL = ("fence", "doubtful", "reading")
_RECORDS = select(
    *(column for column in operations.c if column.name not in _INTERNAL),
    operation_texts.c.email,
    operation_texts.c.note,
).join(operation_texts, operation_texts.c.operation == operations.c.key)
_UNIT_FIELDS = ("unit", "epoch", "scale", "amount", "at_pull", "before", "expected")


class OperationReader:
    """Reads operations of all credit systems."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_key(self, keys: Collection[str]) -> dict[str, OperationRecord]:
        """Return the operations with these keys."""
        found: dict[str, OperationRecord] = {}
        with self._database.read() as connection:
            for chunk in chunks(sorted(keys)):
                found |= {each.key: each for each in read_records(connection, operations.c.key.in_(chunk))}
        return found

    def unsettled(self, system: str) -> list[OperationRecord]:
        """Return every operation of the system that is not settled, oldest first."""
        with self._database.read() as connection:
            return read_records(connection, operations.c.system == system, operations.c.state.in_(UNSETTLED))

    def lately(self, system: str, since: datetime) -> list[OperationRecord]:
        """Return what is proven by transaction, was sent, and was settled since as not having counted."""
        where = (
            operations.c.system == system,
            operations.c.state.in_(SENDABLE),
            operations.c.attempts > 0,
            operations.c.evidence_kind == EvidenceKind.TRANSACTION,
            operations.c.settled_at >= since,
        )
        with self._database.read() as connection:
            return read_records(connection, *where)

    def unshown(self, connection_name: str) -> list[OperationRecord]:
        """Return operations of the connection whose present state its tab does not show yet."""
        where = (operations.c.connection == connection_name, operations.c.shown.is_(False))
        with self._database.read() as connection:
            return read_records(connection, *where)

    def history(  # noqa: PLR0913 - one parameter per filter
        self,
        connection_name: str | None,
        *,
        account_id: str | None = None,
        run: str | None = None,
        actor: str | None = None,
        reason: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        unsettled: bool = False,
        before: tuple[datetime, str] | None = None,
        limit: int | None = 100,
    ) -> list[OperationRecord]:
        """Return operations, newest first, from the one after ``before`` (its time and key) on."""
        # of what is not settled, which is little, SQLite must not look through the whole connection
        of_connection = (operations.c.connection + "") if unsettled else operations.c.connection
        wanted = {
            of_connection: connection_name,
            operations.c.account_id: account_id,
            operations.c.run: run,
            operations.c.actor: actor,
            operations.c.reason: reason,
        }
        where = [column == value for column, value in wanted.items() if value is not None]
        if since is not None:
            where.append(operations.c.created_at >= since)
        if until is not None:
            where.append(operations.c.created_at < until)
        if unsettled:
            where.append(operations.c.state.in_(UNSETTLED))
        if before is not None:
            moment, key = before
            older = operations.c.created_at < moment
            where.append(or_(older, and_(operations.c.created_at == moment, operations.c.key < key)))
            where.append(operations.c.created_at <= moment)  # what an index can begin at
        with self._database.read() as connection:
            return read_records(connection, *where, newest_first=True, limit=limit)

    def changed(self, system: str, account_ids: Collection[str]) -> dict[str, dict[str, list[int]]]:
        """Return account id → unit → what confirmed operations changed, in minor units without a sign."""
        found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        units = operation_units.c
        query = select(units.account_id, units.unit, units.before, units.expected).join(operations)
        confirmed = (operations.c.state == OperationState.CONFIRMED, units.expected.is_not(None))
        with self._database.read() as connection:
            for chunk in chunks(sorted(account_ids)):
                mine = (units.system == system, units.account_id.in_(chunk))
                for account_id, unit, before, expected in connection.execute(query.where(*mine, *confirmed)):
                    found[account_id][unit].append(abs(expected - (before or 0)))
        return {account_id: dict(changes) for account_id, changes in found.items()}


def read_records(
    connection: Connection,
    *where: ColumnElement[bool],
    newest_first: bool = False,
    limit: int | None = None,
) -> list[OperationRecord]:
    """Return operations for which all of this holds, in the order of their time."""
    order = [operations.c.created_at, operations.c.key]
    query = (
        _RECORDS.where(*where)
        .order_by(*(column.desc() for column in order) if newest_first else order)
        .limit(limit)
    )
    rows = connection.execute(query).mappings().all()
    units = _units(connection, [row["key"] for row in rows])
    return [OperationRecord(**{**row, **_words(row)}, units=tuple(units[row["key"]])) for row in rows]


def _words(row: RowMapping) -> dict[str, Any]:
    return {
        "state": OperationState(row["state"]),
        "evidence_kind": EvidenceKind(row["evidence_kind"]),
    }


def _units(connection: Connection, keys: Sequence[str]) -> dict[str, list[UnitRecord]]:
    found: dict[str, list[UnitRecord]] = {key: [] for key in keys}
    columns = [operation_units.c[name] for name in _UNIT_FIELDS]
    for chunk in chunks(keys):
        query = (
            select(operation_units.c.operation, *columns)
            .where(operation_units.c.operation.in_(chunk))
            .order_by(operation_units.c.position)
        )
        for key, *values in connection.execute(query):
            found[key].append(UnitRecord(**dict(zip(_UNIT_FIELDS, values, strict=True))))
    return found
