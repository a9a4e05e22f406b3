"""The command that pulls read-only collections into tabs."""

from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sheetsync.cli.frame import AS, Frame, command
from sheetsync.jobs.moments import read_moment
from sheetsync.jobs.report import catalogue, report
from sheetsync.ports import Narrowed


@click.command("report")
@click.argument("connection")
@click.argument("name", required=False)
@click.option("--since", metavar="TIME", help="Nothing older; ISO 8601, in the service's time zone.")
@click.option("--location", metavar="ID", help="Only this location, by its ID or its name.")
@click.option("--limit", type=click.IntRange(min=1), help="Rows at most; the newest where they have a time.")
@AS
@command
def report_command(
    frame: Frame,
    connection: str,
    *,
    name: str | None,
    since: str | None,
    location: str | None,
    limit: int | None,
) -> int:
    """Pull a read-only collection of the credit system into a tab of its own; without NAME list them."""
    with frame.desk(connection) as desk:
        if name is None:
            listed = catalogue(desk)
            frame.emit(listed, lambda out: out.print(_table(listed["reports"])))
            return 0
        moment: datetime | None = read_moment(since, "--since", zone=desk.timezone)
        result = report(desk, name, Narrowed(moment, location, limit))
    frame.emit(result, lambda out: _show(out, result))
    return 0


def _show(out: Console, result: dict[str, Any]) -> None:
    out.print(f"{result['rows']} rows in the tab [bold]{escape(result['tab'])}[/].")


def _table(reports: list[dict[str, Any]]) -> Table:
    table = Table(title="Reports", title_justify="left", expand=False, padding=(0, 0))
    for name in ("Report", "Shows", "Options"):
        table.add_column(name, overflow="fold", no_wrap=name == "Report")
    for each in reports:
        table.add_row(each["report"], each["shows"], " ".join(each["options"]))
    return table
