"""The ledger's database: many readers, and one writer that carries out many jobs in one commit.

A commit with full synchronisation costs milliseconds whatever it holds, so threads that want to write at
the same moment share one: a single thread takes what they have queued and carries it out together.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sheetsync.ledger.engines import BUSY_TIMEOUT_S, is_passing, open_engine, parse, sentence
from sheetsync.ledger.events import Chain
from sheetsync.ledger.requests import carried
from sheetsync.ledger.writer import Job, Writer

T = TypeVar("T")

RETRY_PAUSE_S = 0.05
"""Between two tries of a commit after a deadlock or a lock time-out; nothing of a failed try is kept."""


@dataclass(frozen=True, slots=True)
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


class Database:
    """A ledger database: SQLite (WAL, fully synchronised) or PostgreSQL.

    Args:
        url: an SQLAlchemy URL.
        now: the wall clock, UTC.
        busy_s: seconds to wait for another process's lock before a person hears of it.

    Raises:
        LedgerError: a ledger cannot be kept there.
    """

    def __init__(
        self,
        url: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        busy_s: float = BUSY_TIMEOUT_S,
    ) -> None:
        self.url = parse(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._now = now
        self._busy_s = busy_s
        self._writing = open_engine(self.url, writes=True, busy_s=busy_s)
        self._reading = open_engine(self.url, writes=False, busy_s=busy_s)
        self._writer: Writer[Transaction] = Writer(self._carry_out)

    @property
    def engine(self) -> Engine:
        """The engine that writes; migrations use it."""
        return self._writing

    def now(self) -> datetime:
        """Return the time that leases are measured with: a server's own, where several machines share it."""
        if self.is_sqlite:
            return self._now()
        with self.read() as connection:
            moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the ledger.

        Raises:
            LedgerError: the database could not be read.
        """
        try:
            with self._reading.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise sentence(error, self.url) from error

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Carry out ``work`` in a transaction, together with what other threads want written.

        An exception of ``work`` undoes its own part alone and is raised here. ``work`` may be carried out
        several times, of which one counts, so it changes nothing but the database.

        Returns:
            What ``work`` returned.

        Raises:
            LedgerError: it was not written; or, after a connection broke, may not have been.
        """
        return self._writer.carry_out(carried(work))

    def execute(self, statement: Executable) -> None:
        """Write one statement; raises as ``write`` does."""

        def work(transaction: Transaction) -> None:
            transaction.connection.execute(statement)

        self.write(work)

    def close(self) -> None:
        """Finish what was queued and close every connection."""
        self._writer.close()
        self._writing.dispose()
        self._reading.dispose()

    def _carry_out(self, jobs: Sequence[Job[Transaction]]) -> None:
        """Write all jobs in one commit; if one of them fails, each in its own, so that it harms no other."""
        if len(jobs) > 1 and self._together(jobs):
            return
        for job in jobs:
            try:
                self._commit([job])
            except SQLAlchemyError as error:
                job.fail(sentence(error, self.url), error)
            except BaseException as error:  # noqa: BLE001 - belongs to the thread that queued the job
                job.fail(error)

    def _together(self, jobs: Sequence[Job[Transaction]]) -> bool:
        """Whether it is done with these jobs, well or badly; False if each has to be tried alone."""
        try:
            self._commit(jobs)
        except DBAPIError as error:
            if not (error.connection_invalidated or is_passing(error)):
                return False
            # Through a broken connection nobody knows if a commit arrived, so nothing is done twice; a lock
            # that was waited for in vain would let each of them wait as long again.
            for job in jobs:
                job.fail(sentence(error, self.url), error)
        except BaseException:  # noqa: BLE001 - of one job; met again with its owner
            return False
        return True

    def _commit(self, jobs: Sequence[Job[Transaction]]) -> None:
        deadline_s = time.monotonic() + self._busy_s
        while True:
            try:
                self._try(jobs)
            except SQLAlchemyError as error:
                if not is_passing(error) or time.monotonic() > deadline_s:
                    raise
                time.sleep(RETRY_PAUSE_S)
            else:
                return

    def _try(self, jobs: Sequence[Job[Transaction]]) -> None:
        with self._writing.connect() as connection, connection.begin() as open_transaction:
            chain = Chain(connection)
            transaction = Transaction(connection, chain, self._now())
            results: list[Any] = [job.work(transaction) for job in jobs]
            chain.flush()
            open_transaction.commit()
        for job, result in zip(jobs, results, strict=True):
            job.succeed(result)
