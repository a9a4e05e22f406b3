"""The command that imports a CSV file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from sheetsync.cli import printing
from sheetsync.cli.frame import AS, Frame, command
from sheetsync.core.lines import HeaderProblem, known_headers
from sheetsync.csvs import CsvFile, open_csv
from sheetsync.errors import UsageError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.importing import MARKS, import_file, source_of
from sheetsync.jobs.judging import Source
from sheetsync.jobs.listing import plan_file
from sheetsync.jobs.outcome import needs_attention
from sheetsync.jobs.results import write_results


@click.command("import")
@click.argument("connection")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option(
    "--results", type=click.Path(path_type=Path), metavar="OUT.csv", help="Write what came of each line."
)
@click.option(
    "--map", "maps", metavar="HEADER=FIELD", multiple=True, help="What a column means; is remembered."
)
@click.option("--decimal", type=click.Choice(list(MARKS)), help="The decimal mark of this file.")
@click.option("--encoding", metavar="NAME", help="Of the file, such as cp1250, where it is not found out.")
@click.option("--label", default="", metavar="TEXT", help="The reference of every line without one.")
@click.option("--again", is_flag=True, help="Lines equal to those of other files are meant once more.")
@click.option("--plan", "planned", is_flag=True, help="Make a plan of it; leave the tab alone.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@AS
@command
def import_command(  # noqa: PLR0913 - one parameter per option
    frame: Frame,
    connection: str,
    *,
    file: Path,
    results: Path | None,
    maps: Sequence[str],
    decimal: str | None,
    encoding: str | None,
    label: str,
    again: bool,
    planned: bool,
    dry_run: bool,
) -> int:
    """Put the lines of a CSV file into the tab as edits, or with --plan into a plan. Sends nothing.

    What was imported and pushed before is recognised, and not sent again.
    """
    if planned and dry_run:
        raise UsageError("A plan sends nothing: leave --dry-run out.")
    if results is not None and results.resolve() == file.resolve():
        raise UsageError("The results would overwrite the file itself.", hint="Name another --results.")
    with frame.desk(connection) as desk:
        given = _given(maps)
        found = open_csv(file, known_headers(desk.units), encoding=encoding)
        source = _source(desk, found, given, decimal=decimal, label=label, again=again)
        params = {
            "file": str(file.resolve()),
            "map": {} if dry_run else given,  # trying a mapping out does not make it the usual one
            "results": str(results.resolve()) if results else None,
        }
        if planned:
            result = plan_file(desk, source, params=params)
        else:
            result = import_file(desk, source, params=params, write=not dry_run)
        meant = result.pop("meant")
        result["warnings"] = [*found.warnings, *result["warnings"]]
        if results is not None:
            write_results(desk, results, found, meant)
            result["results"] = str(results)
    frame.emit(result, _printer(result, dry_run=dry_run))
    plan = result.get("plan", {"rows": (), "over_limits": ()})
    return 1 if result["counts"]["invalid"] or needs_attention(plan["rows"]) or plan["over_limits"] else 0


def _given(maps: Sequence[str]) -> dict[str, str]:
    given = {}
    for each in maps:
        header, equals, name = each.rpartition("=")
        if not equals or not header.strip():
            raise UsageError(
                f"--map “{each}” is not HEADER=FIELD.", hint='For example: --map "Customer=user_id"'
            )
        given[header] = name
    return given


def _source(
    desk: Desk, file: CsvFile, given: dict[str, str], *, decimal: str | None, label: str, again: bool
) -> Source:
    try:
        return source_of(desk, file, given, name=file.path.name, decimal=decimal, label=label, again=again)
    except HeaderProblem as problem:
        raise UsageError(str(problem), hint='Say what a column means: --map "HEADER=FIELD"') from problem


def _printer(result: dict[str, Any], *, dry_run: bool) -> printing.Show:
    def show(out: Console) -> None:
        counts = result["counts"]
        where = "the plan" if "plan" in result else "the tab"
        out.print(
            f"{result['rows']} lines of {escape(result['file'])}: [bold]{counts['edited']}[/] for {where}, "
            f"{counts['already_sent']} sent before, {counts['invalid']} invalid."
        )
        for problem in result["problems"][: printing.ROWS_SHOWN]:
            out.print(f"[red]Line {problem['line']}:[/] {escape(problem['message'])}")
        if len(result["problems"]) > printing.ROWS_SHOWN:
            out.print("… and more; --results OUT.csv has them all.")
        if result["results"]:
            out.print(f"What came of each line stands in {escape(result['results'])}.")
        if "plan" in result:
            printing.planned(result["plan"])(out)
            if result["plan"]["totals"] and not result["plan"]["over_limits"]:
                plan = result["plan"]
                out.print(f"Push it with: sheetsync push {plan['connection']} --plan {plan['digest']}")
        elif dry_run:
            out.print("Nothing was written. To import it, leave --dry-run out.")
        elif counts["edited"]:
            out.print(f"Next: sheetsync preview {result['connection']}")

    return show
