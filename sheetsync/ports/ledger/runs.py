"""What the ledger promises of runs, and of the lease of each credit system."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sheetsync.ports.claims import Claim


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
    owner: Owner | None = None


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
