"""Import: puts the lines of a file into the tab as edits; what was sent before is never sent twice."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sheetsync.core.amounts import DecimalMark
from sheetsync.core.lines import columns_of, plain
from sheetsync.core.states import RowStatus
from sheetsync.csvs import CsvFile
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import settle_dead_owner
from sheetsync.jobs.judging import Meant, Source, judge_lines
from sheetsync.jobs.placing import against_row, alone_in_their_rows, put, rows_of
from sheetsync.jobs.running import running

LOOK_BACK = 200
"""Runs of a connection among which its last mapping of columns is looked for."""

PROBLEMS_SHOWN = 100
"""Invalid lines in the JSON; the results file has all."""


Tell = Callable[[Sequence[Meant]], str]
"""Writes down what became of every line, before the run counts as done; returns where."""

MARKS: Mapping[str, DecimalMark] = {"point": ".", "comma": ","}
"""How people name the decimal marks."""


def source_of(
    desk: Desk,
    file: CsvFile,
    given: Mapping[str, str],
    *,
    name: str,
    decimal: str | None,
    label: str,
    again: bool,
) -> Source:
    """Return a file as it is meant; without a mapping of columns, the one that was used last if it fits.

    Args:
        desk: the connection.
        file: as opened.
        given: header → field.
        name: of the file, for people.
        decimal: name of the decimal mark, if the person named it.
        label: reference of every line without one.
        again: lines equal to those of other files are meant once more.

    Raises:
        HeaderProblem: the header cannot be used.
    """
    columns = columns_of(file.header, desk.units, given or remembered_map(desk, file.header))
    mark = MARKS[decimal] if decimal else None
    return Source(file=file, name=name, columns=columns, label=label, again=again, mark=mark)


def import_file(
    desk: Desk,
    source: Source,
    *,
    params: Mapping[str, Any],
    write: bool = True,
    run: str | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Put the lines of a file into the tab; return the JSON of ``import`` with every line as ``meant``.

    Args:
        desk: the connection.
        source: the file.
        params: what is kept with the run, such as the mapping of columns.
        write: False only says what would happen.
        run: the waiting run that this process goes on with.
        tell: writes down what became of every line.

    Raises:
        UsageError: never pulled, or the tab is not what a pull wrote.
        SheetError, SheetUnsafeError: the tab could not be written; nothing counts as imported.
    """
    if write:
        desk.sheet.ensure_writable()
    settle_dead_owner(desk)
    with running(desk, "import", run=run, params=params) as now:
        meant = judge_lines(now.desk, source)
        meant = alone_in_their_rows(meant)
        rows = rows_of(now.desk, {each.account_id for each in meant if each.status is RowStatus.EDITED})
        meant = [against_row(now.desk, each, rows) for each in meant]
        if write:
            meant = put(now.desk, source, meant, rows, run=now.run)
        now.result = summary(desk, source, meant) | {"run": now.run}
        if tell is not None:
            now.result["results"] = tell(meant)
    return {**now.result, "meant": meant}


def remembered_map(desk: Desk, header: Sequence[str]) -> dict[str, str]:
    """Return the mapping of columns that this connection used last, if the file has all of them."""
    names = {plain(name) for name in header}
    for run in desk.ledger.runs.newest(desk.name, limit=LOOK_BACK):
        given = run.params.get("map") if run.kind == "import" else None
        if given and {plain(name) for name in given} <= names:
            return dict(given)
    return {}


def summary(desk: Desk, source: Source, meant: Sequence[Meant]) -> dict[str, Any]:
    """Return the JSON of ``import``, without the run."""
    counted = Counter({"edited": 0, "already_sent": 0, "invalid": 0})
    counted.update(each.status.value for each in meant)
    invalid = [each for each in meant if each.status is RowStatus.INVALID]
    return {
        "connection": desk.name,
        "file": source.name,
        "rows": len(meant),
        "counts": dict(counted),
        "results": None,
        "problems": [
            {"line": each.line.number, "account_id": each.account_id or None, "message": each.message}
            for each in invalid[:PROBLEMS_SHOWN]
        ],
        "warnings": [],
    }
