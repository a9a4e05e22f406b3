"""Settings, ledger and adapters of one process, and the desk that use cases work at."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy.engine import make_url

from sheetsync.bootstrap.credit_systems import (
    choices_of,
    credit_system,
    limiter_of_ledger,
    limiter_of_machine,
    limits_of,
    with_filters,
)
from sheetsync.bootstrap.machine import SystemClock
from sheetsync.bootstrap.tabs import columns_of, details_of, tab_of
from sheetsync.config import Connection, Settings, load, system_id
from sheetsync.core.edits import Rules
from sheetsync.core.verify import Policy
from sheetsync.errors import BusyError, LedgerError, UsageError
from sheetsync.jobs.attendance import Watch, is_driven
from sheetsync.jobs.checking import check_unsettled
from sheetsync.jobs.desk import Desk, Report, user_page
from sheetsync.ledger.store import SqlLedger
from sheetsync.ports import Columns, Ledger, Provider, Sheet
from sheetsync.processes import LocalProcesses
from sheetsync.providers.limiter import SlidingLimiter


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
        connection = with_filters(self.connection(name), name, filters or {})
        opened = self._opened if opened is None else opened
        limiter = self._limiter(connection, pushes=pushes, opened=opened)
        provider = credit_system(connection, name=name, clock=self.clock, limiter=limiter)
        opened.callback(provider.close)
        return provider

    def _limiter(self, connection: Connection, *, pushes: bool, opened: ExitStack) -> SlidingLimiter:
        """Return the limiter that all processes on this credit system share, on one machine or several."""
        if make_url(self.settings.service.database_url).get_backend_name() == "sqlite":
            return limiter_of_machine(connection, self.clock, pushes=pushes, opened=opened)
        ledger = self._open_ledger()
        return limiter_of_ledger(connection, self.clock, ledger, pushes=pushes, opened=opened)

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
        columns = self.columns(name, provider, choices)
        return tab_of(self.connection(name), columns, self.settings, clock=self.clock, report=report)

    def columns(
        self, name: str, provider: Provider, choices: Mapping[str, Mapping[str, str]] | None = None
    ) -> Columns:
        """Return what decides which columns the connection's tab has."""
        return columns_of(self.connection(name), provider.capabilities, choices or {})

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
            choices = choices_of(provider) if pulls is not None else {}
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
                limits=limits_of(connection),
                details=details_of(connection),
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
