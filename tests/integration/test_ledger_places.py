"""A ledger that cannot be opened, read or written says so in one clear sentence, without a password."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sheetsync.errors import LedgerError
from sheetsync.ledger.store import SqlLedger
from tests.contract.ledger_suite import MAKER, SYSTEM, account
from tests.databases import PostgresqlServer


def refusal(url: str) -> LedgerError:
    """Return what opening this ledger says."""
    with pytest.raises(LedgerError) as caught:
        SqlLedger(url)
    assert caught.value.hint
    assert "\n" not in caught.value.message
    assert "secret" not in f"{caught.value.message}{caught.value.hint}"
    return caught.value


def test_missing_folder(tmp_path: Path) -> None:
    """The folder has to exist."""
    assert "unable to open database file" in refusal(f"sqlite:///{tmp_path}/none/ledger.db").message


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    """A folder is no ledger."""
    assert "unable to open database file" in refusal(f"sqlite:///{tmp_path}").message


def test_unwritable_folder() -> None:
    """Not even root creates a file there."""
    assert "could not be used" in refusal("sqlite:////proc/ledger.db").message


def test_corrupt_file(tmp_path: Path) -> None:
    """Something else lies there."""
    path = tmp_path / "ledger.db"
    path.write_bytes(b"This is a letter, not a database. " * 400)
    assert "file is not a database" in refusal(f"sqlite:///{path}").message
    assert path.read_bytes().startswith(b"This is a letter")


def test_read_only(tmp_path: Path) -> None:
    """A ledger that must not be changed can be read, and not written."""
    path = tmp_path / "ledger.db"
    SqlLedger(f"sqlite:///{path}").close()
    ledger = SqlLedger(f"sqlite:///file:{path}?mode=ro&uri=true")
    with pytest.raises(LedgerError, match="readonly"):
        ledger.accounts.next_reading(SYSTEM, actor="a", run="R", kind="pull")
    assert ledger.accounts.reading(SYSTEM) == 0
    ledger.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_write_protected_folder(tmp_path: Path) -> None:
    """A folder without permission."""
    tmp_path.chmod(0o500)
    assert "could not be used" in refusal(f"sqlite:///{tmp_path}/ledger.db").message
    tmp_path.chmod(0o700)


def test_full_disk(sqlite_url: str) -> None:
    """A full disk loses nothing that was written; with room again it goes on."""
    ledger = SqlLedger(sqlite_url)
    reading = ledger.accounts.next_reading(SYSTEM, actor="a", run="R", kind="pull")
    ledger.accounts.record(SYSTEM, reading, [account("7")])
    _allow_pages(ledger, 60)
    with pytest.raises(LedgerError, match="full"):
        ledger.accounts.record(SYSTEM, reading, [account(str(number)) for number in range(100, 8000)])
    assert "7" in ledger.accounts.baselines(SYSTEM, MAKER)
    assert ledger.check()["chain"] == "ok"
    _allow_pages(ledger, 1_000_000)
    ledger.accounts.record(SYSTEM, reading, [account(str(number)) for number in range(100, 8000)])
    assert len(ledger.accounts.baselines(SYSTEM, MAKER)) == 7901
    ledger.close()


def _allow_pages(ledger: SqlLedger, pages: int) -> None:
    with ledger.database.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("no address", "cannot be understood"),
        ("mysql://ana:secret@localhost/x", "cannot be kept in mysql"),
        ("postgresql://ana:secret@localhost/x", "cannot be kept in postgresql"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("postgresql+psycopg://ana:secret@127.0.0.1:1/x", "refused"),
        ("postgresql+psycopg://ana@127.0.0.1:1/x?password=secret", "refused"),
    ],
)
def test_address(url: str, says: str) -> None:
    """An address where no ledger can be, or is."""
    assert says in refusal(url).message


@pytest.fixture
def own_server() -> Iterator[PostgresqlServer]:
    """Start a server that may be stopped."""
    server = PostgresqlServer()
    server.start()
    yield server
    server.remove()


def test_server_gone_and_back(own_server: PostgresqlServer) -> None:
    """Without its server the ledger says so; when it is back, the same ledger goes on."""
    ledger = SqlLedger(own_server.url(own_server.create()))
    ledger.accounts.next_reading(SYSTEM, actor="a", run="R", kind="pull")
    assert ledger.accounts.reading(SYSTEM) == 1
    own_server.stop()
    for _ in range(2):
        with pytest.raises(LedgerError, match="could not be used"):
            ledger.accounts.next_reading(SYSTEM, actor="a", run="R", kind="pull")
        with pytest.raises(LedgerError, match="could not be used"):
            ledger.accounts.reading(SYSTEM)
    own_server.start()
    assert ledger.accounts.next_reading(SYSTEM, actor="a", run="R", kind="pull") == 2
    own_server.stop()
    own_server.start()
    assert ledger.accounts.reading(SYSTEM) == 2
    assert ledger.check() == {"events": 2, "chain": "ok", "sums": "ok"}
    ledger.close()
