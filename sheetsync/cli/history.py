"""Commands that look back: history, totals, daily statements; and whether all sides say the same."""

import os
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sheetsync.bootstrap import Office
from sheetsync.cli import printing
from sheetsync.cli.frame import AS, Frame, command
from sheetsync.csvs import write_csv
from sheetsync.errors import UsageError
from sheetsync.jobs.history import CSV_COLUMNS, Wanted, all_rows, csv_rows, history
from sheetsync.jobs.moments import day_begins, read_day, read_moment
from sheetsync.jobs.reconcile import CSV_HEADER as DIFFERENCES_HEADER
from sheetsync.jobs.reconcile import csv_rows as difference_rows
from sheetsync.jobs.reconcile import reconcile, reconciled_json
from sheetsync.jobs.statement import CSV_HEADER as STATEMENT_HEADER
from sheetsync.jobs.statement import csv_rows as statement_rows
from sheetsync.jobs.statement import statement, statement_json
from sheetsync.jobs.totals import CSV_HEADER as TOTALS_HEADER
from sheetsync.jobs.totals import By, totals, totals_json
from sheetsync.jobs.totals import csv_rows as totals_rows


@click.command("history")
@click.argument("connection", required=False)
@click.option("--account", "account_id", metavar="ID")
@click.option("--run", metavar="ID")
@click.option("--actor", metavar="NAME", help="As the ledger names people, such as cli:ana.")
@click.option("--reason", metavar="TEXT", help="Exactly this reason.")
@click.option("--since", metavar="TIME", help="A day, or a time (UTC without a zone); from then on.")
@click.option("--until", metavar="TIME", help="A day, which counts as a whole, or a time; before that.")
@click.option("--unsettled", is_flag=True, help="Only what is not proven yet, what waits longest first.")
@click.option(
    "--totals", "by", type=click.Choice([each.value for each in By]), help="Add up instead of listing."
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Operations at most."
)
@click.option("--cursor", help="“next” of an earlier answer.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write all of them to a file.")
@AS
@command
def history_command(
    frame: Frame,
    connection: str | None,
    *,
    since: str | None,
    until: str | None,
    unsettled: bool,
    by: str | None,
    limit: int,
    cursor: str | None,
    csv_file: Path | None,
    **chosen: str | None,
) -> int:
    """Who changed what, when, and how it was proven; newest first (--unsettled: oldest first)."""
    with Office.open(frame.config, os.environ) as office, frame.progress() as report:
        zone = office.settings.service.zone
        if connection is not None and not office.ledger.runs.newest(connection, limit=1):
            office.connection(connection)  # one that left the configuration keeps its history
        wanted = Wanted(connection, since=_since(since, zone), until=_until(until, zone), **chosen)
        if by is not None:
            if unsettled or cursor:
                raise UsageError("--totals adds up everything: leave out --unsettled and --cursor.")
            groups = totals(office.ledger, wanted, By(by), zone=zone, report=report)
            return _emit_totals(frame, totals_json(groups, By(by), zone=zone), csv_file)
        result = history(
            office.ledger,
            connection,
            since=wanted.since,
            until=wanted.until,
            unsettled=unsettled,
            limit=None if unsettled and csv_file else limit,
            cursor=cursor,
            page=office.page,
            **chosen,
        )
        if csv_file is not None:
            rows = result["operations"] if unsettled else all_rows(office.ledger, wanted, page=office.page)
            return _save(frame, csv_file, CSV_COLUMNS, csv_rows(rows), result=result)
    frame.emit(result, history_table(result["operations"], unsettled=unsettled))
    return 0


def _since(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Read when to begin: a day alone is one of the service's time zone, a time without a zone is UTC."""
    if text is not None and _is_day(text):
        return day_begins(text, "--since", zone)
    return read_moment(text, "--since")


def _until(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Read when to end; a day alone counts as a whole."""
    if text is not None and _is_day(text):
        return day_begins(text, "--until", zone, later=1)
    return read_moment(text, "--until")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _save(
    frame: Frame,
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    result: dict[str, Any],
    code: int = 0,
) -> int:
    lines = write_csv(path, header, iter(rows), separator=",")
    told = {**result, "csv": str(path), "lines": lines}
    frame.emit(told, lambda out: out.print(f"{lines} lines written to {escape(str(path))}."))
    return code


def _emit_totals(frame: Frame, result: dict[str, Any], csv_file: Path | None) -> int:
    if csv_file is not None:
        return _save(frame, csv_file, TOTALS_HEADER, totals_rows(result), result=result)
    frame.emit(result, lambda out: out.print(_totals_table(result)))
    return 0


def _totals_table(result: dict[str, Any]) -> Table:
    title = f"Totals by {result['by']}; only what is proven counts as changed"
    table = Table(title=title, title_justify="left")
    for name in ("Connection", result["by"].capitalize(), "Operations", "Confirmed"):
        table.add_column(name, overflow="fold")
    for name in ("Unit", "Added", "Removed", "Net"):
        table.add_column(name, justify="left" if name == "Unit" else "right", overflow="fold")
    for row in totals_rows(result):
        table.add_row(*(escape(str(cell)) for cell in row))
    return table


@click.command("statement")
@click.argument("connection")
@click.option("--day", metavar="DAY", help="That day alone; today by default.")
@click.option("--since", metavar="DAY", help="The first of several days.")
@click.option("--until", metavar="DAY", help="The last of them; today by default.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write it to a file.")
@AS
@command
def statement_command(
    frame: Frame,
    connection: str,
    *,
    day: str | None,
    since: str | None,
    until: str | None,
    csv_file: Path | None,
) -> int:
    """Opening, changes by us, changes by others and closing of a day; reads only the ledger."""
    if day is not None and (since or until):
        raise UsageError("Say --day, or --since and --until.")
    with frame.desk(connection) as desk:
        today = f"{desk.ledger.runs.now().astimezone(desk.timezone):%Y-%m-%d}"
        first, last = day or since or until or today, day or until or today
        found = statement(desk, read_day(first, "--day" if day else "--since"), read_day(last, "--until"))
        result = statement_json(desk, found)
    if csv_file is not None:
        return _save(frame, csv_file, STATEMENT_HEADER, statement_rows(result), result=result)
    frame.emit(result, lambda out: _show_statement(out, result))
    return 0


def _show_statement(out: Console, result: dict[str, Any]) -> None:
    title = f"{printing.place(result)}, days of {result['timezone']}"
    table = Table(title=title, title_justify="left")
    for name in ("Day", "Unit"):
        table.add_column(name, overflow="fold")
    for name in ("Opening", "By us", "By others", "Closing"):
        table.add_column(name, justify="right", overflow="fold")
    for day in result["days"]:
        for unit, held in day["units"].items():
            table.add_row(day["day"], unit, *(held[name] for name in ("opening", "us", "others", "closing")))
    out.print(table)
    for day in result["days"]:
        for note in day["notes"]:
            out.print(f"[yellow]{day['day']}: {escape(note)}[/]")
    for note in result["notes"]:
        out.print(f"[yellow]{escape(note)}[/]")


def history_table(operations: list[dict[str, Any]], *, unsettled: bool = False) -> printing.Show:
    """Return a printer for ``history``; of what is unsettled it shows the age."""

    def show(out: Console) -> None:
        if unsettled and not operations:
            out.print("Nothing waits: every change is settled.")
            return
        title = "Not proven yet, oldest first" if unsettled else "Operations, newest first"
        table = Table(title=title, title_justify="left")
        names = ("Sent", "User", "Action", "Old → new", "Status", "By", "Operation", "Message")
        for name in (*(["Age"] if unsettled else []), *names):
            table.add_column(name, overflow="fold")
        for each in operations:
            table.add_row(
                *([age(each["age_s"] or 0)] if unsettled else []),
                each["sent_at"] or each["created_at"],
                escape(each["account_id"]),
                each["action"],
                printing.change(each["changes"]),
                f"[{printing.STYLES.get(each['status'], 'white')}]{printing.word(each['status'])}[/]",
                escape(each["actor"]),
                each["operation"],
                escape(each["message"]),
            )
        out.print(table)

    return show


def age(seconds: int) -> str:
    """Return an age for people, in its largest whole unit."""
    for name, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {name}"
    return f"{max(seconds, 0)} s"


@click.command("reconcile")
@click.argument("connection")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write the differences to a file.")
@AS
@command
def reconcile_command(frame: Frame, connection: str, *, csv_file: Path | None) -> int:
    """Compare ledger, credit system and tab; list every difference with its likely cause. Changes nothing."""
    with frame.desk(connection) as desk:
        result = reconciled_json(desk, reconcile(desk))
    code = 1 if result["differences"] else 0
    if csv_file is not None:
        rows = difference_rows(result)
        return _save(frame, csv_file, DIFFERENCES_HEADER, rows, result=result, code=code)
    frame.emit(result, lambda out: _show_differences(out, result))
    return code


def _show_differences(out: Console, result: dict[str, Any]) -> None:
    compared = f"{result['accounts']} users and {result['rows']} rows of {printing.place(result)} compared"
    if result["differences"]:
        table = Table(title=f"{compared}: what differs", title_justify="left")
        for name in ("User", "Likely cause", "Unit", "System", "Ledger", "Tab", "Row", "Message"):
            table.add_column(name, overflow="fold")
        for each in result["differences"][: printing.ROWS_SHOWN]:
            names = ("unit", "system", "ledger", "tab", "row", "message")
            cells = ["" if each[name] is None else str(each[name]) for name in names]
            table.add_row(
                escape(each["account_id"]), printing.word(each["cause"]), *(escape(cell) for cell in cells)
            )
        out.print(table)
        if len(result["differences"]) > printing.ROWS_SHOWN:
            out.print("… and more; --csv FILE has them all.")
    else:
        out.print(f"{compared}: no difference.")
    for note in result["notes"]:
        out.print(f"[yellow]{escape(note)}[/]")
