"""Verify: re-read and decide, per operation, what really happened. Sends nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

from sheetsync.core.accounts import Account, EvidenceKind
from sheetsync.core.evidence import ALERT
from sheetsync.core.states import AT_REST, UNPROVEN, OperationState
from sheetsync.core.verify import Verdict, by_balance
from sheetsync.errors import InterruptedRunError, ProviderError, RejectedError, RetryableError
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import settle_dead_owner, wait_until
from sheetsync.jobs.outcome import counts, finish_showing, kept, sheet_requests
from sheetsync.jobs.proving import Proving, is_proven_by_transaction, to_look_for
from sheetsync.jobs.results import refresh_results
from sheetsync.jobs.running import running
from sheetsync.jobs.survey import list_is_cheaper
from sheetsync.ports import OperationRecord

VERIFIABLE = AT_REST


def verify(
    desk: Desk,
    *,
    account_ids: Collection[str] | None = None,
    wait: bool = False,
    run: str | None = None,
) -> dict[str, Any]:
    """Verify what is not settled; return the JSON of ``verify``.

    Args:
        desk: the connection; operations of other connections to its credit system are settled too.
        account_ids: only these accounts, if given.
        wait: wait until lost requests can be judged.
        run: the waiting run that this process carries out.

    Raises:
        ProviderError: the credit system could not be reached; what was proven before stays proven.
    """
    settle_dead_owner(desk)
    params = {"account_ids": sorted(account_ids or ()), "wait": wait}
    with running(desk, "verify", run=run, params=params) as now:
        looked_at = _open(desk, account_ids)
        try:
            if wait:
                _wait_for(now.desk, looked_at)
            settled = to_look_for(now.desk, account_ids)
            late = verify_records(now.desk, looked_at, run=now.run, settled=settled)
        except InterruptedRunError:
            finish_showing(desk)  # what was proven until then
            raise
        keys = [record.key for record in looked_at]
        result = _result(desk, now.run, [*keys, *sorted(late - set(keys))])
        now.result = kept(result)
    return result


def _open(desk: Desk, account_ids: Collection[str] | None) -> list[OperationRecord]:
    return [
        record
        for record in desk.ledger.operations.unsettled(desk.system)
        if record.state in UNPROVEN and (account_ids is None or record.account_id in account_ids)
    ]


def _wait_for(desk: Desk, records: Iterable[OperationRecord]) -> None:
    due = [
        record.left_at + desk.policy.settle_after
        for record in records
        if record.state is OperationState.UNKNOWN and record.left_at is not None
    ]
    if due:
        wait_until(desk, max(due), what=f"Waiting until {desk.local(max(due))} for lost requests")


def _result(desk: Desk, run: str, keys: list[str]) -> dict[str, Any]:
    warnings = finish_showing(desk)
    warnings += alerts(desk, keys)
    warnings += refresh_results(desk, keys)
    records = desk.ledger.operations.by_key(keys)
    rows = [telling.operation_row(records[key], page=desk.page(records[key].account_id)) for key in keys]
    return {
        "run": run,
        "plan": None,
        "connection": desk.name,
        "environment": desk.environment,
        "counts": counts(rows),
        "rows": rows,
        "warnings": warnings,
        **sheet_requests(desk),
    }


def alerts(desk: Desk, keys: Collection[str]) -> list[str]:
    """Return what contradicts the ledger, of these operations, in words."""
    records = desk.ledger.operations.by_key(keys)
    return [
        f"User {records[key].account_id}: {records[key].message}"
        for key in keys
        if key in records and records[key].message.startswith(ALERT)
    ]


def verify_records(
    desk: Desk, records: Iterable[OperationRecord], *, run: str, settled: Sequence[OperationRecord] = ()
) -> set[str]:
    """Read the accounts of these operations once each and write down what that proves.

    Args:
        desk: the connection.
        records: operations; those that are settled are left alone.
        run: this run.
        settled: operations of which transactions are looked for although they are settled.

    Returns:
        The keys of settled operations that turned up late.

    Raises:
        ProviderError: the credit system could not be reached.
    """
    by_account: dict[str, list[OperationRecord]] = defaultdict(list)
    for record in records:
        if record.state in VERIFIABLE:
            by_account[record.account_id].append(record)
    if not by_account and not settled:
        return set()
    reading = desk.ledger.accounts.next_reading(desk.system, actor=desk.actor, run=run, kind="verify")
    read: dict[str, tuple[datetime, Account]] = {}
    by_transaction: list[OperationRecord] = []
    for done, (account_id, read_at, found) in enumerate(_reads(desk, by_account), start=1):
        for record in by_account[account_id]:
            if not isinstance(found, Account):
                desk.ledger.operations.note(record.key, message=found, evidence=None)
            elif is_proven_by_transaction(record):
                read[account_id] = (read_at, found)
                by_transaction.append(record)
            else:
                judge(desk, record, found, read_at=read_at, reading=reading)
        desk.report("Verifying", done, len(by_account))
    return Proving(desk, run, reading, read).prove(by_transaction, settled=settled)


def _reads(desk: Desk, account_ids: Collection[str]) -> Iterator[tuple[str, datetime, Account | str]]:
    """Yield (account id, when the read started, account or why not) by as few requests as possible."""
    rest = set(account_ids)
    if list_is_cheaper(desk, len(rest)):
        read_at = desk.clock.now()
        for account in desk.provider.accounts(lambda _done, _total: None):
            if account.account_id in rest:
                rest.discard(account.account_id)
                yield account.account_id, read_at, account
    with ThreadPoolExecutor(desk.limits.parallel_requests) as pool:
        yield from pool.map(lambda account_id: _read(desk, account_id), sorted(rest))


def _read(desk: Desk, account_id: str) -> tuple[str, datetime, Account | str]:
    read_at = desk.clock.now()
    try:
        return account_id, read_at, desk.provider.account(account_id)
    except RejectedError as error:
        if error.everything:
            raise ProviderError(error.message, hint=error.hint) from error
        return account_id, read_at, f"Not proven: the balance could not be read. {error.message}"
    except RetryableError as error:
        if not error.reached:
            raise ProviderError(error.message, hint=error.hint) from error
        return account_id, read_at, f"Not proven yet: the balance could not be read. {error.message}"


FALLBACK = "Transactions may not be read here, so the balance is the only proof."
"""Said of an operation whose credit system has transactions that we were not allowed to see."""


def judge(desk: Desk, record: OperationRecord, account: Account, *, read_at: datetime, reading: int) -> None:
    """Decide one operation by a read that started at ``read_at``, and write the verdict down."""
    verdict: Verdict = by_balance(
        telling.sent(desk, record), account.balances, read_at=read_at, policy=desk.policy, units=desk.units
    )
    offered = desk.rules.capabilities.evidence
    if offered is EvidenceKind.TRANSACTION and verdict.evidence is not None:
        verdict = replace(verdict, message=f"{verdict.message.rstrip('.')}. {FALLBACK}")
    if verdict.state is None:
        if verdict.evidence is None and record.message:
            return  # too early to tell, and the row already says what happened to the request
        desk.ledger.operations.note(record.key, message=verdict.message, evidence=verdict.evidence)
        return
    known = Account(account.account_id, account.email, account.name, account.balances)
    desk.ledger.operations.verdict(
        record.key,
        attempt=record.attempts,
        state=verdict.state,
        message=verdict.message,
        evidence=verdict.evidence or {},
        account=known,
        reading=reading,
    )
