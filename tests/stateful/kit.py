"""A small town for tests of the whole: one credit system, one ledger, and processes that can die.

Everything is real but the clock and the process table: the sandbox over HTTP, workbooks and a SQLite ledger
on disk, the use cases. A process can be killed at any write to ledger or tab and around every request, or be
stopped there while others go on.
"""

import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

from sheetsync.config import FastCreditConnection
from sheetsync.core.accounts import Balances, Operation
from sheetsync.core.edits import Rules
from sheetsync.core.tab import CellValue, Patch, Tab
from sheetsync.core.verify import Policy
from sheetsync.errors import SheetError
from sheetsync.jobs.desk import Desk, Limits
from sheetsync.jobs.pull import pull
from sheetsync.ledger.database import Transaction
from sheetsync.ledger.store import SqlLedger
from sheetsync.ports import Columns, OperationRecord, Owner, Receipt, ReportColumn, Written
from sheetsync.providers.fastcredit import FastCredit
from sheetsync.sandbox import Sandbox
from sheetsync.sandbox.book import Book, Change, Person
from sheetsync.sandbox.wire import Dialect, Request, Response, Switches, Target
from sheetsync.sheets.workbook import WorkbookSheet

T = TypeVar("T")

START = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
SETTLE_AFTER = timedelta(seconds=90)
LEASE = timedelta(seconds=30)
PLAN_EXPIRES = timedelta(minutes=30)
SYSTEM = "fastcredit|https://town.test"
"""Whatever port the sandbox listens on, so that a ledger and its tabs can be used again."""

MARK = "X-Operation"
"""Header that tells the witness whose request it is; the site itself never looks at it."""

BEATS = ("alive-", "lease-")
"""Names of threads that only show that a process lives; they count real seconds, which nothing here does."""


class Killed(BaseException):
    """The process was killed right here; nothing of it runs on."""


class TownClock:
    """Time that passes only when somebody lets it pass."""

    def __init__(self) -> None:
        self._now = START
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Wall clock, UTC; never the same twice."""
        with self._lock:
            self._now += timedelta(milliseconds=1)
            return self._now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._now += timedelta(seconds=seconds)


class Still:
    """Waits without waiting."""

    def sleep(self, seconds: float) -> None:
        """Return at once."""


class Free:
    """A limiter and its slots, without a limit."""

    left_at = 0.0

    @contextmanager
    def slot(self) -> Iterator["Free"]:
        """Give a slot at once."""
        yield self

    def leaving(self) -> None:
        """Take no notice."""

    def refused(self, pause_s: float, left_at: float) -> None:
        """Take no notice."""


@dataclass
class Witness:
    """A dialect that notes, per operation, which requests arrived and what they changed in the book.

    Attributes:
        arrived: operation key of every write, in order of arrival.
        applied: operation key → lines of the journal.
        lost: writes that would be carried out now never are.
    """

    dialect: Dialect
    book: Book
    arrived: list[str] = field(default_factory=list)
    applied: dict[str, list[Change]] = field(default_factory=lambda: defaultdict(list))
    lost: bool = False

    @property
    def site(self) -> Switches:
        """The switches."""
        return self.dialect.site

    @property
    def unit(self) -> str:
        """The unit."""
        return self.dialect.unit

    def target(self, request: Request) -> Target:
        """Note a write on arrival."""
        target = self.dialect.target(request)
        if target.write:
            self.arrived.append(request.headers[MARK.lower()])
        return target

    def handle(self, request: Request) -> Response:
        """Carry out a request, and note what it changed."""
        if not self.dialect.target(request).write:
            return self.dialect.handle(request)
        if self.lost:
            return self.dialect.server_error()
        with self.book.lock:
            before = len(self.book.journal())
            response = self.dialect.handle(request)
            self.applied[request.headers[MARK.lower()]] += self.book.journal()[before:]
        return response

    def too_many(self, retry_after_s: int | None) -> Response:
        """Refuse."""
        return self.dialect.too_many(retry_after_s)

    def server_error(self) -> Response:
        """Break down."""
        return self.dialect.server_error()

    def unauthorized(self) -> Response:
        """Sign everybody out."""
        return self.dialect.unauthorized()


class Town:
    """One credit system and one ledger; a context manager.

    Args:
        balances: account id → opening balance in credits.
        one_machine: whether all processes see one another.
        files: of an office that has worked before, by name.
    """

    def __init__(
        self,
        balances: Mapping[str, int],
        *,
        one_machine: bool = True,
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        self.opened = ExitStack()
        memory = Path("/dev/shm")  # noqa: S108 - a fresh folder in it, for speed
        made = tempfile.mkdtemp(prefix="ss-town-", dir=memory if memory.is_dir() else None)
        self.folder = Path(made)
        self.opened.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.clock = TownClock()
        self.clock.sleep(0 if files is None else 60)  # later than what is in the files
        self.one_machine = one_machine
        self.opening = dict(balances)
        self.sandbox = Sandbox(users=0)
        for account, balance in balances.items():
            person = Person(account, f"c{account}@example.com", f"Customer {account}", author=False)
            self.sandbox.book.open(person, {"credits": balance})
        self.witness = Witness(self.sandbox._speaker, self.sandbox.book)
        self.sandbox._speaker = self.witness
        self.opened.enter_context(self.sandbox)
        (self.folder / "password").write_text(self.sandbox.password)
        for name, data in ({"ledger.db": _empty_ledger()} if files is None else files).items():
            (self.folder / name).write_bytes(data)
        self.processes: dict[Owner, Process] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process and the system."""
        for process in self.processes.values():
            process.close()
        self.opened.close()
        assert [] == self.sandbox.errors

    @property
    def book(self) -> Book:
        """The true balances."""
        return self.sandbox.book

    def process(self, name: str, connection: str, **settings: Any) -> "Process":  # noqa: ANN401 - of Process
        """Start a process of this person."""
        number = len(self.processes) + 1
        machine = "town" if self.one_machine else f"machine of {name}"
        process = Process(self, Owner(machine, number, f"start {number}"), name, connection, **settings)
        self.processes[process.owner] = process
        return process

    def balance(self, account: str) -> int:
        """Return the true balance."""
        return self.book.balance(account, "credits")

    def times(self, key: str) -> int:
        """Return how often an operation was carried out."""
        return len(self.witness.applied[key])

    def fault(self, kind: str, account: str, **options: object) -> None:
        """Let this happen to the account's next write."""
        self.sandbox.faults.script(kind, account=account, **{"on": "write", **options})  # type: ignore[arg-type]

    def settle_late(self, *, lost: bool) -> None:
        """Carry out late requests now, or never."""
        self.witness.lost = lost
        self.sandbox.release()
        self.witness.lost = False


@cache
def _empty_ledger() -> bytes:
    """Return a migrated ledger's file, made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        SqlLedger(f"sqlite:///{path}").close()
        return path.read_bytes()


@cache
def pulled(balances: tuple[tuple[str, int], ...], tabs: tuple[str, ...]) -> dict[str, bytes]:
    """Return an office's ledger and workbooks after a pull at each tab; made once."""
    with Town(dict(balances)) as town:
        for tab in tabs:
            process = town.process("eve", tab)
            pull(process.desk)
            process.close()
        names = ("ledger.db", *(f"{tab}.xlsx" for tab in tabs))
        return {name: (town.folder / name).read_bytes() for name in names}


class Marked(FastCredit):
    """The real provider; its requests say whose they are, and its process may die or stop around each."""

    process: "Process"

    def apply(self, operation: Operation, before: Balances, go: Callable[[], None]) -> Receipt:
        """Send one change."""
        self.process.pass_by("before")

        def gone() -> None:
            go()
            self.process.pass_by("gone")

        plain = self._credentials
        self._credentials = {**plain, MARK: operation.key}
        try:
            return super().apply(operation, before, gone)
        finally:
            self._credentials = plain
            self.process.pass_by("answered")


class Tabs:
    """The real workbook; its process may die around each write."""

    def __init__(self, process: "Process", sheet: WorkbookSheet) -> None:
        self._process, self._sheet = process, sheet

    def ensure_writable(self) -> None:
        """Raise what a write would raise."""
        self._process.must_live()
        self._sheet.ensure_writable()

    def prove_writable(self) -> None:
        """Raise what a write would raise."""
        self.ensure_writable()

    def read(self) -> Tab:
        """Read the tab."""
        self._process.must_live()
        return self._sheet.read()

    def create(self, *, rows: int = 0) -> tuple[str, ...]:
        """Create what is missing."""
        return self._process.mortal(lambda: self._sheet.create(rows=rows))

    def traffic(self) -> dict[str, int]:
        """A file asks nobody."""
        return self._sheet.traffic()

    def write(self, patches: Sequence[Patch], *, append: Sequence[Mapping[str, CellValue]] = ()) -> Written:
        """Write patches."""
        self._process.pass_by("tab")
        if self._process.locked:
            raise SheetError("The workbook is open in a spreadsheet program.")
        return self._process.mortal(lambda: self._sheet.write(patches, append=append))

    def replace_report(
        self,
        tab: str,
        about: str,
        *,
        columns: Sequence[ReportColumn],
        rows: Iterable[Sequence[CellValue]],
        remark: str = "",
    ) -> tuple[str, ...]:
        """Fill another tab."""
        return self._process.mortal(
            lambda: self._sheet.replace_report(tab, about, columns=columns, rows=rows, remark=remark)
        )


class Process:
    """One process of one person, at one connection; a process table to itself.

    Attributes:
        doom: how many more writes or requests it lives; None for ever.
        visits: point → what somebody else does when the process first comes by there: ``before`` a request,
            ``gone`` (its intent is committed), ``answered``, or before a write to the ``tab``.
        locked: its workbook cannot be written.
    """

    def __init__(
        self, town: Town, owner: Owner, name: str, connection: str, *, retries: int = 1, fuse: int = 3
    ) -> None:
        self.town, self.owner, self.name, self.connection = town, owner, name, connection
        self.alive = True
        self.doom: int | None = None
        self.visits: dict[str, Callable[[], object]] = {}
        self.locked = False
        self._opened = ExitStack()
        self.ledger = self._open_ledger()
        self.path = town.folder / f"{connection}.xlsx"
        self.desk = self._desk(retries, fuse)

    def _open_ledger(self) -> SqlLedger:
        ledger = SqlLedger(f"sqlite:///{self.town.folder / 'ledger.db'}", now=self.town.clock.now)
        self._opened.callback(ledger.close)
        write = ledger.database.write

        def mortal_write(work: Callable[[Transaction], T]) -> T:
            if threading.current_thread().name.startswith(BEATS):
                return write(work)
            return self.mortal(lambda: write(work))

        ledger.database.write = mortal_write  # type: ignore[method-assign]
        return ledger

    def _desk(self, retries: int, fuse: int) -> Desk:
        settings = FastCreditConnection.model_validate(
            {
                "provider": "fastcredit",
                "base_url": self.town.sandbox.base_url,
                "username": self.town.sandbox.username,
                "application_password": {"file": str(self.town.folder / "password")},
                "sheet": {"kind": "xlsx", "path": str(self.path), "tab": "Credits"},
                "timeout_s": 20,
                "retries": retries,
                "limits": {"parallel_requests": 1},
            }
        )
        provider = Marked(settings, name=self.connection, clock=Still(), limiter=Free())
        provider.process = self
        self._opened.callback(provider.close)
        offered = provider.capabilities
        columns = Columns(units=offered.units, actions=offered.actions, reasons=settings.reasons)
        return Desk(
            name=self.connection,
            system=SYSTEM,
            actor=f"cli:{self.name}",
            provider=provider,
            sheet=Tabs(self, WorkbookSheet(self.path, tab="Credits", columns=columns)),
            ledger=self.ledger,
            clock=self.town.clock,
            processes=self,
            rules=Rules(offered, settings.reasons),
            policy=Policy(SETTLE_AFTER),
            limits=Limits(5000, 1, fuse, {}, {}, {}, {}),
            lease=LEASE,
            plan_expires=PLAN_EXPIRES,
            approval_expires=timedelta(hours=72),
            retries=retries,
            timezone=ZoneInfo("UTC"),
            environment="test",
            report=lambda _what, _done, _total: None,
        )

    def with_desk(self, **values: Any) -> Desk:  # noqa: ANN401 - fields of Desk
        """Return the desk with some settings changed."""
        return replace(self.desk, **values)

    def close(self) -> None:
        """Close what it opened."""
        self._opened.close()

    # life and death

    def must_live(self) -> None:
        """Stop here if the process was killed."""
        if not self.alive:
            raise Killed

    def mortal(self, work: Callable[[], T]) -> T:
        """Do it, unless the process is killed right before or, after it is done, right after."""
        self._tick()
        result = work()
        self._tick()
        return result

    def pass_by(self, point: str) -> None:
        """Let somebody else act here once, and perhaps kill this process."""
        self._tick()
        act = self.visits.pop(point, None)
        if act is not None:
            act()
        self.must_live()

    def _tick(self) -> None:
        self.must_live()
        if self.doom is not None:
            self.doom -= 1
            if self.doom < 0:
                self.alive = False
        self.must_live()

    # the process table

    def me(self) -> Owner:
        """Return the identity of this process."""
        return self.owner

    def is_alive(self, owner: Owner) -> bool | None:
        """Whether it lives; None if that cannot be seen from here."""
        return self.town.processes[owner].alive if owner.machine == self.owner.machine else None

    def end(self, owner: Owner) -> bool:
        """Kill it."""
        if owner.machine != self.owner.machine or owner == self.owner:
            return False
        self.town.processes[owner].alive = False
        return True

    def uptime_s(self) -> float:
        """Return seconds on a clock that nobody stops."""
        return (self.town.clock.now() - START).total_seconds()

    # what its ledger knows

    def records(self) -> list[OperationRecord]:
        """Return every operation, newest first."""
        return self.ledger.operations.history(None, limit=None)

    def record(self, account: str) -> OperationRecord:
        """Return the account's newest operation."""
        return self.ledger.operations.history(None, account_id=account, limit=1)[0]
