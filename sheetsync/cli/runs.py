"""Commands about runs: list, watch, cancel; and the worker that carries out those that wait."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sheetsync.bootstrap import Office
from sheetsync.cli import printing
from sheetsync.cli.frame import AS, Frame, command
from sheetsync.config import find
from sheetsync.core.states import NEEDS_ATTENTION
from sheetsync.errors import StalePlanError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.overview import ENDED, cancel_run, list_runs, show_run
from sheetsync.jobs.undo import kind_of

WATCH_EVERY_S = 0.5
"""Seconds between two looks at a run."""

WORKERS = 8
"""Runs that one process carries out at a time; each works on another credit system, or only reads."""

IDLE_AFTER_S = 2.0
"""Seconds without work after which a worker that was started for one run ends."""


@click.command("runs")
@click.argument("connection", required=False)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="Runs at most.")
@AS
@command
def runs_command(frame: Frame, connection: str | None, limit: int) -> int:
    """What ran, runs and waits; newest first."""
    with Office.open(frame.config, os.environ) as office:
        if connection is not None:
            office.connection(connection)
        result = list_runs(office.watch, connection, limit=limit)
    frame.emit(result, lambda out: out.print(_table(result["runs"])))
    return 0


def _table(runs: list[dict[str, Any]]) -> Table:
    table = Table(title="Runs, newest first", title_justify="left", expand=False, padding=(0, 0))
    for name in ("Run", "What", "Connection", "State", "Rows", "Started (UTC)", "By"):
        table.add_column(name, overflow="fold", no_wrap=name not in ("Connection", "By"))
    for run in runs:
        started = run["started_at"][5:16].replace("T", " ")
        rows = f"{run['done']}/{run['total']}" if run["total"] else ""
        names = [run[name] for name in ("run", "kind", "connection", "state")]
        table.add_row(*(escape(cell) for cell in (*names, rows, started, run["actor"])))
    return table


@click.command("run")
@click.argument("run_id", metavar="ID")
@click.option("--watch", is_flag=True, help="Show progress until it ends.")
@click.option("--cancel", is_flag=True, help="Ask it to stop between two rows.")
@AS
@command
def run_command(frame: Frame, run_id: str, *, watch: bool, cancel: bool) -> int:
    """Progress and results of one run."""
    with Office.open(frame.config, os.environ) as office:
        if cancel:
            cancelled = cancel_run(office.watch, run_id)
            frame.emit(cancelled, lambda out: out.print(f"Run {run_id} stops between two rows."))
            return 0
        result = show_run(office.watch, run_id, page=office.page)
        with frame.progress() as report:
            while watch and result["state"] not in ENDED:
                report(f"{result['kind']} {result['state']}", result["done"], result["total"])
                time.sleep(WATCH_EVERY_S)
                result = show_run(office.watch, run_id, page=office.page)
    frame.emit(result, lambda out: _show(out, result))
    return _exit_code(result)


def _show(out: Console, result: dict[str, Any]) -> None:
    if result["rows"]:
        title = f"{result['kind']} {result['run']}"
        out.print(printing.rows_table(result["rows"], title=title, width=out.width))
    rows = f", {result['done']} of {result['total']} rows" if result["total"] else ""
    left = f", about {result['left_s']} s left" if result["left_s"] is not None else ""
    whose = f"{result['kind']} of {result['connection']} by {escape(result['actor'])}"
    out.print(f"{whose}: {result['state']}{rows}{left}.")
    error = (result["result"] or {}).get("error")
    if error:
        out.print(f"[red]{escape(error['message'])}[/] {escape(error['hint'])}")


def _exit_code(result: dict[str, Any]) -> int:
    if result["state"] in ("failed", "cancelled", "interrupted"):
        return 1
    return 1 if any(row["status"] in NEEDS_ATTENTION for row in result["rows"]) else 0


@click.command("worker")
@click.option(
    "--workers", default=WORKERS, show_default=True, type=click.IntRange(1, 256), help="Runs at a time."
)
@click.option("--until-idle", is_flag=True, help="End when nothing waits any more.")
@AS
@command
def worker_command(frame: Frame, *, workers: int, until_idle: bool) -> int:
    """Carry out runs that wait, and go on with those whose process died; on this or another machine."""
    from sheetsync.worker import Worker  # noqa: PLC0415 - most commands start faster without it

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Office.open(frame.config, os.environ) as office:
        worker = Worker(office, workers=workers)
        frame.err.print(f"Worker {os.getpid()} waits for runs; Ctrl-C ends it after the runs in progress.")
        try:
            while not stop.wait(IDLE_AFTER_S):
                if until_idle and worker.is_idle:
                    break
        finally:
            worker.stop()
    return 0


def detach(frame: Frame, desk: Desk, digest: str, *, params: dict[str, Any]) -> dict[str, Any]:
    """Let a push wait for a worker, and start one where the queue is embedded; return at once.

    Raises:
        StalePlanError: no preview has shown this plan.
    """
    stored = desk.ledger.plans.load(desk.name, digest)
    if stored is None:
        raise StalePlanError(
            f"No preview of {desk.name} has shown a plan {digest[:19]}….",
            hint=f"Preview first: sheetsync preview {desk.name}",
        )
    from sheetsync.queue import Queue  # noqa: PLC0415 - most commands start faster without it

    run = desk.ledger.runs.start(
        kind_of(stored), desk.name, desk.system, actor=desk.actor, plan=digest, params=params
    )
    config = find(frame.config, os.environ).resolve()
    with Office.open(config, os.environ) as office:
        address = office.settings.service.queue_address()
        Queue(address).wake(run)
        if address.startswith("sqlite"):
            _start_worker(config)
    return {"run": run, "connection": desk.name, "plan": digest, "state": "queued"}


def _start_worker(config: Path) -> None:
    """Start a worker of its own session that ends when nothing waits; this process does not wait for it."""
    subprocess.Popen(
        [sys.executable, "-m", "sheetsync", "worker", "--until-idle", "--config", str(config)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
