"""A worker: carries out the runs that wait in the ledger, and goes on with those whose driver died."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from sheetsync.bootstrap import Office
from sheetsync.errors import BusyError, SheetsyncError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.preview import preview
from sheetsync.jobs.pull import pull
from sheetsync.jobs.push import push
from sheetsync.jobs.verify import verify
from sheetsync.ports import Run
from sheetsync.queue import Consumer, Queue, Sweep

WORKERS = 8
"""Runs that one process carries out at a time; each works on another credit system, or only reads."""

_log = logging.getLogger(__name__)


def _push(desk: Desk, run: Run) -> None:
    push(desk, run.plan or "", check=run.params.get("check", True), run=run.run)


def _pull(desk: Desk, run: Run) -> None:
    pull(desk, account_ids=_accounts(run), run=run.run)


def _verify(desk: Desk, run: Run) -> None:
    verify(desk, account_ids=_accounts(run), wait=bool(run.params.get("wait")), run=run.run)


def _accounts(run: Run) -> set[str] | None:
    return set(run.params["account_ids"]) if run.params.get("account_ids") else None


KINDS: dict[str, Callable[[Desk, Run], Any]] = {"push": _push, "undo": _push, "pull": _pull, "verify": _verify}
"""What a worker can do for others; everything else ends with the process that began it."""


class Worker:
    """Carries out runs until it is stopped.

    Args:
        office: settings and ledger; every run opens adapters of its own.
        workers: runs at a time.
    """

    def __init__(self, office: Office, *, workers: int = WORKERS) -> None:
        self._office = office
        self._queue = Queue(office.settings.service.queue_address())
        self._busy = threading.Lock()
        self._carrying: set[str] = set()
        self._consumer: Consumer = self._queue.work(self.carry, workers=workers)
        self._sweep = Sweep(self._waiting, self._queue.wake)

    def stop(self) -> None:
        """End after the runs in progress."""
        self._sweep.stop()
        self._consumer.stop()

    def carry(self, run_id: str) -> None:
        """Carry out one run if nobody else does; its errors are in the ledger, not raised."""
        with self._busy:
            if run_id in self._carrying:
                return
            self._carrying.add(run_id)
        try:
            self._carry(run_id)
        finally:
            with self._busy:
                self._carrying.discard(run_id)

    def _carry(self, run_id: str) -> None:
        run = self._office.ledger.runs.get(run_id)
        if run is None or run.kind not in KINDS or not self._office.claim(run):
            return
        try:
            with self._office.open_desk(run.connection, actor=run.actor, pushes=run.kind == "push") as desk:
                KINDS[run.kind](desk, run)
        except BusyError as error:
            _log.info("Run %s waits: %s", run_id, error.message)
            self._office.ledger.runs.put_back(run_id)
        except SheetsyncError as error:
            _log.warning("Run %s ended: %s", run_id, error.message)
            self._office.ledger.runs.finish(run_id, "failed", error.as_dict())

    def _waiting(self) -> list[str]:
        """Return runs that wait, or whose driver died; also shows that this process is alive."""
        self._office.beat()
        return [run.run for run in self._office.unattended() if run.run not in self._carrying]

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is being carried out."""
        return not self._carrying and not self._office.unattended()
