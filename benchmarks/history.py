"""How long one account's history, a person's and a day's totals take in a ledger of millions of operations.

Run: ``python -m benchmarks.history [--operations 100000 1000000 10000000]``. Operations are made up inside
the database, twenty for each account; nothing was ever sent.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from sheetsync.ledger.store import SqlLedger

PER_ACCOUNT = 20
"""Operations of one account: a customer of some years."""

PEOPLE = 20
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
SECONDS_APART = 3

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :last) "
_SECONDS = f"'+' || (i * {SECONDS_APART}) || ' seconds'"
_MOMENT = f"strftime('%Y-%m-%dT%H:%M:%S', '{BEGIN:%Y-%m-%d}', {_SECONDS}) || '.000000Z'"
_OPERATIONS = f"""INSERT INTO operations (key, system, connection, account_id, action, reason, extras, basis,
  evidence_kind, state, attempts, closed, doubtful, actor, run, plan, fence, created_at, sent_at, left_at,
  settled_at, checked_at, message, evidence, checks, shown, reading)
  {_NUMBERS} SELECT printf('K%012d', i), 's', 'shop', CAST(i % :accounts AS TEXT), 'add', 'Goodwill', '{{}}',
  1,
  'balance', 'confirmed', 1, 0, 0, 'cli:p' || (i / 1000 % {PEOPLE}), printf('R%09d', i / 1000), 'p', 1,
  {_MOMENT}, {_MOMENT}, {_MOMENT}, {_MOMENT}, {_MOMENT}, 'done', '{{"kind":"balance"}}', 0, 1, 1 FROM n"""  # noqa: S608 - made of the constants above
_UNITS = f"""INSERT INTO operation_units (operation, unit, position, system, account_id, epoch, scale, amount,
  at_pull, before, expected) {_NUMBERS} SELECT printf('K%012d', i), 'credits', 0, 's',
  CAST(i % :accounts AS TEXT), i / :accounts, 0, 5, 10, 10, 15 FROM n"""  # noqa: S608 - made of the constants above
_TEXTS = f"""INSERT INTO operation_texts (operation, email, note) {_NUMBERS}
  SELECT printf('K%012d', i), 'a@example.com', '' FROM n"""  # noqa: S608 - made of the constants above

PART = 500_000
"""Operations in one transaction."""


def fill(ledger: SqlLedger, operations: int) -> None:
    """Write operations straight into the tables."""
    accounts = max(1, operations // PER_ACCOUNT)
    for first in range(0, operations, PART):
        part = {"first": first, "last": min(first + PART, operations), "accounts": accounts}
        with ledger.database.engine.begin() as connection:
            for statement in (_OPERATIONS, _UNITS, _TEXTS):
                used = {name: value for name, value in part.items() if f":{name}" in statement}
                connection.execute(text(statement), used)


def timed(work: Callable[[], object]) -> float:
    """Return the milliseconds that something takes, warm; the middle one of five."""
    work()
    took = []
    for _ in range(5):
        began_s = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began_s))
    return statistics.median(took)


def measure(operations: int) -> dict[str, float]:
    """Return question → milliseconds."""
    with tempfile.TemporaryDirectory(prefix="sheetsync-history-") as folder:
        ledger = SqlLedger(f"sqlite:///{Path(folder) / 'ledger.db'}")
        fill(ledger, operations)
        find, newest = ledger.operations.history, BEGIN + timedelta(seconds=SECONDS_APART * operations)
        whole: dict[str, Callable[[], object]] = {
            "one account": lambda: find("shop", account_id="77"),
            "one account, all connections": lambda: find(None, account_id="77"),
            "one run": lambda: find("shop", run="R000000007", limit=100),
            "one person's newest 100": lambda: find("shop", actor="cli:p3"),
            "the newest 100": lambda: find("shop"),
            "the newest 100 of all": lambda: find(None),
            "100 of a day": lambda: find("shop", since=newest - timedelta(1), until=newest),
            "what is not settled": lambda: find("shop", unsettled=True),
        }
        found = {name: timed(work) for name, work in whole.items()}
        ledger.close()
    return found


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    sizes = parser.parse_args().operations
    found = [measure(size) for size in sizes]
    print(f"| SQLite, ms | {' | '.join(f'{size:,} operations' for size in sizes)} |")
    print(f"| --- |{' ---: |' * len(sizes)}")
    for name in found[0]:
        print(f"| {name} | {' | '.join(f'{each[name]:.1f}' for each in found)} |")


if __name__ == "__main__":
    main()
