"""Operations: the history with search and CSV, what is not settled, and a person's verdict."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request, stream_with_context

from sheetsync.core.states import AT_REST, UNSETTLED
from sheetsync.csvs import guarded
from sheetsync.jobs.history import CSV_COLUMNS, csv_rows
from sheetsync.jobs.moments import day_begins
from sheetsync.jobs.telling import history_row
from sheetsync.ledger.pages import Sought
from sheetsync.ports import OperationRecord
from sheetsync.web.console import telling
from sheetsync.web.console.frame import Console, see, tell
from sheetsync.web.console.paging import PAGE, cursor_of, read_cursor

CSV_PAGE = 500
"""Operations read at once for a download: the memory that it takes does not grow with its length."""

EVENTS = 50
FILTERS = ("q", "status", "since", "until", "actor", "account", "run")
TEXT_MAX = 200


def add(pages: Blueprint, console: Console) -> None:
    """Add the pages."""

    @pages.get("/connections/<name>/history")
    def history(name: str) -> Response:
        name = console.need("viewer", name, "such connection")
        asked = _asked()
        sought = _sought(console, name, asked)
        before = read_cursor(request.args.get("cursor"))
        found = console.pages.operations(sought, before=before, limit=PAGE + 1)
        return console.page(
            "history.html",
            name=name,
            rows=_rows(console, found[:PAGE]),
            count=console.pages.count(sought),
            first=before is None,
            older=cursor_of(found[PAGE - 1]) if len(found) > PAGE else None,
            asked=asked,
            given={key: value for key, value in asked.items() if value},
            statuses=list(telling.STATES),
        )

    @pages.get("/connections/<name>/history.csv")
    def history_csv(name: str) -> Response:
        name = console.need("viewer", name, "such connection")
        sought = _sought(console, name, _asked())
        reply = Response(stream_with_context(_lines(console, sought)), content_type="text/csv; charset=utf-8")
        reply.headers["Content-Disposition"] = f'attachment; filename="history-{name}.csv"'
        return reply

    @pages.get("/unsettled")
    def unsettled() -> Response:
        names = sorted(console.access().visible())
        only = request.args.get("connection", "")
        if only:
            names = [console.need("viewer", only, "such connection")]
        sought = Sought(names, states=tuple(UNSETTLED))
        after = read_cursor(request.args.get("cursor"))
        found = console.pages.operations(sought, before=after, limit=PAGE + 1, oldest_first=True)
        return console.page(
            "unsettled.html",
            rows=_rows(console, found[:PAGE]),
            count=console.pages.count(sought),
            first=after is None,
            further=cursor_of(found[PAGE - 1]) if len(found) > PAGE else None,
            only=only,
        )

    @pages.get("/operations/<key>")
    def operation(key: str) -> Response:
        record = _find(console, key)
        row = _rows(console, [record])[0]
        return console.page(
            "operation.html",
            row=row,
            record=record,
            name=record.connection,
            events=console.pages.events(key, limit=EVENTS),
            resolvable=record.state in AT_REST,
        )

    @pages.post("/operations/<key>/resolution")
    def resolve(key: str) -> Response:
        console.access()  # nobody unnamed learns even what a form lacks
        body = {"as": request.form.get("as", ""), "reason": request.form.get("reason", "").strip()}
        found = console.carry_out("POST", "/operations/{key}/resolution", key, body)
        tell(f"Settled by you: {telling.label(found['status'])}.")
        for warning in found.get("warnings", []):
            tell(str(warning), "warn")
        return see("console.operation", key=key)


def _asked() -> dict[str, str]:
    return {name: request.args.get(name, "").strip()[:TEXT_MAX] for name in FILTERS}


def _sought(console: Console, name: str, asked: dict[str, str]) -> Sought:
    zone, since, until = console.told.zone, asked["since"], asked["until"]
    return Sought(
        [name],
        words=asked["q"].split(),
        states=telling.STATES.get(asked["status"], ()),
        run=asked["run"] or None,
        account_id=asked["account"] or None,
        actor=asked["actor"] or None,
        since=day_begins(since, "From", zone) if since else None,
        until=day_begins(until, "To", zone, later=1) if until else None,
    )


def _rows(console: Console, records: list[OperationRecord]) -> list[dict[str, Any]]:
    now, page = console.service.office.ledger.runs.now(), console.service.office.page
    return [
        history_row(record, page=page(record.connection, record.account_id), now=now)
        | {"key": record.key, "state": record.state.value}
        for record in records
    ]


def _lines(console: Console, sought: Sought) -> Iterator[str]:
    """Yield a CSV file in parts."""
    yield _csv([CSV_COLUMNS])
    before = None
    while records := console.pages.operations(sought, before=before, limit=CSV_PAGE):
        yield _csv([list(map(guarded, cells)) for cells in csv_rows(_rows(console, records))])
        before = (records[-1].created_at, records[-1].key)


def _csv(lines: Any) -> str:  # noqa: ANN401 - rows of cells
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def _find(console: Console, key: str) -> OperationRecord:
    """Return an operation that the person may see."""
    record = console.service.office.ledger.operations.by_key([key]).get(key)
    console.need("viewer", record.connection if record else None, "such operation")
    if record is None:
        raise AssertionError("an operation that is not there was let through")
    return record
