"""Every endpoint: path, who may call it, what it takes, what it answers, what it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from sheetsync.config import Role
from sheetsync.errors import UsageError
from sheetsync.ports import StoredPlan
from sheetsync.ports.claims import Claim
from sheetsync.web import books, models
from sheetsync.web.access import Access
from sheetsync.web.queries import HistoryPage, Page, RunRows, StatementQuery, TotalsQuery
from sheetsync.web.service import Outcome, Service
from sheetsync.web.wire import Csv

On = Literal["nothing", "connection", "plan", "run", "operation"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in.

    Attributes:
        name: the connection it acts on; empty where it acts on none.
        target: the id in the path.
        body, query: checked against the endpoint's models.
        plan: the plan of the path.
        claim: its ``Idempotency-Key``, if it has one.
    """

    service: Service
    access: Access
    request_id: str
    name: str = ""
    target: str = ""
    body: Any = None
    query: Any = None
    plan: StoredPlan | None = None
    claim: Claim | None = None

    @property
    def actor(self) -> str:
        """Who acts."""
        return self.access.caller.actor

    def params(self, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Return a run's parameters, with the request that it came from."""
        return {"request_id": self.request_id, **params}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    Attributes:
        role: at least this one, on the connection that the path leads to.
        on: what the path names.
        replies: status → model.
        form: its body is a form with a file.
        csv: answers who accepts CSV instead of JSON.
    """

    method: str
    path: str
    role: Role
    on: On
    summary: str
    replies: dict[int, type[BaseModel]]
    run: Callable[[Call], tuple[int, Any]]
    body: type[BaseModel] | None = None
    form: bool = False
    csv: Callable[[Call], Csv] | None = None
    query: type[BaseModel] | None = None


def _pull(call: Call) -> Outcome:
    params = call.params(account_ids=call.body.account_ids)
    return call.service.start("pull", call.name, actor=call.actor, params=params, claim=call.claim)


def _plan(call: Call) -> Outcome:
    body: models.PlanRequest = call.body
    if (body.scope == "selected") != bool(body.account_ids):
        raise UsageError("account_ids names the rows of the scope “selected”, and only of it.")
    params = call.params(account_ids=body.account_ids, include_hidden=body.scope != "visible")
    return call.service.answer("preview", call.name, actor=call.actor, params=params, claim=call.claim)


def _push(call: Call) -> Outcome:
    params = call.params(agreed=call.body.agree_charges)
    return call.service.push(call.name, call.body.plan, actor=call.actor, params=params, claim=call.claim)


def _verify(call: Call) -> Outcome:
    params = call.params(account_ids=call.body.account_ids)
    return call.service.start("verify", call.name, actor=call.actor, params=params, claim=call.claim)


def _undo(call: Call) -> Outcome:
    params = call.params(of=call.body.run, operations=call.body.operations)
    return call.service.answer("plan_undo", call.name, actor=call.actor, params=params, claim=call.claim)


def _check(call: Call) -> Outcome:
    return call.service.answer("check", call.name, actor=call.actor, params=call.params(), claim=call.claim)


def _import(call: Call) -> Outcome:
    body: models.ImportRequest = call.body
    options = body.model_dump(include={"label", "decimal", "again", "plan", "dry_run"})
    params = call.params(**options, map=body.headers())
    return call.service.start_import(
        call.name, body.name, body.file, actor=call.actor, params=params, claim=call.claim
    )


def _rebase(call: Call) -> Outcome:
    return call.service.rebase(call.name, call.body.account_id, keep=call.body.keep, actor=call.actor)


def _fill(call: Call) -> Outcome:
    body: models.FillRequest = call.body
    return call.service.fill(
        call.name, body.action, reason=body.reason, dry_run=body.dry_run, actor=call.actor
    )


def _history(call: Call) -> Outcome:
    return call.service.history(call.name, **call.query.filters())


def _history_csv(call: Call) -> Csv:
    return books.history_csv(call.service.office, call.name, call.query.filters())


def _totals(call: Call) -> Outcome:
    filters = call.query.filters()
    return 200, books.totals_json(call.service.office, call.name, filters.pop("by"), filters)


def _totals_csv(call: Call) -> Csv:
    filters = call.query.filters()
    return books.totals_csv(call.service.office, call.name, filters.pop("by"), filters)


def _statement(call: Call) -> Outcome:
    return 200, books.statement_json(call.service.office, call.name, call.query, actor=call.actor)


def _statement_csv(call: Call) -> Csv:
    return books.statement_csv(call.service.office, call.name, call.query, actor=call.actor)


def _reconcile(call: Call) -> Outcome:
    return call.service.answer(
        "reconcile", call.name, actor=call.actor, params=call.params(), claim=call.claim
    )


def _approve(call: Call) -> Outcome:
    if call.plan is None:
        raise AssertionError("a plan's endpoint was called without one")
    body: models.ApprovalRequest = call.body
    return call.service.approve(call.plan, actor=call.actor, approved=body.approve, reason=body.reason)


def _show_plan(call: Call) -> Outcome:
    if call.plan is None:
        raise AssertionError("a plan's endpoint was called without one")
    return call.service.plan(call.plan)


def _resolve(call: Call) -> Outcome:
    body: models.ResolutionRequest = call.body
    return call.service.resolve(
        call.name, call.target, applied=body.outcome == "applied", reason=body.reason, actor=call.actor
    )


_ON = "/api/v1/connections/{name}"
_RUN = models.RunReply

ENDPOINTS = (
    Endpoint("GET", "/api/v1/connections", "viewer", "nothing", "What the caller may see.",
             {200: models.ConnectionsReply},
             lambda call: call.service.connections(call.access, **call.query.model_dump()), query=Page),
    Endpoint("GET", _ON, "viewer", "connection", "The running run, the age of the pull, what is not settled.",
             {200: models.ConnectionState}, lambda call: call.service.connection(call.access, call.name)),
    Endpoint("GET", f"{_ON}/edits", "viewer", "connection", "Edits that wait in the tab; reads the tab once.",
             {200: models.EditsReply}, lambda call: call.service.edits(call.name, actor=call.actor)),
    Endpoint("GET", f"{_ON}/runs", "viewer", "connection", "Runs, newest first.",
             {200: models.RunsReply}, lambda call: call.service.runs(call.name, **call.query.model_dump()),
             query=Page),
    Endpoint("GET", f"{_ON}/history", "viewer", "connection", "Operations, newest first.",
             {200: models.HistoryReply}, _history, query=HistoryPage, csv=_history_csv),
    Endpoint("GET", f"{_ON}/history.csv", "viewer", "connection",
             "All operations that the filters leave, as CSV: a line per operation and unit.",
             {200: models.CsvReply}, lambda call: (200, _history_csv(call)), query=HistoryPage),
    Endpoint("GET", f"{_ON}/totals", "viewer", "connection",
             "What was added and removed, by day, reason or person.",
             {200: models.TotalsReply}, _totals, query=TotalsQuery, csv=_totals_csv),
    Endpoint("GET", f"{_ON}/statement", "viewer", "connection",
             "Opening, changes by us and by others, and closing of days; from the ledger alone.",
             {200: models.StatementReply}, _statement, query=StatementQuery, csv=_statement_csv),
    Endpoint("POST", f"{_ON}/reconciliations", "editor", "connection",
             "Compares ledger, credit system and tab; the differences, or a run if it takes long.",
             {200: models.ReconcileReply, 202: _RUN}, _reconcile, models.CheckRequest),
    Endpoint("POST", f"{_ON}/pulls", "editor", "connection", "Starts a pull.",
             {202: _RUN}, _pull, models.PullRequest),
    Endpoint("POST", f"{_ON}/plans", "editor", "connection", "Previews; the plan, or a run if it takes long.",
             {200: models.PlanReply, 202: _RUN}, _plan, models.PlanRequest),
    Endpoint("POST", f"{_ON}/pushes", "editor", "connection", "Starts a push of a plan.",
             {202: _RUN}, _push, models.PushRequest),
    Endpoint("POST", f"{_ON}/verifications", "editor", "connection", "Starts a verify.",
             {202: _RUN}, _verify, models.VerifyRequest),
    Endpoint("POST", f"{_ON}/imports", "editor", "connection", "Starts an import of a CSV file.",
             {202: _RUN}, _import, models.ImportRequest, form=True),
    Endpoint("POST", f"{_ON}/undos", "editor", "connection", "The plan that takes back a run or operations.",
             {200: models.UndoReply, 202: _RUN}, _undo, models.UndoRequest),
    Endpoint("POST", f"{_ON}/rebases", "editor", "connection", "A person's choice on a Conflict.",
             {200: models.RebaseReply}, _rebase, models.RebaseRequest),
    Endpoint("POST", f"{_ON}/fills", "editor", "connection", "Sets the action of rows that hold an amount.",
             {200: models.FillReply}, _fill, models.FillRequest),
    Endpoint("POST", f"{_ON}/checks", "editor", "connection", "Tries credentials, routes, tab and database.",
             {200: models.ChecksReply, 202: _RUN}, _check, models.CheckRequest),
    Endpoint("POST", f"{_ON}/links", "admin", "connection", "Lets a spreadsheet use this connection.",
             {200: models.LinkReply},
             lambda call: call.service.link(call.name, call.body.spreadsheet_id, actor=call.actor),
             models.LinkRequest),
    Endpoint("GET", "/api/v1/plans/{digest}", "viewer", "plan", "A plan, and what people decided on it.",
             {200: models.StoredPlanReply}, _show_plan),
    Endpoint("POST", "/api/v1/plans/{digest}/approval", "approver", "plan", "Approves or refuses a plan.",
             {200: models.ApprovalReply}, _approve, models.ApprovalRequest),
    Endpoint("POST", "/api/v1/operations/{key}/resolution", "approver", "operation",
             "A person's verdict on an operation that cannot be proven.",
             {200: models.ResolutionReply}, _resolve, models.ResolutionRequest),
    Endpoint("GET", "/api/v1/runs/{id}", "viewer", "run", "Progress and results of a run.",
             {200: _RUN}, lambda call: call.service.run(call.target, rows=call.query.rows), query=RunRows),
    Endpoint("GET", "/api/v1/runs/{id}/results", "viewer", "run",
             "What came of each line of an imported file, or of each operation of a run, as CSV.",
             {200: models.CsvReply}, lambda call: call.service.results(call.target, actor=call.actor)),
    Endpoint("DELETE", "/api/v1/runs/{id}", "editor", "run", "Asks a run to stop between two rows.",
             {200: _RUN}, lambda call: call.service.cancel(call.target)),
)  # fmt: skip
"""A table, so that it can be read as one."""
