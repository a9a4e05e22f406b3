"""Opening the ledger's database and writing to it: one writer at a time, many jobs in one commit.

A commit with full synchronisation costs milliseconds whatever it holds, so threads that want to write at the same
moment share one: the first to come takes the turn and carries out what the others have queued meanwhile.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from sheetsync.errors import LedgerError
from sheetsync.ledger.events import Chain

T = TypeVar("T")

BUSY_TIMEOUT_S = 30
"""How long a writer waits for another process's commit before a person hears of it."""

BATCH_LIMIT = 500
"""Jobs in one commit: enough to share its cost, few enough that nobody waits long."""

ATTEMPTS = 5
"""Tries of one commit after a deadlock or a lock time-out; nothing of a failed try is kept."""


@dataclass(slots=True)
class Transaction:
    """One job's view of a write transaction.

    Attributes:
        connection: to execute statements on.
        chain: to append events to; they are numbered and hashed at commit.
        now: time of the transaction.
    """

    connection: Connection
    chain: Chain
    now: datetime


@dataclass(slots=True)
class _Job(Generic[T]):
    work: Callable[[Transaction], T]
    done: bool = False
    result: T | None = None
    error: BaseException | None = None


class Database:
    """A ledger database: SQLite (WAL, fully synchronised) or PostgreSQL.

    Args:
        url: an SQLAlchemy URL.
        now: the wall clock, UTC.
    """

    def __init__(self, url: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._now = now
        self._writing = _engine(url, writes=True)
        self._reading = _engine(url, writes=False)
        self._turn = threading.Lock()
        self._queue_lock = threading.Lock()
        self._queue: list[_Job[Any]] = []

    @property
    def engine(self) -> Engine:
        """The engine that writes; migrations use it."""
        return self._writing

    def now(self) -> datetime:
        """Return the time that leases are measured with: the database's own where several machines share it."""
        if self.is_sqlite:
            return self._now()
        with self.read() as connection:
            moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the ledger."""
        try:
            with self._reading.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _sentence(error, self.url.render_as_string()) from error

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Carry out ``work`` in a transaction, together with what other threads want written; return its result.

        An exception of ``work`` undoes its own part alone and is raised here.

        Raises:
            LedgerError: nothing was written.
        """
        job: _Job[T] = _Job(work)
        with self._queue_lock:
            self._queue.append(job)
        while not job.done:
            with self._turn:
                if not job.done:
                    self._commit(self._take())
        if job.error is not None:
            raise job.error
        return cast(T, job.result)  # a job without an error has its result

    def close(self) -> None:
        """Close every connection."""
        self._writing.dispose()
        self._reading.dispose()

    def _take(self) -> list[_Job[Any]]:
        with self._queue_lock:
            taken, self._queue = self._queue[:BATCH_LIMIT], self._queue[BATCH_LIMIT:]
        return taken

    def _commit(self, jobs: list[_Job[Any]]) -> None:
        try:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    self._try(jobs)
                    break
                except OperationalError as error:
                    if attempt == ATTEMPTS or not _passing(error):
                        raise
                    time.sleep(0.05 * attempt)
        except SQLAlchemyError as error:
            failure = _sentence(error, self.url.render_as_string())
            failure.__cause__ = error
            for job in jobs:
                job.error = failure
        finally:
            for job in jobs:
                job.done = True

    def _try(self, jobs: list[_Job[Any]]) -> None:
        with self._writing.begin() as connection:
            chain = Chain(connection)
            now = self._now()
            for job in jobs:
                mark = chain.mark()
                try:
                    with connection.begin_nested():
                        job.error = None
                        job.result = job.work(Transaction(connection, chain, now))
                except SQLAlchemyError:
                    raise
                except BaseException as error:  # noqa: BLE001 - belongs to the thread that queued the job
                    chain.forget(mark)
                    job.error = error
            chain.flush()


def _passing(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed when tried again."""
    text = str(error.orig).lower()
    return "locked" in text or "deadlock" in text or "serialize" in text


def _sentence(error: SQLAlchemyError, url: str) -> LedgerError:
    orig = getattr(error, "orig", None)
    reason = str(orig or error).splitlines()[0]
    return LedgerError(
        f"The ledger at {url} could not be used: {reason}.",
        hint="Check service.database_url, the folder's permissions and free space, or the database server.",
    )


def _engine(url: str, *, writes: bool) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, writes=writes)
    options = "-c lock_timeout=30000 -c idle_in_transaction_session_timeout=60000"
    return create_engine(url, pool_pre_ping=True, connect_args={"options": options, "connect_timeout": 10})


def _sqlite(url: str, *, writes: bool) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:  # noqa: ANN401 - the driver's own type
        connection.isolation_level = None  # SQLAlchemy emits BEGIN itself, below
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # a writer takes the lock at once: upgrading a read lock can fail with nothing to wait for
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
