"""The board of slots in the ledger's database, for credit systems that several machines talk to."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from sheetsync.ledger.database import Database
from sheetsync.ledger.engines import sentence
from sheetsync.ledger.schema import paces

B = TypeVar("B")

_LOOK = select(paces.c.board).where(paces.c.system == bindparam("which")).with_for_update()
_MARK = update(paces).where(paces.c.system == bindparam("which")).values(board=bindparam("new_board"))
_NOT_SYNCED = text("SET LOCAL synchronous_commit = off")
"""A board that is lost in a power cut costs one second of waiting, so nobody waits for the disk."""


class PaceStore(Generic[B]):
    """One credit system's board as a row; locked by the row, measured by the database's clock.

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
        self._create()

    def ticks(self) -> float:
        """Return seconds of the database's clock; all machines read it alike."""
        return time.monotonic() + self._offset_s

    @contextmanager
    def locked(self) -> Iterator[B]:
        """Yield the board while its row is locked; threads queue here, so that one connection is enough.

        Raises:
            LedgerError: the database could not be used.
        """
        try:
            with self._turn, self._database.engine.begin() as connection:
                if not self._database.is_sqlite:
                    connection.execute(_NOT_SYNCED)
                stored = connection.execute(_LOOK, {"which": self._system}).scalar_one()
                raw = bytearray(bytes(stored)[: self._size].ljust(self._size, b"\0"))
                yield self._open(memoryview(raw))
                connection.execute(_MARK, {"which": self._system, "new_board": bytes(raw)})
        except SQLAlchemyError as error:
            raise sentence(error, self._database.url) from error

    def _create(self) -> None:
        with self._database.read() as connection:
            if connection.execute(select(paces.c.board).where(paces.c.system == self._system)).first():
                return
        try:
            with self._database.engine.begin() as connection:
                connection.execute(insert(paces).values(system=self._system, board=b"\0" * self._size))
        except IntegrityError:
            return  # another process was quicker
