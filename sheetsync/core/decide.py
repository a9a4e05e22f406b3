"""Baseline × tab × live × ledger: the status of every row that asks for something. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sheetsync.core import words
from sheetsync.core.accounts import Action, Balances, Capabilities, Change, Operation, resulting
from sheetsync.core.diff import Interpreted, Trouble, Wanted
from sheetsync.core.states import SENDABLE, OperationState, RowStatus


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of an operation.

    Attributes:
        attempts: how often it was sent.
        closed: another edit of its account and unit was sent since; it goes no more.
        story: when and by whom it was sent, in words.
        outcome: how it ended, in words.
    """

    key: str
    account_id: str
    units: tuple[str, ...]
    state: OperationState
    attempts: int
    closed: bool = False
    story: str = ""
    outcome: str = ""


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


@dataclass(frozen=True, slots=True)
class Ledgered:
    """The ledger's operations that rows are compared with.

    Attributes:
        known: operation key → operation.
        unsettled: (account id, unit) → operation that is not settled.
    """

    known: Mapping[str, Known]
    unsettled: Mapping[tuple[str, str], Known]


def carried_out_as_reset(action: Action, change: Change, capabilities: Capabilities) -> bool:
    """Whether this change travels as “set the balance to”, so that it would overwrite a moved balance."""
    if action is Action.RESET:
        return True
    return action is Action.ADJUST and change.amount < 0 and not capabilities.subtracts


def wants_live(row: Interpreted, ledgered: Ledgered) -> bool:
    """Whether the row's account has to be read now to decide the row."""
    return bool(row.wanted) and _settled_status(row, ledgered) is None


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
    settled = _settled_status(row, ledgered)
    if settled is not None:
        status, message, keys = settled
        return _result(row, status, message, keys=keys)
    if row.edit is None or row.baseline is None or live is None:
        return _result(row, RowStatus.UNCHANGED, "")
    planned = tuple(
        _planned(row, wanted, ledgered, live=live, capabilities=capabilities, actor=actor)
        for wanted in row.wanted
    )
    return _judge(row, planned, ledgered, capabilities)


def _settled_status(row: Interpreted, ledgered: Ledgered) -> tuple[RowStatus, str, tuple[str, ...]] | None:
    """Return status, message and keys of a row that needs no live balance, or None."""
    open_operation = _unsettled(row, ledgered)
    if open_operation is not None:
        return _waiting(row, open_operation)
    if row.problem:
        return RowStatus.INVALID, row.problem, ()
    if row.edit is None:
        return RowStatus.UNCHANGED, "", ()
    return _sent_before(row, ledgered)


def _unsettled(row: Interpreted, ledgered: Ledgered) -> Known | None:
    account_id = row.suspect.account_id
    if row.suspect.twins:
        return None
    units = [change.unit for wanted in row.wanted for change in wanted.changes]
    if not units:
        units = [unit for account, unit in ledgered.unsettled if account == account_id]
    found = [
        ledgered.unsettled[account_id, unit] for unit in units if (account_id, unit) in ledgered.unsettled
    ]
    return found[0] if found else None


def _waiting(row: Interpreted, known: Known) -> tuple[RowStatus, str, tuple[str, ...]]:
    same = not row.wanted or any(wanted.key == known.key for wanted in row.wanted)
    if known.state is OperationState.QUEUED:
        return RowStatus.QUEUED, f"{known.story}. Not sent yet.", (known.key,)
    message = f"{known.story}. Not proven yet: verify, or resolve operation {known.key}."
    if not same or row.problem:
        message += " The edit in this row is not sent before that."
    return RowStatus.CONFIRMATION_REQUIRED, message, (known.key,)


def _sent_before(row: Interpreted, ledgered: Ledgered) -> tuple[RowStatus, str, tuple[str, ...]] | None:
    known = [ledgered.known[wanted.key] for wanted in row.wanted if wanted.key in ledgered.known]
    counted = [each for each in known if each.state not in SENDABLE or each.closed or row.outdated]
    if counted and len(known) == len(row.wanted):
        first = counted[0]
        message = (
            f"{first.story}: {first.outcome} It is not sent again. "
            "To do the same once more, clear the edit, pull, and type it again."
        )
        return RowStatus.ALREADY_SENT, message, tuple(each.key for each in known)
    if row.outdated or counted:
        sentence = (
            "This row is older than the last confirmed change of this user, as in an old copy of the tab: "
            "clear the edit, pull, and type it again."
        )
        return RowStatus.INVALID, sentence, ()
    return None


def _planned(
    row: Interpreted,
    wanted: Wanted,
    ledgered: Ledgered,
    *,
    live: Balances,
    capabilities: Capabilities,
    actor: str,
) -> Planned:
    edit, baseline = row.edit, row.baseline
    if edit is None or baseline is None:
        raise AssertionError("a planned row has an edit and a baseline")
    operation = Operation(
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
    known = ledgered.known.get(wanted.key)
    before = {change.unit: live.get(change.unit) for change in wanted.changes}
    after = resulting(operation, before)
    return Planned(
        operation=operation,
        attempt=(known.attempts if known else 0) + 1,
        epochs=wanted.epochs,
        basis=wanted.basis,
        at_pull=wanted.at_pull,
        before=before,
        after=after,
        sets=any(carried_out_as_reset(edit.action, change, capabilities) for change in wanted.changes),
        sends=not (edit.action is Action.RESET and all(before[code] == after[code] for code in after)),
    )


def _judge(
    row: Interpreted, planned: tuple[Planned, ...], ledgered: Ledgered, capabilities: Capabilities
) -> RowResult:
    """Compare what was seen with what is there now."""
    units, remarks = capabilities.units, []
    for each in planned:
        operation = each.operation
        for change in operation.changes:
            unit = words.unit_of(change.unit, units)
            seen, now, after = each.at_pull[change.unit], each.before[change.unit], each.after[change.unit]
            if after < 0:
                sentence = (
                    f"{unit.header} would go below 0: {words.amount(now, unit)} now, "
                    f"{words.signed(change.amount, unit)} asked. Type a smaller amount."
                )
                return _result(row, RowStatus.INVALID, sentence, planned=planned, sends=False)
            if seen == now:
                continue
            if each.sets and each.sends:
                yours = after if operation.action is Action.RESET else (seen or 0) + change.amount
                sentence = words.conflict(change, seen, now, yours, units)
                return _result(row, RowStatus.CONFLICT, sentence, planned=planned, sends=False)
            remarks.append(
                f"{unit.header} moved from {words.amount(seen, unit)} to {words.amount(now, unit)} since the pull."
            )
        if not each.sends:
            remarks.append("The balance already is what you ask for: nothing will be sent.")
        earlier = ledgered.known.get(operation.key)
        if earlier is not None and earlier.attempts:
            remarks.append(f"{earlier.story}: {earlier.outcome} It goes as attempt {each.attempt}.")
    return _result(row, RowStatus.EDITED, " ".join(remarks), planned=planned)


def _result(
    row: Interpreted,
    status: RowStatus,
    message: str,
    *,
    planned: tuple[Planned, ...] = (),
    sends: bool = True,
    keys: tuple[str, ...] = (),
) -> RowResult:
    shown = {
        change.unit: (change.amount, each.before[change.unit], each.after[change.unit])
        for each in planned
        for change in each.operation.changes
    }
    email = row.baseline.email if row.baseline else str(row.suspect.cells.get("email") or "")
    return RowResult(
        number=row.suspect.number,
        account_id=row.suspect.account_id,
        email=email,
        status=status,
        action=row.edit.action if row.edit else None,
        message=message,
        planned=planned if sends else (),
        keys=keys or tuple(each.operation.key for each in planned),
        shown=shown,
        ahead=row.trouble is Trouble.AHEAD,
    )
