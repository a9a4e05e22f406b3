"""What the endpoints do: use cases, and runs for a worker."""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sheetsync import errors
from sheetsync.bootstrap import Office
from sheetsync.config import Connection, SheetSettings, XlsxSheet, system_id, units_of
from sheetsync.core.accounts import Action
from sheetsync.errors import NotFoundError, SheetsyncError, StalePlanError
from sheetsync.jobs.approve import approve
from sheetsync.jobs.fill import fill
from sheetsync.jobs.history import history
from sheetsync.jobs.overview import ENDED, Rows, cancel_run, run_json, show_run
from sheetsync.jobs.quoting import refuse_charges
from sheetsync.jobs.rebase import Keep, rebase
from sheetsync.jobs.settle import resolve
from sheetsync.jobs.staleness import refuse_early
from sheetsync.jobs.undo import kind_of
from sheetsync.jobs.uploading import refuse_unreadable, results_now
from sheetsync.jobs.waiting import waiting
from sheetsync.ports import StoredPlan
from sheetsync.ports.claims import Claim
from sheetsync.queue import Queue
from sheetsync.web.access import Access
from sheetsync.web.books import history_csv
from sheetsync.web.wire import Csv

ANSWERS = frozenset({"preview", "plan_undo", "check", "reconcile"})
"""Kinds of run whose result is the reply; they send nothing."""

LOOK_EVERY_S = 0.05
WAITING_MAX = 12
"""Requests that wait for their run at a time; of the server's threads the others stay free."""

Outcome = tuple[int, dict[str, Any]]
"""HTTP status and JSON."""


class _ShownError(Exception):
    """Carries what a fill would do out of it, before it does."""

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__()
        self.found = found


class Service:
    """The use cases as the HTTP API offers them.

    Args:
        office: settings, ledger and adapters.
    """

    def __init__(self, office: Office) -> None:
        self.office = office
        self.store = office.store
        self.queue = Queue(office.settings.service.queue_address())
        self.answer_within_s = office.settings.service.answer_within_s
        self._seats = threading.BoundedSemaphore(WAITING_MAX)

    def close(self) -> None:
        """Close the queue, the adapters and the ledger."""
        self.queue.close()
        self.office.close()

    def connections(self, access: Access, *, limit: int, cursor: str | None) -> Outcome:
        """Return what the caller may see, by name."""
        seen = access.visible()
        names = [name for name in sorted(seen) if cursor is None or name > cursor]
        found = [self._connection(name, seen[name]) for name in names[:limit]]
        return 200, {"connections": found, "next": names[limit - 1] if len(names) > limit else None}

    def _connection(self, name: str, role: str) -> dict[str, Any]:
        connection = self.office.settings.connections[name]
        return {
            "connection": name,
            "provider": connection.provider,
            "environment": connection.environment,
            "role": role,
        }

    def connection(self, access: Access, name: str) -> Outcome:
        """Return how a connection is: its running run, the age of its pull, what is not settled."""
        ledger, watch = self.office.ledger, self.office.watch
        system = system_id(self.office.settings.connections[name])
        running = next((run for run in ledger.runs.unfinished() if run.connection == name), None)
        pulled = ledger.accounts.last_pull(name)
        age = None if pulled is None else datetime.now(UTC) - pulled.at
        return 200, {
            **self._connection(name, access.role(name) or ""),
            "you": {
                "email": access.caller.email,
                "actor": access.caller.actor,
                "role": access.role(name) or "",
            },
            "system": _system(self.office.settings.connections[name]),
            "units": [
                {"code": unit.code, "header": unit.header, "scale": unit.scale}
                for unit in units_of(self.office.settings.connections[name])
            ],
            "sheet": _sheet(self.office.settings.connections[name].sheet),
            "running": None if running is None else run_json(watch, running),
            "pulled_at": None if pulled is None else _moment(pulled.at),
            "pull_age_s": None if age is None else int(age.total_seconds()),
            "unsettled": sum(each.connection == name for each in ledger.operations.unsettled(system)),
        }

    def start(
        self,
        kind: str,
        name: str,
        *,
        actor: str,
        plan: str | None = None,
        params: Mapping[str, Any],
        claim: Claim | None = None,
    ) -> Outcome:
        """Let a run wait for a worker, and wake one up; with a claim, the same request finds it again."""
        system = system_id(self.office.settings.connections[name])
        run = self.office.ledger.runs.start(
            kind, name, system, actor=actor, plan=plan, params=params, claim=claim
        )
        self.queue.wake(run)
        return 202, self._run(run)

    def answer(
        self,
        kind: str,
        name: str,
        *,
        actor: str,
        params: Mapping[str, Any],
        claim: Claim | None = None,
    ) -> Outcome:
        """Start a run and answer with its result, or with the run if it takes too long.

        Raises:
            SheetsyncError: as the run ended.
        """
        _, started = self.start(kind, name, actor=actor, params=params, claim=claim)
        return self.follow(str(started["run"]))

    def follow(self, run_id: str) -> Outcome:
        """Answer for a run that a request started: with its result if it soon has one, else with the run.

        Raises:
            SheetsyncError: as the run ended.
        """
        run = self.office.ledger.runs.get(run_id)
        if run is None or run.kind not in ANSWERS or not self._seats.acquire(blocking=False):
            return 202, self._run(run_id)
        try:
            return self._await(run_id)
        finally:
            self._seats.release()

    def may_start_anew(self, run_id: str) -> bool:
        """Whether a request that started this run may start another one: it only read, and failed."""
        run = self.office.ledger.runs.get(run_id)
        return run is not None and run.kind in ANSWERS and run.state in ENDED - {"done"}

    def _await(self, run_id: str) -> Outcome:
        until_s = time.monotonic() + self.answer_within_s
        while time.monotonic() < until_s:
            run = self.office.ledger.runs.get(run_id)
            if run is not None and run.state in ENDED:
                if run.state == "done":
                    return 200, {**run.result, "run": run_id}
                raise _as_error(run.result, run_id)
            time.sleep(LOOK_EVERY_S)
        return 202, self._run(run_id)

    def push(
        self,
        name: str,
        digest: str,
        *,
        actor: str,
        params: Mapping[str, Any],
        claim: Claim | None = None,
    ) -> Outcome:
        """Start a push of a plan that a preview showed.

        Raises:
            UnsafeError: it is known already that the push would be refused.
        """
        plan = self.office.ledger.plans.load(name, digest)
        if plan is None:
            raise StalePlanError(f"No preview of {name} has shown this plan.", hint="Preview first.")
        with self.office.desk(name, actor=actor) as desk:
            refuse_early(desk, plan)
        refuse_charges(name, plan, is_agreed=bool(params.get("agreed")))
        params = {**params, "check": True}
        return self.start(kind_of(plan), name, actor=actor, plan=digest, params=params, claim=claim)

    def edits(self, name: str, *, actor: str) -> Outcome:
        """Return what waits in the tab."""
        with self.office.desk(name, actor=actor) as desk:
            return 200, waiting(desk)

    def run(self, run_id: str, *, rows: Rows = "all") -> Outcome:
        """Return a run; who only follows its progress takes no rows, or those that need attention."""
        return 200, self._run(run_id, rows)

    def _run(self, run_id: str, rows: Rows = "all") -> dict[str, Any]:
        return show_run(self.office.watch, run_id, rows=rows, page=self.office.page)

    def runs(self, name: str, *, limit: int, cursor: str | None) -> Outcome:
        """Return a connection's runs, newest first."""
        found = self.office.ledger.runs.newest(name, limit=limit + 1, before=cursor)
        shown = [run_json(self.office.watch, run) for run in found[:limit]]
        return 200, {"runs": shown, "next": shown[-1]["run"] if len(found) > limit else None}

    def cancel(self, run_id: str) -> Outcome:
        """Ask a run to stop between two rows."""
        cancel_run(self.office.watch, run_id)
        return 200, self._run(run_id)

    def find_plan(self, access: Access, digest: str) -> StoredPlan | None:
        """Return the plan if it belongs to a connection that the caller may see."""
        found = (self.office.ledger.plans.load(name, digest) for name in access.visible())
        return next((plan for plan in found if plan is not None), None)

    def plan(self, plan: StoredPlan) -> Outcome:
        """Return a plan as its preview showed it, and what people decided on it."""
        shown = plan.body.get("shown")
        if shown is None:
            raise NotFoundError("This plan was made by an older version.", hint="Preview again.")
        approval = {
            "author": plan.actor,
            "approved_by": plan.approved_by,
            "refused_by": plan.refused_by,
            "reason": plan.decision_reason,
            "decided_at": None if plan.approved_at is None else _moment(plan.approved_at),
            "used_by_run": plan.used_by_run,
        }
        return 200, {"plan": {**shown, "expires_at": _moment(plan.expires_at)}, "approval": approval}

    def approve(self, plan: StoredPlan, *, actor: str, approved: bool, reason: str) -> Outcome:
        """Approve or refuse a plan."""
        ledger = self.office.ledger
        found = approve(ledger, plan.connection, plan.digest, actor=actor, approved=approved, reason=reason)
        return 200, found

    def rebase(self, name: str, account_id: str, *, keep: Keep, actor: str) -> Outcome:
        """Decide a Conflict."""
        with self.office.desk(name, actor=actor) as desk:
            return 200, rebase(desk, account_id, keep=keep)

    def fill(self, name: str, action: str, *, reason: str, dry_run: bool, actor: str) -> Outcome:
        """Set the action of rows that hold an amount, or only say which."""

        def agree(found: dict[str, Any]) -> None:
            if dry_run:
                raise _ShownError(found)

        with self.office.desk(name, actor=actor) as desk:
            try:
                return 200, fill(desk, Action(action), reason=reason, agree=agree)
            except _ShownError as shown:
                return 200, shown.found

    def find_operation(self, key: str) -> str | None:
        """Return the connection of an operation."""
        record = self.office.ledger.operations.by_key([key]).get(key)
        return None if record is None else record.connection

    def resolve(self, name: str, key: str, *, applied: bool, reason: str, actor: str) -> Outcome:
        """Settle an operation by a person's verdict."""
        with self.office.desk(name, actor=actor) as desk:
            return 200, resolve(desk, key, applied=applied, reason=reason)

    def history(self, name: str, **filters: Any) -> Outcome:  # noqa: ANN401 - as the use case takes them
        """Return operations, newest first."""
        return 200, history(self.office.ledger, name, page=self.office.page, **filters)

    def results(self, run_id: str, *, actor: str) -> tuple[int, Csv]:
        """Return what came of each line of an imported file, or of each operation of another run."""
        run = self.office.ledger.runs.get(run_id)
        if run is None:
            raise AssertionError("a run's endpoint was called without one")
        if "upload" not in run.params:
            return 200, history_csv(self.office, run.connection, {"run": run_id})
        with self.office.desk(run.connection, actor=actor) as desk:
            name, data = results_now(desk, run)
        return 200, Csv(f"results-{name}", iter([data]))

    def start_import(
        self,
        name: str,
        file: str,
        data: bytes,
        *,
        actor: str,
        params: Mapping[str, Any],
        claim: Claim | None = None,
    ) -> Outcome:
        """Keep a file, and let a run wait that imports it.

        Raises:
            UsageError: it is no CSV file, or its header cannot be used.
        """
        with self.office.desk(name, actor=actor) as desk:
            refuse_unreadable(desk, file, data, params)
        upload = self.office.ledger.uploads.save(name, file, data)
        return self.start("import", name, actor=actor, params={**params, "upload": upload}, claim=claim)

    def link(self, name: str, spreadsheet_id: str, *, actor: str) -> Outcome:
        """Let a spreadsheet use a connection."""
        self.store.callers.link(name, spreadsheet_id, by=actor)
        return 200, {"connection": name, "spreadsheet_id": spreadsheet_id}


def _system(connection: Connection) -> str:
    """Return the account that a connection changes, as people know it."""
    parts = urlsplit(connection.base_url)
    account = getattr(connection, "account_id", None)
    return " ".join(part for part in (f"{parts.netloc}{parts.path}", account) if part)


def _sheet(sheet: SheetSettings) -> dict[str, str]:
    if isinstance(sheet, XlsxSheet):
        return {"kind": sheet.kind, "name": Path(sheet.path).name, "tab": sheet.tab}
    return {"kind": sheet.kind, "name": sheet.spreadsheet_id, "tab": sheet.tab}


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"


def _kinds(kind: type[SheetsyncError]) -> dict[str, type[SheetsyncError]]:
    found = {kind.code: kind}
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            found |= _kinds(child)
    return found


_BY_CODE = _kinds(SheetsyncError)


def _as_error(result: Any, run_id: str) -> SheetsyncError:  # noqa: ANN401 - JSON of the ledger
    """Return the error that a run ended with, as if it had been raised here."""
    told = result.get("error") if isinstance(result, dict) else None
    if not told:
        return SheetsyncError("The run ended without a result.", hint="Try again.", details={"run": run_id})
    kind = _BY_CODE.get(told["code"], SheetsyncError)
    error = kind(told["message"], hint=told["hint"])
    error.details = {**told["details"], "run": run_id}
    return error
