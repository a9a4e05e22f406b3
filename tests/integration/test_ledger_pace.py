"""The board that several machines share: no change is lost, whoever is quicker, and a restart is survived."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from sheetsync.errors import LedgerError
from sheetsync.ledger.pace import PaceStore
from sheetsync.ledger.store import SqlLedger


class Numbers:
    """A board with one number."""

    def __init__(self, raw: bytes) -> None:
        self.number = int.from_bytes(raw, "big")

    def tobytes(self) -> bytes:
        """Return it as bytes."""
        return self.number.to_bytes(8, "big")


Counter = PaceStore[Numbers]


def count(board: Numbers) -> int:
    """Add one to the board's only number."""
    board.number += 1
    return board.number


@pytest.fixture
def machines(postgresql_url: str) -> Iterator[tuple[Counter, Counter]]:
    """Two machines with one board."""
    ledgers = [SqlLedger(postgresql_url), SqlLedger(postgresql_url)]
    boards = [ledger.pace("s", open_board=Numbers) for ledger in ledgers]
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


def test_a_look_writes_nothing(machines: tuple[Counter, Counter]) -> None:
    """What changes nothing is read, as it is now, and leaves no new version of the row behind."""
    one, other = machines
    one.change(count)
    other.change(count)
    before = version_of_row(one)
    assert [2, 2] == [board.change(lambda board: board.number) for board in machines]
    assert before == version_of_row(one)


def version_of_row(board: Counter) -> str:
    """Return what PostgreSQL calls the row's version."""
    with board._database.engine.connect() as connection:
        return str(connection.execute(text("SELECT xmin || ':' || ctid FROM paces")).scalar_one())


def test_machines_read_one_clock(machines: tuple[Counter, Counter]) -> None:
    """Two machines read the database's clock alike, up to what they say."""
    one, other = machines
    before, between, after = one.ticks(), other.ticks(), one.ticks()
    most_s = one.differs_s + other.differs_s
    assert before - most_s <= between <= after + most_s
