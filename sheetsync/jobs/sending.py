"""Sends one account's queued operations: read, intend, send once, write down what came back."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from sheetsync.core import words
from sheetsync.core.accounts import Action, Balances, resulting
from sheetsync.core.decide import Planned, carried_out_as_reset
from sheetsync.core.states import UNPROVEN, UNSETTLED, OperationState, RowStatus
from sheetsync.errors import (
    LostLeaseError,
    ProviderError,
    RejectedError,
    RetryableError,
    SheetsyncError,
)
from sheetsync.jobs.attempt import Answer, Attempt
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import Drive
from sheetsync.jobs.proving import look_before_again
from sheetsync.jobs.showing import Told
from sheetsync.jobs.verify import verify_records

FUSES = {
    OperationState.UNKNOWN: ("lost answers", "stop_after_unknown"),
    OperationState.REJECTED: ("refusals", "stop_after_refused"),
}
"""Outcomes of which so many in a row stop a push: in words, and the setting."""


@dataclass(slots=True)
class Sending:
    """A push while it sends.

    Attributes:
        total, done: operations of the plan, and those that are through.
        told: operation key → what to say of an operation that was not sent after all.
        stopped: what ended the push early; nothing more is claimed then.
    """

    desk: Desk
    held: Drive
    run: str
    total: int
    done: int = 0
    told: dict[str, Told] = field(default_factory=dict)
    stopped: SheetsyncError | None = None
    warnings: list[str] = field(default_factory=list)
    in_a_row: dict[OperationState, int] = field(default_factory=lambda: dict.fromkeys(FUSES, 0))
    halt: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self, error: SheetsyncError) -> None:
        """Claim nothing more; the first reason counts."""
        with self.lock:
            self.stopped = self.stopped or error
        self.halt.set()

    def count(self, state: OperationState) -> None:
        """Count lost answers and refusals in a row: the fuse stops a push that goes blind or nowhere."""
        limits = self.desk.limits
        with self.lock:
            self.in_a_row = {kind: self.in_a_row[kind] + 1 if state is kind else 0 for kind in FUSES}
            for kind, (what, setting) in FUSES.items():
                if self.in_a_row[kind] >= getattr(limits, setting) and not self.halt.is_set():
                    self.warnings.append(
                        f"The push stopped by itself after {self.in_a_row[kind]} {what} in a row "
                        f"(limits.{setting}); what was not sent was withdrawn. Check the credit system, "
                        "verify, then push the rest: preview again, or the same plan of a file or an undo."
                    )
                    self.halt.set()


def send_in_turn(sending: Sending, group: Sequence[Planned], *, prove_all: bool = False) -> None:
    """Send one account's operations in their order; one that touches the same unit waits for proof.

    Args:
        sending: the push.
        group: the operations.
        prove_all: look for the proof of each, whatever follows.
    """
    waiting = list(group)
    while waiting and not sending.halt.is_set():
        planned, *waiting = waiting
        send_one(sending, planned)
        with sending.lock:
            sending.done += 1
            done = sending.done
        sending.desk.report("Pushing", done, sending.total)
        after = [each for each in waiting if _share_a_unit(each, planned)]
        if not (after or prove_all) or _is_settled(sending, planned):
            continue
        for each in after:
            _withdraw(sending, each, RowStatus.EDITED, NOT_PROVEN)
        waiting = [each for each in waiting if each not in after]


NOT_PROVEN = "Not sent: an earlier change of this user is not proven yet. Verify, then plan the rest again."


def _share_a_unit(one: Planned, other: Planned) -> bool:
    return bool(set(one.after) & set(other.after))


def _is_settled(sending: Sending, planned: Planned) -> bool:
    """Whether an operation is settled, after one look: two at once could not be told apart by a balance."""
    key = planned.operation.key
    record = sending.desk.ledger.operations.by_key([key])[key]
    if record.state in UNPROVEN:
        verify_records(sending.desk, [record], run=sending.run)
        record = sending.desk.ledger.operations.by_key([key])[key]
    return record.state not in UNSETTLED


def send_one(sending: Sending, planned: Planned) -> None:
    """Take one operation from queued to what became of it.

    Raises:
        ProviderError: every other operation would meet the same.
        LostLeaseError: another process took over.
    """
    if planned.attempt > 1 and not _never_arrived(sending, planned):
        return
    before = _balances(sending, planned)
    if before is None or not _still_fits(sending, planned, before):
        return
    expected = resulting(planned.operation, before)
    if planned.operation.action is Action.RESET and all(
        before.get(code) == expected[code] for code in expected
    ):
        _settle_unsent(sending, planned, before, expected)
        return
    touched = {code: before.get(code) for code in expected}
    attempt = Attempt(sending.desk, sending.held, planned, before, touched, expected)
    answer = _send(sending, attempt)
    if answer is not None:
        _conclude(sending, planned, answer)


def _never_arrived(sending: Sending, planned: Planned) -> bool:
    """Look once more for earlier attempts, where the credit system has transactions.

    Raises:
        ContradictionError: they are there, but not as we know them.
    """
    key = planned.operation.key
    record = sending.desk.ledger.operations.by_key([key])[key]
    why = look_before_again(sending.desk, record, run=sending.run)
    if why is None:
        return True
    if sending.desk.ledger.operations.by_key([key])[key].state is OperationState.QUEUED:
        _withdraw(sending, planned, RowStatus.EDITED, why)
    return False


def _conclude(sending: Sending, planned: Planned, answer: Answer) -> None:
    led_to = sending.desk.ledger.operations.conclude(
        planned.operation.key,
        sending.held.lease,
        attempt=planned.attempt,
        state=answer.state,
        message=answer.words,
        left_at=sending.desk.clock.now(),
    )
    if led_to is None:
        raise LostLeaseError("Another process took this push over.", hint="Its results are in the ledger.")
    sending.count(led_to)


def _balances(sending: Sending, planned: Planned) -> Balances | None:
    """Read the account right before sending; None withdraws the operation with a message."""
    try:
        return sending.desk.provider.account(planned.operation.account_id).balances
    except RejectedError as error:
        if error.everything:
            raise ProviderError(error.message, hint=error.hint) from error
        _withdraw(sending, planned, RowStatus.INVALID, f"Not sent: {error.message}")
    except RetryableError as error:
        if not error.reached:
            raise ProviderError(error.message, hint=error.hint) from error
        _withdraw(
            sending, planned, RowStatus.EDITED, f"Not sent, the balance could not be read: {error.message}"
        )
    return None


def _still_fits(sending: Sending, planned: Planned, before: Balances) -> bool:
    """Withdraw what would overwrite a moved balance or go below zero."""
    units, operation = sending.desk.units, planned.operation
    expected = resulting(operation, before)
    for change in operation.changes:
        seen, now = planned.at_pull.get(change.unit), before.get(change.unit)
        if planned.sets and seen != now and now != expected[change.unit]:
            yours = change.amount if operation.action is Action.RESET else (seen or 0) + change.amount
            message = words.conflict(
                operation.account_id, change, at_pull=seen, now=now, yours=yours, units=units
            )
            _withdraw(sending, planned, RowStatus.CONFLICT, message)
            return False
        if expected[change.unit] < 0:
            unit = words.unit_of(change.unit, units)
            message = f"Not sent: {unit.header} would go below 0, it is {words.amount(now, unit)} now."
            _withdraw(sending, planned, RowStatus.INVALID, message)
            return False
    return True


def _withdraw(sending: Sending, planned: Planned, status: RowStatus, message: str) -> None:
    key = planned.operation.key
    sending.desk.ledger.operations.withdraw(sending.run, [key], why=message)
    with sending.lock:
        sending.told[key] = Told(status, message)


def _settle_unsent(sending: Sending, planned: Planned, before: Balances, expected: dict[str, int]) -> None:
    touched = {code: before.get(code) for code in expected}
    numbers = words.moves(touched, touched, sending.desk.units)
    deed = words.deed(
        planned.operation.action, planned.operation.changes, sending.desk.units, planned.operation.reason
    )
    sending.desk.ledger.operations.settle_without_sending(
        planned.operation.key,
        sending.held.lease,
        message=f"{deed}: nothing was sent, it already is ({numbers})",
        evidence={"kind": "balance", "before": touched, "after": touched, "now": touched},
    )


def _send(sending: Sending, attempt: Attempt) -> Answer | None:
    """Send, and send again only what certainly never happened; None if nothing was even intended."""
    answer = attempt.send()
    for tries in range(sending.desk.retries):
        if not answer.may_repeat or sending.halt.wait(answer.pause_s(tries)):
            break
        if _has_moved(sending.desk, attempt):
            break
        answer = attempt.send()
    if answer.concerns_all and answer.error is not None:
        sending.stop(ProviderError(answer.error.message, hint=answer.error.hint))
    if attempt.intended:
        return answer
    if answer.state is OperationState.REJECTED:
        _withdraw(sending, attempt.planned, RowStatus.INVALID, f"Not sent: {answer.words}")
    elif isinstance(answer.error, RetryableError):
        _withdraw(sending, attempt.planned, RowStatus.EDITED, f"Not sent: {answer.error.message}")
    return None


def _has_moved(desk: Desk, attempt: Attempt) -> bool:
    """Whether the balance that is to be set moved during a pause; one that cannot be read may have moved."""
    operation, offered = attempt.planned.operation, desk.rules.capabilities
    if not any(carried_out_as_reset(operation.action, each, offered) for each in operation.changes):
        return False
    try:
        now = desk.provider.account(operation.account_id).balances
    except (RejectedError, RetryableError):
        return True
    return any(now.get(code) != before for code, before in attempt.touched.items())
