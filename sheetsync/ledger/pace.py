"""The board of slots in the ledger's database, for credit systems that several machines talk to."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from sheetsync.ledger.database import Database
from sheetsync.ledger.schema import paces

B = TypeVar("B")


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
        self._create()

    def ticks(self) -> float:
        """Return seconds of the database's clock; all machines read it alike."""
        return time.monotonic() + self._offset_s

    @contextmanager
    def locked(self) -> Iterator[B]:
        """Yield the board while its row is locked."""
        where = paces.c.system == self._system
        with self._database.engine.begin() as connection:
            stored = connection.execute(select(paces.c.board).where(where).with_for_update()).scalar_one()
            raw = bytearray(bytes(stored)[: self._size].ljust(self._size, b"\0"))
            yield self._open(memoryview(raw))
            connection.execute(update(paces).where(where).values(board=bytes(raw)))

    def _create(self) -> None:
        with self._database.read() as connection:
            if connection.execute(select(paces.c.system).where(paces.c.system == self._system)).first():
                return
        try:
            with self._database.engine.begin() as connection:
                connection.execute(insert(paces).values(system=self._system, board=b"\0" * self._size))
        except IntegrityError:
            return  # another process was quicker
