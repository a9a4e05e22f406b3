"""Trip wires: limits that a person set so that a slip stays small."""

from collections.abc import Iterator, Mapping

from sheetsync.core import words
from sheetsync.core.people import same_person
from sheetsync.core.plan import Plan
from sheetsync.core.states import SENDABLE
from sheetsync.errors import ApprovalError, LedgerBehindError, LimitError
from sheetsync.jobs.desk import Desk
from sheetsync.ports import OperationRecord, StoredPlan


def over_limits(desk: Desk, plan: Plan) -> Iterator[str]:
    """Yield a sentence for every limit that the plan is over."""
    if len(plan.operations) > desk.limits.rows_per_push:
        yield (
            f"{len(plan.operations)} rows are more than the {desk.limits.rows_per_push} that one push may "
            "have (limits.max_rows_per_push): push them in parts with --account, or have the limit raised."
        )
    yield from _shares(desk, plan)
    yield from over_day(desk, plan)
    yield from _amounts(desk, plan, desk.limits.amount_per_row, "max_amount_per_row")
    for code, limit in desk.limits.total_per_push.items():
        total = plan.totals.get(code)
        if total is not None and total.added + total.removed > limit:
            unit = words.unit_of(code, desk.units)
            moved = words.amount(total.added + total.removed, unit)
            yield (
                f"The push moves {moved} {unit.header} in all, more than {words.amount(limit, unit)} "
                "(limits.max_total_per_push)."
            )


def _shares(desk: Desk, plan: Plan) -> Iterator[str]:
    """Yield a sentence for a plan that changes, or a tab that lacks, too many of all accounts."""
    changed, absent = desk.limits.changed_percent, desk.limits.absent_percent
    if changed is not None and (plan.changed_percent or 0) > changed:
        yield (
            f"The push changes {plan.changed_percent} % of the {plan.accounts} users, more than {changed} % "
            "(limits.max_changed_percent): push them in parts with --account, or have the limit raised."
        )
    if absent is not None and (plan.absent_percent or 0) > absent:
        yield (
            f"The tab has {plan.present} rows for {plan.accounts} users, so {plan.absent_percent} % are "
            f"gone, more than {absent} % (limits.max_absent_percent): pull to bring them back, then preview."
        )


def _amounts(desk: Desk, plan: Plan, limits: Mapping[str, int], name: str) -> Iterator[str]:
    for each in plan.operations:
        for code, after in each.after.items():
            change = abs(after - (each.before.get(code) or 0))
            if code in limits and change > limits[code]:
                unit = words.unit_of(code, desk.units)
                yield (
                    f"User {each.operation.account_id} would change by {words.amount(change, unit)} "
                    f"{unit.header}, more than {words.amount(limits[code], unit)} (limits.{name})."
                )


def over_day(desk: Desk, plan: Plan) -> Iterator[str]:
    """Yield a sentence for every unit of which the actor would move too much today."""
    limits = desk.limits.total_per_person_day
    if not limits:
        return
    midnight = desk.clock.now().astimezone(desk.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    everybody = desk.ledger.operations.history(desk.name, since=midnight, limit=None)
    records = [record for record in everybody if same_person(record.actor, desk.actor)]
    for code, limit in limits.items():
        planned = plan.totals.get(code)
        before = sum(_moved(record, code) for record in records if record.state not in SENDABLE)
        if planned is not None and before + planned.added + planned.removed > limit:
            unit = words.unit_of(code, desk.units)
            yield (
                f"{desk.actor} would move {words.amount(before + planned.added + planned.removed, unit)} "
                f"{unit.header} today, {words.amount(before, unit)} of it already sent, more than "
                f"{words.amount(limit, unit)} (limits.max_total_per_person_day)."
            )


def _moved(record: OperationRecord, code: str) -> int:
    """Return how much of a unit an operation moves, without its sign."""
    return sum(abs((unit.expected or 0) - (unit.before or 0)) for unit in record.units if unit.unit == code)


def needs_approval(desk: Desk, plan: Plan) -> bool:
    """Whether a row or the total is over ``approval_over``."""
    limits = desk.limits.approval_over
    totals = any(
        code in limits and total.added + total.removed > limits[code] for code, total in plan.totals.items()
    )
    return totals or any(True for _ in _amounts(desk, plan, limits, "approval_over"))


def refuse_unsafe(desk: Desk, plan: Plan, stored: StoredPlan) -> None:
    """Stop a push that is over a limit, not approved, or newer than the ledger.

    Raises:
        LimitError, ApprovalError, LedgerBehindError: nothing was sent.
    """
    over = list(over_limits(desk, plan))
    if over:
        raise LimitError(over[0], hint="Nothing was sent.", details={"limits": over})
    if plan.ahead:
        raise LedgerBehindError(
            "Some rows hold keys that are newer than the ledger, as after restoring a backup.",
            hint="Restore the newer ledger; or pull, look at those rows and type their edits again.",
        )
    if needs_approval(desk, plan):
        refuse_unapproved(desk, stored)


def refuse_unapproved(desk: Desk, stored: StoredPlan) -> None:
    """Stop a push that a second person has to approve first.

    Raises:
        ApprovalError: nobody did, or not lately, or for another run, or it was the person who pushes.
    """
    ask = f"A second person runs: sheetsync approve {desk.name} --plan {stored.digest}"
    if stored.refused_by is not None:
        why = f": {stored.decision_reason}" if stored.decision_reason else "."
        raise ApprovalError(
            f"{stored.refused_by} refused this plan{why}", hint="Change it and preview again."
        )
    if stored.approved_by is None or stored.approved_at is None:
        raise ApprovalError("The plan is over the approval limit and waits for a second person.", hint=ask)
    if any(same_person(stored.approved_by, actor) for actor in (desk.actor, stored.actor)):
        raise ApprovalError(f"{stored.approved_by} approved it and may not push it as well.", hint=ask)
    if desk.clock.now() >= stored.approved_at + desk.approval_expires:
        raise ApprovalError(f"The approval of {desk.local(stored.approved_at)} is too old.", hint=ask)
    used_by = desk.ledger.runs.get(stored.used_by_run) if stored.used_by_run else None
    if used_by is not None and used_by.state not in ("interrupted", "running"):
        raise ApprovalError("The approval was used up by an earlier push.", hint=ask)
