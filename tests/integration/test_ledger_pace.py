"""The board that several machines share: no change is lost, whoever is quicker, and a restart is survived."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from sheetsync.errors import LedgerError
from sheetsync.ledger.pace import PaceStore
from sheetsync.ledger.store import SqlLedger

SIZE = 8
Counter = PaceStore[memoryview]


def count(board: memoryview) -> int:
    """Add one to the board's only number."""
    number = int.from_bytes(board, "big") + 1
    board[:] = number.to_bytes(SIZE, "big")
    return number


@pytest.fixture
def machines(postgresql_url: str) -> Iterator[tuple[Counter, Counter]]:
    """Two machines with one board."""
    ledgers = [SqlLedger(postgresql_url), SqlLedger(postgresql_url)]
    boards = [ledger.pace("s", size=SIZE, open_board=lambda view: view) for ledger in ledgers]
    yield boards[0], boards[1]
    for board, ledger in zip(boards, ledgers, strict=True):
        board.close()
        ledger.close()


def test_no_change_is_lost(machines: tuple[Counter, Counter]) -> None:
    """Four threads on two machines count to 400, and none counts the same number twice."""
    found: list[int] = []

    def counting(board: Counter) -> None:
        found.extend(board.change(count) for _ in range(100))

    threads = [threading.Thread(target=counting, args=(board,)) for board in machines * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(range(1, 401)) == sorted(found)


def test_a_connection_that_broke(machines: tuple[Counter, Counter], postgresql_url: str) -> None:
    """It is opened again by itself; what cannot be mended is told in words."""
    board = machines[0]
    board.change(count)
    ledger = SqlLedger(postgresql_url)
    with ledger.database.engine.begin() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
        )
    assert 2 == board.change(count)
    with ledger.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE paces"))
    ledger.close()
    with pytest.raises(LedgerError):
        board.change(count)


def test_its_commits_alone_are_not_synced(machines: tuple[Counter, Counter]) -> None:
    """A board may be lost in a power cut; the connection goes nowhere else, for money may not."""
    board = machines[0]
    board.change(count)
    assert board._connection is not None
    assert "off" == board._connection.execute(text("SHOW synchronous_commit")).scalar()
    with board._database.engine.connect() as connection:
        assert "on" == connection.execute(text("SHOW synchronous_commit")).scalar()
