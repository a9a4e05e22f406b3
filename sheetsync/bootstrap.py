"""The only place that knows every adapter: from settings to a desk that use cases work at."""

import hashlib
import logging
import os
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy.engine import make_url

from sheetsync.config import (
    Connection,
    FasCardConnection,
    Settings,
    UniBeeConnection,
    XlsxSheet,
    load,
    system_id,
    units_of,
)
from sheetsync.config import (
    GoogleSheet as GoogleSheetSettings,
)
from sheetsync.config.connections import filtered
from sheetsync.core import fields
from sheetsync.core.accounts import Action
from sheetsync.core.edits import Rules
from sheetsync.core.verify import Policy
from sheetsync.errors import BusyError, LedgerError, RequestOutcome, UsageError
from sheetsync.jobs.attendance import Watch, is_driven
from sheetsync.jobs.checking import check_unsettled
from sheetsync.jobs.desk import Desk, Limits, Report, user_page
from sheetsync.ledger.store import SqlLedger
from sheetsync.ports import Columns, Ledger, Provider, Sheet
from sheetsync.processes import LocalProcesses, boot_number, home_number
from sheetsync.providers.board import Board
from sheetsync.providers.fascard import FasCard
from sheetsync.providers.fastcredit import FastCredit
from sheetsync.providers.limiter import SLACK_S, SlidingLimiter
from sheetsync.providers.stores import FileStore, is_alive
from sheetsync.providers.unibee import UniBee
from sheetsync.sheets.workbook import WorkbookSheet

_log = logging.getLogger(__name__)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Wall clock, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def quiet(_what: str, _done: int, _total: int | None) -> None:
    """Report progress to nobody."""


class Office:
    """Settings, ledger and adapters of one process; a context manager that closes what it opened.

    Args:
        settings: as loaded.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self.processes = LocalProcesses()
        self._opened = ExitStack()
        self._ledger: SqlLedger | None = None
        self._opening = threading.Lock()

    @classmethod
    def open(cls, config: Path | None, env: Mapping[str, str]) -> Self:
        """Load ``sheetsync.toml``.

        Raises:
            ConfigError: with every problem at once.
        """
        return cls(load(config, env))

    @property
    def ledger(self) -> Ledger:
        """The ledger, opened and migrated at first use.

        Raises:
            LedgerError: it cannot be opened.
        """
        return self._open_ledger()

    @property
    def store(self) -> SqlLedger:
        """The ledger with what only the HTTP API needs of it: callers and kept replies."""
        return self._open_ledger()

    def connection(self, name: str) -> Connection:
        """Return a connection's settings.

        Raises:
            UsageError: there is none of this name; names those there are.
        """
        found = self.settings.connections.get(name)
        if found is None:
            names = ", ".join(sorted(self.settings.connections)) or "none yet"
            raise UsageError(f"There is no connection “{name}”.", hint=f"sheetsync.toml has: {names}.")
        return found

    def page(self, name: str, account_id: str) -> str | None:
        """Return the address of a customer's page, if the connection (still) has one."""
        found = self.settings.connections.get(name)
        return None if found is None else user_page(found.user_url, account_id)

    def provider(
        self,
        name: str,
        *,
        pushes: bool = False,
        opened: ExitStack | None = None,
        filters: Mapping[str, object] | None = None,
    ) -> Provider:
        """Return the connection's credit system.

        Args:
            name: of the connection.
            pushes: a push has half of the rate limit for itself.
            opened: closes it; by default it is closed with the office.
            filters: of one pull, instead of those of the configuration; FasCard only.

        Raises:
            ConfigError: its secret is not where the configuration says.
        """
        connection = _filtered(self.connection(name), name, filters or {})
        opened = self._opened if opened is None else opened
        limiter = self._limiter(connection, pushes=pushes, opened=opened)
        provider: FastCredit | FasCard | UniBee
        if isinstance(connection, FasCardConnection):
            provider = FasCard(connection, name=name, clock=self.clock, limiter=limiter)
        elif isinstance(connection, UniBeeConnection):
            provider = UniBee(connection, name=name, clock=self.clock, limiter=limiter)
        else:
            provider = FastCredit(connection, name=name, clock=self.clock, limiter=limiter)
        opened.callback(provider.close)
        return provider

    def _limiter(self, connection: Connection, *, pushes: bool, opened: ExitStack) -> SlidingLimiter:
        """Return the limiter that all processes on this credit system share."""
        rate_per_s = connection.limits.requests_per_second
        system = system_id(connection)
        if make_url(self.settings.service.database_url).get_backend_name() != "sqlite":
            pace = self._open_ledger().pace(system, open_board=partial(Board, is_alive=is_alive))
            opened.callback(pace.close)
            return SlidingLimiter(
                rate_per_s,
                self.clock,
                store=pace,
                pushes=pushes,
                ticks=pace.ticks,
                slack_s=SLACK_S + pace.differs_s,
                home=home_number(),
            )
        store = FileStore(_board_file(system), boot_number())
        opened.callback(store.close)
        return SlidingLimiter(rate_per_s, self.clock, store=store, pushes=pushes, home=home_number())

    def sheet(
        self,
        name: str,
        provider: Provider,
        *,
        choices: Mapping[str, Mapping[str, str]] | None = None,
        report: Report = quiet,
    ) -> Sheet:
        """Return the connection's tab; nothing is opened or asked yet.

        Args:
            name: of the connection.
            provider: whose units and actions the tab has.
            choices: field code → what a dropdown offers, and what each stands for.
            report: told when a spreadsheet lets us wait.
        """
        connection, columns = self.connection(name), self.columns(name, provider, choices)
        zone, tab = self.settings.service.zone, connection.sheet.tab
        if isinstance(connection.sheet, XlsxSheet):
            return WorkbookSheet(Path(connection.sheet.path), tab=tab, columns=columns, timezone=zone)
        return self._google(connection.sheet, columns, report)

    def columns(
        self, name: str, provider: Provider, choices: Mapping[str, Mapping[str, str]] | None = None
    ) -> Columns:
        """Return what decides which columns the connection's tab has."""
        connection = self.connection(name)
        return Columns(
            units=provider.capabilities.units,
            actions=provider.capabilities.actions,
            reasons=connection.reasons,
            reasons_strict=connection.reasons_strict,
            environment=connection.environment,
            extras=_extras(provider.capabilities.actions),
            choices=choices or {},
            details=_details(connection),
        )

    def _google(self, sheet: GoogleSheetSettings, columns: Columns, report: Report) -> Sheet:
        """Return a tab of Google Sheets; all processes of this machine share its quota."""
        from sheetsync.sheets.google import (  # noqa: PLC0415 - workbooks start faster without it
            Access,
            GoogleSheet,
            Waiting,
        )

        google = self.settings.google
        access = Access(
            key=lambda: google.service_account.reveal() if google.service_account else None,
            base_url=google.api_base_url,
            waiting=Waiting(time.monotonic, self.clock.sleep, lambda sentence: report(sentence, 0, None)),
            folder=_shared_folder(),
            reads=google.reads_per_minute,
            writes=google.writes_per_minute,
        )
        return GoogleSheet(
            sheet.spreadsheet_id,
            tab=sheet.tab,
            columns=columns,
            access=access,
            timezone=self.settings.service.zone,
        )

    @contextmanager
    def desk(
        self,
        name: str,
        *,
        actor: str,
        report: Report = quiet,
        pushes: bool = False,
        pulls: Mapping[str, object] | None = None,
    ) -> Iterator[Desk]:
        """Wire one connection; its adapters are closed at the end.

        Args:
            name: of the connection.
            actor: who asks.
            report: told of progress.
            pushes: a push has half of the rate limit for itself.
            pulls: given for a pull, which arranges the tab: its filters.
        """
        connection = self.connection(name)
        with ExitStack() as opened:
            provider = self.provider(name, pushes=pushes, opened=opened, filters=pulls)
            choices = _choices(provider) if pulls is not None else {}
            yield Desk(
                name=name,
                system=system_id(connection),
                actor=actor,
                provider=provider,
                sheet=self.sheet(name, provider, choices=choices, report=report),
                ledger=self.ledger,
                clock=self.clock,
                processes=self.processes,
                rules=Rules(provider.capabilities, connection.reasons, connection.reasons_strict),
                policy=Policy(
                    settle_after=timedelta(seconds=connection.settle_after_s),
                    accept_unchanged=connection.balance_evidence == "accept",
                ),
                limits=_limits(connection),
                details=_details(connection),
                lease=self.lease,
                plan_expires=timedelta(minutes=connection.plan_expires_min),
                approval_expires=timedelta(hours=connection.approval_expires_h),
                retries=connection.retries,
                timezone=self.settings.service.zone,
                environment=connection.environment,
                report=report,
                user_url=connection.user_url,
            )

    @property
    def lease(self) -> timedelta:
        """How long a silent worker keeps what it drives."""
        return timedelta(seconds=self.settings.service.lease_s)

    def check_unsettled(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of ``check`` about what waits for its proof; none where the ledger is away."""
        connection = self.connection(name)
        settle_after = timedelta(seconds=connection.settle_after_s)
        try:
            return check_unsettled(self.ledger, name, system_id(connection), settle_after)
        except LedgerError:
            return []  # the line about the database says so

    def copy_ledger(self, url: str) -> dict[str, int]:
        """Move the ledger to another database while nobody uses it; return table → rows.

        Raises:
            BusyError: a run is under way.
            LedgerError: nothing was moved.
        """
        ledger = self._open_ledger()
        busy = [
            run for run in ledger.runs.unfinished() if run.state == "running" and is_driven(self.watch, run)
        ]
        if busy:
            raise BusyError(
                f"{busy[0].kind} {busy[0].run} of {busy[0].actor} is under way.",
                hint="Wait for it, stop every worker, then copy.",
            )
        return ledger.copy_to(url)

    @property
    def watch(self) -> Watch:
        """What tells runs that somebody drives from those that wait."""
        return Watch(self.ledger, self.processes, silence=self.lease)

    def _open_ledger(self) -> SqlLedger:
        with self._opening:
            if self._ledger is None:
                self._ledger = SqlLedger(self.settings.service.database_address())
                self._opened.callback(self._ledger.close)
            return self._ledger

    def close(self) -> None:
        """Close adapters and the ledger."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _extras(actions: Collection[Action]) -> tuple[str, ...]:
    """Return the further cells that some actions need."""
    needed = {
        Action.CASH: (fields.LOCATION_ID,),
        Action.APPLY_PROMO: (fields.SUBSCRIPTION_ID, fields.PLAN_ID),
    }
    return tuple(name for action, names in needed.items() if action in actions for name in names)


def _details(connection: Connection) -> tuple[str, ...]:
    """Return what else the tab shows of an account."""
    if isinstance(connection, UniBeeConnection):
        return (fields.ACCOUNT_STATUS,)
    return connection.columns if isinstance(connection, FasCardConnection) else ()


def _filtered(connection: Connection, name: str, filters: Mapping[str, object]) -> Connection:
    if all(value is None for value in filters.values()):
        return connection
    if not isinstance(connection, FasCardConnection):
        raise UsageError(
            f"Connection {name} cannot be filtered.", hint="Only FasCard lists by e-mail and activity."
        )
    try:
        return filtered(connection, filters)
    except ValueError as error:
        raise UsageError(f"--active-since {error}.") from error


def _choices(provider: Provider) -> Mapping[str, Mapping[str, str]]:
    """Return what dropdowns offer that only the credit system knows; without them, text is typed."""
    if not isinstance(provider, FasCard):
        return {}
    try:
        return {fields.LOCATION_ID: {each.location_id: each.name for each in provider.locations()}}
    except RequestOutcome as error:
        _log.info("The locations could not be read: %s", error.message)
        return {}


def _board_file(system: str) -> Path:
    """Return the file of slots that all processes of this user share, whatever their ledger."""
    return _shared_folder() / f"{hashlib.sha256(system.encode()).hexdigest()[:24]}.board"


def _shared_folder() -> Path:
    """Return the folder in which all processes of this user count their requests."""
    folder = Path(tempfile.gettempdir()) / f"sheetsync-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _limits(connection: Connection) -> Limits:
    units = units_of(connection)

    def money(name: str) -> dict[str, int]:
        found = {unit.code: connection.limits.minor(name, unit) for unit in units}
        return {code: minor for code, minor in found.items() if minor is not None}

    return Limits(
        rows_per_push=connection.limits.max_rows_per_push,
        parallel_requests=connection.limits.parallel_requests,
        stop_after_unknown=connection.limits.stop_after_unknown,
        stop_after_refused=connection.limits.stop_after_refused,
        canary=connection.limits.canary,
        amount_per_row=money("max_amount_per_row"),
        total_per_push=money("max_total_per_push"),
        total_per_person_day=money("max_total_per_person_day"),
        approval_over=money("approval_over"),
        changed_percent=connection.limits.max_changed_percent,
        absent_percent=connection.limits.max_absent_percent,
    )
