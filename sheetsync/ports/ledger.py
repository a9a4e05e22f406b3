"""What the ledger promises: the truth about our intentions, durable before anything is sent."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sheetsync.core.accounts import Account, Balances, Capabilities, EvidenceKind
from sheetsync.core.decide import Planned
from sheetsync.core.diff import Baseline
from sheetsync.core.keys import KeyMaker, RowKey
from sheetsync.core.lines import Imported
from sheetsync.core.states import AT_REST, OperationState
from sheetsync.ports.claims import Claim
from sheetsync.ports.uploads import Uploads


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as it was frozen.

    Attributes:
        body: ``{"operations": [core.plan.freeze …], "baselines": {account id: {unit: minor}}, …}``.
        used_by_run: the run that carried it out, or began to.
    """

    connection: str
    digest: str
    system: str
    actor: str
    created_at: datetime
    expires_at: datetime
    body: dict[str, Any]
    approved_by: str | None = None
    approved_at: datetime | None = None
    refused_by: str | None = None
    decision_reason: str | None = None
    used_by_run: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of pull, push, verify, import or undo.

    Attributes:
        state: queued, running, done, failed, cancelled or interrupted.
        done, total: progress in rows; total None while unknown.
        cancel: somebody asked it to stop between two rows.
        result: what it came to, or the error object.
        params: what a worker needs to carry it out.
        owner: the process that drives it; None while it waits.
    """

    run: str
    kind: str
    connection: str
    system: str
    actor: str
    state: str
    plan: str | None
    done: int
    total: int | None
    cancel: bool
    started_at: datetime
    ended_at: datetime | None
    result: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)
    owner: "Owner | None" = None


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that drives runs.

    Attributes:
        machine: identity of the machine's process table.
        pid, started: identity of the process in it.
    """

    machine: str
    pid: int
    started: str


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a credit system.

    Attributes:
        fence: grows with every owner; a transition that names an older one is refused.
        run: None after it was given back.
    """

    system: str
    fence: int
    run: str | None
    actor: str
    owner: Owner
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Pull:
    """The last complete pull of a connection."""

    connection: str
    system: str
    run: str
    reading: int
    at: datetime


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


@dataclass(frozen=True, slots=True)
class LineRecord:
    """A line of a file that was put into a row or a plan.

    Attributes:
        imported: its key and what it asks for.
        file, digest, line: where it stood.
        at: when it was noted; None before that.
    """

    imported: Imported
    system: str
    connection: str
    account_id: str
    reference: str
    file: str
    digest: str
    line: int
    run: str
    actor: str
    at: datetime | None = None


class Accounts(Protocol):
    """The baseline: every account as last read, and every balance it was seen with."""

    def next_reading(self, system: str, *, actor: str, run: str, kind: str) -> int:
        """Open a reading (a pull or a verify); numbers grow in the order of opening."""
        ...

    def reading(self, system: str) -> int:
        """Return the number of the newest reading; 0 before the first."""
        ...

    def count(self, system: str) -> int:
        """Return how many accounts the baseline holds."""
        ...

    def record(self, system: str, reading: int, found: Sequence[Account]) -> None:
        """Move the baseline on; an older reading never overwrites a newer one."""
        ...

    def mark_missing(self, system: str, seen: Collection[str]) -> set[str]:
        """Mark accounts that a complete reading did not see; return the ids of all that are missing."""
        ...

    def finish_pull(self, connection_name: str, system: str, *, run: str, reading: int) -> None:
        """Note that a connection was pulled completely."""
        ...

    def last_pull(self, connection_name: str) -> Pull | None:
        """Return the connection's last complete pull."""
        ...

    def baselines(
        self, system: str, maker: KeyMaker, account_ids: Collection[str] | None = None
    ) -> dict[str, Baseline]:
        """Return account id → baseline, of all accounts or of those named."""
        ...

    def seen_since(self, system: str, reading: int) -> dict[str, Balances]:
        """Return account id → balances of every account that this reading or a later one saw."""
        ...

    def history(
        self, system: str, account_ids: Collection[str]
    ) -> dict[str, dict[str, list[tuple[int, int | None]]]]:
        """Return account id → unit → (reading, amount), oldest first."""
        ...

    def adopt(
        self, system: str, keys: Sequence[tuple[str, RowKey]], *, units: Sequence[str], actor: str
    ) -> int:
        """Let epochs and readings grow past keys that are newer than the ledger; return how many were.

        Such keys exist after an older ledger was restored: what was typed against them is outdated then.
        """
        ...


class Plans(Protocol):
    """Frozen plans by connection and digest."""

    def save(self, plan: StoredPlan) -> None:
        """Store a plan; previewing the same again renews it."""
        ...

    def load(self, connection_name: str, digest: str) -> StoredPlan | None:
        """Return the plan, or None if no preview ever showed it."""
        ...

    def use(self, connection_name: str, digest: str, run: str) -> None:
        """Note which run carries the plan out."""
        ...

    def decide(self, plan: StoredPlan, *, by: str, approved: bool, reason: str) -> None:
        """Write down a second person's consent to exactly this plan, or refusal."""
        ...


class Runs(Protocol):
    """Runs, and the lease of each credit system."""

    def start(
        self,
        kind: str,
        connection_name: str,
        system: str,
        *,
        actor: str,
        owner: Owner | None = None,
        plan: str | None = None,
        params: Mapping[str, Any] | None = None,
        claim: Claim | None = None,
    ) -> str:
        """Begin a run, or without an owner let it wait for a worker; return its id, which sorts by time.

        With a claim, the run is kept with the request that it belongs to, in one transaction.

        Raises:
            BusyError: another process carries the request out by now; no run was begun.
        """
        ...

    def claim(self, run: Run, owner: Owner) -> bool:
        """Become the driver of a run that waits, or whose driver the caller saw dead; one claimer wins."""
        ...

    def put_back(self, run: str) -> None:
        """Let a claimed run wait again."""
        ...

    def keep(self, run: str, params: Mapping[str, Any]) -> None:
        """Keep, beside the run's other parameters, what whoever goes on with it needs."""
        ...

    def unfinished(self) -> list[Run]:
        """Return runs that wait or run, oldest first."""
        ...

    def cancel(self, run: str) -> bool:
        """Ask a run to stop between two rows; one that waits ends at once. False if it has ended."""
        ...

    def beat(self, owner: Owner) -> None:
        """Show that a worker is alive; forgets workers that have been silent for a day."""
        ...

    def seen(self, owner: Owner) -> datetime | None:
        """Return when a worker last showed that it is alive."""
        ...

    def progress(self, run: str, done: int, total: int | None) -> bool:
        """Note how far a run is; return whether somebody asked it to stop."""
        ...

    def finish(self, run: str, state: str, result: Any = None) -> None:  # noqa: ANN401 - JSON
        """End a run that is still running; its result is what the command printed."""
        ...

    def get(self, run: str) -> Run | None:
        """Return one run."""
        ...

    def newest(
        self, connection_name: str | None = None, *, limit: int = 50, before: str | None = None
    ) -> list[Run]:
        """Return runs, newest first, from the one after ``before`` on."""
        ...

    def lease(self, system: str) -> Lease | None:
        """Return who holds, or last held, a credit system."""
        ...

    def now(self) -> datetime:
        """Return the time that leases are measured with."""
        ...

    def take(
        self, system: str, run: str, *, actor: str, owner: Owner, length: timedelta, unless: int | None
    ) -> Lease | None:
        """Take the lease with a new fencing token, or return None if somebody else was quicker.

        Args:
            system: which.
            run: for which run.
            actor: shown to whoever finds it taken.
            owner: this process.
            length: how long it holds without being renewed.
            unless: the fence that the caller saw as free or lapsed; None if there was no lease at all.
        """
        ...

    def renew(self, lease: Lease, length: timedelta) -> bool:
        """Hold a lease for longer; False if it is somebody else's now."""
        ...

    def give_back(self, lease: Lease) -> None:
        """End a lease early; its fence stays used."""
        ...


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

    def history(
        self,
        connection_name: str | None,
        *,
        account_id: str | None = None,
        run: str | None = None,
        actor: str | None = None,
        since: datetime | None = None,
        unsettled: bool = False,
        before: tuple[datetime, str] | None = None,
        limit: int | None = 100,
    ) -> list[OperationRecord]:
        """Return operations, newest first, from the one after ``before`` (its time and key) on."""
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
        """``queued → confirmed`` for a Reset to the balance that is there already."""
        ...

    def take_over(self, lease: Lease, *, left_at: datetime) -> tuple[int, int]:
        """Turn what dead owners left into something that can be verified: (made unknown, withdrawn).

        Under every older fence ``sending → unknown``, never back to queued, and ``queued → withdrawn``; their
        runs end as interrupted. Going on with a run queues again what it had not claimed.

        Args:
            lease: the new owner's lease.
            left_at: the latest moment at which a request of the old owner may have left.
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


class Lines(Protocol):
    """Lines of imported files."""

    def save(self, records: Sequence[LineRecord]) -> None:
        """Note lines before they are put anywhere; one that was noted before counts from now on as new."""
        ...

    def by_key(self, keys: Iterable[str]) -> dict[str, LineRecord]:
        """Return the lines with these keys."""
        ...

    def of_accounts(self, system: str, account_ids: Collection[str]) -> dict[str, list[Imported]]:
        """Return account id → every line that was put into its row."""
        ...


class Ledger(Protocol):
    """One database; every credit system's intentions, evidence and baseline."""

    @property
    def accounts(self) -> Accounts:
        """The baseline."""
        ...

    @property
    def plans(self) -> Plans:
        """Frozen plans."""
        ...

    @property
    def runs(self) -> Runs:
        """Runs and leases."""
        ...

    @property
    def lines(self) -> Lines:
        """Lines of imported files."""
        ...

    @property
    def uploads(self) -> Uploads:
        """Files that were sent to be imported."""
        ...

    @property
    def operations(self) -> Operations:
        """Operations."""
        ...

    def check(self) -> dict[str, Any]:
        """Recompute chain and sums: ``{"events": 812, "chain": "ok", "sums": "ok"}``, or what is wrong."""
        ...
