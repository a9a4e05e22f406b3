"""Resolve: a person's verdict on an operation that cannot be proven."""

from typing import Any

from sheetsync.core.accounts import Account
from sheetsync.core.states import UNPROVEN
from sheetsync.errors import RejectedError, RetryableError, UsageError
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import settle_dead_owner
from sheetsync.jobs.outcome import finish_showing
from sheetsync.ports import OperationRecord


def resolve(desk: Desk, key: str, *, applied: bool, reason: str) -> dict[str, Any]:
    """Settle an unproven operation by the actor's verdict; return the JSON of ``resolve``.

    Raises:
        UsageError: there is no such operation here, or it is not waiting for a verdict.
    """
    if not reason.strip():
        raise UsageError("A verdict needs a reason.", hint='Say what you saw: --reason "…"')
    settle_dead_owner(desk)
    record = desk.ledger.operations.by_key([key]).get(key)
    if record is None or record.system != desk.system:
        raise UsageError(
            f"Connection {desk.name} has no operation {key}.", hint=f"See: sheetsync history {desk.name}"
        )
    done = record.state in UNPROVEN and desk.ledger.operations.resolve(
        key, applied=applied, actor=desk.actor, reason=reason.strip()
    )
    if not done:
        raise UsageError(
            f"Operation {key} is {record.state.value.replace('_', ' ')}: there is nothing to resolve.",
            hint="Only an operation at Confirmation Required takes a person's verdict.",
        )
    warnings = [*_refresh(desk, record), *finish_showing(desk)]
    settled = desk.ledger.operations.by_key([key])[key]
    row = telling.operation_row(settled, page=desk.page(settled.account_id))
    return {**row, "connection": desk.name, "environment": desk.environment, "warnings": warnings}


def _refresh(desk: Desk, record: OperationRecord) -> list[str]:
    """Read the account's balance, so that the row shows the one that the verdict leaves behind."""
    reading = desk.ledger.accounts.next_reading(desk.system, actor=desk.actor, run=record.run, kind="resolve")
    try:
        account = desk.provider.account(record.account_id)
    except (RejectedError, RetryableError) as error:
        return [f"The balance of user {record.account_id} could not be read: {error.message} Pull to see it."]
    known = desk.ledger.accounts.baselines(desk.system, desk.maker, {record.account_id})[record.account_id]
    found = Account(known.account_id, known.email, known.name, account.balances)
    desk.ledger.accounts.record(desk.system, reading, [found])
    return []
