"""One attempt to carry out one operation: the intent is committed first, then one request leaves."""

import random
from dataclasses import dataclass

from sheetsync.core.accounts import Balances
from sheetsync.core.decide import Planned
from sheetsync.core.states import OperationState
from sheetsync.core.words import SAFE_AGAIN
from sheetsync.errors import LostLeaseError, OutcomeUnknownError, RejectedError, RetryableError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import Drive

BUSY_PAUSE_LIMIT_S = 60.0
"""Longest pause that a busy system may ask for before its row is given up as not applied."""


@dataclass(slots=True)
class Attempt:
    """One attempt of one operation.

    Attributes:
        touched: unit code → balance read right before.
        expected: unit code → balance if it counts once.
        intended: whether the intent is in the ledger.
    """

    desk: Desk
    held: Drive
    planned: Planned
    before: Balances
    touched: Balances
    expected: dict[str, int]
    intended: bool = False

    def go(self) -> None:
        """Commit the intent; called when nothing but the request is left to do.

        Raises:
            LostLeaseError: nothing may leave from here.
        """
        if not self.intended:
            self.intended = self.desk.ledger.operations.intend(
                self.planned.operation.key,
                self.held.lease,
                attempt=self.planned.attempt,
                before=self.touched,
                expected=self.expected,
            )
            if not self.intended:
                raise LostLeaseError("This operation was taken over or cancelled; it is not sent from here.")
        self.held.check()

    def send(self) -> "Answer":
        """Send one request and sort what came back into exactly one class."""
        try:
            receipt = self.desk.provider.apply(self.planned.operation, self.before, self.go)
        except RejectedError as error:
            words = f"Refused, nothing was applied: {error.message}"
            return Answer(OperationState.REJECTED, words, error)
        except OutcomeUnknownError as error:
            due = self.desk.local(self.desk.clock.now() + self.desk.policy.settle_after)
            words = f"It is not known whether it arrived: {error.message} Verify after {due}."
            return Answer(OperationState.UNKNOWN, words, error)
        except RetryableError as error:
            words = f"Not applied: the request certainly did nothing. {error.message}{SAFE_AGAIN}"
            return Answer(OperationState.NOT_APPLIED, words, error)
        said = f" ({receipt.words})" if receipt.words else ""
        words = f"Accepted{said}, not proven yet: a re-read has to prove it. Verify."
        return Answer(OperationState.ACCEPTED, words, None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request.

    Attributes:
        state: where it leads the operation.
        words: for the row.
        error: None if it was accepted.
    """

    state: OperationState
    words: str
    error: RejectedError | OutcomeUnknownError | RetryableError | None

    @property
    def may_repeat(self) -> bool:
        """Whether the same request may leave again: it certainly did nothing."""
        return isinstance(self.error, RetryableError)

    @property
    def concerns_all(self) -> bool:
        """Whether every other operation would meet the same."""
        if isinstance(self.error, RejectedError):
            return self.error.everything
        return isinstance(self.error, RetryableError) and not self.error.reached

    def pause_s(self, attempt: int) -> float:
        """Return how long to wait before the next try: as asked, else doubling, with jitter."""
        asked = self.error.retry_after_s if isinstance(self.error, RetryableError) else None
        pause_s = 2.0**attempt * random.uniform(0.5, 1.0) if asked is None else asked  # noqa: S311 - spreads load
        return min(pause_s, BUSY_PAUSE_LIMIT_S)
