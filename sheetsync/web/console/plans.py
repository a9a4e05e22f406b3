"""Plans: old → new, filters, totals, and a second person's word on it."""

from typing import Any

from flask import Blueprint, Response, request

from sheetsync.core.people import same_person
from sheetsync.ledger.pages import PlanHead
from sheetsync.web.console.frame import Console, not_found, see, tell
from sheetsync.web.console.overview import ACTIONS
from sheetsync.web.console.paging import PAGE
from sheetsync.web.console.shelf import Shelf, Shown, filtered

PLANS = 50
CHARGES_MAX = 50
"""Charges listed above the rows; all of them stand in the rows."""


def add(pages: Blueprint, console: Console) -> None:
    """Add the pages."""
    shelf = Shelf(console.pages)

    @pages.get("/connections/<name>/plans")
    def plans(name: str) -> Response:
        name = console.need("viewer", name, "such connection")
        found = console.pages.plans([name], limit=PLANS)
        return console.page("plans.html", name=name, plans=found, now=_now(console))

    @pages.get("/plans/<digest>")
    def plan(digest: str) -> Response:
        head = _find(console, digest)
        shown = shelf.take(head)
        if shown is None:
            raise not_found("plan that this version can show")
        asked = {name: request.args.get(name, "")[:200] for name in ("q", "status", "order")}
        rows = filtered(
            shown, words=asked["q"].split(), status=asked["status"], largest=asked["order"] == "largest"
        )
        count = len(rows)
        last = max(1, -(-count // PAGE))
        number = min(max(1, request.args.get("page", 1, type=int)), last)
        return console.page(
            "plan.html",
            head=head,
            name=head.connection,
            facts=shown.facts,
            rows=rows[(number - 1) * PAGE : number * PAGE],
            found=count,
            total=len(shown.rows),
            number=number,
            last=last,
            first=(number - 1) * PAGE + 1,
            asked=asked,
            statuses=sorted({row["status"] for row in shown.rows}),
            changes=_changes(shown),
            charges=shown.facts.get("charges", [])[:CHARGES_MAX],
            charged=len(shown.facts.get("charges", [])),
            **_standing(console, head, shown),
        )

    @pages.post("/plans/<digest>/approval")
    def decide(digest: str) -> Response:
        approve = request.form.get("decision") == "approve"
        body = {"approve": approve, "reason": request.form.get("reason", "").strip()}
        console.carry_out("POST", "/plans/{digest}/approval", digest, body)
        tell("You approved this plan. It can be pushed now." if approve else "You refused this plan.")
        return see("console.plan", digest=digest)

    @pages.post("/plans/<digest>/push")
    def push(digest: str) -> Response:
        head = _find(console, digest)
        agreed = request.form.get("agree") == "yes"
        found = console.carry_out(
            "POST", "/connections/{name}/pushes", head.connection, {"plan": digest, "agree_charges": agreed}
        )
        return see("console.run", run_id=found["run"])


def _find(console: Console, digest: str) -> PlanHead:
    """Return a plan that the person may see."""
    names = console.access().visible()
    head = console.pages.plan(digest[:71], names)
    console.need("viewer", head.connection if head else None, "such plan")
    if head is None:
        raise AssertionError("a plan that is not there was let through")
    return head


def _changes(shown: Shown) -> int:
    counts = shown.facts["counts"]
    return sum(int(counts.get(name, 0)) for name in (*ACTIONS, "awaiting_approval"))


def _standing(console: Console, head: PlanHead, shown: Shown) -> dict[str, Any]:
    """Return where a plan stands, and what this person may do with it."""
    caller = console.access().caller
    needs = int(shown.facts["counts"].get("awaiting_approval", 0)) > 0
    expired = _now(console) > head.expires_at and not head.approved_by
    open_ = not head.used_by_run and not expired and not shown.facts["over_limits"]
    mine = same_person(head.actor, caller.actor)
    decided = bool(head.approved_by or head.refused_by)
    approver_pushes = head.approved_by is not None and same_person(head.approved_by, caller.actor)
    return {
        "needs": needs,
        "expired": expired,
        "open": open_,
        "mine": mine,
        "decidable": needs and not head.used_by_run and not expired and not decided,
        "pushable": open_
        and not head.refused_by
        and (not needs or (bool(head.approved_by) and not approver_pushes)),
        "approver_pushes": approver_pushes,
    }


def _now(console: Console) -> Any:  # noqa: ANN401 - a time
    return console.service.office.ledger.runs.now()
