"""A counter at a laundry: the strict FasCard server, a real ledger, a real tab, a clock that tests move."""

import shutil
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from openpyxl import load_workbook

from sheetsync.config import FasCardConnection
from sheetsync.core import fields
from sheetsync.core.edits import Rules
from sheetsync.core.states import OperationState
from sheetsync.core.verify import Policy
from sheetsync.jobs.desk import Desk, Limits
from sheetsync.jobs.preview import preview
from sheetsync.jobs.pull import pull
from sheetsync.jobs.push import push
from sheetsync.jobs.verify import verify
from sheetsync.ledger.store import SqlLedger
from sheetsync.ports import Columns, OperationRecord, Owner
from sheetsync.providers.fascard import FasCard
from sheetsync.sheets.workbook import WorkbookSheet
from tests.laundry import ACCOUNT, PASSWORD, USERNAME, Laundry
from tests.stateful.kit import LEASE, SETTLE_AFTER, START, Free, Still, TownClock


class Alone:
    """A process table with one process."""

    def me(self) -> Owner:
        """Return the identity of this process."""
        return Owner("counter", 1, "start")

    def is_alive(self, owner: Owner) -> bool | None:
        """Whether it lives."""
        return owner == self.me()

    def end(self, owner: Owner) -> bool:
        """End nobody."""
        del owner
        return False

    def uptime_s(self) -> float:
        """Return nothing that passes."""
        return 0.0


class Counter:
    """One person at one tab of a laundry of some customers, pulled; a context manager.

    Attributes:
        laundry: the true balances.
        desk: the connection.
        path: the workbook.
    """

    def __init__(self, customers: int = 3, *, details: tuple[str, ...] = ()) -> None:
        self._opened = ExitStack()
        self.clock = TownClock()
        self.laundry = Laundry.of(customers, now=self.clock.now)
        self._opened.enter_context(self.laundry)
        memory = Path("/dev/shm")  # noqa: S108 - a fresh folder in it, for speed
        self.folder = Path(tempfile.mkdtemp(prefix="ss-counter-", dir=memory if memory.is_dir() else None))
        self._opened.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.path = self.folder / "laundry.xlsx"
        self.desk = self._desk(details)

    def __enter__(self) -> Self:
        pull(self.desk)
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    def _desk(self, details: tuple[str, ...]) -> Desk:
        (self.folder / "password").write_text(PASSWORD, encoding="utf-8")
        settings = FasCardConnection.model_validate(
            {
                "provider": "fascard",
                "base_url": self.laundry.address,
                "account_id": ACCOUNT,
                "username": USERNAME,
                "password": {"file": str(self.folder / "password")},
                "sheet": {"kind": "xlsx", "path": str(self.path), "tab": "Accounts"},
                "timeout_s": 20,
                "retries": 0,
            }
        )
        provider = FasCard(settings, name="laundry", clock=Still(), limiter=Free())
        self._opened.callback(provider.close)
        ledger = SqlLedger(f"sqlite:///{self.folder / 'ledger.db'}", now=self.clock.now)
        self._opened.callback(ledger.close)
        offered = provider.capabilities
        extras = (fields.LOCATION_ID,)
        columns = Columns(offered.units, offered.actions, settings.reasons, extras=extras, details=details)
        return Desk(
            name="laundry",
            system="fascard|laundry.test",
            actor="cli:ana",
            provider=provider,
            sheet=WorkbookSheet(self.path, tab="Accounts", columns=columns),
            ledger=ledger,
            clock=self.clock,
            processes=Alone(),
            rules=Rules(offered, settings.reasons),
            policy=Policy(SETTLE_AFTER),
            limits=Limits(5000, 1, 3, {}, {}, {}, {}),
            lease=LEASE,
            plan_expires=timedelta(minutes=30),
            approval_expires=timedelta(hours=72),
            retries=0,
            timezone=ZoneInfo("UTC"),
            environment="test",
            report=lambda _what, _done, _total: None,
            details=details,
        )

    # what people do

    def edit(self, number: int, action: str, **cells: object) -> None:
        """Type an edit: headers with ``_`` for a space."""
        book = load_workbook(self.path)
        tab = book["Accounts"]
        columns = {str(cell.value): place for place, cell in enumerate(tab[1], start=1)}
        rows = {str(tab.cell(row, columns["User ID"]).value): row for row in range(2, tab.max_row + 1)}
        for header, value in {"Action": action, **cells}.items():
            tab.cell(rows[str(number)], columns[header.replace("_", " ")]).value = value  # type: ignore[assignment]
        book.save(self.path)

    def row(self, number: int) -> dict[str, Any]:
        """Return a customer's row: header → value."""
        tab = load_workbook(self.path)["Accounts"]
        columns = {str(cell.value): place for place, cell in enumerate(tab[1], start=1)}
        for row in range(2, tab.max_row + 1):
            if str(tab.cell(row, columns["User ID"]).value) == str(number):
                return {header: tab.cell(row, column).value for header, column in columns.items()}
        raise KeyError(number)

    def ship(self, *, check: bool = True) -> dict[str, dict[str, Any]]:
        """Preview and push; return account → row of the result."""
        rows = push(self.desk, preview(self.desk).plan.digest, check=check)["rows"]
        return {row["account_id"]: row for row in rows}

    def verify(self) -> dict[str, dict[str, Any]]:
        """Verify; return account → row of what it looked at."""
        return {row["account_id"]: row for row in verify(self.desk)["rows"]}

    def wait(self, seconds: float = 100) -> None:
        """Let time pass."""
        self.clock.sleep(seconds)

    def record(self, number: int) -> OperationRecord:
        """Return the customer's newest operation."""
        return self.desk.ledger.operations.history(None, account_id=str(number), limit=1)[0]

    def state(self, number: int) -> OperationState:
        """Return its state."""
        return self.record(number).state


__all__ = ["START", "Counter"]
