"""Sums for pages: what waits, what was changed, how balances are spread. Each is one query."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from sheetsync.core.states import UNPROVEN, UNSETTLED, OperationState
from sheetsync.ledger.database import Database
from sheetsync.ledger.schema import accounts, holdings, operation_units, operations


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is not settled of one connection.

    Attributes:
        count: operations.
        unproven: of them, sent or maybe sent, and not proven.
        oldest: when the oldest was asked for.
        by_age: how many between the bounds that were asked for, youngest first.
    """

    count: int
    unproven: int
    oldest: datetime
    by_age: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """What confirmed operations changed of one unit, in minor units; both sums are positive."""

    unit: str
    scale: int
    rows: int
    added: int
    removed: int

    @property
    def net(self) -> int:
        """Added less removed."""
        return self.added - self.removed


class FigureReader:
    """Sums over the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, connections: Collection[str], bounds: Sequence[datetime]) -> dict[str, Waiting]:
        """Return connection → what is not settled, of those where something is not.

        Args:
            connections: of these only.
            bounds: of age, newest first.
        """
        created = operations.c.created_at
        edges = [None, *bounds, None]
        ages = [
            func.sum(case((and_(*_between(created, older, newer)), 1), else_=0))
            for newer, older in pairwise(edges)
        ]
        unproven = func.sum(case((operations.c.state.in_(UNPROVEN), 1), else_=0))
        query = (
            select(operations.c.connection, func.count(), unproven, func.min(created), *ages)
            .where(operations.c.connection.in_(connections), operations.c.state.in_(UNSETTLED))
            .group_by(operations.c.connection)
        )
        with self._database.read() as connection:
            return {
                name: Waiting(count, int(unsure), oldest, tuple(map(int, by_age)))
                for name, count, unsure, oldest, *by_age in connection.execute(query)
            }

    def refused(self, connections: Collection[str], since: datetime) -> dict[str, int]:
        """Return connection → operations that ended since as refused or as not arrived."""
        ended = (OperationState.REJECTED, OperationState.NOT_APPLIED)
        query = (
            select(operations.c.connection, func.count())
            .where(
                operations.c.connection.in_(connections),
                operations.c.state.in_(ended),
                operations.c.settled_at >= since,
            )
            .group_by(operations.c.connection)
        )
        with self._database.read() as connection:
            return {name: count for name, count in connection.execute(query)}  # noqa: C416 - rows, not pairs

    def moved(self, connections: Collection[str], since: datetime) -> dict[str, list[Moved]]:
        """Return connection → what was confirmed since, by unit."""
        query = _sums(operations.c.connection, connections, since).group_by(operations.c.connection)
        found: dict[str, list[Moved]] = {}
        with self._database.read() as connection:
            for name, *sums in connection.execute(query):
                found.setdefault(name, []).append(_moved(sums))
        return found

    def moved_by_day(
        self, connection_name: str, midnights: Sequence[datetime]
    ) -> dict[str, list[Moved | None]]:
        """Return unit → what was confirmed from each midnight on to the next; None on a day without a change.

        Args:
            connection_name: of this one.
            midnights: oldest first; the last day has no end.
        """
        bucket = _bucket(operations.c.settled_at < bound for bound in midnights[1:])
        query = _sums(bucket, [connection_name], midnights[0]).group_by("bucket")
        found: dict[str, list[Moved | None]] = {}
        with self._database.read() as connection:
            for day, *sums in connection.execute(query):
                one = _moved(sums)
                found.setdefault(one.unit, [None] * len(midnights))[day] = one
        return found

    def units(self, system: str) -> list[tuple[str, int]]:
        """Return the units that operations of this credit system changed, with their scales, by name."""
        query = select(operation_units.c.unit, func.max(operation_units.c.scale))
        query = query.where(operation_units.c.system == system).group_by(operation_units.c.unit)
        with self._database.read() as connection:
            return sorted((unit, scale) for unit, scale in connection.execute(query))

    def spread(self, system: str, unit: str) -> tuple[int, int, int] | None:
        """Return how many accounts hold the unit, and the smallest and largest amount; None without any."""
        amount = holdings.c.amount
        query = select(func.count(), func.min(amount), func.max(amount)).where(*_held(system, unit))
        with self._database.read() as connection:
            count, least, most = connection.execute(_of_accounts(query)).one()
        return (count, least, most) if count else None

    def spread_over(self, system: str, unit: str, bounds: Sequence[int]) -> list[int]:
        """Return how many accounts hold less than each bound but not than the one before, and the rest."""
        bucket = _bucket(holdings.c.amount < bound for bound in bounds)
        query = _of_accounts(select(bucket, func.count()).where(*_held(system, unit))).group_by("bucket")
        with self._database.read() as connection:
            found = {number: count for number, count in connection.execute(query)}  # noqa: C416 - rows
        return [found.get(number, 0) for number in range(len(bounds) + 1)]


def _sums(by: ColumnElement[Any], connections: Collection[str], since: datetime) -> Any:  # noqa: ANN401 - a statement whose columns mypy cannot name
    units = operation_units.c
    change = units.expected - func.coalesce(units.before, 0)
    return (
        select(
            by,
            units.unit,
            units.scale,
            func.count(),
            func.sum(case((change > 0, change), else_=0)),
            func.sum(case((change < 0, -change), else_=0)),
        )
        .join(operations, operations.c.key == units.operation)
        .where(
            operations.c.connection.in_(connections),
            operations.c.state == OperationState.CONFIRMED,
            operations.c.settled_at >= since,
            units.expected.is_not(None),
        )
        .group_by(units.unit, units.scale)
        .order_by(units.unit)
    )


def _moved(sums: Sequence[Any]) -> Moved:
    unit, scale, rows, added, removed = sums
    return Moved(unit, scale, rows, int(added), int(removed))  # a server sums 64 bits to a Decimal


def _bucket(bounds: Iterable[ColumnElement[bool]]) -> ColumnElement[int]:
    whens = [(bound, number) for number, bound in enumerate(bounds)]
    return case(*whens, else_=len(whens)).label("bucket")


def _between(
    column: ColumnElement[datetime], from_: datetime | None, until: datetime | None
) -> list[ColumnElement[bool]]:
    found = [column == column] if from_ is None and until is None else []  # noqa: PLR0124 - always true
    if from_ is not None:
        found.append(column >= from_)
    if until is not None:
        found.append(column < until)
    return found


def _held(system: str, unit: str) -> tuple[ColumnElement[bool], ...]:
    return (
        holdings.c.system == system,
        holdings.c.unit == unit,
        holdings.c.amount.is_not(None),
        ~accounts.c.missing,
    )


def _of_accounts(query: Any) -> Any:  # noqa: ANN401 - a statement whose columns mypy cannot name
    same = and_(accounts.c.system == holdings.c.system, accounts.c.account_id == holdings.c.account_id)
    return query.select_from(holdings.join(accounts, same))
