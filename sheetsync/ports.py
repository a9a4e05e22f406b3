"""The promises that use cases rely on; the suites in ``tests/contract`` check every adapter against them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sheetsync.core.accounts import Account, Action, Balances, Capabilities, Operation, Unit
from sheetsync.core.tab import CellValue, Patch, Tab

Progress = Callable[[int, int | None], None]
"""Called with (done, total or None) while something long goes on."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of ``sheetsync check``."""

    name: str
    ok: bool
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A credit system's well-formed success; proves nothing yet.

    Attributes:
        words: what it said, shortened, without secrets.
        transaction: the transaction it named, if any.
    """

    words: str = ""
    transaction: str = ""


class Provider(Protocol):
    """One account of one credit system. Thread-safe."""

    capabilities: Capabilities

    def accounts(self, progress: Progress) -> Iterator[Account]:
        """Stream every account, each id once, in constant memory.

        Raises:
            ProviderError: the list could not be read to its end; nothing of it counts.
        """
        ...

    def account(self, account_id: str) -> Account:
        """Read one account now; the request starts after the call.

        Raises:
            RejectedError: the system refused the read; ``account_gone`` if there is no such account.
            RetryableError: it could not be read now, after bounded retries.
        """
        ...

    def apply(self, operation: Operation, before: Balances) -> Receipt:
        """Send one change, at most once, whatever happens.

        Args:
            operation: what to do.
            before: the account's balances, read right before by the caller.

        Raises:
            RetryableError: certainly nothing happened.
            RejectedError: refused for good.
            OutcomeUnknownError: anything else.
        """
        ...

    def check(self) -> Iterator[CheckResult]:
        """Try address, credentials and routes; never changes a balance, never raises for what it finds."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...


@dataclass(frozen=True, slots=True)
class Columns:
    """Which fields a tab has; built by ``sheets.layout`` from units and actions."""

    units: tuple[Unit, ...]
    actions: tuple[Action, ...]
    reasons: tuple[str, ...]
    reasons_strict: bool = False
    environment: str = "live"
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What became of patches.

    Attributes:
        applied: account ids whose patch was written as given.
        otherwise: account ids where ``only_if`` did not hold.
        missing: account ids without a row.
    """

    applied: frozenset[str] = frozenset()
    otherwise: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()


class Sheet(Protocol):
    """One tab. Rows are found by ``User ID`` when writing, never by position; other columns stay untouched.

    Field codes are those of ``core.fields``.
    """

    def ensure_writable(self) -> None:
        """Raise now what a write would raise: locked, damaged, or holding what we would destroy.

        Raises:
            SheetError: locked, damaged, no permission.
            SheetUnsafeError: writing would destroy charts, pictures, pivot tables or macros.
        """
        ...

    def read(self) -> Tab:
        """Read the tab.

        Raises:
            LayoutError: file or tab missing, headers missing or doubled (``details`` names them).
            SheetError: it cannot be read.
        """
        ...

    def create(self) -> None:
        """Create file, tab and headers where they are missing, repair the layout, keep everything else."""
        ...

    def write(self, patches: Sequence[Patch], *, append: Sequence[Mapping[str, CellValue]] = ()) -> Written:
        """Write patches, all together or not at all, and append new rows below the last.

        Raises:
            SheetError, SheetUnsafeError, LayoutError: nothing was written.
        """
        ...


class Clock(Protocol):
    """Time; tests pass their own."""

    def now(self) -> datetime:
        """Wall clock, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
