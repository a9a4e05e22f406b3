"""Replies that look back over many operations: the history, totals and daily statements, as JSON or CSV."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sheetsync.bootstrap import Office
from sheetsync.csvs import guarded
from sheetsync.jobs import statement, totals
from sheetsync.jobs.history import CSV_COLUMNS, Wanted, csv_rows, history
from sheetsync.jobs.moments import read_day
from sheetsync.web.queries import StatementQuery
from sheetsync.web.wire import Csv

PAGE = 500
"""Operations that are read at a time: a long list needs no more memory than a short one."""


def history_csv(office: Office, name: str, filters: Mapping[str, Any]) -> Csv:
    """Return operations, newest first, a line per unit."""
    find = partial(history, office.ledger, name, page=office.page, **{**filters, "limit": PAGE})
    first = find(cursor=filters.get("cursor"))  # at once: a wrong filter is refused before the reply begins
    return Csv(f"history-{name}.csv", _pages(find, first))


def totals_json(office: Office, name: str, by: str, filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was added and removed, by day, reason or person."""
    zone, how = office.settings.service.zone, totals.By(by)
    found = totals.totals(office.ledger, Wanted(name, **filters), how, zone=zone)
    return totals.totals_json(found, how, zone=zone)


def totals_csv(office: Office, name: str, by: str, filters: Mapping[str, Any]) -> Csv:
    """Return the totals as a file."""
    told = totals_json(office, name, by, filters)
    return Csv(f"totals-{name}.csv", iter([_written([totals.CSV_HEADER, *totals.csv_rows(told)])]))


def statement_json(office: Office, name: str, asked: StatementQuery, *, actor: str) -> dict[str, Any]:
    """Return opening, changes and closing of days, from the ledger alone.

    Raises:
        UsageError: they are no days, the wrong way round, or too many.
    """
    with office.desk(name, actor=actor) as desk:
        today = f"{desk.ledger.runs.now().astimezone(desk.timezone):%Y-%m-%d}"
        until = asked.until or today
        since = asked.since or until
        found = statement.statement(desk, read_day(since, "since"), read_day(until, "until"))
        return statement.statement_json(desk, found)


def statement_csv(office: Office, name: str, asked: StatementQuery, *, actor: str) -> Csv:
    """Return a statement as a file."""
    told = statement_json(office, name, asked, actor=actor)
    rows = [statement.CSV_HEADER, *statement.csv_rows(told)]
    return Csv(f"statement-{name}.csv", iter([_written(rows)]))


def _pages(find: "partial[dict[str, Any]]", found: dict[str, Any]) -> Iterator[bytes]:
    yield _written([CSV_COLUMNS])
    while True:
        yield _written(csv_rows(found["operations"]))
        if found["next"] is None:
            return
        found = find(cursor=found["next"])


def _written(rows: Iterable[Sequence[Any]]) -> bytes:
    """Return rows as CSV in which no cell is taken for a formula."""
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([guarded(cell) for cell in row] for row in rows)
    return stream.getvalue().encode()
