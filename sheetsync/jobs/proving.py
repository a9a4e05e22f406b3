"""Proof by transaction: reads the credit system's transactions, and writes down what they prove."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypedDict

from sheetsync.core.accounts import Account, Capabilities, EvidenceKind, Transaction, Unit
from sheetsync.core.evidence import (
    ALERT,
    SEARCH_BEFORE,
    by_transactions,
    carrying,
    chronological,
    found,
    key_of,
)
from sheetsync.core.payments import by_payment
from sheetsync.core.states import AT_REST, SENDABLE, OperationState
from sheetsync.core.verify import Policy, Verdict
from sheetsync.errors import ContradictionError, ProviderError, RejectedError, RetryableError
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.paying import has_price, paid_meanwhile, traces_of
from sheetsync.ports import OperationRecord

LOOKED_FOR = timedelta(days=30)
"""How long a settled operation is looked for again: a request may turn up late."""

LOOK_AGAIN = timedelta(days=1)
"""How often. What a re-read called lost is looked for by every verify during the first day."""

Listed = Mapping[str, Sequence[Transaction]]
"""Account id → its transactions, oldest first."""


def is_proven_by_transaction(record: OperationRecord) -> bool:
    """Whether only a transaction may settle it."""
    return record.evidence_kind is EvidenceKind.TRANSACTION


def capabilities_now(desk: Desk) -> Capabilities:
    """Return the capabilities with the kind of evidence that the credit system lets us have today.

    Raises:
        ProviderError: it could not be asked.
    """
    try:
        return replace(desk.rules.capabilities, evidence=desk.provider.evidence())
    except (RejectedError, RetryableError) as error:
        raise ProviderError(error.message, hint=error.hint) from error


def transactions_of(desk: Desk, records: Iterable[OperationRecord]) -> Listed | str:
    """Read all transactions of these operations' accounts, or return the sentence that says why not.

    Raises:
        ProviderError: the credit system could not be reached.
    """
    wanted = list(records)
    if not wanted:
        return {}
    since = min(record.created_at for record in wanted) - SEARCH_BEFORE
    listed: dict[str, list[Transaction]] = defaultdict(list)
    try:
        for each in desk.provider.transactions({record.account_id for record in wanted}, since):
            listed[each.account_id].append(each)
    except RejectedError as error:
        return (
            f"Not proven: the transactions may not be read (any more). {error.message} {error.hint}".strip()
        )
    except RetryableError as error:
        if not error.reached:
            raise ProviderError(error.message, hint=error.hint) from error
        return f"Not proven yet: the transactions could not be read. {error.message}"
    return {account_id: chronological(each) for account_id, each in listed.items()}


def _merged(one: Listed, other: Listed) -> Listed:
    """Return the transactions of two searches, each once, oldest first."""
    found: dict[str, dict[str, Transaction]] = defaultdict(dict)
    for listed in (one, other):
        for account_id, transactions in listed.items():
            found[account_id] |= {each.transaction_id: each for each in transactions}
    return {account_id: chronological(each.values()) for account_id, each in found.items()}


@dataclass(frozen=True, slots=True)
class Proving:
    """One reading that is to prove something.

    Attributes:
        run: that reads.
        reading: its number.
        read: account id → when its read started, and what it gave; before any transaction was read.
    """

    desk: Desk
    run: str
    reading: int
    read: Mapping[str, tuple[datetime, Account]]

    def prove(
        self, records: Iterable[OperationRecord], *, settled: Sequence[OperationRecord] = ()
    ) -> set[str]:
        """Judge operations by the transactions of their accounts; return the keys of those found late.

        Args:
            records: operations that are not settled; those of accounts that were not read are left alone.
            settled: settled operations to look for again.

        Raises:
            ProviderError: the credit system could not be reached.
        """
        open_ones = [record for record in records if record.account_id in self.read]
        # noted first: what cannot be read now is not tried again at once
        self.desk.ledger.operations.looked_up({record.key for record in settled})
        listed = transactions_of(self.desk, open_ones)
        if isinstance(listed, str):
            for record in open_ones:
                self.desk.ledger.operations.note(record.key, message=listed, evidence=None)
            return set()
        for record in open_ones:
            self._judge(record, listed.get(record.account_id, ()))
        # apart from the others, because these go back for a month
        earlier = transactions_of(self.desk, settled)
        both = listed if isinstance(earlier, str) else _merged(listed, earlier)
        return self._late(both, {record.key for record in open_ones}, settled)

    def _judge(self, record: OperationRecord, listed: Sequence[Transaction]) -> None:
        read_at, account = self.read[record.account_id]
        rules: _Rules = {"read_at": read_at, "policy": self.desk.policy, "units": self.desk.units}
        sent = telling.sent(self.desk, record)
        if has_price(self.desk, record):
            traces = traces_of(self.desk, record)
            if isinstance(traces, str):
                self.desk.ledger.operations.note(record.key, message=traces, evidence=None)
                return
            verdict = by_payment(sent, listed, account.balances, traces, **rules)
        else:
            verdict = by_transactions(sent, listed, account.balances, **rules)
        if verdict.alert:
            self._alert(record, verdict)
        elif verdict.state is not None:
            settle(self.desk, record, verdict, account, reading=self.reading)
        elif verdict.evidence is not None or not record.message:
            # too early to tell: the row already says what happened to the request
            self.desk.ledger.operations.note(record.key, message=verdict.message, evidence=verdict.evidence)

    def _alert(self, record: OperationRecord, verdict: Verdict) -> bool:
        """Keep a contradiction, and stop a push of somebody else; False if the row says so already."""
        ledger = self.desk.ledger
        if not ledger.operations.alert(record.key, message=verdict.message, evidence=verdict.evidence or {}):
            return False
        lease = ledger.runs.lease(self.desk.system)
        if lease is not None and lease.run is not None and lease.run != self.run:
            ledger.runs.cancel(lease.run)
        return True

    def _late(self, listed: Listed, judged: Collection[str], settled: Sequence[OperationRecord]) -> set[str]:
        """Find settled operations that the transactions name after all: those asked for, and any other."""
        named = {key for each in listed.values() for one in each if (key := key_of(one.note)) is not None}
        known = self.desk.ledger.operations.by_key(named - set(judged))
        records = {**{each.key: each for each in settled}, **known}.values()
        ours = [record for record in records if record.system == self.desk.system]
        return {record.key for record in ours if self._found_late(record, listed.get(record.account_id, ()))}

    def _found_late(self, record: OperationRecord, listed: Sequence[Transaction]) -> bool:
        mine = carrying(record.key, listed)
        if not mine or not _may_change(record, mine):
            return False
        verdict = found(telling.sent(self.desk, record), mine, self.desk.units, settled=True)
        if verdict.alert:
            return self._alert(record, verdict)
        known = self.read.get(record.account_id)
        account = known[1] if known is not None else _account(self.desk, record)
        if account is None:
            return False
        late = as_late(record, verdict)
        return settle(self.desk, record, late, account, reading=self.reading, from_states=SENDABLE)


class _Rules(TypedDict):
    read_at: datetime
    policy: Policy
    units: Sequence[Unit]


def settle(
    desk: Desk,
    record: OperationRecord,
    verdict: Verdict,
    account: Account,
    *,
    reading: int,
    from_states: Collection[OperationState] = AT_REST,
) -> bool:
    """Write a verdict down; False if the operation moved meanwhile."""
    if verdict.state is None:
        raise AssertionError("nothing is proven")
    known = Account(account.account_id, account.email, account.name, account.balances)
    return desk.ledger.operations.verdict(
        record.key,
        attempt=record.attempts,
        state=verdict.state,
        message=verdict.message,
        evidence=verdict.evidence or {},
        account=known,
        reading=reading,
        from_states=from_states,
    )


def _may_change(record: OperationRecord, mine: Sequence[Transaction]) -> bool:
    if record.state is OperationState.CONFIRMED:
        return len(mine) > 1 and is_proven_by_transaction(record)
    return record.state in SENDABLE and record.attempts > 0


def as_late(record: OperationRecord, verdict: Verdict) -> Verdict:
    """Return the verdict on an operation that was taken for lost and turned up."""
    message = f"Found later: {verdict.message}"
    if record.closed:
        message += (
            ". Another change of this user was sent since, because this one was taken for lost: look whether "
            "both were meant"
        )
    return Verdict(verdict.state, message, verdict.evidence)


def _account(desk: Desk, record: OperationRecord) -> Account | None:
    try:
        return desk.provider.account(record.account_id)
    except (RejectedError, RetryableError):
        return None  # the next verify finds it again


def to_look_for(desk: Desk, account_ids: Collection[str] | None = None) -> list[OperationRecord]:
    """Return settled operations that are looked for again now.

    One that a re-read called lost is looked for by every verify of the first day; afterwards, and one that
    the credit system itself refused, once a day.
    """
    if desk.rules.capabilities.evidence is not EvidenceKind.TRANSACTION:
        return []
    now = desk.ledger.runs.now()
    return [
        record
        for record in desk.ledger.operations.lately(desk.system, now - LOOKED_FOR)
        if (account_ids is None or record.account_id in account_ids)
        and (_was_just_lost(record, now) or is_look_due(record, now))
    ]


def _was_just_lost(record: OperationRecord, now: datetime) -> bool:
    lost = record.state is OperationState.NOT_APPLIED and record.evidence is not None
    return lost and record.settled_at is not None and now - record.settled_at < LOOK_AGAIN


def is_look_due(record: OperationRecord, now: datetime) -> bool:
    """Whether a settled operation was not looked for during the last day."""
    seen = max(each for each in (record.checked_at, record.settled_at, record.created_at) if each is not None)
    return now - seen >= LOOK_AGAIN


def look_before_again(desk: Desk, record: OperationRecord, *, run: str) -> str | None:
    """Look for an operation's earlier attempts before it is sent once more; return why it may not be sent.

    Returns:
        None if no transaction carries its key; else a sentence, and the ledger knows better now.

    Raises:
        ContradictionError: nothing more may be sent before a person has looked.
        ProviderError: the credit system could not be reached.
    """
    if not is_proven_by_transaction(record):
        return None
    reading = desk.ledger.accounts.next_reading(desk.system, actor=desk.actor, run=run, kind="look_up")
    listed = transactions_of(desk, [record])
    if isinstance(listed, str):
        return f"Not sent: an earlier attempt has to be looked for first. {listed}"
    if has_price(desk, record):
        return paid_meanwhile(desk, record, listed.get(record.account_id, ()))
    mine = carrying(record.key, listed.get(record.account_id, ()))
    if not mine:
        return None
    verdict = found(telling.sent(desk, record), mine, desk.units)
    if verdict.alert:
        desk.ledger.operations.alert(record.key, message=verdict.message, evidence=verdict.evidence or {})
        raise ContradictionError(
            verdict.message.removeprefix(ALERT),
            hint="Nothing more was sent.",
            details={"operation": record.key, "account_id": record.account_id},
        )
    account = _account(desk, record)
    if account is None:
        return "Not sent: an earlier attempt has counted, but the balance could not be read. Push again."
    late = as_late(record, verdict)
    settle(desk, record, late, account, reading=reading, from_states={OperationState.QUEUED})
    return late.message
