"""Which runs somebody drives, and which wait for a worker or lost theirs."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from sheetsync.ports import Ledger, Processes, Run

PUSHES = frozenset({"push", "undo"})
"""Kinds of run that send; on one credit system one after another."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Where to look.

    Attributes:
        ledger: where workers show that they are alive.
        processes: this machine's; a process that is gone here is known at once.
        silence: after which a worker counts as gone, one that is stopped included.
    """

    ledger: Ledger
    processes: Processes
    silence: timedelta


def is_driven(watch: Watch, run: Run) -> bool:
    """Whether the run's process is alive and shows it."""
    if run.owner is None or watch.processes.is_alive(run.owner) is False:
        return False
    if run.owner == watch.processes.me():
        return True
    seen = watch.ledger.runs.seen(run.owner)
    return seen is not None and watch.ledger.runs.now() - seen < watch.silence


def unattended(watch: Watch) -> list[Run]:
    """Return runs that wait for a worker or lost theirs, oldest first."""
    return [
        run for run in watch.ledger.runs.unfinished() if run.state == "queued" or not is_driven(watch, run)
    ]


def claimable(watch: Watch, kinds: Collection[str]) -> list[Run]:
    """Return unattended runs of these kinds that could go on now, oldest first.

    Of the pushes on one credit system that is the oldest, and none while one is driven: the others could only
    be told to wait. What reads waits until a push that lost its driver has a new one, for else it would end
    that push instead of letting it go on.
    """
    waiting = unattended(watch)
    seen = {run.run for run in waiting}
    taken = {run.system for run in _pushes(watch.ledger.runs.unfinished()) if run.run not in seen}
    lost = {run.system for run in _pushes(waiting) if run.state == "running" and run.kind in kinds}
    found = []
    for run in waiting:
        if run.kind not in kinds or run.system in (taken if run.kind in PUSHES else lost):
            continue
        if run.kind in PUSHES:
            taken.add(run.system)
        found.append(run)
    return found


def _pushes(runs: Iterable[Run]) -> Iterator[Run]:
    return (run for run in runs if run.kind in PUSHES)


def shown_state(watch: Watch, run: Run) -> str:
    """Return the state for people: a run whose process died is interrupted, whatever it wrote down last."""
    return "interrupted" if run.state == "running" and not is_driven(watch, run) else run.state
