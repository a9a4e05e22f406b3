"""A worker: carries out the runs that wait in the ledger, and goes on with those whose driver died."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sheetsync.bootstrap import Office
from sheetsync.config import system_id
from sheetsync.errors import BusyError, SheetsyncError
from sheetsync.jobs.attendance import unattended
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.pull import pull
from sheetsync.jobs.push import push
from sheetsync.jobs.rechecking import is_due
from sheetsync.jobs.verify import verify
from sheetsync.ports import Run
from sheetsync.queue import Consumer, Queue, Sweep

_log = logging.getLogger(__name__)


def _push(desk: Desk, run: Run) -> None:
    push(desk, run.plan or "", check=run.params.get("check", True), run=run.run)


def _pull(desk: Desk, run: Run) -> None:
    pull(desk, account_ids=_accounts(run), run=run.run)


def _verify(desk: Desk, run: Run) -> None:
    verify(desk, account_ids=_accounts(run), wait=bool(run.params.get("wait")), run=run.run)


def _accounts(run: Run) -> set[str] | None:
    return set(run.params["account_ids"]) if run.params.get("account_ids") else None


KINDS: dict[str, Callable[[Desk, Run], Any]] = {
    "push": _push,
    "undo": _push,
    "pull": _pull,
    "verify": _verify,
}
"""What a worker can do for others; everything else ends with the process that began it."""

SCHEDULE = "schedule"
"""Who asks for checks that nobody asked for."""

PUSHES = frozenset({"push"})


class Worker:
    """Carries out runs until it is stopped.

    Args:
        office: settings and ledger; every run opens adapters of its own.
        workers: runs at a time.
    """

    def __init__(self, office: Office, *, workers: int) -> None:
        self._office = office
        self._ledger = office.ledger
        self._queue = Queue(office.settings.service.queue_address())
        self._turn = threading.Lock()
        self._carrying: set[str] = set()
        self._consumer: Consumer = self._queue.work(self.carry, workers=workers)
        self._sweep = Sweep(self._waiting, self._queue.wake)

    def stop(self) -> None:
        """End after the runs in progress."""
        self._sweep.stop()
        self._consumer.stop()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits here and nothing is being carried out."""
        return not self._carrying and not self._unattended()

    def carry(self, run_id: str) -> None:
        """Carry out one run if nobody else does; how it ends is in the ledger, nothing is raised."""
        with self._turn:
            if run_id in self._carrying:
                return
            self._carrying.add(run_id)
        try:
            run = self._ledger.runs.get(run_id)
            if run is not None and self._is_mine(run):
                self._carry(run)
        finally:
            with self._turn:
                self._carrying.discard(run_id)

    def _is_mine(self, run: Run) -> bool:
        """Claim a run that waits or lost its driver."""
        if run.kind not in KINDS or run.connection not in self._office.settings.connections:
            return False
        waits = run.run in {each.run for each in self._unattended()}
        return waits and self._ledger.runs.claim(run, self._office.processes.me())

    def _carry(self, run: Run) -> None:
        try:
            with self._office.desk(run.connection, actor=run.actor, pushes=run.kind in PUSHES) as desk:
                KINDS[run.kind](desk, run)
        except BusyError as error:
            _log.info("Run %s waits: %s", run.run, error.message)
        except SheetsyncError as error:
            _log.warning("Run %s ended: %s", run.run, error.message)
            self._ledger.runs.finish(run.run, "failed", error.as_dict())

    def _waiting(self) -> list[str]:
        """Return runs to wake somebody for; also shows that this process is alive."""
        self._ledger.runs.beat(self._office.processes.me())
        self._recheck()
        return [run.run for run in self._unattended() if run.run not in self._carrying]

    def _recheck(self) -> None:
        """Let a verify wait for every credit system that has something due, unless one is under way."""
        settings = self._office.settings
        looked_at = {run.system for run in self._ledger.runs.unfinished() if run.kind == "verify"}
        for name, connection in sorted(settings.connections.items()):
            system = system_id(connection)
            if system in looked_at:
                continue
            looked_at.add(system)
            if is_due(self._ledger, system, timedelta(seconds=connection.settle_after_s)):
                self._ledger.runs.start("verify", name, system, actor=SCHEDULE)

    def _unattended(self) -> list[Run]:
        return [run for run in unattended(self._office.watch) if run.kind in KINDS]
