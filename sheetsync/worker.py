"""A worker: carries out the runs that wait in the ledger, and goes on with those whose driver died."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sheetsync.bootstrap import Office
from sheetsync.config import system_id
from sheetsync.errors import BusyError, LostLeaseError, SheetsyncError
from sheetsync.jobs.attendance import PUSHES, claimable, unattended
from sheetsync.jobs.checking import check_connection, check_service, check_unsettled
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.preview import preview, preview_json
from sheetsync.jobs.pull import pull
from sheetsync.jobs.push import push
from sheetsync.jobs.rechecking import is_due
from sheetsync.jobs.reconcile import reconcile
from sheetsync.jobs.running import HandedBackError, running
from sheetsync.jobs.undo import undo
from sheetsync.jobs.uploading import import_upload
from sheetsync.jobs.verify import verify
from sheetsync.ledger.requests import REQUEST
from sheetsync.ports import Run
from sheetsync.queue import Consumer, Queue, Sweep

_log = logging.getLogger(__name__)


def _push(desk: Desk, run: Run) -> None:
    params = run.params
    push(
        desk,
        run.plan or "",
        check=params.get("check", True),
        run=run.run,
        canaries=params.get("canaries"),
        agreed=bool(params.get("agreed")),
    )


def _pull(desk: Desk, run: Run) -> None:
    pull(desk, account_ids=_accounts(run), run=run, filters=_filters(run))


def _verify(desk: Desk, run: Run) -> None:
    verify(desk, account_ids=_accounts(run), wait=bool(run.params.get("wait")), run=run.run)


def _preview(desk: Desk, run: Run) -> None:
    with running(desk, run.kind, run=run.run) as now:
        found = preview(
            now.desk, account_ids=_accounts(run), include_hidden=bool(run.params.get("include_hidden"))
        )
        now.result = preview_json(desk, found)


def _plan_undo(desk: Desk, run: Run) -> None:
    with running(desk, run.kind, run=run.run) as now:
        now.result = undo(now.desk, run=run.params.get("of"), keys=run.params.get("operations", ()))


def _check(desk: Desk, run: Run) -> None:
    with running(desk, run.kind, run=run.run) as now:
        lines = check_service(lambda: desk.ledger, desk.clock)
        lines += check_connection(desk.name, lambda _name: desk.provider, lambda _name, _provider: desk.sheet)
        lines += check_unsettled(desk.ledger, desk.name, desk.system, desk.policy.settle_after)
        now.result = {"checks": lines}


def _reconcile(desk: Desk, run: Run) -> None:
    reconcile(desk, run=run.run, kept=DIFFERENCES_KEPT)


def _filters(run: Run) -> Mapping[str, Any] | None:
    return run.params.get("filters", {}) if run.kind == "pull" else None


def _accounts(run: Run) -> set[str] | None:
    return set(run.params["account_ids"]) if run.params.get("account_ids") else None


KINDS: dict[str, Callable[[Desk, Run], Any]] = {
    "push": _push,
    "undo": _push,
    "pull": _pull,
    "verify": _verify,
    "preview": _preview,
    "plan_undo": _plan_undo,
    "check": _check,
    "import": import_upload,
    "reconcile": _reconcile,
}
"""What a worker can do for others; everything else ends with the process that began it."""

DIFFERENCES_KEPT = 1_000
"""Differences in the result of a reconciliation: more than a person goes through; ``counts`` has them all."""

SCHEDULE = "schedule"
"""Who asks for checks that nobody asked for."""

RECHECK_PAUSE = timedelta(minutes=5)
"""After such a check has failed: what is away is not asked every second."""

LOOK_BACK = 20
"""Runs of a connection among which its last such check is looked for."""


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
        self._ends = threading.Event()
        self._consumer: Consumer = self._queue.work(self.carry, workers=workers)
        self._sweep = Sweep(self._waiting, self._queue.wake)

    def stop(self) -> None:
        """End after the requests in flight; what is left of its runs waits for another worker."""
        self._ends.set()
        self._sweep.stop()
        self._consumer.stop()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits here and nothing is being carried out."""
        return not self._carrying and not any(self._knows(run) for run in unattended(self._office.watch))

    def carry(self, run_id: str) -> None:
        """Carry out one run if nobody else does; how it ends is in the ledger, nothing is raised."""
        with self._turn:
            if run_id in self._carrying:
                return
            self._carrying.add(run_id)
        try:
            run = self._ledger.runs.get(run_id)
            REQUEST.set(None if run is None else run.params.get("request_id"))
            if run is not None and self._is_mine(run):
                self._carry(run)
        finally:
            REQUEST.set(None)
            with self._turn:
                self._carrying.discard(run_id)

    def _is_mine(self, run: Run) -> bool:
        """Claim a run that waits or lost its driver."""
        if self._ends.is_set():
            return False
        waits = run.run in {each.run for each in self._claimable()}
        return waits and self._ledger.runs.claim(run, self._office.processes.me())

    def _carry(self, run: Run) -> None:
        try:
            pushes = run.kind in PUSHES
            with self._office.desk(
                run.connection, actor=run.actor, pushes=pushes, report=self._go_on, pulls=_filters(run)
            ) as desk:
                KINDS[run.kind](desk, run)
        except (BusyError, HandedBackError, LostLeaseError) as error:
            _log.info("Run %s waits: %s", run.run, error.message)
        except SheetsyncError as error:
            _log.warning("Run %s ended: %s", run.run, error.message)
            self._end(run, error.as_dict())
        except BaseException:
            self._end(run, None)
            raise

    def _end(self, run: Run, result: dict[str, Any] | None) -> None:
        """End what could not even begin: it would count as driven for as long as this process lives."""
        found = self._ledger.runs.get(run.run)
        if found is not None and found.owner == self._office.processes.me():
            self._ledger.runs.finish(run.run, "failed", result)

    def _go_on(self, _what: str, _done: int, _total: int | None) -> None:
        """Hear of progress between two rows.

        Raises:
            HandedBackError: this worker ends.
        """
        if self._ends.is_set():
            raise HandedBackError("This worker ends; what is left waits for another one.")

    def _waiting(self) -> list[str]:
        """Return runs to wake somebody for; also shows that this process is alive."""
        self._ledger.runs.beat(self._office.processes.me())
        self._recheck()
        return [run.run for run in self._claimable() if run.run not in self._carrying]

    def _recheck(self) -> None:
        """Let a verify wait for every credit system that has something due, unless one is under way."""
        settings = self._office.settings
        looked_at = {
            run.system for run in self._ledger.runs.unfinished() if run.kind == "verify" and self._knows(run)
        }
        for name, connection in sorted(settings.connections.items()):
            system = system_id(connection)
            if system in looked_at:
                continue
            looked_at.add(system)
            settle_after = timedelta(seconds=connection.settle_after_s)
            if is_due(self._ledger, system, settle_after) and not self._failed_lately(name):
                self._ledger.runs.start("verify", name, system, actor=SCHEDULE)

    def _failed_lately(self, name: str) -> bool:
        """Whether the last check that nobody asked for failed a moment ago."""
        runs = self._ledger.runs.newest(name, limit=LOOK_BACK)
        last = next((run for run in runs if run.kind == "verify" and run.actor == SCHEDULE), None)
        if last is None or last.state != "failed" or last.ended_at is None:
            return False
        return self._ledger.runs.now() - last.ended_at < RECHECK_PAUSE

    def _claimable(self) -> list[Run]:
        return [each for each in claimable(self._office.watch, KINDS) if self._knows(each)]

    def _knows(self, run: Run) -> bool:
        here = run.kind in KINDS and run.connection in self._office.settings.connections
        return here and (
            run.kind != "import" or "upload" in run.params
        )  # a file of a person's disk is not here
