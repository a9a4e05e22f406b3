"""The only place that knows every adapter: from settings to a desk that use cases work at."""

import hashlib
import os
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from sheetsync.config import (
    Connection,
    FastCreditConnection,
    Settings,
    XlsxSheet,
    load,
    system_id,
    units_of,
)
from sheetsync.core.edits import Rules
from sheetsync.core.verify import Policy
from sheetsync.errors import UsageError
from sheetsync.jobs.desk import Desk, Limits, Report
from sheetsync.ledger.store import SqlLedger
from sheetsync.ports import Columns, Ledger, Provider, Sheet
from sheetsync.processes import LocalProcesses
from sheetsync.providers.board import FileStore
from sheetsync.providers.fastcredit import FastCredit
from sheetsync.providers.limiter import SlidingLimiter, slots_for
from sheetsync.sheets.workbook import WorkbookSheet


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Wall clock, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Office:
    """Settings, ledger and adapters of one process; a context manager that closes what it opened.

    Args:
        settings: as loaded.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self._ledger: SqlLedger | None = None
        self._providers: list[Provider] = []
        self._boards: list[FileStore] = []

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

    def provider(self, name: str, *, pushes: bool = False) -> Provider:
        """Return the connection's credit system; a push has half of its rate limit for itself.

        Raises:
            ConfigError: its secret is not where the configuration says.
        """
        connection = self.connection(name)
        if not isinstance(connection, FastCreditConnection):
            raise UsageError(f"Connection {name}: provider {connection.provider} is not supported yet.")
        rate_per_s = connection.limits.requests_per_second
        store = self._board(system_id(connection), rate_per_s)
        limiter = SlidingLimiter(rate_per_s, self.clock, store=store, pushes=pushes)
        provider = FastCredit(connection, name=name, clock=self.clock, limiter=limiter)
        self._providers.append(provider)
        return provider

    def _board(self, system: str, rate_per_s: float) -> FileStore:
        """Open the board of slots that all processes of this user share, whatever their ledger."""
        folder = Path(tempfile.gettempdir()) / f"sheetsync-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        name = hashlib.sha256(system.encode()).hexdigest()[:24]
        boot = float(int(psutil.boot_time()))
        store = FileStore(folder / f"{name}.slots", slots_for(rate_per_s), boot)
        self._boards.append(store)
        return store

    def sheet(self, name: str, provider: Provider) -> Sheet:
        """Return the connection's tab."""
        connection = self.connection(name)
        if not isinstance(connection.sheet, XlsxSheet):
            raise UsageError(
                f"Connection {name}: sheets of kind {connection.sheet.kind} are not supported yet."
            )
        columns = Columns(
            units=provider.capabilities.units,
            actions=provider.capabilities.actions,
            reasons=connection.reasons,
            reasons_strict=connection.reasons_strict,
            environment=connection.environment,
        )
        return WorkbookSheet(
            Path(connection.sheet.path),
            tab=connection.sheet.tab,
            columns=columns,
            timezone=self.settings.service.zone,
        )

    def desk(self, name: str, *, actor: str, report: Report, pushes: bool = False) -> Desk:
        """Wire one connection."""
        connection = self.connection(name)
        provider = self.provider(name, pushes=pushes)
        return Desk(
            name=name,
            system=system_id(connection),
            actor=actor,
            provider=provider,
            sheet=self.sheet(name, provider),
            ledger=self.ledger,
            clock=self.clock,
            processes=LocalProcesses(),
            rules=Rules(provider.capabilities, connection.reasons, connection.reasons_strict),
            policy=Policy(
                settle_after=timedelta(seconds=connection.settle_after_s),
                accept_unchanged=connection.balance_evidence == "accept",
            ),
            limits=_limits(connection),
            lease=timedelta(seconds=self.settings.service.lease_s),
            plan_expires=timedelta(minutes=connection.plan_expires_min),
            retries=connection.retries,
            timezone=self.settings.service.zone,
            environment=connection.environment,
            report=report,
        )

    def _open_ledger(self) -> SqlLedger:
        if self._ledger is None:
            self._ledger = SqlLedger(self.settings.service.database_address())
        return self._ledger

    def close(self) -> None:
        """Close connections and the ledger."""
        for provider in self._providers:
            provider.close()
        for board in self._boards:
            board.close()
        if self._ledger is not None:
            self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _limits(connection: Connection) -> Limits:
    units = units_of(connection)

    def money(name: str) -> dict[str, int]:
        found = {unit.code: connection.limits.minor(name, unit) for unit in units}
        return {code: minor for code, minor in found.items() if minor is not None}

    return Limits(
        rows_per_push=connection.limits.max_rows_per_push,
        parallel_requests=connection.limits.parallel_requests,
        stop_after_unknown=connection.limits.stop_after_unknown,
        amount_per_row=money("max_amount_per_row"),
        total_per_push=money("max_total_per_push"),
        total_per_person_day=money("max_total_per_person_day"),
        approval_over=money("approval_over"),
    )
