"""Resolve: a person's verdict on an operation that cannot be proven. History: what was done."""

import csv
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sheetsync.core.accounts import Account
from sheetsync.core.states import UNPROVEN
from sheetsync.csvs import guarded
from sheetsync.errors import RejectedError, RetryableError, UsageError
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import settle_dead_owner
from sheetsync.jobs.outcome import finish_showing
from sheetsync.ports import Ledger, OperationRecord

Page = Callable[[str, str], str | None]
"""Connection and account id → address of the customer's page, or None."""


def no_page(_connection: str, _account_id: str) -> None:
    """Know no customer's page."""


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


def history(  # noqa: PLR0913 - one parameter per filter
    ledger: Ledger,
    connection: str | None,
    *,
    account_id: str | None = None,
    run: str | None = None,
    actor: str | None = None,
    since: datetime | None = None,
    unsettled: bool = False,
    limit: int | None = 100,
    cursor: str | None = None,
    page: Page = no_page,
) -> dict[str, Any]:
    """Return operations as the JSON of ``history``: newest first, of unsettled ones what waits longest first.

    Args:
        ledger: where they are.
        connection: only this one's, if given.
        account_id: only this user's.
        run: only this run's.
        actor: only who asked.
        since: only what was asked for at or after this time.
        unsettled: only what is not proven yet.
        limit: rows at most; None for all.
        cursor: ``next`` of an earlier answer.
        page: connection and account id → address of the customer's page.
    """
    start, wanted = _read_cursor(cursor), ledger.operations.history
    find = partial(wanted, connection, account_id=account_id, run=run, actor=actor, since=since)
    if unsettled:
        waiting = reversed(find(unsettled=True, limit=None))
        records = [each for each in waiting if start is None or (each.created_at, each.key) > start][:limit]
    else:
        records = find(before=start, limit=limit)
    full, now = limit is not None and len(records) == limit, ledger.runs.now()
    return {
        "operations": [
            telling.history_row(record, page=page(record.connection, record.account_id), now=now)
            for record in records
        ],
        "next": _cursor(records[-1]) if full else None,
    }


def _cursor(record: OperationRecord) -> str:
    return f"{record.created_at.isoformat()}~{record.key}"


def _read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    moment, _, key = cursor.partition("~")
    try:
        return datetime.fromisoformat(moment), key
    except ValueError as error:
        raise UsageError(f"“{cursor}” is not a cursor of an earlier answer.") from error


CSV_COLUMNS = (
    "created_at",
    "account_id",
    "email",
    "action",
    "unit",
    "amount",
    "before",
    "after",
    "status",
    "reason",
    "note",
    "actor",
    "operation",
    "attempts",
    "settled_at",
    "message",
)


def csv_cells(operation: dict[str, Any]) -> list[list[str]]:
    """Return an operation's lines of a CSV file, one for each unit."""
    rows = [{**operation, **change, "unit": unit} for unit, change in operation["changes"].items()]
    return [[guarded(row.get(name)) for name in CSV_COLUMNS] for row in rows]


def write_csv(path: Path, operations: Iterable[dict[str, Any]]) -> int:
    """Write operations to a CSV file, a line per unit; return the number of lines.

    Text that a spreadsheet would take for a formula gets an apostrophe in front.

    Raises:
        UsageError: the file cannot be written.
    """
    lines = 0
    try:
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(CSV_COLUMNS)
            for operation in operations:
                cells = csv_cells(operation)
                writer.writerows(cells)
                lines += len(cells)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", hint="Name another file.") from error
    return lines
