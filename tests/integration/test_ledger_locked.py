"""A SQLite ledger whose lock a stopped process holds: an answer that names it, and no harm."""

import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from sheetsync.errors import LedgerError
from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.holders import waited_for, writer_of

HOLDER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO notes VALUES ('half')")
print("locked", flush=True)
time.sleep(600)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a database with one table."""
    path = tmp_path / "ledger.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE notes (words TEXT)")
    connection.close()
    return path


def note(transaction: Transaction) -> None:
    """Write something."""
    transaction.connection.execute(text("INSERT INTO notes VALUES ('whole')"))


def test_a_stopped_process_holds_the_lock(path: Path) -> None:
    """All who wait hear of it at once, by pid; no reader is held up; when it is ended all is well."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            holder.stdout.readline()
            holder.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, holder.pid, os.WSTOPPED | os.WNOWAIT)
            database = Database(f"sqlite:///{path}", busy_s=0.2)
            with ThreadPoolExecutor(24) as pool:
                found = [pool.submit(database.write, note).exception() for _ in range(24)]
            with database.read() as connection:
                assert 0 == connection.execute(text("SELECT count(*) FROM notes")).scalar_one()
        finally:
            holder.kill()
    assert all(isinstance(error, LedgerError) for error in found)
    error = found[0]
    assert isinstance(error, LedgerError)
    assert "Nothing was written" in error.message
    assert f"kill -CONT {holder.pid}" in error.hint
    assert f"kill -9 {holder.pid}" in error.hint
    database.write(note)
    with database.read() as connection:
        assert ["whole"] == list(connection.execute(text("SELECT words FROM notes")).scalars())
    database.close()


def test_nobody_holds_it(path: Path) -> None:
    """Nobody is blamed."""
    assert writer_of(path) is None
    assert "state T" in waited_for(path)


def test_one_that_runs(path: Path) -> None:
    """Who only takes long is named, too."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert holder.pid == writer_of(path)
        assert f"Process {holder.pid}" in waited_for(path)
        holder.kill()
