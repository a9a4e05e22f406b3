"""What the ledger costs: events per second, bytes per operation, and what it answers when it has grown.

Run: ``python -m benchmarks.ledger [--operations 100000] [--growth 1 10 100] [--database sqlite postgresql]``.

A thousand operations are carried through the ledger's own interface and timed. Then they are multiplied by
SQL to the size that is asked for, and the queries behind ``history`` and ``verify`` are timed at each size.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, Table, create_engine, func, insert, literal, select, text
from sqlalchemy.types import String

from benchmarks.databases import database
from sheetsync.core.accounts import Account, Action, Capabilities, Change, EvidenceKind, Operation, Unit
from sheetsync.core.decide import Planned
from sheetsync.core.states import OperationState
from sheetsync.ledger.schema import (
    accounts,
    balances,
    events,
    holdings,
    operation_texts,
    operation_units,
    operations,
)
from sheetsync.ledger.store import SqlLedger
from sheetsync.ports import Lease, Owner

SYSTEM = "fastcredit|https://credits.example"
UNIT = Unit("credits", "Credits", 0)
CAPABILITIES = Capabilities((UNIT,), (Action.ADD,), EvidenceKind.BALANCE)
PARALLEL = 32
SEED_OPERATIONS = 1000
PER_ACCOUNT = 20
"""Operations of one account: a customer of some years."""

HOUR = timedelta(hours=1)
COPIED: dict[Table, tuple[str, ...]] = {
    accounts: ("account_id",),
    holdings: ("account_id",),
    balances: ("account_id",),
    operations: ("key", "account_id"),
    operation_units: ("operation", "account_id"),
    operation_texts: ("operation",),
    events: ("operation",),
}
"""Tables that grow with the operations, and which of their columns tell one copy from another."""


def planned(number: int) -> Planned:
    """Return one of the operations that are carried through."""
    account_id = f"{number // PER_ACCOUNT:06d}"
    operation = Operation(
        key=f"{number:013d}",
        account_id=account_id,
        email=f"user{account_id}@example.org",
        action=Action.ADD,
        changes=(Change(UNIT.code, 5),),
        reason="Goodwill",
        note="asked by telephone",
        actor="cli:ana",
    )
    return Planned(
        operation, attempt=1, epochs={UNIT.code: 0}, basis=1, at_pull={UNIT.code: 40}, before={UNIT.code: 40},
        after={UNIT.code: 45}, sets=False,
    )  # fmt: skip


class Carried:
    """A ledger through which operations are carried as a push does it."""

    def __init__(self, url: str) -> None:
        self.ledger = SqlLedger(url)
        names = [f"{number:06d}" for number in range(SEED_OPERATIONS // PER_ACCOUNT)]
        self.reading = self.ledger.accounts.next_reading(SYSTEM, actor="cli:ana", run="RUN", kind="pull")
        self.ledger.accounts.record(
            SYSTEM,
            self.reading,
            [Account(each, f"user{each}@example.org", "User", {"credits": 40}) for each in names],
        )
        owner = Owner("machine", 1, "1")
        run = self.ledger.runs.start("push", "shop", SYSTEM, actor="cli:ana", owner=owner)
        lease = self.ledger.runs.take(SYSTEM, run, actor="cli:ana", owner=owner, length=HOUR, unless=None)
        assert lease is not None
        self.lease: Lease = lease

    def push(self, wanted: list[Planned]) -> tuple[float, float]:
        """Queue, then intend and conclude by several threads; return seconds and processor seconds a row."""
        self.ledger.operations.queue(
            wanted, self.lease, connection_name="shop", plan="sha256:1", capabilities=CAPABILITIES
        )
        began_s, worked_s = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(PARALLEL) as pool:
            list(pool.map(self._send, wanted))
        rows = len(wanted)
        return (time.perf_counter() - began_s) / rows, (time.process_time() - worked_s) / rows

    def _send(self, wanted: Planned) -> None:
        key, calls = wanted.operation.key, self.ledger.operations
        assert calls.intend(key, self.lease, attempt=1, before=wanted.before, expected=wanted.after)
        calls.conclude(
            key,
            self.lease,
            attempt=1,
            state=OperationState.ACCEPTED,
            message="accepted",
            left_at=datetime.now(UTC),
        )

    def prove(self, wanted: list[Planned]) -> None:
        """Write a verdict for each."""
        for each in wanted:
            account_id = each.operation.account_id
            self.ledger.operations.verdict(
                each.operation.key,
                attempt=1,
                state=OperationState.CONFIRMED,
                message="Added 5, Goodwill: balance 40 → 45",
                evidence={"kind": "balance", "before": "40", "after": "45", "now": "45"},
                account=Account(account_id, f"user{account_id}@example.org", "User", {"credits": 45}),
                reading=self.reading,
            )


def multiply(engine: Engine, copies: range) -> None:
    """Copy everything that the first operations left, so often, under other keys and accounts."""
    for table, named in COPIED.items():
        with engine.begin() as connection:
            for copy in copies:
                connection.execute(_copy_of(table, named, copy))
    if engine.dialect.name == "postgresql":  # it does so by itself, later; the product never does on SQLite
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))


def _copy_of(table: Table, named: tuple[str, ...], copy: int):  # noqa: ANN202 - SQLAlchemy's own
    suffix = f".{copy:06d}"
    original = func.length(table.c[named[0]]) == (13 if named[0] in ("key", "operation") else 6)
    columns = [each for each in table.columns if each.name != "id"]
    earlier = literal(
        datetime(2026, 6, 1, tzinfo=UTC) - timedelta(minutes=copy), operations.c.created_at.type
    )
    values = [
        (each + literal(suffix, String)).label(each.name) if each.name in named else
        earlier.label(each.name) if each.name == "created_at" else
        (each + copy * 10_000).label(each.name) if (table, each.name) == (events, "number") else each
        for each in columns
    ]  # fmt: skip
    return insert(table).from_select([each.name for each in columns], select(*values).where(original))


def queries(ledger: SqlLedger, copies: int) -> dict[str, Callable[[int], object]]:
    """Return name → a query about the account whose number is given."""
    calls = ledger.operations

    def account(number: int) -> str:
        name = f"{number % (SEED_OPERATIONS // PER_ACCOUNT):06d}"
        copy = number * 7919 % copies
        return f"{name}.{copy:06d}" if copy else name

    return {
        "history of one account": lambda number: calls.history("shop", account_id=account(number)),
        "history, newest page": lambda _: calls.history("shop"),
        "unsettled (verify)": lambda _: calls.unsettled(SYSTEM),
        "baseline of one account": lambda number: ledger.accounts.history(SYSTEM, {account(number)}),
    }


def size_of(engine: Engine, folder: Path) -> int:
    """Return the bytes that the database takes."""
    if engine.dialect.name == "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return (folder / "ledger.db").stat().st_size
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def median_ms(ask: Callable[[int], object], *, times: int = 30) -> float:
    """Return the milliseconds of a query, the middle one; the first is left out."""
    took = []
    for number in range(times + 1):
        began_s = time.perf_counter()
        ask(number)
        took.append(time.perf_counter() - began_s)
    return statistics.median(took[1:]) * 1000


def measure(kind: str, sizes: list[int]) -> None:
    """Print one database's lines of both tables."""
    with tempfile.TemporaryDirectory(prefix="sheetsync-ledger-") as name, database(kind, Path(name)) as url:
        carried = Carried(url)
        seed = [planned(number) for number in range(SEED_OPERATIONS)]
        wall_s, worked_s = carried.push(seed)
        carried.prove(seed)
        empty = create_engine(url)
        made = 1
        print(
            f"\n{kind}: intent and answer of a row, {PARALLEL} at a time: {wall_s * 1e6:.0f} µs, "
            f"processor {worked_s * 1e6:.0f} µs; {2 / wall_s:,.0f} events a second\n"
        )
        asked = list(queries(carried.ledger, 1))
        print(f"| operations | bytes each | {' | '.join(f'{each}, ms' for each in asked)} |")
        print(f"|{' --- |' * (2 + len(asked))}")
        for size in sizes:
            copies = max(1, size // SEED_OPERATIONS)
            multiply(empty, range(made, copies))
            made = max(made, copies)
            took = [median_ms(ask) for ask in queries(carried.ledger, copies).values()]
            each = size_of(empty, Path(name)) // (copies * SEED_OPERATIONS)
            print(f"| {copies * SEED_OPERATIONS:,} | {each:,} | {' | '.join(f'{one:.2f}' for one in took)} |")
        empty.dispose()
        carried.ledger.close()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--growth", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--database", nargs="+", default=["sqlite", "postgresql"])
    asked = parser.parse_args()
    for kind in asked.database:
        measure(kind, [asked.operations * growth for growth in asked.growth])


if __name__ == "__main__":
    main()
