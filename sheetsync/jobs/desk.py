"""What every use case works with: one connection, wired."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sheetsync.core.accounts import Unit
from sheetsync.core.diff import Book
from sheetsync.core.edits import Rules
from sheetsync.core.keys import KeyMaker
from sheetsync.core.verify import Policy
from sheetsync.errors import UsageError
from sheetsync.ports import Clock, Ledger, Processes, Provider, Sheet


@dataclass(frozen=True, slots=True)
class Limits:
    """Trip wires; money in minor units, absent where not set.

    Attributes:
        rows_per_push: operations in one plan.
        stop_after_unknown, stop_after_refused: lost answers, or refusals, in a row that stop a push.
        canary: operations of each action that are proven before the others leave.
        changed_percent, absent_percent: of all accounts; None is off.
    """

    rows_per_push: int
    parallel_requests: int
    stop_after_unknown: int
    amount_per_row: Mapping[str, int]
    total_per_push: Mapping[str, int]
    total_per_person_day: Mapping[str, int]
    approval_over: Mapping[str, int]
    stop_after_refused: int = 20
    canary: int = 1
    changed_percent: int | None = None
    absent_percent: int | None = None


Report = Callable[[str, int, int | None], None]
"""Called with (what is going on, done, total or None)."""


def user_page(url: str | None, account_id: str) -> str | None:
    """Return the address of a customer's page; the id is text from a credit system, so it is encoded."""
    return None if url is None else url.replace("{user_id}", quote(account_id, safe=""))


@dataclass(frozen=True, slots=True)
class Desk:
    """One connection's adapters and settings.

    Attributes:
        name: of the connection.
        system: identity of the credit system; connections to one system share it.
        actor: who asks, e.g. ``cli:ana``.
        lease: how long a silent worker keeps the credit system.
        user_url: address of a customer's page with ``{user_id}``; None where nobody named one.
        details: further fields of an account that the tab shows.
    """

    name: str
    system: str
    actor: str
    provider: Provider
    sheet: Sheet
    ledger: Ledger
    clock: Clock
    processes: Processes
    rules: Rules
    policy: Policy
    limits: Limits
    lease: timedelta
    plan_expires: timedelta
    approval_expires: timedelta
    retries: int
    timezone: ZoneInfo
    environment: str
    report: Report
    user_url: str | None = None
    details: tuple[str, ...] = ()

    @property
    def units(self) -> tuple[Unit, ...]:
        """The credit system's units."""
        return self.rules.capabilities.units

    @property
    def maker(self) -> KeyMaker:
        """Writes and reads the tab's keys."""
        return KeyMaker(self.system, tuple(unit.code for unit in self.units))

    def book(self, account_ids: set[str] | None = None) -> Book:
        """Return the ledger's side of a diff.

        Raises:
            UsageError: the connection was never pulled.
        """
        pulled = self.ledger.accounts.last_pull(self.name)
        if pulled is None or pulled.system != self.system:
            what = (
                "was never pulled"
                if pulled is None
                else "points to another credit system since its last pull"
            )
            raise UsageError(f"Connection {self.name} {what}.", hint=f"Run first: sheetsync pull {self.name}")
        return Book(
            baselines=self.ledger.accounts.baselines(self.system, self.maker, account_ids),
            reading=self.ledger.accounts.reading(self.system),
            system=self.system,
            rules=self.rules,
            maker=self.maker,
        )

    def page(self, account_id: str) -> str | None:
        """Return the address of the customer's page in the credit system."""
        return user_page(self.user_url, account_id)

    def local(self, moment: datetime | None) -> str:
        """Return a time for people, in the configured zone."""
        return "" if moment is None else f"{moment.astimezone(self.timezone):%Y-%m-%d %H:%M}"
