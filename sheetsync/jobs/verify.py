"""Verify: re-read and decide, per operation, what really happened. Sends nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sheetsync.core.accounts import Account
from sheetsync.core.states import UNPROVEN, OperationState
from sheetsync.core.verify import Verdict, by_balance
from sheetsync.errors import ProviderError, RejectedError, RetryableError
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import settle_dead_owner, wait_until
from sheetsync.jobs.outcome import counts, finish_showing, sheet_requests
from sheetsync.jobs.running import running
from sheetsync.ports import OperationRecord

VERIFIABLE = frozenset({OperationState.ACCEPTED, OperationState.UNKNOWN})


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
    with running(desk, "verify", run=run) as now:
        looked_at = _open(desk, account_ids)
        if wait:
            _wait_for(now.desk, looked_at)
        verify_records(now.desk, looked_at, run=now.run)
        result = _result(desk, now.run, [record.key for record in looked_at])
        now.result = {
            name: result[name] for name in ("counts", "warnings", "sheet_requests") if name in result
        }
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
        desk.report(f"Waiting until {desk.local(max(due))} for lost requests", 0, None)
        wait_until(desk, max(due))


def _result(desk: Desk, run: str, keys: list[str]) -> dict[str, Any]:
    warnings = finish_showing(desk)
    records = desk.ledger.operations.by_key(keys)
    rows = [telling.operation_row(records[key]) for key in keys]
    return {
        "run": run,
        "plan": None,
        "connection": desk.name,
        "counts": counts(rows),
        "rows": rows,
        "warnings": warnings,
        **sheet_requests(desk),
    }


def verify_records(desk: Desk, records: Iterable[OperationRecord], *, run: str) -> None:
    """Read the accounts of these operations once each and write down what that proves.

    Raises:
        ProviderError: the credit system could not be reached.
    """
    by_account: dict[str, list[OperationRecord]] = defaultdict(list)
    for record in records:
        if record.state in VERIFIABLE:
            by_account[record.account_id].append(record)
    if not by_account:
        return
    reading = desk.ledger.accounts.next_reading(desk.system, actor=desk.actor, run=run, kind="verify")
    for done, (account_id, read_at, found) in enumerate(_reads(desk, by_account), start=1):
        for record in by_account[account_id]:
            if isinstance(found, Account):
                judge(desk, record, found, read_at=read_at, reading=reading)
            else:
                desk.ledger.operations.note(record.key, message=found, evidence=None)
        desk.report("Verifying", done, len(by_account))


LIST_FROM = 30
"""Accounts from which one walk through the list is cheaper than a request for each, where it has balances."""


def _reads(desk: Desk, account_ids: Collection[str]) -> Iterator[tuple[str, datetime, Account | str]]:
    """Yield (account id, when the read started, account or why not) by as few requests as possible."""
    if desk.rules.capabilities.lists_balances and len(account_ids) >= LIST_FROM:
        read_at, missing = desk.clock.now(), set(account_ids)
        for account in desk.provider.accounts(lambda _done, _total: None):
            if account.account_id in missing:
                missing.discard(account.account_id)
                yield account.account_id, read_at, account
        for account_id in sorted(missing):
            yield account_id, read_at, "Not proven: the credit system's list no longer has this user."
        return
    with ThreadPoolExecutor(desk.limits.parallel_requests) as pool:
        yield from pool.map(lambda account_id: _read(desk, account_id), account_ids)


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


def judge(desk: Desk, record: OperationRecord, account: Account, *, read_at: datetime, reading: int) -> None:
    """Decide one operation by a read that started at ``read_at``, and write the verdict down."""
    verdict: Verdict = by_balance(
        telling.sent(desk, record), account.balances, read_at=read_at, policy=desk.policy, units=desk.units
    )
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
