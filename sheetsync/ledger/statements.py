"""What statements are made of: readings, what each found changed, and since when an operation shows."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ScalarSelect, and_, case, func, or_, select

from sheetsync.core.states import OperationState
from sheetsync.ledger.chunks import chunks
from sheetsync.ledger.database import Database
from sheetsync.ledger.records import OperationReader
from sheetsync.ledger.schema import balances, operation_units, operations, readings
from sheetsync.ports import Movement, Proven, Reading


class StatementReader:
    """Reads what became of the balances of all credit systems."""

    def __init__(self, database: Database, records: OperationReader) -> None:
        self._database = database
        self._records = records

    def readings(self, system: str) -> list[Reading]:
        """Return every reading, oldest first."""
        columns = (readings.c.reading, readings.c.kind, readings.c.run, readings.c.at)
        query = select(*columns).where(readings.c.system == system).order_by(readings.c.reading)
        with self._database.read() as connection:
            return [Reading(*row) for row in connection.execute(query)]

    def movements(self, system: str) -> list[Movement]:
        """Return what each reading found to have changed, by unit, oldest first.

        Every balance that was ever read is summed here, by the database; what comes back is a few numbers
        for each reading.
        """
        amount = func.coalesce(balances.c.amount, 0)
        before = func.lag(amount).over(
            partition_by=(balances.c.account_id, balances.c.unit), order_by=balances.c.reading
        )
        each = (
            select(balances.c.reading, balances.c.unit, amount.label("amount"), before.label("before"))
            .where(balances.c.system == system)
            .subquery()
        )
        is_first = each.c.before.is_(None)
        query = (
            select(
                each.c.reading,
                each.c.unit,
                func.sum(case((is_first, 0), else_=each.c.amount - each.c.before)),
                func.sum(case((is_first, each.c.amount), else_=0)),
                func.sum(case((is_first, 1), else_=0)),
            )
            .group_by(each.c.reading, each.c.unit)
            .order_by(each.c.reading, each.c.unit)
        )
        with self._database.read() as connection:
            # PostgreSQL sums into numbers of any length, which arrive as Decimal
            return [
                Movement(reading, unit, int(moved), int(appeared), int(accounts))
                for reading, unit, moved, appeared, accounts in connection.execute(query)
            ]

    def counted(self, system: str, since: datetime, until: datetime) -> Iterator[Proven]:
        """Yield confirmed operations settled at or after ``since`` and sent before ``until``."""
        query = select(operations.c.key, _shown_by(), operations.c.reading).where(
            operations.c.system == system,
            operations.c.settled_at >= since,
            operations.c.state == OperationState.CONFIRMED,
            func.coalesce(operations.c.sent_at, operations.c.created_at) < until,
        )
        with self._database.read() as connection:
            found = {key: (shown, proved) for key, shown, proved in connection.execute(query)}
        for keys in chunks(sorted(found)):
            for key, record in self._records.by_key(keys).items():
                shown, proved = found[key]
                yield Proven(record, proved if shown is None else shown)


def _shown_by() -> ScalarSelect[int]:
    """Return the query of the first reading after an operation was sent that found its account changed."""
    mine = select(operation_units.c.unit).where(operation_units.c.operation == operations.c.key)
    opened = and_(readings.c.system == balances.c.system, readings.c.reading == balances.c.reading)
    return (
        select(func.min(balances.c.reading))
        .join(readings, opened)
        .where(
            balances.c.system == operations.c.system,
            balances.c.account_id == operations.c.account_id,
            balances.c.unit.in_(mine),
            readings.c.at >= operations.c.sent_at,
            or_(operations.c.reading.is_(None), balances.c.reading <= operations.c.reading),
        )
        .correlate(operations)
        .scalar_subquery()
    )
