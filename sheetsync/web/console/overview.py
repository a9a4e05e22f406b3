"""The first page: every connection at a glance."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response

from sheetsync.ledger.figures import Moved, Waiting
from sheetsync.ledger.pages import PlanHead
from sheetsync.ports import Run
from sheetsync.web.console.frame import Console

AGES = (("under an hour", timedelta(hours=1)), ("under a day", timedelta(days=1)))
"""Bounds of the ages in which unsettled operations are counted; the rest is older."""

FAILED_WITHIN = timedelta(days=1)
FAILED_MAX = 50
PLANS_MAX = 50
RUNNING_MAX = 50
"""Rows that the first page reads at most of each list; whatever is behind stands on the connection's page."""


@dataclass(frozen=True, slots=True)
class Card:
    """What the first page says of a connection.

    Attributes:
        failed: the newest failed run of the last day, and what it said.
        refused: operations that ended today as refused or as not arrived.
        edits: changes in the newest plan that may be pushed; None without one.
    """

    name: str
    provider: str
    environment: str
    role: str
    pulled_at: datetime | None
    waiting: Waiting | None
    running: tuple[Run, ...]
    moved: tuple[Moved, ...]
    plan: PlanHead | None
    edits: int | None
    needs_approval: bool
    refused: int
    failed: Run | None
    error: str


def add(pages: Blueprint, console: Console) -> None:
    """Add the page."""

    @pages.get("/")
    def overview() -> Response:
        cards = cards_of(console)
        waits = sum(card.waiting.count for card in cards if card.waiting)
        to_approve = [card for card in cards if card.needs_approval]
        return console.page(
            "overview.html", cards=cards, waits=waits, to_approve=to_approve, ages=[word for word, _ in AGES]
        )


def cards_of(console: Console, names: list[str] | None = None) -> list[Card]:
    """Return a card for each connection that the person may see, in a bounded number of queries."""
    roles = console.access().visible()
    shown = sorted(roles) if names is None else names
    pages, now = console.pages, console.service.office.ledger.runs.now()
    pulled = pages.pulled(shown)
    waiting = pages.waiting(shown, [now - length for _, length in AGES])
    running = pages.runs(shown, states=("queued", "running"), limit=RUNNING_MAX)
    moved = pages.moved(shown, console.told.midnight(now))
    plans = pages.plans(shown, since=now, limit=PLANS_MAX)
    refused = pages.refused(shown, console.told.midnight(now))
    failed = pages.runs(shown, states=("failed",), since=now - FAILED_WITHIN, limit=FAILED_MAX)
    cards = []
    for name in shown:
        connection = console.settings.connections[name]
        plan = next((each for each in plans if each.connection == name), None)
        edits, needs = _edits(console, plan)
        last_failed = next((each for each in failed if each.connection == name), None)
        told = {} if last_failed is None else pages.result(last_failed.run, ["error.message"])
        cards.append(
            Card(
                name=name,
                provider=connection.provider,
                environment=connection.environment,
                role=roles[name],
                pulled_at=pulled.get(name),
                waiting=waiting.get(name),
                running=tuple(each for each in running if each.connection == name),
                moved=tuple(moved.get(name, ())),
                plan=plan,
                edits=edits,
                needs_approval=needs,
                refused=refused.get(name, 0),
                failed=last_failed,
                error=str(told.get("error.message", "")),
            )
        )
    return cards


def _edits(console: Console, plan: PlanHead | None) -> tuple[int | None, bool]:
    """Return how many changes a plan holds, and whether it waits for a second person."""
    if plan is None:
        return None, False
    counts = console.pages.plan_part(plan, "shown.counts") or {}
    waits = int(counts.get("awaiting_approval", 0))
    changes = waits + sum(int(counts.get(action, 0)) for action in ACTIONS)
    return changes, bool(waits) and not plan.approved_by and not plan.refused_by


ACTIONS = ("add", "reset", "adjust", "refund", "cash", "apply_promo")
"""Under these a plan counts what it would send; everything else in its counts is a status."""
