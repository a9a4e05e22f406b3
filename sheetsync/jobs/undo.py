"""Undo: a plan that takes back what operations are proven to have changed; pushed like any other."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sheetsync.core import words
from sheetsync.core.accounts import Action, Balances, Change, Operation, resulting
from sheetsync.core.book import Baseline
from sheetsync.core.decide import Planned, RowResult
from sheetsync.core.plan import build
from sheetsync.core.states import SENDABLE, UNPROVEN, RowStatus
from sheetsync.core.undoing import is_estimate, opposite, undo_key
from sheetsync.errors import BusyError, UsageError
from sheetsync.jobs import telling
from sheetsync.jobs.attendance import PUSHES, Watch, is_driven
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import settle_dead_owner
from sheetsync.jobs.preview import awaiting_approval, freeze_plan, preview_json
from sheetsync.jobs.remarking import remark
from sheetsync.jobs.survey import Live, read_live, waiting_units
from sheetsync.jobs.verify import verify
from sheetsync.ports import OperationRecord, StoredPlan

UNDOES = "undoes"
"""Where the body of a stored plan names the operations that it undoes."""


def kind_of(stored: StoredPlan) -> str:
    """Return the kind of run that carries a plan out."""
    return "undo" if UNDOES in stored.body else "push"


ONE_AT_A_TIME = (
    "A later change of the same user and unit is undone first: push this plan, then undo the rest."
)


@dataclass(frozen=True, slots=True)
class Skipped:
    """An operation that is not undone, and why."""

    operation: str
    message: str


def undo(desk: Desk, *, run: str | None = None, keys: Collection[str] = ()) -> dict[str, Any]:
    """Build and freeze the plan that undoes a run, or single operations; return the JSON of ``undo``.

    What is not proven yet is verified first. Sends nothing.

    Args:
        desk: the connection.
        run: of which all operations are meant, unless ``keys`` names some.
        keys: operation keys.

    Raises:
        UsageError: no such run or operation here, or nothing was named.
        BusyError: the run is still under way.
        ProviderError: the credit system could not be reached.
    """
    settle_dead_owner(desk)
    records = _named(desk, run, keys)
    unproven = {record.account_id for record in records if record.state in UNPROVEN}
    warnings = verify(desk, account_ids=unproven)["warnings"] if unproven else []
    wanted = [record.key for record in records]
    book = compensations(desk, wanted, live=read_live(desk))
    results, aloud = remark(desk, book.results, place="")
    plan = awaiting_approval(desk, build(desk.name, results, desk.units))
    found = freeze_plan(desk, plan, {"baselines": book.held, "ahead": False, UNDOES: wanted})
    shown = preview_json(desk, replace(found, warnings=(*warnings, *aloud)))
    skipped = [{"operation": each.operation, "message": each.message} for each in book.skipped]
    return {**shown, "skipped": skipped}


@dataclass(frozen=True, slots=True)
class Compensations:
    """What undoing comes to.

    Attributes:
        results: one row for each operation that can be undone, or was.
        held: account id → balances of the baseline that the plan rests on.
    """

    results: tuple[RowResult, ...]
    skipped: tuple[Skipped, ...]
    held: Mapping[str, dict[str, int | None]]


def compensations(desk: Desk, keys: Sequence[str], *, live: Live) -> Compensations:
    """Return, for each operation, the row that undoes it, by what the ledger says now.

    Args:
        desk: the connection.
        keys: of the operations to be undone.
        live: reads balances.
    """
    records = desk.ledger.operations.by_key(keys)
    skipped, wanted = [], []
    for key in keys:
        changes = opposite(telling.done(records[key]), desk.rules.capabilities)
        if isinstance(changes, str):
            skipped.append(Skipped(key, changes))
        else:
            wanted.append((records[key], _operation(desk, records[key], changes)))
    ids = {record.account_id for record, _ in wanted}
    baselines = desk.ledger.accounts.baselines(desk.system, desk.maker, ids)
    known = desk.ledger.operations.by_key({operation.key for _, operation in wanted})
    blocked = waiting_units(desk)
    balances = live(ids) if ids else {}
    results: list[RowResult] = []
    taken: set[tuple[str, str]] = set()
    for record, operation in wanted:
        touched = {(record.account_id, change.unit) for change in operation.changes}
        now = _Now(
            baselines[record.account_id], balances.get(record.account_id), known.get(operation.key), blocked
        )
        row = _row(desk, record, operation, now)
        if row.planned and touched & taken:
            skipped.append(Skipped(record.key, ONE_AT_A_TIME))
            continue
        taken |= touched if row.planned else set()
        results.append(row)
    held = {each: dict(baselines[each].balances) for each in ids}
    return Compensations(tuple(results), tuple(skipped), held)


def _named(desk: Desk, run: str | None, keys: Collection[str]) -> list[OperationRecord]:
    """Return the operations that are meant, oldest last: what came later is taken back first."""
    if run is None and not keys:
        raise UsageError("Say what to undo: --run ID, or --operation KEY.", hint="See: sheetsync runs")
    if run is not None:
        _refuse_driven(desk, run)
    if not keys:
        return desk.ledger.operations.history(desk.name, run=run, limit=None)
    found = desk.ledger.operations.by_key(keys)
    for key in keys:
        record = found.get(key)
        if record is None or record.connection != desk.name or run not in (None, record.run):
            where = f"Connection {desk.name}" if run is None else f"Run {run} of {desk.name}"
            raise UsageError(f"{where} has no operation {key}.", hint=f"See: sheetsync history {desk.name}")
    return sorted(found.values(), key=lambda record: (record.created_at, record.key), reverse=True)


def _refuse_driven(desk: Desk, run: str) -> None:
    found = desk.ledger.runs.get(run)
    if found is None or found.connection != desk.name or found.kind not in PUSHES:
        raise UsageError(
            f"Connection {desk.name} has no push {run}.", hint=f"See: sheetsync runs {desk.name}"
        )
    watch = Watch(desk.ledger, desk.processes, silence=desk.lease)
    if found.state == "queued" or (found.state == "running" and is_driven(watch, found)):
        raise BusyError(f"{found.kind} {run} is still under way.", hint="Wait for it, or cancel it first.")


def _operation(desk: Desk, record: OperationRecord, changes: tuple[Change, ...]) -> Operation:
    return Operation(
        key=undo_key(record.key),
        account_id=record.account_id,
        email=record.email,
        action=Action.ADJUST,
        changes=changes,
        reason=f"{telling.UNDO_OF}{record.key}",
        actor=desk.actor,
    )


@dataclass(frozen=True, slots=True)
class _Now:
    """How an account stands: its baseline, its balances or why they are not to be had, and what waits."""

    baseline: Baseline
    live: Balances | str | None
    known: OperationRecord | None
    blocked: Mapping[tuple[str, str], OperationRecord]


def _row(desk: Desk, record: OperationRecord, operation: Operation, now: _Now) -> RowResult:
    row = RowResult(
        number=0,
        account_id=record.account_id,
        email=record.email,
        status=RowStatus.EDITED,
        action=Action.ADJUST,
        keys=(operation.key,),
    )
    settled = _settled(desk, operation, now)
    if settled is not None:
        return replace(row, status=settled[0], message=settled[1])
    if now.baseline.missing:
        message = f"The credit system no longer has user {record.account_id}: nothing can be sent."
        return replace(row, status=RowStatus.INVALID, message=message)
    if not isinstance(now.live, Mapping):
        return replace(row, status=RowStatus.INVALID, message=now.live or "The balance was not read.")
    planned = _planned(operation, now, now.live)
    shown = {
        change.unit: (change.amount, planned.before.get(change.unit), planned.after[change.unit])
        for change in operation.changes
    }
    below = [code for code, after in planned.after.items() if after < 0]
    if below:
        unit = words.unit_of(below[0], desk.units)
        amount = next(change.amount for change in operation.changes if change.unit == below[0])
        held = words.amount(planned.before.get(below[0]), unit)
        message = (
            f"Cannot be undone: {unit.header} would go below 0 ({held} now, {words.signed(amount, unit)} to "
            "take it back). To take off what is left, type an Adjust."
        )
        return replace(row, status=RowStatus.INVALID, message=message, shown=shown)
    estimate = (
        " An estimate by balances: look at it before you push." if is_estimate(telling.done(record)) else ""
    )
    message = f"Undoes: {telling.deed(desk, record)}, {desk.local(record.sent_at)}.{estimate}"
    return replace(row, message=message, planned=(planned,), shown=shown)


def _settled(desk: Desk, operation: Operation, now: _Now) -> tuple[RowStatus, str] | None:
    """Return what the row is in without asking the credit system, or None."""
    for change in operation.changes:
        waiting = now.blocked.get((operation.account_id, change.unit))
        if waiting is not None:
            return RowStatus.CONFIRMATION_REQUIRED, telling.known(desk, waiting).advice
    known = now.known
    if known is None or (known.state in SENDABLE and not known.closed):
        return None
    return RowStatus.ALREADY_SENT, f"{telling.known(desk, known).ending} It is not sent again."


def _planned(operation: Operation, now: _Now, live: Balances) -> Planned:
    before = {change.unit: live.get(change.unit) for change in operation.changes}
    return Planned(
        operation=operation,
        attempt=(now.known.attempts if now.known else 0) + 1,
        epochs={code: now.baseline.epochs.get(code, 0) for code in before},
        basis=now.baseline.basis,
        at_pull=before,
        before=before,
        after=resulting(operation, before),
        # what the customer spends meanwhile stays spent: the change counts, whatever the balance is by then
        sets=False,
    )
