"""Which runs somebody drives, and which wait for a worker or lost theirs."""

from datetime import timedelta

from sheetsync.ports import Ledger, Processes, Run


def is_driven(ledger: Ledger, processes: Processes, run: Run, *, silence: timedelta) -> bool:
    """Whether the run's process is alive and shows it.

    Args:
        ledger: where workers show that they are alive.
        processes: this machine's; a process that is gone here is known at once.
        run: which.
        silence: after which a worker counts as gone, one that is stopped included.
    """
    if run.owner is None or processes.is_alive(run.owner) is False:
        return False
    if run.owner == processes.me():
        return True
    seen = ledger.runs.seen(run.owner)
    return seen is not None and ledger.runs.now() - seen < silence


def unattended(ledger: Ledger, processes: Processes, *, silence: timedelta) -> list[Run]:
    """Return runs that wait for a worker or lost theirs, oldest first."""
    return [
        run
        for run in ledger.runs.unfinished()
        if run.state == "queued" or not is_driven(ledger, processes, run, silence=silence)
    ]


def shown_state(ledger: Ledger, processes: Processes, run: Run, *, silence: timedelta) -> str:
    """Return the state for people: a run whose process died is interrupted, whatever it wrote down last."""
    if run.state == "running" and not is_driven(ledger, processes, run, silence=silence):
        return "interrupted"
    return run.state
