"""What a preview says beside the plan: slips, an old pull, a tab that lost rows. None of it stops a push."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from sheetsync.core.decide import RowResult
from sheetsync.core.plan import Plan
from sheetsync.core.remarks import remarks
from sheetsync.core.states import RowStatus
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.survey import Survey

OLD_PULL = timedelta(hours=4)
"""From which a preview says how old the pull is: half a working day, in which customers buy and spend."""

HOURS_SHOWN = 72
"""Hours up to which an age is told in hours; after that in days."""

MANY_PERCENT = 50
"""Share of the accounts from which a push that changes them, or a tab that lacks them, is pointed out."""

MANY_FROM = 20
"""Accounts from which a share says something."""


def remark(desk: Desk, found: Survey) -> tuple[Survey, tuple[str, ...]]:
    """Return the survey with remarks in the messages of its valid rows, and those to say aloud."""
    valid = [row for row in found.results if row.status is RowStatus.EDITED]
    if not valid:
        return found, ()
    past = desk.ledger.operations.changed(desk.system, {row.account_id for row in valid})
    seen = remarks(valid, desk.units, past)
    results = tuple(_with(row, seen.rows.get(row.number, ())) for row in found.results)
    return replace(found, results=results), seen.aloud


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
