"""Runs: the list, and one with its progress, results and a way to stop it."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from sheetsync.jobs.attendance import shown_state
from sheetsync.jobs.overview import ENDED
from sheetsync.jobs.telling import operation_row
from sheetsync.ledger.pages import Sought
from sheetsync.ports import Run
from sheetsync.web.console import telling
from sheetsync.web.console.frame import Console, see, tell
from sheetsync.web.console.paging import PAGE, cursor_of, read_cursor

PARTS = (
    "error.code", "error.message", "error.hint", "warnings", "plan.digest", "checks", "totals", "accounts",
    "written", "kept_edits", "missing", "skipped",
)  # fmt: skip
"""What a page shows of a run's result; its rows are read from the operations, a page at a time."""

WARNINGS_MAX = 20


def add(pages: Blueprint, console: Console) -> None:
    """Add the pages."""

    @pages.get("/connections/<name>/runs")
    def runs(name: str) -> Response:
        name = console.need("viewer", name, "such connection")
        before = request.args.get("before") or None
        found = console.pages.runs([name], before=before, limit=PAGE + 1)
        listed = [(each, shown_state(console.service.office.watch, each)) for each in found[:PAGE]]
        older = found[PAGE - 1].run if len(found) > PAGE else None
        return console.page("runs.html", name=name, runs=listed, older=older)

    @pages.get("/runs/<run_id>")
    def run(run_id: str) -> Response:
        found = _find(console, run_id)
        sought = Sought([found.connection], run=found.run)
        before = read_cursor(request.args.get("cursor"))
        records = console.pages.operations(sought, before=before, limit=PAGE + 1)
        page = console.service.office.page
        rows = [operation_row(each, page=page(each.connection, each.account_id)) for each in records[:PAGE]]
        result = console.pages.result(found.run, PARTS) if found.state in ENDED else {}
        return console.page(
            "run.html",
            run=found,
            name=found.connection,
            progress=_progress(console, found),
            result=result,
            warnings=result.get("warnings", [])[:WARNINGS_MAX],
            rows=rows,
            older=cursor_of(records[PAGE - 1]) if len(records) > PAGE else None,
            states=_states(console, found),
        )

    @pages.get("/runs/<run_id>/progress")
    def progress(run_id: str) -> Response:
        """Answer what the page asks for every second while the run goes on."""
        found: Response = jsonify(_progress(console, _find(console, run_id)))
        return found

    @pages.post("/runs/<run_id>/cancel")
    def cancel(run_id: str) -> Response:
        console.carry_out("DELETE", "/runs/{id}", run_id)
        tell("The run was asked to stop. Requests in flight end first.", "info")
        return see("console.run", run_id=run_id)

    @pages.post("/runs/<run_id>/undo")
    def undo(run_id: str) -> Response:
        found = _find(console, run_id)
        path = "/connections/{name}/undos"
        return console.start("plan_undo", path, found.connection, {"run": run_id}, of=run_id, operations=[])


def _find(console: Console, run_id: str) -> Run:
    """Return a run that the person may see."""
    found = console.pages.run(run_id[:26])
    if found is not None and found.run != run_id:
        found = None
    console.need("viewer", found.connection if found else None, "such run")
    if found is None:
        raise AssertionError("a run that is not there was let through")
    return found


def _states(console: Console, run: Run) -> dict[str, int]:
    """Return status → operations of the run."""
    counted = console.pages.run_states([run.run]).get(run.run, {})
    found = {
        status: sum(counted.get(state, 0) for state in states) for status, states in telling.STATES.items()
    }
    return {status: count for status, count in found.items() if count}


def _progress(console: Console, run: Run) -> dict[str, Any]:
    state = shown_state(console.service.office.watch, run)
    now = run.ended_at or console.service.office.ledger.runs.now()
    took_s = (now - run.started_at).total_seconds()
    rate = run.done / took_s if took_s > 0 else 0.0
    left = (run.total or 0) - run.done
    percent = None if not run.total else min(100, run.done * 100 // run.total)
    words = f"{telling.number(run.done)} rows" if run.total is None else (
        f"{telling.number(run.done)} of {telling.number(run.total)} rows"
    )  # fmt: skip
    if run.ended_at is None and run.total and rate:
        words += f", about {telling.seconds(left / rate)} left"
    if state == "queued":
        words = "Waits for a worker."
    return {
        "state": state,
        "label": telling.label(state),
        "ended": state in ENDED,
        "stopping": run.cancel and state not in ENDED,
        "done": run.done,
        "total": run.total,
        "percent": percent,
        "words": words,
    }
