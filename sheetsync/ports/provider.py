"""What a credit system's adapter promises."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sheetsync.core.accounts import (
    Account,
    Balances,
    Capabilities,
    EvidenceKind,
    Operation,
    Transaction,
)
from sheetsync.ports.reports import Reports

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
    """One account of one credit system. Thread-safe.

    Attributes:
        capabilities: ``evidence`` is what the system can do at best; ``evidence()`` what it lets us do.
        filtered: ``accounts`` leaves some out by a setting, so that one it does not list is not gone.
    """

    capabilities: Capabilities
    filtered: bool

    def accounts(self, progress: Progress, known: Mapping[str, Balances] | None = None) -> Iterator[Account]:
        """Stream every account, each id once, in constant memory.

        Args:
            progress: told how many were read.
            known: account id → balances that an interrupted pull has just read. Where each balance takes a
                request of its own, these are not read again; the list itself always is.

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

    def apply(self, operation: Operation, before: Balances, go: Callable[[], None]) -> Receipt:
        """Send one change, at most once, whatever happens.

        Args:
            operation: what to do.
            before: the account's balances, read right before by the caller.
            go: called exactly once per request, after everything that may wait (rate limit, login, another
                write to the account) and right before the request leaves; commits the intent. What it raises
                goes through, and nothing is sent.

        Raises:
            RetryableError: certainly nothing happened.
            RejectedError: refused for good.
            OutcomeUnknownError: anything else.
        """
        ...

    def evidence(self) -> EvidenceKind:
        """Return how changes can be proven from now on; may ask the system, moves nothing.

        Raises:
            RetryableError: it could not be asked now.
            RejectedError: our access was refused altogether.
        """
        ...

    def transactions(self, account_ids: Collection[str] | None, since: datetime) -> Iterator[Transaction]:
        """Yield every transaction of these accounts since then, by as few requests as it can.

        Args:
            account_ids: whose; None for everybody's.
            since: at least all that the system says happened at or after this time; older ones may come, too.

        Yields:
            Each once, in any order; ids grow with time.

        Raises:
            RejectedError: transactions may not be read, or the system has none.
            RetryableError: they could not be read to their end now.
        """
        ...

    def reports(self) -> Reports | None:
        """Return the system's read-only collections, None if it has none."""
        ...

    def check(self) -> Iterator[CheckResult]:
        """Try address, credentials and routes; never changes a balance, never raises for what it finds."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...
