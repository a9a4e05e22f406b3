"""Push: carries out exactly the plan that a preview showed, and nothing else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sheetsync.core.decide import Planned
from sheetsync.core.plan import Plan, thaw, totals
from sheetsync.core.states import SENDABLE, UNPROVEN, UNSETTLED, OperationState, row_status
from sheetsync.errors import SheetsyncError, StalePlanError
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import busy, drive, settle_dead_owner
from sheetsync.jobs.limits import refuse_unsafe
from sheetsync.jobs.outcome import counts, finish_showing
from sheetsync.jobs.sending import Sending, send_all
from sheetsync.jobs.showing import Told
from sheetsync.jobs.survey import Live, survey
from sheetsync.jobs.verify import verify_records
from sheetsync.ports import OperationRecord, StoredPlan


def push(desk: Desk, digest: str, *, check: bool = True) -> dict[str, Any]:
    """Carry out a plan; pushing an interrupted one again goes on with it, a finished one sends nothing.

    Args:
        desk: the connection.
        digest: of the plan.
        check: verify afterwards.

    Returns:
        The JSON of ``push``.

    Raises:
        UnsafeError: stale plan, limit, approval or another push; nothing was sent.
        ProviderError: the credit system refused us or could not be reached; the ledger holds what was sent.
    """
    stored = desk.ledger.plans.load(desk.name, digest)
    if stored is None:
        raise StalePlanError(
            f"No preview of {desk.name} has shown a plan {digest[:19]}….",
            hint=f"Preview first: sheetsync preview {desk.name}",
        )
    planned = [thaw(each) for each in stored.body["operations"]]
    settle_dead_owner(desk)
    if not _to_send(desk, planned):
        return _already_done(desk, stored, planned)
    desk.sheet.ensure_writable()
    run = desk.ledger.runs.start("push", desk.name, desk.system, actor=desk.actor, plan=digest)
    try:
        result = _carry_out(desk, stored, planned, run=run, check=check)
    except BaseException as error:
        desk.ledger.runs.finish(run, "failed", error.as_dict() if isinstance(error, SheetsyncError) else None)
        raise
    desk.ledger.runs.finish(run, "done", {"counts": result["counts"]})
    return result


def _carry_out(
    desk: Desk, stored: StoredPlan, planned: list[Planned], *, run: str, check: bool
) -> dict[str, Any]:
    with drive(desk, run) as held:
        waiting = _to_send(desk, planned)
        _refuse_stale(desk, stored, waiting)
        desk.ledger.operations.queue(
            [_asked_by(desk, each) for each in waiting],
            held.lease,
            connection_name=desk.name,
            plan=stored.digest,
            capabilities=desk.rules.capabilities,
        )
        desk.ledger.plans.use(desk.name, stored.digest, run)
        warnings = finish_showing(desk)
        sending = Sending(desk, held, run)
        send_all(sending, waiting)
    warnings += finish_showing(desk, sending.told)
    if check and sending.stopped is None:
        _check(desk, planned, run)
        warnings += finish_showing(desk)
    if sending.stopped is not None:
        raise _stopped(desk, sending.stopped, planned, run)
    return _result(desk, run, stored, planned, sending.told, warnings + sending.warnings)


def _asked_by(desk: Desk, planned: Planned) -> Planned:
    """Return the operation under the name of who pushes, which may not be who previewed."""
    return replace(planned, operation=replace(planned.operation, actor=desk.actor))


def _to_send(desk: Desk, planned: Sequence[Planned]) -> list[Planned]:
    """Return the operations whose planned attempt has not been made."""
    records = desk.ledger.operations.by_key({each.operation.key for each in planned})
    return [each for each in planned if _is_open(each, records.get(each.operation.key))]


def _is_open(planned: Planned, record: OperationRecord | None) -> bool:
    if record is None:
        return True
    may_go = record.state in SENDABLE or record.state is OperationState.QUEUED
    return may_go and not record.closed and record.attempts == planned.attempt - 1


def _refuse_stale(desk: Desk, stored: StoredPlan, waiting: Sequence[Planned]) -> None:
    """Compare the plan with tab, baseline and clock.

    Raises:
        StalePlanError: names the rows that moved; nothing was sent.
    """
    if desk.clock.now() >= stored.expires_at:
        raise StalePlanError(
            f"The plan expired at {desk.local(stored.expires_at)}; nothing more was sent from it.",
            hint=f"Preview again: sheetsync preview {desk.name}",
        )
    tab = desk.sheet.read()
    ids = {each.operation.account_id for each in waiting}
    found = survey(desk, tab, live=_planned_live(waiting), account_ids=ids, include_hidden=True)
    now = {each.operation.key: (row, each) for row in found.results for each in row.planned}
    moved = []
    for each in waiting:
        account_id = each.operation.account_id
        same = now.get(each.operation.key)
        baseline = found.book.baselines.get(account_id)
        if same is None or (same[1].attempt, same[1].basis) != (each.attempt, each.basis):
            moved.append(account_id)
        elif baseline is None or dict(baseline.balances) != stored.body["baselines"][account_id]:
            moved.append(account_id)
    if moved:
        names = ", ".join(moved[:10]) + (" …" if len(moved) > 10 else "")
        raise StalePlanError(
            f"The plan is stale: the rows of {len(moved)} users changed since the preview (users {names}). "
            "Nothing was sent.",
            hint=f"Look at them and preview again: sheetsync preview {desk.name}",
            details={"rows": moved},
        )
    plan = Plan(
        connection=desk.name,
        operations=tuple(waiting),
        rows=found.results,
        totals=totals(waiting, desk.units),
        ahead=stored.body["ahead"],
    )
    refuse_unsafe(desk, plan, stored)


def _planned_live(waiting: Sequence[Planned]) -> Live:
    """Answer with the balances that the person saw: live ones are read right before each request."""
    balances: dict[str, dict[str, int | None]] = {}
    for each in waiting:
        balances.setdefault(each.operation.account_id, {}).update(each.at_pull)
    return lambda account_ids: {each: balances[each] for each in account_ids if each in balances}


def _check(desk: Desk, planned: Sequence[Planned], run: str) -> None:
    records = desk.ledger.operations.by_key({each.operation.key for each in planned})
    verify_records(desk, [record for record in records.values() if record.state in UNPROVEN], run=run)


def _already_done(desk: Desk, stored: StoredPlan, planned: list[Planned]) -> dict[str, Any]:
    """Return how the plan's operations ended, without sending anything."""
    records = desk.ledger.operations.by_key({each.operation.key for each in planned})
    lease = desk.ledger.runs.lease(desk.system)
    underway = [record for record in records.values() if record.state in UNSETTLED]
    if underway and lease is not None and lease.run in {record.run for record in underway}:
        if desk.processes.is_alive(lease.owner) or desk.ledger.runs.now() < lease.expires_at:
            raise busy(desk, lease)
    warnings = finish_showing(desk)
    return _result(desk, stored.used_by_run or "", stored, planned, {}, warnings)


def _result(
    desk: Desk,
    run: str,
    stored: StoredPlan,
    planned: Sequence[Planned],
    told: Mapping[str, Told],
    warnings: list[str],
) -> dict[str, Any]:
    records = desk.ledger.operations.by_key({each.operation.key for each in planned})
    rows = []
    for each in planned:
        key = each.operation.key
        row = telling.operation_row(records[key])
        if key in told:
            row |= {"status": told[key].status.value, "message": told[key].message}
        rows.append(row)
    return {
        "run": run,
        "plan": stored.digest,
        "connection": desk.name,
        "counts": counts(rows),
        "rows": rows,
        "warnings": warnings,
    }


def _stopped(desk: Desk, error: SheetsyncError, planned: Sequence[Planned], run: str) -> SheetsyncError:
    """Return the error that stopped a push, with how every operation stands."""
    records = desk.ledger.operations.by_key({each.operation.key for each in planned})
    states = Counter(row_status(record.state).value for record in records.values())
    told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    hint = (
        f"{error.hint} Rows: {told}. Go on with: sheetsync verify {desk.name}, then preview and push again."
    )
    return type(error)(error.message, hint=hint.strip(), details={"run": run, "counts": dict(states)})
