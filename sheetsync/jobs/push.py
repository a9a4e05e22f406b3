"""Push: carries out exactly the plan that a preview showed, and nothing else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sheetsync.core.decide import Planned
from sheetsync.core.plan import plan_digest, thaw
from sheetsync.core.states import UNPROVEN, UNSETTLED, row_status
from sheetsync.errors import (
    InterruptedRunError,
    SheetsyncError,
    StalePlanError,
)
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.dispatch import send_all
from sheetsync.jobs.driving import busy, drive, settle_dead_owner
from sheetsync.jobs.listing import LINES
from sheetsync.jobs.outcome import counts, finish_showing, kept, sheet_requests
from sheetsync.jobs.proving import capabilities_now
from sheetsync.jobs.quoting import ask_again, charges, refuse_unagreed
from sheetsync.jobs.results import refresh_results
from sheetsync.jobs.running import running
from sheetsync.jobs.sending import Sending
from sheetsync.jobs.showing import Told
from sheetsync.jobs.staleness import refuse_stale, to_send
from sheetsync.jobs.undo import UNDOES, kind_of
from sheetsync.jobs.verify import alerts, verify_records
from sheetsync.ports import StoredPlan

QUEUED_SHOWN_FROM = 50
"""Operations from which the tab shows Queued while they wait; a shorter push ends before anybody looks."""


def push(
    desk: Desk,
    digest: str,
    *,
    check: bool = True,
    run: str | None = None,
    canaries: int | None = None,
    agreed: bool = False,
) -> dict[str, Any]:
    """Carry out a plan; pushing an interrupted one again goes on with it, a finished one sends nothing.

    Args:
        desk: the connection.
        digest: of the plan.
        check: verify afterwards.
        run: the waiting or interrupted run that this process goes on with.
        canaries: operations of each action that are proven before the others leave; by default as configured.
        agreed: a person has agreed to what the plan charges customers.

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
    if run is None:
        settle_dead_owner(desk)
        if not to_send(desk, planned):
            return _already_done(desk, stored, planned)
    refuse_unagreed(desk, to_send(desk, planned), digest, is_agreed=agreed)
    kind = kind_of(stored)
    params = {"check": check, "canaries": canaries, "agreed": agreed}
    with running(desk, kind, run=run, plan=digest, params=params) as now:
        now.desk.sheet.ensure_writable()
        result = _carry_out(
            now.desk,
            stored,
            planned,
            run=now.run,
            check=check,
            canaries=_canaries(desk, canaries, check=check),
        )
        now.result = kept(result)
    return result


def open_charges(desk: Desk, digest: str) -> list[dict[str, str]]:
    """Return what a plan would still charge customers; nothing where there is no such plan."""
    stored = desk.ledger.plans.load(desk.name, digest)
    planned = [] if stored is None else [thaw(each) for each in stored.body["operations"]]
    return charges(to_send(desk, planned))


def _carry_out(
    desk: Desk, stored: StoredPlan, planned: list[Planned], *, run: str, check: bool, canaries: int
) -> dict[str, Any]:
    with drive(desk, run) as held:
        waiting = to_send(desk, planned)
        if waiting:
            refuse_stale(desk, stored, waiting)
            waiting = ask_again(desk, waiting)
        desk.ledger.operations.queue(
            [_asked_by(desk, each) for each in waiting],
            held.lease,
            connection_name=desk.name,
            plan=stored.digest,
            capabilities=capabilities_now(desk) if waiting else desk.rules.capabilities,
        )
        desk.ledger.plans.use(desk.name, stored.digest, run)
        warnings = finish_showing(desk) if len(waiting) >= QUEUED_SHOWN_FROM else []
        # what an interrupted run of this plan has done counts as done
        sending = Sending(desk, held, run, total=len(planned), done=len(planned) - len(waiting))
        send_all(sending, waiting, canaries=canaries)
        warnings += finish_showing(desk, sending.told)
        if check and sending.stopped is None:
            # still the owner: the next push begins when this one has told its end
            try:
                _check(desk, planned, run)
            except InterruptedRunError as error:
                sending.stop(error)
            except KeyboardInterrupt:
                sending.stop(InterruptedRunError("The push was stopped while it verified; all was sent."))
            warnings += finish_showing(desk)
    if sending.stopped is not None:
        raise _stopped(desk, sending.stopped, stored, planned, run=run)
    warnings += refresh_results(desk, [each.operation.key for each in planned])
    return _result(desk, run, stored, planned, told=sending.told, warnings=warnings + sending.warnings)


def _canaries(desk: Desk, asked: int | None, *, check: bool) -> int:
    """Return how many operations of each action are proven first; unasked, none where nothing is verified."""
    if asked is not None:
        return asked
    return desk.limits.canary if check else 0


def _asked_by(desk: Desk, planned: Planned) -> Planned:
    """Return the operation under the name of who pushes, which may not be who previewed."""
    return replace(planned, operation=replace(planned.operation, actor=desk.actor))


def _check(desk: Desk, planned: Sequence[Planned], run: str) -> None:
    records = desk.ledger.operations.by_key({each.operation.key for each in planned})
    verify_records(desk, [record for record in records.values() if record.state in UNPROVEN], run=run)


def _already_done(desk: Desk, stored: StoredPlan, planned: list[Planned]) -> dict[str, Any]:
    """Return how the plan's operations ended, without sending anything."""
    records = desk.ledger.operations.by_key({each.operation.key for each in planned})
    lease = desk.ledger.runs.lease(desk.system)
    underway = [record for record in records.values() if record.state in UNSETTLED]
    if lease is not None and lease.run in {record.run for record in underway}:
        raise busy(desk, lease)  # a dead owner was cleaned up before
    warnings = finish_showing(desk)
    return _result(desk, stored.used_by_run or "", stored, planned, told={}, warnings=warnings)


def _result(
    desk: Desk,
    run: str,
    stored: StoredPlan,
    planned: Sequence[Planned],
    *,
    told: Mapping[str, Told],
    warnings: list[str],
) -> dict[str, Any]:
    records = desk.ledger.operations.by_key({each.operation.key for each in planned})
    warnings = warnings + alerts(desk, list(records))
    rows = []
    for each in planned:
        key = each.operation.key
        row = telling.operation_row(records[key], page=desk.page(records[key].account_id))
        if key in told:
            row |= {"status": told[key].status.value, "message": told[key].message}
        rows.append(row)
    return {
        "run": run,
        "plan": plan_digest(desk.name, planned),
        "connection": desk.name,
        "environment": desk.environment,
        "hidden": stored.body.get("hidden", 0),
        "counts": counts(rows),
        "rows": rows,
        "warnings": list(dict.fromkeys(warnings)),
        **sheet_requests(desk),
    }


def _stopped(
    desk: Desk, error: SheetsyncError, stored: StoredPlan, planned: Sequence[Planned], *, run: str
) -> SheetsyncError:
    """Return the error that stopped a push, with how every operation stands."""
    records = desk.ledger.operations.by_key({each.operation.key for each in planned})
    states = Counter(row_status(record.state).value for record in records.values())
    told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    # no preview of the tab would find what a file or an undo asked for
    of_its_own = LINES in stored.body or UNDOES in stored.body
    rest = f"sheetsync push {desk.name} --plan {stored.digest}" if of_its_own else "preview and push again"
    hint = f"{error.hint} Rows: {told}. Go on with: sheetsync verify {desk.name}, then {rest}."
    details = {**error.details, "run": run, "counts": dict(states)}
    return type(error)(error.message, hint=hint.strip(), details=details)
