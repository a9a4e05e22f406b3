"""Runs as people look at them: progress, rate, time left, results, and a way to stop one."""

from collections import Counter
from datetime import datetime
from typing import Any, Literal

from sheetsync.core.states import NEEDS_ATTENTION, OperationState
from sheetsync.errors import UsageError
from sheetsync.jobs import telling
from sheetsync.jobs.attendance import Watch, shown_state
from sheetsync.jobs.history import Page, no_page
from sheetsync.jobs.outcome import WORDS
from sheetsync.ports import OperationRecord, Run

Rows = Literal["all", "attention", "none"]
"""Which operations of a run are listed: a push of thousands is asked about every few seconds."""

SENDS_OR_LOOKS = frozenset({"push", "undo", "verify"})
"""Kinds of run that are about operations: their counts are complete, also where nothing was found."""

ROWS_OF_RESULT = frozenset({"operations", "unsent"})
"""What a run keeps to list its rows."""

ENDED = frozenset({"done", "failed", "cancelled", "interrupted"})


def list_runs(watch: Watch, connection: str | None, *, limit: int = 50) -> dict[str, Any]:
    """Return the JSON of ``runs``, newest first."""
    return {"runs": [run_json(watch, run) for run in watch.ledger.runs.newest(connection, limit=limit)]}


def show_run(watch: Watch, run_id: str, *, rows: Rows = "all", page: Page = no_page) -> dict[str, Any]:
    """Return the JSON of ``run``: progress, results, and the operations it sent.

    Args:
        watch: where to look.
        run_id: of the run.
        rows: which of its operations are listed; all are counted.
        page: connection and account id → address of the customer's page.

    Raises:
        UsageError: there is no such run.
    """
    run = _find(watch, run_id)
    records = _operations(watch, run)
    listed = [_row(run, record, page) for record in records]
    states = Counter(dict.fromkeys(WORDS, 0) if run.kind in SENDS_OR_LOOKS else {})
    states.update(row["status"] for row in listed)
    result = run.result
    if isinstance(result, dict):
        result = {name: value for name, value in result.items() if name not in ROWS_OF_RESULT}
    return {
        **run_json(watch, run),
        "plan": run.plan,
        **_pace(watch, run),
        "counts": dict(states),
        "rows": [
            row
            for row in listed
            if rows == "all" or (rows == "attention" and row["status"] in NEEDS_ATTENTION)
        ],
        "result": result,
    }


def _operations(watch: Watch, run: Run) -> list[OperationRecord]:
    """Return what an ended push or verify was about, in its order, or what a run has sent until now."""
    keys = run.result.get("operations") if isinstance(run.result, dict) else None
    if run.kind not in SENDS_OR_LOOKS or not keys:
        return watch.ledger.operations.history(None, run=run.run, limit=None)
    known = watch.ledger.operations.by_key(keys)
    return [known[key] for key in keys if key in known]


def _row(run: Run, record: OperationRecord, page: Page) -> dict[str, Any]:
    row = telling.operation_row(record, page=page(record.connection, record.account_id))
    if record.run == run.run and record.state is OperationState.WITHDRAWN and isinstance(run.result, dict):
        row |= run.result.get("unsent", {}).get(record.key, {})
    return row


def cancel_run(watch: Watch, run_id: str) -> dict[str, Any]:
    """Ask a run to stop between two rows; requests in flight finish.

    Raises:
        UsageError: there is no such run, or it has ended.
    """
    run = _find(watch, run_id)
    if not watch.ledger.runs.cancel(run_id):
        raise UsageError(f"Run {run_id} has ended already ({run.state}).")
    return run_json(watch, _find(watch, run_id)) | {"cancel": True}


def run_json(watch: Watch, run: Run) -> dict[str, Any]:
    """Return one run as ``runs`` lists it."""
    return {
        "run": run.run,
        "kind": run.kind,
        "connection": run.connection,
        "state": shown_state(watch, run),
        "done": run.done,
        "total": run.total,
        "started_at": _moment(run.started_at),
        "ended_at": _moment(run.ended_at),
        "actor": run.actor,
    }


def _find(watch: Watch, run_id: str) -> Run:
    run = watch.ledger.runs.get(run_id)
    if run is None:
        raise UsageError(f"There is no run {run_id}.", hint="See: sheetsync runs")
    return run


def _pace(watch: Watch, run: Run) -> dict[str, Any]:
    """Return rows per second and, while it runs, the seconds that are left."""
    until = run.ended_at or watch.ledger.runs.now()
    seconds = (until - run.started_at).total_seconds()
    rate = run.done / seconds if seconds > 0 else 0.0
    rest = (run.total or 0) - run.done
    left_s = round(rest / rate) if rate and run.total and run.ended_at is None else None
    return {"rows_per_s": round(rate, 2), "left_s": left_s}


def _moment(value: datetime | None) -> str | None:
    return None if value is None else f"{value:%Y-%m-%dT%H:%M:%SZ}"
