"""Report: pull a read-only collection of the credit system into a tab of its own."""

from collections.abc import Callable, Sequence
from typing import Any

from sheetsync.errors import UsageError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.running import STAGES, running
from sheetsync.jobs.spool import Spool
from sheetsync.ports import Narrowed, ReportInfo, Reports

TITLE_MOST = 31
"""Characters of a tab's title in a workbook."""


def report(desk: Desk, name: str, narrowed: Narrowed, *, run: str | None = None) -> dict[str, Any]:
    """Pull a report into its tab; return the JSON of ``report``.

    The tab changes only once the report was read to its end.

    Args:
        desk: the connection.
        name: of the report, in any case, with hyphens, underscores or blanks.
        narrowed: how much of it.
        run: the waiting run that this process carries out.

    Raises:
        UsageError: there is no such report, or it cannot be narrowed like this.
        ProviderError: it could not be read to its end; the tab is as it was.
        SheetError, SheetUnsafeError, LayoutError: the tab could not be written.
    """
    reports, info = _find(desk, name)
    _check(info, narrowed)
    desk.sheet.ensure_writable()
    with running(desk, "report", run=run) as now, Spool() as rows:
        now.result = _pull(now.desk, reports, info, narrowed, rows)
        now.result["run"] = now.run
    return now.result


def catalogue(desk: Desk) -> dict[str, Any]:
    """Return the JSON of ``report`` without a name: which reports there are.

    Raises:
        UsageError: the credit system has none.
    """
    found = _reports(desk).catalogue()
    listed = [
        {
            "report": info.name,
            "shows": info.shows,
            "tab": tab_of(desk, info),
            "options": [f"--{way}" for way in ("since", "location", "limit") if way in info.narrowing],
        }
        for info in found
    ]
    return {"connection": desk.name, "reports": listed}


def tab_of(desk: Desk, info: ReportInfo) -> str:
    """Return the title of the report's tab: of each connection another one."""
    words = info.name.replace("-", " ")
    return f"{desk.name[: TITLE_MOST - 1 - len(words)]} {words}"


def _pull(desk: Desk, reports: Reports, info: ReportInfo, narrowed: Narrowed, rows: Spool) -> dict[str, Any]:
    warnings: list[str] = []
    read_at = desk.local(desk.clock.now())
    for row in reports.rows(info.name, narrowed, progress=_progress(desk), warn=warnings.append):
        rows.append(row)
    tab = tab_of(desk, info)
    about = f"{info.name.replace('-', ' ')} of {desk.name} ({desk.environment.upper()})"
    remark = f"Read {read_at}{_in_words(desk, narrowed)}."
    desk.report("Writing the tab", 0, len(rows))
    warnings += desk.sheet.replace_report(tab, about, columns=info.columns, rows=rows, remark=remark)
    desk.report("Writing the tab", len(rows), len(rows))
    return {
        "report": info.name,
        "connection": desk.name,
        "environment": desk.environment,
        "tab": tab,
        "rows": len(rows),
        "warnings": warnings,
    }


def _progress(desk: Desk) -> Callable[[int], None]:
    return lambda done: desk.report(STAGES["report"], done, None)


def _in_words(desk: Desk, narrowed: Narrowed) -> str:
    parts = {
        "since": desk.local(narrowed.since),
        "location": narrowed.location or "",
        "limit": str(narrowed.limit or ""),
    }
    return "".join(f", {name} {value}" for name, value in parts.items() if value)


def _reports(desk: Desk) -> Reports:
    found = desk.provider.reports()
    if found is None:
        raise UsageError(f"The credit system of {desk.name} has no reports.", hint="Only FasCard has any.")
    return found


def _find(desk: Desk, name: str) -> tuple[Reports, ReportInfo]:
    reports = _reports(desk)
    wanted = "-".join(name.replace("_", " ").replace("-", " ").casefold().split())
    for info in reports.catalogue():
        if info.name == wanted:
            return reports, info
    raise UsageError(f"There is no report “{name}”.", hint=f"There are: {_names(reports.catalogue())}.")


def _check(info: ReportInfo, narrowed: Narrowed) -> None:
    for way in narrowed.asked:
        if way not in info.narrowing:
            raise UsageError(
                f"The report {info.name} cannot be narrowed by --{way}.",
                hint=f"It knows: {', '.join(f'--{known}' for known in sorted(info.narrowing))}.",
            )


def _names(found: Sequence[ReportInfo]) -> str:
    return ", ".join(info.name for info in found)
