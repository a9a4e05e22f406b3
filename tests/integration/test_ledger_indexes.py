"""Every filter of a history finds its operations by an index, so that millions of others cost nothing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from sheetsync.ledger.store import SqlLedger

MOMENT = datetime(2026, 3, 12, tzinfo=UTC)


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[SqlLedger]:
    """Open a new ledger; SQLite plans by the schema alone, whatever it holds."""
    ledger = SqlLedger(sqlite_url)
    yield ledger
    ledger.close()


@pytest.fixture
def asked() -> Iterator[list[tuple[str, Any]]]:
    """Collect statements with their parameters."""
    found: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:  # noqa: ANN401
        found.append((statement, values))

    event.listen(Engine, "before_cursor_execute", hear)
    yield found
    event.remove(Engine, "before_cursor_execute", hear)


@pytest.mark.parametrize(
    ("find", "index"),
    [
        (lambda of: of.history("shop", account_id="7"), "account_id (account_id=? AND connection=?)"),
        (lambda of: of.history(None, account_id="7"), "account_id (account_id=?)"),
        (lambda of: of.history("shop", run="R"), "run (run=? AND connection=?)"),
        (lambda of: of.history("shop", actor="cli:ana"), "actor (actor=? AND connection=?)"),
        (lambda of: of.history("shop"), "connection_created_at (connection=?)"),
        (
            lambda of: of.history("shop", since=MOMENT),
            "connection_created_at (connection=? AND created_at>?)",
        ),
        (
            lambda of: of.history("shop", before=(MOMENT, "K")),
            "connection_created_at (connection=? AND created_at<?)",
        ),
        (lambda of: of.history("shop", unsettled=True), "state (state=?)"),
        (lambda of: of.unsettled("system"), "state (state=? AND system=?)"),
    ],
)
def test_finds_by_index(
    ledger: SqlLedger, asked: list[tuple[str, Any]], find: Callable[[Any], Any], index: str
) -> None:
    """The one that what is asked for stands first in."""
    find(ledger.operations)
    statement, values = next(each for each in asked if "operations" in each[0])
    with ledger.database.read() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert f"SEARCH operations USING INDEX ix_operations_{index}" in [row[3] for row in plan]
