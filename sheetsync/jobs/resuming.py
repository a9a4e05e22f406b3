"""Going on with a pull that was interrupted: what it has just read need not be read again."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sheetsync.core.accounts import Balances
from sheetsync.jobs.attendance import Watch, is_driven
from sheetsync.jobs.desk import Desk
from sheetsync.ports import Run

RESUME_WITHIN = timedelta(hours=1)
"""A pull that ended longer ago is begun anew: its balances are too old to be shown as those of now."""

LOOK_BACK = 20
"""Runs of a connection among which its interrupted pull is looked for."""


def begun_reading(desk: Desk, run: Run | None) -> int | None:
    """Return the first reading of the pull that is to be gone on with, or None to begin anew.

    Args:
        desk: the connection.
        run: the run that this process has claimed, as it was before; else the newest pull is looked at.
    """
    found = _newest_pull(desk) if run is None else run
    if found is None or found.system != desk.system or found.state == "done":
        return None
    if desk.clock.now() - _last_seen(desk, found) > RESUME_WITHIN:
        return None
    if run is None:
        _end_dead(desk, found)
    reading = found.params.get("reading")
    return None if reading is None else int(reading)


def known_since(desk: Desk, reading: int, *, but: Collection[str]) -> Mapping[str, Balances]:
    """Return the balances read since, without those of accounts that have to be read anew as evidence."""
    seen = desk.ledger.accounts.seen_since(desk.system, reading)
    whole = {unit.code for unit in desk.units}
    return {each: held for each, held in seen.items() if each not in but and whole <= set(held)}


def _newest_pull(desk: Desk) -> Run | None:
    """Return the connection's newest pull of all accounts."""
    runs = desk.ledger.runs.newest(desk.name, limit=LOOK_BACK)
    return next((each for each in runs if each.kind == "pull" and not each.params.get("account_ids")), None)


def _last_seen(desk: Desk, run: Run) -> datetime:
    """Return when the run was last worked on, as far as is known."""
    beat = desk.ledger.runs.seen(run.owner) if run.owner is not None else None
    return run.ended_at or beat or run.started_at


def _end_dead(desk: Desk, run: Run) -> None:
    """End a pull whose process died, so that no worker goes on with it as well."""
    watch = Watch(desk.ledger, desk.processes, silence=desk.lease)
    dead = run.state == "running" and not is_driven(watch, run)
    if dead and desk.ledger.runs.claim(run, desk.processes.me()):
        desk.ledger.runs.finish(run.run, "interrupted")
