"""The ledger: one database, opened and brought up to date."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from sheetsync.errors import LedgerError
from sheetsync.ledger.accounts import AccountStore
from sheetsync.ledger.audit import audit
from sheetsync.ledger.callers import CallerStore
from sheetsync.ledger.copying import copy_ledger, refuse_sealed
from sheetsync.ledger.database import Database
from sheetsync.ledger.engines import sentence
from sheetsync.ledger.lines import LineStore
from sheetsync.ledger.migrate import bring_up_to_date
from sheetsync.ledger.operations import OperationStore
from sheetsync.ledger.pace import B, PaceStore
from sheetsync.ledger.pages import PageStore
from sheetsync.ledger.plans import PlanStore
from sheetsync.ledger.replies import ReplyStore
from sheetsync.ledger.runs import RunStore
from sheetsync.ledger.statements import StatementReader
from sheetsync.ledger.uploads import UploadStore


class SqlLedger:
    """The ledger on SQLite or PostgreSQL.

    Args:
        url: an SQLAlchemy URL; a missing SQLite file is created, an older schema is migrated.
        now: the wall clock, UTC.

    Raises:
        LedgerError: the database could not be opened, or its ledger was moved elsewhere.
    """

    def __init__(self, url: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.database = Database(url, now=now)
        try:
            bring_up_to_date(self.database)
            refuse_sealed(self.database)
        except BaseException:
            self.database.close()
            raise
        self.accounts = AccountStore(self.database)
        self.plans = PlanStore(self.database)
        self.runs = RunStore(self.database)
        self.operations = OperationStore(self.database)
        self.callers = CallerStore(self.database)
        self.replies = ReplyStore(self.database)
        self.lines = LineStore(self.database)
        self.uploads = UploadStore(self.database)
        self.pages = PageStore(self.database)
        self.statements = StatementReader(self.database, self.operations)

    def check(self) -> dict[str, Any]:
        """Recompute chain and sums: ``{"events": 812, "chain": "ok", "sums": "ok"}``, or what is wrong."""
        with self.database.read() as connection:
            return audit(connection)

    def copy_to(self, url: str) -> dict[str, int]:
        """Move the ledger to another, empty database and seal this one; return table → rows.

        Raises:
            LedgerError: nothing was moved.
        """
        target = Database(url)
        if target.url == self.database.url:
            raise LedgerError("The ledger is there already.", hint="Name another, empty database.")
        try:
            bring_up_to_date(target)
            return copy_ledger(self.database, target)
        except SQLAlchemyError as error:
            raise sentence(error, target.url) from error
        finally:
            target.close()

    def pace(self, system: str, *, open_board: Callable[[bytes], B]) -> PaceStore[B]:
        """Return a credit system's board of slots, for credit systems that several machines talk to."""
        return PaceStore(self.database, system, open_board=open_board)

    def close(self) -> None:
        """Close every connection."""
        self.database.close()
