"""The board of slots in the ledger's database, for credit systems that several machines talk to."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar, cast

from sqlalchemy import Connection, bindparam, extract, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from sheetsync.errors import LedgerError
from sheetsync.ledger.database import Database
from sheetsync.ledger.engines import sentence
from sheetsync.ledger.schema import paces

CLOCK_KEPT_S = 60.0
"""Seconds until the database's clock is asked for again: two good clocks part by microseconds meanwhile."""

CLOCK_LOOKS = 3
"""How often it is asked for; the quickest answer counts."""

_UPTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""A clock that goes on while the machine is suspended."""


class Packed(Protocol):
    """A board: it can be written down."""

    def tobytes(self) -> bytes:
        """Return it as bytes."""
        ...


B = TypeVar("B", bound=Packed)
T = TypeVar("T")

_CLOCK = select(extract("epoch", func.clock_timestamp()))
_LOOK = select(paces.c.board).where(paces.c.system == bindparam("which"))
_MARK = (
    update(paces)
    .where(paces.c.system == bindparam("which"), paces.c.board == bindparam("old_board"))
    .values(board=bindparam("new_board"))
)
_NOT_SYNCED = text("SET synchronous_commit = off")
"""A board that is lost in a power cut costs one second of waiting, so nobody waits for the disk."""


class _Job(Generic[B]):
    """A change that one thread wants, and what became of it."""

    def __init__(self, work: Callable[[B], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: LedgerError | None = None
        self.is_done = False


class PaceStore(Generic[B]):
    """One credit system's board as a row; measured by the database's clock.

    A change is one statement, a compare-and-set against the board as last seen: while one process alone works
    on a credit system, nothing is read again. Who was slower than another process reads, and changes that.
    What changes nothing is read alone, and nothing is written. Threads that come while one is at work share
    the next statement.

    Args:
        database: where it lives.
        system: whose board.
        open_board: makes the board from its bytes; from none it makes a fresh one.
    """

    def __init__(self, database: Database, system: str, *, open_board: Callable[[bytes], B]) -> None:
        self._database, self._system = database, system
        self._open = open_board
        self._turn = threading.Lock()
        self._waiting: deque[_Job[B]] = deque()
        self._connection: Connection | None = None
        self._seen: bytes | None = None
        self._offset_s = self._trip_s = 0.0
        self._clock_due_s = 0.0
        self._create()
        self.change(lambda _board: None)

    @property
    def differs_s(self) -> float:
        """Seconds by which two machines as far from the database as this one may differ in its clock."""
        return self._trip_s

    def ticks(self) -> float:
        """Return seconds of the database's clock; all machines read it alike."""
        return time.clock_gettime(_UPTIME) + self._offset_s

    def change(self, work: Callable[[B], T]) -> T:
        """Carry out ``work`` on the board, until it was done on what nobody else had changed meanwhile.

        After a connection broke it may be carried out twice: that must do no harm.

        Raises:
            LedgerError: the database could not be used.
        """
        job = _Job(work)
        self._waiting.append(job)
        with self._turn:
            if not job.is_done:
                jobs = [self._waiting.popleft() for _ in range(len(self._waiting))]
                try:
                    self._carry_out(jobs)
                except LedgerError as error:
                    for each in jobs:
                        each.error = error
                except BaseException:
                    # broken off in between: the others do theirs themselves, be it a second time
                    self._waiting.extendleft(reversed([each for each in jobs if each is not job]))
                    raise
                for each in jobs:
                    each.is_done = True
        if job.error is not None:
            raise LedgerError(job.error.message, hint=job.error.hint) from job.error
        return cast(T, job.result)

    def close(self) -> None:
        """Close the connection."""
        with self._turn:
            self._hang_up()

    def _carry_out(self, jobs: Sequence["_Job[B]"]) -> None:
        stale = self._connection is not None
        while True:
            try:
                if self._try(jobs):
                    return
            except SQLAlchemyError as error:
                self._hang_up()
                if not stale:
                    raise sentence(error, self._database.url) from error
                stale = False  # the server may have been started again since: once more, on a new one
            except BaseException:
                self._hang_up()  # nobody knows what the server has
                raise

    def _try(self, jobs: Sequence["_Job[B]"]) -> bool:
        """Do it once; False if the board was another by then, or may be."""
        connection = self._connected()
        self._set_clock(connection)
        old = self._seen
        is_fresh = old is None
        if old is None:
            old = bytes(connection.execute(_LOOK, {"which": self._system}).scalar_one())
        board = self._open(old)
        for job in jobs:
            job.result = job.work(board)
        new = board.tobytes()
        self._seen = None
        if new == old:
            self._seen = old if is_fresh else None
            return is_fresh
        marked = connection.execute(_MARK, {"which": self._system, "old_board": old, "new_board": new})
        if not marked.rowcount:
            return False
        self._seen = new
        return True

    def _set_clock(self, connection: Connection) -> None:
        """Look how far the database's clock is from ours, every now and then."""
        if time.clock_gettime(_UPTIME) < self._clock_due_s:
            return
        looks = []
        for _ in range(CLOCK_LOOKS):
            asked = time.clock_gettime(_UPTIME)
            theirs = float(connection.execute(_CLOCK).scalar_one())
            answered = time.clock_gettime(_UPTIME)
            looks.append((answered - asked, theirs - (asked + answered) / 2))
        self._trip_s, self._offset_s = min(looks)
        self._clock_due_s = time.clock_gettime(_UPTIME) + CLOCK_KEPT_S

    def _connected(self) -> Connection:
        """Return a connection that nobody else gets: its commits are not synced, those of money are."""
        if self._connection is None:
            connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()
            connection.execute(_NOT_SYNCED)
            self._connection = connection
        return self._connection

    def _hang_up(self) -> None:
        self._seen = None
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def _create(self) -> None:
        with self._database.read() as connection:
            if connection.execute(select(paces.c.board).where(paces.c.system == self._system)).first():
                return
        try:
            with self._database.engine.begin() as connection:
                connection.execute(insert(paces).values(system=self._system, board=b""))
        except IntegrityError:
            return  # another process was quicker
