"""What the tests of ``ports.Ledger`` share: one class to inherit, and a small office to play with."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import create_engine, text

from sheetsync.core.accounts import Account, Action, Capabilities, Change, EvidenceKind, Operation, Unit
from sheetsync.core.decide import Planned
from sheetsync.core.keys import KeyMaker
from sheetsync.core.states import OperationState
from sheetsync.ledger.store import SqlLedger
from sheetsync.ports import Lease, OperationRecord, Owner

T = TypeVar("T")

SYSTEM = "fastcredit|https://credits.test"
MAKER = KeyMaker(SYSTEM, ("credits", "bonus"))
CAPABILITIES = Capabilities(
    units=(Unit("credits", "Credits", 0), Unit("bonus", "Bonus", 2)),
    actions=(Action.ADD, Action.RESET),
    evidence=EvidenceKind.BALANCE,
)
OWNER = Owner("machine|boot|pid:[1]", 4711, "123456")
HOUR = timedelta(hours=1)
LATER = datetime(2026, 3, 12, 9, 14, 3, tzinfo=UTC)


def account(account_id: str, credit: int | None = 10, bonus: int | None = 0, *, name: str = "Ana") -> Account:
    """Return an account as a credit system reports it."""
    return Account(account_id, f"{account_id}@example.com", name, {"credits": credit, "bonus": bonus})


def planned(
    key: str = "KEY1",
    account_id: str = "7",
    *,
    amount: int = 5,
    unit: str = "credits",
    attempt: int = 1,
    epoch: int = 0,
    before: int = 10,
    action: Action = Action.ADD,
) -> Planned:
    """Return an operation of a plan."""
    operation = Operation(
        key=key,
        account_id=account_id,
        email=f"{account_id}@example.com",
        action=action,
        changes=(Change(unit, amount),),
        reason="Goodwill",
        note="a note",
        actor="cli:ana",
        extras={"location_id": "3"},
    )
    after = amount if action is Action.RESET else before + amount
    return Planned(
        operation=operation,
        attempt=attempt,
        epochs={unit: epoch},
        basis=1,
        at_pull={unit: before},
        before={unit: before},
        after={unit: after},
        sets=action is Action.RESET,
    )


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """Run these in as many threads, all from the same moment on; return their results."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


class Office:
    """A ledger with people who push.

    Attributes:
        ledger: the ledger.
        url: where it is, to be opened once more or to be tampered with.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.ledger = SqlLedger(url)
        self._others: list[SqlLedger] = []

    def another(self) -> SqlLedger:
        """Open the same ledger again, as another process would."""
        self._others.append(SqlLedger(self.url))
        return self._others[-1]

    def close(self) -> None:
        """Close every ledger that was opened."""
        for ledger in (self.ledger, *self._others):
            ledger.close()

    def lease(self, *, length: timedelta = HOUR) -> Lease:
        """Begin a push and take the lease, whoever had it."""
        found = self.ledger.runs.lease(SYSTEM)
        run = self.ledger.runs.start("push", "main", SYSTEM, actor="cli:ana", owner=OWNER)
        lease = self.ledger.runs.take(
            SYSTEM, run, actor="cli:ana", owner=OWNER, length=length, unless=found.fence if found else None
        )
        assert lease is not None
        return lease

    def queue(self, lease: Lease, *wanted: Planned, connection: str = "main") -> None:
        """Queue operations."""
        self.ledger.operations.queue(
            wanted, lease, connection_name=connection, plan="sha256:1", capabilities=CAPABILITIES
        )

    def intend(self, lease: Lease, wanted: Planned, *, ledger: SqlLedger | None = None) -> bool:
        """Commit the intent to send an operation."""
        return (ledger or self.ledger).operations.intend(
            wanted.operation.key, lease, attempt=wanted.attempt, before=wanted.before, expected=wanted.after
        )

    def conclude(self, lease: Lease, wanted: Planned, state: OperationState) -> OperationState | None:
        """Write down what came back."""
        return self.ledger.operations.conclude(
            wanted.operation.key, lease, attempt=wanted.attempt, state=state, message="words", left_at=LATER
        )

    def send(self, lease: Lease, wanted: Planned, state: OperationState) -> OperationState | None:
        """Queue, send and conclude an operation."""
        self.queue(lease, wanted)
        assert self.intend(lease, wanted)
        return self.conclude(lease, wanted, state)

    def judge(self, wanted: Planned, state: OperationState, *, now: int | None, reading: int) -> bool:
        """Write a verdict."""
        return self.ledger.operations.verdict(
            wanted.operation.key,
            attempt=wanted.attempt,
            state=state,
            message="proven",
            evidence={"kind": "balance"},
            account=Account(wanted.operation.account_id, "", "", {"credits": now}),
            reading=reading,
        )

    def pull(self, *found: Account) -> int:
        """Record accounts under a new reading; return its number."""
        reading = self.ledger.accounts.next_reading(SYSTEM, actor="cli:ana", run="RUN", kind="pull")
        self.ledger.accounts.record(SYSTEM, reading, found)
        return reading

    def record(self, key: str = "KEY1") -> OperationRecord:
        """Return an operation."""
        return self.ledger.operations.by_key([key])[key]

    def state(self, key: str = "KEY1") -> OperationState:
        """Return the state of an operation."""
        return self.record(key).state

    def kinds(self, key: str = "KEY1") -> list[str]:
        """Return the kinds of the events that an operation left, oldest first."""
        found = self.sql("SELECT kind FROM events WHERE operation = :key ORDER BY number", key=key)
        return [row[0] for row in found]

    def sql(self, statement: str, **values: object) -> list[Any]:
        """Execute raw SQL beside the ledger; return its rows."""
        engine = create_engine(self.url)
        try:
            with engine.begin() as connection:
                result = connection.execute(text(statement), values)
                return list(result) if result.returns_rows else []
        finally:
            engine.dispose()

    def disarm(self) -> None:
        """Drop the triggers that guard events."""
        if self.ledger.database.is_sqlite:
            self.sql("DROP TRIGGER events_no_update")
            self.sql("DROP TRIGGER events_no_delete")
        else:
            self.sql("DROP TRIGGER events_append_only ON events")


def again(wanted: Planned) -> Planned:
    """Return the next attempt of an operation."""
    return replace(wanted, attempt=wanted.attempt + 1)


class LedgerContract:
    """Inherited by every topic's tests, together with ``OnSqlite`` or ``OnPostgresql``."""

    @pytest.fixture
    def office(self, url: str) -> Iterator[Office]:
        """Open an empty ledger."""
        office = Office(url)
        yield office
        office.close()


class OnSqlite:
    """On a SQLite file."""

    @pytest.fixture
    def url(self, sqlite_url: str) -> str:
        """Return the address of a new file."""
        return sqlite_url


class OnPostgresql:
    """On a PostgreSQL server."""

    @pytest.fixture
    def url(self, postgresql_url: str) -> str:
        """Return the address of a new database."""
        return postgresql_url
