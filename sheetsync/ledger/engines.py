"""SQLAlchemy engines for the two databases, and the words for what goes wrong with them."""

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from sheetsync.errors import LedgerError
from sheetsync.ledger.holders import waited_for

BUSY_TIMEOUT_S = 30
"""How long a writer waits for another process's commit before a person hears of it."""

POOL_SIZE = 8
"""Connections kept open for reading; as many again may be opened for a while."""

_PASSING_STATES = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL's codes for a serialisation failure, a deadlock and a lock that was not to be had in time."""

_SHOWN_IN_ADDRESS = frozenset({"host", "port"})
"""Parameters of an address that a message may repeat; others may be secrets."""


def parse(url: str) -> URL:
    """Return the address of a database that can hold a ledger.

    Raises:
        LedgerError: it is no such address; the message does not repeat it, for it may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise _address_error("The ledger's address cannot be understood.") from error
    if parsed.get_backend_name() == "sqlite":
        if parsed.database in {None, "", ":memory:"}:
            raise _address_error("A ledger in memory would be lost: it needs a file.")
    elif parsed.drivername != "postgresql+psycopg":
        raise _address_error(f"A ledger cannot be kept in {parsed.drivername}.")
    return parsed


def _address_error(message: str) -> LedgerError:
    return LedgerError(
        message,
        hint='Set service.database_url, e.g. to "sqlite:///sheetsync.db" or "postgresql+psycopg://host/name".',
    )


def open_engine(url: URL, *, writes: bool, busy_s: float = BUSY_TIMEOUT_S) -> Engine:
    """Return an engine; nothing is opened yet.

    Args:
        url: from ``parse``.
        writes: for the one writer; else for readers, each of whom sees one state of the ledger.
        busy_s: seconds to wait for another process's lock.

    Raises:
        LedgerError: the driver is not installed.
    """
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite(url, writes=writes, busy_s=busy_s)
        return _postgresql(url, writes=writes, busy_s=busy_s)
    except ModuleNotFoundError as error:
        raise LedgerError(
            "The ledger's address names PostgreSQL, but its driver is not installed.",
            hint='Install it: pip install "sheetsync-service[postgresql]"',
        ) from error


def _postgresql(url: URL, *, writes: bool, busy_s: float) -> Engine:
    limits = {
        "lock_timeout": f"{int(1000 * busy_s)}ms",
        "idle_in_transaction_session_timeout": "60s",
        "default_transaction_isolation": r"read\ committed" if writes else r"repeatable\ read",
        "default_transaction_read_only": "off" if writes else "on",
        "timezone": "UTC",
    }
    if writes:
        limits["synchronous_commit"] = "on"
    given = url.query.get("options")
    options = [given] if isinstance(given, str) else list(given or ())
    options += [f"-c {name}={value}" for name, value in limits.items()]
    return create_engine(
        url.difference_update_query(["options"]),
        pool_pre_ping=True,
        pool_size=2 if writes else POOL_SIZE,  # the writer, and the board of slots
        max_overflow=1 if writes else POOL_SIZE,
        connect_args={"options": " ".join(options), "connect_timeout": 10, "application_name": "sheetsync"},
    )


def _sqlite(url: URL, *, writes: bool, busy_s: float) -> Engine:
    engine = create_engine(
        url,
        pool_size=1 if writes else POOL_SIZE,
        max_overflow=1 if writes else POOL_SIZE,
        connect_args={"timeout": busy_s, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:  # noqa: ANN401 - the driver's own type
        connection.isolation_level = None  # SQLAlchemy emits BEGIN itself, below
        _to_wal(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # a writer takes the lock at once: upgrading a read lock can fail with nothing to wait for
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _to_wal(connection: Any) -> None:  # noqa: ANN401 - the driver's own type
    """Switch to write-ahead logging; here SQLite itself does not wait for another process."""
    deadline_s = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline_s:
                raise
            time.sleep(0.01)
        else:
            return


def is_passing(error: SQLAlchemyError) -> bool:
    """Whether the same transaction may succeed when tried again: a deadlock, or a lock held elsewhere."""
    orig = getattr(error, "orig", None)
    return getattr(orig, "sqlstate", None) in _PASSING_STATES or _is_locked(orig)


def _is_locked(orig: object) -> bool:
    return isinstance(orig, sqlite3.OperationalError) and "locked" in str(orig)


def sentence(error: SQLAlchemyError, url: URL) -> LedgerError:
    """Return what is wrong, in words that hold neither a password nor a row."""
    orig = error.orig if isinstance(error, DBAPIError) else None
    if _is_locked(orig) and url.database:
        return LedgerError(
            f"The ledger at {shown(url)} could not be used: another process has had it locked for too long. "
            "Nothing was written.",
            hint=waited_for(Path(url.database)),
        )
    lines = str(orig or error).strip().splitlines() or [type(error).__name__]
    return LedgerError(
        f"The ledger at {shown(url)} could not be used: {lines[0].rstrip('.:')}.",
        hint="Check service.database_url, the folder's permissions and free space, or the database server.",
    )


def shown(url: URL) -> str:
    """Return an address without anything secret."""
    hidden = [name for name in url.query if name not in _SHOWN_IN_ADDRESS]
    return url.difference_update_query(hidden).render_as_string(hide_password=True)
