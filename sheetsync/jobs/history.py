"""History: who changed what, when, why, and how it was proven."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sheetsync.errors import UsageError
from sheetsync.jobs import telling
from sheetsync.ports import Ledger, OperationRecord

Page = Callable[[str, str], str | None]
"""Connection and account id → address of the customer's page, or None."""

PAGE = 1000
"""Operations read at a time where all are wanted: bounded memory, few queries."""


def no_page(_connection: str, _account_id: str) -> None:
    """Know no customer's page."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which operations are meant; what is None leaves nothing out.

    Attributes:
        connection, account_id, run: only this one's.
        actor: who asked.
        reason: exactly as the row said.
        since, until: when it was asked for: at or after, and before.
    """

    connection: str | None = None
    account_id: str | None = None
    run: str | None = None
    actor: str | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def find(
        self,
        ledger: Ledger,
        *,
        unsettled: bool = False,
        before: tuple[datetime, str] | None = None,
        limit: int | None = None,
    ) -> list[OperationRecord]:
        """Return them, newest first."""
        return ledger.operations.history(
            self.connection,
            account_id=self.account_id,
            run=self.run,
            actor=self.actor,
            reason=self.reason,
            since=self.since,
            until=self.until,
            unsettled=unsettled,
            before=before,
            limit=limit,
        )

    def all_of(self, ledger: Ledger) -> Iterator[OperationRecord]:
        """Yield them, newest first, some at a time."""
        before: tuple[datetime, str] | None = None
        while True:
            found = self.find(ledger, before=before, limit=PAGE)
            yield from found
            if len(found) < PAGE:
                return
            before = (found[-1].created_at, found[-1].key)


def history(  # noqa: PLR0913 - one parameter per filter
    ledger: Ledger,
    connection: str | None,
    *,
    account_id: str | None = None,
    run: str | None = None,
    actor: str | None = None,
    reason: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
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
        reason: only with exactly this reason.
        since: only what was asked for at or after this time.
        until: only what was asked for before this time.
        unsettled: only what is not proven yet.
        limit: rows at most; None for all.
        cursor: ``next`` of an earlier answer.
        page: connection and account id → address of the customer's page.
    """
    wanted = Wanted(connection, account_id, run, actor, reason, since, until)
    start = _read_cursor(cursor)
    if unsettled:
        waiting = reversed(wanted.find(ledger, unsettled=True))
        records = [each for each in waiting if start is None or (each.created_at, each.key) > start][:limit]
    else:
        records = wanted.find(ledger, before=start, limit=limit)
    full, now = limit is not None and len(records) == limit, ledger.runs.now()
    return {
        "operations": [
            telling.history_row(record, page=page(record.connection, record.account_id), now=now)
            for record in records
        ],
        "next": _cursor(records[-1]) if full else None,
    }


def all_rows(ledger: Ledger, wanted: Wanted, *, page: Page = no_page) -> Iterator[dict[str, Any]]:
    """Yield every operation that is meant as ``history`` lists it, newest first."""
    now = ledger.runs.now()
    for record in wanted.all_of(ledger):
        yield telling.history_row(record, page=page(record.connection, record.account_id), now=now)


def _cursor(record: OperationRecord) -> str:
    """Return a place in the list, of characters that need no escaping in an address."""
    return f"{record.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}~{record.key}"


def _read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    moment, _, key = cursor.partition("~")
    found = None
    with suppress(ValueError, OverflowError):
        read = datetime.fromisoformat(moment)
        found = read.astimezone(UTC) if read.tzinfo else None
    if found is None:
        raise UsageError(f"“{cursor}” is not a cursor of an earlier answer.")
    return found, key


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


def csv_rows(operations: Iterable[dict[str, Any]]) -> Iterator[list[Any]]:
    """Yield the rows of a CSV file: one for each operation and unit."""
    for operation in operations:
        for unit, change in operation["changes"].items():
            row = {**operation, **change, "unit": unit}
            yield [row.get(name) for name in CSV_COLUMNS]
