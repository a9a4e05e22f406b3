"""Import: puts the lines of a file into the tab as edits; what was sent before is never sent twice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sheetsync.core.lines import plain
from sheetsync.core.states import RowStatus
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import settle_dead_owner
from sheetsync.jobs.judging import Meant, Source, judge_lines
from sheetsync.jobs.placing import against_row, alone_in_their_rows, put, rows_of
from sheetsync.jobs.running import running

LOOK_BACK = 200
"""Runs of a connection among which its last mapping of columns is looked for."""

PROBLEMS_SHOWN = 100
"""Invalid lines in the JSON; the results file has all."""


def import_file(
    desk: Desk, source: Source, *, params: Mapping[str, Any], write: bool = True
) -> dict[str, Any]:
    """Put the lines of a file into the tab; return the JSON of ``import`` with every line as ``meant``.

    Args:
        desk: the connection.
        source: the file.
        params: what is kept with the run, such as the mapping of columns.
        write: False only says what would happen.

    Raises:
        UsageError: never pulled, or the tab is not what a pull wrote.
        SheetError, SheetUnsafeError: the tab could not be written; nothing counts as imported.
    """
    if write:
        desk.sheet.ensure_writable()
    settle_dead_owner(desk)
    with running(desk, "import", params=params) as now:
        meant = judge_lines(now.desk, source)
        meant = alone_in_their_rows(meant)
        rows = rows_of(now.desk, {each.account_id for each in meant if each.status is RowStatus.EDITED})
        meant = [against_row(now.desk, each, rows) for each in meant]
        if write:
            meant = put(now.desk, source, meant, rows, run=now.run)
        now.result = summary(desk, source, meant) | {"run": now.run}
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
