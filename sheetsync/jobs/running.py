"""A run: one execution of a use case, durable, with progress that others can watch."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from sheetsync.errors import BusyError, InterruptedRunError, LedgerError, LostLeaseError, SheetsyncError
from sheetsync.jobs.desk import Desk

PROGRESS_EVERY_S = 0.5
"""Seconds between two notes of progress in the ledger: often enough to watch, rare enough to cost nothing."""


STAGES = {
    "push": "Pushing",
    "undo": "Pushing",
    "pull": "Reading accounts",
    "verify": "Verifying",
    "report": "Reading the report",
}
"""The stage of each kind of run that its progress counts."""

BEATS_PER_LEASE = 3
"""So that one lost beat, or a slow database, does not make a live process count as dead."""


class HandedBackError(InterruptedRunError):
    """The worker that carries out a run ends; the run waits for another one."""


class Running:
    """A run in progress.

    Attributes:
        run: its id.
        desk: the connection, with progress that also goes into the ledger.
        result: what the command prints; kept with the run.
    """

    def __init__(self, desk: Desk, kind: str, run: str) -> None:
        self.run = run
        self._stage = STAGES.get(kind)
        self._last: tuple[int, int | None] | None = None
        self.desk = replace(desk, report=self._report)
        self.result: dict[str, Any] = {}
        self._shown = desk.report
        self._lock = threading.Lock()
        self._noted_s = 0.0

    def _report(self, what: str, done: int, total: int | None) -> None:
        """Show progress, and note it in the ledger now and then.

        Raises:
            InterruptedRunError: somebody cancelled the run.
        """
        self._shown(what, done, total)
        if what == self._stage:
            self._last = (done, total)
        now_s = self.desk.processes.uptime_s()
        with self._lock:
            if now_s - self._noted_s < PROGRESS_EVERY_S:
                return
            self._noted_s = now_s
        if self._is_cancelled():
            raise InterruptedRunError(
                f"The run {self.run} was cancelled; what was done before stays done.",
                hint=f"See: sheetsync run {self.run}",
            )

    def _is_cancelled(self) -> bool:
        """Note the progress, and look whether somebody asked the run to stop."""
        if self._last is not None:
            return self.desk.ledger.runs.progress(self.run, *self._last)
        found = self.desk.ledger.runs.get(self.run)
        return found is not None and found.cancel

    def note_last(self) -> None:
        """Note the progress that the last throttled report left out."""
        if self._last is not None:
            self.desk.ledger.runs.progress(self.run, *self._last)


@contextmanager
def running(
    desk: Desk,
    kind: str,
    *,
    run: str | None = None,
    plan: str | None = None,
    params: Mapping[str, Any] | None = None,
) -> Iterator[Running]:
    """Begin a run, or go on with one that waited in the ledger, and write down how it ended.

    Args:
        desk: the connection.
        kind: pull, push, verify …
        run: the id of a run that waited, claimed by this process.
        plan: digest of the plan it carries out.
        params: what a worker needs to go on with it if this process dies.
    """
    waited = run is not None
    if run is None:
        me = desk.processes.me()
        run = desk.ledger.runs.start(
            kind, desk.name, desk.system, actor=desk.actor, owner=me, plan=plan, params=params
        )
    now = Running(desk, kind, run)
    try:
        with _alive(desk):
            yield now
    except (BusyError, HandedBackError, LostLeaseError) as error:
        if waited and _is_mine(desk, run):
            desk.ledger.runs.put_back(run)
        end(desk, run, "failed", error.as_dict())
        raise
    except InterruptedRunError as error:
        end(desk, run, "cancelled", error.as_dict())
        raise
    except KeyboardInterrupt:
        end(desk, run, "cancelled")
        raise
    except SheetsyncError as error:
        end(desk, run, "failed", error.as_dict())
        raise
    except BaseException:
        end(desk, run, "failed")
        raise
    now.note_last()
    end(desk, run, "done", now.result)


def end(desk: Desk, run: str, state: str, result: dict[str, Any] | None = None) -> None:
    """End a run, unless another process goes on with it meanwhile."""
    if _is_mine(desk, run):
        desk.ledger.runs.finish(run, state, result)


def _is_mine(desk: Desk, run: str) -> bool:
    found = desk.ledger.runs.get(run)
    return found is not None and found.owner == desk.processes.me()


@contextmanager
def _alive(desk: Desk) -> Iterator[None]:
    """Show that this process is alive while the body runs, so that no worker takes its run over."""
    stop = threading.Event()
    pause_s = desk.lease.total_seconds() / BEATS_PER_LEASE
    me = desk.processes.me()

    def beat() -> None:
        while True:
            with suppress(LedgerError):  # a later beat may still be in time
                desk.ledger.runs.beat(me)
            if stop.wait(pause_s):
                return

    thread = threading.Thread(target=beat, name=f"alive-{desk.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
