"""Whether a plan still says what tab, baseline and clock say."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sheetsync.core.decide import Planned, RowResult
from sheetsync.core.plan import Plan, totals
from sheetsync.errors import StalePlanError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.limits import refuse_unsafe
from sheetsync.jobs.listing import LINES, results_of, wishes_of
from sheetsync.jobs.survey import Live, survey
from sheetsync.jobs.undo import UNDOES, compensations
from sheetsync.ports import StoredPlan

Held = Mapping[str, Mapping[str, int | None]]
"""Account id → balances of the baseline."""

NAMES_SHOWN = 10
"""Users named in the sentence; ``details`` has all."""


def refuse_stale(desk: Desk, stored: StoredPlan, waiting: Sequence[Planned]) -> None:
    """Compare the plan with the clock, the tab, the baseline and the limits, right before anything is sent.

    Live balances are not compared here: each is read right before its request, and a moved one is its row's
    conflict, not a stale plan.

    Args:
        desk: the connection.
        stored: the plan.
        waiting: its operations that were not sent yet.

    Raises:
        StalePlanError: names the rows that moved; nothing was sent.
        LimitError, ApprovalError, LedgerBehindError: nothing was sent.
    """
    if desk.clock.now() >= stored.expires_at:
        raise StalePlanError(
            f"The plan expired at {desk.local(stored.expires_at)}; nothing more was sent from it.",
            hint=f"Preview again: sheetsync preview {desk.name}",
        )
    results, held = _now(desk, stored, waiting)
    moved = list(_moved(stored, results, waiting, held=held))
    if moved:
        names = ", ".join(moved[:NAMES_SHOWN]) + (" …" if len(moved) > NAMES_SHOWN else "")
        rows = "row changed" if len(moved) == 1 else "rows changed"
        raise StalePlanError(
            f"The plan is stale: {len(moved)} {rows} since the preview (users {names}). Nothing was sent.",
            hint=f"Look at them and preview again: sheetsync preview {desk.name}",
            details={"rows": moved},
        )
    plan = Plan(
        connection=desk.name,
        operations=tuple(waiting),
        rows=tuple(results),
        totals=totals(waiting, desk.units),
        ahead=stored.body["ahead"],
        accounts=stored.body.get("accounts", 0),  # a plan of an older version has none
        present=stored.body.get("present", 0),
    )
    refuse_unsafe(desk, plan, stored)


def _as_planned(waiting: Sequence[Planned]) -> Live:
    """Answer with balances that fit, so that only tab and ledger are compared.

    Where a moved balance is a conflict, they are those that the person saw; else those of the preview.
    """
    balances: dict[str, dict[str, int | None]] = {}
    for each in waiting:
        balances.setdefault(each.operation.account_id, {}).update(each.at_pull if each.sets else each.before)
    return lambda account_ids: {each: balances[each] for each in account_ids if each in balances}


def _now(desk: Desk, stored: StoredPlan, waiting: Sequence[Planned]) -> tuple[Sequence[RowResult], Held]:
    """Return what the plan would be now, and the baselines that it would rest on."""
    live = _as_planned(waiting)
    if UNDOES in stored.body:
        meant = compensations(desk, stored.body[UNDOES], live=live)
        return meant.results, meant.held
    if LINES in stored.body:
        listed = results_of(desk, wishes_of(waiting, stored.body[LINES]), live=live)
        return listed.results, listed.held
    ids = {each.operation.account_id for each in waiting}
    seen = survey(desk, desk.sheet.read(), live=live, account_ids=ids, include_hidden=True)
    baselines = seen.book.baselines
    return seen.results, {each: dict(baselines[each].balances) for each in ids if each in baselines}


def _moved(
    stored: StoredPlan, results: Iterable[RowResult], waiting: Sequence[Planned], *, held: Held
) -> Iterator[str]:
    """Yield accounts whose edit, Key or baseline is not the plan's any more."""
    now = {each.operation.key: each for row in results for each in row.planned}
    for each in waiting:
        account_id = each.operation.account_id
        same = now.get(each.operation.key)
        edit_moved = same is None or (same.attempt, same.basis) != (each.attempt, each.basis)
        if edit_moved or held.get(account_id) != stored.body["baselines"][account_id]:
            yield account_id
