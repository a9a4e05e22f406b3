"""One change of a write test: carried out like one of a push, looked at, and settled by what was seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sheetsync.core import words
from sheetsync.core.accounts import Account, Action, Change, Operation, Unit, resulting
from sheetsync.core.decide import Planned
from sheetsync.core.keys import operation_key
from sheetsync.core.plan import plan_digest
from sheetsync.core.probing import WANTED, Effect, effect_of, moved_by, set_to
from sheetsync.core.states import OperationState
from sheetsync.jobs import probe_words as say
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import Drive
from sheetsync.jobs.probe_note import about_note
from sheetsync.jobs.proving import capabilities_now
from sheetsync.jobs.sending import Sending, send_one
from sheetsync.jobs.verify import verify_records
from sheetsync.ports import CheckResult, Inspectable, OperationRecord

KIND = "write_test"
"""Of the run."""

STALE_READS = 2
"""Further reads of a balance that is not as expected: a cache may still give the old one."""

STALE_PAUSE_S = 1.0
"""Seconds between these reads."""


class StopTest(Exception):  # noqa: N818 - an end, told in the lines
    """Nothing more can be tried."""


@dataclass(slots=True)
class Trial:
    """A write test under way; balances in minor units.

    Attributes:
        original: the balance before the test; None where the user never had one.
        was, now: the balance before and after the last change; ``now`` is None while it is not known.
        sent: whether anything was sent.
        open: key of the operation that is not settled, if one is left.
        effects: action → what it did.
        elsewhere: path → (before, now) of values that changed where the configured one did not.
        misread: the balance is read from the wrong place, so that ``now`` says nothing.
        set_back: whether it was set back in the right place.
        proofs: evidence of each change that a re-read proved.
        replies: whole replies to reads, with the balance at each.
        noted: what became of a note was told.
    """

    desk: Desk
    held: Drive
    run: str
    account_id: str
    unit: Unit
    lines: list[CheckResult] = field(default_factory=list)
    original: int | None = None
    was: int = 0
    now: int | None = None
    steps: int = 0
    sent: bool = False
    unreachable: bool = False
    open: str | None = None
    effects: dict[Action, Effect] = field(default_factory=dict)
    elsewhere: dict[str, tuple[int, int]] = field(default_factory=dict)
    misread: bool = False
    set_back: bool = False
    proofs: list[Mapping[str, Any]] = field(default_factory=list)
    replies: list[tuple[object, int]] = field(default_factory=list)
    noted: bool = False

    @property
    def start(self) -> int:
        """The balance before the test; none counts as 0, as the credit systems count it."""
        return self.original or 0

    @property
    def is_restored(self) -> bool:
        """Whether the balance is as it was, and everything that was sent is settled."""
        settled = self.open is None
        return settled and (self.set_back if self.misread else self.now == self.start)

    def line(self, name: str, message: str, hint: str = "", *, ok: bool = False) -> None:
        """Report one thing."""
        self.lines.append(CheckResult(f"write test, {name}", ok, message, hint))

    def shown(self, minor: int | None) -> str:
        """Return an amount for people."""
        return words.amount(minor, self.unit)

    def summary(self) -> dict[str, Any]:
        """Return what became of the balance, for programs."""
        return {
            "account_id": self.account_id,
            "unit": self.unit.code,
            "before": None if self.original is None else self.shown(self.original),
            "now": None if self.now is None else self.shown(self.now),
            "restored": self.is_restored,
            "run": self.run,
        }

    def look(self, *, first: bool = False) -> None:
        """Read the balance, and the whole reply where the adapter shows it.

        Raises:
            RejectedError, RetryableError: it could not be read.
        """
        desk, account_id = self.desk, self.account_id
        reading = desk.ledger.accounts.next_reading(desk.system, actor=desk.actor, run=self.run, kind=KIND)
        account = desk.provider.account(account_id)
        known = desk.ledger.accounts.baselines(desk.system, desk.maker, {account_id}).get(account_id)
        email = account.email or (known.email if known else "")
        name = account.name or (known.name if known else "")
        found = Account(account_id, email, name, account.balances)
        desk.ledger.accounts.record(desk.system, reading, [found])
        balance = account.balances.get(self.unit.code)
        self.now = balance or 0
        if first:
            self.original = balance
        if isinstance(desk.provider, Inspectable):
            self.replies.append((desk.provider.reply(account_id), self.now))

    def change(self, action: Action, amount: int) -> Effect:
        """Carry out one change, and see what it did.

        Raises:
            StopTest: it did not happen, or nobody knows what it did; the lines say so.
            ProviderError, LostLeaseError: of the push's machinery.
            RejectedError, RetryableError: the balance could not be read afterwards.
        """
        self.was, seen_before = self.now or 0, len(self.replies)
        record = self._send(action, amount)
        record = self._verified(record)
        self.effects[action] = effect = self._effect(action, amount, record)
        if record.state is not OperationState.CONFIRMED and effect is WANTED.get(action):
            record = self._verified(record)  # the first read came from a cache
        if record.state is OperationState.CONFIRMED:
            self.proofs.append(record.evidence or {})
        else:
            self._settle(record, effect, amount, seen_before)
        self.open = None
        return effect

    def _verified(self, record: OperationRecord) -> OperationRecord:
        verify_records(self.desk, [record], run=self.run)
        return self.desk.ledger.operations.by_key([record.key])[record.key]

    def _effect(self, action: Action, amount: int, record: OperationRecord) -> Effect:
        asked = Action.RESET if action is Action.RESET else Action.ADD
        effect = Effect.OTHER
        for tries in range(1 + STALE_READS):
            if tries:
                self.desk.clock.sleep(STALE_PAUSE_S)
            self.look()
            effect = effect_of(asked, amount, self.was, self.now or 0, self.unit)
            if record.state is OperationState.CONFIRMED or effect is WANTED[asked]:
                break
        return effect

    def _send(self, action: Action, amount: int) -> OperationRecord:
        desk = self.desk
        planned = self._planned(action, amount)
        key = planned.operation.key
        desk.ledger.operations.queue(
            [planned],
            self.held.lease,
            connection_name=desk.name,
            plan=plan_digest(desk.name, [planned]),
            capabilities=capabilities_now(desk),
        )
        sending = Sending(desk, self.held, self.run, total=1)
        self.open = key
        try:
            send_one(sending, planned)
        except BaseException:
            self.sent = self.sent or desk.ledger.operations.by_key([key])[key].attempts > 0
            raise
        record = desk.ledger.operations.by_key([key])[key]
        self.sent = self.sent or record.attempts > 0
        if record.state in (OperationState.ACCEPTED, OperationState.CONFIRMED):
            self._tell_note(planned.operation, record)
            return record
        self._not_done(action, record, sending)
        raise StopTest

    def _tell_note(self, operation: Operation, record: OperationRecord) -> None:
        """Say once what became of the note that travelled."""
        if self.noted:
            return
        self.noted = True
        found = about_note(self.desk, operation, record)
        if found is not None:
            self.line(found.name, found.message, found.hint, ok=found.ok)

    def _not_done(self, action: Action, record: OperationRecord, sending: Sending) -> None:
        """Say why a change was not carried out, or may not have been."""
        if record.state is OperationState.UNKNOWN:
            self.now = None
        else:
            self.open = None
        told = sending.told.get(record.key)
        message = record.message if told is None else told.message
        hint = sending.stopped.hint if sending.stopped is not None else ""
        message = message or (sending.stopped.message if sending.stopped is not None else "It was not sent.")
        self.unreachable = sending.stopped is not None and not self.effects
        self.line(say.NAMES[action], say.not_done(self.desk, action, message), hint)

    def _planned(self, action: Action, amount: int) -> Planned:
        desk, code = self.desk, self.unit.code
        baselines = desk.ledger.accounts.baselines(desk.system, desk.maker, {self.account_id})
        baseline = baselines[self.account_id]
        epochs, before = {code: baseline.epochs.get(code, 0)}, dict(baseline.balances)
        self.steps += 1
        changes = (Change(code, amount),)
        step = {KIND: f"{self.run} {self.steps}"}
        operation = Operation(
            operation_key(desk.system, self.account_id, action, changes, epochs=epochs, sent=step),
            self.account_id,
            baseline.email,
            action,
            changes,
            reason=f"Write test (the balance before it was {self.shown(self.start)})",
            actor=desk.actor,
        )
        return Planned(
            operation=operation,
            attempt=1,
            epochs=epochs,
            basis=baseline.basis,
            at_pull=before,
            before=before,
            after=resulting(operation, before),
            sets=True,  # whatever it is: nothing is sent on a balance that somebody else moved
        )

    def _settle(self, record: OperationRecord, effect: Effect, amount: int, seen_before: int) -> None:
        """Settle an accepted change by what the test saw, on the word of whoever runs it.

        Raises:
            StopTest: nobody knows what it did; it waits for a person.
        """
        desk, action = self.desk, Action(record.action)
        self.elsewhere = self._elsewhere(action, amount, seen_before)
        seen = say.seen(self, action, amount)
        if not self.elsewhere and (record.state is not OperationState.ACCEPTED or effect is Effect.OTHER):
            self.line(
                say.NAMES[action], f"{seen} That cannot be explained.", say.unexplained(desk, record.key)
            )
            raise StopTest
        asked = Action.RESET if action is Action.RESET else Action.ADD
        # a change that was seen to count, though its transaction cannot be found, did count
        applied = bool(self.elsewhere) or effect is WANTED[asked]
        desk.ledger.operations.resolve(
            record.key, applied=applied, actor=desk.actor, reason=f"Write test: {seen}"
        )

    def _elsewhere(self, action: Action, amount: int, seen_before: int) -> dict[str, tuple[int, int]]:
        """Return values of the reply that did what was asked, where the configured one did not."""
        provider = self.desk.provider
        if not isinstance(provider, Inspectable) or not seen_before:
            return {}
        at_first, before = self.replies[0][0], self.replies[seen_before - 1][0]
        after = [reply for reply, _ in self.replies[seen_before:]]
        if action is Action.RESET:
            found = set_to(at_first, before, after, amount, self.unit)
        else:
            found = moved_by(before, after, amount, self.unit)
        found.pop(provider.balance_path, None)
        return found
