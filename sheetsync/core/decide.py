"""Baseline × tab × live × ledger: the status of every row that asks for something. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sheetsync.core import fields, words
from sheetsync.core.accounts import Action, Balances, Capabilities, Change, Operation, Unit, resulting
from sheetsync.core.cells import text_of
from sheetsync.core.diff import Baseline, Edit, Interpreted, Trouble, Wanted
from sheetsync.core.known import Known, Ledgered, counted, settled_status
from sheetsync.core.states import RowStatus

__all__ = [
    "Known",
    "Ledgered",
    "Planned",
    "RowResult",
    "carried_out_as_reset",
    "decide",
    "wants_live",
]


@dataclass(frozen=True, slots=True)
class Planned:
    """One operation of a plan.

    Attributes:
        attempt: 1 for the first time it is sent.
        at_pull: unit code → balance that the person saw.
        before: unit code → balance read just now.
        after: unit code → balance to expect.
        sets: carried out by setting the balance, so a moved balance is a conflict.
        sends: False where the balance already is what is asked for.
    """

    operation: Operation
    attempt: int
    epochs: Mapping[str, int]
    basis: int
    at_pull: Balances
    before: Balances
    after: Mapping[str, int]
    sets: bool
    sends: bool = True


@dataclass(frozen=True, slots=True)
class RowResult:
    """What a row means.

    Attributes:
        message: one sentence for the person; may hold a remark that does not block.
        planned: operations that a push would send.
        keys: keys of the operations that the row speaks of.
        shown: unit code → (amount, before, after) for the preview.
        ahead: the row's Key is newer than the ledger.
        price: what the customer would be charged, in words, of an action that has a price.
    """

    number: int
    account_id: str
    email: str
    status: RowStatus
    action: Action | None = None
    message: str = ""
    planned: tuple[Planned, ...] = ()
    keys: tuple[str, ...] = ()
    shown: Mapping[str, tuple[int, int | None, int | None]] = field(default_factory=dict)
    ahead: bool = False
    price: str = ""


def carried_out_as_reset(action: Action, change: Change, capabilities: Capabilities) -> bool:
    """Whether this change travels as “set the balance to”, so that it would overwrite a moved balance."""
    if action is Action.RESET:
        return True
    return action is Action.ADJUST and change.amount < 0 and not capabilities.subtracts


def wants_live(row: Interpreted, ledgered: Ledgered) -> bool:
    """Whether the row's account has to be read now to decide the row."""
    return bool(row.wanted) and settled_status(row, ledgered) is None


def decide(
    row: Interpreted, ledgered: Ledgered, *, live: Balances | None, capabilities: Capabilities, actor: str
) -> RowResult:
    """Return the row's one status.

    Args:
        row: as interpreted.
        ledgered: the ledger's operations.
        live: the account's balances read just now; needed where ``wants_live``.
        capabilities: of the credit system.
        actor: who previews; travels with the operations.
    """
    settled = settled_status(row, ledgered)
    if settled is not None:
        status, message, keys = settled
        return _result(row, status, message, keys=keys)
    edit, baseline = row.edit, row.baseline
    if edit is None or baseline is None or live is None:
        return _result(row, RowStatus.INVALID, "The balance was not read, so nothing is sent: preview again.")
    planned, remarks = [], []
    for wanted in row.wanted:
        done = counted(row, wanted, ledgered)
        if done is not None:
            remarks.append(f"{done.ending} That part is not sent again.")
            continue
        known = ledgered.known.get(wanted.key)
        operation = _operation(edit, baseline, wanted, actor)
        each = _planned(operation, wanted, known, live=live, capabilities=capabilities)
        planned.append(each)
        remarks += [*_remarks(each, known, capabilities.units), *_about_owners(each, baseline)]
    stop = next(_obstacles(planned, capabilities.units), None)
    if stop is not None:
        return _result(row, stop[0], stop[1], planned=planned)
    return _result(row, RowStatus.EDITED, " ".join(remarks), planned=planned)


def _operation(edit: Edit, baseline: Baseline, wanted: Wanted, actor: str) -> Operation:
    return Operation(
        key=wanted.key,
        account_id=baseline.account_id,
        email=baseline.email,
        action=edit.action,
        changes=wanted.changes,
        reason=edit.reason,
        note=edit.note,
        actor=actor,
        extras=edit.extras,
    )


def _planned(
    operation: Operation, wanted: Wanted, known: Known | None, *, live: Balances, capabilities: Capabilities
) -> Planned:
    action, changes = operation.action, operation.changes
    before = {change.unit: live.get(change.unit) for change in changes}
    after = resulting(operation, before)
    return Planned(
        operation=operation,
        attempt=(known.attempts if known else 0) + 1,
        epochs=wanted.epochs,
        basis=wanted.basis,
        at_pull=wanted.at_pull,
        before=before,
        after=after,
        sets=any(carried_out_as_reset(action, change, capabilities) for change in changes),
        sends=not (action is Action.RESET and before == after),
    )


def _obstacles(planned: Sequence[Planned], units: Sequence[Unit]) -> Iterator[tuple[RowStatus, str]]:
    """Yield what keeps a row from being sent: what was seen is compared with what is there now."""
    for each in planned:
        for change in each.operation.changes:
            unit = words.unit_of(change.unit, units)
            seen, now, after = each.at_pull[change.unit], each.before[change.unit], each.after[change.unit]
            if each.sets and now not in (seen, after):
                target = each.operation.action is Action.RESET
                yours = after if target else (seen or 0) + change.amount
                message = words.conflict(
                    each.operation.account_id, change, at_pull=seen, now=now, yours=yours, units=units
                )
                yield RowStatus.CONFLICT, message
            if after < 0:
                yield RowStatus.INVALID, words.below_zero(after - (now or 0), now, unit)


def _remarks(planned: Planned, known: Known | None, units: Sequence[Unit]) -> Iterator[str]:
    """Yield what a person should know, but what keeps nothing from being sent."""
    for code in planned.after:
        seen, now = planned.at_pull[code], planned.before[code]
        if seen != now:
            unit = words.unit_of(code, units)
            moved = f"from {words.amount(seen, unit)} to {words.amount(now, unit)}"
            yield f"{unit.header} moved {moved} since the pull."
    if not planned.sends:
        yield "The balance already is what you ask for: nothing will be sent."
    if known is not None and known.attempts:
        yield f"{known.ending} It goes as attempt {planned.attempt}."


def _about_owners(planned: Planned, baseline: Baseline) -> Iterator[str]:
    """Yield that the user is suspended, or that an employee's own account would get more."""
    if baseline.details.get(fields.ACCOUNT_STATUS) == fields.SUSPENDED:
        yield "This user is suspended."
    more = any(after > (planned.before.get(code) or 0) for code, after in planned.after.items())
    if more and baseline.details.get(fields.EMPLOYEE):
        yield "This is an employee's own account."


def _result(
    row: Interpreted,
    status: RowStatus,
    message: str,
    *,
    planned: Sequence[Planned] = (),
    keys: tuple[str, ...] = (),
) -> RowResult:
    email = row.baseline.email if row.baseline else text_of(row.suspect.cells.get(fields.EMAIL))
    return RowResult(
        number=row.suspect.number,
        account_id=row.suspect.account_id,
        email=email,
        status=status,
        action=row.edit.action if row.edit else None,
        message=message,
        planned=tuple(planned) if status is RowStatus.EDITED else (),
        keys=keys or tuple(each.operation.key for each in planned),
        shown=_numbers(row, planned),
        ahead=row.trouble is Trouble.AHEAD,
    )


def _numbers(row: Interpreted, planned: Sequence[Planned]) -> dict[str, tuple[int, int | None, int | None]]:
    """Return the row's amounts, with the balances before and after where they were read."""
    asked = {change.unit: change.amount for wanted in row.wanted for change in wanted.changes}
    before = {code: balance for each in planned for code, balance in each.before.items()}
    after = {code: balance for each in planned for code, balance in each.after.items()}
    return {code: (amount, before.get(code), after.get(code)) for code, amount in asked.items()}
