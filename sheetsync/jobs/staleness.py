"""Whether a plan still says what tab, baseline and clock say."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sheetsync.core.decide import Planned, RowResult
from sheetsync.core.plan import Plan, thaw, totals
from sheetsync.core.states import SENDABLE, OperationState
from sheetsync.errors import StalePlanError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.limits import refuse_unsafe
from sheetsync.jobs.listing import LINES, results_of, wishes_of
from sheetsync.jobs.survey import Live, survey
from sheetsync.jobs.undo import UNDOES, compensations
from sheetsync.ports import OperationRecord, StoredPlan

Held = Mapping[str, Mapping[str, int | None]]
"""Account id → balances of the baseline."""

NAMES_SHOWN = 10
"""Users named in the sentence; ``details`` has all."""


def refuse_early(desk: Desk, stored: StoredPlan) -> None:
    """Compare a plan with clock, baseline and limits, before a run is started that would only be refused.

    The tab is not read here: the run does that right before anything is sent, and asks all of this again.

    Args:
        desk: the connection.
        stored: the plan.

    Raises:
        StalePlanError, LimitError, ApprovalError, LedgerBehindError: nothing was sent.
    """
    waiting = to_send(desk, [thaw(each) for each in stored.body["operations"]])
    if not waiting:
        return  # it is asked how a push ended that was done before
    _refuse_expired(desk, stored)
    ids = {each.operation.account_id for each in waiting}
    known = desk.ledger.accounts.baselines(desk.system, desk.maker, ids)
    held = {each: dict(known[each].balances) for each in ids if each in known}
    moved = sorted(each for each in ids if held.get(each) != stored.body["baselines"][each])
    if moved:
        raise _stale(desk, moved)
    refuse_unsafe(desk, _plan_of(desk, stored, waiting, ()), stored)


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
    _refuse_expired(desk, stored)
    results, held = _now(desk, stored, waiting)
    moved = list(dict.fromkeys(_moved(stored, results, waiting, held=held)))
    if moved:
        raise _stale(desk, moved)
    refuse_unsafe(desk, _plan_of(desk, stored, waiting, results), stored)


def to_send(desk: Desk, planned: Sequence[Planned]) -> list[Planned]:
    """Return the operations whose planned attempt has not been made."""
    records = desk.ledger.operations.by_key({each.operation.key for each in planned})
    return [each for each in planned if _is_open(each, records.get(each.operation.key))]


def _is_open(planned: Planned, record: OperationRecord | None) -> bool:
    if record is None:
        return True
    may_go = record.state in SENDABLE or record.state is OperationState.QUEUED
    return may_go and not record.closed and record.attempts == planned.attempt - 1


def _refuse_expired(desk: Desk, stored: StoredPlan) -> None:
    if desk.clock.now() >= stored.expires_at:
        raise StalePlanError(
            f"The plan expired at {desk.local(stored.expires_at)}; nothing more was sent from it.",
            hint=f"Preview again: sheetsync preview {desk.name}",
        )


def _stale(desk: Desk, moved: Sequence[str]) -> StalePlanError:
    names = ", ".join(moved[:NAMES_SHOWN]) + (" …" if len(moved) > NAMES_SHOWN else "")
    rows = "row changed" if len(moved) == 1 else "rows changed"
    return StalePlanError(
        f"The plan is stale: {len(moved)} {rows} since the preview (users {names}). Nothing was sent.",
        hint=f"Look at them and preview again: sheetsync preview {desk.name}",
        details={"rows": list(moved)},
    )


def _plan_of(
    desk: Desk, stored: StoredPlan, waiting: Sequence[Planned], results: Sequence[RowResult]
) -> Plan:
    """Return what is left of a plan, as the limits look at it."""
    return Plan(
        connection=desk.name,
        operations=tuple(waiting),
        rows=tuple(results),
        totals=totals(waiting, desk.units),
        ahead=stored.body["ahead"],
        accounts=stored.body.get("accounts", 0),  # a plan of an older version has none
        present=stored.body.get("present", 0),
    )


def _as_planned(waiting: Sequence[Planned]) -> Live:
    """Answer with balances that fit, so that only tab and ledger are compared.

    Where a moved balance is a conflict, they are those that the person saw; else those of the preview. Of
    several operations of one account and unit the first one counts: the others follow from it.
    """
    balances: dict[str, dict[str, int | None]] = {}
    for each in waiting:
        held = balances.setdefault(each.operation.account_id, {})
        held.update(dict(each.at_pull if each.sets else each.before) | held)
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
