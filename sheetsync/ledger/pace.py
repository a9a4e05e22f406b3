"""The board of slots in the ledger's database, for credit systems that several machines talk to."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection, bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from sheetsync.ledger.database import Database
from sheetsync.ledger.engines import sentence
from sheetsync.ledger.schema import paces

B = TypeVar("B")
T = TypeVar("T")

_LOOK = select(paces.c.board).where(paces.c.system == bindparam("which"))
_MARK = (
    update(paces)
    .where(paces.c.system == bindparam("which"), paces.c.board == bindparam("old_board"))
    .values(board=bindparam("new_board"))
)
_NOT_SYNCED = text("SET synchronous_commit = off")
"""A board that is lost in a power cut costs one second of waiting, so nobody waits for the disk."""


class PaceStore(Generic[B]):
    """One credit system's board as a row; measured by the database's clock.

    A change is one statement, a compare-and-set against the board as last seen: while one process alone works
    on a credit system, nothing is read again. Who was slower than another process reads, and changes that.

    Args:
        database: where it lives.
        system: whose board.
        size: bytes of the board.
        open_board: makes the board from its bytes.
    """

    def __init__(
        self, database: Database, system: str, *, size: int, open_board: Callable[[memoryview], B]
    ) -> None:
        self._database, self._system = database, system
        self._size, self._open = size, open_board
        self._offset_s = database.now().timestamp() - time.monotonic()
        self._turn = threading.Lock()
        self._connection: Connection | None = None
        self._seen: bytes | None = None
        self._create()

    def ticks(self) -> float:
        """Return seconds of the database's clock; all machines read it alike."""
        return time.monotonic() + self._offset_s

    def change(self, work: Callable[[B], T]) -> T:
        """Carry out ``work`` on the board, until it was done on what nobody else had changed meanwhile.

        Raises:
            LedgerError: the database could not be used.
        """
        with self._turn:
            stale = self._connection is not None
            while True:
                try:
                    found = self._try(work)
                except SQLAlchemyError as error:
                    self._hang_up()
                    if not stale:
                        raise sentence(error, self._database.url) from error
                    stale = False  # the server may have been started again since: once more, on a new one
                    continue
                if found is not None:
                    return found[0]

    def close(self) -> None:
        """Close the connection."""
        with self._turn:
            self._hang_up()

    def _try(self, work: Callable[[B], T]) -> tuple[T] | None:
        """Do it once; None if the board was another by then."""
        connection = self._connected()
        old = self._seen
        if old is None:
            old = self._seen = bytes(connection.execute(_LOOK, {"which": self._system}).scalar_one())
        raw = bytearray(old[: self._size].ljust(self._size, b"\0"))
        result = work(self._open(memoryview(raw)))
        marked = connection.execute(_MARK, {"which": self._system, "old_board": old, "new_board": bytes(raw)})
        self._seen = bytes(raw) if marked.rowcount else None
        return (result,) if marked.rowcount else None

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
                connection.execute(insert(paces).values(system=self._system, board=b"\0" * self._size))
        except IntegrityError:
            return  # another process was quicker
