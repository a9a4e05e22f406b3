"""Sends queued operations: read, intend, send once, write down what came back."""

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sheetsync.core import words
from sheetsync.core.accounts import Action, Balances, resulting
from sheetsync.core.decide import Planned
from sheetsync.core.states import OperationState, RowStatus
from sheetsync.errors import (
    InterruptedRunError,
    LostLeaseError,
    ProviderError,
    RejectedError,
    RetryableError,
    SheetsyncError,
)
from sheetsync.jobs.attempt import Answer, Attempt
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import Drive
from sheetsync.jobs.showing import Told


@dataclass(slots=True)
class Sending:
    """A push while it sends.

    Attributes:
        told: operation key → what to say of an operation that was not sent after all.
        stopped: what ended the push early; nothing more is claimed then.
    """

    desk: Desk
    held: Drive
    run: str
    told: dict[str, Told] = field(default_factory=dict)
    stopped: SheetsyncError | None = None
    warnings: list[str] = field(default_factory=list)
    done: int = 0
    unknown_in_a_row: int = 0
    halt: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self, error: SheetsyncError) -> None:
        """Claim nothing more; the first reason counts."""
        with self.lock:
            self.stopped = self.stopped or error
        self.halt.set()

    def count(self, state: OperationState) -> None:
        """Count lost answers in a row: the fuse stops a push that goes blind."""
        with self.lock:
            self.unknown_in_a_row = self.unknown_in_a_row + 1 if state is OperationState.UNKNOWN else 0
            if self.unknown_in_a_row < self.desk.limits.stop_after_unknown or self.halt.is_set():
                return
            self.warnings.append(
                f"The push stopped by itself after {self.unknown_in_a_row} lost answers in a row "
                "(limits.stop_after_unknown); what was not sent was withdrawn. Check the credit system, "
                "verify, then preview and push the rest."
            )
        self.halt.set()


def send_all(sending: Sending, waiting: Sequence[Planned]) -> None:
    """Send operations, several accounts at a time, one at a time for each account.

    Whatever ends this early, what was never claimed is withdrawn.
    """
    desk = sending.desk
    groups: dict[str, list[Planned]] = defaultdict(list)
    for each in waiting:
        groups[each.operation.account_id].append(each)
    if desk.ledger.runs.progress(sending.run, 0, len(waiting)):
        # asked while nobody drove it
        sending.stop(InterruptedRunError("The run was cancelled; nothing more was sent."))
    queue = iter(groups.values())
    turn = threading.Lock()
    try:
        with ThreadPoolExecutor(desk.limits.parallel_requests) as pool:
            workers = [
                pool.submit(_work, sending, queue, turn, len(waiting))
                for _ in range(min(desk.limits.parallel_requests, len(groups)))
            ]
            try:
                for worker in workers:
                    worker.result()
            except KeyboardInterrupt:
                # the pool's end waits for the requests in flight
                sending.stop(InterruptedRunError("The push was stopped; nothing more was sent."))
            except BaseException:
                sending.halt.set()
                raise
    finally:
        if not sending.held.lost.is_set():
            desk.ledger.operations.withdraw(sending.run, why="the push ended before this row was sent")
            desk.ledger.runs.progress(sending.run, sending.done, len(waiting))


def _work(sending: Sending, queue: Iterator[list[Planned]], turn: threading.Lock, total: int) -> None:
    while not sending.halt.is_set():
        with turn:
            group = next(queue, None)
        if group is None:
            return
        for planned in group:
            if sending.halt.is_set():
                return
            try:
                send_one(sending, planned)
                with sending.lock:
                    sending.done += 1
                    done = sending.done
                sending.desk.report("Pushing", done, total)
            except SheetsyncError as error:
                sending.stop(error)
                return


def send_one(sending: Sending, planned: Planned) -> None:
    """Take one operation from queued to what became of it.

    Raises:
        ProviderError: every other operation would meet the same.
        LostLeaseError: another process took over.
    """
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
    retries = sending.desk.retries
    answer = attempt.send()
    for tries in range(retries):
        if not answer.may_repeat or sending.halt.wait(answer.pause_s(tries)):
            break
        answer = attempt.send()
    if answer.concerns_all and answer.error is not None:
        sending.stop(ProviderError(answer.error.message, hint=answer.error.hint))
    if attempt.intended:
        return answer
    if answer.state is OperationState.REJECTED:
        _withdraw(sending, attempt.planned, RowStatus.INVALID, f"Not sent: {answer.words}")
    return None
