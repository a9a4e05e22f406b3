"""The promises that use cases rely on; the suites in ``tests/contract`` check every adapter against them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sheetsync.core.accounts import Account, Action, Balances, EvidenceKind, Operation, Unit

Progress = Callable[[int, int | None], None]
"""Called with (done, total or None) while something long goes on."""

CellValue = str | int | float | bool | datetime | None
"""What a spreadsheet cell holds, unformatted."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a credit system can do.

    Attributes:
        units: in the order of the tab's columns.
        actions: that the dropdown offers.
        evidence: how a change is proven.
        subtracts: a negative change travels as such; otherwise it is carried out as a reset to the balance
            computed from a read right before.
        sends_reason: the reason is part of the request, hence of the operation key.
        one_request: several units of one account travel in one request, as one operation.
    """

    units: tuple[Unit, ...]
    actions: tuple[Action, ...]
    evidence: EvidenceKind
    subtracts: bool = False
    sends_reason: bool = False
    one_request: bool = True


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
class Tab:
    """A tab at one moment: its rows below the header, blank rows left out.

    Column-wise names and row-wise values, because a tab may have 100,000 rows and most of them say nothing.

    Attributes:
        fields: field code of each value of a row.
        values: one sequence per row, as long as ``fields``.
        numbers: the row number of each, as a person sees it (the header is 1).
        formulas: row number → fields whose cell holds a formula (its value is then the formula's text).
        hidden: numbers of rows hidden by the tab's own filter or by hand.
    """

    fields: tuple[str, ...]
    values: Sequence[Sequence[CellValue]] = ()
    numbers: Sequence[int] = ()
    formulas: Mapping[int, frozenset[str]] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Patch:
    """New values for some cells of one row.

    Attributes:
        account_id: finds the row.
        row: the row's number when it was read: chooses between rows with one id, else ignored.
        cells: field code → new value (None clears the cell).
        only_if: field code → value that the cell must still hold; if any differs, ``otherwise`` is written
            instead. Compared as text after normalisation, so that 25 and "25" and 25.0 are equal.
        otherwise: what to write when ``only_if`` does not hold.
    """

    account_id: str
    cells: Mapping[str, CellValue]
    row: int | None = None
    only_if: Mapping[str, CellValue] = field(default_factory=dict)
    otherwise: Mapping[str, CellValue] = field(default_factory=dict)


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
    """One tab. Rows are found by ``User ID`` when writing, never by position; other columns are never touched.

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
            TabError: file or tab missing, headers missing or doubled (``details`` names them).
            SheetError: it cannot be read.
        """
        ...

    def create(self) -> None:
        """Create file, tab and headers where they are missing, repair the layout, keep everything else."""
        ...

    def write(self, patches: Sequence[Patch], *, append: Sequence[Mapping[str, CellValue]] = ()) -> Written:
        """Write patches, all together or not at all, and append new rows below the last.

        Raises:
            SheetError, SheetUnsafeError, TabError: nothing was written.
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
