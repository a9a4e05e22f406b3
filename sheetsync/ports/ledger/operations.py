"""What the ledger promises of operations: durable before anything is sent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sheetsync.core.accounts import Account, Balances, Capabilities, EvidenceKind
from sheetsync.core.decide import Planned
from sheetsync.core.states import AT_REST, OperationState
from sheetsync.ports.ledger.runs import Lease


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """One unit's part of an operation, in minor units.

    Attributes:
        scale: decimal places, so that the ledger can be read without the configuration of its day.
        amount: as the person gave it.
        at_pull: what the person saw.
        before, expected: read right before the last attempt, and what it was to become.
    """

    unit: str
    epoch: int
    scale: int
    amount: int
    at_pull: int | None
    before: int | None
    expected: int | None


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """An operation as the ledger knows it.

    Attributes:
        attempts: how often it was sent.
        closed: another edit of its account and unit was sent since.
        left_at: the latest moment at which a byte of the last attempt may have left.
        checks: how often a verify could not decide it.
        shown: whether the tab shows the present state.
        evidence_kind: how it is proven; fixed when it was first queued.
    """

    key: str
    system: str
    connection: str
    account_id: str
    email: str
    action: str
    reason: str
    note: str
    extras: Mapping[str, str]
    basis: int
    state: OperationState
    attempts: int
    closed: bool
    actor: str
    run: str
    plan: str
    created_at: datetime
    sent_at: datetime | None
    left_at: datetime | None
    settled_at: datetime | None
    checked_at: datetime | None
    checks: int
    message: str
    evidence: Mapping[str, Any] | None
    shown: bool
    units: tuple[UnitRecord, ...]
    evidence_kind: EvidenceKind = EvidenceKind.BALANCE


class Operations(Protocol):
    """Operations; every change of state is a compare-and-set that leaves an event."""

    def by_key(self, keys: Collection[str]) -> dict[str, OperationRecord]:
        """Return the operations with these keys."""
        ...

    def unsettled(self, system: str) -> list[OperationRecord]:
        """Return every operation of the system that is not settled, oldest first."""
        ...

    def lately(self, system: str, since: datetime) -> list[OperationRecord]:
        """Return what is proven by transaction, was sent, and was settled since as not having counted."""
        ...

    def unshown(self, connection_name: str) -> list[OperationRecord]:
        """Return operations of the connection whose present state its tab does not show yet."""
        ...

    def history(  # noqa: PLR0913 - one parameter per filter
        self,
        connection_name: str | None,
        *,
        account_id: str | None = None,
        run: str | None = None,
        actor: str | None = None,
        reason: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        unsettled: bool = False,
        before: tuple[datetime, str] | None = None,
        limit: int | None = 100,
    ) -> list[OperationRecord]:
        """Return operations, newest first, from the one after ``before`` (its time and key) on.

        Asked for at or after ``since``, and before ``until``.
        """
        ...

    def changed(self, system: str, account_ids: Collection[str]) -> dict[str, dict[str, list[int]]]:
        """Return account id → unit → what confirmed operations changed, in minor units without a sign."""
        ...

    def queue(
        self,
        planned: Sequence[Planned],
        lease: Lease,
        *,
        connection_name: str,
        plan: str,
        capabilities: Capabilities,
    ) -> None:
        """Queue operations for the lease's run: new ones, and known ones that may be sent (again).

        Raises:
            LostLeaseError: nothing was queued.
        """
        ...

    def intend(
        self, key: str, lease: Lease, *, attempt: int, before: Balances, expected: Mapping[str, int]
    ) -> bool:
        """Commit the intent, ``queued → sending``, durably. Only who gets True may send, once.

        Closes other operations of the same account and unit that could have been sent again.

        Raises:
            LostLeaseError: another process took over.
        """
        ...

    def conclude(
        self,
        key: str,
        lease: Lease,
        *,
        attempt: int,
        state: OperationState,
        message: str,
        left_at: datetime,
    ) -> OperationState | None:
        """Write what came back: ``sending → accepted | unknown | rejected | not_applied``.

        A refusal speaks for its attempt only: if an earlier one may have counted, it leads to unknown.
        A late answer of a process that lost its lease changes nothing, but is kept as an event.

        Returns:
            The state it led to, or None if this process lost the operation.
        """
        ...

    def withdraw(self, run: str, keys: Collection[str] | None = None, *, why: str) -> int:
        """Withdraw what was queued and never claimed, in one transaction; return how many."""
        ...

    def settle_without_sending(
        self, key: str, lease: Lease, *, message: str, evidence: Mapping[str, Any]
    ) -> bool:
        """``queued → confirmed`` for a Reset to the balance that is there already; False if it is not queued.

        Raises:
            LostLeaseError: another process took over; nothing was settled.
        """
        ...

    def take_over(self, lease: Lease, *, left_at: datetime) -> tuple[int, int]:
        """Turn what dead owners left into something that can be verified: (made unknown, withdrawn).

        Under every older fence ``sending → unknown``, never back to queued, and ``queued → withdrawn``; their
        runs end as interrupted. Going on with a run queues again what it had not claimed.

        Args:
            lease: the new owner's lease.
            left_at: the latest moment at which a request of the old owner may have left.

        Raises:
            LostLeaseError: another process took over in turn; nothing was changed.
        """
        ...

    def verdict(
        self,
        key: str,
        *,
        attempt: int,
        state: OperationState,
        message: str,
        evidence: Mapping[str, Any],
        account: Account,
        reading: int,
        from_states: Collection[OperationState] = AT_REST,
    ) -> bool:
        """Write what a re-read proved: ``accepted | unknown → confirmed | not_applied``.

        Moves the baseline on to what was read, and the epochs of a confirmed operation's units. An operation
        that turned up late is confirmed from other states.
        False if the operation moved meanwhile.
        """
        ...

    def alert(self, key: str, *, message: str, evidence: Mapping[str, Any]) -> bool:
        """Keep what contradicts the ledger, as an event and on the row; False if it says so already.

        The state stays as it is; what is queued becomes unknown, so that it is not sent.
        """
        ...

    def looked_up(self, keys: Collection[str]) -> None:
        """Note that settled operations were looked for again just now."""
        ...

    def note(self, key: str, *, message: str, evidence: Mapping[str, Any] | None) -> None:
        """Keep what a verify saw of an operation that stays unproven."""
        ...

    def resolve(self, key: str, *, applied: bool, actor: str, reason: str) -> bool:
        """Settle an unproven operation by a person's verdict; False if it is not unproven any more."""
        ...

    def mark_shown(self, shown: Mapping[str, OperationState]) -> None:
        """Note which state the tab shows of these operations; one that moved since stays to be shown."""
        ...
