"""Who may send: the lease of a credit system, taken with a fencing token and kept alive while a push runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sheetsync.core.states import OperationState
from sheetsync.errors import BusyError, LedgerError, LostLeaseError
from sheetsync.jobs.attendance import Watch, is_driven
from sheetsync.jobs.desk import Desk
from sheetsync.ports import Lease, Run

RENEWALS_PER_LEASE = 3
"""So that one lost renewal, or a slow database, does not lose the lease."""


@dataclass(slots=True)
class Drive:
    """A lease that this process holds.

    Attributes:
        lost: set when another process took over; nothing may be sent any more.
    """

    desk: Desk
    lease: Lease
    deadline_s: float
    lost: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Make sure that the lease still holds; called right before every request that changes something.

        The deadline is measured on a clock that also counts while the machine is suspended.

        Raises:
            LostLeaseError: nothing may be sent.
        """
        if self.lost.is_set() or self.desk.processes.uptime_s() >= self.deadline_s:
            self.lost.set()
            raise LostLeaseError(
                "This process was silent for too long and lost its lease; nothing more is sent from here.",
                hint=f"See how it goes on with: sheetsync runs {self.desk.name}",
            )

    def renew(self) -> None:
        """Hold the lease for another length; gives up for good when it is somebody else's."""
        start_s = self.desk.processes.uptime_s()
        if start_s >= self.deadline_s or not self.desk.ledger.runs.renew(self.lease, self.desk.lease):
            self.lost.set()
            return
        self.deadline_s = start_s + self.desk.lease.total_seconds()


@contextmanager
def drive(desk: Desk, run: str) -> Iterator[Drive]:
    """Hold the credit system while the body runs, after cleaning up what a dead owner left.

    Args:
        desk: the connection.
        run: for which run.

    Raises:
        BusyError: somebody else holds it.
    """
    start_s = desk.processes.uptime_s()
    lease, left_at = _take(desk, run)
    held = Drive(desk, lease, deadline_s=start_s + desk.lease.total_seconds())
    stop = threading.Event()
    beat = threading.Thread(target=_beat, args=(held, stop), name=f"lease-{desk.name}", daemon=True)
    beat.start()
    try:
        desk.ledger.operations.take_over(lease, left_at=left_at)
        yield held
    finally:
        stop.set()
        beat.join()
        _give_back(held)


def _give_back(held: Drive) -> None:
    """End the lease, a lapsed one that nobody took over too: nothing is under way here any more.

    Else a live process would go on to hold what it may not use, and be ended by whoever wants it.
    """
    try:
        held.desk.ledger.runs.give_back(held.lease)
    except LedgerError:
        if not held.lost.is_set():
            raise


def _beat(held: Drive, stop: threading.Event) -> None:
    pause_s = held.desk.lease.total_seconds() / RENEWALS_PER_LEASE
    while not stop.wait(pause_s) and not held.lost.is_set():
        try:
            held.renew()
        except LedgerError:
            continue  # the deadline decides; a later beat may still be in time


def _take(desk: Desk, run: str) -> tuple[Lease, datetime]:
    """Take the lease; return it with the latest moment at which the old owner may have sent something."""
    found = desk.ledger.runs.lease(desk.system)
    now = desk.ledger.runs.now()
    left_at = now
    if found is not None and found.run is not None:
        left_at = _lapsed(desk, found, now)
    lease = desk.ledger.runs.take(
        desk.system,
        run,
        actor=desk.actor,
        owner=desk.processes.me(),
        length=desk.lease,
        unless=None if found is None else found.fence,
    )
    if lease is None:
        raise busy(desk, desk.ledger.runs.lease(desk.system))
    return lease, left_at


def _lapsed(desk: Desk, lease: Lease, now: datetime) -> datetime:
    """Make sure that the lease's owner sends nothing any more; return when it may have sent last.

    Raises:
        BusyError: the owner is alive, or may be.
    """
    alive = desk.processes.is_alive(lease.owner)
    if alive is False:
        return min(now, lease.expires_at)
    if now < lease.expires_at:
        raise busy(desk, lease)
    if lease.owner == desk.processes.me():
        return lease.expires_at  # an earlier run of this very process, which sends nothing past its lease
    if alive and not desk.processes.end(lease.owner):
        raise BusyError(
            f"Process {lease.owner.pid} stopped in the middle of a push of {lease.actor} and does not end.",
            hint=f"End process {lease.owner.pid} by hand, then try again; nothing is sent twice.",
        )
    return now if alive else lease.expires_at


def busy(desk: Desk, lease: Lease | None) -> BusyError:
    """Return who holds the credit system, what they do, and how far they are."""
    run = desk.ledger.runs.get(lease.run) if lease is not None and lease.run else None
    if lease is None or run is None:
        return BusyError(
            "Another push on this credit system just began.", hint="Wait for it, then preview again."
        )
    until = desk.local(lease.expires_at)
    return BusyError(
        f"{lease.actor} is pushing {_progress(run)} ({run.kind} {run.run}, connection {run.connection}).",
        hint="Wait for it, then preview again. If its machine is gone, it is taken over after "
        f"{desk.lease.total_seconds():.0f} s of silence ({until}).",
        details={"run": run.run, "actor": lease.actor, "machine": lease.owner.machine.split("|")[0]},
    )


def _progress(run: Run) -> str:
    if not run.total:
        return "some rows"
    return f"{run.total} rows, {100 * run.done // run.total} % done"


def settle_dead_owner(desk: Desk) -> bool:
    """Clean up after a push whose process died, if there is one: what it was sending becomes unknown.

    Returns:
        Whether there was one. A push that is alive is left alone.
    """
    lease = desk.ledger.runs.lease(desk.system)
    if not (_orphaned(desk) if lease is None or lease.run is None else _is_dead(desk, lease)):
        return False
    if lease is not None and lease.run is not None and _is_taken_over(desk, lease):
        return False
    run = desk.ledger.runs.start(
        "recovery", desk.name, desk.system, actor=desk.actor, owner=desk.processes.me()
    )
    try:
        with drive(desk, run):
            pass
    except BusyError:
        desk.ledger.runs.finish(run, "done")
        return False
    desk.ledger.runs.finish(run, "done")
    return True


def refuse_if_busy(desk: Desk) -> None:
    """Refuse to begin what another push would only refuse later.

    Raises:
        BusyError: says who pushes what.
    """
    lease = desk.ledger.runs.lease(desk.system)
    if lease is not None and lease.run is not None and not _is_dead(desk, lease):
        raise busy(desk, lease)


def _is_dead(desk: Desk, lease: Lease) -> bool:
    alive = desk.processes.is_alive(lease.owner)
    silent = desk.ledger.runs.now() >= lease.expires_at
    return not alive and (alive is False or silent)


def _is_taken_over(desk: Desk, lease: Lease) -> bool:
    """Whether another process is about to go on with a dead owner's run, and to clean up by that."""
    run = desk.ledger.runs.get(lease.run or "")
    if run is None or run.state != "running" or run.owner in {None, lease.owner}:
        return False
    return is_driven(Watch(desk.ledger, desk.processes, silence=desk.lease), run)


def _orphaned(desk: Desk) -> bool:
    """Whether a push ended without writing down what became of all it sent, as when its ledger failed."""
    under_way = (OperationState.QUEUED, OperationState.SENDING)
    return any(each.state in under_way for each in desk.ledger.operations.unsettled(desk.system))


def wait_until(desk: Desk, moment: datetime, *, what: str) -> None:
    """Wait, in short steps, so that an interruption is noticed.

    Raises:
        InterruptedRunError: somebody cancelled the run.
    """
    while (rest := (moment - desk.clock.now()) / timedelta(seconds=1)) > 0:
        desk.report(what, 0, None)
        desk.clock.sleep(min(rest, 1.0))
