"""What a preview says beside the plan: slips, an old pull, a tab that lost rows. None of it stops a push."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from sheetsync.core.decide import RowResult
from sheetsync.core.plan import Plan
from sheetsync.core.remarks import remarks
from sheetsync.core.states import RowStatus
from sheetsync.jobs.desk import Desk

OLD_PULL = timedelta(hours=4)
"""From which a preview says how old the pull is: half a working day, in which customers buy and spend."""

HOURS_SHOWN = 72
"""Hours up to which an age is told in hours; after that in days."""

MANY_PERCENT = 50
"""Share of the accounts from which a push that changes them, or a tab that lacks them, is pointed out."""

MANY_FROM = 20
"""Accounts from which a share says something."""


Results = tuple[RowResult, ...]


def remark(desk: Desk, results: Results, *, place: str = "row") -> tuple[Results, tuple[str, ...]]:
    """Return rows with remarks in the messages of the valid ones, and the remarks to say aloud.

    Args:
        desk: the connection.
        results: rows of a tab, lines of a file, or what an undo comes to.
        place: what their numbers count; empty where they have none, as in an undo.
    """
    valid = [row for row in results if row.status is RowStatus.EDITED]
    if not valid:
        return results, ()
    past = desk.ledger.operations.changed(desk.system, {row.account_id for row in valid})
    numbered = valid if place else [replace(row, number=at) for at, row in enumerate(valid)]
    seen = remarks(numbered, desk.units, past, place=place)
    told = {id(row): seen.rows.get(each.number, ()) for row, each in zip(valid, numbered, strict=True)}
    return tuple(_with(row, told.get(id(row), ())) for row in results), seen.aloud


def _with(row: RowResult, sentences: tuple[str, ...]) -> RowResult:
    return replace(row, message=" ".join((row.message, *sentences)).strip()) if sentences else row


def warn(desk: Desk, plan: Plan) -> Iterator[str]:
    """Yield what a person should know of the whole before pushing."""
    pulled = desk.ledger.accounts.last_pull(desk.name)
    age = timedelta() if pulled is None else desk.clock.now() - pulled.at
    if pulled is not None and age >= OLD_PULL:
        yield (
            f"This tab was pulled {_long(age)} ago ({desk.local(pulled.at)}): the balances of the planned "
            "rows were read again just now, all others are of then. Pull to see today's."
        )
    if plan.accounts >= MANY_FROM:
        yield from _shares(plan)


def _shares(plan: Plan) -> Iterator[str]:
    changed, missing = plan.changed_percent, plan.absent_percent
    if changed is not None and changed > MANY_PERCENT:
        yield f"{changed} % of the {plan.accounts} users would change: is that meant?"
    if missing is not None and missing > MANY_PERCENT:
        yield (
            f"The tab has {plan.present} rows for {plan.accounts} users: {missing} % are gone from it. "
            "A deleted row is never a change; a pull brings it back."
        )


def _long(age: timedelta) -> str:
    hours = age // timedelta(hours=1)
    return f"{hours} h" if hours < HOURS_SHOWN else f"{hours // 24} days"
