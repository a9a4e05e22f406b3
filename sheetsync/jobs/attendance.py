"""Which runs somebody drives, and which wait for a worker or lost theirs."""

from dataclasses import dataclass
from datetime import timedelta

from sheetsync.ports import Ledger, Processes, Run


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


def shown_state(watch: Watch, run: Run) -> str:
    """Return the state for people: a run whose process died is interrupted, whatever it wrote down last."""
    return "interrupted" if run.state == "running" and not is_driven(watch, run) else run.state
